//! OpenAI's chat completions: requests and answers, in one piece.

use serde_json::{Map, Value, json};

use super::Untranslatable;
use super::talk::{
    Answer, Call, Choice, Form, Head, Part, Said, Stop, Talk, Tool, Used, cant, instruct, items,
    model_said, number, string, text_of, text_only, texts, told,
};

/// Reads a request.
pub(super) fn read(body: &Value) -> Result<Talk, Untranslatable> {
    if body["n"].as_u64().is_some_and(|n| n > 1) {
        return Err(cant("several answers at once ('n')"));
    }
    let mut talk = Talk {
        choice: read_choice(&body["tool_choice"]),
        parallel: body["parallel_tool_calls"].as_bool(),
        output_max: body["max_completion_tokens"].as_u64().or(body["max_tokens"].as_u64()),
        temperature: number(&body["temperature"]),
        top_p: number(&body["top_p"]),
        stop: texts(&body["stop"]),
        streamed: body["stream"] == true,
        effort: body["reasoning_effort"].as_str().map(str::to_owned),
        form: read_form(&body["response_format"], &body["response_format"]["json_schema"]),
        ..Talk::default()
    };
    for tool in items(&body["tools"]) {
        let function = &tool["function"];
        if !function.is_object() {
            return Err(cant(&format!("a tool of type '{}'", string(&tool["type"]))));
        }
        talk.tools.push(read_tool(function, &function["parameters"]));
    }
    for message in items(&body["messages"]) {
        let parts = read_parts(&message["content"])?;
        match message["role"].as_str() {
            Some("system" | "developer") => {
                instruct(&mut talk.instructions, &text_only(&parts, "a system message")?);
            }
            Some("assistant") => {
                model_said(&mut talk.said, &text_only(&parts, "what the model said")?, None);
                for call in items(&message["tool_calls"]) {
                    model_said(&mut talk.said, "", Some(read_call(call)));
                }
            }
            Some("tool") => {
                let call = string(&message["tool_call_id"]);
                talk.said.push(Said::Tool { call, parts, failed: false });
            }
            Some("user") => talk.said.push(Said::Person(parts)),
            role => {
                return Err(cant(&format!("a message of role '{}'", role.unwrap_or_default())));
            }
        }
    }
    Ok(talk)
}

pub(super) fn read_tool(function: &Value, parameters: &Value) -> Tool {
    let parameters = match parameters {
        Value::Null => json!({ "type": "object", "properties": {} }),
        parameters => parameters.clone(),
    };
    let (name, about) = (string(&function["name"]), string(&function["description"]));
    Tool { name, about, parameters, strict: function["strict"] == true }
}

fn read_call(call: &Value) -> Call {
    let function = &call["function"];
    Call {
        id: string(&call["id"]),
        name: string(&function["name"]),
        arguments: string(&function["arguments"]),
    }
}

/// A choice of tools, as both of OpenAI's protocols have it.
pub(super) fn read_choice(choice: &Value) -> Choice {
    match choice {
        Value::String(word) if word == "none" => Choice::None,
        Value::String(word) if word == "required" => Choice::Any,
        Value::Object(one) => {
            let named = &one.get("function").unwrap_or(choice)["name"];
            named.as_str().map_or(Choice::Free, |name| Choice::One(name.to_owned()))
        }
        _ => Choice::Free,
    }
}

/// A form of an answer: what it is, and where its schema is.
pub(super) fn read_form(form: &Value, schema: &Value) -> Form {
    match form["type"].as_str() {
        Some("json_object") => Form::Json,
        Some("json_schema") => {
            let (name, strict) = (string(&schema["name"]), schema["strict"] == true);
            Form::Schema { name, schema: schema["schema"].clone(), strict }
        }
        _ => Form::Free,
    }
}

fn read_parts(content: &Value) -> Result<Vec<Part>, Untranslatable> {
    if let Value::String(text) = content {
        return Ok(vec![Part::Text(text.clone())]);
    }
    let part = |part: &Value| match part["type"].as_str() {
        Some("text") => Ok(Part::Text(string(&part["text"]))),
        Some("refusal") => Ok(Part::Text(string(&part["refusal"]))),
        Some("image_url") => Ok(Part::of_address(&string(&part["image_url"]["url"]))),
        kind => Err(cant(&format!("a part of type '{}'", kind.unwrap_or_default()))),
    };
    items(content).iter().map(part).collect()
}

/// Writes a request; `limit` is the member for the limit of its answer.
pub(super) fn write(talk: &Talk, model: &str, limit: &str) -> Value {
    let mut messages = Vec::new();
    if !talk.instructions.is_empty() {
        messages.push(json!({ "role": "system", "content": talk.instructions }));
    }
    // A tool's answer is a text; its images follow as the person's, behind all answers.
    let mut images: Vec<Value> = Vec::new();
    for said in &talk.said {
        if !matches!(said, Said::Tool { .. }) && !images.is_empty() {
            messages.push(json!({ "role": "user", "content": std::mem::take(&mut images) }));
        }
        messages.push(match said {
            Said::Person(parts) => json!({ "role": "user", "content": write_parts(parts) }),
            Said::Model { text, calls } => write_model(text, calls),
            Said::Tool { call, parts, failed } => {
                let parts = told(parts, *failed);
                images.extend(parts.iter().filter_map(write_image));
                json!({ "role": "tool", "tool_call_id": call, "content": text_of(&parts) })
            }
        });
    }
    if !images.is_empty() {
        messages.push(json!({ "role": "user", "content": images }));
    }
    let mut body = Map::new();
    body.insert("model".into(), model.into());
    body.insert("messages".into(), messages.into());
    write_terms(talk, &mut body, limit);
    if talk.streamed {
        body.insert("stream".into(), true.into());
        body.insert("stream_options".into(), json!({ "include_usage": true }));
    }
    body.into()
}

