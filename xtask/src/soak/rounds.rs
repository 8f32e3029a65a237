//! A round: tasks are asked for, an engine is started, the person does what the plan says, and
//! somebody is killed, at the last the engine.

use std::collections::BTreeMap;
use std::process::Command;
use std::time::{Duration, Instant};

use super::home::{Home, Listed};
use super::journal::Account;
use super::plan::{self, Deed, ENOUGH, Job, LITTLE, Round, Start, Victim, What, Work};
use super::processes::{self, Kind};
use super::script;
use super::typed::Typed;
use crate::trouble::{Tried, Trouble};

/// How long a command may take to end that nothing keeps from it.
pub(super) const PATIENCE: Duration = Duration::from_secs(120);
/// With so many tasks not done, no more are asked for.
const ENOUGH_TO_DO: usize = 10;

/// What was counted.
#[derive(Debug, Clone, Default)]
pub(super) struct Counts {
    pub(super) rounds: u64,
    /// Who was killed.
    pub(super) kills: BTreeMap<&'static str, u64>,
    /// Of the kills of an engine, those with this under way.
    pub(super) under_way: BTreeMap<&'static str, u64>,
    pub(super) deeds: BTreeMap<&'static str, u64>,
}

/// All that a soak knows while it goes on.
pub(super) struct Soak {
    pub(super) home: Home,
    /// The jobs that were asked for; whether the command that asked was seen to succeed.
    pub(super) asked_for: BTreeMap<u32, bool>,
    pub(super) counts: Counts,
    /// What is wrong, with the round in which it was seen.
    pub(super) wrong: Vec<String>,
    typed: u32,
    round: u32,
}

impl Soak {
    pub(super) fn new(home: Home) -> Self {
        let (asked_for, counts, wrong) = (BTreeMap::new(), Counts::default(), Vec::new());
        Self { home, asked_for, counts, wrong, typed: 0, round: 0 }
    }

    /// Types a command in a repository.
    pub(super) fn type_in(&mut self, command: Command) -> Result<Typed, Trouble> {
        self.typed += 1;
        Typed::new(&self.home, self.typed, command)
    }

    /// Types a command, waits for its end, and returns what it said.
    pub(super) fn say(&mut self, words: &[&str]) -> Result<String, Trouble> {
        let typed = self.type_in(self.home.command(0, words))?;
        Ok(self.ended(typed))
    }

    /// Takes the end of a command.
    pub(super) fn ended(&mut self, typed: Typed) -> String {
        let (said, wrong) = typed.end(PATIENCE);
        let round = self.round;
        self.wrong.extend(wrong.map(|wrong| format!("round {round}: {wrong}")));
        said
    }

    /// One round.
    pub(super) fn round(&mut self, number: u32) -> Result<(), Trouble> {
        self.round = number;
        let round = plan::round(self.home.seed, number);
        let listed = self.home.list()?;
        let unsettled = ["queued", "working", "paused"];
        let to_do = listed.iter().filter(|task| unsettled.contains(&&*task.state)).count();
        let adds = if to_do < ENOUGH_TO_DO { round.adds } else { 0 };
        for at in 0..adds {
            let dies = round.add_dies_after_ms.filter(|_| at + 1 == adds);
            self.ask(&listed, dies.map(Duration::from_millis))?;
        }
        self.home.new_script(self.last_job())?;
        let mut typed = vec![self.start(round.start)?];
        self.live(&round, &mut typed)?;
        for one in &mut typed {
            one.kill();
        }
        typed.into_iter().for_each(|one| drop(self.ended(one)));
        if round.orphans_die {
            self.kill_orphans();
        }
        self.look_at_the_dead()?;
        self.counts.rounds += 1;
        std::thread::sleep(Duration::from_millis(round.rest_ms));
        Ok(())
    }

    fn last_job(&self) -> u32 {
        self.asked_for.keys().next_back().copied().unwrap_or_default()
    }

