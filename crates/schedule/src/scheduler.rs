//! The scheduler itself: it puts the order of tasks and the room together and decides who works
//! next. Apart from both, which know nothing of one another.
//! It never starts anything itself, reads no clock, and remembers nothing across a restart.

use std::collections::HashMap;

use tenfold_domain::{AccountId, TaskId, Timestamp};

use crate::entry::{Entry, Used};
use crate::limits::Limits;
use crate::queues::Queues;
use crate::room::{Lane, Place, Room, Size};
use crate::turn::Turn;
use crate::usage::charge;
use crate::why::{Refused, Why};

/// Who works next, on what. See the [crate] for the rules and for what is promised.
///
/// Nothing starts because time goes by: when [`Scheduler::next`] has said "nobody", asking
/// again is of no use before a task was admitted, ended or withdrawn, or a limit was raised.
/// A clock that goes back stands still here.
#[derive(Debug, Clone)]
pub struct Scheduler {
    limits: Limits,
    now: Timestamp,
    tasks: HashMap<TaskId, Task>,
    queues: Queues,
    room: Room,
    /// The task for which room is kept.
    kept_for: Option<TaskId>,
}

/// An admitted task.
#[derive(Debug, Clone, Copy)]
struct Task {
    account: AccountId,
    turn: Turn,
    place: Place,
    /// What its account is charged when it starts, in nano-dollars.
    expected: f64,
    state: State,
}

#[derive(Debug, Clone, Copy)]
enum State {
    /// It waits for its turn and for room.
    Waiting,
    /// It holds what it needs.
    AtWork { host: usize, since: Timestamp },
}

impl Scheduler {
    /// A scheduler without tasks.
    pub fn new(limits: Limits) -> Self {
        Self {
            now: Timestamp(0),
            tasks: HashMap::new(),
            queues: Queues::default(),
            room: Room::new(&limits),
            kept_for: None,
            limits,
        }
    }

    /// Lets a task wait for its turn.
    ///
    /// # Errors
    /// [`Refused`] if it waits or works already, or fits on no host. Nothing is changed then.
    pub fn admit(&mut self, entry: &Entry, now: Timestamp) -> Result<(), Refused> {
        self.tick(now);
        let (id, needs) = (entry.task, &entry.needs);
        if self.tasks.contains_key(&id) {
            return Err(Refused::Admitted(id));
        }
        let size = Size { millicores: needs.millicores, memory: needs.memory };
        if !self.room.could_hold(size) {
            let (millicores, memory) = (needs.millicores, needs.memory);
            return Err(Refused::TooLarge { task: id, millicores, memory });
        }
        let provider = self.room.provider_number(&needs.provider, &self.limits);
        let repository = self.room.repository_number(&needs.repository, &self.limits);
        let core_hour = self.limits.core_hour;
        let expected =
            charge(entry.expected.cost, entry.expected.wall, needs.millicores, core_hour);
        let task = Task {
            account: entry.account,
            turn: Turn::of((id, entry.arrived), &entry.standing, entry.expected, self.limits.reach),
            place: Place { lane: Lane { provider, size }, repository },
            expected,
            state: State::Waiting,
        };
        self.tasks.insert(id, task);
        self.queues.insert(task.account, task.turn, task.place, self.now);
        Ok(())
    }

    /// Takes a task out: it is paused, or no longer wanted. What it held is free. If it was at
    /// work, what was expected of it stays charged; use [`Scheduler::ended`] to say what it
    /// used. Nothing if there is no such task.
    pub fn withdraw(&mut self, id: TaskId, now: Timestamp) {
        self.tick(now);
        let Some(task) = self.tasks.remove(&id) else { return };
        match task.state {
            State::Waiting => self.leave_queue(id, task),
            State::AtWork { host, .. } => self.give_back(task.place, host),
        }
    }

    /// The task that works next; it is at work from now on, and holds what it needs.
    pub fn next(&mut self, now: Timestamp) -> Option<TaskId> {
        self.tick(now);
        self.keep_room();
        self.queues.looks += self.queues.lane_count() as u64;
        let kept_for = self.kept_for.filter(|id| self.room.is_free(self.tasks[id].place));
        let id = kept_for.or_else(|| self.best())?;
        self.start(id);
        Some(id)
    }

    /// A task is no longer at work: what it held is free, and its account is charged for what it
    /// used. It is admitted again if it can go on.
    pub fn ended(&mut self, id: TaskId, used: Used, now: Timestamp) {
        self.tick(now);
        if let Some(task) = self.tasks.get(&id).copied()
            && let State::AtWork { since, .. } = task.state
        {
            let half_life = self.limits.half_life;
            let usage = &mut self.queues.account(task.account).usage;
            usage.take_back(task.expected, since, self.now, half_life);
            self.charge(task.account, used, now);
        }
        self.withdraw(id, now);
    }

    /// Charges an account's share for what was used before this scheduler was made: after a
    /// restart, from the records, in the order of time.
    pub fn charge(&mut self, account: AccountId, used: Used, now: Timestamp) {
        self.tick(now);
        let Used { cost, wall, millicores } = used;
        let used = charge(cost, wall, millicores, self.limits.core_hour);
        let half_life = self.limits.half_life;
        self.queues.account(account).usage.add(used, self.now, half_life);
        self.queues.reorder(account, half_life);
    }

    /// Changes how many tasks may be at work with a provider, one at the least: fewer while it
    /// is slow or refuses, as its [`RateGate`](crate::RateGate) says. Those at work stay.
    pub fn limit_provider(&mut self, provider: &str, limit: u32) {
        let number = self.room.provider_number(provider, &self.limits);
        self.room.limit_provider(number, limit);
    }

