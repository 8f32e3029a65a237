//! Commands, in the place of a sandbox: the check looks into the file, an agent's command writes
//! to it or not. One with a record goes on when its engine dies.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tenfold_domain::Millis;
use tenfold_sandbox::End;
use tenfold_sandbox::{CancelSignal, Comes, Exit, Found, Job, StandIn, Tier};

use super::life::Life;
use super::world::{FILE, RIGHT, State};

/// The check of all tasks.
pub(super) const CHECK: &str = "check";
/// What an agent's commands begin with.
pub(super) const COMMAND: &str = "simulated-";

/// Answers for an engine's commands.
#[derive(Clone)]
pub(super) struct Runs(pub(super) Arc<Life>);

impl std::fmt::Debug for Runs {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Runs")
    }
}

/// All commands, by where they write.
#[derive(Default)]
pub(super) struct Commands {
    at_work: BTreeMap<PathBuf, Owner>,
    /// Those with a record, by it.
    kept: BTreeMap<PathBuf, Kept>,
    /// How often each of an agent's commands was begun, by its attempt and its step.
    pub(super) begun: BTreeMap<(String, String), u32>,
}

/// For whom a command runs.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Owner {
    /// The folder of the attempt's work.
    folder: String,
}

impl Owner {
    fn of(path: &Path, work: &Path) -> Self {
        let below = path.strip_prefix(work).unwrap_or(path);
        let folder = below.components().next();
        Self { folder: folder.map_or_else(String::new, |f| f.as_os_str().to_string_lossy().into()) }
    }

    fn attempt(&self) -> &str {
        self.folder.rsplit_once('-').map_or(&self.folder, |(attempt, _)| attempt)
    }

    fn task(&self) -> &str {
        self.folder.split_once('.').map_or(&self.folder, |(task, _)| task)
    }
}

/// A command with a record.
#[derive(Clone)]
struct Kept {
    job: Job,
    ends_at_ms: u64,
    wall: Millis,
    end: End,
    /// Whether what it writes is there.
    is_written: bool,
    /// Whether nobody will ever know how it ended.
    is_lost: bool,
}

impl StandIn for Runs {
    fn run<'a>(&'a self, job: &'a Job, cancel: &'a CancelSignal) -> Comes<'a, Exit> {
        Box::pin(self.ran(job, cancel.clone()))
    }

    fn pick_up<'a>(&'a self, record: &'a Path, cancel: &'a CancelSignal) -> Comes<'a, Found> {
        Box::pin(self.picked_up(record, cancel.clone()))
    }
}

/// Takes a command out of those at work when its run comes to an end, or is dropped.
struct AtWork<'r> {
    runs: &'r Runs,
    upper: PathBuf,
    record: Option<PathBuf>,
    is_over: bool,
}

impl Drop for AtWork<'_> {
    fn drop(&mut self) {
        let life = &self.runs.0;
        let (is_dead, mut state) = (life.is_dead(), life.world.state());
        state.commands.at_work.remove(&self.upper);
        // The shim of a command with a record hears that nobody wants it, unless all is dead.
        if !self.is_over
            && !is_dead
            && let Some(kept) = self.record.as_ref().and_then(|at| state.commands.kept.get_mut(at))
        {
            kept.end = End::Cancelled;
            kept.ends_at_ms = 0;
        }
    }
}

impl Runs {
    async fn ran(
        &self,
        job: &Job,
        mut cancel: CancelSignal,
    ) -> Result<Exit, tenfold_sandbox::SandboxError> {
        let life = &self.0;
        life.moment("before a command").await;
        let (wall, end) = self.drawn(job);
        let mut at_work = self.begin(job, wall, end);
        life.moment("a command has begun").await;
        let end = tokio::select! {
            biased;
            _ = cancel.wait_for(|cancel| *cancel) => End::Cancelled,
            () = tokio::time::sleep(wall.into()) => end,
        };
        let exit = {
            let mut state = life.world.state();
            if let Some(kept) = job.record.as_ref().and_then(|at| state.commands.kept.get_mut(at)) {
                kept.end = end;
                kept.ends_at_ms = 0;
                kept.is_written = true;
            }
            if end != End::Cancelled {
                write(job);
            }
            exit(job, end, wall)
        };
        at_work.is_over = true;
        life.tell(|| format!("command `{}` ends: {:?}", shown(job), exit.end));
        life.moment("a command has ended").await;
        Ok(exit)
    }

    /// How long a command takes, and how it ends.
    fn drawn(&self, job: &Job) -> (Millis, End) {
        let mut state = self.0.world.state();
        let right = check_passes(job);
        let mut end = match job.command == CHECK {
            true => End::Code(i32::from(!right)),
            false => End::Code(0),
        };
        let mut wall = state.within(20..3_000);
        if !state.is_calm && state.one_in(30) {
            wall = state.within(60_000..2_000_000);
        }
        if !state.is_calm && state.one_in(60) {
            end = End::OutOfMemory;
        }
        if wall >= job.limits.wall.0 {
            (wall, end) = (job.limits.wall.0, End::TimedOut);
        }
        (Millis(wall), end)
    }

