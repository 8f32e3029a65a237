//! OpenAI's responses: requests and answers, in one piece.

use serde_json::{Map, Value, json};

use super::Untranslatable;
use super::chat::{read_choice, read_form, read_tool, write_effort};
use super::talk::{
    Answer, Call, Choice, Form, Head, Part, Said, Stop, Talk, Tool, Used, arguments, cant,
    instruct, items, model_said, number, string, text_only, told,
};
use crate::scan;

/// The only argument of a tool that takes a text of no form.
const CUSTOM: &str = "input";

/// Reads a request.
pub(super) fn read(body: &Value) -> Result<Talk, Untranslatable> {
    for kept in ["previous_response_id", "conversation", "prompt"] {
        if !body[kept].is_null() {
            return Err(cant(&format!("what a provider has kept ('{kept}')")));
        }
    }
    let mut talk = Talk {
        instructions: string(&body["instructions"]),
        choice: read_choice(&body["tool_choice"]),
        parallel: body["parallel_tool_calls"].as_bool(),
        output_max: body["max_output_tokens"].as_u64(),
        temperature: number(&body["temperature"]),
        top_p: number(&body["top_p"]),
        streamed: body["stream"] == true,
        effort: body["reasoning"]["effort"].as_str().map(str::to_owned),
        form: read_form(&body["text"]["format"], &body["text"]["format"]),
        ..Talk::default()
    };
    for tool in items(&body["tools"]) {
        match tool["type"].as_str().unwrap_or_default() {
            "function" => talk.tools.push(read_tool(tool, &tool["parameters"])),
            "custom" => talk.tools.push(read_custom(tool)),
            kind if scan::is_clients_tool(kind) => {
                return Err(cant(&format!("a tool of type '{kind}'")));
            }
            // What the provider runs can't be run by another; it is as if it were not offered.
            _ => {}
        }
    }
    if let Some(text) = body["input"].as_str() {
        talk.said.push(Said::Person(vec![Part::Text(text.to_owned())]));
    }
    for item in items(&body["input"]) {
        read_item(&mut talk, item)?;
    }
    Ok(talk)
}

/// A tool that is called with a text of no form, or of a grammar's: as one with a single argument.
fn read_custom(tool: &Value) -> Tool {
    let mut about = string(&tool["description"]);
    let format = &tool["format"];
    if let Some(grammar) = format["definition"].as_str() {
        let syntax = string(&format["syntax"]);
        instruct(&mut about, &format!("Its input keeps to this grammar ({syntax}):\n{grammar}"));
    }
    let parameters = json!({
        "type": "object",
        "properties": { CUSTOM: { "type": "string", "description": "The whole input." } },
        "required": [CUSTOM],
    });
    Tool { name: string(&tool["name"]), about, parameters, strict: false }
}

/// The names of such tools in a request.
pub(super) fn custom_tools(body: &[u8]) -> Vec<String> {
    let body: Value = serde_json::from_slice(body).unwrap_or_default();
    let custom = items(&body["tools"]).iter().filter(|tool| tool["type"] == "custom");
    custom.map(|tool| string(&tool["name"])).collect()
}

/// The text that such a tool is called with.
pub(super) fn custom_input(call: &Call) -> String {
    let input = arguments(&call.arguments);
    input[CUSTOM].as_str().unwrap_or(&call.arguments).to_owned()
}

fn read_item(talk: &mut Talk, item: &Value) -> Result<(), Untranslatable> {
    match (item["type"].as_str(), item["role"].as_str()) {
        (Some("function_call"), _) => model_said(&mut talk.said, "", Some(read_call(item))),
        (Some("custom_tool_call"), _) => {
            let call = Call {
                id: string(&item["call_id"]),
                name: string(&item["name"]),
                arguments: json!({ CUSTOM: item["input"] }).to_string(),
            };
            model_said(&mut talk.said, "", Some(call));
        }
        (Some("function_call_output" | "custom_tool_call_output"), _) => {
            let (call, parts) = (string(&item["call_id"]), read_parts(&item["output"])?);
            talk.said.push(Said::Tool { call, parts, failed: false });
        }
        // Thoughts are kept for their own provider, and left out.
        (Some("reasoning"), _) => {}
        (_, Some("system" | "developer")) => {
            let text = text_only(&read_parts(&item["content"])?, "a system message")?;
            instruct(&mut talk.instructions, &text);
        }
        (_, Some("assistant")) => {
            let text = text_only(&read_parts(&item["content"])?, "what the model said")?;
            model_said(&mut talk.said, &text, None);
        }
        (_, Some("user")) => talk.said.push(Said::Person(read_parts(&item["content"])?)),
        (kind, _) => {
            return Err(cant(&format!("an item of type '{}'", kind.unwrap_or_default())));
        }
    }
    Ok(())
}

