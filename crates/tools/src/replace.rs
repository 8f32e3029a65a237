//! Replacing pieces of a text, each of which has to be there once; all of them or none.
//!
//! Apart, because it is the part of `edit` that has to be right to the byte: pure, and held
//! by a property.

use std::borrow::Cow;
use std::ops::Range;

use tenfold_redact::{Kind, Redactor};

use crate::edit::Replace;
use crate::{near, secret, shown};

/// How many places are counted, and how many of them are told.
const MAX_PLACES: usize = 100;
const MAX_TOLD_PLACES: usize = 10;

/// A text after some edits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Replaced {
    /// All of it.
    pub text: String,
    /// What is new in it, in bytes, sorted, without overlaps. Where something was only taken
    /// out, an empty range.
    pub regions: Vec<Range<usize>>,
}

/// Makes the edits one after another.
///
/// # Errors
/// A text for the model: which edit can't be made, and why.
pub fn apply(text: &str, edits: &[Replace], redactor: &Redactor) -> Result<Replaced, String> {
    if edits.is_empty() {
        return Err("`edits` is empty: give at least one `old` and `new`".to_owned());
    }
    let mut replaced = Replaced { text: text.to_owned(), regions: Vec::new() };
    for (place, edit) in edits.iter().enumerate() {
        let step = find(&replaced.text, edit, redactor).map_err(|why| {
            let which = match edits.len() {
                1 => String::new(),
                many => format!("edit {} of {many}: ", place + 1),
            };
            let after =
                if place > 0 { " (the text is as it is after the edits before)" } else { "" };
            format!("nothing was changed: {which}{why}{after}")
        })?;
        replaced = replaced.with(step);
    }
    replaced.regions.sort_by_key(|region| region.start);
    Ok(replaced)
}

/// One replacement that can be made.
struct Step<'e> {
    at: Range<usize>,
    new: Cow<'e, str>,
}

/// Where an edit is made. If its text is not there, it is looked for with other line ends.
fn find<'e>(text: &str, edit: &'e Replace, redactor: &Redactor) -> Result<Step<'e>, String> {
    if edit.old.is_empty() {
        return Err("`old` is empty: give the text to replace, or use `write`".to_owned());
    }
    if edit.old == edit.new {
        return Err("`old` and `new` are the same".to_owned());
    }
    let (old, new) = (Cow::Borrowed(edit.old.as_str()), Cow::Borrowed(edit.new.as_str()));
    let lf = |text: &str| Cow::Owned(text.replace("\r\n", "\n"));
    let crlf = |text: &str| Cow::Owned(text.replace("\r\n", "\n").replace('\n', "\r\n"));
    let ways = [(old, new), (lf(&edit.old), lf(&edit.new)), (crlf(&edit.old), crlf(&edit.new))];
    for (old, new) in ways {
        match places(text, &old)[..] {
            [] => {}
            [at] => return Ok(Step { at: at..at + old.len(), new }),
            ref many => return Err(too_often(text, many)),
        }
    }
    if let Some(kind) = Kind::marked_anew(text, &edit.old) {
        return Err(secret::in_old(kind));
    }
    Err(format!("`old` is not in the file. {}", near::hint(&redactor.text(text), &edit.old)))
}

/// Where a piece is in a text, overlaps included.
fn places(text: &str, piece: &str) -> Vec<usize> {
    let step = piece.chars().next().map_or(1, char::len_utf8);
    let mut places = Vec::new();
    let mut from = 0;
    while let Some(at) = text[from..].find(piece).filter(|_| places.len() < MAX_PLACES) {
        places.push(from + at);
        from += at + step;
    }
    places
}

fn too_often(text: &str, places: &[usize]) -> String {
    let more = if places.len() == MAX_PLACES { "at least " } else { "" };
    let lines: Vec<_> =
        places.iter().take(MAX_TOLD_PLACES).map(|at| line_at(text, *at).to_string()).collect();
    let dots = if places.len() > MAX_TOLD_PLACES { ", …" } else { "" };
    format!(
        "`old` is in the file {more}{}, at lines {}{dots}: give more of the lines around the one \
         that you mean, so that it is there once",
        shown::count(places.len(), "time", "times"),
        lines.join(", ")
    )
}

/// The number, from one, of the line that a byte is in.
pub(crate) fn line_at(text: &str, byte: usize) -> usize {
    text.as_bytes()[..byte].iter().filter(|byte| **byte == b'\n').count() + 1
}

