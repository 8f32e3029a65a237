//! Why a task was refused, and why it waits, in words for people. Apart from what decides it.

use std::fmt;
use std::path::PathBuf;

use tenfold_domain::{AccountId, Bytes, TaskId};

/// Why a task can't be admitted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// It waits or works already.
    #[error("task {0} is admitted already; withdraw it first to change what it needs")]
    Admitted(TaskId),
    /// No host is that large.
    #[error(
        "task {task} needs {}.{:03} cores and {} MiB of memory, and no host has as much even \
         when nothing runs: ask for less, or add a host",
        .millicores / 1_000, .millicores % 1_000, .memory.0.div_ceil(1 << 20)
    )]
    TooLarge {
        /// The task.
        task: TaskId,
        /// Thousandths of a core.
        millicores: u64,
        /// Memory.
        memory: Bytes,
    },
}

/// Why a task is not at work; the first of what holds it up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Why {
    /// As many tasks are at work on its repository as may be.
    Repository {
        /// Its repository.
        repository: PathBuf,
        /// How many are at work on it.
        at_work: u32,
    },
    /// As many tasks are at work as may be.
    AtOnce {
        /// How many that is.
        at_work: u32,
    },
    /// As many tasks are at work with its provider as may be.
    Provider {
        /// The provider's name.
        provider: String,
        /// How many may be at work with it, now.
        limit: u32,
    },
    /// No host has as much room.
    Host {
        /// The cores that it needs, in thousandths.
        millicores: u64,
        /// The memory that it needs.
        memory: Bytes,
    },
    /// There is room, and it is kept for another that has waited too long.
    Kept(TaskId),
    /// Another account goes first, which has used less of late.
    Share {
        /// This task's account.
        account: AccountId,
        /// The account that goes first.
        first: AccountId,
    },
    /// Another task of the same account goes first.
    Turn(TaskId),
    /// Nothing holds it up: it starts as soon as somebody asks.
    Next,
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Repository { repository, at_work } => {
                write!(f, "repository {} has {at_work} at work", repository.display())
            }
            Self::AtOnce { at_work } => write!(f, "all {at_work} places are taken"),
            Self::Provider { provider, limit } => {
                write!(f, "{provider} is at its limit of {limit}")
            }
            Self::Host { millicores, memory } => write!(
                f,
                "no host has {}.{:03} cores and {} MiB of memory free",
                millicores / 1_000,
                millicores % 1_000,
                memory.0.div_ceil(1 << 20)
            ),
            Self::Kept(task) => {
                write!(f, "room is kept for task {task}, which has waited too long")
            }
            Self::Share { account, first } => {
                write!(f, "account {account} has had its share; account {first} goes first")
            }
            Self::Turn(task) => write!(f, "task {task} of the same account goes first"),
            Self::Next => f.write_str("goes next"),
        }
    }
}
