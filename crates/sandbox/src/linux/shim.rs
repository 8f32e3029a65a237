//! The outer step: the single-threaded process between the engine and bubblewrap. It builds
//! the view, starts the sandbox, keeps its limits and its deadline, and outlives all of it.
//!
//! Why a process of its own: bubblewrap dies with the *thread* that started it, and a thread
//! of a runtime may retire at any time; and an engine that hangs must leave nothing running.
//! It is stopped by closing its standard input, which the kernel does for an engine that dies.

use std::fs::{self, File};
use std::io::{self, BufRead, Seek, Write};
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use nix::sys::memfd::{MFdFlags, memfd_create};
use tenfold_domain::Millis;

use super::bubble;
use super::capture::Capture;
use super::cgroup::Group;
use super::gate;
use super::record::Record;
use super::recorder::Recorder;
use super::seccomp::{self, Network};
use super::stage::{self, INNER_HELPER};
use super::watch::{self, Running, Sink, Watched};
use crate::spec::{InnerSpec, Place, ShimSpec, Status, Ways};
use crate::{End, HOME, Job, TEMP, Tier};

/// Runs the outer step: `<helper> sandbox-shim`. What it is to do is one line on standard
/// input; what came of it goes to standard output. Must be called before the process has a
/// second thread.
///
/// The exit code is zero if all of that could be written, whatever became of the command.
pub fn shim_main() -> ExitCode {
    let spec = match read_spec() {
        Ok(spec) => spec,
        Err(_) => return ExitCode::from(64),
    };
    let mut record = None;
    let result = match &spec {
        Some(spec) => begin_record(&spec.job).and_then(|begun| {
            record = begun;
            run(spec, record.as_ref())
        }),
        None => Ok((End::Cancelled, Millis(0), Vec::new())),
    };
    match report(result, record.as_ref()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::from(74),
    }
}

fn begin_record(job: &Job) -> Result<Option<Record>, String> {
    let record = job.record.as_deref().map(Record::create).transpose();
    record.map_err(|error| format!("could not make a record of it: {error}"))
}

/// None if the engine went away, or changed its mind, before it had said all.
fn read_spec() -> io::Result<Option<ShimSpec>> {
    let mut line = Vec::new();
    io::stdin().lock().read_until(b'\n', &mut line)?;
    if line.pop() != Some(b'\n') {
        return Ok(None);
    }
    Ok(Some(serde_json::from_slice(&line)?))
}

/// The path of an open directory, wherever it is mounted.
fn through(dir: &File) -> PathBuf {
    PathBuf::from(format!("/proc/self/fd/{}", dir.as_raw_fd()))
}

/// Reports what came of it: the status, which is one line, and the output. It is written down
/// before it is said, since nobody may be there to hear it.
fn report(result: Result<Ran, String>, record: Option<&Record>) -> io::Result<()> {
    let (status, output) = match result {
        Ok((end, wall, output)) => (Status::Ended { end, wall }, output),
        Err(why) => (Status::NotStarted { why }, Vec::new()),
    };
    let mut text = serde_json::to_vec(&status)?;
    text.push(b'\n');
    text.extend(output);
    let written = record.map_or(Ok(()), |record| record.finish(&text));
    let mut stdout = io::stdout().lock();
    stdout.write_all(&text)?;
    stdout.flush()?;
    written
}

type Ran = (End, Millis, Vec<u8>);

fn run(spec: &ShimSpec, record: Option<&Record>) -> Result<Ran, String> {
    let (job, place) = (&spec.job, &spec.place);
    let begun = Instant::now();
    if record.is_some() && watch::engine_spoke() {
        return Ok((End::Cancelled, Millis(0), Vec::new()));
    }
    // Before anything can hide the path.
    let upper = File::open(&job.upper)
        .map_err(|error| format!("could not open {}: {error}", job.upper.display()))?;
    let log = job.log.as_deref().map(|dir| Recorder::create(dir, job.limits.output)).transpose();
    let log = log.map_err(|error| format!("could not make a log of its output: {error}"))?;
    let signals = watch::listen().map_err(|error| format!("no signal handling: {error}"))?;
    let group = match &place.cgroups {
        Some(groups) => Some(
            Group::create(groups, std::process::id(), &job.limits)
                .map_err(|error| format!("could not make a control group: {error}"))?,
        ),
        None => None,
    };
    let started = prepare(spec, group.is_none()).and_then(|prepared| {
        let (output, child_end) =
            io::pipe().map_err(|error| format!("no pipe for the output: {error}"))?;
        start(place, prepared, child_end, group.as_ref()).map(|(pid, word)| (pid, word, output))
    });
    let watched = started.map(|(pid, word, output)| {
        let running = Running {
            pid,
            word,
            output,
            signals,
            deadline: begun + Duration::from(job.limits.wall),
            limits: job.limits,
            written: through(&upper),
            disk: upper,
            namespaces: place.tier == Tier::A,
            counted: group.is_some(),
        };
        watch::until_over(running, Sink::new(Capture::new(job.limits.output.0), log), record)
    });
    let result = watched.and_then(|watched| judge(watched, group.as_ref(), begun));
    if let Some(group) = &group {
        group.remove();
    }
    result
}