impl Replaced {
    fn with(self, step: Step<'_>) -> Self {
        let Range { start, end } = step.at;
        let text = [&self.text[..start], &step.new, &self.text[end..]].concat();
        // What lies behind the replaced piece moves by as much as the text grows.
        let moved = |byte: usize| byte + step.new.len() - (end - start);
        let mut new = start..start + step.new.len();
        let mut regions = Vec::with_capacity(self.regions.len() + 1);
        for region in self.regions {
            if region.end < start {
                regions.push(region);
            } else if region.start > end {
                regions.push(moved(region.start)..moved(region.end));
            } else {
                new.start = new.start.min(region.start);
                new.end = new.end.max(moved(region.end.max(end)));
            }
        }
        regions.push(new);
        Self { text, regions }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn edit(old: &str, new: &str) -> Replace {
        Replace { old: old.to_owned(), new: new.to_owned() }
    }

    #[test]
    fn edits_are_made_one_after_another() {
        let done = applied("a b c", &[edit("b", "bb"), edit("bb c", "d"), edit("a", "")]).unwrap();
        assert_eq!(done.text, " d");
        let new: Vec<_> = done.regions.iter().map(|region| &done.text[region.clone()]).collect();
        assert_eq!(new, ["", "d"]);
    }

    #[test]
    fn one_edit_that_can_not_be_made_stops_all() {
        let told = applied("a b", &[edit("a", "x"), edit("a", "y")]).unwrap_err();
        assert!(told.starts_with("nothing was changed: edit 2 of 2: `old` is not"), "{told}");
        for (old, new, said) in [
            ("", "x", "`old` is empty"),
            ("a", "a", "the same"),
            ("z", "x", "nothing was changed: `old` is not in the file"),
        ] {
            assert!(applied("a b", &[edit(old, new)]).unwrap_err().contains(said));
        }
        assert!(applied("a", &[]).unwrap_err().contains("`edits` is empty"));
    }

    #[test]
    fn a_piece_that_is_there_twice_is_told_with_its_lines() {
        let told = applied("x = 1\ny\nx = 1\n", &[edit("x = 1", "x = 2")]).unwrap_err();
        assert!(told.contains("2 times, at lines 1, 3:"), "{told}");
        // The second one begins inside the first.
        assert!(applied("aXaXa", &[edit("aXa", "b")]).unwrap_err().contains("2 times"));
        let told = applied(&"ab\n".repeat(500), &[edit("ab", "b")]).unwrap_err();
        assert!(told.contains("at least 100 times") && told.len() < 300, "{told}");
    }

    #[test]
    fn line_ends_of_the_model_do_not_matter() {
        assert_eq!(applied("a\nb\n", &[edit("a\r\nb", "c\r\nd")]).unwrap().text, "c\nd\n");
        let mixed = "a\nb\r\nc\r\n";
        assert_eq!(applied(mixed, &[edit("b\nc", "d\ne")]).unwrap().text, "a\nd\r\ne\r\n");
    }

    fn applied(text: &str, edits: &[Replace]) -> Result<Replaced, String> {
        apply(text, edits, &Redactor::new([]))
    }

    fn text() -> impl Strategy<Value = String> {
        "[ab \n\r\u{e4}\u{1f600}]{0,40}"
    }

    proptest! {
        #[test]
        fn a_piece_that_is_there_once_is_replaced_and_all_else_stays(
            before in text(), old in text(), after in text(), new in text(),
        ) {
            let whole = format!("{before}{old}{after}");
            let starts = |(at, _): &(usize, char)| whole[*at..].starts_with(&old);
            let once = !old.is_empty() && whole.char_indices().filter(starts).count() == 1;
            let done = applied(&whole, &[edit(&old, &new)]);
            if once && old != new {
                let done = done.unwrap();
                prop_assert_eq!(&done.text, &whole.replacen(&old, &new, 1));
                prop_assert_eq!(done.regions.len(), 1);
                prop_assert_eq!(&done.text[done.regions[0].clone()], &new);
            } else {
                prop_assert!(done.is_err());
            }
        }

        #[test]
        fn what_is_said_to_be_new_is_all_that_is(
            whole in text(),
            edits in prop::collection::vec(("[ab \n]{1,3}", "[xy\n]{0,4}"), 1..4),
        ) {
            let edits: Vec<_> = edits.iter().map(|(old, new)| edit(old, new)).collect();
            if let Ok(done) = applied(&whole, &edits) {
                let mut from = 0;
                for region in &done.regions {
                    // What lies between regions was there, in this order.
                    let kept = &done.text[from..region.start];
                    prop_assert!(whole.contains(kept));
                    prop_assert!(!kept.contains(['x', 'y']));
                    from = region.end;
                }
                prop_assert!(whole.ends_with(&done.text[from..]));
            }
        }
    }
}
