//! What the scheduler is told of a task: what it wants, what it needs, what it used. Plain
//! data, apart from what is made of it. It never holds what a task is about.

use std::path::PathBuf;

use tenfold_domain::{AccountId, Bytes, Millis, NanoUsd, Standing, TaskId, Timestamp};

/// A task that waits to be worked on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The task.
    pub task: TaskId,
    /// Who pays for it, and whose share it takes from.
    pub account: AccountId,
    /// When it was asked for. A task that comes back (from a pause, from a question) has the
    /// moment it had at first, and so goes before what came since.
    pub arrived: Timestamp,
    /// How it stands to others of its account. What it comes after is not looked at: who admits
    /// it knows that nothing holds it up.
    pub standing: Standing,
    /// What it will take, as far as one can tell.
    pub expected: Expected,
    /// What it holds while it is at work.
    pub needs: Needs,
}

/// What a task will take, as far as one can tell. It is charged to the account's share when
/// the task starts; what was really used takes its place when it ends.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Expected {
    /// What the models will cost.
    pub cost: NanoUsd,
    /// How long it will be at work.
    pub wall: Millis,
}

/// What a task holds while it is at work: one place of the provider's and of the
/// repository's, and this much of one host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Needs {
    /// Who answers for its model: a provider by its name, or the embedded one.
    pub provider: String,
    /// The repository that it changes.
    pub repository: PathBuf,
    /// Thousandths of a processor core.
    pub millicores: u64,
    /// Memory.
    pub memory: Bytes,
}

/// What a task used while it was at work.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Used {
    /// What the models cost.
    pub cost: NanoUsd,
    /// How long it was at work.
    pub wall: Millis,
    /// Thousandths of a processor core, on the average.
    pub millicores: u64,
}
