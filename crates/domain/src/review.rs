//! What a person does with a proposal, and what comes of it.

use serde::{Deserialize, Serialize};

use crate::TaskId;

/// Accept a proposal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Accept {
    /// How.
    #[serde(flatten)]
    pub how: AcceptAs,
    /// Though it adds what looks like a secret.
    #[serde(default)]
    pub with_secrets: bool,
    /// Together with the files of its check, which are kept apart from it.
    #[serde(default)]
    pub with_check: bool,
    /// Without checking it again on top of what was accepted before it.
    #[serde(default)]
    pub unchecked: bool,
}

/// Accept those of several proposals that go together.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct AcceptTogether {
    /// Of these tasks, all in one workspace; the earlier ones go first.
    pub tasks: Vec<TaskId>,
    /// Into the person's files, rather than each as a branch.
    pub in_place: bool,
    /// Though they add what looks like secrets.
    #[serde(default)]
    pub with_secrets: bool,
}

/// What came of one of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct AcceptedOrNot {
    /// Whose proposal.
    pub task: TaskId,
    /// What accepting it did; none if it was left out.
    pub accepted: Option<Accepted>,
    /// Why it was left out, if it was.
    pub left_out: Option<String>,
}

/// How to accept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(tag = "how", rename_all = "kebab-case")]
pub enum AcceptAs {
    /// As a branch.
    Branch {
        /// Its name; without one, it is made from the task's text.
        name: Option<String>,
    },
    /// Into the person's files.
    InPlace,
}

/// What accepting did. Files are named as text: where a name is none, with marks in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(tag = "accepted", rename_all = "kebab-case")]
pub enum Accepted {
    /// There is a new branch.
    Branch {
        /// Its full name.
        branch: String,
        /// The commit that it points to.
        commit: String,
    },
    /// Files were written.
    InPlace {
        /// Which.
        files: Vec<String>,
    },
}

/// What taking it back did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(tag = "undone", rename_all = "kebab-case")]
pub enum Undone {
    /// The branch is gone.
    Branch {
        /// Its full name.
        branch: String,
    },
    /// Files were written back.
    InPlace {
        /// Which.
        files: Vec<String>,
    },
    /// It is no longer rejected.
    Rejection,
}
