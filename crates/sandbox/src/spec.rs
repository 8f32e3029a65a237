//! What the engine's side, the shim and the inner step tell each other. Two lines of JSON go
//! to the shim, the [`Frame`] and the [`Job`], which may come much later; one message to the
//! inner step; one line of JSON comes back, and the output behind it.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use tenfold_domain::{Bytes, Millis};

use crate::bytes_path;
use crate::job::{Bind, End, Job, Talk, Tier};

/// All that a sandbox is built from but for the job: the same for most commands of a task, so
/// that one can stand before the next command is known.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Frame {
    pub(crate) place: Place,
    /// Where the view appears inside.
    #[serde(with = "bytes_path")]
    pub(crate) at: PathBuf,
    pub(crate) binds: Vec<Bind>,
    pub(crate) memory: Bytes,
    pub(crate) processes: u32,
    /// If there are any, standard error is where their sockets go.
    pub(crate) ways: Ways,
}

impl Frame {
    pub(crate) fn of(place: &Place, job: &Job, ways: Ways) -> Self {
        Self {
            place: place.clone(),
            at: job.at.clone(),
            binds: job.binds.clone(),
            memory: job.limits.memory,
            processes: job.limits.processes,
            ways,
        }
    }
}

/// The ways between a command and the engine.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Ways {
    /// Whether the command is to have a proxy.
    pub(crate) proxy: bool,
    /// How the engine speaks with it, if it does.
    pub(crate) talk: Option<Talk>,
}

impl Ways {
    /// Whether there are any.
    pub(crate) fn any(self) -> bool {
        self != Self::default()
    }
}

/// How this machine confines: found once by probes, the same for every run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Place {
    pub(crate) tier: Tier,
    /// The helper executable.
    #[serde(with = "bytes_path")]
    pub(crate) helper: PathBuf,
    /// The bubblewrap executable; none below tier A.
    #[serde(with = "bytes_path::maybe")]
    pub(crate) bwrap: Option<PathBuf>,
    /// The uid and gid to become, if we are root.
    pub(crate) drop_to: Option<u32>,
    /// How the view is made.
    pub(crate) view: View,
    /// Where control groups can be made.
    pub(crate) cgroups: Option<Cgroups>,
}

impl Place {
    /// Whether a sandbox can stand before its job is known. In tier A that takes a mount namespace
    /// of the shim's own, in which it shows the view later; where a person can't have an overlay
    /// it does without one, and bubblewrap binds a copy.
    pub(crate) fn can_stand_first(&self) -> bool {
        self.tier == Tier::B || self.drop_to.is_some() || self.view == View::Overlay
    }
}

/// How the copy-on-write view is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum View {
    /// An overlay, in a mount namespace of the shim's own.
    Overlay,
    /// A plain copy of the layers in the upper directory.
    Copy,
}

/// Directories of the control group file system in which groups can be made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Cgroups {
    pub(crate) memory: Controller,
    pub(crate) pids: Controller,
    /// Whether the two are one directory of the unified hierarchy.
    pub(crate) unified: bool,
}

/// One controller.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Controller {
    /// Where groups are made.
    #[serde(with = "bytes_path")]
    pub(crate) parent: PathBuf,
    /// Where we are ourselves, to go back to.
    #[serde(with = "bytes_path")]
    pub(crate) own: PathBuf,
}

/// Everything the inner step needs to know.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct InnerSpec {
    pub(crate) command: String,
    #[serde(with = "bytes_path")]
    pub(crate) workdir: PathBuf,
    pub(crate) env: Vec<(String, String)>,
    /// What may be read and executed.
    #[serde(with = "bytes_path::many")]
    pub(crate) readable: Vec<PathBuf>,
    /// What may be written to as well.
    #[serde(with = "bytes_path::many")]
    pub(crate) writable: Vec<PathBuf>,
    /// Directories of devices: files may be written to, none made.
    #[serde(with = "bytes_path::many")]
    pub(crate) devices: Vec<PathBuf>,
    pub(crate) open_files: u32,
    pub(crate) file_size: u64,
    /// The process limit, where no control group keeps it.
    pub(crate) processes: Option<u32>,
    /// Whether the inner step itself has to install the system call filter, because nothing
    /// did before it.
    pub(crate) filter: bool,
    /// Whose sockets are to be opened and handed over by standard output.
    pub(crate) ways: Ways,
}

/// What the shim says at the end.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Status {
    /// The command ran.
    Ended { end: End, wall: Millis },
    /// It did not.
    NotStarted { why: String },
}

/// The engine's word to the shim that the run is not wanted any more.
pub(crate) const STOP: &[u8] = b"stop";
/// The inner step's word that everything is in place.
pub(crate) const READY: &[u8] = b"ready";
/// Prefix of the control groups we make; the shim's process id follows.
pub(crate) const GROUP_PREFIX: &str = "tenfold-";
