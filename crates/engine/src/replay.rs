//! Replaying an attempt: the recorded replies go through the machine again, and what it
//! decides is held against what it decided then.

use serde::Serialize;
use serde_json::Value;
use tenfold_agent::effect::{Input, Reply};
use tenfold_agent::{Agent, Event, Machine};
use tenfold_domain::{AttemptEvent, AttemptId, Fact, Millis, NanoUsd, StepEvent, StepId, Strategy};
use tenfold_store::{About, EventQuery, View};

use crate::reading::{if_removed, whole};
use crate::recovery::{has_steps, read, read_event, strategy};
use crate::{EngineError, Places};

/// What a replay found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ReplayReport {
    /// Replies that went through the machine.
    pub replies: u32,
    /// Events that were recorded.
    pub recorded: u32,
    /// Events that came out the same, to the letter, before the first that did not.
    pub same: u32,
    /// The first difference, if there is one.
    pub difference: Option<String>,
}

impl ReplayReport {
    /// Whether the machine decided the same, all through.
    pub fn agrees(&self) -> bool {
        self.difference.is_none()
    }
}

/// Replays an attempt from the journal.
///
/// # Errors
/// When the attempt is not there, or its records can't be read.
pub fn replay(
    view: &View,
    places: &Places,
    attempt: AttemptId,
) -> Result<ReplayReport, EngineError> {
    let spec = view.spec(attempt.task)?.ok_or(EngineError::NoTask(attempt.task))?;
    has_steps(view, attempt, "replay")?;
    let strategy = strategy(view, attempt)?;
    let mut expected: Vec<Value> = Vec::new();
    let mut given: Vec<Given> = Vec::new();
    // What it has taken over from another attempt, which is no decision of its own.
    let mut taken = 0;
    for event in view.each_event(EventQuery::from(About::Attempt(attempt))) {
        match event?.fact {
            Fact::Attempt { event: AttemptEvent::Forked { changes, .. }, .. } => {
                taken = changes as usize;
            }
            Fact::Attempt { event: AttemptEvent::Advanced { change }, .. } => {
                if expected.len() >= taken {
                    let event = read_event(attempt, strategy, change.clone())?;
                    given.extend(event.steered().map(Given::Steered));
                }
                expected.push(change);
            }
            // It ended at a limit, and was given more: the machine never knew.
            Fact::Attempt { event: AttemptEvent::Resumed, .. }
                if expected.last().is_some_and(|change| change["change"] == "ended") =>
            {
                expected.pop();
                // Nor did it know of a reply that it ended by, and asked for again.
                given.pop_if(|given| !given.is_settled(&expected));
            }
            // Setup is no effect of the machine's.
            Fact::Step { step, .. } if step == crate::setup::STEP => {}
            Fact::Step { step, event: StepEvent::Result { reply, .. }, .. } => {
                given.push(Given::Reply(step, reply));
            }
            _ => {}
        }
    }
    let settled = settled(attempt, strategy, &expected)?;
    let began = read_event(attempt, strategy, expected.first().cloned().unwrap_or_default())?;
    let Some(setup) = began.setup() else {
        let why = "its first event is another".to_owned();
        return Err(EngineError::Record { attempt: attempt.to_string(), why });
    };
    let mut machine = Agent::new(setup.clone());
    let mut decided = match taken {
        0 => Agent::begin(setup),
        taken => {
            let events = expected.iter().take(taken);
            events
                .map(|change| read_event(attempt, strategy, change.clone()))
                .collect::<Result<_, _>>()?
        }
    };
    decided.iter().for_each(|event| machine.evolve(event));
    let count = given.len() as u32;
    for given in given {
        let (step, reply) = match given {
            Given::Steered(reply) => (StepId(0), reply),
            Given::Reply(step, reply) => {
                let reply = whole(&spec, places, attempt, reply);
                (step, read(attempt, reply.map_err(|why| if_removed(view, attempt, why))?)?)
            }
        };
        let known = settled.iter().find(|(known, ..)| *known == step);
        let (elapsed, left) =
            known.map_or((Millis(0), None), |(_, elapsed, left)| (*elapsed, *left));
        let events = machine.decide(Input { step, elapsed, left, reply });
        events.iter().for_each(|event| machine.evolve(event));
        decided.extend(events);
    }
    Ok(compare(count, &expected, &decided))
}

/// What the machine was handed.
enum Given {
    /// The result of a step.
    Reply(StepId, Value),
    /// What the person said; the event that it made is its record.
    Steered(Reply),
}

impl Given {
    /// Whether these events say that its step came to an end by it.
    fn is_settled(&self, events: &[Value]) -> bool {
        let Self::Reply(step, _) = self else { return true };
        let settles = |event: &Value| event["change"] == "settled" && event["step"] == step.0;
        events.iter().rev().any(settles)
    }
}

/// When each step was settled, and what money was left: these are inputs too, and these events
/// carry them.
fn settled(
    attempt: AttemptId,
    strategy: Strategy,
    events: &[Value],
) -> Result<Vec<(StepId, Millis, Option<NanoUsd>)>, EngineError> {
    let mut settled = Vec::new();
    for event in events {
        settled.extend(read_event(attempt, strategy, event.clone())?.settled());
    }
    Ok(settled)
}

fn compare(replies: u32, expected: &[Value], decided: &[Event]) -> ReplayReport {
    let decided: Vec<Value> =
        decided.iter().map(|event| serde_json::to_value(event).unwrap_or_default()).collect();
    // An attempt that was stopped from outside has its last events from there.
    let same = expected.iter().zip(&decided).take_while(|(a, b)| a == b).count();
    let difference = (same < decided.len()).then(|| {
        let kind = |value: Option<&Value>| {
            value.and_then(|v| v["change"].as_str()).unwrap_or("nothing").to_owned()
        };
        format!(
            "event {} was `{}`, and is `{}` now",
            same + 1,
            kind(expected.get(same)),
            kind(decided.get(same))
        )
    });
    ReplayReport { replies, recorded: expected.len() as u32, same: same as u32, difference }
}