/// Turns what was seen into how the command ended.
fn judge(watched: Watched, group: Option<&Group>, begun: Instant) -> Result<Ran, String> {
    if !watched.ready && watched.stopped.is_none() {
        return Err(if watched.word.is_empty() {
            String::from_utf8_lossy(&watched.output).trim().to_owned()
        } else {
            String::from_utf8_lossy(&watched.word).into_owned()
        });
    }
    let own = watched.own_end;
    let end = match watched.stopped {
        Some(end) => end,
        None if own == End::Code(0) => own,
        None if group.is_some_and(Group::ran_out_of_memory) => End::OutOfMemory,
        None if group.is_some_and(Group::ran_out_of_processes) => End::TooManyProcesses,
        None => own,
    };
    Ok((end, Millis::from(begun.elapsed()), watched.output))
}

/// A program that is ready to be started, and what to tell the inner step in it.
struct Prepared {
    command: Command,
    inner: InnerSpec,
    /// Descriptors that the program inherits by number.
    _inherited: Vec<OwnedFd>,
}

fn prepare(spec: &ShimSpec, limit_processes: bool) -> Result<Prepared, String> {
    let mut inner = inner_spec(&spec.job);
    if limit_processes {
        inner.processes = Some(spec.job.limits.processes);
    }
    inner.ways = spec.ways;
    if spec.ways.proxy {
        gate::tell(&mut inner.env);
    }
    match spec.place.tier {
        Tier::A => prepare_bubble(spec, inner),
        Tier::B => prepare_bare(spec, inner),
    }
}

fn inner_spec(job: &Job) -> InnerSpec {
    let paths = |list: &[&str]| list.iter().map(PathBuf::from).collect::<Vec<_>>();
    let mut writable = paths(&[TEMP, HOME, "/dev/shm"]);
    writable.push(job.at.clone());
    let mut env = job.env.clone();
    env.retain(|(name, _)| name != "HOME" && name != "TMPDIR");
    env.push(("HOME".to_owned(), HOME.to_owned()));
    env.push(("TMPDIR".to_owned(), TEMP.to_owned()));
    InnerSpec {
        command: job.command.clone(),
        workdir: job.workdir.clone(),
        env,
        readable: paths(&["/"]),
        writable,
        devices: paths(&["/dev"]),
        open_files: job.limits.open_files,
        file_size: job.limits.disk.0,
        processes: None,
        filter: false,
        ways: Ways::default(),
    }
}

fn prepare_bubble(spec: &ShimSpec, inner: InnerSpec) -> Result<Prepared, String> {
    let bwrap = spec.place.bwrap.as_ref().ok_or("bubblewrap is not installed")?;
    let mounts = stage::build(spec)?;
    let programs = seccomp::programs(Network::Private)
        .map_err(|error| format!("the system call filter does not compile: {error}"))?;
    let memory = |bytes: &[u8]| {
        in_memory(bytes).map_err(|error| format!("no file in memory for bubblewrap: {error}"))
    };
    let mut inherited = programs
        .iter()
        .map(|program| memory(&seccomp::to_bytes(program)))
        .collect::<Result<Vec<_>, _>>()?;
    let filters: Vec<i32> = inherited.iter().map(AsRawFd::as_raw_fd).collect();
    let arguments = memory(&bubble::arguments(&mounts, &filters))?;
    let mut command = Command::new(bwrap);
    command.arg("--args").arg(arguments.as_raw_fd().to_string()).args([
        "--",
        INNER_HELPER,
        "sandbox-inner",
    ]);
    inherited.push(arguments);
    Ok(Prepared { command, inner, _inherited: inherited })
}

