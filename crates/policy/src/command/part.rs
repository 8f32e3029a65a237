//! A part of a command: one thing that the shell does because of it.

use std::fmt;

use super::word::Word;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A program with its arguments.
    Program,
    /// `NAME=value` in front of one, which can change what it does.
    Setting,
    /// A file that output goes into, as the words `>` and its name.
    Output,
}

/// A part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Part {
    pub(super) kind: Kind,
    pub(super) words: Vec<Word>,
    /// Its program runs another one, whose name is any of the words.
    pub(super) runs_another: bool,
    /// More words come from elsewhere, as for `xargs`.
    pub(super) has_more: bool,
}

impl Part {
    pub(super) fn new(kind: Kind, words: Vec<Word>) -> Self {
        Self { kind, words, runs_another: false, has_more: false }
    }

    /// What could not be read, and so could be anything.
    pub(super) fn unknown() -> Self {
        Self::new(Kind::Program, vec![Word::unknown()])
    }
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, word) in self.words.iter().enumerate() {
            let space = if index == 0 { "" } else { " " };
            write!(f, "{space}{word}")?;
        }
        Ok(())
    }
}
