//! Why a command could not be carried out, as a person reads it: what was tried, why it
//! failed, what to do, and the exit code.

use std::io;

use anstyle::{AnsiColor, Style};
use tenfold_desk::DeskError;
use tenfold_domain::{Problem, ProblemKind};
use tenfold_engine::EngineError;
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

impl From<Problem> for Trouble {
    fn from(problem: Problem) -> Self {
        let exit = match problem.kind {
            ProblemKind::Usage => Exit::Usage,
            ProblemKind::Missing => Exit::Missing,
            ProblemKind::NotFound => Exit::NotFound,
            ProblemKind::Busy => Exit::Busy,
            ProblemKind::Refused => Exit::Refused,
            ProblemKind::Conflict => Exit::Conflict,
            ProblemKind::Model => Exit::Model,
            ProblemKind::Store => Exit::Store,
            ProblemKind::Internal => Exit::Internal,
            ProblemKind::Stopped => Exit::Stopped,
        };
        Self { exit, what: problem.what, hint: problem.to_do }
    }
}

impl From<EngineError> for Trouble {
    fn from(error: EngineError) -> Self {
        error.problem().into()
    }
}

impl From<StoreError> for Trouble {
    fn from(error: StoreError) -> Self {
        EngineError::from(error).into()
    }
}

impl From<DeskError> for Trouble {
    fn from(error: DeskError) -> Self {
        error.problem().into()
    }
}

impl From<ModelsError> for Trouble {
    fn from(error: ModelsError) -> Self {
        DeskError::from(error).into()
    }
}

impl From<WorkspaceError> for Trouble {
    fn from(error: WorkspaceError) -> Self {
        EngineError::from(error).into()
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
