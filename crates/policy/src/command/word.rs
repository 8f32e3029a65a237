//! A word of a command as the shell would hand it on: without quotes, and with a hole wherever
//! only the shell knows what comes.

use std::fmt;

use crate::wildcard::{Piece, Wildcard};

/// A word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Word {
    pub(super) pieces: Vec<Piece>,
    /// It may become several words, or none: a variable that is not quoted.
    pub(super) splits: bool,
    /// Nothing in it was quoted, so that it can be one of the shell's own words.
    pub(super) is_bare: bool,
}

impl Word {
    pub(super) fn new() -> Self {
        Self { pieces: Vec::new(), splits: false, is_bare: true }
    }

    /// A word of which nothing is known.
    pub(super) fn unknown() -> Self {
        Self { pieces: vec![Piece::Any], splits: true, is_bare: false }
    }

    pub(super) fn push(&mut self, character: char) {
        self.pieces.push(Piece::Char(character));
    }

    /// Something that the shell puts here.
    pub(super) fn hole(&mut self, splits: bool) {
        self.pieces.push(Piece::Any);
        self.splits |= splits;
        self.is_bare = false;
    }

    pub(super) fn is_known(&self) -> bool {
        !self.splits && !self.pieces.contains(&Piece::Any)
    }

    /// The text, if it is known.
    pub(super) fn text(&self) -> Option<String> {
        let character = |piece: &Piece| match piece {
            Piece::Char(character) => Some(*character),
            Piece::Any => None,
        };
        self.pieces.iter().map(character).collect()
    }

    pub(super) fn could_be(&self, pattern: &Wildcard) -> bool {
        pattern.could_match(&self.pieces)
    }

    /// Whether a program that is started by this word could be called so: by its whole path,
    /// or by the last part of it.
    pub(super) fn could_name(&self, program: &Wildcard) -> bool {
        self.could_be(program) || program.could_match(self.file_name())
    }

    /// What stands behind the last slash, where a hole may hold slashes too.
    fn file_name(&self) -> &[Piece] {
        let slash = self.pieces.iter().rposition(|piece| *piece == Piece::Char('/'));
        let behind = &self.pieces[slash.map_or(0, |at| at + 1)..];
        let hole = behind.iter().position(|piece| *piece == Piece::Any);
        &behind[hole.unwrap_or(0)..]
    }
}

/// For people; a hole is shown as `…`.
impl fmt::Display for Word {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.pieces.iter().try_for_each(|piece| match piece {
            Piece::Char(character) => write!(f, "{character}"),
            Piece::Any => f.write_str("…"),
        })
    }
}
