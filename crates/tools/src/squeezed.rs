//! A text without its white space, which still knows its lines.
//!
//! Apart, because it finds what differs in white space alone, whatever became of it: other
//! indentation, tabs, a line broken elsewhere. It does no IO.

use std::ops::RangeInclusive;

/// A text without white space.
pub(crate) struct Squeezed {
    text: String,
    /// For each byte of it, the number of its line, from one.
    lines: Vec<usize>,
}

impl Squeezed {
    pub(crate) fn of(text: &str) -> Self {
        let mut squeezed = Self { text: String::new(), lines: Vec::new() };
        for (place, line) in text.lines().enumerate() {
            squeezed.text.extend(line.chars().filter(|c| !c.is_whitespace()));
            squeezed.lines.resize(squeezed.text.len(), place + 1);
        }
        squeezed
    }

    /// The lines where a piece is first, if white space does not matter.
    pub(crate) fn lines_of(&self, piece: &str) -> Option<RangeInclusive<usize>> {
        let piece: String = piece.chars().filter(|c| !c.is_whitespace()).collect();
        let at = self.text.find(&piece).filter(|_| !piece.is_empty())?;
        let (first, last) = (self.lines.get(at)?, self.lines.get(at + piece.len() - 1)?);
        Some(*first..=*last)
    }
}
