//! OpenAI's chat completions.
//!
//! A stream is a series of chunks without names, each with what is new; a call's name comes in
//! its first chunk and its arguments in pieces after it; the usage comes in a chunk of its own,
//! if it was asked for; `[DONE]` is the end.

use serde_json::{Value, json};
use tenfold_domain::ToolCall;

use super::openai;
use super::reply::{Call, Failure, Used};
use super::request::{Read, Request, arguments, items, string, text_of, tool_spec};
use super::wire::{Answer, Error, Wire, pieces, unnamed};

/// What is said in place of an answer.
pub(super) const REFUSAL: &str = "I'm sorry, but I can't help with that.";

pub(super) struct Chat;

impl Wire for Chat {
    fn read(&self, body: &Value) -> Read {
        let max_tokens = body["max_completion_tokens"].as_u64();
        let mut read = Read {
            max_tokens: max_tokens.or(body["max_tokens"].as_u64()),
            temperature: body["temperature"].as_f64(),
            ..Read::default()
        };
        for message in items(&body["messages"]) {
            let text = text_of(&message["content"]);
            match string(&message["role"]) {
                "system" | "developer" => read.system(&text),
                "assistant" => {
                    read.model(&text, None);
                    for call in items(&message["tool_calls"]) {
                        read.model("", Some(called(call)));
                    }
                }
                "tool" => read.tool(string(&message["tool_call_id"]), text),
                _ => read.person(text),
            }
        }
        let functions = items(&body["tools"]).iter().map(|tool| &tool["function"]);
        read.tools = functions.map(|tool| tool_spec(tool, &tool["parameters"])).collect();
        read
    }

    fn whole(&self, answer: &Answer<'_>) -> Value {
        let content = answer.content;
        let text = (!content.text.is_empty()).then_some(&content.text);
        let refusal = content.refused.then_some(REFUSAL);
        let mut message =
            json!({ "role": "assistant", "content": text, "refusal": refusal, "annotations": [] });
        if !content.calls.is_empty() {
            let calls = content.calls.iter().enumerate();
            let calls = calls.map(|(place, call)| {
                json!({
                    "id": id(answer, place),
                    "type": "function",
                    "function": { "name": call.name, "arguments": call.arguments },
                })
            });
            message["tool_calls"] = calls.collect();
        }
        let choice = json!({
            "index": 0, "message": message, "logprobs": null, "finish_reason": reason(answer),
        });
        let mut whole = frame(answer, "chat.completion", json!([choice]));
        whole["usage"] = usage(answer.used);
        whole
    }

    fn events(&self, answer: &Answer<'_>) -> Vec<String> {
        let content = answer.content;
        let counts = answer.request.body["stream_options"]["include_usage"] == Value::Bool(true);
        let chunk = |choices: Value| {
            let mut chunk = frame(answer, "chat.completion.chunk", choices);
            if counts {
                chunk["usage"] = Value::Null;
            }
            chunk
        };
        let delta = |delta: Value, reason: Option<&str>| {
            unnamed(&chunk(json!([{
                "index": 0, "delta": delta, "logprobs": null, "finish_reason": reason,
            }])))
        };
        let first = json!({ "role": "assistant", "content": "", "refusal": null });
        let mut events = vec![delta(first, None)];
        events.extend(
            pieces(&content.text).iter().map(|text| delta(json!({ "content": text }), None)),
        );
        if content.refused {
            let refusal = pieces(REFUSAL);
            events.extend(refusal.iter().map(|text| delta(json!({ "refusal": text }), None)));
        }
        for (place, call) in content.calls.iter().enumerate() {
            let calls = call_pieces(&id(answer, place), place, call);
            events
                .extend(calls.into_iter().map(|call| delta(json!({ "tool_calls": [call] }), None)));
        }
        events.push(delta(json!({}), Some(reason(answer))));
        if counts {
            let mut last = chunk(json!([]));
            last["usage"] = usage(answer.used);
            events.push(unnamed(&last));
        }
        events.push("data: [DONE]\n\n".to_owned());
        events
    }

    fn error(&self, failure: &Failure, request: &Request) -> Error {
        openai::error(failure, request)
    }

    fn late_error(&self, _: &Request) -> String {
        unnamed(&openai::server_error())
    }
}

fn called(call: &Value) -> ToolCall {
    ToolCall {
        id: string(&call["id"]).to_owned(),
        name: string(&call["function"]["name"]).to_owned(),
        arguments: arguments(&call["function"]["arguments"]),
        signatures: Vec::new(),
    }
}

/// A call as a stream has it: its id and name first, then its arguments.
fn call_pieces(id: &str, place: usize, call: &Call) -> Vec<Value> {
    let first = json!({
        "index": place, "id": id, "type": "function",
        "function": { "name": call.name, "arguments": "" },
    });
    let arguments = pieces(&call.arguments);
    let rest =
        arguments.iter().map(|piece| json!({ "index": place, "function": { "arguments": piece } }));
    std::iter::once(first).chain(rest).collect()
}

fn frame(answer: &Answer<'_>, object: &str, choices: Value) -> Value {
    json!({
        "id": format!("chatcmpl-{}", answer.number),
        "object": object,
        "created": 1_760_000_000,
        "model": answer.request.model,
        "choices": choices,
        "service_tier": "default",
        "system_fingerprint": "fp_0",
    })
}

fn id(answer: &Answer<'_>, place: usize) -> String {
    format!("call_{}_{place}", answer.number)
}

fn reason(answer: &Answer<'_>) -> &'static str {
    match answer.content {
        content if content.cut_off => "length",
        content if !content.calls.is_empty() => "tool_calls",
        _ => "stop",
    }
}

fn usage(used: Used) -> Value {
    let mut details = json!({ "cached_tokens": used.cached, "audio_tokens": 0 });
    if used.cache_written > 0 {
        details["cache_write_tokens"] = used.cache_written.into();
    }
    json!({
        "prompt_tokens": used.prompt,
        "completion_tokens": used.output,
        "total_tokens": used.prompt + used.output,
        "prompt_tokens_details": details,
        "completion_tokens_details": {
            "reasoning_tokens": 0, "audio_tokens": 0,
            "accepted_prediction_tokens": 0, "rejected_prediction_tokens": 0,
        },
    })
}
