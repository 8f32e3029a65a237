//! What a scripted model answers, and what it writes down. Plain data, in JSON.

use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use tenfold_domain::{Ask, Prompt};

/// The environment variable that names the script's file.
pub const SCRIPT_VARIABLE: &str = "TENFOLD_FAKE_MODEL_SCRIPT";

/// Why a script can't be used.
#[derive(Debug, thiserror::Error)]
pub enum ScriptError {
    /// The file can't be read or written.
    #[error("the script {path} can't be used: {source}")]
    Io {
        /// Which file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The file is no script.
    #[error("the script {path} can't be understood: {source}")]
    Json {
        /// Which file.
        path: PathBuf,
        /// Where and why.
        source: serde_json::Error,
    },
}

/// What a scripted model does.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Script {
    /// The first that matches a question answers it. Without one an infill finds nothing, a
    /// generation writes nothing, and a score finds every word likely.
    pub rules: Vec<Rule>,
    /// What goes wrong, and at which question.
    pub faults: Vec<Fault>,
    /// Where each question is written down, one [`Asked`] a line; also how processes that
    /// follow one another know how many there have been.
    pub record: Option<PathBuf>,
    /// How long every answer takes, in milliseconds.
    pub delay_ms: u64,
}

/// An answer to certain questions.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Rule {
    /// Only questions of this kind.
    pub kind: Option<Kind>,
    /// Only questions whose text holds all of these.
    pub contains: Vec<String>,
    /// Only infills of a gap in which this stands now, blanks at its ends aside.
    pub original: Option<String>,
    /// The texts that the model finds. Of a score: the words that it finds unlikely.
    pub answers: Vec<String>,
}

/// A kind of question.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// To sample completions.
    Generate,
    /// To fill a gap.
    Infill,
    /// To score a text.
    Score,
}

/// Something that goes wrong, once, at the question with this number (from one, over all
/// processes if there is a record).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "fault", rename_all = "kebab-case")]
pub enum Fault {
    /// The process dies.
    Die {
        /// At which question.
        at: u64,
    },
    /// The process dies within its answer: its text is told, if it is told in pieces, but no end.
    Break {
        /// At which question.
        at: u64,
    },
    /// The question is refused.
    Refuse {
        /// Which question.
        at: u64,
    },
    /// The answer never comes.
    Hang {
        /// To which question.
        at: u64,
    },
    /// A line that means nothing comes before the answer.
    Garble {
        /// Before which question's answer.
        at: u64,
    },
}

/// A question that was asked.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Asked {
    /// Its number, from one.
    pub number: u64,
    /// What.
    pub ask: Ask,
}

impl Script {
    /// Reads a script.
    ///
    /// # Errors
    /// If the file can't be read or is no script.
    pub fn read(path: &Path) -> Result<Self, ScriptError> {
        let text = std::fs::read_to_string(path).map_err(io_error(path))?;
        serde_json::from_str(&text)
            .map_err(|source| ScriptError::Json { path: path.to_owned(), source })
    }

    /// Writes a script for a process to read.
    ///
    /// # Errors
    /// If the file can't be written.
    pub fn write(&self, path: &Path) -> Result<(), ScriptError> {
        let text = serde_json::to_string_pretty(self)
            .map_err(|source| ScriptError::Json { path: path.to_owned(), source })?;
        std::fs::write(path, text).map_err(io_error(path))
    }

    /// Everything that was asked so far; nothing if nothing is recorded.
    ///
    /// # Errors
    /// If the record can't be read.
    pub fn asked(&self) -> Result<Vec<Asked>, ScriptError> {
        let Some(path) = self.record.as_ref().filter(|path| path.exists()) else {
            return Ok(Vec::new());
        };
        let text = std::fs::read_to_string(path).map_err(io_error(path))?;
        let json = |source| ScriptError::Json { path: path.clone(), source };
        text.lines().map(|line| serde_json::from_str(line).map_err(json)).collect()
    }

    /// The rule that answers a question.
    pub(crate) fn rule(&self, ask: &Ask) -> Option<&Rule> {
        self.rules.iter().find(|rule| rule.matches(ask))
    }
}

impl Rule {
    fn matches(&self, ask: &Ask) -> bool {
        let kind = match ask {
            Ask::Generate(_) | Ask::Turn(_) => Kind::Generate,
            Ask::Infill(_) => Kind::Infill,
            Ask::Score(_) => Kind::Score,
        };
        let original = match (ask, &self.original) {
            (Ask::Infill(infill), Some(original)) => infill.original.trim() == original.trim(),
            (_, Some(_)) => false,
            (_, None) => true,
        };
        let text = text(ask);
        let contains = self.contains.iter().all(|part| text.contains(part));
        self.kind.is_none_or(|wanted| wanted == kind) && original && contains
    }
}

/// All the text of a question.
fn text(ask: &Ask) -> String {
    match ask {
        Ask::Infill(ask) => [&*ask.prefix, &ask.original, &ask.suffix].concat(),
        Ask::Score(ask) => [&*ask.prefix, &ask.text].concat(),
        Ask::Turn(turn) => turn.instructions.clone(),
        Ask::Generate(ask) => match &ask.prompt {
            Prompt::Text { text } => text.clone(),
            Prompt::Fill { prefix, suffix } => [&**prefix, suffix].concat(),
            Prompt::Chat { messages, opening } => {
                let turns = messages.iter().map(|message| message.content.as_str());
                turns.chain([opening.as_str()]).collect::<Vec<_>>().join("\n")
            }
        },
    }
}

pub(crate) fn io_error(path: &Path) -> impl FnOnce(io::Error) -> ScriptError {
    let path = path.to_owned();
    move |source| ScriptError::Io { path, source }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tenfold_domain::Infill;

    fn infill(original: &str) -> Ask {
        Ask::Infill(Infill {
            prefix: "def median(xs):\n".into(),
            suffix: "\n".into(),
            original: original.into(),
            alternatives: 4,
            margin: -3.0,
            hints: Vec::new(),
            max_tokens: 40,
            max_lines: 1,
        })
    }

    #[test]
    fn the_first_rule_that_matches_answers() {
        let rule = |original: Option<&str>, contains: &[&str]| Rule {
            original: original.map(str::to_owned),
            contains: contains.iter().map(ToString::to_string).collect(),
            ..Rule::default()
        };
        let script = Script {
            rules: vec![rule(Some("return 1"), &[]), rule(None, &["median", "return 2"])],
            ..Script::default()
        };
        assert_eq!(script.rule(&infill("    return 1")), Some(&script.rules[0]));
        assert_eq!(script.rule(&infill("    return 2")), Some(&script.rules[1]));
        assert_eq!(script.rule(&infill("    return 3")), None);
    }

    #[test]
    fn a_script_reads_back() {
        let text = r#"{"rules":[{"kind":"infill","answers":["a"]}],
            "faults":[{"fault":"die","at":3}],"delay_ms":5}"#;
        let script: Script = serde_json::from_str(text).unwrap();
        assert_eq!(script.faults, [Fault::Die { at: 3 }]);
        let again: Script = serde_json::from_str(&serde_json::to_string(&script).unwrap()).unwrap();
        assert_eq!(again, script);
    }
}
