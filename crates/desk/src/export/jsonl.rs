//! The journal's events, one JSON object a line. docs/export.md says what a line holds.

use serde::Serialize;
use serde_json::{Map, Value};
use tenfold_domain::{AttemptId, Event, Fact, StepId, TaskId};
use tenfold_store::About;

use super::{Export, leaving};
use crate::DeskError;
use crate::plain::visible;

/// The form of a line. It is raised when a field goes or means something else, not when one
/// comes.
const VERSION: u32 = 1;

/// What is not said once more in the body.
const APART: [&str; 5] = ["noun", "event", "task", "attempt", "step"];

#[derive(Serialize)]
struct Line {
    v: u32,
    seq: u64,
    time: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    task: Option<TaskId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    attempt: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    step: Option<StepId>,
    noun: String,
    event: String,
    body: Value,
}

/// Tells all events of a task or an attempt, line by line.
pub(super) fn lines<E: From<DeskError>>(
    Export { house, view, note }: &mut Export<'_>,
    about: About,
    mut put: impl FnMut(String) -> Result<(), E>,
) -> Result<(), E> {
    for event in view.each_event(about.into()) {
        let event = event.map_err(DeskError::from)?;
        let whole = match tenfold_engine::resolved(view, &house.places, event.clone()) {
            Ok(whole) => whole,
            Err(error) => {
                let (seq, why) = (event.seq.0, visible(&error.to_string()));
                note(&format!(
                    "event {seq} only names the files that were read, because they can't be read \
                     any more: {why}"
                ));
                event
            }
        };
        put(leaving::line(&line(&whole)?)?)?;
    }
    Ok(())
}

/// An event, with what every event has apart from what is its own.
fn line(event: &Event) -> Result<Line, DeskError> {
    let mut body = match leaving::value(&event.fact)? {
        Value::Object(body) => body,
        other => Map::from_iter([("value".to_owned(), other)]),
    };
    let word = |key: &str| body.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
    let (noun, name) = (word("noun"), word("event"));
    body.retain(|key, _| !APART.contains(&key.as_str()));
    let step = match &event.fact {
        Fact::Step { step, .. } => Some(*step),
        _ => None,
    };
    Ok(Line {
        v: VERSION,
        seq: event.seq.0,
        time: leaving::moment(event.at),
        task: event.fact.task(),
        attempt: event.fact.attempt().map(|attempt: AttemptId| attempt.to_string()),
        step,
        noun,
        event: name,
        body: Value::Object(body),
    })
}

#[cfg(test)]
mod tests {
    use tenfold_domain::{NanoUsd, Seq, StepEvent, Timestamp};

    use super::*;

    #[test]
    fn a_line_has_the_documented_form() {
        let event = StepEvent::Failed { why: "gone".into(), cost: NanoUsd(5) };
        let fact = Fact::Step { attempt: "3.1".parse().unwrap(), step: StepId(2), event };
        let event = Event { seq: Seq(9), at: Timestamp(1_000), fact };
        let value = serde_json::to_value(line(&event).unwrap()).unwrap();
        let expected = serde_json::json!({
            "v": 1, "seq": 9, "time": "1970-01-01T00:00:01.000Z", "task": 3, "attempt": "3.1",
            "step": 2, "noun": "step", "event": "failed", "body": { "why": "gone", "cost": 5 },
        });
        assert_eq!(value, expected);
    }
}
