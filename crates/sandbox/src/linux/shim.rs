//! The outer step: the single-threaded process between the engine and bubblewrap. It builds
//! the sandbox, lets the command into it, keeps its limits and its deadline, and outlives all of
//! it.
//!
//! It is told twice: first what the sandbox is built from, then what is to run in it, which may
//! be much later. In between the sandbox stands, with its inner step waiting.
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
use serde::de::DeserializeOwned;
use tenfold_domain::Millis;

use super::bubble;
use super::capture::Capture;
use super::cgroup::Group;
use super::gate;
use super::record::Record;
use super::recorder::Recorder;
use super::seccomp::{self, Network};
use super::stage::{self, INNER_HELPER, Stage};
use super::view;
use super::watch::{self, Running, Sink, Watched};
use crate::spec::{Frame, InnerSpec, Place, Status};
use crate::{End, HOME, Job, TEMP, Tier};

/// Runs the outer step: `<helper> sandbox-shim`. What it is to do are two lines on standard
/// input; what came of it goes to standard output. Must be called before the process has a
/// second thread.
///
/// The exit code is zero if all of that could be written, whatever became of the command.
pub fn shim_main() -> ExitCode {
    match serve() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) if error.kind() == io::ErrorKind::InvalidData => ExitCode::from(64),
        Err(_) => ExitCode::from(74),
    }
}

fn serve() -> io::Result<()> {
    let unwanted = || report(Ok((End::Cancelled, Millis(0), Vec::new())), None);
    let Some(frame) = hear::<Frame>()? else { return unwanted() };
    let early = frame.place.can_stand_first().then(|| Standing::raise(&frame, None));
    let Some(job) = hear::<Job>()? else {
        drop(early);
        return unwanted();
    };
    let begun = Instant::now();
    let standing = early.unwrap_or_else(|| Standing::raise(&frame, Some(&job)));
    let (record, result) = match begin_record(&job) {
        Ok(record) => {
            let run = |mut standing: Standing| standing.run(&frame, &job, record.as_ref(), begun);
            let result = standing.and_then(run);
            (record, result)
        }
        Err(why) => (None, Err(why)),
    };
    report(result, record.as_ref())
}

fn begin_record(job: &Job) -> Result<Option<Record>, String> {
    let record = job.record.as_deref().map(Record::create).transpose();
    record.map_err(|error| format!("could not make a record of it: {error}"))
}

/// The next line. None if the engine went away, or changed its mind, before it had said all.
fn hear<T: DeserializeOwned>() -> io::Result<Option<T>> {
    let mut line = Vec::new();
    io::stdin().lock().read_until(b'\n', &mut line)?;
    if line.pop() != Some(b'\n') {
        return Ok(None);
    }
    let said = serde_json::from_slice(&line);
    said.map(Some).map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))
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

/// A sandbox whose inner step waits to be told its command. Nothing of it is left when this is
/// dropped.
struct Standing {
    sandbox: watch::Sandbox,
    is_over: bool,
    group: Option<Group>,
    /// Where its view is to be shown, unless that is there already.
    stage: Option<Stage>,
}

impl Standing {
    /// Builds it. The job is known where it has to be.
    fn raise(frame: &Frame, job: Option<&Job>) -> Result<Self, String> {
        let place = &frame.place;
        let signals = watch::listen().map_err(|error| format!("no signal handling: {error}"))?;
        let mut program = match place.tier {
            Tier::A => Program::bubblewrap(frame, job)?,
            Tier::B => Program::bare(place),
        };
        let (output, child_end) =
            io::pipe().map_err(|error| format!("no pipe for the output: {error}"))?;
        let group = match &place.cgroups {
            Some(groups) => Some(
                Group::create(groups, std::process::id(), frame.memory, frame.processes)
                    .map_err(|error| format!("could not make a control group: {error}"))?,
            ),
            None => None,
        };
        let stage = program.stage.take();
        match start(frame, program, child_end, group.as_ref()) {
            Ok((pid, word)) => {
                let sandbox = watch::Sandbox {
                    pid,
                    word,
                    output,
                    signals,
                    namespaces: place.tier == Tier::A,
                    counted: group.is_some(),
                };
                Ok(Self { sandbox, is_over: false, group, stage })
            }
            Err(why) => {
                remove(group.as_ref());
                Err(why)
            }
        }
    }

    /// Lets the command in, and watches until all of it is over.
    fn run(
        &mut self,
        frame: &Frame,
        job: &Job,
        record: Option<&Record>,
        begun: Instant,
    ) -> Result<Ran, String> {
        // After the record was begun, for that is what it promises.
        if record.is_some() && watch::engine_spoke() {
            return Ok((End::Cancelled, Millis(0), Vec::new()));
        }
        let (disk, log) = self.let_in(frame, job)?;
        let running = Running {
            sandbox: &mut self.sandbox,
            deadline: begun + Duration::from(job.limits.wall),
            limits: job.limits,
            written: through(&disk),
            disk,
        };
        let sink = Sink::new(Capture::new(job.limits.output.0), log);
        let watched = watch::until_over(running, sink, record);
        self.is_over = true;
        judge(watched, self.group.as_ref(), begun)
    }

