//! Watches a running sandbox until it is over, by itself or by force: the output, the
//! deadline, the disk, the memory where nothing else counts it, and the engine's word to stop.
//! When this returns, no process of the run is left.

use std::fs::File;
use std::io::{self, PipeReader, Read};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::prctl::set_child_subreaper;
use nix::sys::signal::{SigSet, Signal, kill};
use nix::sys::signalfd::{SfdFlags, SignalFd};
use nix::sys::statvfs::fstatvfs;
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::Pid;

use super::capture::Capture;
use super::record::Record;
use super::recorder::Recorder;
use super::{processes, tree};
use crate::spec::READY;
use crate::{End, Limits};

/// How often the limits are looked at that nothing reports by itself.
const TICK: Duration = Duration::from_millis(50);
/// How long killed processes may take to go.
const DYING: Duration = Duration::from_secs(2);
/// How long the first process of a namespace may take to go before it is looked for.
const PATIENCE: Duration = Duration::from_millis(50);
/// The longest explanation that is taken from the inner step.
const LONGEST_WORD: usize = 4_096;

/// A sandbox that has been started.
pub(super) struct Sandbox {
    pub(super) pid: i32,
    /// The line on which the inner step is told its command, and says that it is ready, or why
    /// it is not.
    pub(super) word: UnixStream,
    pub(super) output: PipeReader,
    pub(super) signals: SignalFd,
    /// Whether the command has a process namespace of its own.
    pub(super) namespaces: bool,
    /// Whether a control group counts memory and processes.
    pub(super) counted: bool,
}

/// One with its command in it.
pub(super) struct Running<'a> {
    pub(super) sandbox: &'a mut Sandbox,
    pub(super) deadline: Instant,
    pub(super) limits: Limits,
    /// The directory that takes the writes, and the same, open.
    pub(super) written: PathBuf,
    pub(super) disk: File,
}

/// What was seen.
pub(super) struct Watched {
    /// Whether the inner step said that all was in place.
    pub(super) ready: bool,
    /// What it said instead.
    pub(super) word: Vec<u8>,
    /// Why it was stopped, if it was.
    pub(super) stopped: Option<End>,
    /// How it ended by itself; means nothing if it was stopped.
    pub(super) own_end: End,
    pub(super) output: Vec<u8>,
}

/// Where the output goes.
pub(super) struct Sink {
    capture: Capture,
    log: Option<Recorder>,
    /// Whether the log could not be written any more: there is no room for it, mostly.
    is_broken: bool,
}

impl Sink {
    pub(super) fn new(capture: Capture, log: Option<Recorder>) -> Self {
        Self { capture, log, is_broken: false }
    }

    fn push(&mut self, bytes: &[u8]) {
        self.capture.push(bytes);
        if let Some(log) = self.log.as_mut().filter(|_| !self.is_broken) {
            self.is_broken = log.push(bytes).is_err();
        }
    }
}

/// Takes signals as something to be read, and orphans of the sandbox as our own children.
pub(super) fn listen() -> nix::Result<SignalFd> {
    set_child_subreaper(true)?;
    let mut signals = SigSet::empty();
    for signal in [Signal::SIGCHLD, Signal::SIGTERM, Signal::SIGINT, Signal::SIGHUP] {
        signals.add(signal);
    }
    signals.thread_block()?;
    SignalFd::with_flags(&signals, SfdFlags::SFD_NONBLOCK | SfdFlags::SFD_CLOEXEC)
}

/// Whether the engine has said that the run is not wanted, or is gone.
pub(super) fn engine_spoke() -> bool {
    let stdin = io::stdin();
    let mut fds = [PollFd::new(stdin.as_fd(), PollFlags::POLLIN)];
    poll(&mut fds, PollTimeout::ZERO).is_ok_and(|count| count > 0)
}

