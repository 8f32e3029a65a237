//! Anthropic's messages.
//!
//! An answer is a list of blocks. In a stream each block has a start, deltas and a stop; a
//! call's arguments come as pieces of JSON; what was read is said first, and what was written
//! last. What was read from or written to the cache is not part of `input_tokens`.

use serde_json::{Value, json};
use tenfold_domain::ToolCall;

use super::reply::{Failure, Used};
use super::request::{Read, Request, items, string, text_of, tool_spec};
use super::wire::{Answer, Error, Wire, named, pieces};

pub(super) struct Anthropic;

impl Wire for Anthropic {
    fn read(&self, body: &Value) -> Read {
        let mut read = Read {
            max_tokens: body["max_tokens"].as_u64(),
            temperature: body["temperature"].as_f64(),
            ..Read::default()
        };
        match &body["system"] {
            Value::Array(parts) => parts.iter().for_each(|part| read.system(string(&part["text"]))),
            text => read.system(string(text)),
        }
        for message in items(&body["messages"]) {
            let by_model = message["role"] == "assistant";
            match &message["content"] {
                Value::String(text) if by_model => read.model(text, None),
                Value::String(text) => read.person(text.clone()),
                blocks => {
                    items(blocks).iter().for_each(|block| read_block(&mut read, block, by_model))
                }
            }
        }
        let tools = items(&body["tools"]).iter();
        read.tools = tools.map(|tool| tool_spec(tool, &tool["input_schema"])).collect();
        read
    }

    fn whole(&self, answer: &Answer<'_>) -> Value {
        let mut whole = message(answer, blocks(answer));
        whole["stop_reason"] = reason(answer).into();
        whole["usage"]["output_tokens"] = answer.used.output.into();
        whole
    }

    fn events(&self, answer: &Answer<'_>) -> Vec<String> {
        let start = json!({ "message": message(answer, json!([])) });
        let mut events = vec![event("message_start", start)];
        for (place, block) in items(&blocks(answer)).iter().enumerate() {
            let call = place.checked_sub(usize::from(!answer.content.text.is_empty()));
            let call = call.and_then(|call| answer.content.calls.get(call));
            let (empty, deltas) = match call.filter(|_| block["type"] == "tool_use") {
                Some(call) => {
                    let empty = json!({
                        "type": "tool_use", "id": block["id"], "name": call.name, "input": {},
                    });
                    let deltas = std::iter::once("").chain(pieces(&call.arguments));
                    let delta = |json| json!({ "type": "input_json_delta", "partial_json": json });
                    (empty, deltas.map(delta).collect::<Vec<_>>())
                }
                None => {
                    let deltas = pieces(&answer.content.text).into_iter();
                    let delta = |text| json!({ "type": "text_delta", "text": text });
                    (json!({ "type": "text", "text": "" }), deltas.map(delta).collect())
                }
            };
            let start = json!({ "index": place, "content_block": empty });
            events.push(event("content_block_start", start));
            if place == 0 {
                events.push(event("ping", json!({})));
            }
            events.extend(deltas.into_iter().map(|delta| {
                event("content_block_delta", json!({ "index": place, "delta": delta }))
            }));
            events.push(event("content_block_stop", json!({ "index": place })));
        }
        let mut used = read_usage(answer.used);
        used["output_tokens"] = answer.used.output.into();
        let delta = json!({ "stop_reason": reason(answer), "stop_sequence": null });
        events.push(event("message_delta", json!({ "delta": delta, "usage": used })));
        events.push(event("message_stop", json!({})));
        events
    }

    fn error(&self, failure: &Failure, request: &Request) -> Error {
        let (status, kind, message) = match failure {
            Failure::TooMany { retry_after_s } => return too_many(*retry_after_s),
            Failure::QuotaSpent { retry_after_s } => return spent(*retry_after_s),
            Failure::Overloaded => (529, "overloaded_error", "Overloaded".to_owned()),
            Failure::ContextOverflow => (
                400,
                "invalid_request_error",
                "prompt is too long: 208310 tokens > 200000 maximum".to_owned(),
            ),
            Failure::WrongKey => (401, "authentication_error", "invalid x-api-key".to_owned()),
            Failure::UnknownModel => (404, "not_found_error", format!("model: {}", request.model)),
            _ => (500, "api_error", "Internal server error".to_owned()),
        };
        Error::json(status, &error_body(kind, &message))
    }