    /// Shows it its view and tells the inner step its command. Returns the directory that takes
    /// the writes, open, and the log of the output.
    fn let_in(&self, frame: &Frame, job: &Job) -> Result<(File, Option<Recorder>), String> {
        let upper = File::open(&job.upper)
            .map_err(|error| format!("could not open {}: {error}", job.upper.display()))?;
        let log =
            job.log.as_deref().map(|dir| Recorder::create(dir, job.limits.output)).transpose();
        let log = log.map_err(|error| format!("could not make a log of its output: {error}"))?;
        let mut inner = inner_spec(frame, job);
        if !self.sandbox.counted {
            inner.processes = Some(job.limits.processes);
        }
        match frame.place.tier {
            Tier::A => {
                if let Some(stage) = &self.stage {
                    view::show(frame, job, stage)?;
                }
            }
            Tier::B => expose(frame, job, &mut inner)?,
        }
        let failed = |error: io::Error| format!("could not write to it: {error}");
        let text = serde_json::to_vec(&inner).map_err(|error| failed(error.into()))?;
        // A sandbox that failed to start does not read; its own words say why.
        let mut word = &self.sandbox.word;
        let _ = word.set_write_timeout(Some(Duration::from_secs(5)));
        let _ = word.write_all(&text);
        let _ = word.shutdown(std::net::Shutdown::Write);
        Ok((upper, log))
    }
}

impl Drop for Standing {
    fn drop(&mut self) {
        if !self.is_over {
            watch::end(&self.sandbox);
        }
        remove(self.group.as_ref());
    }
}

fn remove(group: Option<&Group>) {
    if let Some(group) = group {
        group.remove();
    }
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

/// The program that is to be started, with the inner step in it.
struct Program {
    command: Command,
    /// Descriptors that it inherits by number.
    _inherited: Vec<OwnedFd>,
    /// Where the view is to be shown, unless it is there already.
    stage: Option<Stage>,
}

fn inner_spec(frame: &Frame, job: &Job) -> InnerSpec {
    let paths = |list: &[&str]| list.iter().map(PathBuf::from).collect::<Vec<_>>();
    let mut writable = paths(&[TEMP, HOME, "/dev/shm"]);
    writable.push(job.at.clone());
    let mut env = job.env.clone();
    env.retain(|(name, _)| name != "HOME" && name != "TMPDIR");
    env.push(("HOME".to_owned(), HOME.to_owned()));
    env.push(("TMPDIR".to_owned(), TEMP.to_owned()));
    if frame.ways.proxy {
        gate::tell(&mut env);
    }
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
        ways: frame.ways,
    }
}

impl Program {
    fn bubblewrap(frame: &Frame, job: Option<&Job>) -> Result<Self, String> {
        let bwrap = frame.place.bwrap.as_ref().ok_or("bubblewrap is not installed")?;
        let stage = match job {
            None => stage::build(frame)?,
            Some(job) => stage::build_around(frame, job)?,
        };
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
        let arguments = memory(&bubble::arguments(&stage.mounts, &filters))?;
        let mut command = Command::new(bwrap);
        command.arg("--args").arg(arguments.as_raw_fd().to_string()).args([
            "--",
            INNER_HELPER,
            "sandbox-inner",
        ]);
        inherited.push(arguments);
        Ok(Self { command, _inherited: inherited, stage: job.is_none().then_some(stage) })
    }

    /// Tier B: no namespaces, and never as root.
    fn bare(place: &Place) -> Self {
        let mut command = Command::new(&place.helper);
        command.arg("sandbox-inner");
        Self { command, _inherited: Vec::new(), stage: None }
    }
}

/// A file without a name, which the next program inherits.
fn in_memory(bytes: &[u8]) -> io::Result<OwnedFd> {
    let mut file = File::from(memfd_create("tenfold", MFdFlags::empty())?);
    file.write_all(bytes)?;
    file.rewind()?;
    Ok(file.into())
}

/// Tier B: the view is a copy, and what the inner step may touch is named path by path.
fn expose(frame: &Frame, job: &Job, inner: &mut InnerSpec) -> Result<(), String> {
    let failed = |error: io::Error| format!("could not copy the view: {error}");
    view::copy_view(job, None).map_err(failed)?;
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
    inner.readable.push(frame.place.helper.clone());
    inner.readable.push(PathBuf::from("/proc"));
    inner.writable = vec![job.upper.clone(), home, temp];
    inner.devices = ["null", "zero", "full", "random", "urandom"]
        .iter()
        .map(|name| Path::new("/dev").join(name))
        .collect();
    inner.filter = true;
    Ok(())
}

/// Starts the program, as the right user and in the group. Returns its process id and the line
/// on which the inner step is spoken with.
fn start(
    frame: &Frame,
    program: Program,
    output: io::PipeWriter,
    group: Option<&Group>,
) -> Result<(i32, UnixStream), String> {
    let Program { mut command, _inherited, .. } = program;
    let failed = |what: &str, error: io::Error| format!("could not {what}: {error}");
    let (word, inner_end) = UnixStream::pair().map_err(|error| failed("make a socket", error))?;
    let errors = output.try_clone().map_err(|error| failed("share the output", error))?;
    // Ours leads to the engine where there is a way; the inner step sends its sockets there.
    let to = match frame.ways.any() {
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
    if let Some(user) = frame.place.drop_to {
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
    let pid = i32::try_from(child.id()).map_err(|_| "its process id is no number".to_owned())?;
    Ok((pid, word))
}
