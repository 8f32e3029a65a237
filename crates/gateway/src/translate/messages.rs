//! Anthropic's messages: requests and answers, in one piece.

use serde_json::{Map, Value, json};
use tenfold_domain::Usage;

use super::Untranslatable;
use super::talk::{
    Answer, Call, Choice, Form, Head, JSON_IN_WORDS, Part, Said, Stop, Talk, Tool, Used, arguments,
    cant, instruct, items, model_said, number, string, text_only, texts,
};
use crate::scan;

/// Thinking below so many tokens is little, above the second is much.
const EFFORTS: [u64; 2] = [4_096, 16_384];

/// Reads a request.
pub(super) fn read(body: &Value) -> Result<Talk, Untranslatable> {
    let mut talk = Talk {
        choice: read_choice(&body["tool_choice"]),
        parallel: body["tool_choice"]["disable_parallel_tool_use"].as_bool().map(|not| !not),
        output_max: body["max_tokens"].as_u64(),
        temperature: number(&body["temperature"]),
        top_p: number(&body["top_p"]),
        stop: texts(&body["stop_sequences"]),
        streamed: body["stream"] == true,
        effort: read_effort(body),
        ..Talk::default()
    };
    for format in [&body["output_config"]["format"], &body["output_format"]] {
        if format["type"] == "json_schema" {
            let (name, schema) = ("answer".to_owned(), format["schema"].clone());
            talk.form = Form::Schema { name, schema, strict: true };
        }
    }
    read_system(&mut talk, &body["system"])?;
    for tool in items(&body["tools"]) {
        talk.tools.extend(read_tool(tool)?);
    }
    for message in items(&body["messages"]) {
        match message["role"].as_str() {
            Some("assistant") => read_model(&mut talk, &message["content"])?,
            Some("system") => read_system(&mut talk, &message["content"])?,
            _ => read_person(&mut talk, &message["content"])?,
        }
    }
    Ok(talk)
}

fn read_system(talk: &mut Talk, content: &Value) -> Result<(), Untranslatable> {
    for part in read_parts(content)? {
        instruct(&mut talk.instructions, &text_only(&[part], "a system message")?);
    }
    Ok(())
}

/// What the provider runs can't be run by another; it is as if it were not offered. What the client
/// runs, by a schema that only the provider knows, is refused.
fn read_tool(tool: &Value) -> Result<Option<Tool>, Untranslatable> {
    let kind = string(&tool["type"]);
    if !tool["input_schema"].is_object() {
        return match scan::is_clients_tool(&kind) {
            true => Err(cant(&format!("a tool of type '{kind}'"))),
            false => Ok(None),
        };
    }
    let (name, about) = (string(&tool["name"]), string(&tool["description"]));
    let (parameters, strict) = (tool["input_schema"].clone(), tool["strict"] == true);
    Ok(Some(Tool { name, about, parameters, strict }))
}

fn read_effort(body: &Value) -> Option<String> {
    if let Some(effort) = body["output_config"]["effort"].as_str() {
        return Some(effort.to_owned());
    }
    let thinking = &body["thinking"];
    if thinking["type"] != "enabled" {
        return None;
    }
    let budget = thinking["budget_tokens"].as_u64().unwrap_or(0);
    let effort = EFFORTS.iter().filter(|from| budget >= **from).count();
    Some(["low", "medium", "high"][effort].to_owned())
}

fn read_choice(choice: &Value) -> Choice {
    match choice["type"].as_str() {
        Some("none") => Choice::None,
        Some("any") => Choice::Any,
        Some("tool") => Choice::One(string(&choice["name"])),
        _ => Choice::Free,
    }
}

/// Thoughts are signed for their own provider, and left out.
fn read_model(talk: &mut Talk, content: &Value) -> Result<(), Untranslatable> {
    if let Value::String(text) = content {
        model_said(&mut talk.said, text, None);
        return Ok(());
    }
    for block in items(content) {
        match block["type"].as_str() {
            Some("text") => model_said(&mut talk.said, &string(&block["text"]), None),
            Some("tool_use") => model_said(&mut talk.said, "", Some(read_call(block))),
            Some("thinking" | "redacted_thinking") => {}
            kind => return Err(cant(&format!("a block of type '{}'", kind.unwrap_or_default()))),
        }
    }
    Ok(())
}

fn read_call(block: &Value) -> Call {
    let arguments = match &block["input"] {
        Value::Null => "{}".to_owned(),
        input => input.to_string(),
    };
    Call { id: string(&block["id"]), name: string(&block["name"]), arguments }
}

