//! The inner step: runs inside the sandbox, takes away what Landlock and the limits of a
//! process can take, and becomes the shell. It reads its specification from standard input,
//! a socket to the shim, and answers on the same: one word when all is in place, or why not.

use std::ffi::OsString;
use std::io::{self, Read};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Command, ExitCode, Stdio};

use landlock::{
    ABI, Access, AccessFs, BitFlags, Ruleset, RulesetAttr, RulesetCreatedAttr, RulesetStatus,
    Scope, path_beneath_rules,
};
use nix::sys::resource::{Resource, getrlimit, setrlimit};

use super::seccomp::{self, Network};
use super::{attack, gate};
use crate::spec::{InnerSpec, READY};

/// The newest rules we ask for; on older kernels the part that they know is applied.
const RULES: ABI = ABI::V9;

/// Where no control group counts processes the watchdog does, so that passing the limit has a
/// name; the kernel's own limit is a wall some way behind it, for a bomb that is faster.
const WALL_BEHIND_WATCHDOG: u64 = 8;

/// Runs the inner step: `<helper> sandbox-inner`; `args` begins after that. Only the shim calls
/// it. With `attack` as its first argument it tries to break out and says how that went, which
/// is how a tier is probed. Must be called before the process has a second thread.
pub fn inner_main(args: impl Iterator<Item = OsString>) -> ExitCode {
    let args: Vec<OsString> = args.collect();
    if let [what, secret] = args.as_slice()
        && what == "attack"
    {
        return attack::try_all(&PathBuf::from(secret));
    }
    let why = match read_spec().and_then(|spec| confine(&spec).map(|line| (spec, line))) {
        Ok((spec, line)) => {
            say(READY);
            become_shell(&spec, line)
        }
        Err(why) => why,
    };
    say(why.as_bytes());
    ExitCode::from(126)
}

fn read_spec() -> Result<InnerSpec, String> {
    let mut text = Vec::new();
    io::stdin()
        .read_to_end(&mut text)
        .map_err(|error| format!("the inner step got no specification: {error}"))?;
    serde_json::from_slice(&text)
        .map_err(|error| format!("the inner step's specification does not read: {error}"))
}

fn say(word: &[u8]) {
    // Nobody may be there to hear it any more.
    let _ = nix::unistd::write(io::stdin().as_fd(), word);
}

/// Returns what the command is spoken to by, if that is its standard input and output.
fn confine(spec: &InnerSpec) -> Result<Option<OwnedFd>, String> {
    close_inherited();
    limit(spec).map_err(|error| format!("could not set the limits of a process: {error}"))?;
    std::env::set_current_dir(&spec.workdir).map_err(|error| {
        format!("could not go to the working directory {}: {error}", spec.workdir.display())
    })?;
    let line = match spec.ways.any() {
        true => gate::open(spec.ways)
            .map_err(|error| format!("could not open the ways to the engine: {error}"))?,
        false => None,
    };
    restrict_files(spec)?;
    if spec.filter {
        let failed = |error| format!("could not filter system calls: {error}");
        for program in seccomp::programs(Network::Host).map_err(failed)? {
            seccompiler::apply_filter(&program).map_err(failed)?;
        }
    }
    Ok(line)
}

/// Nothing but the three standard streams goes on to the command.
fn close_inherited() {
    let Ok(entries) = std::fs::read_dir("/proc/self/fd") else { return };
    let open: Vec<i32> =
        entries.flatten().filter_map(|entry| entry.file_name().to_str()?.parse().ok()).collect();
    for fd in open.into_iter().filter(|fd| *fd > 2) {
        // The descriptor of the listing itself is among them, and closed already.
        let _ = nix::unistd::close(fd);
    }
}

fn limit(spec: &InnerSpec) -> nix::Result<()> {
    let lower = |resource, to: u64| {
        let (_, most) = getrlimit(resource)?;
        let to = to.min(most);
        setrlimit(resource, to, to)
    };
    lower(Resource::RLIMIT_CORE, 0)?;
    lower(Resource::RLIMIT_NOFILE, spec.open_files.into())?;
    lower(Resource::RLIMIT_FSIZE, spec.file_size)?;
    match spec.processes {
        Some(processes) if counts_per_namespace() => {
            lower(Resource::RLIMIT_NPROC, u64::from(processes) * WALL_BEHIND_WATCHDOG)
        }
        _ => Ok(()),
    }
}

/// Since Linux 5.14 the limit of processes counts those in this user namespace. Before, it
/// counts all that the person has, and would refuse without cause.
fn counts_per_namespace() -> bool {
    let release = std::fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    let mut numbers = release.split(['.', '-']).map(|part| part.trim().parse().unwrap_or(0));
    let version: (u32, u32) = (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0));
    version >= (5, 14)
}

fn restrict_files(spec: &InnerSpec) -> Result<(), String> {
    let all = AccessFs::from_all(RULES);
    let read = AccessFs::from_read(RULES);
    let write = all & !(AccessFs::MakeChar | AccessFs::MakeBlock);
    let device: BitFlags<AccessFs> = AccessFs::ReadFile
        | AccessFs::ReadDir
        | AccessFs::WriteFile
        | AccessFs::Truncate
        | AccessFs::IoctlDev;
    let status = Ruleset::default()
        .handle_access(all)
        .and_then(|rules| rules.scope(Scope::from_all(RULES)))
        .and_then(Ruleset::create)
        .and_then(|rules| rules.add_rules(path_beneath_rules(&spec.readable, read)))
        .and_then(|rules| rules.add_rules(path_beneath_rules(&spec.writable, write)))
        .and_then(|rules| rules.add_rules(path_beneath_rules(&spec.devices, device)))
        .and_then(|rules| rules.restrict_self())
        .map_err(|error| format!("could not restrict files with Landlock: {error}"))?;
    match status.ruleset {
        RulesetStatus::NotEnforced => Err("this kernel has no Landlock, or it is off".to_owned()),
        _ => Ok(()),
    }
}

/// Only returns if there is no shell.
fn become_shell(spec: &InnerSpec, line: Option<OwnedFd>) -> String {
    let mut shell = Command::new("/bin/sh");
    shell
        .arg("-c")
        .arg(&spec.command)
        .env_clear()
        .envs(spec.env.iter().map(|(name, value)| (name, value)))
        .stdin(Stdio::null());
    if spec.ways.any() {
        // Ours leads to the engine; errors go where all output does.
        let output = match &line {
            Some(line) => line.try_clone(),
            None => io::stderr().as_fd().try_clone_to_owned(),
        };
        match output {
            Ok(output) => shell.stdout(output),
            Err(error) => return format!("could not share the output: {error}"),
        };
    }
    if let Some(line) = line {
        shell.stdin(line);
    }
    format!("could not start /bin/sh: {}", shell.exec())
}
