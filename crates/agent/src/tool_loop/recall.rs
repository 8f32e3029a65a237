//! Reading back what was left out of the conversation: everything that was said is in the
//! state, so it is only looked up.

use std::fmt::Write;

use serde_json::Value;
use tenfold_domain::{Said, ToolCall};

use super::state::ToolLoop;
use super::words;

/// Lines that are shown of a search, at the most.
const LINES: usize = 40;
/// The longest line of a list or of a search, in characters.
const WIDTH: usize = 200;

/// A turn of the model, with what came of its calls.
struct Past<'s> {
    /// Its number, from one.
    number: usize,
    text: &'s str,
    calls: &'s [ToolCall],
    /// What came of its calls: the call, and what it returned.
    results: Vec<(&'s str, &'s str)>,
}

/// What the model is told when it recalls: a turn, where a text occurred, or which turns there
/// were.
pub(super) fn recall(state: &ToolLoop, call: &ToolCall) -> String {
    let past = past(state);
    let most = state.setup.memory / 4;
    let turn = call.arguments.get("turn").and_then(Value::as_u64);
    let text = call.arguments.get("text").and_then(Value::as_str).map(str::trim);
    match (turn, text.filter(|text| !text.is_empty())) {
        (Some(turn), _) => match past.iter().find(|past| past.number as u64 == turn) {
            Some(past) => words::cut(&whole(past), most, ""),
            None => format!("Turn {turn} is not left out; {}.", span(&past)),
        },
        (None, Some(text)) => words::cut(&found(&past, text), most, ""),
        (None, None) => words::cut(&listed(&past), most, ""),
    }
}

/// The turns that are not repeated to the model any more.
fn past(state: &ToolLoop) -> Vec<Past<'_>> {
    let mut past: Vec<Past<'_>> = Vec::new();
    for said in &state.said[..state.forgot.min(state.said.len())] {
        match &**said {
            Said::Model { text, calls } => {
                let number = past.len() + 1;
                past.push(Past { number, text, calls, results: Vec::new() });
            }
            Said::Tool { call, text } => {
                if let Some(last) = past.last_mut() {
                    last.results.push((call, words::without_limits(text)));
                }
            }
            // What the person said is never left out.
            Said::Person { .. } => {}
        }
    }
    past
}

fn whole(past: &Past<'_>) -> String {
    let mut text = format!("Turn {}. {}", past.number, past.text.trim());
    for call in past.calls {
        let _ = write!(text, "\nYou called {} {}", call.name, call.arguments);
        for (_, result) in past.results.iter().filter(|(id, _)| *id == call.id) {
            let _ = write!(text, "\nIt returned:\n{result}");
        }
    }
    text
}

fn found(past: &[Past<'_>], text: &str) -> String {
    let wanted = text.to_lowercase();
    let lines = past.iter().flat_map(|past| {
        let number = past.number;
        whole(past).lines().map(move |line| (number, line.to_owned())).collect::<Vec<_>>()
    });
    let mut told = String::new();
    let mut hits = 0;
    for (number, line) in lines.filter(|(_, line)| line.to_lowercase().contains(&wanted)) {
        hits += 1;
        if hits <= LINES {
            let line: String = line.trim().chars().take(WIDTH).collect();
            let _ = writeln!(told, "turn {number}: {line}");
        }
    }
    match hits {
        0 => format!("'{text}' does not occur in what is left out; {}.", span(past)),
        hits if hits > LINES => format!("{told}(and {} lines more)", hits - LINES),
        _ => told.trim_end().to_owned(),
    }
}

fn listed(past: &[Past<'_>]) -> String {
    let mut told = String::new();
    for past in past {
        let calls: Vec<String> =
            past.calls.iter().map(|call| format!("{} {}", call.name, call.arguments)).collect();
        let line: String = calls.join("; ").chars().take(WIDTH).collect();
        let _ = writeln!(told, "turn {}: {line}", past.number);
    }
    match told.is_empty() {
        true => "Nothing is left out yet.".to_owned(),
        false => told.trim_end().to_owned(),
    }
}

fn span(past: &[Past<'_>]) -> String {
    match past.len() {
        0 => "nothing is left out yet".to_owned(),
        turns => format!("turns 1 to {turns} are"),
    }
}
