//! An attempt as the journal has it: how its machine's events are written there, and how they
//! are read back, for going on with it and for replaying it. Nothing here decides anything.

use serde_json::Value;
use tenfold_agent::{self as agent, Agent, Machine};
use tenfold_domain::{
    AttemptEvent, AttemptId, AttemptOutcome, Basis, Export, Fact, NanoUsd, Spend, StepEvent,
    StepId, Strategy,
};
use tenfold_store::{About, EventQuery, Store, View};

use crate::EngineError;
use crate::engine::Engine;
use crate::inference::Bill;

impl Engine {
    /// The machine as its recorded events leave it.
    pub(crate) async fn recover(&self, attempt: AttemptId) -> Result<Agent, EngineError> {
        let machine = fold(&self.store, attempt)?;
        let facts = vec![Fact::Attempt { attempt, event: AttemptEvent::Resumed }];
        self.close_open(attempt, facts).await?;
        Ok(machine)
    }

    /// Ends an attempt that nobody works on, because another takes its place.
    pub(crate) async fn set_aside(&self, attempt: AttemptId) -> Result<(), EngineError> {
        self.end_outlived(attempt).await?;
        let note = "Set aside: the person began a new attempt.".to_owned();
        let event = AttemptEvent::Ended { outcome: AttemptOutcome::Stopped, note };
        self.close_open(attempt, vec![Fact::Attempt { attempt, event }]).await
    }

    /// Closes the steps that were under way when an engine died, and records facts after that.
    /// Calls may have been made, so their reservations count as spent.
    pub(crate) async fn close_open(
        &self,
        attempt: AttemptId,
        facts: Vec<Fact>,
    ) -> Result<(), EngineError> {
        let mut open = Vec::new();
        let model = self.store.view()?.attempt(attempt)?.map_or_else(String::new, |row| row.model);
        for event in self.store.view()?.each_event(EventQuery::from(About::Attempt(attempt))) {
            match event?.fact {
                Fact::Step { step, event: StepEvent::Intent { reservation, .. }, .. } => {
                    open.push((step, reservation));
                }
                Fact::Step { step, .. } => open.retain(|(known, _)| *known != step),
                _ => {}
            }
        }
        for (step, reservation) in open {
            let known = match reservation {
                Some(id) => self.books.bill(id).await,
                None => (Spend::NONE, Basis::Told),
            };
            let why = "interrupted; what it may have cost is counted as spent".to_owned();
            let event = StepEvent::Failed { why, cost: known.0.money };
            let fact = Fact::Step { attempt, step, event };
            let bill = reservation.map(|reservation| Bill::cut(known, reservation));
            let bills = bill.into_iter().collect();
            self.settle(&model, bills, vec![fact]).await?;
        }
        if !facts.is_empty() {
            self.store.append_async(facts).await?;
        }
        Ok(())
    }
}

/// Folds an attempt's recorded events, as it is to go on: if it was ended from outside, at a
/// limit, it stands where it stood then.
pub(crate) fn fold(store: &Store, attempt: AttemptId) -> Result<Agent, EngineError> {
    let view = store.view()?;
    has_steps(&view, attempt, "go on from")?;
    let strategy = strategy(&view, attempt)?;
    let mut machine: Option<Agent> = None;
    for event in view.each_event(EventQuery::from(About::Attempt(attempt))) {
        let Fact::Attempt { event: AttemptEvent::Advanced { change }, .. } = event?.fact else {
            continue;
        };
        let event = read_event(attempt, strategy, change)?;
        match &mut machine {
            None => machine = event.setup().map(Agent::new),
            Some(_) if event.ends() => {}
            Some(machine) => machine.evolve(&event),
        }
    }
    machine.ok_or_else(|| EngineError::Record {
        attempt: attempt.to_string(),
        why: "its first event is missing".to_owned(),
    })
}

/// An attempt's steps have to be in the journal for what is done with them.
pub(crate) fn has_steps(
    view: &View,
    attempt: AttemptId,
    verb: &'static str,
) -> Result<(), EngineError> {
    match view.attempt(attempt)?.and_then(|row| row.steps_dropped) {
        Some(Export { name: file, .. }) => Err(EngineError::StepsDropped { attempt, verb, file }),
        None => Ok(()),
    }
}

/// By which strategy an attempt works.
pub(crate) fn strategy(view: &View, attempt: AttemptId) -> Result<Strategy, EngineError> {
    agent(view, attempt).map(|(_, strategy)| strategy)
}

/// With which model an attempt works, and how.
pub(crate) fn agent(view: &View, attempt: AttemptId) -> Result<(String, Strategy), EngineError> {
    let row = view.attempt(attempt)?;
    row.map(|row| (row.model, row.strategy)).ok_or(EngineError::NoTask(attempt.task))
}

/// How often a request may have been paid for, since its attempt last ended, without that its
/// answer was seen.
pub(crate) fn paid_in_vain(
    view: &View,
    attempt: AttemptId,
    request: StepId,
) -> Result<u32, EngineError> {
    let mut times = 0;
    for event in view.each_event(About::Attempt(attempt).into()) {
        match event?.fact {
            Fact::Step { step, event: StepEvent::Failed { cost, .. }, .. } if step == request => {
                times += u32::from(cost > NanoUsd::ZERO);
            }
            Fact::Attempt { event: AttemptEvent::Ended { .. }, .. } => times = 0,
            _ => {}
        }
    }
    Ok(times)
}

/// An event of an attempt, in the form that its strategy gave it.
pub(crate) fn read_event(
    attempt: AttemptId,
    strategy: Strategy,
    value: Value,
) -> Result<agent::Event, EngineError> {
    agent::Event::read(strategy, value)
        .map_err(|e| EngineError::Record { attempt: attempt.to_string(), why: e.to_string() })
}

/// A record of an attempt, in the form that its strategy gave it.
pub(crate) fn read<T: serde::de::DeserializeOwned>(
    attempt: AttemptId,
    value: Value,
) -> Result<T, EngineError> {
    serde_json::from_value(value)
        .map_err(|e| EngineError::Record { attempt: attempt.to_string(), why: e.to_string() })
}

/// The facts that a machine's events are recorded as.
pub(crate) fn advanced(attempt: AttemptId, events: &[agent::Event]) -> Vec<Fact> {
    events
        .iter()
        .map(|event| Fact::Attempt {
            attempt,
            event: AttemptEvent::Advanced { change: value(event) },
        })
        .collect()
}

/// The JSON of what is ours to serialise: its maps have text keys, so it never fails.
pub(crate) fn value(of: &impl serde::Serialize) -> Value {
    serde_json::to_value(of).unwrap_or(Value::Null)
}
