//! The engine's side of a run: starts the shim, tells it what to do and when to stop,
//! and hears how it went. Apart from the shim because this half lives among threads and a
//! runtime, and so must never be the parent of the sandbox itself.

use std::io::{self, Read, Write};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::path::{Component, Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::process::Child;
use tokio::sync::oneshot;

use super::gate::{self, Ends};
use super::spares::Spares;
use super::stage::STAGE_DIR;
use super::tree;
use crate::spec::{Frame, Place, STOP, Status, Ways};
use crate::{Broker, CancelSignal, Exit, Job, Line, SandboxError, Talk};

/// How much longer than its job the shim may live. It keeps the deadline itself; this is for
/// a shim that hangs in the kernel.
const GRACE: Duration = Duration::from_secs(15);

/// Who is at the engine's end of a command's ways.
#[derive(Default)]
pub(super) struct There<'a> {
    pub(super) broker: Option<&'a Broker>,
    /// How the command is spoken with, and who does it.
    pub(super) talk: Option<(Talk, oneshot::Sender<Line>)>,
}

/// Runs a job, for callers in a runtime.
pub(super) async fn run(
    place: &Place,
    spares: &Arc<Spares>,
    job: &Job,
    there: There<'_>,
    cancel: &CancelSignal,
) -> Result<Exit, SandboxError> {
    let talk = there.talk.as_ref().map(|(talk, _)| *talk);
    let ways = Ways { proxy: there.broker.is_some(), talk };
    let frame = Frame::of(place, job, ways);
    let mut told = prepare(job)?;
    let (mut shim, gate) = match spares.take(&frame) {
        Some(shim) => (shim, None),
        None => {
            told.splice(..0, line(&frame)?);
            begin(&frame, there, &job.scratch)?
        }
    };
    let (_running, run) = oneshot::channel();
    spares.raise_another(frame, run);
    // It ends everything on purpose, and because this future is dropped.
    let mut lifeline = Lifeline(shim.stdin.take());
    let longest = Duration::from(job.limits.wall) + GRACE;
    let stopped = async {
        tokio::select! {
            () = cancelled(cancel.clone()) => {}
            () = tokio::time::sleep(longest) => {}
        }
    };
    let mut said = Vec::new();
    // Served for as long as the command may run: one whose connections end before it is told to
    // stop would end by that.
    let serving = serve(gate);
    tokio::pin!(serving);
    let first = tokio::select! {
        status = converse(&mut shim, lifeline.0.as_mut(), &told, &mut said) => Some(status),
        () = stopped => None,
        () = &mut serving => None,
    };
    drop(lifeline);
    let status = match first {
        Some(status) => status,
        None => match tokio::time::timeout(GRACE, hear(&mut shim, &mut said)).await {
            Ok(status) => status,
            Err(_) => {
                // bubblewrap dies with its parent, and all in it with bubblewrap.
                let _ = shim.start_kill();
                shim.wait().await
            }
        },
    };
    collect(place, job, status, &said)
}

/// The engine's end of the socket by which a command's ways are handed over, and who is at it.
type Gate<'a> = (UnixStream, Ways, There<'a>);

/// Starts a shim, which has yet to be told everything.
fn begin<'a>(
    frame: &Frame,
    there: There<'a>,
    dir: &Path,
) -> Result<(Child, Option<Gate<'a>>), SandboxError> {
    let mut command = shim_command(&frame.place);
    let gate = match frame.ways.any() {
        true => {
            let pair = UnixStream::pair();
            let (ours, theirs) =
                pair.map_err(SandboxError::io("make a socket for the run in", dir))?;
            command.stderr(OwnedFd::from(theirs));
            Some((ours, frame.ways, there))
        }
        false => None,
    };
    // Its end of the socket is the shim's alone, and goes with the command.
    let spawned = tokio::process::Command::from(command).spawn();
    let helper = || frame.place.helper.clone();
    let shim = spawned.map_err(|source| SandboxError::Helper { helper: helper(), source })?;
    Ok((shim, gate))
}

/// Starts one whose sandbox stands before anybody asks for it. It ends when it is dropped.
pub(super) async fn raise(frame: &Frame) -> Result<Child, SandboxError> {
    let (mut shim, _) = begin(frame, There::default(), Path::new("/"))?;
    let told = line(frame)?;
    if let Some(lifeline) = &mut shim.stdin {
        // If it does not listen it has ended, which is seen before it is used.
        let _ = lifeline.write_all(&told).await;
    }
    Ok(shim)
}

/// The pipe to the shim. Its end alone says that this program is no more, which a run with a
/// record outlives; a word before it says that the run is not wanted any more.
struct Lifeline(Option<tokio::process::ChildStdin>);

impl Drop for Lifeline {
    fn drop(&mut self) {
        if let Some(pipe) = &self.0 {
            // A shim that has ended hears nothing, and a pipe that is full has not been read:
            // then the line before this is not whole, and it does not begin.
            let _ = nix::unistd::write(pipe, STOP);
        }
    }
}

/// Tells the shim what to do, and hears what it says until it ends.
async fn converse(
    shim: &mut Child,
    lifeline: Option<&mut tokio::process::ChildStdin>,
    spec: &[u8],
    said: &mut Vec<u8>,
) -> io::Result<ExitStatus> {
    if let Some(lifeline) = lifeline {
        // A shim that does not listen has ended: how, is what is heard next.
        let _ = lifeline.write_all(spec).await;
    }
    hear(shim, said).await
}

/// May be broken off and begun again: nothing that was said is lost.
async fn hear(shim: &mut Child, said: &mut Vec<u8>) -> io::Result<ExitStatus> {
    if let Some(stdout) = &mut shim.stdout {
        while stdout.read_buf(said).await? > 0 {}
    }
    shim.wait().await
}