    /// Changes an account's weight, which is one at first: with twice the weight it gets twice
    /// as much. Zero counts as one.
    pub fn weigh(&mut self, account: AccountId, weight: u32) {
        self.queues.account(account).weight = weight;
        self.queues.reorder(account, self.limits.half_life);
    }

    /// Why a task is not at work; `None` if it is, or if there is no such task.
    pub fn why_waiting(&self, id: TaskId) -> Option<Why> {
        let task = self.tasks.get(&id)?;
        match task.state {
            State::AtWork { .. } => None,
            State::Waiting => Some(self.no_room(task).unwrap_or_else(|| self.not_first(id, task))),
        }
    }

    /// The name of the host that a task at work is on.
    pub fn host_of(&self, id: TaskId) -> Option<&str> {
        match self.tasks.get(&id)?.state {
            State::AtWork { host, .. } => Some(&self.limits.hosts[host].name),
            State::Waiting => None,
        }
    }

    /// How many tasks are at work.
    pub fn at_work(&self) -> u32 {
        self.room.at_once.used
    }

    /// How many tasks are admitted and not at work.
    pub fn waiting(&self) -> usize {
        self.tasks.len() - self.room.at_once.used as usize
    }

    /// How many lanes and groups of tasks were looked at or changed, ever: the work that all
    /// decisions took, beside steps in ordered sets.
    pub fn looks(&self) -> u64 {
        self.queues.looks
    }

    fn tick(&mut self, now: Timestamp) {
        self.now = self.now.max(now);
    }

    /// A waiting task leaves. If room was kept for it, its account has had its turn, even if
    /// it did not take it: else it could hold up the others by coming and going.
    fn leave_queue(&mut self, id: TaskId, task: Task) {
        if self.kept_for == Some(id) {
            self.kept_for = None;
            self.keep(None, false);
            self.queues.had_turn(task.account, self.now);
        }
        self.queues.remove(task.account, task.turn, task.place);
    }

    /// Sees whether somebody has waited too long, and keeps room for it. Whom room is kept for
    /// stays the same until it starts or leaves.
    fn keep_room(&mut self) {
        let is_the_same = self.kept_for.is_some();
        self.kept_for = self.kept_for.or_else(|| {
            let (since, account) = self.queues.most_patient()?;
            let is_overdue = self.now.since(since) >= self.limits.patience;
            self.queues.first_of(account).filter(|_| is_overdue).map(|turn| turn.task)
        });
        self.keep(self.kept_for.map(|id| self.tasks[&id].place), is_the_same);
    }

    fn keep(&mut self, place: Option<Place>, is_the_same: bool) {
        let (before, after) = self.room.keep(place, is_the_same);
        for repository in [before.repository, after.repository].into_iter().flatten() {
            self.open_or_close(repository);
        }
    }

    fn open_or_close(&mut self, repository: usize) {
        self.queues.set_open(repository, self.room.repository_is_open(repository));
    }

    fn best(&self) -> Option<TaskId> {
        let best = self.queues.best(|lane| self.room.lane_is_open(lane))?;
        Some(best.turn.task)
    }

    fn start(&mut self, id: TaskId) {
        let task = self.tasks[&id];
        if self.queues.first_of(task.account) == Some(task.turn) {
            self.queues.had_turn(task.account, self.now);
        }
        self.leave_queue(id, task);
        let Some(host) = self.room.take(task.place) else { unreachable!("{id} was found to fit") };
        self.open_or_close(task.place.repository);
        let half_life = self.limits.half_life;
        self.queues.account(task.account).usage.add(task.expected, self.now, half_life);
        self.queues.reorder(task.account, half_life);
        let state = State::AtWork { host, since: self.now };
        self.tasks.insert(id, Task { state, ..task });
    }

    fn give_back(&mut self, place: Place, host: usize) {
        self.room.give_back(place, host);
        self.open_or_close(place.repository);
    }

    /// What a waiting task lacks, whoever else goes first.
    fn no_room(&self, task: &Task) -> Option<Why> {
        let Place { lane, repository } = task.place;
        let (path, slots) = self.room.repository(repository);
        if slots.used >= slots.limit {
            return Some(Why::Repository { repository: path.to_owned(), at_work: slots.used });
        }
        let all = self.room.at_once;
        if all.used >= all.limit {
            return Some(Why::AtOnce { at_work: all.used });
        }
        let (name, slots) = self.room.provider(lane.provider);
        if slots.used >= slots.limit {
            return Some(Why::Provider { provider: name.to_owned(), limit: slots.limit });
        }
        let Size { millicores, memory } = lane.size;
        (!self.room.has_host_for(lane.size)).then_some(Why::Host { millicores, memory })
    }

    /// Who goes before a waiting task for which there is room.
    fn not_first(&self, id: TaskId, task: &Task) -> Why {
        if let Some(kept_for) = self.kept_for.filter(|kept_for| *kept_for != id) {
            let Place { lane, repository } = task.place;
            if !self.room.lane_is_open(lane) || !self.room.repository_is_open(repository) {
                return Why::Kept(kept_for);
            }
        }
        match self.queues.best(|lane| self.room.lane_is_open(lane)) {
            Some(best) if best.turn.task == id => Why::Next,
            Some(best) if best.account == task.account => Why::Turn(best.turn.task),
            Some(best) => Why::Share { account: task.account, first: best.account },
            None => Why::Next,
        }
    }
}
