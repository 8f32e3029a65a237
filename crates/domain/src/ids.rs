//! A type for each id, so that no two can be mistaken for one another.

use std::fmt;
use std::num::NonZeroU64;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Why a text is not an id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IdError {
    /// The text is not a task number.
    #[error("'{0}' is not a task: tasks are numbered 1, 2, 3 …")]
    Task(String),
    /// The text is not an attempt.
    #[error("'{0}' is not an attempt: write TASK.ATTEMPT, as in 3.1")]
    Attempt(String),
    /// The text is not a commit hash.
    #[error("'{0}' is not a commit: expected 40 hexadecimal digits")]
    Commit(String),
}

/// A task, numbered from one in the order in which tasks were asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "schema", schema(value_type = u64, minimum = 1))]
#[serde(transparent)]
pub struct TaskId(pub NonZeroU64);

impl TaskId {
    /// The task with this number; zero is no task.
    pub fn new(number: u64) -> Option<Self> {
        NonZeroU64::new(number).map(Self)
    }

    /// The number that people type.
    pub fn number(self) -> u64 {
        self.0.get()
    }
}

impl fmt::Display for TaskId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for TaskId {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        text.strip_prefix('#')
            .unwrap_or(text)
            .parse()
            .ok()
            .and_then(Self::new)
            .ok_or_else(|| IdError::Task(text.to_owned()))
    }
}

/// One agent's try at a task, written `TASK.NUMBER`; numbered from one within its task.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct AttemptId {
    /// The task it works on.
    pub task: TaskId,
    /// Which try this is, from one.
    pub number: u32,
}

impl fmt::Display for AttemptId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.task, self.number)
    }
}

impl FromStr for AttemptId {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        let bad = || IdError::Attempt(text.to_owned());
        let (task, number) = text.split_once('.').ok_or_else(bad)?;
        let task = task.parse().map_err(|_| bad())?;
        let number = number.parse().ok().filter(|n| *n > 0).ok_or_else(bad)?;
        Ok(Self { task, number })
    }
}

/// One effect of an attempt, numbered from one within it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(transparent)]
pub struct StepId(pub u32);

impl fmt::Display for StepId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A git commit (or tree) by its full SHA-1, in Tenfold's own git directory of a workspace.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct CommitId(String);

impl CommitId {
    /// The 40 hexadecimal digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The first ten digits, for people.
    pub fn short(&self) -> &str {
        &self.0[..10]
    }
}

impl TryFrom<String> for CommitId {
    type Error = IdError;

    fn try_from(text: String) -> Result<Self, IdError> {
        if text.len() == 40 && text.bytes().all(|b| b.is_ascii_hexdigit()) {
            Ok(Self(text))
        } else {
            Err(IdError::Commit(text))
        }
    }
}

impl FromStr for CommitId {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        Self::try_from(text.to_owned())
    }
}

impl From<CommitId> for String {
    fn from(id: CommitId) -> String {
        id.0
    }
}

impl fmt::Display for CommitId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_read_back_as_they_are_written() {
        for text in ["1", "42", "18446744073709551615"] {
            assert_eq!(text.parse::<TaskId>().unwrap().to_string(), text);
        }
        for text in ["1.1", "42.7"] {
            assert_eq!(text.parse::<AttemptId>().unwrap().to_string(), text);
        }
        assert_eq!("#7".parse::<TaskId>().unwrap().number(), 7);
    }

    #[test]
    fn what_is_no_id_is_refused_with_its_text() {
        for text in ["", "0", "-1", "three", "1.1"] {
            assert_eq!(text.parse::<TaskId>(), Err(IdError::Task(text.into())));
        }
        for text in ["", "1", "1.0", "0.1", "1.x", "1.2.3"] {
            assert_eq!(text.parse::<AttemptId>(), Err(IdError::Attempt(text.into())));
        }
        assert!("abc".parse::<CommitId>().is_err());
        assert!("z".repeat(40).parse::<CommitId>().is_err());
    }
}
