//! The same conversation and the same answer in each of the three protocols, as a client writes
//! the one and reads the other.

use serde_json::{Value, json};

/// A protocol as its clients speak it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Client {
    Chat,
    Responses,
    Messages,
}

/// What a client understands of an answer.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Understood {
    pub(crate) text: String,
    pub(crate) calls: Vec<(String, Value)>,
    pub(crate) stop: String,
    /// Read in all, of which cached, and written.
    pub(crate) used: (u64, u64, u64),
}

const IMAGE: &str = "aGk=";

impl Client {
    pub(crate) const ALL: [Self; 3] = [Self::Chat, Self::Responses, Self::Messages];

    pub(crate) const fn path(self) -> &'static str {
        match self {
            Self::Chat => "/v1/chat/completions",
            Self::Responses => "/v1/responses",
            Self::Messages => "/v1/messages",
        }
    }

    /// A conversation with instructions, an image, a call and its answer.
    pub(crate) fn conversation(self, streamed: bool) -> Value {
        let schema = json!({ "type": "object", "properties": { "path": { "type": "string" } } });
        let mut body = match self {
            Self::Chat => json!({
                "max_completion_tokens": 77,
                "messages": [
                    { "role": "system", "content": "Be brief." },
                    { "role": "user", "content": [
                        { "type": "text", "text": "Look" },
                        { "type": "image_url",
                          "image_url": { "url": format!("data:image/png;base64,{IMAGE}") } },
                    ] },
                    { "role": "assistant", "content": "I read.", "tool_calls": [{
                        "id": "call_1", "type": "function",
                        "function": { "name": "read", "arguments": "{\"path\":\"a\"}" },
                    }] },
                    { "role": "tool", "tool_call_id": "call_1", "content": "It is a." },
                    { "role": "user", "content": "Go on" },
                ],
                "tools": [{ "type": "function", "function": {
                    "name": "read", "description": "Reads", "parameters": schema,
                } }],
            }),
            Self::Responses => json!({
                "max_output_tokens": 77, "instructions": "Be brief.",
                "input": [
                    { "role": "user", "content": [
                        { "type": "input_text", "text": "Look" },
                        { "type": "input_image",
                          "image_url": format!("data:image/png;base64,{IMAGE}") },
                    ] },
                    { "type": "message", "role": "assistant",
                      "content": [{ "type": "output_text", "text": "I read." }] },
                    { "type": "function_call", "call_id": "call_1", "name": "read",
                      "arguments": "{\"path\":\"a\"}" },
                    { "type": "function_call_output", "call_id": "call_1", "output": "It is a." },
                    { "role": "user", "content": "Go on" },
                ],
                "tools": [{ "type": "function", "name": "read", "description": "Reads",
                            "parameters": schema }],
            }),
            Self::Messages => json!({
                "max_tokens": 77, "system": [{ "type": "text", "text": "Be brief." }],
                "messages": [
                    { "role": "user", "content": [
                        { "type": "text", "text": "Look" },
                        { "type": "image", "source": {
                            "type": "base64", "media_type": "image/png", "data": IMAGE,
                        } },
                    ] },
                    { "role": "assistant", "content": [
                        { "type": "text", "text": "I read." },
                        { "type": "tool_use", "id": "call_1", "name": "read",
                          "input": { "path": "a" } },
                    ] },
                    { "role": "user", "content": [
                        { "type": "tool_result", "tool_use_id": "call_1", "content": "It is a." },
                        { "type": "text", "text": "Go on" },
                    ] },
                ],
                "tools": [{ "name": "read", "description": "Reads", "input_schema": schema }],
            }),
        };
        body["model"] = "m".into();
        body["stream"] = streamed.into();
        if self == Self::Chat && streamed {
            body["stream_options"] = json!({ "include_usage": true });
        }
        body
    }

    /// Reads an answer in one piece.
    pub(crate) fn whole(self, body: &Value) -> Understood {
        match self {
            Self::Chat => {
                let choice = &body["choices"][0];
                let calls = choice["message"]["tool_calls"].as_array().into_iter().flatten();
                let calls = calls.map(|call| {
                    let function = &call["function"];
                    (string(&function["name"]), arguments(&function["arguments"]))
                });
                Understood {
                    text: string(&choice["message"]["content"]),
                    calls: calls.collect(),
                    stop: string(&choice["finish_reason"]),
                    used: used(&body["usage"], "prompt", "completion"),
                }
            }
            Self::Responses => {
                let mut understood = Understood {
                    stop: string(&body["status"]),
                    used: used(&body["usage"], "input", "output"),
                    ..Understood::default()
                };
                for item in body["output"].as_array().into_iter().flatten() {
                    if item["type"] == "function_call" {
                        let call = (string(&item["name"]), arguments(&item["arguments"]));
                        understood.calls.push(call);
                    } else {
                        understood.text.push_str(&string(&item["content"][0]["text"]));
                    }
                }
                understood
            }
            Self::Messages => {
                let usage = &body["usage"];
                let cached = usage["cache_read_input_tokens"].as_u64().unwrap_or(0);
                let read = usage["input_tokens"].as_u64().unwrap_or(0) + cached;
                let mut understood = Understood {
                    stop: string(&body["stop_reason"]),
                    used: (read, cached, usage["output_tokens"].as_u64().unwrap_or(0)),
                    ..Understood::default()
                };
                for block in body["content"].as_array().into_iter().flatten() {
                    match block["type"].as_str() {
                        Some("tool_use") => {
                            let call = (string(&block["name"]), block["input"].clone());
                            understood.calls.push(call);
                        }
                        _ => understood.text.push_str(&string(&block["text"])),
                    }
                }
                understood
            }
        }
    }

    /// Reads an answer that was streamed, from its deltas alone where there are any.
    pub(crate) fn stream(self, text: &str) -> Understood {
        let data = text.lines().filter_map(|line| line.strip_prefix("data: "));
        let events = data.filter(|data| *data != "[DONE]").map(|data| {
            serde_json::from_str::<Value>(data).unwrap_or_else(|_| panic!("no JSON: {data}"))
        });
        let mut whole = Gathered::default();
        for event in events {
            match self {
                Self::Chat => whole.chunk(&event),
                Self::Responses => whole.response(&event),
                Self::Messages => whole.message(&event),
            }
        }
        let Gathered { mut understood, arguments } = whole;
        let read = |text: &String| serde_json::from_str(text).unwrap_or(Value::Null);
        for (call, text) in understood.calls.iter_mut().zip(&arguments) {
            call.1 = read(text);
        }
        understood
    }
}