fn write_terms(talk: &Talk, body: &mut Map<String, Value>, limit: &str) {
    let mut put = |name: &str, value: Option<Value>| {
        if let Some(value) = value {
            body.insert(name.to_owned(), value);
        }
    };
    put(limit, talk.output_max.map(Value::from));
    put("temperature", talk.temperature.clone().map(Value::Number));
    put("top_p", talk.top_p.clone().map(Value::Number));
    put("stop", (!talk.stop.is_empty()).then(|| json!(talk.stop)));
    put("reasoning_effort", talk.effort.as_deref().map(write_effort).map(Value::from));
    put(
        "response_format",
        match &talk.form {
            Form::Free => None,
            Form::Json => Some(json!({ "type": "json_object" })),
            Form::Schema { name, schema, strict } => Some(json!({
                "type": "json_schema",
                "json_schema": { "name": name, "schema": schema, "strict": strict },
            })),
        },
    );
    if talk.tools.is_empty() {
        return;
    }
    let tools = talk.tools.iter().map(|tool| {
        json!({ "type": "function", "function": {
            "name": tool.name, "description": tool.about, "parameters": tool.parameters,
            "strict": tool.strict,
        } })
    });
    put("tools", Some(tools.collect()));
    put(
        "tool_choice",
        match &talk.choice {
            Choice::Free => None,
            Choice::None => Some("none".into()),
            Choice::Any => Some("required".into()),
            Choice::One(name) => Some(json!({ "type": "function", "function": { "name": name } })),
        },
    );
    put("parallel_tool_calls", talk.parallel.map(Value::Bool));
}

/// How hard to think, in OpenAI's words.
pub(super) fn write_effort(effort: &str) -> &str {
    if effort == "max" { "high" } else { effort }
}

fn write_image(part: &Part) -> Option<Value> {
    Some(json!({ "type": "image_url", "image_url": { "url": part.address()? } }))
}

fn write_parts(parts: &[Part]) -> Value {
    if let [Part::Text(text)] = parts {
        return text.as_str().into();
    }
    let part = |part: &Part| match part {
        Part::Text(text) => json!({ "type": "text", "text": text }),
        image => write_image(image).unwrap_or_default(),
    };
    parts.iter().map(part).collect()
}

fn write_model(text: &str, calls: &[Call]) -> Value {
    let content = (!text.is_empty()).then_some(text);
    let mut message = json!({ "role": "assistant", "content": content });
    if !calls.is_empty() {
        message["tool_calls"] = calls.iter().map(write_call).collect();
    }
    message
}

fn write_call(call: &Call) -> Value {
    json!({
        "id": call.id, "type": "function",
        "function": { "name": call.name, "arguments": call.arguments },
    })
}

/// Reads an answer.
pub(super) fn read_answer(body: &Value) -> Result<Answer, Untranslatable> {
    let choice = &body["choices"][0];
    let message = &choice["message"];
    if !message.is_object() {
        return Err(cant("an answer without a message"));
    }
    let refusal = message["refusal"].as_str().filter(|text| !text.is_empty());
    let mut text = text_of(&read_parts(&message["content"])?);
    text.push_str(refusal.unwrap_or_default());
    let thought = message["reasoning_content"].as_str().or(message["reasoning"].as_str());
    let stop = if refusal.is_some() { Stop::Refused } else { stop(&choice["finish_reason"]) };
    Ok(Answer {
        thought: thought.unwrap_or_default().to_owned(),
        text,
        calls: items(&message["tool_calls"]).iter().map(read_call).collect(),
        stop,
    })
}

/// Why it ended.
pub(super) fn stop(reason: &Value) -> Stop {
    match reason.as_str() {
        Some("length") => Stop::Length,
        Some("tool_calls" | "function_call") => Stop::Calls,
        Some("content_filter") => Stop::Refused,
        _ => Stop::Done,
    }
}

/// The same, as it is said.
pub(super) const fn reason(stop: Stop) -> &'static str {
    match stop {
        Stop::Done => "stop",
        Stop::Calls => "tool_calls",
        Stop::Length => "length",
        Stop::Refused => "content_filter",
    }
}

/// Writes an answer.
pub(super) fn write_answer(answer: &Answer, used: &Used, head: &Head) -> Value {
    let mut message = write_model(&answer.text, &answer.calls);
    message["refusal"] = Value::Null;
    if !answer.thought.is_empty() {
        message["reasoning_content"] = answer.thought.as_str().into();
    }
    json!({
        "id": head.id, "object": "chat.completion", "created": head.created, "model": head.model,
        "choices": [{
            "index": 0, "message": message, "logprobs": null,
            "finish_reason": reason(answer.stop),
        }],
        "usage": usage(used),
    })
}

/// What was used, as it is said.
pub(super) fn usage(used: &Used) -> Value {
    let (read, written) = (used.read(), used.usage.output.0);
    json!({
        "prompt_tokens": read, "completion_tokens": written, "total_tokens": read + written,
        "prompt_tokens_details": { "cached_tokens": used.usage.cached.0 },
        "completion_tokens_details": { "reasoning_tokens": used.reasoning.0 },
    })
}
