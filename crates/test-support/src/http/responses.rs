//! OpenAI's responses.
//!
//! An answer is a list of items: a message, and each call by itself. In a stream an item is
//! added, filled by deltas, and done; the last event holds the whole answer once more, with
//! the usage. A failure that comes after the stream began is an event, `response.failed`.

use serde_json::{Value, json};
use tenfold_domain::ToolCall;

use super::chat::REFUSAL;
use super::openai;
use super::reply::{Call, Failure, Used};
use super::request::{Format, Read, Request, arguments, items, string, text_of, tool_spec};
use super::wire::{Answer, Error, Response, Wire, named, pieces};

pub(super) struct Responses;

impl Wire for Responses {
    fn read(&self, body: &Value) -> Read {
        let mut read = Read {
            max_tokens: body["max_output_tokens"].as_u64(),
            temperature: body["temperature"].as_f64(),
            ..Read::default()
        };
        read.system(string(&body["instructions"]));
        if let Some(text) = body["input"].as_str() {
            read.person(text.to_owned());
        }
        for item in items(&body["input"]) {
            match (string(&item["type"]), string(&item["role"])) {
                ("function_call", _) => read.model("", Some(called(item))),
                ("function_call_output", _) => {
                    read.tool(string(&item["call_id"]), text_of(&item["output"]));
                }
                (_, "system" | "developer") => read.system(&text_of(&item["content"])),
                (_, "assistant") => read.model(&text_of(&item["content"]), None),
                (_, "user") => read.person(text_of(&item["content"])),
                _ => {}
            }
        }
        let tools = items(&body["tools"]).iter();
        read.tools = tools.map(|tool| tool_spec(tool, &tool["parameters"])).collect();
        read
    }

    fn whole(&self, answer: &Answer<'_>) -> Value {
        let output = outputs(answer).into_iter().map(|output| output.item).collect();
        response(answer, status(answer), output)
    }

    fn events(&self, answer: &Answer<'_>) -> Vec<String> {
        let mut events = Events::default();
        let begun = response(answer, "in_progress", json!([]));
        events.say("response.created", json!({ "response": begun }));
        events.say("response.in_progress", json!({ "response": begun }));
        for (place, output) in outputs(answer).iter().enumerate() {
            events.output(place, output);
        }
        let end = match answer.content.cut_off {
            true => "response.incomplete",
            false => "response.completed",
        };
        events.say(end, json!({ "response": self.whole(answer) }));
        events.said
    }

    fn error(&self, failure: &Failure, request: &Request) -> Error {
        openai::error(failure, request)
    }

    fn late_error(&self, request: &Request) -> String {
        failed(request, 1, "server_error", openai::SERVER_ERROR, 9)
    }
}

/// A stream that begins well and then says that the conversation is too long.
pub(super) fn overflow(request: &Request, number: usize) -> Response {
    let begun = base(request, number, "in_progress");
    let mut events = Events::default();
    events.say("response.created", json!({ "response": begun }));
    events.say("response.in_progress", json!({ "response": begun }));
    let (message, _) = openai::overflow(Format::OpenAiResponses);
    events.said.push(failed(request, number, "context_length_exceeded", message, 2));
    Response {
        status: 200,
        headers: vec![("content-type", "text/event-stream; charset=utf-8".to_owned())],
        pieces: events.said,
        streamed: true,
        cut: false,
    }
}

fn failed(request: &Request, number: usize, code: &str, message: &str, place: usize) -> String {
    let mut response = base(request, number, "failed");
    response["error"] = json!({ "code": code, "message": message });
    let event = "response.failed";
    named(event, &json!({ "type": event, "sequence_number": place, "response": response }))
}

/// An item of an answer, and what a stream says of it between its beginning and its end.
struct Output<'a> {
    item: Value,
    filled_by: Filling<'a>,
}

enum Filling<'a> {
    Text(&'a str),
    Refusal,
    Call(&'a Call),
}

fn outputs<'a>(answer: &Answer<'a>) -> Vec<Output<'a>> {
    let content = answer.content;
    let message = |part: Value| {
        json!({
            "id": format!("msg_{}", answer.number), "type": "message", "status": status(answer),
            "role": "assistant", "content": [part],
        })
    };
    let mut outputs = Vec::new();
    if !content.text.is_empty() {
        let item = message(json!({
            "type": "output_text", "annotations": [], "logprobs": [], "text": content.text,
        }));
        outputs.push(Output { item, filled_by: Filling::Text(&content.text) });
    }
    if content.refused {
        let item = message(json!({ "type": "refusal", "refusal": REFUSAL }));
        outputs.push(Output { item, filled_by: Filling::Refusal });
    }
    outputs.extend(content.calls.iter().enumerate().map(|(place, call)| Output {
        item: json!({
            "id": format!("fc_{}_{place}", answer.number), "type": "function_call",
            "status": status(answer), "call_id": format!("call_{}_{place}", answer.number),
            "name": call.name, "arguments": call.arguments,
        }),
        filled_by: Filling::Call(call),
    }));
    outputs
}

