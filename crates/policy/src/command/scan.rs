//! Cuts a line of shell into its parts.
//!
//! Not a parser of shell: it only has to find every place where a program could be started,
//! whether `sh` is dash or bash. Where the two differ, or a quote does not end, it gives up, and
//! what it gives up on could be anything. Reading words is in `quoted`, what to make of the
//! words of one command in `simple`.

mod here;
mod quoted;
mod simple;

use super::part::{Kind, Part};
use super::word::Word;
use here::Here;

/// A longer line than this is not read, in bytes.
const MAX_LINE_BYTES: usize = 64 * 1024;
/// More parts than these are not counted.
const MAX_PARTS: usize = 1_000;
/// How deep one command may stand in another.
const MAX_DEPTH: usize = 16;

/// It can't be told how the line is cut.
#[derive(Debug)]
struct Unsure;

/// The parts of a line. What can't be read is one more part that could be anything; a line of
/// nothing has none.
pub(crate) fn split(line: &str) -> Vec<Part> {
    let mut parts = Vec::new();
    let chars: Vec<char> = line.chars().collect();
    let read = match line.len() {
        0..=MAX_LINE_BYTES => Scanner::new(&chars, 0, &mut parts).all(),
        _ => Err(Unsure),
    };
    if read.is_err() {
        parts.push(Part::unknown());
    }
    parts
}

struct Scanner<'a> {
    chars: &'a [char],
    at: usize,
    depth: usize,
    parts: &'a mut Vec<Part>,
    /// Of the command that is being read.
    words: Vec<Word>,
    /// Whose texts begin at the next line.
    heres: Vec<Here>,
    /// Whether it reads up to a `)`.
    is_inner: bool,
}

impl<'a> Scanner<'a> {
    fn new(chars: &'a [char], depth: usize, parts: &'a mut Vec<Part>) -> Self {
        let (words, heres) = (Vec::new(), Vec::new());
        Self { chars, at: 0, depth, parts, words, heres, is_inner: false }
    }

    /// Reads all of it.
    fn all(mut self) -> Result<(), Unsure> {
        self.commands()
    }

    /// Reads a line that stands inside of this one.
    fn line(&mut self, chars: &[char]) -> Result<(), Unsure> {
        let depth = self.deeper()?;
        Scanner::new(chars, depth, self.parts).all()
    }

    /// Reads what stands from here up to its `)`.
    fn inner(&mut self) -> Result<(), Unsure> {
        // Where the text of a here-document begins would be anybody's guess.
        if !self.heres.is_empty() {
            return Err(Unsure);
        }
        let depth = self.deeper()?;
        let mut inner = Scanner::new(self.chars, depth, self.parts);
        (inner.at, inner.is_inner) = (self.at, true);
        inner.commands()?;
        self.at = inner.at;
        Ok(())
    }

    fn deeper(&self) -> Result<usize, Unsure> {
        if self.depth == MAX_DEPTH { Err(Unsure) } else { Ok(self.depth + 1) }
    }

    fn peek(&self, further: usize) -> Option<char> {
        self.chars.get(self.at + further).copied()
    }

    fn next(&mut self) -> Option<char> {
        let next = self.peek(0);
        self.at += usize::from(next.is_some());
        next
    }

    /// The next character, even if it stands in the next line, which goes on.
    fn sign_behind(&self, mut further: usize) -> Option<char> {
        while self.peek(further) == Some('\\') && self.peek(further + 1) == Some('\n') {
            further += 2;
        }
        self.peek(further)
    }

    fn is_at(&self, text: &str) -> bool {
        text.chars().enumerate().all(|(further, c)| self.peek(further) == Some(c))
    }

    fn add(&mut self, part: Part) -> Result<(), Unsure> {
        if self.parts.len() == MAX_PARTS {
            return Err(Unsure);
        }
        self.parts.push(part);
        Ok(())
    }

