//! What a model may have meant by a text that is not in a file.
//!
//! Apart, because a bare "not found" makes a model try again with another guess; the lines
//! that are really there make it right the next time. Pure; never decides to edit anything.

use std::ops::RangeInclusive;

use crate::numbered;
use crate::replace::line_at;
use crate::reply::Lines;
use crate::squeezed::Squeezed;

/// How many lines of a text are compared with how many of a file.
const MAX_OLD_LINES: usize = 40;
const MAX_FILE_LINES: usize = 20_000;
/// How much of a line is compared, in bytes.
const MAX_LINE_BYTES: usize = 200;
/// How many lines are shown.
const MAX_SHOWN_LINES: usize = 30;
/// From which likeness on lines are worth showing; 1 is the same text.
const LIKE: f64 = 0.5;

/// What is near `old` in `text`, in which it is not.
pub(crate) fn hint(text: &str, old: &str) -> String {
    if let Some(bare) = without_numbers(old).filter(|bare| text.contains(bare.as_str())) {
        let line = line_at(text, text.find(&bare).unwrap_or(0));
        return format!(
            "It is there, at line {line}, without the numbers before the lines: leave them out"
        );
    }
    if let Some(lines) = Squeezed::of(text).lines_of(old) {
        let said = "It would match but for spaces, tabs or line breaks";
        return shown(text, &format!("{said}; exactly, the file has"), lines);
    }
    match likest(text, old) {
        Some(lines) => shown(text, "The likest lines of the file are, exactly", lines),
        None => "Nothing in the file is like it: see what there is with `read`".to_owned(),
    }
}

fn shown(text: &str, said: &str, lines: RangeInclusive<usize>) -> String {
    let mut shown = Lines::default();
    let last = *lines.end().min(&(lines.start() + MAX_SHOWN_LINES - 1));
    numbered::add(&mut shown, text, *lines.start()..=last);
    shown.between(&format!("{said}:"), "")
}

/// The text without the numbers that `read` shows, if each line begins with one.
fn without_numbers(old: &str) -> Option<String> {
    let bare = |line: &str| {
        let rest = line.trim_start().trim_start_matches(|c: char| c.is_ascii_digit());
        let has_number = rest.len() < line.trim_start().len();
        // An empty line may have lost the spaces behind its number.
        let rest = rest.strip_prefix("  ").or(rest.is_empty().then_some(rest));
        rest.filter(|_| has_number).map(str::to_owned)
    };
    let lines: Option<Vec<_>> = old.lines().map(bare).collect();
    lines.map(|lines| lines.join("\n")).filter(|text| !text.trim().is_empty())
}

/// The lines, by number from one, that are most like `old`. Likeness is the share of pairs of
/// neighbouring characters, white space aside, that lines in the same order have in common.
fn likest(text: &str, old: &str) -> Option<RangeInclusive<usize>> {
    let old: Vec<_> = old.trim_matches('\n').lines().take(MAX_OLD_LINES).map(pairs).collect();
    let file: Vec<_> = text.lines().take(MAX_FILE_LINES).map(pairs).collect();
    let window = old.len().min(file.len());
    let size_of_old: usize = old[..window].iter().map(Vec::len).sum();
    if size_of_old == 0 {
        return None;
    }
    let mut best = (0.0, 0);
    for (start, lines) in file.windows(window).enumerate() {
        let common: usize = old.iter().zip(lines).map(|(a, b)| in_common(a, b)).sum();
        let size = size_of_old + lines.iter().map(Vec::len).sum::<usize>();
        let like = 2.0 * common as f64 / size as f64;
        if like > best.0 {
            best = (like, start);
        }
    }
    let (like, start) = best;
    (like >= LIKE).then(|| start + 1..=start + window)
}

/// The pairs of neighbouring bytes of a line, sorted; its first and its last also count alone.
fn pairs(line: &str) -> Vec<(u8, u8)> {
    let bytes = line.bytes().filter(|byte| !byte.is_ascii_whitespace()).take(MAX_LINE_BYTES);
    let mut pairs = Vec::new();
    let mut before = b' ';
    for byte in bytes {
        pairs.push((before, byte));
        before = byte;
    }
    if before != b' ' {
        pairs.push((before, b' '));
    }
    pairs.sort_unstable();
    pairs
}

/// How many pairs two sorted lists have in common.
fn in_common(a: &[(u8, u8)], b: &[(u8, u8)]) -> usize {
    // Lines of very different length have little in common, and this is asked often.
    if a.len() > 3 * b.len() || b.len() > 3 * a.len() {
        return 0;
    }
    let (mut i, mut j, mut common) = (0, 0, 0);
    while let (Some(x), Some(y)) = (a.get(i), b.get(j)) {
        common += usize::from(x == y);
        i += usize::from(x <= y);
        j += usize::from(y <= x);
    }
    common
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = "import os\n\n\ndef total(items):\n    amount = 0\n    for item in items:\n\
        \x20       amount += item.price\n    return amount\n";

    #[test]
    fn the_likest_lines_are_shown_as_they_are() {
        let hint = hint(FILE, "    for it in items:\n        amount += it.prize\n");
        assert_eq!(
            hint,
            "The likest lines of the file are, exactly:\n    6      for item in items:\n    7  \
             \x20       amount += item.price"
        );
    }

    #[test]
    fn a_difference_in_white_space_alone_is_known() {
        for old in [
            "\tfor item in items:\n\t\tamount += item.price",
            "for item in items:\n  amount += item.price\n",
            "for item in  items:",
            "amount=0",
            "items: amount +=",
        ] {
            let hint = hint(FILE, old);
            assert!(hint.contains("but for spaces, tabs or line breaks"), "{old}: {hint}");
            assert!(hint.contains("exactly, the file has:\n    "), "{hint}");
        }
    }

    #[test]
    fn numbers_that_read_shows_are_known() {
        let hint = hint(FILE, "    4  def total(items):\n    5      amount = 0\n");
        assert!(hint.contains("at line 4, without the numbers"), "{hint}");
    }

    #[test]
    fn nothing_is_offered_where_nothing_is_near() {
        for old in ["SELECT * FROM customers", "\n\n", "    "] {
            assert!(hint(FILE, old).starts_with("Nothing in the file is like it"), "{old:?}");
        }
        assert!(hint("", "x").starts_with("Nothing"));
    }

    #[test]
    fn a_text_longer_than_the_file_is_compared_too() {
        let hint = hint("def f(x):\n    return x\n", "def f(y):\n    return y\n\n\nprint(f(1))\n");
        assert!(hint.contains("    1  def f(x):\n    2      return x"), "{hint}");
    }
}
