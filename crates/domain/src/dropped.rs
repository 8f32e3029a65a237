//! What is taken out of the journal again, where it went, and what stays known of it.

use serde::{Deserialize, Serialize};

use crate::{Energy, Millis, NanoUsd, Timestamp, Usage};

/// What happens to the journal itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub enum JournalEvent {
    /// Events were taken out of it; a file has them.
    Dropped {
        /// How many.
        events: u64,
        /// Where they are.
        export: Export,
    },
}

/// A file of events that were taken out of the journal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Export {
    /// Its name in the folder `dropped`, beside the store.
    pub name: String,
    /// SHA-256 of the file, in hexadecimal.
    pub sha256: String,
}

/// What the steps of an attempt came to, as it is listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Worked {
    /// What the model used.
    pub usage: Usage,
    /// What it cost.
    pub cost: NanoUsd,
    /// How long it worked.
    pub wall: Millis,
    /// The energy that it took.
    #[serde(default, skip_serializing_if = "Energy::is_none")]
    pub energy: Energy,
    /// When it was last heard of while it worked.
    pub seen_at: Timestamp,
    /// How many effects came to an end, well or not.
    pub steps: u64,
    /// How many runs of the check, or of parts of it, were begun.
    pub checks: u64,
}
