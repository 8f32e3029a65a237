//! Lines of a file with their numbers, the one form in which a model sees them.
//!
//! Apart, because `read`, and `edit` in all that it says, show lines alike.

use std::ops::RangeInclusive;

use crate::reply::Lines;
use crate::shown;

/// How much of a line is shown, in characters.
pub(crate) const MAX_LINE_CHARS: usize = 400;

/// A line with its number, from one; what is cut off is said.
pub(crate) fn line(number: usize, text: &str) -> String {
    format!("{number:>5}  {}", shown::cut(&shown::visible(text), MAX_LINE_CHARS))
}

/// Adds some of the lines of `text`, by their numbers. False if there was not room for all.
pub(crate) fn add(lines: &mut Lines, text: &str, numbers: RangeInclusive<usize>) -> bool {
    let first = *numbers.start();
    let many = numbers.count();
    text.lines()
        .enumerate()
        .skip(first.saturating_sub(1))
        .take(many)
        .all(|(place, text)| lines.add(&line(place + 1, text)))
}
