//! How much of a text is told at once.

/// Of a text in a list, where there are hundreds of them, so much is told: 2 KiB.
pub(super) const LIST_BYTES: usize = 2 << 10;
/// Of an output, or of what somebody said, so much is told where it stands among others: 64 KiB.
pub(super) const TEXT_BYTES: usize = 64 << 10;
/// Of one output that is asked for by itself: 1 MiB.
pub(super) const OUTPUT_BYTES: usize = 1 << 20;

/// The beginning of a text, of at most so many bytes, that ends between two characters.
pub(super) fn cut(text: &str, bytes: usize) -> &str {
    &text[..text.floor_char_boundary(bytes)]
}

/// As [`cut`], with a sign where more follows.
pub(super) fn beginning(text: &str, bytes: usize) -> String {
    match cut(text, bytes) {
        whole if whole.len() == text.len() => whole.to_owned(),
        part => format!("{part}…"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_cut_between_characters() {
        assert_eq!(cut("grün", 3), "gr");
        assert_eq!(cut("grün", 4), "grü");
        assert_eq!(cut("grün", 100), "grün");
        assert_eq!((&*beginning("grün", 3), &*beginning("grün", 5)), ("gr…", "grün"));
    }
}
