//! What a command of an agent's leaves to the next one, beside the files.
//!
//! Apart, because three have to agree on it: the machine that remembers it, the engine that
//! begins the next command with it, and the journal.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

/// Where a shell stood when it ended, and what it exported; at first nothing of either.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shell {
    /// Its directory: from the top of the workspace, which is empty, or absolute if it is not
    /// below that.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub dir: String,
    /// The variables that it exported with other values than a first command has.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub set: BTreeMap<String, String>,
    /// Those that a first command has, and it had no more.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub unset: BTreeSet<String>,
}

impl Shell {
    /// Whether the next command begins as a first one does.
    pub fn is_fresh(&self) -> bool {
        *self == Self::default()
    }
}
