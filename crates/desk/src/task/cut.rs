//! How much of a text is told at once.

/// Of an output, or of what somebody said, so much is told where it stands among others: 64 KiB.
pub(super) const TEXT_BYTES: usize = 64 << 10;
/// Of one output that is asked for by itself: 1 MiB.
pub(super) const OUTPUT_BYTES: usize = 1 << 20;

/// The beginning of a text, of at most so many bytes, that ends between two characters.
pub(super) fn cut(text: &str, bytes: usize) -> &str {
    &text[..text.floor_char_boundary(bytes)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_cut_between_characters() {
        assert_eq!(cut("grün", 3), "gr");
        assert_eq!(cut("grün", 4), "grü");
        assert_eq!(cut("grün", 100), "grün");
    }
}
