//! What is run, within which bounds, and how it ended: the words of this crate's interface.
//! Plain data, apart from the code that acts on it; nothing here touches the machine.

use std::fmt;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use tenfold_domain::{Bytes, Millis};

use crate::{Dialer, bytes_path};

/// The private home directory that a command sees, empty but for what is bound there.
pub const HOME: &str = "/home/tenfold";
/// The private directory for temporary files that a command sees.
pub const TEMP: &str = "/tmp";

/// Turns true when a run is to be stopped. A sender that is gone never cancels.
pub type CancelSignal = tokio::sync::watch::Receiver<bool>;

/// One shell command and what it may see.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Job {
    /// Given to `sh -c`.
    pub command: String,
    /// Where the view appears inside, absolute: the person's own path of the repository, so
    /// that editable installs and virtual environments keep working.
    #[serde(with = "bytes_path")]
    pub at: PathBuf,
    /// The working directory inside: `at`, or below it.
    #[serde(with = "bytes_path")]
    pub workdir: PathBuf,
    /// Directories that make up the view, topmost first. Never written to. As root they must
    /// have been given to [`crate::Sandbox::hand_over`].
    #[serde(with = "bytes_path::many")]
    pub layers: Vec<PathBuf>,
    /// An empty private directory that takes all writes to the view. It is kept, and may be a
    /// layer of later runs. Its own directory must be writable: a sibling is made beside it
    /// for the time of the run.
    #[serde(with = "bytes_path")]
    pub upper: PathBuf,
    /// What else is visible, read-only.
    pub binds: Vec<Bind>,
    /// The whole environment, but for `HOME` and `TMPDIR`, which the sandbox sets, and for what
    /// is said of the network where there is a broker.
    pub env: Vec<(String, String)>,
    /// Where the run is stopped.
    pub limits: Limits,
    /// An empty or missing directory, made where this run needs files of its own: below tier A,
    /// and without an overlay. The caller removes it. No two runs share one.
    #[serde(with = "bytes_path")]
    pub scratch: PathBuf,
    /// Where its output is laid down as it comes, besides, to be read by a
    /// [`Log`](crate::Log) while it runs: a directory that is not there yet, which the command
    /// does not see. The caller removes it.
    #[serde(with = "bytes_path::maybe")]
    pub log: Option<PathBuf>,
    /// Where its end is written down: a directory that is not there yet, which the command does
    /// not see. With it the run does not end with the program that began it, but at its own
    /// limits, and [`Sandbox::pick_up`](crate::Sandbox::pick_up) says later what became of it.
    /// The caller removes it.
    #[serde(with = "bytes_path::maybe")]
    pub record: Option<PathBuf>,
}

/// A file or directory of the host that is visible inside, read-only.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Bind {
    /// On the host, absolute. A symbolic link at its own place appears as the same link.
    #[serde(with = "bytes_path")]
    pub source: PathBuf,
    /// Inside, absolute.
    #[serde(with = "bytes_path")]
    pub dest: PathBuf,
}

impl Bind {
    /// `path`, visible at its own place.
    pub fn same(path: impl Into<PathBuf>) -> Self {
        let path = path.into();
        Self { source: path.clone(), dest: path }
    }
}

/// Where a run is stopped, whichever comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    /// The longest it may take.
    pub wall: Millis,
    /// The most memory that all its processes may hold together, temporary files included.
    pub memory: Bytes,
    /// The most processes and threads at a time.
    pub processes: u32,
    /// The most that it may write to the view, and the largest single file. Each file and
    /// directory counts as 4 KiB at the least.
    pub disk: Bytes,
    /// The most of its output that is kept: the head and the tail.
    pub output: Bytes,
    /// The most open files of one process.
    pub open_files: u32,
}

impl Default for Limits {
    /// Ten minutes, 4 GiB of memory and of disk, 512 processes, 1 MiB of output.
    fn default() -> Self {
        Self {
            wall: Millis(600_000),
            memory: Bytes(4 << 30),
            processes: 512,
            disk: Bytes(4 << 30),
            output: Bytes(1 << 20),
            open_files: 4_096,
        }
    }
}

