//! One word with `*` and `?`, held against a word that may not be known in full.
//!
//! Apart, because tools, commands and their arguments all match in this one way. A word of a
//! command may hold a variable, so the question is not whether the two are equal but whether
//! they could be.

/// A piece of a word: a character, or anything at all, nothing included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Piece {
    Char(char),
    Any,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Token {
    Char(char),
    One,
    Many,
}

/// A pattern: `*` is any text, `?` one character.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Wildcard(Vec<Token>);

impl Wildcard {
    pub(crate) fn new(text: &str) -> Self {
        let token = |character| match character {
            '*' => Token::Many,
            '?' => Token::One,
            character => Token::Char(character),
        };
        Self(text.chars().map(token).collect())
    }

    /// Whether this text matches.
    pub(crate) fn matches(&self, text: &str) -> bool {
        let pieces: Vec<_> = text.chars().map(Piece::Char).collect();
        self.could_match(&pieces)
    }

    /// Whether some text that these pieces may stand for matches.
    pub(crate) fn could_match(&self, pieces: &[Piece]) -> bool {
        let end = self.0.len();
        let mut at = vec![false; end + 1];
        at[0] = true;
        self.pass_many(&mut at);
        for piece in pieces {
            at = self.step(&at, *piece);
            if !at.contains(&true) {
                return false;
            }
        }
        at[end]
    }

    /// Where in the pattern one can be after one more piece.
    fn step(&self, at: &[bool], piece: Piece) -> Vec<bool> {
        let mut next = vec![false; at.len()];
        match piece {
            Piece::Any => {
                let first = at.iter().position(|there| *there).unwrap_or(at.len());
                next[first..].fill(true);
            }
            Piece::Char(character) => {
                for (index, token) in self.0.iter().enumerate().filter(|(index, _)| at[*index]) {
                    match token {
                        Token::Many => next[index] = true,
                        Token::One => next[index + 1] = true,
                        Token::Char(wanted) => next[index + 1] |= *wanted == character,
                    }
                }
                self.pass_many(&mut next);
            }
        }
        next
    }

    /// `*` may stand for nothing.
    fn pass_many(&self, at: &mut [bool]) {
        for (index, token) in self.0.iter().enumerate() {
            if *token == Token::Many && at[index] {
                at[index + 1] = true;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stars_and_question_marks_match_as_people_expect() {
        for (pattern, text, matches) in [
            ("run", "run", true),
            ("run", "runs", false),
            ("mcp__*", "mcp__issues__create", true),
            ("mcp__*__create", "mcp__issues__create", true),
            ("mcp__*__create", "mcp__issues__created", false),
            ("*", "", true),
            ("?", "", false),
            ("a?c", "abc", true),
        ] {
            assert_eq!(Wildcard::new(pattern).matches(text), matches, "{pattern} on {text}");
        }
    }

    #[test]
    fn what_is_not_known_could_be_anything() {
        let word = [Piece::Char('p'), Piece::Any, Piece::Char('h')];
        for (pattern, could) in [("push", true), ("p*", true), ("pull", false), ("ph", true)] {
            assert_eq!(Wildcard::new(pattern).could_match(&word), could, "{pattern}");
        }
    }
}