fn read_call(item: &Value) -> Call {
    Call {
        id: string(&item["call_id"]),
        name: string(&item["name"]),
        arguments: string(&item["arguments"]),
    }
}

fn read_parts(content: &Value) -> Result<Vec<Part>, Untranslatable> {
    if let Value::String(text) = content {
        return Ok(vec![Part::Text(text.clone())]);
    }
    let part = |part: &Value| match part["type"].as_str() {
        Some("input_text" | "output_text" | "text") => Ok(Part::Text(string(&part["text"]))),
        Some("refusal") => Ok(Part::Text(string(&part["refusal"]))),
        Some("input_image") if part["image_url"].is_string() => {
            Ok(Part::of_address(&string(&part["image_url"])))
        }
        kind => Err(cant(&format!("a part of type '{}'", kind.unwrap_or_default()))),
    };
    items(content).iter().map(part).collect()
}

/// Writes a request.
pub(super) fn write(talk: &Talk, model: &str) -> Result<Value, Untranslatable> {
    if !talk.stop.is_empty() {
        return Err(cant("texts at which to stop"));
    }
    let mut body = Map::new();
    let mut put = |name: &str, value: Option<Value>| {
        if let Some(value) = value {
            body.insert(name.to_owned(), value);
        }
    };
    put("model", Some(model.into()));
    put("instructions", (!talk.instructions.is_empty()).then(|| talk.instructions.as_str().into()));
    put("input", Some(talk.said.iter().flat_map(write_said).collect()));
    put("max_output_tokens", talk.output_max.map(Value::from));
    put("temperature", talk.temperature.clone().map(Value::Number));
    put("top_p", talk.top_p.clone().map(Value::Number));
    let effort = talk.effort.as_deref().map(write_effort);
    put("reasoning", effort.map(|effort| json!({ "effort": effort })));
    put("stream", talk.streamed.then_some(true.into()));
    // Nothing is to be kept there that was not asked to be.
    put("store", Some(false.into()));
    put(
        "text",
        match &talk.form {
            Form::Free => None,
            Form::Json => Some(json!({ "format": { "type": "json_object" } })),
            Form::Schema { name, schema, strict } => Some(json!({ "format": {
                "type": "json_schema", "name": name, "schema": schema, "strict": strict,
            } })),
        },
    );
    if !talk.tools.is_empty() {
        let tools = talk.tools.iter().map(|tool| {
            json!({
                "type": "function", "name": tool.name, "description": tool.about,
                "parameters": tool.parameters, "strict": tool.strict,
            })
        });
        put("tools", Some(tools.collect()));
        put(
            "tool_choice",
            match &talk.choice {
                Choice::Free => None,
                Choice::None => Some("none".into()),
                Choice::Any => Some("required".into()),
                Choice::One(name) => Some(json!({ "type": "function", "name": name })),
            },
        );
        put("parallel_tool_calls", talk.parallel.map(Value::Bool));
    }
    Ok(body.into())
}

fn write_said(said: &Said) -> Vec<Value> {
    match said {
        Said::Person(parts) => {
            vec![json!({ "type": "message", "role": "user", "content": write_parts(parts) })]
        }
        Said::Tool { call, parts, failed } => {
            let parts = told(parts, *failed);
            let output = match parts.as_slice() {
                [] => "".into(),
                [Part::Text(text)] => text.as_str().into(),
                parts => write_parts(parts),
            };
            vec![json!({ "type": "function_call_output", "call_id": call, "output": output })]
        }
        Said::Model { text, calls } => {
            let text = (!text.is_empty()).then(|| {
                json!({
                    "type": "message", "role": "assistant",
                    "content": [{ "type": "output_text", "text": text }],
                })
            });
            let calls = calls.iter().map(|call| {
                json!({
                    "type": "function_call", "call_id": call.id, "name": call.name,
                    "arguments": call.arguments,
                })
            });
            text.into_iter().chain(calls).collect()
        }
    }
}

fn write_parts(parts: &[Part]) -> Value {
    let part = |part: &Part| match part {
        Part::Text(text) => json!({ "type": "input_text", "text": text }),
        image => json!({ "type": "input_image", "image_url": image.address() }),
    };
    parts.iter().map(part).collect()
}