fn read_person(talk: &mut Talk, content: &Value) -> Result<(), Untranslatable> {
    if let Value::String(text) = content {
        talk.said.push(Said::Person(vec![Part::Text(text.clone())]));
        return Ok(());
    }
    let mut parts = Vec::new();
    for block in items(content) {
        if block["type"] == "tool_result" {
            talk.said.push(Said::Tool {
                call: string(&block["tool_use_id"]),
                parts: read_parts(&block["content"])?,
                failed: block["is_error"] == true,
            });
        } else {
            parts.push(read_part(block)?);
        }
    }
    if !parts.is_empty() {
        talk.said.push(Said::Person(parts));
    }
    Ok(())
}

fn read_parts(content: &Value) -> Result<Vec<Part>, Untranslatable> {
    match content {
        Value::String(text) => Ok(vec![Part::Text(text.clone())]),
        blocks => items(blocks).iter().map(read_part).collect(),
    }
}

fn read_part(block: &Value) -> Result<Part, Untranslatable> {
    let source = &block["source"];
    match (block["type"].as_str(), source["type"].as_str()) {
        (Some("text"), _) => Ok(Part::Text(string(&block["text"]))),
        (Some("image"), Some("url")) => Ok(Part::Picture(string(&source["url"]))),
        (Some("image"), Some("base64")) => {
            Ok(Part::Image { kind: string(&source["media_type"]), data: string(&source["data"]) })
        }
        (kind, _) => Err(cant(&format!("a block of type '{}'", kind.unwrap_or_default()))),
    }
}

/// Writes a request.
pub(super) fn write(talk: &Talk, model: &str) -> Value {
    let mut body = Map::new();
    let mut put = |name: &str, value: Option<Value>| {
        if let Some(value) = value {
            body.insert(name.to_owned(), value);
        }
    };
    put("model", Some(model.into()));
    put("max_tokens", talk.output_max.map(Value::from));
    let mut system = talk.instructions.clone();
    if talk.form == Form::Json {
        // It has no other way to say that.
        instruct(&mut system, JSON_IN_WORDS);
    }
    put("system", (!system.is_empty()).then(|| system.into()));
    put("messages", Some(write_messages(&talk.said)));
    put("temperature", talk.temperature.clone().map(|t| at_most_one(t).into()));
    put("top_p", talk.top_p.clone().map(Value::Number));
    put("stop_sequences", (!talk.stop.is_empty()).then(|| json!(talk.stop)));
    put("stream", talk.streamed.then_some(true.into()));
    put("output_config", write_output(talk));
    if !talk.tools.is_empty() {
        let tools = talk.tools.iter().map(|tool| {
            let mut written = json!({
                "name": tool.name, "description": tool.about, "input_schema": tool.parameters,
            });
            if tool.strict {
                written["strict"] = true.into();
            }
            written
        });
        put("tools", Some(tools.collect()));
        put("tool_choice", write_choice(talk));
    }
    body.into()
}

/// The form of the answer, and how hard to think, in Anthropic's words.
fn write_output(talk: &Talk) -> Option<Value> {
    let mut output = Map::new();
    if let Form::Schema { schema, .. } = &talk.form {
        output.insert("format".into(), json!({ "type": "json_schema", "schema": schema }));
    }
    let effort = talk.effort.as_deref().map(|effort| match effort {
        "minimal" => "low",
        "xhigh" => "high",
        effort => effort,
    });
    // Not to think is what it does unless it is told to.
    if let Some(effort) = effort.filter(|effort| *effort != "none") {
        output.insert("effort".into(), effort.into());
    }
    (!output.is_empty()).then(|| output.into())
}

/// OpenAI's scale ends at two, Anthropic's at one.
fn at_most_one(temperature: serde_json::Number) -> serde_json::Number {
    let is_more = temperature.as_f64().is_some_and(|t| t > 1.0);
    if is_more { 1.into() } else { temperature }
}

fn write_choice(talk: &Talk) -> Option<Value> {
    let mut choice = match &talk.choice {
        Choice::Free if talk.parallel.is_none() => return None,
        Choice::Free => json!({ "type": "auto" }),
        Choice::None => return Some(json!({ "type": "none" })),
        Choice::Any => json!({ "type": "any" }),
        Choice::One(name) => json!({ "type": "tool", "name": name }),
    };
    if talk.parallel == Some(false) {
        choice["disable_parallel_tool_use"] = true.into();
    }
    Some(choice)
}

