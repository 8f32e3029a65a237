//! How the lines of a file end, so that an edit leaves it at that.
//!
//! Apart, because a model never sees the difference and writes `\n` whatever the file has.

use std::borrow::Cow;

/// How lines end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Endings {
    /// All with `\r\n`: what is edited is the text with `\n`.
    Crlf,
    /// With `\n`, or with both: what is edited is the text as it is.
    AsIs,
}

impl Endings {
    pub(crate) fn of(text: &str) -> Self {
        let breaks = text.matches('\n').count();
        match breaks > 0 && text.matches("\r\n").count() == breaks {
            true => Self::Crlf,
            false => Self::AsIs,
        }
    }

    /// The text as it is edited.
    pub(crate) fn without(self, text: &str) -> Cow<'_, str> {
        match self {
            Self::Crlf if text.contains('\r') => Cow::Owned(text.replace("\r\n", "\n")),
            _ => Cow::Borrowed(text),
        }
    }

    /// The text as it is written.
    pub(crate) fn with(self, text: &str) -> String {
        match self {
            Self::Crlf => text.replace('\n', "\r\n"),
            Self::AsIs => text.to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_comes_back_as_it_was() {
        for text in ["", "a", "a\nb", "a\r\nb\r\n", "a\r\nb\n", "a\r\r\nb", "a\rb"] {
            let endings = Endings::of(text);
            assert_eq!(endings.with(&endings.without(text)), text);
        }
        assert_eq!(Endings::of("a\r\nb\n"), Endings::AsIs);
        assert_eq!(Endings::of("a\r\n"), Endings::Crlf);
    }
}
