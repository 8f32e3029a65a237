//! Changes of a text by whole lines.
//!
//! Apart, so that every candidate, whoever made it, is the same small thing: some lines put in
//! place of others. Never touches a file.

use std::ops::Range;

use serde::{Deserialize, Serialize};
use similar::{Algorithm, DiffOp};

use crate::CodeError;

/// Some lines of a file, replaced.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Edit {
    /// The file, relative to the top of the workspace.
    pub path: String,
    /// The lines that go, counted from zero. Empty: `with` is put in front of line `start`.
    pub lines: Range<u32>,
    /// The lines that come, parted by `\n` or `\r\n`; the line break after the last of them
    /// may be left out. Empty: the lines only go.
    pub with: String,
}

/// The text with all the edits made. The edits are those of one file (their `path` is not
/// looked at), in any order; their lines count in the text as it was. New lines end as the
/// text's lines do, and whether the text ends with a line break stays as it was.
///
/// # Errors
///
/// If two edits touch the same lines, or one lies outside the text.
pub fn apply(text: &str, edits: &[Edit]) -> Result<String, CodeError> {
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    let break_with = if text.contains("\r\n") { "\r\n" } else { "\n" };
    let mut sorted: Vec<&Edit> = edits.iter().collect();
    sorted.sort_by_key(|edit| (edit.lines.start, edit.lines.end));
    let mut result = String::with_capacity(text.len());
    let mut next = 0;
    for edit in sorted {
        let (start, end) = (edit.lines.start as usize, edit.lines.end as usize);
        if start > end || end > lines.len() {
            return Err(CodeError::Outside { lines: edit.lines.clone(), length: lines.len() });
        }
        if start < next {
            return Err(CodeError::Overlap { lines: edit.lines.clone() });
        }
        result.extend(lines[next..start].iter().copied());
        for line in edit.with.lines() {
            end_line(&mut result, break_with);
            result.push_str(line);
            result.push_str(break_with);
        }
        next = end;
    }
    if next < lines.len() {
        end_line(&mut result, break_with);
    }
    result.extend(lines[next..].iter().copied());
    if !text.is_empty() && !text.ends_with('\n') && result.ends_with('\n') {
        let kept = result.strip_suffix(break_with).unwrap_or(&result).len();
        result.truncate(kept);
    }
    Ok(result)
}

/// Ends the last line, if the text stops in the middle of one.
fn end_line(text: &mut String, break_with: &str) {
    if !text.is_empty() && !text.ends_with('\n') {
        text.push_str(break_with);
    }
}

/// The fewest line edits that turn one text into the other, in the order of the text. That the
/// last line of one ends with a line break and that of the other does not, is no edit.
pub fn between(path: &str, old: &str, new: &str) -> Vec<Edit> {
    let (old, new): (Vec<&str>, Vec<&str>) = (old.lines().collect(), new.lines().collect());
    let ops = similar::capture_diff_slices(Algorithm::Myers, &old, &new);
    let changes = ops.iter().filter(|op| !matches!(op, DiffOp::Equal { .. }));
    let edits = changes.map(|op| {
        let (old, lines) = (op.old_range(), &new[op.new_range()]);
        let mut with = String::new();
        for line in lines {
            with.push_str(line);
            // A line that ends in a return of its own keeps it.
            with.push_str(if line.ends_with('\r') { "\r\n" } else { "\n" });
        }
        Edit { path: path.to_owned(), lines: old.start as u32..old.end as u32, with }
    });
    edits.collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn edit(lines: Range<u32>, with: &str) -> Edit {
        Edit { path: "a".into(), lines, with: with.into() }
    }

    #[test]
    fn lines_are_replaced_put_in_and_taken_out() {
        let text = "a\nb\nc\n";
        for (edits, result) in [
            (vec![edit(1..2, "B")], "a\nB\nc\n"),
            (vec![edit(1..1, "x\ny\n")], "a\nx\ny\nb\nc\n"),
            (vec![edit(0..3, "")], ""),
            (vec![edit(3..3, "d")], "a\nb\nc\nd\n"),
            (vec![edit(2..3, "C"), edit(0..1, "A")], "A\nb\nC\n"),
            (vec![edit(1..1, "x"), edit(1..2, "B")], "a\nx\nB\nc\n"),
            (vec![edit(1..2, "\n")], "a\n\nc\n"),
        ] {
            assert_eq!(apply(text, &edits), Ok(result.to_owned()), "{edits:?}");
        }
    }

    #[test]
    fn line_ends_and_a_missing_last_line_break_stay_as_they_were() {
        assert_eq!(apply("a\r\nb\r\n", &[edit(0..1, "x\ny")]), Ok("x\r\ny\r\nb\r\n".into()));
        assert_eq!(apply("a\nb", &[edit(1..2, "B\n")]), Ok("a\nB".into()));
        assert_eq!(apply("a\nb", &[edit(2..2, "c")]), Ok("a\nb\nc".into()));
        assert_eq!(apply("a\nb", &[edit(1..2, "")]), Ok("a".into()));
        assert_eq!(apply("", &[edit(0..0, "a")]), Ok("a\n".into()));
    }

    #[test]
    fn a_return_that_ends_no_line_is_part_of_it() {
        let (old, new) = ("a\r\nb\r\n", "a\r\nb\r\r\nc\r\n");
        assert_eq!(apply(old, &between("a", old, new)), Ok(new.to_owned()));
    }

    #[test]
    fn edits_that_do_not_fit_are_refused() {
        let overlap = apply("a\nb\n", &[edit(0..2, "x"), edit(1..2, "y")]);
        assert_eq!(overlap, Err(CodeError::Overlap { lines: 1..2 }));
        let outside = apply("a\n", &[edit(0..2, "x")]);
        assert_eq!(outside, Err(CodeError::Outside { lines: 0..2, length: 1 }));
    }

    proptest! {
        #[test]
        fn the_difference_of_two_texts_makes_one_of_the_other(
            old in "[ab\n]{0,40}", new in "[ab\n]{0,40}",
        ) {
            let made = apply(&old, &between("a", &old, &new)).unwrap();
            let lines = |text: &str| text.lines().map(str::to_owned).collect::<Vec<_>>();
            // A text without a last line break can't end in an empty line.
            if old.is_empty() || old.ends_with('\n') {
                prop_assert_eq!(lines(&made), lines(&new));
            }
        }

        #[test]
        fn no_edit_panics(text in ".{0,20}\n?.{0,20}", start in 0u32..5, end in 0u32..5, with in ".{0,9}") {
            let _ = apply(&text, &[edit(start..end, &with)]);
        }
    }
}
