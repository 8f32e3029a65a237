//! The engine's side of a run: starts the shim, tells it what to do and when to stop,
//! and hears how it went. Apart from the shim because this half lives among threads and a
//! runtime, and so must never be the parent of the sandbox itself.

use std::io::{self, Read, Write};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::path::{Component, Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::oneshot;

use super::gate::{self, Ends};
use super::stage::STAGE_DIR;
use super::tree;
use crate::spec::{Place, STOP, ShimSpec, Status, Ways};
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
    job: &Job,
    there: There<'_>,
    cancel: &CancelSignal,
) -> Result<Exit, SandboxError> {
    let talk = there.talk.as_ref().map(|(talk, _)| *talk);
    let ways = Ways { proxy: there.broker.is_some(), talk };
    let spec = prepare(place, job, ways)?;
    let mut command = tokio::process::Command::from(shim_command(place));
    let gate = match ways.any() {
        true => {
            let pair = UnixStream::pair();
            let (ours, theirs) =
                pair.map_err(SandboxError::io("make a socket for the run in", &job.scratch))?;
            command.stderr(OwnedFd::from(theirs));
            Some((ours, ways, there))
        }
        false => None,
    };
    let spawned = command.spawn();
    // Its end of the socket is the shim's alone.
    drop(command);
    let mut shim =
        spawned.map_err(|source| SandboxError::Helper { helper: place.helper.clone(), source })?;
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
        status = converse(&mut shim, lifeline.0.as_mut(), &spec, &mut said) => Some(status),
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
    shim: &mut tokio::process::Child,
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
async fn hear(shim: &mut tokio::process::Child, said: &mut Vec<u8>) -> io::Result<ExitStatus> {
    if let Some(stdout) = &mut shim.stdout {
        while stdout.read_buf(said).await? > 0 {}
    }
    shim.wait().await
}

/// The same for the probes, which run before there is a runtime.
pub(super) fn run_blocking(place: &Place, job: &Job) -> Result<Exit, SandboxError> {
    let spec = prepare(place, job, Ways::default())?;
    let mut shim = shim_command(place)
        .spawn()
        .map_err(|source| SandboxError::Helper { helper: place.helper.clone(), source })?;
    let mut lifeline = shim.stdin.take();
    if let Some(lifeline) = &mut lifeline {
        let _ = lifeline.write_all(&spec);
    }
    let mut said = Vec::new();
    let heard = shim.stdout.take().map_or(Ok(0), |mut stdout| stdout.read_to_end(&mut said));
    let status = shim.wait();
    drop(lifeline);
    collect(place, job, heard.and(status), &said)
}

/// Hands over the line on which the command is spoken with, and serves whoever speaks to the
/// proxy, for as long as somebody waits for this.
async fn serve(gate: Option<(UnixStream, Ways, There<'_>)>) {
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

/// Makes what must be there before the shim starts, and returns what the shim is told: one
/// line. It goes through a pipe, since making files and removing them takes longer than all
/// else that is done here, and since secrets of the environment may be in it.
fn prepare(place: &Place, job: &Job, ways: Ways) -> Result<Vec<u8>, SandboxError> {
    validate(job)?;
    let work = work_dir(&job.upper);
    std::fs::create_dir_all(&work).map_err(SandboxError::io("make the directory", &work))?;
    let spec = ShimSpec { job: job.clone(), place: place.clone(), ways };
    let mut line = serde_json::to_vec(&spec)
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
