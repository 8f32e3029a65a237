//! Just enough of the shell's grammar to change the last command of a line.
//!
//! Apart, because quoting is easy to get wrong, and a command that is put together wrongly
//! would run something else than the person's check. What is not understood is refused.

/// A word of a command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Word {
    /// As it is written, with its quotes.
    pub(super) raw: String,
    /// What the command gets to see; `None` if the shell decides that when it runs.
    pub(super) value: Option<String>,
}

impl Word {
    pub(super) fn text(&self) -> &str {
        self.value.as_deref().unwrap_or("")
    }

    /// The end of a path.
    pub(super) fn base(&self) -> &str {
        self.text().rsplit('/').next().unwrap_or("")
    }
}

/// A line of the shell whose last command is taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Line {
    /// What comes before the last command, with the `&&` or `;` that ends it.
    pub(super) front: String,
    /// The commands in it, each by itself.
    pub(super) before: Vec<String>,
    /// `NAME=value` in front of the last command.
    pub(super) settings: Vec<Word>,
    pub(super) words: Vec<Word>,
    /// A `2>&1` at the end.
    pub(super) tail: &'static str,
}

/// Takes a line apart. `None` if it has pipes, other redirections, background jobs, subshells,
/// alternatives or unclosed quotes: then nothing may be changed in it.
pub(super) fn parse(line: &str) -> Option<Line> {
    if line.len() > 20_000 {
        return None;
    }
    let mut parser = Parser { rest: line, words: Vec::new() };
    let (mut front_end, mut before) = (0, Vec::new());
    let mut start = 0;
    loop {
        let joiner = parser.command()?;
        if joiner.is_empty() {
            break;
        }
        let at = line.len() - parser.rest.len();
        before.push(line[start..at - joiner.len()].trim().to_owned());
        parser.words.clear();
        front_end = at;
        start = at;
    }
    let mut words = parser.words;
    let tail = if words.last().is_some_and(|word| word.raw == "2>&1") {
        words.pop();
        " 2>&1"
    } else {
        ""
    };
    if words.iter().any(|word| word.raw == "2>&1") {
        return None;
    }
    let settings = words.iter().take_while(|word| is_setting(&word.raw)).count();
    let settings: Vec<Word> = words.drain(..settings).collect();
    // A line's end joins commands too.
    let front = line[..front_end].to_owned();
    (!words.is_empty()).then_some(Line { front, before, settings, words, tail })
}

pub(super) fn is_setting(raw: &str) -> bool {
    let Some((name, _)) = raw.split_once('=') else { return false };
    let mut bytes = name.bytes();
    bytes.next().is_some_and(|b| b.is_ascii_alphabetic() || b == b'_')
        && bytes.all(|b| b.is_ascii_alphanumeric() || b == b'_')
}

struct Parser<'l> {
    rest: &'l str,
    words: Vec<Word>,
}

