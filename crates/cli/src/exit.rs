//! The exit codes, in one table: help, guide and code all read this one.
//!
//! Apart, so that no command makes up a number of its own.

use std::fmt::Write;
use std::process::ExitCode;

/// How a command ended, as scripts see it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// It did what was asked.
    Done,
    /// It worked, and there is no solution yet.
    NotSolved,
    /// The command line can't be understood, or asks for what can't be.
    Usage,
    /// Something that Tenfold needs is missing on this machine.
    Missing,
    /// What was named is not there.
    NotFound,
    /// Somebody else is at it.
    Busy,
    /// It was refused.
    Refused,
    /// The change does not fit on the files as they are.
    Conflict,
    /// The check can't judge the work.
    Check,
    /// The model failed.
    Model,
    /// The store or the disk failed.
    Store,
    /// A test of a policy failed.
    PolicyTest,
    /// Tenfold itself is at fault.
    Internal,
    /// It was stopped.
    Stopped,
}

impl Exit {
    /// Every exit, in the order of their codes.
    pub const ALL: [Self; 14] = [
        Self::Done,
        Self::NotSolved,
        Self::Usage,
        Self::Missing,
        Self::NotFound,
        Self::Busy,
        Self::Refused,
        Self::Conflict,
        Self::Check,
        Self::Model,
        Self::Store,
        Self::PolicyTest,
        Self::Internal,
        Self::Stopped,
    ];

    /// The process's exit code.
    pub const fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::NotSolved => 1,
            Self::Usage => 2,
            Self::Missing => 3,
            Self::NotFound => 4,
            Self::Busy => 5,
            Self::Refused => 6,
            Self::Conflict => 7,
            Self::Check => 8,
            Self::Model => 9,
            Self::Store => 10,
            Self::PolicyTest => 11,
            Self::Internal => 70,
            Self::Stopped => 130,
        }
    }

    /// What it means, for people.
    pub const fn meaning(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::NotSolved => "worked, and not solved: the task needs you",
            Self::Usage => "the command line, or a value in it, can't be understood",
            Self::Missing => "something is missing on this machine; `tenfold doctor` says what",
            Self::NotFound => "the task, attempt, model, file or folder is not there",
            Self::Busy => "the task is at work already, or another Tenfold that can't be reached",
            Self::Refused => "refused: not approved, over budget, no safe sandbox, or a secret",
            Self::Conflict => "the change does not fit on the files as they are now",
            Self::Check => "the check is broken, or passes and fails on the same files",
            Self::Model => "the model is not here, or failed",
            Self::Store => "Tenfold's records or the disk failed",
            Self::PolicyTest => "a test of the policy failed: it decides otherwise than expected",
            Self::Internal => "a fault of Tenfold's own: please report it",
            Self::Stopped => "stopped (Ctrl-C); `tenfold continue` goes on",
        }
    }

    /// The table, as help shows it.
    pub fn table() -> String {
        Self::ALL.iter().fold(String::new(), |mut table, exit| {
            let _ = writeln!(table, "  {:>3}  {}", exit.code(), exit.meaning());
            table
        })
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_exit_has_a_code_of_its_own_and_the_table_names_it() {
        let table = Exit::table();
        for (index, exit) in Exit::ALL.iter().enumerate() {
            assert!(Exit::ALL[..index].iter().all(|earlier| earlier.code() < exit.code()));
            assert!(table.contains(exit.meaning()));
        }
    }
}
