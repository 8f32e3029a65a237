//! OpenAI's chat completions as a stream: chunks without names, each with what is new.

use serde_json::{Value, json};

use super::chat::{reason, stop, usage};
use super::talk::{Head, Piece, Stop, Used, items, string};
use crate::sse::event;

/// Reads chunks.
#[derive(Debug, Default)]
pub(super) struct Reader {
    /// Which call its pieces are of.
    call: Option<u64>,
}

impl Reader {
    pub(super) fn read(&mut self, chunk: &Value) -> Vec<Piece> {
        if chunk["error"].is_object() {
            return vec![Piece::Failed(string(&chunk["error"]["message"]))];
        }
        let choice = &chunk["choices"][0];
        let delta = &choice["delta"];
        let mut pieces = Vec::new();
        for name in ["reasoning_content", "reasoning"] {
            push(&mut pieces, &delta[name], Piece::Thought);
        }
        push(&mut pieces, &delta["content"], Piece::Text);
        push(&mut pieces, &delta["refusal"], Piece::Text);
        for call in items(&delta["tool_calls"]) {
            let place = call["index"].as_u64().unwrap_or(0);
            // Some number no calls, but say the id of each where it begins.
            let is_new = call["id"].as_str().is_some_and(|id| !id.is_empty());
            if self.call != Some(place) || (is_new && call["function"]["name"].is_string()) {
                self.call = Some(place);
                let (id, name) = (string(&call["id"]), string(&call["function"]["name"]));
                pieces.push(Piece::Call { id, name });
            }
            push(&mut pieces, &call["function"]["arguments"], Piece::Arguments);
        }
        if delta["refusal"].is_string() {
            pieces.push(Piece::Stop(Stop::Refused));
        }
        if choice["finish_reason"].is_string() {
            pieces.push(Piece::Stop(stop(&choice["finish_reason"])));
        }
        pieces
    }
}

fn push(pieces: &mut Vec<Piece>, text: &Value, piece: impl Fn(String) -> Piece) {
    if let Some(text) = text.as_str().filter(|text| !text.is_empty()) {
        pieces.push(piece(text.to_owned()));
    }
}

/// Writes chunks.
#[derive(Debug)]
pub(super) struct Writer {
    head: Head,
    calls: u64,
    /// Whether the client wants to be told what was used.
    says_usage: bool,
}

impl Writer {
    pub(super) const fn new(head: Head, says_usage: bool) -> Self {
        Self { head, calls: 0, says_usage }
    }

    pub(super) fn begin(&self) -> String {
        self.delta(&json!({ "role": "assistant", "content": "" }), None)
    }

    pub(super) fn piece(&mut self, piece: &Piece) -> String {
        let delta = match piece {
            Piece::Thought(text) => json!({ "reasoning_content": text }),
            Piece::Text(text) => json!({ "content": text }),
            Piece::Call { id, name } => {
                self.calls += 1;
                json!({ "tool_calls": [{
                    "index": self.calls - 1, "id": id, "type": "function",
                    "function": { "name": name, "arguments": "" },
                }] })
            }
            Piece::Arguments(text) => json!({ "tool_calls": [{
                "index": self.calls.saturating_sub(1), "function": { "arguments": text },
            }] }),
            Piece::Stop(_) | Piece::Failed(_) => return String::new(),
        };
        self.delta(&delta, None)
    }

    pub(super) fn end(&self, stop: Stop, used: &Used) -> String {
        let mut text = self.delta(&json!({}), Some(reason(stop)));
        if self.says_usage {
            let mut last = self.chunk(&json!([]));
            last["usage"] = usage(used);
            text.push_str(&event(None, &last.to_string()));
        }
        text.push_str("data: [DONE]\n\n");
        text
    }

    fn delta(&self, delta: &Value, reason: Option<&str>) -> String {
        let choices = json!([{
            "index": 0, "delta": delta, "logprobs": null, "finish_reason": reason,
        }]);
        event(None, &self.chunk(&choices).to_string())
    }

    fn chunk(&self, choices: &Value) -> Value {
        json!({
            "id": self.head.id, "object": "chat.completion.chunk", "created": self.head.created,
            "model": self.head.model, "choices": choices,
        })
    }
}
