//! Here-documents: text in the line that is no command, but for what the shell puts in.

use super::super::word::Word;
use super::{Scanner, Unsure};

/// One whose text is still to come.
#[derive(Debug)]
pub(super) struct Here {
    end: Vec<char>,
    strips_tabs: bool,
    /// Nothing is put in.
    is_quoted: bool,
}

impl Here {
    /// None if it can't be told where the text ends.
    pub(super) fn new(end: &Word, strips_tabs: bool) -> Option<Self> {
        let is_quoted = !end.is_bare;
        Some(Self { end: end.text()?.chars().collect(), strips_tabs, is_quoted })
    }
}

impl Scanner<'_> {
    /// Reads the texts that begin here.
    pub(super) fn here_texts(&mut self) -> Result<(), Unsure> {
        for here in std::mem::take(&mut self.heres) {
            let text = self.here_text(&here)?;
            if !here.is_quoted {
                let depth = self.deeper()?;
                Scanner::new(&text, depth, self.parts).holes()?;
            }
        }
        Ok(())
    }

    fn here_text(&mut self, here: &Here) -> Result<Vec<char>, Unsure> {
        let mut text = Vec::new();
        let mut is_joined = false;
        loop {
            let rest = self.chars.get(self.at..).filter(|rest| !rest.is_empty()).ok_or(Unsure)?;
            let line = rest.split(|c| *c == '\n').next().unwrap_or_default();
            self.at = (self.at + line.len() + 1).min(self.chars.len());
            let tabs = line.iter().take_while(|c| here.strips_tabs && **c == '\t').count();
            let line = &line[tabs..];
            if line == here.end {
                // Whether a line that was joined to the one before ends it, shells disagree.
                return if is_joined { Err(Unsure) } else { Ok(text) };
            }
            let joined = line.strip_suffix(&['\\']).filter(|_| !here.is_quoted);
            if joined.is_some_and(|line| is_joined || here.end.starts_with(line)) {
                return Err(Unsure);
            }
            is_joined = joined.is_some();
            text.extend(line);
            text.push('\n');
        }
    }

    /// Reads only what the shell puts into a text.
    fn holes(mut self) -> Result<(), Unsure> {
        let mut nothing = Word::new();
        while let Some(c) = self.next() {
            match c {
                '\\' => self.at += 1,
                '$' => self.dollar(&mut nothing, true)?,
                '`' => self.backticks(&mut nothing, true)?,
                _ => {}
            }
        }
        Ok(())
    }
}