    fn commands(&mut self) -> Result<(), Unsure> {
        let mut parentheses = 0_usize;
        while let Some(c) = self.peek(0) {
            match c {
                ' ' | '\t' => self.at += 1,
                '\\' if self.peek(1) == Some('\n') => self.at += 2,
                '#' => self.skip_comment(),
                '\n' => {
                    self.at += 1;
                    self.end_command()?;
                    self.here_texts()?;
                }
                '&' if self.sign_behind(1) == Some('>') => self.output_of_all()?,
                ';' | '|' | '&' => {
                    self.at += 1;
                    self.end_command()?;
                }
                // Arithmetic in bash, a subshell in dash.
                '(' if self.sign_behind(1) == Some('(') => return Err(Unsure),
                '(' => {
                    self.at += 1;
                    self.end_command()?;
                    parentheses += 1;
                }
                ')' => {
                    self.at += 1;
                    self.end_command()?;
                    if self.is_inner && parentheses == 0 {
                        return self.end();
                    }
                    parentheses = parentheses.saturating_sub(1);
                }
                '<' | '>' if self.peek(1) != Some('(') => self.redirection()?,
                _ => self.argument()?,
            }
        }
        self.end_command()?;
        if self.is_inner { Err(Unsure) } else { self.end() }
    }

    fn end(&self) -> Result<(), Unsure> {
        if self.heres.is_empty() { Ok(()) } else { Err(Unsure) }
    }

    fn skip_comment(&mut self) {
        while self.peek(0).is_some_and(|c| c != '\n') {
            self.at += 1;
        }
    }

    fn argument(&mut self) -> Result<(), Unsure> {
        let Some(word) = self.word()? else { return Ok(()) };
        // `2>`: the number belongs to the redirection.
        let is_number = word.is_bare
            && word.text().is_some_and(|text| text.chars().all(|c| c.is_ascii_digit()));
        if !(is_number && matches!(self.peek(0), Some('<' | '>'))) {
            self.words.push(word);
        }
        Ok(())
    }

    /// `&>`: in bash the command goes on behind it, in dash another one begins.
    fn output_of_all(&mut self) -> Result<(), Unsure> {
        self.at += 1;
        self.skip_blanks();
        self.redirection()?;
        self.skip_blanks();
        match self.peek(0) {
            None | Some('\n' | ';' | '|' | '&' | ')') => Ok(()),
            Some(_) => Err(Unsure),
        }
    }

    /// Passes over where a line goes on in the next one.
    fn skip_joint(&mut self) {
        while self.is_at("\\\n") {
            self.at += 2;
        }
    }

    fn skip_blanks(&mut self) {
        self.skip_joint();
        while matches!(self.peek(0), Some(' ' | '\t')) {
            self.at += 1;
            self.skip_joint();
        }
    }

    fn redirection(&mut self) -> Result<(), Unsure> {
        const SIGNS: [&str; 10] = ["<<<", "<<-", "<<", "<>", "<&", ">>", ">|", ">&", "<", ">"];
        let sign = SIGNS.into_iter().find(|sign| self.is_at(sign)).ok_or(Unsure)?;
        self.at += sign.len();
        // A sign can go on in the next line, and be another one then.
        if self.is_at("\\\n") {
            return Err(Unsure);
        }
        self.skip_blanks();
        let word = self.word()?.ok_or(Unsure)?;
        match sign {
            "<<" | "<<-" => self.heres.push(Here::new(&word, sign == "<<-").ok_or(Unsure)?),
            "<" | "<<<" | "<&" => {}
            _ if is_no_file(sign, &word) => {}
            _ => {
                let mut output = Word::new();
                output.push('>');
                self.add(Part::new(Kind::Output, vec![output, word]))?;
            }
        }
        Ok(())
    }
}

/// Whether output into this goes to no file: `2>&1`, `>/dev/null`.
fn is_no_file(sign: &str, word: &Word) -> bool {
    word.text().is_some_and(|text| {
        text == "/dev/null"
            || sign == ">&" && (text == "-" || text.chars().all(|c| c.is_ascii_digit()))
    })
}
