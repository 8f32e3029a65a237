//! A conversation as it is told to who traces, if they were asked to: messages of parts, as
//! OpenTelemetry's conventions for generative AI have them. Images are named, and left out.

use serde_json::{Value, json};

use super::talk::{Part, Said, Talk, arguments};

/// The longest text of a message that is told whole, in bytes; of a longer one it is the beginning.
const TEXT_BYTES: usize = 16 << 10;
/// The most that is told of a talk, in bytes: its beginning and its newest. Thousands of them may
/// wait for a slow collector.
const TALK_BYTES: usize = 64 << 10;

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
                let is_long = call.arguments.len() > TEXT_BYTES;
                let arguments =
                    if is_long { text(&call.arguments) } else { arguments(&call.arguments) };
                json!({ "type": "tool_call", "id": id, "name": name, "arguments": arguments })
            });
            message("assistant", words.into_iter().chain(calls).collect())
        }
        Said::Tool { call, parts, .. } => {
            let texts = parts.iter().filter_map(|part| match part {
                Part::Text(text) => Some(text.as_str()),
                Part::Picture(_) | Part::Image { .. } => None,
            });
            let response = cut(&texts.collect::<Vec<_>>().join("\n"));
            let response =
                json!({ "type": "tool_call_response", "id": call, "response": response });
            message("tool", vec![response])
        }
    });
    bounded(instructions.into_iter().chain(said).collect())
}

/// The messages as one text; of very many the first and the newest.
fn bounded(messages: Vec<Value>) -> String {
    let bytes = |message: &Value| message.to_string().len();
    let mut left = TALK_BYTES.saturating_sub(messages.first().map_or(0, bytes));
    let newest = messages.iter().skip(1).rev().take_while(|message| {
        let bytes = bytes(message);
        let fits = bytes <= left;
        left = left.saturating_sub(bytes);
        fits
    });
    let kept = newest.count();
    let out = messages.len().saturating_sub(1 + kept);
    if out == 0 {
        return Value::from(messages).to_string();
    }
    let first = messages.first().cloned();
    let note = message("system", vec![text(&format!("({out} messages are left out here)"))]);
    let newest = messages.into_iter().skip(1 + out);
    Value::from_iter(first.into_iter().chain([note]).chain(newest)).to_string()
}

/// The beginning of a long text.
fn cut(text: &str) -> String {
    let end = text.floor_char_boundary(TEXT_BYTES);
    match text.len() - end {
        0 => text.to_owned(),
        more => format!("{}… ({more} bytes more)", &text[..end]),
    }
}

fn message(role: &str, parts: Vec<Value>) -> Value {
    json!({ "role": role, "parts": parts })
}

fn text(text: &str) -> Value {
    json!({ "type": "text", "content": cut(text) })
}

fn part(part: &Part) -> Value {
    match part {
        Part::Text(words) => text(words),
        Part::Picture(_) | Part::Image { .. } => text("(an image)"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn talk(texts: &[String]) -> Talk {
        let said = texts.iter().map(|text| Said::Person(vec![Part::Text(text.clone())]));
        Talk { instructions: "be brief".to_owned(), said: said.collect(), ..Talk::default() }
    }

    fn contents(told: &str) -> Vec<String> {
        let told: Value = serde_json::from_str(told).unwrap();
        let content = |one: &Value| one["parts"][0]["content"].as_str().unwrap().to_owned();
        told.as_array().unwrap().iter().map(content).collect()
    }

    #[test]
    fn of_a_long_talk_the_beginning_and_the_newest_are_told() {
        let short = contents(&told(&talk(&["one".to_owned(), "two".to_owned()])));
        assert_eq!(short, ["be brief", "one", "two"]);
        let texts: Vec<String> = (0..100).map(|n| format!("{n} {}", "x".repeat(10_000))).collect();
        let all = told(&talk(&texts));
        assert!(all.len() < TALK_BYTES + 200, "{}", all.len());
        let all = contents(&all);
        assert_eq!(all[..2], ["be brief", "(94 messages are left out here)"]);
        assert!(all[2].starts_with("94 ") && all.last().unwrap().starts_with("99 "));
        // A single one is bounded, too, and cut between two letters.
        let long = told(&talk(&["ü".repeat(1_000_000)]));
        assert!(long.len() < 2 * TEXT_BYTES && long.contains("bytes more"));
    }
}
