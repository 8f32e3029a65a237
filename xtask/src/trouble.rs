//! Why a chore stopped, in words for the person who typed it, and with which exit code.
//!
//! It is apart so that the exit codes stand in one place. It never wraps another error: a
//! chore that meets one says what it tried when it turns it into words.

use std::fmt;
use std::process::ExitCode;

/// What the shell is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// The chore ran and something in it failed.
    Failed = 1,
    /// The arguments make no sense.
    Usage = 2,
    /// A program or package is missing that this chore must not, or can't, install itself.
    Missing = 3,
}

/// A failure: what was tried, why it failed, and what to do.
#[derive(Debug)]
pub(crate) struct Trouble {
    kind: Kind,
    text: String,
}

impl Trouble {
    pub(crate) fn failed(text: impl Into<String>) -> Self {
        Self { kind: Kind::Failed, text: text.into() }
    }

    pub(crate) fn usage(text: impl Into<String>) -> Self {
        Self { kind: Kind::Usage, text: text.into() }
    }

    pub(crate) fn missing(text: impl Into<String>) -> Self {
        Self { kind: Kind::Missing, text: text.into() }
    }

    /// The same failure with what was being done put in front.
    pub(crate) fn during(self, what: &str) -> Self {
        Self { text: format!("{what}: {}", self.text), ..self }
    }

    pub(crate) fn exit_code(&self) -> ExitCode {
        ExitCode::from(self.kind as u8)
    }
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl From<lexopt::Error> for Trouble {
    fn from(error: lexopt::Error) -> Self {
        Self::usage(error.to_string())
    }
}

/// Puts what was tried in front of an input or output error.
pub(crate) trait Tried<T> {
    /// Turns the error into a [`Trouble`] that reads "`what`: the error".
    fn tried(self, what: impl FnOnce() -> String) -> Result<T, Trouble>;
}

impl<T, E: fmt::Display> Tried<T> for Result<T, E> {
    fn tried(self, what: impl FnOnce() -> String) -> Result<T, Trouble> {
        self.map_err(|error| Trouble::failed(format!("{}: {error}", what())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kind_survives_what_is_put_in_front() {
        let trouble = Trouble::missing("no cmake").during("setup");
        assert_eq!(trouble.to_string(), "setup: no cmake");
        assert_eq!(trouble.kind, Kind::Missing);
    }
}