    fn late_error(&self, _: &Request) -> String {
        named("error", &error_body("overloaded_error", "Overloaded"))
    }
}

fn read_block(read: &mut Read, block: &Value, by_model: bool) {
    match string(&block["type"]) {
        "tool_result" => read.tool(string(&block["tool_use_id"]), text_of(&block["content"])),
        "tool_use" => {
            let call = ToolCall {
                id: string(&block["id"]).to_owned(),
                name: string(&block["name"]).to_owned(),
                arguments: block["input"].clone(),
                signatures: Vec::new(),
            };
            read.model("", Some(call));
        }
        "text" if by_model => read.model(string(&block["text"]), None),
        "text" => read.person(string(&block["text"]).to_owned()),
        _ => {}
    }
}

fn blocks(answer: &Answer<'_>) -> Value {
    let content = answer.content;
    let text = (!content.text.is_empty()).then(|| json!({ "type": "text", "text": content.text }));
    let calls = content.calls.iter().enumerate().map(|(place, call)| {
        // What is no JSON never gets this far: the API leaves it away.
        let input = serde_json::from_str(&call.arguments).unwrap_or_else(|_| json!({}));
        let id = format!("toolu_{}_{place}", answer.number);
        json!({ "type": "tool_use", "id": id, "name": call.name, "input": input })
    });
    text.into_iter().chain(calls).collect()
}

fn message(answer: &Answer<'_>, content: Value) -> Value {
    let used = answer.used;
    let mut usage = read_usage(used);
    usage["cache_creation"] = json!({
        "ephemeral_5m_input_tokens": used.cache_written, "ephemeral_1h_input_tokens": 0,
    });
    usage["output_tokens"] = 1.into();
    usage["service_tier"] = "standard".into();
    json!({
        "id": format!("msg_{}", answer.number),
        "type": "message",
        "role": "assistant",
        "model": answer.request.model,
        "content": content,
        "stop_reason": null,
        "stop_sequence": null,
        "usage": usage,
    })
}

fn read_usage(used: Used) -> Value {
    json!({
        "input_tokens": used.prompt.saturating_sub(used.cached + used.cache_written),
        "cache_creation_input_tokens": used.cache_written,
        "cache_read_input_tokens": used.cached,
    })
}

fn reason(answer: &Answer<'_>) -> &'static str {
    match answer.content {
        content if content.refused => "refusal",
        content if content.cut_off => "max_tokens",
        content if !content.calls.is_empty() => "tool_use",
        _ => "end_turn",
    }
}

fn event(name: &str, mut data: Value) -> String {
    data["type"] = name.into();
    named(name, &data)
}

fn too_many(retry_after_s: Option<u32>) -> Error {
    let message = "This request would exceed your organization's rate limit of 30,000 input \
                   tokens per minute. For details, refer to: \
                   https://docs.claude.com/en/api/rate-limits.";
    let mut error = Error::json(429, &error_body("rate_limit_error", message));
    error.headers = vec![("anthropic-ratelimit-input-tokens-remaining", "0".to_owned())];
    error.headers.extend(retry_after_s.map(|seconds| ("retry-after", seconds.to_string())));
    error
}

fn spent(retry_after_s: Option<u32>) -> Error {
    let message = "Your credit balance is too low to access the Anthropic API. Please go to Plans \
                   & Billing to upgrade or purchase credits.";
    let mut error = Error::json(400, &error_body("invalid_request_error", message));
    error.headers.extend(retry_after_s.map(|seconds| ("retry-after", seconds.to_string())));
    error
}

fn error_body(kind: &str, message: &str) -> Value {
    json!({ "type": "error", "error": { "type": kind, "message": message }, "request_id": "req_0" })
}
