//! Changes of a text by whole lines.

use tenfold_code::{Edit, edit};

use crate::input;

/// The difference of two texts makes one of the other; and an edit that can be made takes out
/// the lines that it names, puts its own in, and leaves all others.
pub(super) fn run(bytes: &[u8]) {
    let [old, new, lines] = input::texts(bytes);
    let made = edit::apply(&old, &edit::between("a", &old, &new)).expect("a difference fits");
    // A text without a last line break can't end in an empty line, nor gain one; and a return
    // at the end of a text is a line break or none.
    if old.is_empty() || old.ends_with('\n') {
        assert!(made.lines().map(bare).eq(new.lines().map(bare)), "{made:?} is not {new:?}");
    }
    let mut numbers = lines.split_whitespace().filter_map(|word| word.parse::<u32>().ok());
    let (start, end) = (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0));
    let one = Edit { path: "a".to_owned(), lines: start..end, with: new.clone() };
    let (start, end) = (start as usize, end as usize);
    match edit::apply(&old, &[one]) {
        Ok(made) if old.ends_with('\n') => {
            let kept: Vec<&str> = old.lines().collect();
            let expected = kept[..start].iter().copied().chain(new.lines());
            let expected = expected.chain(kept[end..].iter().copied());
            assert!(made.lines().map(bare).eq(expected.map(bare)), "{made:?}");
        }
        Ok(_) => {}
        Err(_) => assert!(start > end || end > old.split_inclusive('\n').count()),
    }
}

/// A line without the returns at its end.
fn bare(line: &str) -> &str {
    line.trim_end_matches('\r')
}
