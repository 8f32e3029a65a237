//! What the words of one command mean: the shell's own words, settings in front, and programs
//! that run another program or a line of shell.

use super::super::part::{Kind, Part};
use super::super::runners;
use super::super::word::Word;
use super::{Scanner, Unsure};
use crate::wildcard::Piece;

/// Behind these stands a command.
const KEYWORDS: &[&str] =
    &["!", "{", "}", "do", "done", "elif", "else", "esac", "fi", "if", "then", "until", "while"];

impl Scanner<'_> {
    /// Takes the words that were read as one command.
    pub(super) fn end_command(&mut self) -> Result<(), Unsure> {
        let mut words = std::mem::take(&mut self.words).into_iter().peekable();
        while let Some(word) = words.next_if(|word| is_keyword(word) || is_setting(word)) {
            if !is_keyword(&word) {
                self.add(Part::new(Kind::Setting, vec![word]))?;
            }
        }
        let words: Vec<Word> = words.collect();
        let Some(first) = words.first() else { return Ok(()) };
        // Its patterns end in a `)` that would seem to end what it stands in.
        if self.is_inner && first.text().as_deref() == Some("case") {
            return Err(Unsure);
        }
        if runners::could_rename(first) {
            self.add(Part::unknown())?;
        }
        let mut part = Part::new(Kind::Program, words);
        if runners::could_run_another(&part.words[0]) {
            part.runs_another = true;
            part.has_more = part.words.iter().any(runners::could_add_words);
            self.inside(&part.words)?;
        }
        self.add(part)
    }

    /// Reads the lines of shell among the words of a program that runs another.
    fn inside(&mut self, words: &[Word]) -> Result<(), Unsure> {
        if runners::runs_unseen(words) {
            self.add(Part::unknown())?;
        }
        let shell = words.iter().position(runners::could_be_shell).unwrap_or(words.len());
        let texts: Vec<(usize, String)> = words
            .iter()
            .enumerate()
            .skip(1)
            .filter_map(|(index, word)| Some((index, word.text()?)))
            .collect();
        for (index, text) in &texts {
            if *index > shell {
                // `-c'rm x'`, `--command='rm x'`.
                let option = text.strip_prefix('-').map(|text| text.get(1..).unwrap_or_default());
                self.text(option.unwrap_or(text))?;
                let value = option.and_then(|option| option.split_once('='));
                self.text(value.map_or("", |(_, value)| value))?;
            } else if text.contains([' ', '\t', '\n']) {
                self.text(text)?;
            }
        }
        // `eval` and others put their arguments together.
        let behind: Vec<&str> =
            texts.iter().filter(|(index, _)| *index > shell).map(|(_, text)| &**text).collect();
        if behind.len() > 1 { self.text(&behind.join(" ")) } else { Ok(()) }
    }

    fn text(&mut self, text: &str) -> Result<(), Unsure> {
        self.line(&text.chars().collect::<Vec<_>>())
    }
}

fn is_keyword(word: &Word) -> bool {
    word.is_bare && word.text().is_some_and(|text| KEYWORDS.contains(&text.as_str()))
}

/// Whether it is `NAME=…`, or an element of an array.
fn is_setting(word: &Word) -> bool {
    let name = word.pieces.split(|piece| *piece == Piece::Char('=')).next().unwrap_or_default();
    let mut name = name.iter().map(|piece| match piece {
        Piece::Char(c) => *c,
        Piece::Any => '[',
    });
    word.pieces.contains(&Piece::Char('='))
        && name.next().is_some_and(|c| c.is_ascii_alphabetic() || c == '_')
        && name.all(|c| c.is_ascii_alphanumeric() || "_[]+".contains(c))
}