/// Reads an answer.
pub(super) fn read_answer(body: &Value) -> Result<Answer, Untranslatable> {
    if !body["output"].is_array() {
        return Err(cant("an answer without output"));
    }
    let mut answer = Answer::default();
    for item in items(&body["output"]) {
        match item["type"].as_str() {
            Some("message") => {
                for part in items(&item["content"]) {
                    answer.text.push_str(&string(&part["text"]));
                    answer.text.push_str(&string(&part["refusal"]));
                    if part["type"] == "refusal" {
                        answer.stop = Stop::Refused;
                    }
                }
            }
            Some("function_call") => answer.calls.push(read_call(item)),
            Some("reasoning") => {
                for part in items(&item["summary"]) {
                    answer.thought.push_str(&string(&part["text"]));
                }
            }
            _ => {}
        }
    }
    if answer.stop == Stop::Done {
        answer.stop = stop(body, !answer.calls.is_empty());
    }
    Ok(answer)
}

/// Why a response ended.
pub(super) fn stop(response: &Value, has_calls: bool) -> Stop {
    match response["incomplete_details"]["reason"].as_str() {
        Some("max_output_tokens") => Stop::Length,
        Some("content_filter") => Stop::Refused,
        _ if has_calls => Stop::Calls,
        _ => Stop::Done,
    }
}

/// Writes an answer.
pub(super) fn write_answer(answer: &Answer, used: &Used, head: &Head) -> Value {
    let mut output = Vec::new();
    if !answer.thought.is_empty() {
        output.push(thought(head, output.len(), &answer.thought));
    }
    if !answer.text.is_empty() {
        output.push(message(head, output.len(), Some(&answer.text)));
    }
    for call in &answer.calls {
        output.push(function_call(head, output.len(), call, "completed"));
    }
    ended(head, output, answer.stop, used)
}

/// A response that has ended.
pub(super) fn ended(head: &Head, output: Vec<Value>, stop: Stop, used: &Used) -> Value {
    let reason = match stop {
        Stop::Length => Some("max_output_tokens"),
        Stop::Refused => Some("content_filter"),
        Stop::Done | Stop::Calls => None,
    };
    let mut response = response(head, if reason.is_some() { "incomplete" } else { "completed" });
    response["output"] = output.into();
    response["usage"] = usage(used);
    if let Some(reason) = reason {
        response["incomplete_details"] = json!({ "reason": reason });
    }
    response
}

/// A response without output.
pub(super) fn response(head: &Head, status: &str) -> Value {
    json!({
        "id": head.id, "object": "response", "created_at": head.created, "status": status,
        "error": null, "incomplete_details": null, "instructions": null, "metadata": {},
        "model": head.model, "output": [], "parallel_tool_calls": true, "temperature": null,
        "tool_choice": "auto", "tools": [], "top_p": null, "usage": null, "store": false,
    })
}

/// An item that is a message; `None` before it has a text.
pub(super) fn message(head: &Head, place: usize, text: Option<&str>) -> Value {
    let content =
        text.map(|text| json!({ "type": "output_text", "annotations": [], "text": text }));
    let status = if text.is_some() { "completed" } else { "in_progress" };
    json!({
        "id": format!("msg_{}_{place}", head.id), "type": "message", "role": "assistant",
        "status": status, "content": content.into_iter().collect::<Vec<_>>(),
    })
}

/// An item that is a thought.
pub(super) fn thought(head: &Head, place: usize, text: &str) -> Value {
    json!({
        "id": format!("rs_{}_{place}", head.id), "type": "reasoning",
        "summary": [{ "type": "summary_text", "text": text }],
    })
}

/// An item that is a call.
pub(super) fn function_call(head: &Head, place: usize, call: &Call, status: &str) -> Value {
    if head.custom.contains(&call.name) {
        return json!({
            "id": call_id(head, place), "type": "custom_tool_call", "status": status,
            "call_id": call.id, "name": call.name, "input": custom_input(call),
        });
    }
    json!({
        "id": call_id(head, place), "type": "function_call", "status": status,
        "call_id": call.id, "name": call.name, "arguments": call.arguments,
    })
}

/// What an item that is a call is known by.
pub(super) fn call_id(head: &Head, place: usize) -> String {
    format!("fc_{}_{place}", head.id)
}

/// What was used, as it is said.
pub(super) fn usage(used: &Used) -> Value {
    let (read, written) = (used.read(), used.usage.output.0);
    json!({
        "input_tokens": read, "output_tokens": written, "total_tokens": read + written,
        "input_tokens_details": { "cached_tokens": used.usage.cached.0 },
        "output_tokens_details": { "reasoning_tokens": used.reasoning.0 },
    })
}
