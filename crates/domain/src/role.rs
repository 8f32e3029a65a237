//! A kind of coworker, as a task was asked to be worked by.

use serde::{Deserialize, Serialize};

/// What of a role an attempt goes by, as its file said when the task was asked for: what is
/// changed in the file later is for later tasks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Role {
    /// What it is called by.
    pub name: String,
    /// How it goes about its work, for the model; may be empty.
    pub instructions: String,
    /// The tools it has, by their names; empty: all that there are.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tools: Vec<String>,
}
