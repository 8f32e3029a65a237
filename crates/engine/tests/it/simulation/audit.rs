//! What has to hold whatever befalls: of money, of tasks, of work, of the lists. It is read from
//! outside, with nobody at work, and held against what the world itself knows.

use std::collections::{BTreeMap, BTreeSet};

use tenfold_domain::{
    AttemptEvent, AttemptId, Budget, EffectKind, Event, Fact, LedgerEvent, NanoUsd, ReservationId,
    StepEvent, StepId, TaskEvent, TaskId,
};
use tenfold_engine::replay;
use tenfold_store::{EventQuery, Store, TaskQuery, View};

use super::people::is_open;
use super::world::World;

/// What is wrong in a world in which no engine lives.
pub(super) fn wrongs(world: &World, is_over: bool) -> Vec<String> {
    let mut wrongs = std::mem::take(&mut world.state().wrongs);
    let Ok(reader) = Store::read_only(&world.places().store_file()) else { return wrongs };
    let view = reader.view().unwrap();
    if let Err(why) = view.check() {
        wrongs.push(format!("the store is not sound: {why}"));
    }
    let mut events = Vec::new();
    for event in view.each_event(EventQuery::default()) {
        events.push(event.unwrap());
    }
    let mut books = Books::default();
    for event in &events {
        books.hear(event, &mut wrongs);
    }
    books.hold(world, &mut wrongs);
    tasks(world, &view, is_over, &mut wrongs);
    for row in view.tasks(&TaskQuery::default()).unwrap() {
        for attempt in view.attempts(row.id).unwrap() {
            match replay(&view, &world.places(), attempt.id) {
                Ok(report) if report.agrees() => {}
                Ok(report) => {
                    wrongs.push(format!("{} is replayed otherwise: {report:?}", attempt.id))
                }
                Err(why) => wrongs.push(format!("{} can't be replayed: {why}", attempt.id)),
            }
        }
    }
    if is_over {
        books.is_closed(&mut wrongs);
        let left = world.places().runtime.read_dir().into_iter().flatten().flatten();
        wrongs.extend(left.map(|left| format!("{} is left", left.path().display())));
    }
    wrongs
}

/// No task is lost, and at the end each has come to its own.
fn tasks(world: &World, view: &View, is_over: bool, wrongs: &mut Vec<String>) {
    let rows = view.tasks(&TaskQuery::default()).unwrap();
    let listed: BTreeSet<TaskId> = rows.iter().map(|row| row.id).collect();
    let asked = world.state().asked.clone();
    for lost in asked.difference(&listed) {
        wrongs.push(format!("task {lost} is lost"));
    }
    for row in rows.iter().filter(|row| is_over && is_open(row)) {
        let last = row.last.as_ref().map(|last| last.outcome);
        wrongs.push(format!("task {} does not wake: {}, {last:?}", row.id, row.state));
    }
}

/// The money, as the journal has it.
#[derive(Default)]
struct Books {
    budgets: BTreeMap<TaskId, Budget>,
    spent: BTreeMap<TaskId, NanoUsd>,
    amounts: BTreeMap<ReservationId, NanoUsd>,
    /// The requests under way.
    open: BTreeMap<(AttemptId, StepId), Under>,
    /// By the hash of each request, what was recorded of it.
    requests: BTreeMap<String, Recorded>,
    /// How often a request may have been paid for in vain, since its attempt last ended.
    in_vain: BTreeMap<(AttemptId, StepId), u32>,
}

/// A request under way.
struct Under {
    hash: String,
    reservation: Option<ReservationId>,
}

#[derive(Default)]
struct Recorded {
    intents: u32,
    /// How often an answer was recorded; all else is marked.
    answered: u32,
    cost: NanoUsd,
}

impl Books {
    fn hear(&mut self, event: &Event, wrongs: &mut Vec<String>) {
        match &event.fact {
            Fact::Task { task, event: TaskEvent::Asked(spec) } => {
                self.budgets.insert(*task, spec.budget);
            }
            Fact::Task { task, event: TaskEvent::Budgeted { budget } } => {
                self.budgets.insert(*task, *budget);
            }
            Fact::Ledger { event: LedgerEvent::Reserved(held) } => {
                self.amounts.insert(held.reservation, held.amount.money);
            }
            Fact::Ledger { event: LedgerEvent::Settled { reservation, bill, .. } } => {
                let cost: NanoUsd = bill.iter().map(|charge| charge.spend.money).sum();
                match self.amounts.remove(reservation) {
                    Some(amount) if cost <= amount => {}
                    Some(amount) => wrongs.push(format!("{cost} is paid where {amount} was held")),
                    None => wrongs.push("what was not held is paid".to_owned()),
                }
            }
            Fact::Step { attempt, step, event } => self.step((*attempt, *step), event, wrongs),
            Fact::Attempt { attempt, event: AttemptEvent::Ended { .. } } => {
                self.in_vain.retain(|(of, _), _| of != attempt);
            }
            _ => {}
        }
    }