#[derive(Default)]
struct Gathered {
    understood: Understood,
    arguments: Vec<String>,
}

impl Gathered {
    fn call(&mut self, name: &Value) {
        self.understood.calls.push((string(name), Value::Null));
        self.arguments.push(String::new());
    }

    fn more(&mut self, text: &Value) {
        self.arguments.last_mut().expect("a call").push_str(&string(text));
    }

    fn chunk(&mut self, chunk: &Value) {
        assert!(chunk["error"].is_null(), "{chunk}");
        let choice = &chunk["choices"][0];
        self.understood.text.push_str(&string(&choice["delta"]["content"]));
        for call in choice["delta"]["tool_calls"].as_array().into_iter().flatten() {
            if call["id"].is_string() {
                assert_eq!(call["index"], self.arguments.len());
                self.call(&call["function"]["name"]);
            }
            self.more(&call["function"]["arguments"]);
        }
        if choice["finish_reason"].is_string() {
            self.understood.stop = string(&choice["finish_reason"]);
        }
        if chunk["usage"].is_object() {
            self.understood.used = used(&chunk["usage"], "prompt", "completion");
        }
    }

    fn response(&mut self, event: &Value) {
        match event["type"].as_str() {
            Some("response.output_text.delta") => {
                self.understood.text.push_str(&string(&event["delta"]));
            }
            Some("response.output_item.added") if event["item"]["type"] == "function_call" => {
                self.call(&event["item"]["name"]);
            }
            Some("response.function_call_arguments.delta") => self.more(&event["delta"]),
            Some("response.completed" | "response.incomplete") => {
                let last = Client::Responses.whole(&event["response"]);
                assert_eq!(last.text, self.understood.text, "the end says all once more");
                assert_eq!(last.calls.len(), self.understood.calls.len());
                (self.understood.stop, self.understood.used) = (last.stop, last.used);
            }
            _ => {}
        }
    }

    fn message(&mut self, event: &Value) {
        match event["type"].as_str() {
            Some("content_block_start") if event["content_block"]["type"] == "tool_use" => {
                self.call(&event["content_block"]["name"]);
            }
            Some("content_block_delta") if event["delta"]["type"] == "input_json_delta" => {
                self.more(&event["delta"]["partial_json"]);
            }
            Some("content_block_delta") => {
                self.understood.text.push_str(&string(&event["delta"]["text"]));
            }
            Some("message_delta") => {
                let as_whole = json!({ "stop_reason": event["delta"]["stop_reason"], "usage": event["usage"] });
                let last = Client::Messages.whole(&as_whole);
                (self.understood.stop, self.understood.used) = (last.stop, last.used);
            }
            _ => {}
        }
    }
}

fn string(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn arguments(text: &Value) -> Value {
    serde_json::from_str(&string(text)).expect("arguments are JSON")
}

fn used(usage: &Value, read: &str, written: &str) -> (u64, u64, u64) {
    let count = |value: &Value| value.as_u64().unwrap_or(0);
    (
        count(&usage[format!("{read}_tokens")]),
        count(&usage[format!("{read}_tokens_details")]["cached_tokens"]),
        count(&usage[format!("{written}_tokens")]),
    )
}
