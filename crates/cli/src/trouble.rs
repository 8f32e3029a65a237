//! Why a command could not be carried out, as a person reads it: what was tried, why it
//! failed, what to do, and the exit code. Every library's error becomes one of these here,
//! and nowhere else.

use std::error::Error;
use std::io;

use anstyle::{AnsiColor, Style};
use tenfold_engine::{EngineError, ErrorKind};
use tenfold_models::ModelsError;
use tenfold_store::StoreError;
use tenfold_workspace::WorkspaceError;

use crate::exit::Exit;
use crate::terminal::{self, visible};

/// What went wrong.
#[derive(Debug)]
pub(crate) struct Trouble {
    pub(crate) exit: Exit,
    /// What was tried and why it failed; empty if there is nothing to say.
    what: String,
    /// What to do, if the text does not say so already.
    hint: Option<String>,
}

impl Trouble {
    pub(crate) fn new(exit: Exit, what: impl Into<String>) -> Self {
        Self { exit, what: what.into(), hint: None }
    }

    pub(crate) fn usage(what: impl Into<String>) -> Self {
        Self::new(Exit::Usage, what)
    }

    pub(crate) fn internal(what: impl Into<String>) -> Self {
        Self::new(Exit::Internal, what)
    }

    /// Adds what to do.
    pub(crate) fn advise(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Whoever read the output has gone, as `head` does: that is no failure.
    pub(crate) fn reader_gone() -> Self {
        Self::new(Exit::Done, "")
    }

    /// Says it on standard error.
    pub(crate) fn show(&self) {
        if self.what.is_empty() {
            return;
        }
        let red = Style::new().fg_color(Some(AnsiColor::Red.into())).bold();
        terminal::note(&format!("{red}error:{red:#} {}", visible(&self.what)));
        if let Some(hint) = &self.hint {
            terminal::note(&format!("to do: {}", visible(hint)));
        }
    }

    #[cfg(test)]
    pub(crate) fn text(&self) -> String {
        format!("{}\n{}", self.what, self.hint.as_deref().unwrap_or_default())
    }
}

impl From<EngineError> for Trouble {
    fn from(error: EngineError) -> Self {
        if fills_disk(&error) {
            return Self::new(Exit::Store, format!("the disk is full: {error}"))
                .advise("free some space; `tenfold continue` goes on where it stopped");
        }
        let exit = match error.kind() {
            ErrorKind::Usage | ErrorKind::Workspace => Exit::Usage,
            ErrorKind::NotFound => Exit::NotFound,
            ErrorKind::Busy => Exit::Busy,
            ErrorKind::Refused | ErrorKind::Money | ErrorKind::Sandbox => Exit::Refused,
            ErrorKind::Conflict => Exit::Conflict,
            ErrorKind::Model => Exit::Model,
            ErrorKind::Store => Exit::Store,
        };
        // Where the engine only hands on what another room said, that room's words decide.
        match error {
            EngineError::Workspace(error) => error.into(),
            EngineError::Store(error) => error.into(),
            EngineError::Models(error) => error.into(),
            error => Self::new(exit, error.to_string()),
        }
    }
}

/// Whether an error comes of a disk, or a person's share of it, that is full. What git says is
/// known by its words only.
fn fills_disk(error: &(dyn Error + 'static)) -> bool {
    use io::ErrorKind::{QuotaExceeded, StorageFull};
    let mut cause = Some(error);
    while let Some(error) = cause {
        let of_file = error.downcast_ref::<io::Error>();
        if of_file.is_some_and(|error| matches!(error.kind(), StorageFull | QuotaExceeded)) {
            return true;
        }
        cause = error.source();
    }
    error.to_string().contains("No space left on device")
}

impl From<StoreError> for Trouble {
    fn from(error: StoreError) -> Self {
        let exit = match error {
            StoreError::Missing { .. } | StoreError::NoTask(_) => Exit::NotFound,
            StoreError::Held { .. } => Exit::Busy,
            StoreError::Unwritable { .. } => Exit::Usage,
            _ => Exit::Store,
        };
        Self::new(exit, error.to_string())
    }
}

impl From<ModelsError> for Trouble {
    fn from(error: ModelsError) -> Self {
        let exit = match error {
            ModelsError::NoHome => Exit::Missing,
            ModelsError::Unknown { .. } => Exit::NotFound,
            ModelsError::Catalogue { .. }
            | ModelsError::BadName { .. }
            | ModelsError::NotAddable { .. } => Exit::Usage,
            ModelsError::NoRoom { .. } | ModelsError::Io { .. } => Exit::Store,
            ModelsError::Cancelled => Exit::Stopped,
            ModelsError::Busy { .. } => Exit::Busy,
            _ => Exit::Model,
        };
        Self::new(exit, error.to_string())
    }
}

impl From<WorkspaceError> for Trouble {
    fn from(error: WorkspaceError) -> Self {
        let exit = match error {
            WorkspaceError::NoGit => Exit::Missing,
            WorkspaceError::NoFolder(_) | WorkspaceError::NoSuchFile { .. } => Exit::NotFound,
            WorkspaceError::Io { .. } => Exit::Store,
            WorkspaceError::Git { .. } => Exit::Internal,
            WorkspaceError::Conflicts(_)
            | WorkspaceError::BranchExists(_)
            | WorkspaceError::BranchGone(_)
            | WorkspaceError::BranchMoved { .. }
            | WorkspaceError::BranchCheckedOut { .. } => Exit::Conflict,
            _ => Exit::Usage,
        };
        Self::new(exit, error.to_string())
    }
}

/// Of writing to standard output.
impl From<io::Error> for Trouble {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::BrokenPipe => Self::reader_gone(),
            _ => Self::new(Exit::Store, format!("could not write the output: {error}")),
        }
    }
}

impl From<serde_json::Error> for Trouble {
    fn from(error: serde_json::Error) -> Self {
        match error.io_error_kind() {
            Some(io::ErrorKind::BrokenPipe) => Self::reader_gone(),
            _ => Self::internal(format!("could not write JSON: {error}")),
        }
    }
}

/// Without the hint.
impl std::fmt::Display for Trouble {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.what)
    }
}