/// The same for the probes, which run before there is a runtime.
pub(super) fn run_blocking(place: &Place, job: &Job) -> Result<Exit, SandboxError> {
    let frame = Frame::of(place, job, Ways::default());
    let mut told = line(&frame)?;
    told.append(&mut prepare(job)?);
    let mut shim = shim_command(place)
        .spawn()
        .map_err(|source| SandboxError::Helper { helper: place.helper.clone(), source })?;
    let mut lifeline = shim.stdin.take();
    if let Some(lifeline) = &mut lifeline {
        let _ = lifeline.write_all(&told);
    }
    let mut said = Vec::new();
    let heard = shim.stdout.take().map_or(Ok(0), |mut stdout| stdout.read_to_end(&mut said));
    let status = shim.wait();
    drop(lifeline);
    collect(place, job, heard.and(status), &said)
}

/// Hands over the line on which the command is spoken with, and serves whoever speaks to the
/// proxy, for as long as somebody waits for this.
async fn serve(gate: Option<Gate<'_>>) {
    if let Some((from, ways, there)) = gate
        && let Ok(Ends { proxy, line }) = gate::receive(from, ways).await
    {
        if let (Some((_, to)), Some(line)) = (there.talk, line) {
            // Who does not listen any more has cancelled the run.
            let _ = to.send(line);
        }
        if let (Some(broker), Some(proxy)) = (there.broker, proxy) {
            broker.serve(proxy).await;
        }
    }
    std::future::pending::<()>().await;
}

pub(super) async fn cancelled(mut cancel: CancelSignal) {
    if cancel.wait_for(|stop| *stop).await.is_err() {
        std::future::pending::<()>().await;
    }
}

fn shim_command(place: &Place) -> Command {
    let mut command = Command::new(&place.helper);
    command
        .arg("sandbox-shim")
        .env_clear()
        .current_dir("/")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        // Ctrl-C at the terminal is for the engine to hear; it then stops the shim in order.
        .process_group(0);
    command
}

/// Makes what must be there before the command starts, and returns what the shim is told of it.
fn prepare(job: &Job) -> Result<Vec<u8>, SandboxError> {
    validate(job)?;
    let work = work_dir(&job.upper);
    std::fs::create_dir_all(&work).map_err(SandboxError::io("make the directory", &work))?;
    line(job)
}

/// What a shim is told goes through a pipe, since making files and removing them takes longer
/// than all else that is done here, and since secrets of the environment may be in it.
fn line(of: &impl Serialize) -> Result<Vec<u8>, SandboxError> {
    let mut line = serde_json::to_vec(of)
        .map_err(|error| SandboxError::Job(format!("it can't be written down: {error}")))?;
    line.push(b'\n');
    Ok(line)
}

fn validate(job: &Job) -> Result<(), SandboxError> {
    let dests = job.binds.iter().flat_map(|bind| [&bind.source, &bind.dest]);
    let own = [&job.at, &job.workdir, &job.upper, &job.scratch];
    for path in own.into_iter().chain(&job.layers).chain(&job.log).chain(&job.record).chain(dests) {
        let plain =
            path.components().all(|part| matches!(part, Component::RootDir | Component::Normal(_)));
        if !path.is_absolute() || !plain {
            let why = format!("{} is not an absolute path without '..'", path.display());
            return Err(SandboxError::Job(why));
        }
    }
    if !job.workdir.starts_with(&job.at) {
        let why = format!("{} is not below {}", job.workdir.display(), job.at.display());
        return Err(SandboxError::Job(why));
    }
    if job.at == Path::new("/") {
        return Err(SandboxError::Job("the view can't take the place of the root".to_owned()));
    }
    let texts = job.env.iter().flat_map(|(name, value)| [name, value]).chain([&job.command]);
    if texts.into_iter().any(|text| text.contains('\0')) {
        let why = "the command or its environment contains a NUL byte".to_owned();
        return Err(SandboxError::Job(why));
    }
    Ok(())
}

/// The overlay's own directory, which must lie on the same file system as the upper one.
pub(super) fn work_dir(upper: &Path) -> PathBuf {
    let mut name = upper.file_name().unwrap_or_default().to_owned();
    name.push(".work");
    upper.with_file_name(name)
}

/// What the shim said is whole if it says so by its exit code.
fn collect(
    place: &Place,
    job: &Job,
    ended: io::Result<ExitStatus>,
    said: &[u8],
) -> Result<Exit, SandboxError> {
    tidy(job);
    let ended = ended.map_err(SandboxError::io("wait for the run that writes to", &job.upper))?;
    if !ended.success() {
        return Err(SandboxError::Lost(ended.to_string()));
    }
    read_report(place, said)
}

/// What the shim reported: its status, and what the command wrote.
pub(super) fn read_report(place: &Place, said: &[u8]) -> Result<Exit, SandboxError> {
    let end_of_line = said.iter().position(|&byte| byte == b'\n').unwrap_or(said.len());
    let (status, output) = said.split_at(end_of_line);
    let status = serde_json::from_slice(status)
        .map_err(|error| SandboxError::Lost(format!("its status does not read: {error}")))?;
    match status {
        Status::NotStarted { why } => Err(SandboxError::Setup(why)),
        Status::Ended { end, wall } => {
            let output = output.get(1..).unwrap_or_default().to_vec();
            Ok(Exit { end, output, wall, tier: place.tier })
        }
    }
}

/// Takes away what the run needed only while it ran. What can't be removed is left to the
/// caller, who removes the directories around it.
fn tidy(job: &Job) {
    let _ = tree::remove(&work_dir(&job.upper));
    let _ = tree::remove(&job.scratch.join(STAGE_DIR));
}