    /// Holds that nobody else works where it does.
    fn begin(&self, job: &Job, wall: Millis, end: End) -> AtWork<'_> {
        let life = &self.0;
        let now = life.now_ms();
        let work = life.world.places().runtime;
        let owner = Owner::of(&job.upper, &work);
        life.tell(|| format!("command `{}` of {} for {wall}", shown(job), owner.folder));
        let mut state = life.world.state();
        let state = &mut *state;
        if state.commands.at_work.contains_key(&job.upper) {
            state.wrongs.push(format!("two commands write to {}", job.upper.display()));
        }
        for other in state.commands.at_work.values() {
            if other.task() == owner.task() && *other != owner {
                let wrong = format!("{} and {} work at once", other.folder, owner.folder);
                state.wrongs.push(wrong);
            }
        }
        state.commands.at_work.insert(job.upper.clone(), owner.clone());
        if let Some(record) = &job.record {
            state.begin_kept(record, job, (now, wall, end), &owner);
        }
        AtWork { runs: self, upper: job.upper.clone(), record: job.record.clone(), is_over: false }
    }

    async fn picked_up(
        &self,
        record: &Path,
        mut cancel: CancelSignal,
    ) -> Result<Found, tenfold_sandbox::SandboxError> {
        let life = &self.0;
        life.moment("before a command is picked up").await;
        let known = life.world.state().commands.kept.get(record).cloned();
        let Some(mut kept) = known else { return Ok(Found::NotBegun) };
        let left = kept.ends_at_ms.saturating_sub(life.now_ms());
        tokio::select! {
            biased;
            _ = cancel.wait_for(|cancel| *cancel), if left > 0 => kept.end = End::Cancelled,
            () = tokio::time::sleep(Duration::from_millis(left)) => {}
        }
        kept.ends_at_ms = 0;
        if !kept.is_written && kept.end != End::Cancelled {
            write(&kept.job);
        }
        kept.is_written = true;
        let found = match kept.is_lost {
            true => Found::Unknown,
            false => Found::Ended(exit(&kept.job, kept.end, kept.wall)),
        };
        life.tell(|| format!("command `{}` is picked up: {:?}", shown(&kept.job), kept.end));
        life.world.state().commands.kept.insert(record.to_owned(), kept);
        Ok(found)
    }
}

impl State {
    fn begin_kept(
        &mut self,
        record: &Path,
        job: &Job,
        (now, wall, end): (u64, Millis, End),
        owner: &Owner,
    ) {
        let step = record.parent().and_then(Path::file_name).unwrap_or_default();
        let of = (owner.attempt().to_owned(), step.to_string_lossy().into_owned());
        let times = self.commands.begun.entry(of.clone()).or_default();
        *times += 1;
        if *times > 1 {
            self.wrongs.push(format!("the command of step {} of {} begins twice", of.1, of.0));
        }
        let work = record.ancestors().nth(4).unwrap_or(record);
        for (at, other) in &self.commands.kept {
            if other.ends_at_ms > now && Owner::of(at, work).attempt() == owner.attempt() {
                self.wrongs.push(format!("two commands of {} at once", owner.attempt()));
            }
        }
        let is_lost = !self.is_calm && self.one_in(10);
        let kept = Kept {
            job: job.clone(),
            ends_at_ms: now + wall.0,
            wall,
            end,
            is_written: false,
            is_lost,
        };
        self.commands.kept.insert(record.to_owned(), kept);
    }
}

/// Whether the file is right on the layers of a job: the topmost that has it counts.
fn check_passes(job: &Job) -> bool {
    let mut texts =
        job.layers.iter().filter_map(|dir| std::fs::read_to_string(dir.join(FILE)).ok());
    texts.next().is_some_and(|text| text == RIGHT)
}

/// What an agent's command writes.
fn write(job: &Job) {
    let text = if job.command.contains("simulated-mend") {
        RIGHT
    } else if job.command.contains("simulated-break") {
        "broken\n"
    } else {
        return;
    };
    std::fs::create_dir_all(&job.upper).unwrap();
    std::fs::write(job.upper.join(FILE), text).unwrap();
}

fn exit(job: &Job, end: End, wall: Millis) -> Exit {
    let output = match (job.command == CHECK, end) {
        (true, End::Code(0)) => "1 passed\n",
        (true, _) => "work.txt is wrong\n",
        _ => "done\n",
    };
    Exit { end, output: output.into(), wall, tier: Tier::A }
}

fn shown(job: &Job) -> &str {
    job.command.split_whitespace().rfind(|word| word.contains(COMMAND)).unwrap_or(CHECK)
}