impl<'l> Parser<'l> {
    /// Reads the words of one command, and what joins it to the next; empty at the end.
    fn command(&mut self) -> Option<&'l str> {
        loop {
            self.rest = self.rest.trim_start_matches([' ', '\t']);
            let mut chars = self.rest.chars();
            match chars.next() {
                None => return Some(""),
                // A remark reaches to the end of its line.
                Some('#') => {
                    self.rest = &self.rest[self.rest.find('\n').unwrap_or(self.rest.len())..]
                }
                Some(';' | '\n') => {
                    let joiner = &self.rest[..1];
                    self.rest = &self.rest[1..];
                    // A joiner at the end joins nothing.
                    return Some(if self.rest.trim().is_empty() { "" } else { joiner });
                }
                Some('&') if self.rest.starts_with("&&") => {
                    let joiner = &self.rest[..2];
                    self.rest = &self.rest[2..];
                    return (!self.rest.trim().is_empty()).then_some(joiner);
                }
                Some('2') if self.rest.starts_with("2>&1") => {
                    self.rest = &self.rest[4..];
                    let raw = "2>&1".to_owned();
                    self.words.push(Word { value: Some(raw.clone()), raw });
                }
                Some('|' | '&' | '<' | '>' | '(' | ')' | '{' | '}' | '!') => return None,
                Some(_) => {
                    let word = self.word()?;
                    self.words.push(word);
                }
            }
        }
    }

    fn word(&mut self) -> Option<Word> {
        let mut value = Some(String::new());
        let mut chars = self.rest.char_indices();
        let end = loop {
            let Some((at, char)) = chars.next() else { break self.rest.len() };
            match char {
                ' ' | '\t' | '\n' | ';' | '&' | '|' => break at,
                '<' | '>' | '(' | ')' | '`' => return None,
                '\\' => push(&mut value, chars.next()?.1),
                '\'' => loop {
                    match chars.next()?.1 {
                        '\'' => break,
                        char => push(&mut value, char),
                    }
                },
                '"' => quoted(&mut chars, &mut value)?,
                '$' => value = None,
                '*' | '?' | '[' => push(&mut value, char),
                char => push(&mut value, char),
            }
        };
        let raw = self.rest[..end].to_owned();
        // `$(…)` was refused at its bracket; a tilde is expanded by the shell.
        let value = value.filter(|_| !raw.starts_with('~'));
        self.rest = &self.rest[end..];
        Some(Word { raw, value })
    }
}

fn quoted(chars: &mut std::str::CharIndices<'_>, value: &mut Option<String>) -> Option<()> {
    loop {
        match chars.next()?.1 {
            '"' => return Some(()),
            '`' => return None,
            '$' => *value = None,
            '\\' => {
                let next = chars.next()?.1;
                if !matches!(next, '"' | '\\' | '$' | '`') {
                    push(value, '\\');
                }
                push(value, next);
            }
            char => push(value, char),
        }
    }
}

fn push(value: &mut Option<String>, char: char) {
    if let Some(value) = value {
        value.push(char);
    }
}

/// A text as one word that means itself.
pub(super) fn quote(text: &str) -> String {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"_./:=@%+,-".contains(&b);
    if !text.is_empty() && text.bytes().all(plain) {
        return text.to_owned();
    }
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn values(line: &str) -> Option<Vec<String>> {
        Some(parse(line)?.words.iter().map(|word| word.text().to_owned()).collect())
    }

    #[test]
    fn words_are_read_as_the_shell_reads_them() {
        for (line, words) in [
            ("a b  c", Some(vec!["a", "b", "c"])),
            (r#"a 'b c' "d\"e" f\ g h"i"'j'"#, Some(vec!["a", "b c", "d\"e", "f g", "hij"])),
            ("A=1 B='x y' cmd x", Some(vec!["cmd", "x"])),
            ("cd x && cmd y # no", Some(vec!["cmd", "y"])),
            ("cmd 2>&1", Some(vec!["cmd"])),
            ("cmd;", Some(vec!["cmd"])),
            ("cmd | tail", None),
            ("cmd > file", None),
            ("cmd $(pwd)", None),
            ("cmd `pwd`", None),
            ("a || b", None),
            ("cmd &", None),
            ("cmd 'open", None),
            ("(cmd)", None),
            ("", None),
        ] {
            let words = words.map(|words| words.into_iter().map(str::to_owned).collect());
            assert_eq!(values(line), words, "{line}");
        }
    }

    #[test]
    fn what_the_shell_expands_has_no_value() {
        let line = parse("cmd $A \"$B\" '$C' ~/x").unwrap();
        let known: Vec<bool> = line.words.iter().map(|word| word.value.is_some()).collect();
        assert_eq!(known, [true, false, false, true, false]);
    }

    proptest! {
        #[test]
        fn a_quoted_text_is_read_back(text in "\\PC{0,12}") {
            let line = format!("cmd {}", quote(&text));
            prop_assert_eq!(values(&line), Some(vec!["cmd".to_owned(), text]));
        }

        #[test]
        fn no_line_panics(line in "(\\PC|['\"\\\\ ;&|$\n]){0,30}") {
            parse(&line);
        }
    }
}
