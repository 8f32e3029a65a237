//! What a person says of how the backlog is worked, and what came of it.

use serde::{Deserialize, Serialize};

use crate::{Millis, NanoUsd, Problem, TaskId};

/// How far the backlog is worked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct BacklogTerms {
    /// The most tasks at work at once.
    pub at_once: u32,
    /// The most money for all of them together: a task is begun only if what it may cost at most
    /// is left.
    #[serde(default)]
    pub money: Option<NanoUsd>,
    /// After how long none is begun any more.
    #[serde(default)]
    pub time: Option<Millis>,
    /// Whether to wait for more once all are done.
    #[serde(default)]
    pub stays: bool,
}

/// How the work on the backlog goes, or how it went.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct BacklogOutcome {
    /// Whether it is worked.
    pub is_at_work: bool,
    /// Whether no more is to be begun.
    pub is_to_end: bool,
    /// How many tasks were begun.
    pub begun: u32,
    /// Which are at work.
    pub at_work: Vec<TaskId>,
    /// How many have a proposal that the check has passed.
    pub verified: u32,
    /// How many have one that no check has judged.
    pub unverified: u32,
    /// How many ask the person something, or were paused.
    pub asking: u32,
    /// How many came to nothing.
    pub unsolved: u32,
    /// How many wait: for one another, for money, for a provider, or for their turn.
    pub waiting: u64,
    /// What was spent on them.
    pub spent: NanoUsd,
    /// Which have ended, in their order.
    pub worked: Vec<TaskId>,
    /// Why it ended, if it has in good order.
    pub end: Option<BacklogEnd>,
    /// What went wrong, if something did.
    pub problem: Option<Problem>,
}

/// Why the work on a backlog ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "kebab-case")]
pub enum BacklogEnd {
    /// Nothing is left that could be begun.
    Done,
    /// What is left may cost more than is left.
    OutOfMoney,
    /// The provider of what is left lets nothing through, and doesn't say for how long.
    OutOfQuota,
    /// Its time was over.
    OutOfTime,
    /// The person wanted so.
    Stopped,
}
