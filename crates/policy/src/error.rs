//! Why a policy does not read, where, and what to do about it.

/// The one error of this crate.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PolicyError {
    /// Something in the file is wrong.
    #[error("line {line}: {why}")]
    Line {
        /// The line, from 1.
        line: usize,
        /// What is wrong with it, and what to write.
        why: String,
    },
    /// The file is not text.
    #[error("it is not UTF-8 text; save it as UTF-8")]
    NotText,
    /// The file is too large.
    #[error("it is larger than {max} bytes; a policy that long is read by nobody")]
    TooLarge {
        /// The most that is read.
        max: usize,
    },
    /// A text is not a host.
    #[error("'{host}' is not a host: {why}")]
    Host {
        /// The text.
        host: String,
        /// What to write.
        why: &'static str,
    },
}
