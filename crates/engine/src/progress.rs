//! What an engine tells those who watch: live, lossy, never needed for correctness. What
//! really happened is in the journal.

use serde::Serialize;
use tenfold_domain::{AttemptId, AttemptOutcome, Millis, NanoUsd, TaskId, Usage};

/// Something worth showing about a task at work.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "progress", rename_all = "kebab-case")]
pub enum Progress {
    /// The attempt turned to something else.
    Doing {
        /// Which attempt.
        attempt: AttemptId,
        /// What it does now, in a few words: "reading the failure", "trying line 41 of
        /// stats.py".
        what: String,
    },
    /// The totals of the attempt so far.
    Totals(Totals),
    /// A person should know this; it stays on the screen.
    Note {
        /// About which task.
        task: TaskId,
        /// What.
        text: String,
    },
    /// The attempt ended.
    Ended {
        /// Which attempt.
        attempt: AttemptId,
        /// How.
        outcome: AttemptOutcome,
        /// What a person should know.
        note: String,
    },
}

/// What an attempt has used so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Totals {
    /// Which attempt.
    pub attempt: AttemptId,
    /// Candidates that the model has made and that were worth a check.
    pub candidates: u32,
    /// Runs of the check or of a part of it.
    pub checks: u32,
    /// Tokens.
    pub usage: Usage,
    /// Money.
    pub cost: NanoUsd,
    /// Time since the attempt began.
    pub wall: Millis,
}
