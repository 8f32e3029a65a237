//! What a check said.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{CommitId, Millis};

/// A test by the name that its runner gives it (`tests/test_a.py::test_b`, `mod::test`).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TestName(pub String);

impl fmt::Display for TestName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// A check that an agent proposed and the person approved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApprovedCheck {
    /// The shell command.
    pub command: String,
    /// The files that it needs and the person did not have.
    pub files: CheckFiles,
}

/// Files of a check that are kept apart from the work: no proposal has them in it, and every run
/// of the check finds them as they were approved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckFiles {
    /// Where they are read, in Tenfold's own git directory.
    pub commit: CommitId,
    /// Which, from the top of the workspace; may be none.
    pub paths: Vec<String>,
}

/// How one run of a check ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CheckVerdict {
    /// It exited with zero.
    Passed,
    /// It ran and found fault.
    Failed,
    /// It was stopped at its time limit.
    TimedOut,
    /// It could not do its work, for a reason that no change of the code explains: a missing
    /// interpreter, a runner that is not there, a limit of the sandbox. The text says which,
    /// and what to do.
    Broken(String),
}

/// One run of a check, or of a part of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckReport {
    /// The command, as it was run.
    pub command: String,
    /// How it ended.
    pub verdict: CheckVerdict,
    /// Its exit code; `None` if a signal ended it.
    pub exit_code: Option<i32>,
    /// The tests that failed, as far as the output names them.
    pub failing: Vec<TestName>,
    /// How many tests passed, where the output says so.
    pub passed: Option<u32>,
    /// What it wrote: standard output and error together, with the middle left out where it
    /// was long, terminal codes removed.
    pub output: String,
    /// How long it took.
    pub wall: Millis,
}

impl CheckReport {
    /// Whether it passed.
    pub fn passed(&self) -> bool {
        self.verdict == CheckVerdict::Passed
    }
}
