//! OpenAI's responses as a stream: an item is added, filled by deltas, and done; the last event
//! holds the whole answer once more.

use serde_json::{Value, json};

use super::responses::{
    call_id, custom_input, ended, function_call, message, response, stop, thought,
};
use super::talk::{Call, Head, Piece, Stop, Used, string};
use crate::sse::event;

/// Reads events.
#[derive(Debug, Default)]
pub(super) struct Reader {
    has_calls: bool,
}

impl Reader {
    pub(super) fn read(&mut self, data: &Value) -> Vec<Piece> {
        let delta = || string(&data["delta"]);
        match data["type"].as_str() {
            Some("response.output_text.delta") => vec![Piece::Text(delta())],
            Some("response.refusal.delta") => {
                vec![Piece::Text(delta()), Piece::Stop(Stop::Refused)]
            }
            Some("response.reasoning_summary_text.delta" | "response.reasoning_text.delta") => {
                vec![Piece::Thought(delta())]
            }
            Some("response.output_item.added") => {
                let item = &data["item"];
                if item["type"] != "function_call" {
                    return Vec::new();
                }
                self.has_calls = true;
                vec![Piece::Call { id: string(&item["call_id"]), name: string(&item["name"]) }]
            }
            Some("response.function_call_arguments.delta") => vec![Piece::Arguments(delta())],
            Some("response.completed" | "response.incomplete") => {
                vec![Piece::Stop(stop(&data["response"], self.has_calls))]
            }
            Some("response.failed") => {
                vec![Piece::Failed(string(&data["response"]["error"]["message"]))]
            }
            Some("error") => vec![Piece::Failed(string(&data["message"]))],
            _ => Vec::new(),
        }
    }
}

/// Writes events.
#[derive(Debug)]
pub(super) struct Writer {
    head: Head,
    said: u64,
    /// What is done.
    output: Vec<Value>,
    open: Option<Open>,
}

/// The item that is being filled.
#[derive(Debug)]
enum Open {
    Thought(String),
    Text(String),
    Call(Call),
}

impl Writer {
    pub(super) const fn new(head: Head) -> Self {
        Self { head, said: 0, output: Vec::new(), open: None }
    }

    pub(super) fn begin(&mut self) -> String {
        let begun = json!({ "response": response(&self.head, "in_progress") });
        self.say("response.created", begun.clone()) + &self.say("response.in_progress", begun)
    }

    pub(super) fn piece(&mut self, piece: &Piece) -> String {
        match piece {
            Piece::Thought(more) => self.think(more),
            Piece::Text(more) => self.write(more),
            Piece::Call { id, name } => {
                let closed = self.close();
                let call = Call { id: id.clone(), name: name.clone(), arguments: String::new() };
                let item = function_call(&self.head, self.output.len(), &call, "in_progress");
                self.open = Some(Open::Call(call));
                closed + &self.item("response.output_item.added", item)
            }
            Piece::Arguments(more) => {
                if let Some(Open::Call(call)) = &mut self.open {
                    call.arguments.push_str(more);
                    if self.head.custom.contains(&call.name) {
                        // Its text is in there, and is told once it is whole.
                        return String::new();
                    }
                }
                let id = call_id(&self.head, self.output.len());
                let delta = self.at(&id, &[("delta", more.as_str().into())]);
                self.say("response.function_call_arguments.delta", delta)
            }
            Piece::Stop(_) | Piece::Failed(_) => String::new(),
        }
    }

    pub(super) fn end(&mut self, stop: Stop, used: &Used) -> String {
        let closed = self.close();
        let whole = ended(&self.head, std::mem::take(&mut self.output), stop, used);
        let name = match whole["status"] == "completed" {
            true => "response.completed",
            false => "response.incomplete",
        };
        closed + &self.say(name, json!({ "response": whole }))
    }

    pub(super) fn failed(&mut self, why: &str) -> String {
        let mut failed = response(&self.head, "failed");
        failed["error"] = json!({ "code": "server_error", "message": why });
        self.say("response.failed", json!({ "response": failed }))
    }

