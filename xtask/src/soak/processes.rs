//! The processes of a home, as the kernel lists them, and signals to them. A process is of a home
//! if its environment, its arguments, its directory or what is mounted for it name it; nothing else
//! is ever signalled.

use std::path::{Path, PathBuf};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

/// What a process is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Model,
    Shim,
    Provider,
    Other,
}

/// A process that has not ended.
#[derive(Debug, Clone)]
pub(super) struct Process {
    pub(super) pid: u32,
    pub(super) kind: Kind,
    /// Its arguments, in one line.
    pub(super) line: String,
}

/// All of this home.
pub(super) fn of(home: &Path) -> Vec<Process> {
    let home = home.to_string_lossy().into_owned();
    let entries = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    let pids = entries.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    pids.filter(|pid| *pid != std::process::id()).filter_map(|pid| one(pid, &home)).collect()
}

fn one(pid: u32, home: &str) -> Option<Process> {
    let dir = PathBuf::from(format!("/proc/{pid}"));
    let read = |name| std::fs::read(dir.join(name)).unwrap_or_default();
    let line = String::from_utf8_lossy(&read("cmdline")).replace('\0', " ");
    let environment = String::from_utf8_lossy(&read("environ")).into_owned();
    let stands = std::fs::read_link(dir.join("cwd")).unwrap_or_default();
    let mounts = String::from_utf8_lossy(&read("mountinfo")).into_owned();
    let texts = [&*line, &environment, &stands.to_string_lossy(), &mounts];
    let is_of_home = texts.iter().any(|text| {
        text.match_indices(home).any(|(at, _)| {
            // Not of another home whose name begins in the same way.
            !text[at + home.len()..].starts_with(|c: char| c.is_ascii_alphanumeric())
        })
    });
    // What has ended and was not waited for has no arguments any more.
    (is_of_home && !line.is_empty()).then(|| Process { pid, kind: kind(&line), line })
}

fn kind(line: &str) -> Kind {
    match () {
        () if line.contains("examples/fake-model") => Kind::Model,
        () if line.contains("examples/fake-provider") => Kind::Provider,
        () if line.contains("sandbox-shim") => Kind::Shim,
        () => Kind::Other,
    }
}

/// Kills a process; false if it was gone already.
pub(super) fn kill_now(pid: u32) -> bool {
    i32::try_from(pid).is_ok_and(|pid| kill(Pid::from_raw(pid), Signal::SIGKILL).is_ok())
}