/// The events of a stream, numbered.
#[derive(Default)]
struct Events {
    said: Vec<String>,
}

impl Events {
    fn say(&mut self, event: &str, mut data: Value) {
        data["type"] = event.into();
        data["sequence_number"] = self.said.len().into();
        self.said.push(named(event, &data));
    }

    fn output(&mut self, place: usize, output: &Output<'_>) {
        let mut empty = output.item.clone();
        empty["status"] = "in_progress".into();
        let at = json!({ "item_id": output.item["id"], "output_index": place });
        let with = |more: Value| {
            let mut data = at.clone();
            for (name, value) in more.as_object().into_iter().flatten() {
                data[name] = value.clone();
            }
            data
        };
        let added = |item: Value| json!({ "output_index": place, "item": item });
        match output.filled_by {
            Filling::Call(call) => {
                empty["arguments"] = "".into();
                self.say("response.output_item.added", added(empty));
                for delta in pieces(&call.arguments) {
                    let event = "response.function_call_arguments.delta";
                    self.say(event, with(json!({ "delta": delta })));
                }
                let whole = with(json!({ "arguments": call.arguments }));
                self.say("response.function_call_arguments.done", whole);
            }
            Filling::Text(text) => {
                self.part(empty, added, with, ("output_text", "text", text));
            }
            Filling::Refusal => self.part(empty, added, with, ("refusal", "refusal", REFUSAL)),
        }
        self.say("response.output_item.done", added(output.item.clone()));
    }

    /// A message with one part: of which kind, how the kind calls its text, and the text.
    fn part(
        &mut self,
        mut empty: Value,
        added: impl Fn(Value) -> Value,
        with: impl Fn(Value) -> Value,
        (kind, member, text): (&str, &str, &str),
    ) {
        empty["content"] = json!([]);
        self.say("response.output_item.added", added(empty));
        let part = |text: &str| {
            json!({
                "content_index": 0, "part": { "type": kind, "annotations": [], member: text },
            })
        };
        self.say("response.content_part.added", with(part("")));
        for delta in pieces(text) {
            let delta = with(json!({ "content_index": 0, "delta": delta }));
            self.say(&format!("response.{kind}.delta"), delta);
        }
        let whole = with(json!({ "content_index": 0, member: text }));
        self.say(&format!("response.{kind}.done"), whole);
        self.say("response.content_part.done", with(part(text)));
    }
}

fn called(item: &Value) -> ToolCall {
    ToolCall {
        id: string(&item["call_id"]).to_owned(),
        name: string(&item["name"]).to_owned(),
        arguments: arguments(&item["arguments"]),
        signatures: Vec::new(),
    }
}

fn status(answer: &Answer<'_>) -> &'static str {
    if answer.content.cut_off { "incomplete" } else { "completed" }
}

fn base(request: &Request, number: usize, status: &str) -> Value {
    json!({
        "id": format!("resp_{number}"),
        "object": "response",
        "created_at": 1_760_000_000,
        "status": status,
        "error": null,
        "incomplete_details": null,
        "model": request.model,
        "output": [],
        "parallel_tool_calls": true,
        "usage": null,
    })
}

fn response(answer: &Answer<'_>, status: &str, output: Value) -> Value {
    let mut response = base(answer.request, answer.number, status);
    response["output"] = output;
    if status != "in_progress" {
        response["usage"] = usage(answer.used);
    }
    if status == "incomplete" {
        response["incomplete_details"] = json!({ "reason": "max_output_tokens" });
    }
    response
}

fn usage(used: Used) -> Value {
    let mut details = json!({ "cached_tokens": used.cached });
    if used.cache_written > 0 {
        details["cache_write_tokens"] = used.cache_written.into();
    }
    json!({
        "input_tokens": used.prompt,
        "input_tokens_details": details,
        "output_tokens": used.output,
        "output_tokens_details": { "reasoning_tokens": 0 },
        "total_tokens": used.prompt + used.output,
    })
}
