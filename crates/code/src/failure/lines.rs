//! Output as lines that can be matched: without terminal codes, none of them endless.

use std::borrow::Cow;

/// Longer lines are cut here, in bytes: what matters stands at their beginning.
const LONGEST: usize = 2_000;
/// Of more lines the middle is left out.
const MOST: usize = 60_000;

/// Declares a pattern that is compiled once. Matching takes time linear in the line.
macro_rules! pattern {
    ($($name:ident = $regex:literal;)+) => {
        $(static $name: std::sync::LazyLock<regex::Regex> = std::sync::LazyLock::new(|| {
            regex::Regex::new($regex).expect("a constant pattern, compiled by the tests")
        });)+
    };
}
pub(super) use pattern;

pattern! {
    CODE = r"\x1b\[[0-9;:?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b[@-Z\\-_]|[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]";
}

pub(super) fn without_terminal_codes(output: &str) -> Cow<'_, str> {
    CODE.replace_all(output, "")
}

/// The lines, without carriage returns and white space at their ends.
pub(super) fn split(text: &str) -> Vec<&str> {
    let mut lines: Vec<&str> = text.split('\n').map(plain).collect();
    if lines.len() > MOST {
        lines.drain(MOST / 2..lines.len() - MOST / 2);
    }
    lines
}

fn plain(line: &str) -> &str {
    let line = line.trim_end();
    // What was overwritten on a terminal line was progress.
    let line = line.rsplit('\r').next().unwrap_or(line);
    let mut end = line.len().min(LONGEST);
    while !line.is_char_boundary(end) {
        end -= 1;
    }
    &line[..end]
}

/// The text of a capture, empty if it took no part in the match.
pub(super) fn group<'t>(captures: &regex::Captures<'t>, index: usize) -> &'t str {
    captures.get(index).map_or("", |found| found.as_str())
}

/// The number in a capture.
pub(super) fn number(captures: &regex::Captures<'_>, index: usize) -> u32 {
    group(captures, index).parse().unwrap_or(0)
}