/// Watches until every process is gone. A run with a record goes on when the engine is gone.
pub(super) fn until_over(running: Running<'_>, mut sink: Sink, record: Option<&Record>) -> Watched {
    let _ = unblocking(running.sandbox.output.as_fd());
    let _ = running.sandbox.word.set_nonblocking(true);
    let mut disk = DiskWatch::new(&running);
    let mut said = Vec::new();
    let mut own_end = None;
    let (mut open, mut attended) = (true, true);
    let stopped = loop {
        let wait = TICK.min(running.deadline.saturating_duration_since(Instant::now()));
        let heard = listen_once(&running, attended, open, wait);
        if heard.output {
            open = drain(&mut running.sandbox.output, &mut sink);
        }
        if heard.signal && stop_signal(&running.sandbox.signals) {
            break Some(End::Cancelled);
        }
        if heard.engine {
            if says_stop() || record.is_none() {
                break Some(End::Cancelled);
            }
            attended = false;
        }
        if !attended && record.is_some_and(Record::is_unwanted) {
            break Some(End::Cancelled);
        }
        own_end = reap(running.sandbox.pid).own_end;
        if own_end.is_some() {
            break None;
        }
        if Instant::now() >= running.deadline {
            break Some(End::TimedOut);
        }
        if sink.is_broken {
            break Some(End::DiskFull);
        }
        if let Some(end) = disk.check(&running).or_else(|| uncounted(&running)) {
            break Some(end);
        }
    };
    let late_end = match own_end {
        None => end(running.sandbox),
        Some(_) => end_all(running.sandbox),
    };
    let own_end = own_end.or(late_end).unwrap_or(End::Signal(9));
    // A quick command may have written too much between two looks.
    let stopped = stopped.or_else(|| disk.judge(&running, 0));
    drain(&mut running.sandbox.output, &mut sink);
    hear_word(&mut running.sandbox.word, &mut said);
    let ready = said == READY;
    Watched { ready, word: said, stopped, own_end, output: sink.capture.finish() }
}

struct Heard {
    output: bool,
    signal: bool,
    engine: bool,
}

/// Waits for anything to be heard: of the engine too as long as it attends, and of the command
/// as long as its output is open.
fn listen_once(running: &Running<'_>, attended: bool, open: bool, wait: Duration) -> Heard {
    let stdin = io::stdin();
    let mut fds = vec![PollFd::new(running.sandbox.signals.as_fd(), PollFlags::POLLIN)];
    fds.extend(open.then(|| PollFd::new(running.sandbox.output.as_fd(), PollFlags::POLLIN)));
    fds.extend(attended.then(|| PollFd::new(stdin.as_fd(), PollFlags::POLLIN)));
    let timeout = PollTimeout::try_from(wait).unwrap_or(PollTimeout::ZERO);
    let _ = poll(&mut fds, timeout);
    let mut heard = fds.iter().map(|fd| fd.any().unwrap_or(false));
    let mut next = |waited| waited && heard.next().unwrap_or(false);
    Heard { signal: next(true), output: next(open), engine: next(attended) }
}

/// Whether the engine says that the run is not wanted any more, rather than that it is gone.
fn says_stop() -> bool {
    let mut word = [0; 8];
    io::stdin().lock().read(&mut word).is_ok_and(|count| count > 0)
}

fn unblocking(fd: BorrowedFd<'_>) -> nix::Result<()> {
    fcntl(fd, FcntlArg::F_SETFL(OFlag::O_NONBLOCK)).map(drop)
}

/// Reads what there is, but not for ever: a flood must not keep us from the deadline. Returns
/// whether there may be more later.
fn drain(from: &mut PipeReader, to: &mut Sink) -> bool {
    let mut buffer = [0; 65_536];
    for _ in 0..64 {
        match from.read(&mut buffer) {
            Ok(0) => return false,
            Ok(count) => to.push(&buffer[..count]),
            Err(error) => return error.kind() == io::ErrorKind::WouldBlock,
        }
    }
    true
}

fn hear_word(from: &mut UnixStream, to: &mut Vec<u8>) {
    let mut buffer = [0; LONGEST_WORD];
    while to.len() < LONGEST_WORD {
        match from.read(&mut buffer) {
            Ok(count) if count > 0 => to.extend_from_slice(&buffer[..count]),
            _ => break,
        }
    }
}

/// Reads the waiting signals; true if one of them asks us to stop.
fn stop_signal(signals: &SignalFd) -> bool {
    let mut stop = false;
    while let Ok(Some(signal)) = signals.read_signal() {
        stop |= signal.ssi_signo != Signal::SIGCHLD as u32;
    }
    stop
}

struct Reaped {
    /// How the main child ended, if it was among them.
    own_end: Option<End>,
    /// Whether no child is left, dead or alive.
    childless: bool,
}

