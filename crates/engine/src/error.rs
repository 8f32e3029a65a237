//! Why the engine could not do something. The edge turns the kind into an exit code.

use tenfold_domain::{IdError, Refusal, TaskId};
use tenfold_llama::LlamaError;
use tenfold_models::ModelsError;
use tenfold_policy::PolicyError;
use tenfold_sandbox::SandboxError;
use tenfold_store::StoreError;
use tenfold_workspace::WorkspaceError;

/// What kind of trouble it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ErrorKind {
    /// What was asked for does not make sense as it was said.
    Usage,
    /// It is not there.
    NotFound,
    /// Another engine is at work.
    Busy,
    /// It is not allowed as things stand.
    Refused,
    /// Two changes do not go together.
    Conflict,
    /// The model can't be used.
    Model,
    /// Commands can't be run safely here.
    Sandbox,
    /// The journal, or the disk.
    Store,
    /// The ledger says no.
    Money,
    /// The person's folder.
    Workspace,
}

/// Why the engine could not do something.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// No folder to keep things in.
    #[error("there is no place for Tenfold's files: set HOME, or {variable}")]
    NoHome {
        /// The variable that would name it.
        variable: String,
    },
    /// No such task.
    #[error("there is no task {0}; `tenfold list` shows those there are")]
    NoTask(TaskId),
    /// Nothing was asked.
    #[error("task {0} asks nothing; `tenfold list` shows what needs you")]
    NoQuestion(TaskId),
    /// The task has no proposal that this could be done with.
    #[error("task {task} has no proposal to {verb}: it is {state}")]
    NoProposal {
        /// Which task.
        task: TaskId,
        /// What was to be done.
        verb: &'static str,
        /// Where the task stands.
        state: String,
    },
    /// The task can't be worked on now.
    #[error("task {task} can't be worked on: it is {state}")]
    NotOpen {
        /// Which task.
        task: TaskId,
        /// Where it stands.
        state: String,
    },
    /// A record of the journal is not understood.
    #[error(
        "the journal's record of attempt {attempt} can't be read ({why}); a newer release wrote it?"
    )]
    Record {
        /// Which attempt.
        attempt: String,
        /// Why.
        why: String,
    },
    /// A file of the engine's own could not be read or written.
    #[error("{what} failed: {why}")]
    Io {
        /// What was tried.
        what: String,
        /// What the system said.
        #[source]
        why: std::io::Error,
    },
    /// The person's policy does not read.
    #[error("{path} can't be used: {why}; correct it, `tenfold policy test` says when it reads")]
    Policy {
        /// The file.
        path: String,
        /// What is wrong, and where.
        #[source]
        why: PolicyError,
    },
    /// The ledger says no.
    #[error(transparent)]
    Money(#[from] Refusal),
    /// The journal.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The sandbox.
    #[error(transparent)]
    Sandbox(#[from] SandboxError),
    /// The person's folder.
    #[error(transparent)]
    Workspace(#[from] WorkspaceError),
    /// The model's file.
    #[error(transparent)]
    Models(#[from] ModelsError),
    /// The model.
    #[error(transparent)]
    Llama(#[from] LlamaError),
    /// An id.
    #[error(transparent)]
    Id(#[from] IdError),
}

impl EngineError {
    /// What kind of trouble it is.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::NoHome { .. } | Self::Id(_) | Self::Policy { .. } => ErrorKind::Usage,
            Self::NoTask(_) => ErrorKind::NotFound,
            Self::NoProposal { .. } | Self::NotOpen { .. } | Self::NoQuestion(_) => {
                ErrorKind::Refused
            }
            Self::Store(StoreError::Held { .. }) => ErrorKind::Busy,
            Self::Record { .. } | Self::Io { .. } | Self::Store(_) => ErrorKind::Store,
            Self::Money(_) => ErrorKind::Money,
            Self::Sandbox(_) => ErrorKind::Sandbox,
            Self::Workspace(WorkspaceError::Conflicts(_)) => ErrorKind::Conflict,
            Self::Workspace(_) => ErrorKind::Workspace,
            Self::Models(_) | Self::Llama(_) => ErrorKind::Model,
        }
    }

    pub(crate) fn io(what: impl Into<String>, why: std::io::Error) -> Self {
        Self::Io { what: what.into(), why }
    }
}
