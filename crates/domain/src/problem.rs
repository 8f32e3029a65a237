//! Why something that a person asked for could not be done, in the form in which the engine
//! tells the one who asked.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Why something could not be done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Problem {
    /// What kind of trouble it is.
    pub kind: ProblemKind,
    /// What was tried and why it failed, for people.
    pub what: String,
    /// What to do, where `what` does not say so already.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(nullable = false))]
    pub to_do: Option<String>,
}

impl Problem {
    /// A problem that says by itself what to do.
    pub fn new(kind: ProblemKind, what: impl Into<String>) -> Self {
        Self { kind, what: what.into(), to_do: None }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)
    }
}

/// What kind of trouble it is. The edge turns it into an exit code, or into a status of HTTP.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "kebab-case")]
pub enum ProblemKind {
    /// What was asked for does not make sense as it was said.
    Usage,
    /// Something that Tenfold needs is missing on this machine.
    Missing,
    /// What was named is not there.
    NotFound,
    /// Somebody else is at it just now.
    Busy,
    /// It is not allowed as things stand.
    Refused,
    /// Two changes do not go together.
    Conflict,
    /// The model can't be used.
    Model,
    /// The journal, or the disk.
    Store,
    /// Tenfold itself is at fault.
    Internal,
    /// It was stopped.
    Stopped,
}