/// A file without a name, which the next program inherits.
fn in_memory(bytes: &[u8]) -> io::Result<OwnedFd> {
    let mut file = File::from(memfd_create("tenfold", MFdFlags::empty())?);
    file.write_all(bytes)?;
    file.rewind()?;
    Ok(file.into())
}

/// Tier B: no namespaces, and never as root. The view is a copy, and what the inner step may
/// touch is named path by path.
fn prepare_bare(spec: &ShimSpec, mut inner: InnerSpec) -> Result<Prepared, String> {
    let (job, place) = (&spec.job, &spec.place);
    let failed = |error: io::Error| format!("could not copy the view: {error}");
    stage::copy_view(job, None).map_err(failed)?;
    let own = job.scratch.join(stage::STAGE_DIR);
    let (home, temp) = (own.join("home"), own.join("tmp"));
    for dir in [&home, &temp] {
        stage::make_private(dir).map_err(failed)?;
    }
    for bind in &job.binds {
        inner.readable.push(bind.source.clone());
        if let Ok(inside) = bind.dest.strip_prefix(HOME) {
            let link = home.join(inside);
            let parent = link.parent().unwrap_or(&home);
            fs::create_dir_all(parent).map_err(failed)?;
            std::os::unix::fs::symlink(&bind.source, &link).map_err(failed)?;
        }
    }
    let (home_text, temp_text) = (home.to_string_lossy(), temp.to_string_lossy());
    for (name, value) in &mut inner.env {
        *value =
            if name == "TMPDIR" { temp_text.to_string() } else { value.replace(HOME, &home_text) };
    }
    let inside = job.workdir.strip_prefix(&job.at).unwrap_or(Path::new(""));
    inner.workdir = job.upper.join(inside);
    inner.readable.retain(|path| path != Path::new("/"));
    inner.readable.push(place.helper.clone());
    inner.readable.push(PathBuf::from("/proc"));
    inner.writable = vec![job.upper.clone(), home, temp];
    inner.devices = ["null", "zero", "full", "random", "urandom"]
        .iter()
        .map(|name| Path::new("/dev").join(name))
        .collect();
    inner.filter = true;
    let mut command = Command::new(&place.helper);
    command.arg("sandbox-inner");
    Ok(Prepared { command, inner, _inherited: Vec::new() })
}

/// Starts the program, as the right user and in the group, and gives the inner step its
/// specification. Returns its process id and the line on which the inner step answers.
fn start(
    place: &Place,
    prepared: Prepared,
    output: io::PipeWriter,
    group: Option<&Group>,
) -> Result<(i32, UnixStream), String> {
    let Prepared { mut command, inner, _inherited } = prepared;
    let failed = |what: &str, error: io::Error| format!("could not {what}: {error}");
    let (mut word, inner_end) =
        UnixStream::pair().map_err(|error| failed("make a socket", error))?;
    let errors = output.try_clone().map_err(|error| failed("share the output", error))?;
    // Ours leads to the engine where there is a way; the inner step sends its sockets there.
    let to = match inner.ways.any() {
        true => io::stderr().as_fd().try_clone_to_owned().map(Stdio::from),
        false => Ok(Stdio::from(output)),
    };
    let to = to.map_err(|error| failed("share the way to the engine", error))?;
    command
        .env_clear()
        .current_dir("/")
        .stdin(Stdio::from(OwnedFd::from(inner_end)))
        .stdout(to)
        .stderr(Stdio::from(errors));
    if let Some(user) = place.drop_to {
        // This also drops every supplementary group.
        command.uid(user).gid(user);
    }
    let enter = group.map_or(Ok(()), Group::enter);
    enter.map_err(|error| failed("enter the control group", error))?;
    let child = command.spawn();
    let left = group.map_or(Ok(()), Group::leave);
    let program = command.get_program().to_owned();
    let child = child.map_err(|error| failed(&format!("start {}", program.display()), error))?;
    drop(command);
    left.map_err(|error| failed("leave the control group", error))?;
    let text = serde_json::to_vec(&inner).map_err(|error| failed("write to it", error.into()))?;
    // A sandbox that failed to start does not read; its own words say why.
    let _ = word.set_write_timeout(Some(Duration::from_secs(5)));
    let _ = word.write_all(&text);
    let _ = word.shutdown(std::net::Shutdown::Write);
    let pid = i32::try_from(child.id()).map_err(|_| "its process id is no number".to_owned())?;
    Ok((pid, word))
}