    fn step(&mut self, of: (AttemptId, StepId), event: &StepEvent, wrongs: &mut Vec<String>) {
        let task = of.0.task;
        match event {
            StepEvent::Intent { kind: EffectKind::Model, request, reservation } => {
                let hash = request["sha256"].as_str().unwrap_or_default().to_owned();
                self.requests.entry(hash.clone()).or_default().intents += 1;
                if self.open.insert(of, Under { hash, reservation: *reservation }).is_some() {
                    wrongs.push(format!("step {} of {} is asked twice at once", of.1, of.0));
                }
                if self.in_vain.get(&of).is_some_and(|times| *times > 1) {
                    wrongs.push(format!("step {} of {} is paid for a third time", of.1, of.0));
                }
                let held = self.held(task);
                let spent = self.spent.get(&task).copied().unwrap_or_default();
                let limit = self.budgets.get(&task).map_or(NanoUsd::ZERO, |budget| budget.money);
                if spent + held > limit {
                    wrongs.push(format!("task {task} passes {limit}: {spent} and {held}"));
                }
            }
            StepEvent::Intent { .. } => {}
            StepEvent::Result { cost, reply, .. } => {
                self.end(of, *cost, !reply["answers"][0].is_null());
            }
            StepEvent::Failed { cost, .. } => {
                *self.in_vain.entry(of).or_default() += u32::from(*cost > NanoUsd::ZERO);
                self.end(of, *cost, false);
            }
        }
    }

    fn end(&mut self, of: (AttemptId, StepId), cost: NanoUsd, is_answered: bool) {
        *self.spent.entry(of.0.task).or_default() += cost;
        let Some(under) = self.open.remove(&of) else { return };
        let recorded = self.requests.entry(under.hash).or_default();
        recorded.cost += cost;
        recorded.answered += u32::from(is_answered);
    }

    /// What is set aside for a task.
    fn held(&self, task: TaskId) -> NanoUsd {
        let open = self.open.iter().filter(|((attempt, _), _)| attempt.task == task);
        open.filter_map(|(_, under)| self.amounts.get(under.reservation.as_ref()?)).copied().sum()
    }

    /// The provider has been asked no more than was announced, and has billed no more than was
    /// recorded or is still set aside.
    fn hold(&self, world: &World, wrongs: &mut Vec<String>) {
        let mut held: BTreeMap<&str, NanoUsd> = BTreeMap::new();
        for under in self.open.values() {
            let amount = under.reservation.and_then(|id| self.amounts.get(&id)).copied();
            *held.entry(&under.hash).or_default() += amount.unwrap_or_default();
        }
        for (hash, billed) in &world.state().bill {
            let none = Recorded::default();
            let recorded = self.requests.get(hash).unwrap_or(&none);
            let short = &hash[..8];
            if billed.got > recorded.intents {
                let (got, intents) = (billed.got, recorded.intents);
                wrongs.push(format!("request {short} came {got} times, {intents} were announced"));
            }
            let accounted = recorded.cost + held.get(hash.as_str()).copied().unwrap_or_default();
            if billed.cost > accounted {
                let cost = billed.cost;
                wrongs.push(format!("request {short} is billed {cost}, accounted {accounted}"));
            }
            if recorded.answered > 1 {
                wrongs.push(format!("request {short} was answered {} times", recorded.answered));
            }
        }
    }

    /// Nothing is set aside when nobody is at work.
    fn is_closed(&self, wrongs: &mut Vec<String>) {
        for (attempt, step) in self.open.keys() {
            wrongs.push(format!("step {step} of {attempt} has no end"));
        }
        for (reservation, amount) in &self.amounts {
            wrongs.push(format!("{amount} are held for ever, by {reservation:?}"));
        }
    }
}
