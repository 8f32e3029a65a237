//! How a task stands to others of a backlog: which comes sooner, and what has to come before it.

use serde::{Deserialize, Serialize};

use crate::{NanoUsd, Priority, TaskId, Timestamp};

/// How a task stands to others. The default is as it comes.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Standing {
    /// How much it is wanted before others of the same account.
    pub priority: Priority,
    /// When it is to be done; a task that is late is worked all the same.
    pub deadline: Option<Timestamp>,
    /// What it is worth to the person to have it done.
    pub value: Option<NanoUsd>,
    /// How many minutes it would take a person, if somebody has said so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub minutes: Option<u32>,
    /// What it belongs to, in the person's own words.
    pub labels: Vec<String>,
    /// The tasks that have to be accepted before it begins: their work is in the person's files
    /// only then.
    pub after: Vec<TaskId>,
}

impl Standing {
    /// Whether nothing was said about it.
    pub fn is_usual(&self) -> bool {
        *self == Self::default()
    }
}
