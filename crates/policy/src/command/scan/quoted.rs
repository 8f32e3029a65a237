//! Reads one word: quotes, escapes, and what the shell would put in.

use super::super::word::Word;
use super::{Scanner, Unsure};

impl Scanner<'_> {
    /// The word that begins here; none if there is nothing but the end of one.
    pub(super) fn word(&mut self) -> Result<Option<Word>, Unsure> {
        let mut word = Word::new();
        let mut marks = Marks::default();
        let mut is_there = false;
        while let Some(c) = self.peek(0) {
            match c {
                ' ' | '\t' | '\n' | ';' | '|' | '&' | '(' | ')' => break,
                '<' | '>' if self.peek(1) != Some('(') => break,
                '\\' if self.peek(1) == Some('\n') => {
                    self.at += 2;
                    continue;
                }
                _ => {}
            }
            is_there = true;
            self.at += 1;
            match c {
                '<' | '>' => {
                    self.at += 1;
                    self.inner()?;
                    word.hole(false);
                }
                '\'' => self.single(&mut word)?,
                '"' => self.double(&mut word)?,
                '\\' => {
                    word.is_bare = false;
                    word.push(self.next().unwrap_or('\\'));
                }
                '$' => self.dollar(&mut word, false)?,
                '`' => self.backticks(&mut word, false)?,
                '*' | '?' => word.hole(false),
                '~' if word.pieces.is_empty() => word.hole(false),
                _ => {
                    marks.see(c, word.pieces.len());
                    word.push(c);
                }
            }
        }
        // In bash `a[1<<2]=3` is one word; elsewhere a here-document begins in it.
        if marks.bracket.is_some() && self.is_at("<<") {
            return Err(Unsure);
        }
        marks.apply(&mut word);
        Ok(is_there.then_some(word))
    }

    fn single(&mut self, word: &mut Word) -> Result<(), Unsure> {
        word.is_bare = false;
        loop {
            match self.next().ok_or(Unsure)? {
                '\'' => return Ok(()),
                c => word.push(c),
            }
        }
    }

    fn double(&mut self, word: &mut Word) -> Result<(), Unsure> {
        word.is_bare = false;
        loop {
            match self.next().ok_or(Unsure)? {
                '"' => return Ok(()),
                '\\' => match self.next().ok_or(Unsure)? {
                    '\n' => {}
                    c @ ('$' | '`' | '"' | '\\') => word.push(c),
                    c => {
                        word.push('\\');
                        word.push(c);
                    }
                },
                '$' => self.dollar(word, true)?,
                '`' => self.backticks(word, true)?,
                c => word.push(c),
            }
        }
    }

    /// Reads on behind a `$`.
    pub(super) fn dollar(&mut self, word: &mut Word, quoted: bool) -> Result<(), Unsure> {
        match self.peek(0) {
            Some('(') => {
                self.at += 1;
                self.inner()?;
                word.hole(!quoted);
            }
            Some('{') => {
                self.at += 1;
                let may_be_many = self.braces(quoted)?;
                word.hole(!quoted || may_be_many);
            }
            Some('\'') if !quoted => self.escaped(word)?,
            Some('"') if !quoted => word.hole(false),
            // Old arithmetic of bash; and a line that goes on within a sign of two characters.
            Some('[') => return Err(Unsure),
            Some('\\') if self.peek(1) == Some('\n') => return Err(Unsure),
            Some(c) if c.is_ascii_alphabetic() || c == '_' => {
                // A name goes on in the next line, too.
                while self.sign_behind(0).is_some_and(|c| c.is_ascii_alphanumeric() || c == '_') {
                    self.skip_joint();
                    self.at += 1;
                }
                word.hole(!quoted);
            }
            Some(c) if c.is_ascii_digit() || "@*#?-$!".contains(c) => {
                self.at += 1;
                word.hole(!quoted || c == '@');
            }
            _ => word.push('$'),
        }
        Ok(())
    }

    /// Reads `$'…'`, which dash and bash end at different quotes.
    fn escaped(&mut self, word: &mut Word) -> Result<(), Unsure> {
        self.at += 1;
        let mut before = '\'';
        loop {
            match self.next().ok_or(Unsure)? {
                '\'' if before == '\\' => return Err(Unsure),
                '\'' => break,
                c => before = c,
            }
        }
        word.hole(false);
        Ok(())
    }

    /// Reads on behind `${`, and says whether even quotes leave it several words.
    fn braces(&mut self, quoted: bool) -> Result<bool, Unsure> {
        // `${ command; }` of newer shells.
        if matches!(self.peek(0), Some(' ' | '\t' | '\n' | '|')) {
            return Err(Unsure);
        }
        let outer = self.depth;
        self.depth = self.deeper()?;
        let mut may_be_many = false;
        let mut nothing = Word::new();
        loop {
            match self.next().ok_or(Unsure)? {
                '}' => break,
                '\\' => self.at += 1,
                '\'' if quoted => return Err(Unsure),
                '\'' => self.single(&mut nothing)?,
                '"' => self.double(&mut nothing)?,
                '$' => self.dollar(&mut nothing, quoted)?,
                '`' => self.backticks(&mut nothing, quoted)?,
                c => may_be_many |= c == '@',
            }
        }
        self.depth = outer;
        Ok(may_be_many)
    }

    /// Reads on behind a backtick.
    pub(super) fn backticks(&mut self, word: &mut Word, quoted: bool) -> Result<(), Unsure> {
        let mut line = Vec::new();
        loop {
            match self.next().ok_or(Unsure)? {
                '`' => break,
                '\\' => match self.next().ok_or(Unsure)? {
                    c @ ('$' | '`' | '\\') => line.push(c),
                    '"' if quoted => line.push('"'),
                    c => line.extend(['\\', c]),
                },
                c => line.push(c),
            }
        }
        self.line(&line)?;
        word.hole(!quoted);
        Ok(())
    }
}

/// Signs that are plain or not by what comes later in the word: `[a]`, `{a,b}`, `{1..3}`.
#[derive(Default)]
struct Marks {
    bracket: Option<usize>,
    class: Option<usize>,
    brace: bool,
    list: bool,
    lists: bool,
    before: Option<char>,
}

impl Marks {
    fn see(&mut self, c: char, place: usize) {
        match c {
            '[' => self.bracket = self.bracket.or(Some(place)),
            ']' => self.class = self.class.or(self.bracket),
            '{' => self.brace = true,
            ',' => self.list |= self.brace,
            '.' => self.list |= self.brace && self.before == Some('.'),
            '}' => self.lists |= self.list,
            _ => {}
        }
        self.before = Some(c);
    }

    fn apply(&self, word: &mut Word) {
        if self.lists {
            *word = Word::unknown();
        } else if let Some(place) = self.class {
            word.pieces.truncate(place);
            word.hole(false);
        }
    }
}
