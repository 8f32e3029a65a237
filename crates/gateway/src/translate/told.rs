//! A conversation as it is told to who traces, if they were asked to: messages of parts, as
//! OpenTelemetry's conventions for generative AI have them. Images are named, and left out.

use serde_json::{Value, json};

use super::talk::{Part, Said, Talk, arguments};

/// What is said, in JSON.
pub(crate) fn told(talk: &Talk) -> String {
    let instructions =
        (!talk.instructions.is_empty()).then(|| message("system", vec![text(&talk.instructions)]));
    let said = talk.said.iter().map(|said| match said {
        Said::Person(parts) => message("user", parts.iter().map(part).collect()),
        Said::Model { text: words, calls } => {
            let words = (!words.is_empty()).then(|| text(words));
            let calls = calls.iter().map(|call| {
                let (id, name) = (&call.id, &call.name);
                let arguments = arguments(&call.arguments);
                json!({ "type": "tool_call", "id": id, "name": name, "arguments": arguments })
            });
            message("assistant", words.into_iter().chain(calls).collect())
        }
        Said::Tool { call, parts, .. } => {
            let texts = parts.iter().filter_map(|part| match part {
                Part::Text(text) => Some(text.as_str()),
                Part::Picture(_) | Part::Image { .. } => None,
            });
            let response = texts.collect::<Vec<_>>().join("\n");
            let response =
                json!({ "type": "tool_call_response", "id": call, "response": response });
            message("tool", vec![response])
        }
    });
    Value::from_iter(instructions.into_iter().chain(said)).to_string()
}

fn message(role: &str, parts: Vec<Value>) -> Value {
    json!({ "role": role, "parts": parts })
}

fn text(text: &str) -> Value {
    json!({ "type": "text", "content": text })
}

fn part(part: &Part) -> Value {
    match part {
        Part::Text(words) => text(words),
        Part::Picture(_) | Part::Image { .. } => text("(an image)"),
    }
}