    /// Asks for the next job, and kills who asks if the plan says so.
    fn ask(&mut self, listed: &[Listed], dies: Option<Duration>) -> Result<(), Trouble> {
        let job = plan::job(self.home.seed, self.last_job() + 1);
        self.home.write_files(&job)?;
        let command = self.asking(&job, listed)?;
        let mut typed = self.type_in(command)?;
        let seen = match dies {
            Some(life) => {
                let ended = typed.wait(life);
                if typed.kill() {
                    *self.counts.kills.entry("a command that adds").or_default() += 1;
                }
                ended
            }
            None => typed.wait(PATIENCE),
        };
        let is_sure = seen.is_some_and(|status| status.success());
        let said = self.ended(typed);
        if seen.is_some() && !is_sure {
            self.wrong.push(format!("task {} was not taken: {}", job.number, said.trim()));
        }
        self.asked_for.insert(job.number, is_sure);
        Ok(())
    }

    fn asking(&self, job: &Job, listed: &[Listed]) -> Result<Command, Trouble> {
        let text = format!("{} The middle is wrong.", script::mark(job.number));
        let mut command = match job.is_imported {
            true => {
                let file = self.home.dir.join(format!("job-{}.md", job.number));
                std::fs::write(&file, format!("- {text}\n"))
                    .tried(|| "could not write a file of tasks".to_owned())?;
                let mut command = self.home.command(job.repository, &["import"]);
                command.arg(file);
                command
            }
            false => {
                let mut command = self.home.command(job.repository, &["add", &text]);
                command.args(["--priority", job.priority]);
                command
            }
        };
        command.args(["--check", &script::check(job.number)]);
        command.args(["--budget", if job.is_poor { LITTLE } else { ENOUGH }]);
        match job.work {
            Work::Repair => drop(command.args(["--strategy", "repair"])),
            Work::Loop { is_hosted, .. } => {
                command.args(["--strategy", "loop"]);
                if is_hosted {
                    command.args(["--model", "far"]);
                }
            }
        }
        let is_it = |task: &&Listed| script::marked(&task.text) == job.after;
        if job.after.is_some()
            && let Some(before) = listed.iter().find(is_it)
        {
            command.args(["--after", &before.task.to_string()]);
        }
        Ok(command)
    }

    fn start(&mut self, start: Start) -> Result<Typed, Trouble> {
        let command = match start {
            Start::Once { jobs } => self.home.command(0, &["start", "--jobs", &jobs.to_string()]),
            Start::Daemon { jobs } => {
                self.home.command(0, &["daemon", "--jobs", &jobs.to_string()])
            }
            Start::Continue => self.home.command(0, &["continue"]),
        };
        self.type_in(command)
    }

    fn live(&mut self, round: &Round, typed: &mut Vec<Typed>) -> Result<(), Trouble> {
        let began = Instant::now();
        for (at, what) in &round.moments {
            let moment = Duration::from_millis(*at);
            std::thread::sleep(moment.saturating_sub(began.elapsed()));
            match *what {
                What::Do { deed, pick } => typed.extend(self.deed(deed, pick)?),
                What::Kill { victim, pick } => self.kill(victim, pick, typed),
            }
        }
        Ok(())
    }

    /// Does something to a task that it can be done to, if there is one.
    pub(super) fn deed(&mut self, deed: Deed, pick: usize) -> Result<Option<Typed>, Trouble> {
        let (states, name): (&[&str], _) = match deed {
            Deed::Steer => (&["working", "paused", "queued"], "steer"),
            Deed::Pause => (&["working"], "pause"),
            Deed::Stop => (&["working"], "stop"),
            Deed::Answer => (&["needs-you", "working", "paused"], "answer"),
            Deed::Resume => (&["paused"], "resume"),
            Deed::Continue => (&["needs-you", "working", "paused"], "continue"),
            Deed::AcceptInPlace | Deed::AcceptAsBranch => (&["to-review"], "accept"),
            Deed::Reject => (&["to-review"], "reject"),
            Deed::Undo => (&["accepted", "rejected"], "undo"),
        };
        let listed = self.home.list()?;
        let mut can: Vec<&Listed> =
            listed.iter().filter(|task| states.contains(&&*task.state)).collect();
        if deed == Deed::Answer {
            can.retain(|task| self.home.log(task.task).is_ok_and(|log| asks(&log)));
        }
        let Some(task) = can.get(pick % can.len().max(1)) else { return Ok(None) };
        let number = script::marked(&task.text).unwrap_or_default();
        let id = task.task.to_string();
        let yes = script::yes(number);
        let words: Vec<&str> = match deed {
            Deed::Steer => vec![name, &id, "Mind the gap."],
            Deed::Answer => vec![name, &id, &yes],
            Deed::AcceptInPlace => vec![name, &id, "--in-place"],
            _ => vec![name, &id],
        };
        *self.counts.deeds.entry(name).or_default() += 1;
        self.type_in(self.home.command(0, &words)).map(Some)
    }

