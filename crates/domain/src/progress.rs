//! What an engine tells those who watch: live, lossy, never needed for correctness. What
//! really happened is in the journal.

use serde::{Deserialize, Serialize};

use crate::{AttemptId, AttemptOutcome, Millis, NanoUsd, Problem, TaskId, Usage};

/// Something worth showing about a task at work.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
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
    /// Nothing more is done about the task: this came of it.
    Worked(Outcome),
    /// Nothing more is done about the task: it could not be worked on.
    Failed {
        /// Which task.
        task: TaskId,
        /// Why.
        problem: Problem,
    },
}

impl Progress {
    /// Which task it is about.
    pub fn task(&self) -> TaskId {
        match self {
            Self::Doing { attempt, .. } | Self::Ended { attempt, .. } => attempt.task,
            Self::Totals(totals) => totals.attempt.task,
            Self::Note { task, .. } | Self::Failed { task, .. } => *task,
            Self::Worked(outcome) => outcome.attempt.task,
        }
    }

    /// Whether nothing follows it until the task is worked on once more.
    pub fn is_last(&self) -> bool {
        matches!(self, Self::Worked(_) | Self::Failed { .. })
    }
}

/// What an attempt has used so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
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

/// What came of working on a task.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Outcome {
    /// The last attempt.
    pub attempt: AttemptId,
    /// How it ended; [`AttemptOutcome::Stopped`] also when it was interrupted and can go on.
    pub outcome: AttemptOutcome,
    /// What a person should know, or is asked.
    pub note: String,
    /// What it waits with, if it has not ended.
    pub waits: Option<Waits>,
    /// What was used.
    pub totals: Totals,
    /// What made the proposal, if there is one and a generator made it.
    pub generator: Option<String>,
}

impl Outcome {
    /// Which task.
    pub fn task(&self) -> TaskId {
        self.attempt.task
    }
}

/// What an attempt that has not ended waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Waits {
    /// For the person's answer.
    Answer,
    /// For the person to resume it.
    Resume,
}