    fn think(&mut self, more: &str) -> String {
        let mut text = String::new();
        if !matches!(self.open, Some(Open::Thought(_))) {
            text = self.close();
            self.open = Some(Open::Thought(String::new()));
            let mut item = thought(&self.head, self.output.len(), "");
            item["summary"] = json!([]);
            text.push_str(&self.item("response.output_item.added", item));
            let id = self.thought_id();
            let part = json!({ "type": "summary_text", "text": "" });
            let part = self.at(&id, &[("summary_index", 0.into()), ("part", part)]);
            text.push_str(&self.say("response.reasoning_summary_part.added", part));
        }
        if let Some(Open::Thought(all)) = &mut self.open {
            all.push_str(more);
        }
        let delta = [("summary_index", 0.into()), ("delta", more.into())];
        let delta = self.at(&self.thought_id(), &delta);
        text + &self.say("response.reasoning_summary_text.delta", delta)
    }

    fn write(&mut self, more: &str) -> String {
        let mut text = String::new();
        if !matches!(self.open, Some(Open::Text(_))) {
            text = self.close();
            self.open = Some(Open::Text(String::new()));
            let item = message(&self.head, self.output.len(), None);
            text.push_str(&self.item("response.output_item.added", item));
            let part = json!({ "type": "output_text", "annotations": [], "text": "" });
            let part = self.at(&self.message_id(), &[("content_index", 0.into()), ("part", part)]);
            text.push_str(&self.say("response.content_part.added", part));
        }
        if let Some(Open::Text(all)) = &mut self.open {
            all.push_str(more);
        }
        let delta = [("content_index", 0.into()), ("delta", more.into()), ("logprobs", json!([]))];
        let delta = self.at(&self.message_id(), &delta);
        text + &self.say("response.output_text.delta", delta)
    }

    /// Ends the item that is open.
    fn close(&mut self) -> String {
        let place = self.output.len();
        let (mut text, item) = match self.open.take() {
            None => return String::new(),
            Some(Open::Thought(all)) => {
                let part = json!({ "type": "summary_text", "text": all });
                let id = self.thought_id();
                let done =
                    self.at(&id, &[("summary_index", 0.into()), ("text", all.as_str().into())]);
                let part = self.at(&id, &[("summary_index", 0.into()), ("part", part)]);
                let text = self.say("response.reasoning_summary_text.done", done)
                    + &self.say("response.reasoning_summary_part.done", part);
                (text, thought(&self.head, place, &all))
            }
            Some(Open::Text(all)) => {
                let part = json!({ "type": "output_text", "annotations": [], "text": all });
                let id = self.message_id();
                let done = [
                    ("content_index", 0.into()),
                    ("text", all.as_str().into()),
                    ("logprobs", json!([])),
                ];
                let done = self.at(&id, &done);
                let part = self.at(&id, &[("content_index", 0.into()), ("part", part)]);
                let text = self.say("response.output_text.done", done)
                    + &self.say("response.content_part.done", part);
                (text, message(&self.head, place, Some(&all)))
            }
            Some(Open::Call(call)) if self.head.custom.contains(&call.name) => {
                let (id, input) = (call_id(&self.head, place), custom_input(&call));
                let delta = self.at(&id, &[("delta", input.as_str().into())]);
                let done = self.at(&id, &[("input", input.as_str().into())]);
                let text = self.say("response.custom_tool_call_input.delta", delta)
                    + &self.say("response.custom_tool_call_input.done", done);
                (text, function_call(&self.head, place, &call, "completed"))
            }
            Some(Open::Call(call)) => {
                let id = call_id(&self.head, place);
                let name = ("name", call.name.as_str().into());
                let done = self.at(&id, &[name, ("arguments", call.arguments.as_str().into())]);
                let text = self.say("response.function_call_arguments.done", done);
                (text, function_call(&self.head, place, &call, "completed"))
            }
        };
        text.push_str(&self.item("response.output_item.done", item.clone()));
        self.output.push(item);
        text
    }

    fn message_id(&self) -> String {
        format!("msg_{}_{}", self.head.id, self.output.len())
    }

    fn thought_id(&self) -> String {
        format!("rs_{}_{}", self.head.id, self.output.len())
    }

    /// What is said of the item at hand.
    fn at(&self, id: &str, more: &[(&str, Value)]) -> Value {
        let mut data = json!({ "item_id": id, "output_index": self.output.len() });
        for (name, value) in more {
            data[*name] = value.clone();
        }
        data
    }

    fn item(&mut self, name: &str, item: Value) -> String {
        let data = json!({ "output_index": self.output.len(), "item": item });
        self.say(name, data)
    }

    fn say(&mut self, name: &str, mut data: Value) -> String {
        data["type"] = name.into();
        data["sequence_number"] = self.said.into();
        self.said += 1;
        event(Some(name), &data.to_string())
    }
}
