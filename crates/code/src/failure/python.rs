//! Traces of Python, in the forms that pytest, unittest and the interpreter give them.

use std::ops::Range;

use super::Frame;
use super::found::Found;
use super::lines::{group, number, pattern};

pattern! {
    FILE = r#"^\s*(?:E\s+)?File "([^"]+)", line (\d+)(?:, in (.+))?$"#;
    SHORT = r"^([^\s:][^:]*\.pyx?|<[^>]+>):(\d+): in (.+)$";
    LONG = r"^([^\s:][^:]*\.pyx?):(\d+):(?: [\w.]*)?$";
    DEF = r"^[> ]\s+(?:async )?def (\w+)";
    ERROR = r"^(?:[A-Za-z_][\w.]*(?:Error|Exception|Warning|Exit|Interrupt|Iteration|Failed|NotRaised|Raise)|[a-z_][\w.]*\.[A-Z]\w*)(?:: .*|:)?$";
    SYNTAX = r"^(?:E\s+)?(?:SyntaxError|IndentationError|TabError): ";
}

/// Whether a frame is that of an interpreter or a runner, not of anybody's program.
pub(super) fn is_foreign(path: &str) -> bool {
    path.starts_with('<')
        || path.contains("site-packages/_pytest/")
        || path.contains("site-packages/pluggy/")
        || path.contains("/unittest/")
        || path.contains("/importlib/")
        || path.ends_with("/runpy.py")
}

pub(super) fn frame(path: &str, line: u32, function: &str) -> Frame {
    let path = path.strip_prefix("./").unwrap_or(path).to_owned();
    let named = !function.is_empty() && function != "<module>";
    Frame { path, line, function: named.then(|| function.trim().to_owned()) }
}

/// The frames on these lines, outermost first, as Python prints them.
pub(super) fn frames(lines: &[&str]) -> Vec<Frame> {
    let mut frames = Vec::new();
    let mut within = "";
    for line in lines {
        if let Some(found) = DEF.captures(line) {
            within = group(&found, 1);
        }
        let named = FILE.captures(line).or_else(|| SHORT.captures(line));
        let place = match named {
            Some(found) => Some((group(&found, 1), number(&found, 2), group(&found, 3))),
            None => LONG.captures(line).map(|found| {
                let function = std::mem::take(&mut within);
                (group(&found, 1), number(&found, 2), function)
            }),
        };
        if let Some((path, line, function)) = place
            && !is_foreign(path)
        {
            frames.push(frame(path, line, function));
        }
    }
    frames
}

/// The last message of an exception on these lines, with what belongs to it.
pub(super) fn message(lines: &[&str]) -> String {
    let Some(at) = lines.iter().rposition(|line| ERROR.is_match(line)) else {
        return String::new();
    };
    let rest = lines[at..].iter().take_while(|line| !line.starts_with("During handling of"));
    rest.copied().collect::<Vec<_>>().join("\n")
}

/// Traces outside of any test: an uncaught exception, a module that can't be read.
pub(super) fn tracebacks(lines: &[&str], found: &mut Found) {
    let mut at = 0;
    while at < lines.len() {
        if found.is_taken(at) {
            at += 1;
            continue;
        }
        let Some(end) = traceback(lines, at) else {
            at += 1;
            continue;
        };
        let part = &lines[at..end];
        let message = part.last().map_or("", |line| line.trim());
        found.problem(message.to_owned(), frames(part), at..end);
        found.take(at..end);
        at = end;
    }
}

/// The end of the trace that begins on this line.
fn traceback(lines: &[&str], at: usize) -> Option<usize> {
    if lines[at].starts_with("Traceback (most recent call last)") {
        let mut end = at + 1;
        while lines.get(end).is_some_and(|line| line.starts_with(' ')) {
            end += 1;
        }
        return Some((end + 1).min(lines.len()));
    }
    if FILE.is_match(lines[at]) {
        let near = at + 1..(at + 5).min(lines.len());
        return near.into_iter().find(|&line| SYNTAX.is_match(lines[line])).map(|line| line + 1);
    }
    None
}

/// The lines of a stretch, without blank ones at its ends.
pub(super) fn trimmed(lines: &[&str], mut stretch: Range<usize>) -> Range<usize> {
    while stretch.end > stretch.start && lines[stretch.end - 1].is_empty() {
        stretch.end -= 1;
    }
    while stretch.start < stretch.end && lines[stretch.start].is_empty() {
        stretch.start += 1;
    }
    stretch
}
