//! Calling `pip`, which knows where Python packages are on this machine: the public index, a
//! mirror, a folder, a proxy. It only downloads; nothing of a package is built, installed or
//! run.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{Read, Seek, SeekFrom};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;

use super::{Job, Setback, create_dir};
use crate::{ModelsError, lock::with_suffix};

/// How often a running `pip` is looked at.
const GLANCE: Duration = Duration::from_millis(50);
/// The longest that `pip --version` may take.
const VERSION_LIMIT: Duration = Duration::from_secs(20);
/// How much of what `pip` said last is read, in bytes.
const LAST_WORDS: u64 = 4_096;

/// A program with its first arguments that behaves as `pip`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PipCommand {
    /// The program: a path, or a name that is looked up on PATH.
    pub program: OsString,
    /// Arguments that come before those of `pip`.
    pub args: Vec<OsString>,
}

impl PipCommand {
    /// This program, with no arguments of its own.
    pub fn new(program: impl Into<OsString>) -> Self {
        Self { program: program.into(), args: Vec::new() }
    }

    /// `python3 -m pip`, `pip3` and `pip`.
    pub fn usual() -> Vec<Self> {
        let python = Self { program: "python3".into(), args: vec!["-m".into(), "pip".into()] };
        vec![python, Self::new("pip3"), Self::new("pip")]
    }

    /// A command that runs in `dir`. Python looks for modules where it is started, and that
    /// must not be the repository that somebody is working on.
    fn command(&self, dir: &Path) -> Command {
        let mut command = Command::new(&self.program);
        command.args(&self.args).current_dir(dir).stdin(Stdio::null()).stdout(Stdio::null());
        // A group of its own, so that it can be ended with all that it has started.
        command.process_group(0);
        command
    }

    fn answers(&self, dir: &Path, job: &Job<'_>) -> Result<bool, ModelsError> {
        let mut command = self.command(dir);
        let Ok(child) = command.arg("--version").stderr(Stdio::null()).spawn() else {
            return Ok(false);
        };
        let mut running = Running { child };
        let begun = Instant::now();
        loop {
            job.check_cancelled()?;
            match running.child.try_wait() {
                Ok(Some(status)) => return Ok(status.success()),
                Ok(None) if begun.elapsed() < VERSION_LIMIT => thread::sleep(GLANCE),
                _ => return Ok(false),
            }
        }
    }
}

/// The first of the ways to call `pip` that answers.
pub(super) fn find(dir: &Path, job: &Job<'_>) -> Result<PipCommand, Setback> {
    for pip in &job.options.pip {
        if pip.answers(dir, job)? {
            return Ok(pip.clone());
        }
    }
    Err(Setback::Source(
        "it takes pip to get these, and there is none here (Debian, Ubuntu: `apt install \
         python3-pip`; Fedora: `dnf install python3-pip`)"
            .into(),
    ))
}

/// A process that is ended, with all that it has started, when nobody waits for it any more.
struct Running {
    child: Child,
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Ok(None) = self.child.try_wait() {
            if let Ok(pid) = i32::try_from(self.child.id()) {
                let _ = killpg(Pid::from_raw(pid), Signal::SIGKILL);
            }
            let _ = self.child.wait();
        }
    }
}

/// A `pip download` that goes on.
pub(super) struct Download {
    running: Running,
    dir: PathBuf,
    log: PathBuf,
    /// The most bytes that were seen in its directory, and when that was.
    most: u64,
    grew: Instant,
}

/// How a `pip download` stands.
pub(super) enum Standing {
    /// It goes on.
    Running,
    /// It has ended well.
    Done,
}

impl Download {
    /// Begins to download `requirement`, as a wheel, into `dir`, which is emptied.
    pub(super) fn start(pip: &PipCommand, requirement: &str, dir: &Path) -> Result<Self, Setback> {
        super::remove_dir(dir);
        let temporary = dir.join("tmp");
        create_dir(&temporary)?;
        let log = with_suffix(dir, ".log");
        let errors = File::create(&log).map_err(ModelsError::io("create", &log))?;
        let mut command = pip.command(&temporary);
        command
            .args(["download", "--quiet", "--no-deps", "--only-binary", ":all:"])
            .args(["--no-cache-dir", "--no-input", "--disable-pip-version-check"])
            .args(["--timeout", "5", "--retries", "1", "--dest"])
            .arg(dir)
            .arg(requirement)
            // What it stores on the way lies with the rest, and goes with it.
            .env("TMPDIR", &temporary)
            .stderr(errors);
        let child = command.spawn().map_err(|error| {
            Setback::Source(format!("could not start {}: {error}", pip.program.display()))
        })?;
        let running = Running { child };
        Ok(Self { running, dir: dir.to_owned(), log, most: 0, grew: Instant::now() })
    }

    /// The most bytes that were seen to have come.
    pub(super) fn received(&self) -> u64 {
        self.most
    }

    /// Looks how it goes. It has failed if it brings nothing for `stall`, or brings more than
    /// `limit` bytes.
    pub(super) fn look(&mut self, stall: Duration, limit: u64) -> Result<Standing, Setback> {
        let ended =
            self.running.child.try_wait().map_err(ModelsError::io("wait for pip", &self.dir))?;
        if let Some(status) = ended {
            let done = status.success().then_some(Standing::Done);
            return done.ok_or_else(|| Setback::Source(last_words(&self.log, status)));
        }
        let bytes = size_of(&self.dir) + fs::metadata(&self.log).map_or(0, |log| log.len());
        if bytes > self.most {
            (self.most, self.grew) = (bytes, Instant::now());
        }
        if bytes > limit {
            return Err(Setback::Source("pip brought far more than it should have".into()));
        }
        if self.grew.elapsed() > stall {
            let seconds = stall.as_secs_f32();
            return Err(Setback::Source(format!("pip brought nothing for {seconds} s")));
        }
        Ok(Standing::Running)
    }
}

impl Drop for Download {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.log);
    }
}

/// The bytes of all files below `dir`; links are not followed.
fn size_of(dir: &Path) -> u64 {
    let Ok(entries) = fs::read_dir(dir) else { return 0 };
    let sizes = entries.flatten().map(|entry| match entry.metadata() {
        Ok(metadata) if metadata.is_dir() => size_of(&entry.path()),
        Ok(metadata) => metadata.len(),
        Err(_) => 0,
    });
    sizes.sum()
}

/// The last line that tells why: pip marks such lines with "ERROR:".
fn last_words(log: &Path, status: ExitStatus) -> String {
    let mut bytes = Vec::new();
    if let Ok(mut file) = File::open(log) {
        let size = file.metadata().map_or(0, |metadata| metadata.len());
        let _ = file.seek(SeekFrom::Start(size.saturating_sub(LAST_WORDS)));
        let _ = file.take(LAST_WORDS).read_to_end(&mut bytes);
    }
    let text = String::from_utf8_lossy(&bytes);
    let line = text
        .lines()
        .rfind(|line| line.starts_with("ERROR:"))
        .or_else(|| text.lines().rfind(|line| !line.trim().is_empty()));
    match line {
        Some(line) => {
            let line: String = line.chars().filter(|c| !c.is_control()).take(300).collect();
            format!("pip: {}", line.trim_start_matches("ERROR:").trim())
        }
        None => format!("pip ended with {status} and said nothing"),
    }
}