/// What tools and the person say between two turns of the model is one message.
fn write_messages(said: &[Said]) -> Value {
    let mut messages: Vec<(&str, Vec<Value>)> = Vec::new();
    for said in said {
        let (role, blocks) = match said {
            Said::Person(parts) => ("user", write_parts(parts)),
            Said::Tool { call, parts, failed } => {
                let mut block = json!({
                    "type": "tool_result", "tool_use_id": call, "content": write_parts(parts),
                });
                if *failed {
                    block["is_error"] = true.into();
                }
                ("user", vec![block])
            }
            Said::Model { text, calls } => ("assistant", write_blocks("", text, calls)),
        };
        match messages.last_mut() {
            Some((last, all)) if *last == role => all.extend(blocks),
            _ => messages.push((role, blocks)),
        }
    }
    let messages = messages.into_iter().filter(|(_, blocks)| !blocks.is_empty());
    messages.map(|(role, blocks)| json!({ "role": role, "content": blocks })).collect()
}

fn write_parts(parts: &[Part]) -> Vec<Value> {
    let part = |part: &Part| match part {
        // An empty text is refused.
        Part::Text(text) if text.is_empty() => None,
        Part::Text(text) => Some(json!({ "type": "text", "text": text })),
        Part::Picture(address) => {
            Some(json!({ "type": "image", "source": { "type": "url", "url": address } }))
        }
        Part::Image { kind, data } => Some(json!({
            "type": "image", "source": { "type": "base64", "media_type": kind, "data": data },
        })),
    };
    parts.iter().filter_map(part).collect()
}

fn write_blocks(thought: &str, text: &str, calls: &[Call]) -> Vec<Value> {
    let mut blocks = Vec::new();
    if !thought.is_empty() {
        blocks.push(json!({ "type": "thinking", "thinking": thought, "signature": "" }));
    }
    if !text.is_empty() {
        blocks.push(json!({ "type": "text", "text": text }));
    }
    blocks.extend(calls.iter().map(|call| {
        json!({
            "type": "tool_use", "id": call.id, "name": call.name,
            "input": arguments(&call.arguments),
        })
    }));
    blocks
}

/// Reads an answer.
pub(super) fn read_answer(body: &Value) -> Result<Answer, Untranslatable> {
    if !body["content"].is_array() {
        return Err(cant("an answer without content"));
    }
    let mut answer = Answer { stop: stop(&body["stop_reason"]), ..Answer::default() };
    for block in items(&body["content"]) {
        match block["type"].as_str() {
            Some("text") => answer.text.push_str(&string(&block["text"])),
            Some("thinking") => answer.thought.push_str(&string(&block["thinking"])),
            Some("tool_use") => answer.calls.push(read_call(block)),
            _ => {}
        }
    }
    Ok(answer)
}

/// Why it ended.
pub(super) fn stop(reason: &Value) -> Stop {
    match reason.as_str() {
        Some("max_tokens" | "model_context_window_exceeded") => Stop::Length,
        Some("tool_use") => Stop::Calls,
        Some("refusal") => Stop::Refused,
        _ => Stop::Done,
    }
}

/// The same, as it is said.
pub(super) const fn reason(stop: Stop) -> &'static str {
    match stop {
        Stop::Done => "end_turn",
        Stop::Calls => "tool_use",
        Stop::Length => "max_tokens",
        Stop::Refused => "refusal",
    }
}

/// Writes an answer.
pub(super) fn write_answer(answer: &Answer, used: &Used, head: &Head) -> Value {
    let mut message = message(head, used);
    message["content"] = write_blocks(&answer.thought, &answer.text, &answer.calls).into();
    message["stop_reason"] = reason(answer.stop).into();
    message
}

/// A message without content.
pub(super) fn message(head: &Head, used: &Used) -> Value {
    json!({
        "id": head.id, "type": "message", "role": "assistant", "model": head.model, "content": [],
        "stop_reason": null, "stop_sequence": null, "usage": usage(used),
    })
}

/// What was used, as it is said.
pub(super) fn usage(used: &Used) -> Value {
    let Usage { written, written_hour, written_half_day, .. } = used.usage;
    let written = written + written_hour + written_half_day;
    json!({
        "input_tokens": used.usage.prompt.0,
        "cache_creation_input_tokens": written.0,
        "cache_read_input_tokens": used.usage.cached.0,
        "output_tokens": used.usage.output.0,
    })
}
