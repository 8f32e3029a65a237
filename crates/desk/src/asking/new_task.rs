//! A task as a person asks for it, on the command line or on the page: what they said, and nothing
//! of what they left out.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use tenfold_domain::{Millis, NanoUsd, Priority, Standing, Strategy, TaskId, Timestamp};
use utoipa::ToSchema;
use utoipa::openapi::schema::SchemaType;
use utoipa::openapi::{ObjectBuilder, OneOfBuilder, RefOr, Schema, Type};

use crate::DeskError;
use crate::import::MINUTES_MAX;

/// The longest text of a task, in bytes.
pub const TEXT_BYTES_MAX: u64 = 256 * 1024;
/// The most attempts at a task.
pub const ATTEMPTS_MAX: u32 = 1_000;
/// The most attempts of which the best is proposed.
pub const BEST_OF_MAX: u32 = 100;

/// A task as a person asks for it. What is left out comes from the repository's approved
/// `tenfold.toml`, then from the role, then from the defaults.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewTask {
    /// What to do, in the person's words; empty: make the check pass.
    #[serde(default)]
    pub text: String,
    /// The repository or folder to work on.
    #[schema(value_type = String)]
    pub workspace: PathBuf,
    /// The shell command that judges the work.
    #[serde(default)]
    pub check: Option<String>,
    /// The shell command that prepares what the check needs.
    #[serde(default)]
    pub setup: Option<String>,
    /// The longest that one run of the check may take.
    #[serde(default, rename = "check_timeout_ms")]
    pub check_timeout: Option<Millis>,
    /// The models; of several, each attempt is made by the one that is worth most. None: by any
    /// that is at hand.
    #[serde(default)]
    pub model: Vec<String>,
    /// The kind of coworker.
    #[serde(default)]
    pub role: Option<String>,
    /// How to work, in turn.
    #[serde(default)]
    pub strategy: Vec<Strategy>,
    /// The most money to spend.
    #[serde(default, rename = "budget_nano_usd")]
    pub budget: Option<NanoUsd>,
    /// The longest that all attempts together may take.
    #[serde(default, rename = "time_limit_ms")]
    pub time_limit: Option<Millis>,
    /// How many attempts at most, or `auto`.
    #[serde(default)]
    #[schema(schema_with = attempts)]
    pub attempts: Option<Attempts>,
    /// As many attempts are made even if an earlier one passes, and the best is proposed.
    #[serde(default = "one")]
    pub best_of: u32,
    /// Patterns of files that may be edited though the check depends on them.
    #[serde(default)]
    pub may_edit: Vec<String>,
    /// Patterns of further files that are put back before the check.
    #[serde(default)]
    pub protect: Vec<String>,
    /// The MCP servers whose tools it may use.
    #[serde(default)]
    pub mcp: Vec<String>,
    /// Whether it may ask the person.
    #[serde(default = "yes")]
    pub questions: bool,
    /// Words of the person's that it belongs to.
    #[serde(default)]
    pub labels: Vec<String>,
    /// How much it is wanted before others.
    #[serde(default)]
    pub priority: Option<Priority>,
    /// What it is worth to have it done.
    #[serde(default, rename = "value_nano_usd")]
    pub value: Option<NanoUsd>,
    /// How many minutes it would take a person.
    #[serde(default)]
    pub minutes: Option<u32>,
    /// When it is to be done.
    #[serde(default, rename = "deadline_at_ms")]
    pub deadline: Option<Timestamp>,
    /// Tasks that have to be done before it.
    #[serde(default)]
    pub after: Vec<TaskId>,
    /// Who pays: a name, a path as in `team/ada`, or a number; the topmost account, if not given.
    #[serde(default, deserialize_with = "name_or_number")]
    #[schema(schema_with = name_or_number_said)]
    pub account: Option<String>,
    /// Whether it is begun at once, and does not wait in the backlog.
    #[serde(default)]
    pub begin: bool,
    /// The hashes of files of the repository that the person has read and approves.
    #[serde(default)]
    pub approve: Vec<String>,
    /// Takes the repository's files that ask something as if they were not there.
    #[serde(default)]
    pub no_config: bool,
}

/// How many attempts, as they are written.
fn attempts() -> RefOr<Schema> {
    let number = ObjectBuilder::new().schema_type(Type::Integer).minimum(Some(1));
    let word = ObjectBuilder::new().schema_type(Type::String).enum_values(Some(["auto"]));
    let none = ObjectBuilder::new().schema_type(Type::Null);
    OneOfBuilder::new().item(number).item(word).item(none).into()
}

/// An account, as it is named.
fn name_or_number_said() -> RefOr<Schema> {
    let any = SchemaType::from_iter([Type::String, Type::Integer, Type::Null]);
    ObjectBuilder::new().schema_type(any).into()
}

fn one() -> u32 {
    1
}

fn yes() -> bool {
    true
}

/// An account's number stands for itself.
fn name_or_number<'de, D: Deserializer<'de>>(from: D) -> Result<Option<String>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Named {
        Number(u32),
        Name(String),
    }
    Ok(Option::<Named>::deserialize(from)?.map(|named| match named {
        Named::Number(number) => format!("#{number}"),
        Named::Name(name) => name,
    }))
}