/// Takes leave of every child that has ended.
fn reap(main: i32) -> Reaped {
    let mut own_end = None;
    loop {
        match waitpid(None, Some(WaitPidFlag::WNOHANG)) {
            Ok(WaitStatus::Exited(pid, code)) if pid.as_raw() == main => {
                own_end = Some(ended(code));
            }
            Ok(WaitStatus::Signaled(pid, signal, _)) if pid.as_raw() == main => {
                own_end = Some(End::Signal(signal as i32));
            }
            Ok(WaitStatus::StillAlive) => return Reaped { own_end, childless: false },
            Err(Errno::ECHILD) => return Reaped { own_end, childless: true },
            _ => {}
        }
    }
}

/// bubblewrap, like a shell, turns a death by signal into an exit code above 128.
fn ended(code: i32) -> End {
    match code - 128 {
        signal @ 1..=64 => End::Signal(signal),
        _ => End::Code(code),
    }
}

/// Kills a sandbox that has not been taken leave of, and waits until it is gone.
pub(super) fn end(sandbox: &Sandbox) -> Option<End> {
    // Not reaped yet, so the number is still its own.
    let _ = kill(Pid::from_raw(sandbox.pid), Signal::SIGKILL);
    end_all(sandbox)
}

/// Kills whatever is left and waits until it is gone. The first process of the sandbox's own
/// process namespace takes all others with it, and dies with bubblewrap, so that there is
/// mostly nothing to do but wait; the search is for what had no namespace, or lost its first
/// process otherwise.
fn end_all(sandbox: &Sandbox) -> Option<End> {
    let own = Pid::this().as_raw();
    let mut own_end = None;
    let begun = Instant::now();
    loop {
        let reaped = reap(sandbox.pid);
        own_end = own_end.or(reaped.own_end);
        if reaped.childless || begun.elapsed() > DYING {
            return own_end;
        }
        if !sandbox.namespaces || begun.elapsed() > PATIENCE {
            for pid in processes::descendants(own).pids {
                let _ = kill(Pid::from_raw(pid), Signal::SIGKILL);
            }
        }
        let mut fds = [PollFd::new(sandbox.signals.as_fd(), PollFlags::POLLIN)];
        let _ = poll(&mut fds, 5_u8);
        stop_signal(&sandbox.signals);
    }
}

/// Memory and processes where no control group counts them.
fn uncounted(running: &Running<'_>) -> Option<End> {
    if running.sandbox.counted {
        return None;
    }
    let family = processes::descendants(Pid::this().as_raw());
    if family.memory > running.limits.memory.0 {
        return Some(End::OutOfMemory);
    }
    (family.tasks > running.limits.processes.saturating_add(4)).then_some(End::TooManyProcesses)
}

/// Watches the size of what is written. Walking the tree costs time in proportion to its
/// files, so it is done when the file system has lost as much room as would matter, and in
/// any case now and then; never for more than a tenth of the time.
struct DiskWatch {
    base: u64,
    size: u64,
    free: u64,
    next: Instant,
    rest: Instant,
}

/// How long a tree may go unmeasured.
const REMEASURE: Duration = Duration::from_secs(2);

impl DiskWatch {
    fn new(running: &Running<'_>) -> Self {
        let now = Instant::now();
        let base = tree::measure(&running.written);
        Self { base, size: 0, free: free(&running.disk), next: now + REMEASURE, rest: now }
    }

    fn check(&mut self, running: &Running<'_>) -> Option<End> {
        let limit = running.limits.disk.0;
        let now = Instant::now();
        let lost = self.free.saturating_sub(free(&running.disk));
        let matters = lost > limit.saturating_sub(self.size) / 2;
        if now < self.rest || (now < self.next && !matters) {
            return None;
        }
        self.free = free(&running.disk);
        let family = processes::descendants(Pid::this().as_raw());
        let end = self.judge(running, processes::held_without_name(&family.pids));
        self.next = now + REMEASURE;
        self.rest = now + now.elapsed() * 10;
        end
    }

    fn judge(&mut self, running: &Running<'_>, without_name: u64) -> Option<End> {
        self.size = tree::measure(&running.written).saturating_sub(self.base) + without_name;
        (self.size > running.limits.disk.0).then_some(End::DiskFull)
    }
}

fn free(disk: &File) -> u64 {
    fstatvfs(disk).map_or(0, |stat| stat.blocks_available() * stat.fragment_size())
}