/// How a command is spoken with while it runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Talk {
    /// By its standard input and output.
    Standard,
    /// By what it listens on, on the loopback of its own network.
    Network,
}

/// The engine's end of that.
#[derive(Debug)]
pub enum Line {
    /// What it writes, and what it reads.
    Standard(tokio::net::UnixStream),
    /// Connects to it.
    Network(Dialer),
}

/// How strong a sandbox is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Tier {
    /// Not root, bubblewrap's namespaces, Landlock and seccomp.
    A,
    /// Landlock and seccomp alone: no view of its own, no network of its own, not even
    /// loopback; only with the operator's word.
    B,
}

impl fmt::Display for Tier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::A => "A",
            Self::B => "B",
        })
    }
}

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum End {
    /// With this exit code.
    Code(i32),
    /// By this signal. A shell that exits with 128 + n because its last command died by
    /// signal n reads the same: the two can't be told apart.
    Signal(i32),
    /// It was stopped at its deadline.
    TimedOut,
    /// It was stopped because the caller cancelled.
    Cancelled,
    /// It passed its memory limit.
    OutOfMemory,
    /// It passed its disk limit.
    DiskFull,
    /// It passed its limit of processes, and failed.
    TooManyProcesses,
}

impl fmt::Display for End {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Code(code) => write!(f, "exit code {code}"),
            Self::Signal(signal) => write!(f, "ended by signal {signal}"),
            Self::TimedOut => f.pad("stopped at its time limit"),
            Self::Cancelled => f.pad("cancelled"),
            Self::OutOfMemory => f.pad("stopped at its memory limit"),
            Self::DiskFull => f.pad("stopped at its disk limit"),
            Self::TooManyProcesses => f.pad("stopped at its limit of processes"),
        }
    }
}

/// What a run left behind, besides what it wrote to its upper directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exit {
    /// How it ended.
    pub end: End,
    /// Standard output and error together, raw bytes. Where it was longer than the limit, the
    /// head and the tail, with a line between them that says how much was left out.
    pub output: Vec<u8>,
    /// From the start of the command to the death of its last process.
    pub wall: Millis,
    /// The tier it ran in.
    pub tier: Tier,
}

/// What became of a run whose end nobody heard.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found {
    /// The command was never begun.
    NotBegun,
    /// It came to its end.
    Ended(Exit),
    /// It was begun, and nothing says how it ended. No process of it is left.
    Unknown,
}

impl Exit {
    /// Whether the command ended by itself with exit code zero.
    pub fn success(&self) -> bool {
        self.end == End::Code(0)
    }
}

/// How to look for a sandbox.
#[derive(Debug, Clone, Default)]
pub struct ProbeOptions {
    /// Whether the operator has allowed a tier below A.
    pub allow_below_a: bool,
    /// Where the probes may work; the system's temporary directory if none is given.
    pub work: Option<PathBuf>,
    /// What to do without, so that the way around it can be tried on a machine that has it.
    pub without: Vec<Part>,
}

/// A part of a machine for which there is a way around.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// All of tier A; the way around is tier B.
    TierA,
    /// The overlay; the way around is to copy the layers.
    Overlay,
    /// Control groups; the way around is a watchdog.
    Cgroups,
}

/// One thing that was probed, for `tenfold doctor`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProbeLine {
    /// What was tried.
    pub what: String,
    /// Whether it is as it should be.
    pub ok: bool,
    /// What was found.
    pub detail: String,
    /// What to do about it; empty if there is nothing to do.
    pub fix: String,
}

impl ProbeLine {
    pub(crate) fn good(what: impl Into<String>, detail: impl Into<String>) -> Self {
        Self { what: what.into(), ok: true, detail: detail.into(), fix: String::new() }
    }

    pub(crate) fn bad(
        what: impl Into<String>,
        detail: impl Into<String>,
        fix: impl Into<String>,
    ) -> Self {
        Self { what: what.into(), ok: false, detail: detail.into(), fix: fix.into() }
    }
}
