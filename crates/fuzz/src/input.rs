//! How bytes become what a target takes: texts, and several of them.
//!
//! Apart, so that all seeds read alike: texts are parted by a line of `~~~~`, which a fuzzer
//! keeps whole more easily than lengths, and a person can read.

use std::borrow::Cow;

/// What stands between two texts of one input.
const BREAK: &str = "\n~~~~\n";

/// The input as a text: bytes that are no UTF-8 are replaced, as where output is read.
pub(crate) fn text(bytes: &[u8]) -> Cow<'_, str> {
    String::from_utf8_lossy(bytes)
}

/// The texts of an input, exactly `N` of them: those that are missing are empty, and the last
/// has all that is left.
pub(crate) fn texts<const N: usize>(bytes: &[u8]) -> [String; N] {
    let text = text(bytes);
    let mut parts = text.splitn(N, BREAK);
    std::array::from_fn(|_| parts.next().unwrap_or_default().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_parted_by_a_line() {
        assert_eq!(texts::<2>(b"a\nb\n~~~~\nc\n~~~~\nd"), ["a\nb", "c\n~~~~\nd"]);
        assert_eq!(texts::<3>(b"a\xff"), ["a\u{fffd}", "", ""]);
    }
}
