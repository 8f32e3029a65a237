//! An attempt that asked the person and waits, as the engine recorded it; and others like it,
//! each with facts that are its own: recording them is all that they cost.

use std::sync::Arc;

use tenfold_domain::{
    AttemptId, Fact, Held, LedgerEvent, ReservationId, StepEvent, TaskId, TaskState,
};
use tenfold_engine::How;
use tenfold_store::EventQuery;

use crate::Failure;
use crate::ground::Ground;
use crate::scripted::{Latency, Scripted, Then};

/// All facts of one task and of its money, in their order.
#[derive(Debug)]
pub(crate) struct Pattern {
    facts: Vec<Fact>,
    /// How many reservations are in them.
    reservations: u64,
}

impl Pattern {
    /// Has an engine work on a task until its attempt, having read so often, asks and waits.
    pub(crate) async fn made(ground: &Ground, turns: usize) -> Result<Self, Failure> {
        let model = Arc::new(Scripted::new(turns, Then::Asks, Latency::None));
        let engine = ground.engine(model).await?;
        let after = engine.store().view()?.newest()?;
        let task = engine.ask(ground.asking()).await?;
        engine.begin(task, How::default())?;
        engine.idle().await;
        let view = engine.store().view()?;
        let state = view.task(task)?.map(|row| row.state);
        if state != Some(TaskState::NeedsYou) {
            return Err(format!("the attempt that is to wait is {state:?}").into());
        }
        let events = view.each_event(EventQuery { after, ..EventQuery::default() });
        let facts = events.map(|event| Ok(event?.fact)).collect::<Result<Vec<_>, Failure>>()?;
        let reservations = facts.iter().filter(|fact| is_reserved(fact)).count() as u64;
        Ok(Self { facts, reservations })
    }

    /// How many events it is.
    pub(crate) fn events(&self) -> usize {
        self.facts.len()
    }

    /// The facts of another task that went the same way. `reserved` is the newest reservation of
    /// all so far, and then of all with its own.
    pub(crate) fn of(&self, task: TaskId, reserved: &mut u64) -> Vec<Fact> {
        let first = self.facts.iter().find_map(|fact| match fact {
            Fact::Ledger { event: LedgerEvent::Reserved(held) } => Some(held.reservation.0),
            _ => None,
        });
        let before = first.unwrap_or(1) - 1;
        let its_own = |id: &ReservationId| ReservationId(id.0 - before + *reserved);
        let facts = self.facts.iter().map(|fact| changed(fact.clone(), task, its_own)).collect();
        *reserved += self.reservations;
        facts
    }
}

fn is_reserved(fact: &Fact) -> bool {
    matches!(fact, Fact::Ledger { event: LedgerEvent::Reserved(_) })
}

/// The same fact of another task.
fn changed(mut fact: Fact, its: TaskId, money: impl Fn(&ReservationId) -> ReservationId) -> Fact {
    match &mut fact {
        Fact::Task { task, .. } => *task = its,
        Fact::Attempt { attempt, .. }
        | Fact::Policy { attempt, .. }
        | Fact::Egress { attempt, .. }
        | Fact::Proposal { attempt, .. } => *attempt = AttemptId { task: its, ..*attempt },
        Fact::Step { attempt, event, .. } => {
            *attempt = AttemptId { task: its, ..*attempt };
            if let StepEvent::Intent { reservation: Some(id), .. } = event {
                *id = money(id);
            }
        }
        Fact::Ledger {
            event:
                LedgerEvent::Reserved(Held { reservation, .. })
                | LedgerEvent::Settled { reservation, .. }
                | LedgerEvent::Released { reservation, .. },
        } => *reservation = money(reservation),
        Fact::Ledger { .. }
        | Fact::Journal { .. }
        | Fact::Repository { .. }
        | Fact::People { .. }
        | Fact::Deed { .. } => {}
    }
    fact
}

#[cfg(test)]
mod tests {
    use tenfold_domain::{AccountId, EffectKind, NanoUsd, Spend, StepId, Timestamp};

    use super::*;

    /// What one task asked a model, for which these reservations were made.
    fn facts(number: u64, reservations: [u64; 2]) -> Vec<Fact> {
        let attempt = AttemptId { task: TaskId::new(number).unwrap(), number: 1 };
        let of = |(step, id): (u32, u64)| {
            let (kind, reservation) = (EffectKind::Model, ReservationId(id));
            let intent =
                StepEvent::Intent { kind, request: "?".into(), reservation: Some(reservation) };
            let held = Held {
                reservation,
                account: AccountId::DEFAULT,
                amount: Spend::of_money(NanoUsd(5)),
                at: Timestamp(1),
                model: None,
                spender: None,
                gifts: Vec::new(),
            };
            let (bill, at) = (Vec::new(), Timestamp(1));
            [
                Fact::Ledger { event: LedgerEvent::Reserved(held) },
                Fact::Step { attempt, step: StepId(step), event: intent },
                Fact::Ledger { event: LedgerEvent::Settled { reservation, bill, at } },
            ]
        };
        (1..).zip(reservations).flat_map(of).collect()
    }

    #[test]
    fn each_that_is_like_it_has_money_of_its_own() {
        let pattern = Pattern { facts: facts(2, [7, 8]), reservations: 2 };
        let mut reserved = 8;
        for (number, its) in [(3, [9, 10]), (4, [11, 12])] {
            let task = TaskId::new(number).unwrap();
            assert_eq!(pattern.of(task, &mut reserved), facts(number, its));
        }
    }
}
