//! What can go wrong around a command, as opposed to in it. A command that fails, hangs or is
//! ended at a limit is no error: that is an [`crate::Exit`].

use std::io;
use std::path::PathBuf;

/// Why a command could not be run in a sandbox.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SandboxError {
    /// No tier of the sandbox works on this machine.
    #[error("no sandbox works on this machine, so nothing is run: {reasons}. To do: {fix}")]
    Refused {
        /// What was tried and how it failed.
        reasons: String,
        /// What to do about it.
        fix: String,
    },
    /// Only a weaker tier works, and nobody has allowed it.
    #[error(
        "only the weaker tier B of the sandbox works here ({reasons}); allow it in so many \
         words, or make tier A work: {fix}"
    )]
    BelowA {
        /// Why tier A does not work.
        reasons: String,
        /// What to do about it.
        fix: String,
    },
    /// The job can't be run as it is written.
    #[error("the job for the sandbox is not well formed: {0}")]
    Job(String),
    /// A file of a run could not be read or written.
    #[error("could not {doing} {}: {source}", path.display())]
    Io {
        /// What was tried, as a verb: "write", "read the status of the run from".
        doing: &'static str,
        /// With which file.
        path: PathBuf,
        /// Why it failed.
        source: io::Error,
    },
    /// The helper could not be started.
    #[error(
        "could not start the sandbox helper {}: {source}; is the program still where it was \
         when this one started?",
        helper.display()
    )]
    Helper {
        /// The executable.
        helper: PathBuf,
        /// Why it failed.
        source: io::Error,
    },
    /// The sandbox could not be built, so the command never began.
    #[error("could not build the sandbox, the command was not started: {0}")]
    Setup(String),
    /// The helper ended without a word; whatever it had started died with it.
    #[error(
        "the sandbox helper ended without a status ({0}); its processes were killed with it. \
         Running the command again is safe"
    )]
    Lost(String),
}

impl SandboxError {
    /// For `map_err` around file operations.
    pub(crate) fn io(
        doing: &'static str,
        path: impl Into<PathBuf>,
    ) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |source| Self::Io { doing, path, source }
    }
}