    fn kill(&mut self, victim: Victim, pick: usize, typed: &mut [Typed]) {
        let name = match victim {
            Victim::Engine => return self.kill_engine(typed),
            Victim::Client => {
                let engine = self.engine();
                let last = typed.iter_mut().rev().find(|one| Some(one.pid()) != engine);
                if !last.is_some_and(Typed::kill) {
                    return;
                }
                "a client"
            }
            Victim::Model | Victim::Shim => {
                let (kind, name) = match victim {
                    Victim::Model => (Kind::Model, "the model"),
                    _ => (Kind::Shim, "a sandbox's shim"),
                };
                let all = processes::of(&self.home.dir);
                let all: Vec<_> = all.into_iter().filter(|process| process.kind == kind).collect();
                let Some(one) = all.get(pick % all.len().max(1)) else { return };
                if !processes::kill_now(one.pid) {
                    return;
                }
                if victim == Victim::Model {
                    self.home.model_died();
                }
                name
            }
        };
        *self.counts.kills.entry(name).or_default() += 1;
    }

    /// Kills the engine, or what is about to be it; clients die in the same moment.
    fn kill_engine(&mut self, typed: &mut [Typed]) {
        let engine = self.engine();
        let was = typed.iter_mut().find(|one| Some(one.pid()) == engine).is_some_and(Typed::kill);
        let name = match was {
            true => "the engine",
            false if typed.iter_mut().any(|one| !one.has_ended()) => "what was to be an engine",
            false => "nobody, all was done",
        };
        *self.counts.kills.entry(name).or_default() += 1;
    }

    /// Kills the sandboxes that go on without an engine.
    fn kill_orphans(&mut self) {
        let all = processes::of(&self.home.dir).into_iter();
        for shim in all.filter(|process| process.kind == Kind::Shim) {
            if processes::kill_now(shim.pid) {
                *self.counts.kills.entry("a shim without an engine").or_default() += 1;
            }
        }
    }

    /// The process that says in the lock that it is the engine.
    fn engine(&self) -> Option<u32> {
        let text = std::fs::read_to_string(self.home.data().join("engine.lock")).ok()?;
        text.split_whitespace().next()?.parse().ok()
    }

    /// Counts what was under way when the engine died.
    fn look_at_the_dead(&mut self) -> Result<(), Trouble> {
        let mut found = std::collections::BTreeSet::new();
        for task in self.home.list()? {
            let of_proposal = task.proposal.as_ref().map_or("", |proposal| &proposal.state.is);
            if task.interrupted || ["applying", "taking-back"].contains(&of_proposal) {
                let account = Account::of(&self.home.log(task.task)?);
                found.insert(match account.under_way() {
                    Some(words) => words,
                    None if task.state == "paused" || !account.asking.is_empty() => continue,
                    None => "between two steps",
                });
            }
        }
        if found.is_empty() {
            found.insert("nothing, or what waits");
        }
        for words in found {
            *self.counts.under_way.entry(words).or_default() += 1;
        }
        Ok(())
    }
}

/// Whether a task asks the person something.
pub(super) fn asks(log: &[tenfold_domain::Event]) -> bool {
    !Account::of(log).asking.is_empty()
}
