//! The engine's side of a run: writes the specification, starts the shim, tells it to stop,
//! and reads what it left. Apart from the shim because this half lives among threads and a
//! runtime, and so must never be the parent of the sandbox itself.

use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::os::unix::process::CommandExt;
use std::path::{Component, Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::time::Duration;

use super::stage::STAGE_DIR;
use super::tree;
use crate::spec::{OUTPUT_FILE, Place, SPEC_FILE, STATUS_FILE, ShimSpec, Status};
use crate::{CancelSignal, Exit, Job, SandboxError};

/// How much longer than its job the shim may live. It keeps the deadline itself; this is for
/// a shim that hangs in the kernel.
const GRACE: Duration = Duration::from_secs(15);

/// Runs a job, for callers in a runtime.
pub(super) async fn run(
    place: &Place,
    job: &Job,
    cancel: &CancelSignal,
) -> Result<Exit, SandboxError> {
    let spec_file = prepare(place, job)?;
    let mut shim = tokio::process::Command::from(shim_command(place, &spec_file))
        .spawn()
        .map_err(|source| SandboxError::Helper { helper: place.helper.clone(), source })?;
    // The pipe is the shim's lifeline: it ends everything when the other end is closed, be it
    // on purpose, because this future is dropped, or because this program dies.
    let lifeline = shim.stdin.take();
    let longest = Duration::from(job.limits.wall) + GRACE;
    let stopped = async {
        tokio::select! {
            () = cancelled(cancel.clone()) => {}
            () = tokio::time::sleep(longest) => {}
        }
    };
    let first = tokio::select! {
        status = shim.wait() => Some(status),
        () = stopped => None,
    };
    drop(lifeline);
    let status = match first {
        Some(status) => status,
        None => match tokio::time::timeout(GRACE, shim.wait()).await {
            Ok(status) => status,
            Err(_) => {
                // bubblewrap dies with its parent, and all in it with bubblewrap.
                let _ = shim.start_kill();
                shim.wait().await
            }
        },
    };
    collect(place, job, status)
}

/// The same for the probes, which run before there is a runtime.
pub(super) fn run_blocking(place: &Place, job: &Job) -> Result<Exit, SandboxError> {
    let spec_file = prepare(place, job)?;
    let mut shim = shim_command(place, &spec_file)
        .spawn()
        .map_err(|source| SandboxError::Helper { helper: place.helper.clone(), source })?;
    let lifeline = shim.stdin.take();
    let status = shim.wait();
    drop(lifeline);
    collect(place, job, status)
}

async fn cancelled(mut cancel: CancelSignal) {
    if cancel.wait_for(|stop| *stop).await.is_err() {
        std::future::pending::<()>().await;
    }
}

fn shim_command(place: &Place, spec_file: &Path) -> Command {
    let mut command = Command::new(&place.helper);
    command
        .arg("sandbox-shim")
        .arg(spec_file)
        .env_clear()
        .current_dir("/")
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        // Ctrl-C at the terminal is for the engine to hear; it then stops the shim in order.
        .process_group(0);
    command
}

fn prepare(place: &Place, job: &Job) -> Result<PathBuf, SandboxError> {
    validate(job)?;
    std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(&job.scratch)
        .map_err(SandboxError::io("make the directory", &job.scratch))?;
    let work = work_dir(&job.upper);
    std::fs::create_dir_all(&work).map_err(SandboxError::io("make the directory", &work))?;
    let spec = ShimSpec { job: job.clone(), place: place.clone() };
    let text = serde_json::to_vec(&spec)
        .map_err(|error| SandboxError::Job(format!("it can't be written down: {error}")))?;
    let path = job.scratch.join(SPEC_FILE);
    std::fs::write(&path, text).map_err(SandboxError::io("write", &path))?;
    Ok(path)
}

fn validate(job: &Job) -> Result<(), SandboxError> {
    let dests = job.binds.iter().flat_map(|bind| [&bind.source, &bind.dest]);
    let own = [&job.at, &job.workdir, &job.upper, &job.scratch];
    for path in own.into_iter().chain(&job.layers).chain(dests) {
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

fn collect(place: &Place, job: &Job, ended: io::Result<ExitStatus>) -> Result<Exit, SandboxError> {
    tidy(job);
    let ended =
        ended.map_err(SandboxError::io("wait for the run whose specification is", &job.scratch))?;
    let status_file = job.scratch.join(STATUS_FILE);
    let text = match std::fs::read(&status_file) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return Err(SandboxError::Lost(ended.to_string()));
        }
        Err(error) => {
            return Err(SandboxError::io("read the status of the run from", status_file)(error));
        }
    };
    let status = serde_json::from_slice(&text)
        .map_err(|error| SandboxError::Lost(format!("its status does not read: {error}")))?;
    match status {
        Status::NotStarted { why } => Err(SandboxError::Setup(why)),
        Status::Ended { end, wall } => {
            let path = job.scratch.join(OUTPUT_FILE);
            let output = std::fs::read(&path)
                .map_err(SandboxError::io("read the output of the run from", &path))?;
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