impl NewTask {
    /// A task in a repository or folder, of which nothing else is said.
    pub fn on(workspace: impl Into<PathBuf>) -> Self {
        Self {
            text: String::new(),
            workspace: workspace.into(),
            check: None,
            setup: None,
            check_timeout: None,
            model: Vec::new(),
            role: None,
            strategy: Vec::new(),
            budget: None,
            time_limit: None,
            attempts: None,
            best_of: 1,
            may_edit: Vec::new(),
            protect: Vec::new(),
            mcp: Vec::new(),
            questions: true,
            labels: Vec::new(),
            priority: None,
            value: None,
            minutes: None,
            deadline: None,
            after: Vec::new(),
            account: None,
            begin: false,
            approve: Vec::new(),
            no_config: false,
        }
    }

    /// How it stands to others.
    pub fn standing(&self) -> Standing {
        Standing {
            priority: self.priority.unwrap_or_default(),
            deadline: self.deadline,
            value: self.value,
            minutes: self.minutes,
            labels: self.labels.clone(),
            after: self.after.clone(),
        }
    }

    /// Whether each thing that is said can be meant.
    ///
    /// # Errors
    /// What can't, in words.
    pub(super) fn check(&self) -> Result<(), DeskError> {
        if self.text.len() as u64 > TEXT_BYTES_MAX {
            let most = TEXT_BYTES_MAX / 1024;
            let what = format!("the task's text is longer than {most} KiB");
            return Err(DeskError::usage(what)
                .advise("say what to do in fewer words, and put the rest into the repository"));
        }
        if !(1..=BEST_OF_MAX).contains(&self.best_of) {
            let what = format!("the best is proposed of 1 to {BEST_OF_MAX} attempts");
            return Err(DeskError::usage(what));
        }
        let minutes = 1..=MINUTES_MAX;
        if self.minutes.is_some_and(|said| !minutes.contains(&i64::from(said))) {
            let what = format!("a task takes a person 1 to {MINUTES_MAX} minutes");
            return Err(DeskError::usage(what));
        }
        if self.model.len() > 1 && matches!(self.attempts, Some(Attempts::AtMost(_))) {
            return Err(DeskError::usage("--attempts N is for one model, and there are several")
                .advise("name one with --model, or leave --attempts to auto"));
        }
        Ok(())
    }
}

/// How many attempts are made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Attempts {
    /// As the cascade decides.
    Auto,
    /// By one model, at most so many.
    AtMost(u32),
}

impl FromStr for Attempts {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let number = text.parse().ok().filter(|number| (1..=ATTEMPTS_MAX).contains(number));
        match (text, number) {
            ("auto", _) => Ok(Self::Auto),
            (_, Some(number)) => Ok(Self::AtMost(number)),
            _ => Err(format!("'{text}' is not a number of attempts: write 1 to 1000, or auto")),
        }
    }
}

impl fmt::Display for Attempts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Auto => f.write_str("auto"),
            Self::AtMost(number) => number.fmt(f),
        }
    }
}

/// A number, or `auto`.
impl Serialize for Attempts {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Auto => to.serialize_str("auto"),
            Self::AtMost(number) => to.serialize_u32(*number),
        }
    }
}

impl<'de> Deserialize<'de> for Attempts {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Said {
            Number(u32),
            Word(String),
        }
        let text = match Said::deserialize(from)? {
            Said::Number(number) => number.to_string(),
            Said::Word(word) => word,
        };
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_out_of_json_is_as_nothing_was_said() {
        let said: NewTask = serde_json::from_str(r#"{"workspace": "/r"}"#).unwrap();
        assert_eq!(said, NewTask::on("/r"));
        let whole = serde_json::to_string(&said).unwrap();
        assert_eq!(serde_json::from_str::<NewTask>(&whole).unwrap(), said);
    }

    #[test]
    fn attempts_and_accounts_are_read_as_numbers_and_as_words() {
        let read = |json: &str| serde_json::from_str::<NewTask>(json).map_err(|e| e.to_string());
        let said = read(r#"{"workspace": "/r", "attempts": 3, "account": 2}"#).unwrap();
        assert_eq!(
            (said.attempts, said.account.as_deref()),
            (Some(Attempts::AtMost(3)), Some("#2"))
        );
        let said = read(r#"{"workspace": "/r", "attempts": "auto", "account": "a/b"}"#).unwrap();
        assert_eq!((said.attempts, said.account.as_deref()), (Some(Attempts::Auto), Some("a/b")));
        assert!(read(r#"{"workspace": "/r", "attempts": 0}"#).unwrap_err().contains("1 to 1000"));
        assert!(read(r#"{"workspace": "/r", "atempts": 1}"#).unwrap_err().contains("atempts"));
        assert!(read("{}").unwrap_err().contains("workspace"));
    }

    #[test]
    fn what_can_t_be_meant_is_refused() {
        let on = || NewTask::on("/r");
        for (task, why) in [
            (NewTask { text: "x".repeat(256 * 1024 + 1), ..on() }, "longer than 256 KiB"),
            (NewTask { best_of: 0, ..on() }, "1 to 100 attempts"),
            (NewTask { minutes: Some(0), ..on() }, "minutes"),
            (
                NewTask {
                    model: vec!["a".into(), "b".into()],
                    attempts: Some(Attempts::AtMost(1)),
                    ..on()
                },
                "is for one model",
            ),
        ] {
            assert!(task.check().unwrap_err().to_string().contains(why), "{why}");
        }
        assert!(on().check().is_ok());
    }
}
