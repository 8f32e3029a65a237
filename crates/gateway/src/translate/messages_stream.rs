//! Anthropic's messages as a stream: each block has a start, deltas and a stop.

use serde_json::{Value, json};

use super::messages::{message, reason, stop, usage};
use super::talk::{Head, Piece, Stop, Used, string};
use crate::sse::event;

/// Reads an event.
pub(super) fn read(data: &Value) -> Vec<Piece> {
    let delta = &data["delta"];
    let text = |piece: fn(String) -> Piece, text: &Value| {
        let text = string(text);
        if text.is_empty() { Vec::new() } else { vec![piece(text)] }
    };
    match (data["type"].as_str(), delta["type"].as_str()) {
        (Some("content_block_start"), _) => {
            let block = &data["content_block"];
            match block["type"].as_str() {
                Some("tool_use") => {
                    vec![Piece::Call { id: string(&block["id"]), name: string(&block["name"]) }]
                }
                Some("text") => text(Piece::Text, &block["text"]),
                _ => Vec::new(),
            }
        }
        (_, Some("text_delta")) => text(Piece::Text, &delta["text"]),
        (_, Some("thinking_delta")) => text(Piece::Thought, &delta["thinking"]),
        (_, Some("input_json_delta")) => text(Piece::Arguments, &delta["partial_json"]),
        (Some("message_delta"), _) if delta["stop_reason"].is_string() => {
            vec![Piece::Stop(stop(&delta["stop_reason"]))]
        }
        (Some("error"), _) => vec![Piece::Failed(string(&data["error"]["message"]))],
        _ => Vec::new(),
    }
}

/// Writes events.
#[derive(Debug)]
pub(super) struct Writer {
    head: Head,
    /// Which block is open, and its number.
    open: Option<&'static str>,
    place: u64,
}

impl Writer {
    pub(super) const fn new(head: Head) -> Self {
        Self { head, open: None, place: 0 }
    }

    pub(super) fn begin(&self) -> String {
        let start = json!({
            "type": "message_start", "message": message(&self.head, &Used::default()),
        });
        event(Some("message_start"), &start.to_string())
    }

    pub(super) fn piece(&mut self, piece: &Piece) -> String {
        match piece {
            Piece::Thought(text) => {
                let empty = json!({ "type": "thinking", "thinking": "", "signature": "" });
                let delta = json!({ "type": "thinking_delta", "thinking": text });
                self.fill("thinking", &empty, &delta)
            }
            Piece::Text(text) => {
                let empty = json!({ "type": "text", "text": "" });
                self.fill("text", &empty, &json!({ "type": "text_delta", "text": text }))
            }
            Piece::Call { id, name } => {
                let empty = json!({ "type": "tool_use", "id": id, "name": name, "input": {} });
                self.close() + &self.start("tool_use", &empty)
            }
            Piece::Arguments(text) => {
                self.delta(&json!({ "type": "input_json_delta", "partial_json": text }))
            }
            Piece::Stop(_) | Piece::Failed(_) => String::new(),
        }
    }

    pub(super) fn end(&mut self, stop: Stop, used: &Used) -> String {
        let delta = json!({
            "type": "message_delta",
            "delta": { "stop_reason": reason(stop), "stop_sequence": null },
            "usage": usage(used),
        });
        let stop = json!({ "type": "message_stop" });
        self.close()
            + &event(Some("message_delta"), &delta.to_string())
            + &event(Some("message_stop"), &stop.to_string())
    }

    /// A delta of a block of this kind, which is begun if none is open.
    fn fill(&mut self, kind: &'static str, empty: &Value, delta: &Value) -> String {
        let mut text = String::new();
        if self.open != Some(kind) {
            text = self.close() + &self.start(kind, empty);
        }
        text + &self.delta(delta)
    }

    fn start(&mut self, kind: &'static str, empty: &Value) -> String {
        self.open = Some(kind);
        let start = json!({
            "type": "content_block_start", "index": self.place, "content_block": empty,
        });
        event(Some("content_block_start"), &start.to_string())
    }

    fn delta(&self, delta: &Value) -> String {
        let delta = json!({ "type": "content_block_delta", "index": self.place, "delta": delta });
        event(Some("content_block_delta"), &delta.to_string())
    }

    fn close(&mut self) -> String {
        if self.open.take().is_none() {
            return String::new();
        }
        let stop = json!({ "type": "content_block_stop", "index": self.place });
        self.place += 1;
        event(Some("content_block_stop"), &stop.to_string())
    }
}
