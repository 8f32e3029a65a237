//! Running a library's tests where broken or model-written code can do no harm: without a
//! network, and with nothing but the library's own folder to write to.
//!
//! It is apart from Tenfold's own sandbox on purpose: the judge of a bench must not share
//! its machinery with what it judges. It never runs code without bubblewrap.

use std::io::{Read, Seek, SeekFrom};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::command::{command, on_path};
use crate::python::Environment;
use crate::trouble::{Tried, Trouble};

/// How often a running program is looked at, in milliseconds.
const POLL_MS: u64 = 5;

/// The most of a program's output that is read, in bytes, counted from its end.
const OUTPUT_BYTES: u64 = 4 << 20;

/// Limits for one run of a test-suite: virtual memory in KiB, a written file in blocks of
/// 512 bytes.
const LIMITS: &str = "ulimit -v 8000000; ulimit -f 400000";

/// How many times its processor time a run may last, so that a busy machine does not turn
/// into a verdict.
const WALL_FACTOR: u32 = 8;

/// What a program did.
#[derive(Debug)]
pub(super) struct Ran {
    /// `None` if it was killed, by the time limit or a signal.
    pub(super) code: Option<i32>,
    pub(super) timed_out: bool,
    pub(super) stdout: String,
    pub(super) stderr: String,
    pub(super) wall: Duration,
}

/// Fails with what to install if code can't be confined on this machine.
pub(super) fn ready() -> Result<(), Trouble> {
    if on_path("bwrap").is_some() {
        return Ok(());
    }
    Err(Trouble::missing(
        "the bench runs broken code and needs bubblewrap to confine it: apt-get install bubblewrap",
    ))
}

/// Runs a shell line in `dir`, confined, its two outputs as one in `stdout`. The limit is
/// one of processor time for each process, in whole seconds; a wait that never ends is cut
/// off by a far larger one.
pub(super) fn shell(
    line: &str,
    dir: &Path,
    python: &Environment,
    limit: Duration,
) -> Result<Ran, Trouble> {
    let seconds = limit.as_secs().max(1);
    let mut bwrap = command("bwrap", ["--ro-bind", "/", "/", "--dev", "/dev", "--proc", "/proc"]);
    bwrap.args(["--tmpfs", "/tmp", "--bind"]).args([dir, dir]).arg("--chdir").arg(dir);
    bwrap.args(["--unshare-net", "--unshare-pid", "--unshare-ipc", "--die-with-parent"]);
    bwrap.args(["--", "sh", "-c"]).arg(format!("exec 2>&1; {LIMITS}; ulimit -t {seconds}; {line}"));
    python.activate(&mut bwrap);
    // Set order and width, so that the same tree gives the same words.
    bwrap.envs([("PYTHONHASHSEED", "0"), ("PYTHONDONTWRITEBYTECODE", "1"), ("COLUMNS", "240")]);
    bwrap.envs([("NO_COLOR", "1"), ("CARGO_TERM_COLOR", "never")]);
    bwrap.env_remove("CARGO_TARGET_DIR").env_remove("RUSTFLAGS").current_dir(dir);
    run(&mut bwrap, limit * WALL_FACTOR)
}

/// Runs a program to its end or to the limit, when it is killed.
pub(super) fn run(command: &mut Command, limit: Duration) -> Result<Ran, Trouble> {
    let output = || tempfile::tempfile().tried(|| "could not make a temporary file".to_owned());
    let (mut stdout, mut stderr) = (output()?, output()?);
    let handle = |file: &std::fs::File| {
        file.try_clone().map(Stdio::from).tried(|| "could not share a file".to_owned())
    };
    command.stdin(Stdio::null()).stdout(handle(&stdout)?).stderr(handle(&stderr)?);
    let program = command.get_program().to_string_lossy().into_owned();
    let start = Instant::now();
    let mut child = command.spawn().tried(|| format!("could not start {program}"))?;
    let (code, timed_out) =
        wait(&mut child, start, limit).tried(|| format!("could not wait for {program}"))?;
    let wall = start.elapsed();
    Ok(Ran { code, timed_out, stdout: tail(&mut stdout)?, stderr: tail(&mut stderr)?, wall })
}

fn wait(
    child: &mut Child,
    start: Instant,
    limit: Duration,
) -> std::io::Result<(Option<i32>, bool)> {
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok((status.code(), false));
        }
        if start.elapsed() >= limit {
            child.kill()?;
            child.wait()?;
            return Ok((None, true));
        }
        std::thread::sleep(Duration::from_millis(POLL_MS));
    }
}

fn tail(file: &mut std::fs::File) -> Result<String, Trouble> {
    let mut bytes = Vec::new();
    file.seek(SeekFrom::End(0))
        .and_then(|len| file.seek(SeekFrom::Start(len.saturating_sub(OUTPUT_BYTES))))
        .and_then(|_| file.read_to_end(&mut bytes))
        .tried(|| "could not read a program's output".to_owned())?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}
