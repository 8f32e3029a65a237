//! Gemini's generateContent.
//!
//! The model and whether to stream are in the path. A stream is a series of whole answers,
//! each with what is new; a call comes whole; no event says that it is the last but by its
//! `finishReason`. A wait is told in the body of an error, not in a header.

use serde_json::{Value, json};
use tenfold_domain::ToolCall;

use super::reply::{Failure, Used};
use super::request::{Read, Request, items, string, text_of, tool_spec};
use super::wire::{Answer, Error, Wire, pieces};

pub(super) struct Gemini;

/// Which model a path asks, and whether it asks for a stream.
pub(super) fn asked(path: &str) -> (String, bool) {
    let name = path.rsplit_once("/models/").map_or(path, |(_, name)| name);
    let (model, call) = name.split_once(':').unwrap_or((name, ""));
    (model.to_owned(), call.starts_with("stream"))
}

impl Wire for Gemini {
    fn read(&self, body: &Value) -> Read {
        let config = &body["generationConfig"];
        let mut read = Read {
            max_tokens: config["maxOutputTokens"].as_u64(),
            temperature: config["temperature"].as_f64(),
            ..Read::default()
        };
        read.system(&text_of(&body["systemInstruction"]["parts"]));
        for content in items(&body["contents"]) {
            let by_model = content["role"] == "model";
            for part in items(&content["parts"]) {
                read_part(&mut read, part, by_model);
            }
        }
        let tools = items(&body["tools"]).iter();
        let tools = tools.flat_map(|tools| items(&tools["functionDeclarations"]));
        let parameters = |tool: &Value| match &tool["parametersJsonSchema"] {
            Value::Null => tool["parameters"].clone(),
            schema => schema.clone(),
        };
        read.tools = tools.map(|tool| tool_spec(tool, &parameters(tool))).collect();
        read
    }

    fn whole(&self, answer: &Answer<'_>) -> Value {
        let content = answer.content;
        if content.refused {
            return refusal(answer);
        }
        let (calls, finish) = calls(answer);
        let text = (!content.text.is_empty()).then(|| json!({ "text": content.text }));
        let parts = text.into_iter().chain(calls).collect();
        chunk(answer, parts, Some(finish))
    }

    fn events(&self, answer: &Answer<'_>) -> Vec<String> {
        if answer.content.refused {
            return vec![event(&refusal(answer))];
        }
        let (calls, finish) = calls(answer);
        let texts = pieces(&answer.content.text);
        let texts = texts.into_iter().map(|text| json!({ "text": text }));
        let mut events: Vec<String> =
            texts.chain(calls).map(|part| event(&chunk(answer, vec![part], None))).collect();
        events.push(event(&chunk(answer, Vec::new(), Some(finish))));
        events
    }

    fn error(&self, failure: &Failure, request: &Request) -> Error {
        let (code, status, message) = match failure {
            Failure::TooMany { retry_after_s } => {
                let message = "Resource has been exhausted (e.g. check quota).";
                return exhausted(
                    message,
                    "GenerateRequestsPerMinutePerProjectPerModel",
                    *retry_after_s,
                );
            }
            Failure::QuotaSpent { retry_after_s } => {
                let message = "You exceeded your current quota, please check your plan and billing \
                               details. For more information on this error, head to: \
                               https://ai.google.dev/gemini-api/docs/rate-limits.";
                return exhausted(
                    message,
                    "GenerateRequestsPerDayPerProjectPerModel",
                    *retry_after_s,
                );
            }
            Failure::Overloaded => (503, "UNAVAILABLE", OVERLOADED.to_owned()),
            Failure::ContextOverflow => (
                400,
                "INVALID_ARGUMENT",
                "The input token count (1200000) exceeds the maximum number of tokens allowed \
                 (1048576)."
                    .to_owned(),
            ),
            Failure::WrongKey => return wrong_key(),
            Failure::UnknownModel => (
                404,
                "NOT_FOUND",
                format!(
                    "models/{} is not found for API version v1beta, or is not supported for \
                     generateContent. Call ListModels to see the list of available models and \
                     their supported methods.",
                    request.model
                ),
            ),
            _ => (
                500,
                "INTERNAL",
                "An internal error has occurred. Please retry or report in \
                 https://developers.generativeai.google/guide/troubleshooting"
                    .to_owned(),
            ),
        };
        Error::json(code, &error_body(code, status, &message, Vec::new()))
    }

    fn late_error(&self, _: &Request) -> String {
        event(&error_body(503, "UNAVAILABLE", OVERLOADED, Vec::new()))
    }
}

const OVERLOADED: &str = "The model is overloaded. Please try again later.";

fn read_part(read: &mut Read, part: &Value, by_model: bool) {
    let (call, response) = (&part["functionCall"], &part["functionResponse"]);
    // Without an id the name has to do, as it has for the model.
    let id = |of: &Value| of["id"].as_str().unwrap_or(string(&of["name"])).to_owned();
    if call.is_object() {
        let name = string(&call["name"]).to_owned();
        read.model(
            "",
            Some(ToolCall {
                id: id(call),
                name,
                arguments: call["args"].clone(),
                signatures: Vec::new(),
            }),
        );
    } else if response.is_object() {
        let said = &response["response"];
        let text = said["content"].as_str().map_or_else(|| said.to_string(), str::to_owned);
        read.tool(&id(response), text);
    } else if by_model {
        read.model(string(&part["text"]), None);
    } else {
        read.person(string(&part["text"]).to_owned());
    }
}

/// The calls as parts, and how the answer ends. One call that is no JSON spoils all.
fn calls(answer: &Answer<'_>) -> (Vec<Value>, Value) {
    let mut parts = Vec::new();
    for call in &answer.content.calls {
        let Ok(arguments) = serde_json::from_str::<Value>(&call.arguments) else {
            let why = format!("Malformed function call: {}({}", call.name, call.arguments);
            let reason = "MALFORMED_FUNCTION_CALL";
            return (Vec::new(), json!({ "finishReason": reason, "finishMessage": why }));
        };
        parts.push(json!({ "functionCall": { "name": call.name, "args": arguments } }));
    }
    let reason = if answer.content.cut_off { "MAX_TOKENS" } else { "STOP" };
    (parts, json!({ "finishReason": reason }))
}

fn chunk(answer: &Answer<'_>, parts: Vec<Value>, finish: Option<Value>) -> Value {
    let used = if finish.is_some() { answer.used } else { Used { output: 1, ..answer.used } };
    let mut candidate = finish.unwrap_or_else(|| json!({}));
    candidate["content"] = match parts.is_empty() {
        true => json!({ "role": "model" }),
        false => json!({ "parts": parts, "role": "model" }),
    };
    candidate["index"] = 0.into();
    let mut chunk = frame(answer, usage(used));
    chunk["candidates"] = json!([candidate]);
    chunk
}

fn refusal(answer: &Answer<'_>) -> Value {
    let mut refusal = frame(answer, usage(Used { output: 0, ..answer.used }));
    refusal["promptFeedback"] = json!({ "blockReason": "PROHIBITED_CONTENT" });
    refusal
}

fn frame(answer: &Answer<'_>, usage: Value) -> Value {
    json!({
        "usageMetadata": usage,
        "modelVersion": answer.request.model,
        "responseId": format!("response-{}", answer.number),
    })
}

fn usage(used: Used) -> Value {
    let mut usage = json!({
        "promptTokenCount": used.prompt,
        "totalTokenCount": used.prompt + used.output,
        "promptTokensDetails": [{ "modality": "TEXT", "tokenCount": used.prompt }],
    });
    if used.output > 0 {
        usage["candidatesTokenCount"] = used.output.into();
    }
    if used.cached > 0 {
        usage["cachedContentTokenCount"] = used.cached.into();
        usage["cacheTokensDetails"] = json!([{ "modality": "TEXT", "tokenCount": used.cached }]);
    }
    usage
}

fn event(data: &Value) -> String {
    format!("data: {data}\r\n\r\n")
}

fn exhausted(message: &str, quota: &str, retry_after_s: Option<u32>) -> Error {
    let mut details = vec![json!({
        "@type": "type.googleapis.com/google.rpc.QuotaFailure",
        "violations": [{
            "quotaMetric": "generativelanguage.googleapis.com/generate_content_requests",
            "quotaId": quota,
        }],
    })];
    if let Some(seconds) = retry_after_s {
        details.push(json!({
            "@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": format!("{seconds}s"),
        }));
    }
    Error::json(429, &error_body(429, "RESOURCE_EXHAUSTED", message, details))
}

fn wrong_key() -> Error {
    let details = vec![json!({
        "@type": "type.googleapis.com/google.rpc.ErrorInfo",
        "reason": "API_KEY_INVALID",
        "domain": "googleapis.com",
        "metadata": { "service": "generativelanguage.googleapis.com" },
    })];
    let message = "API key not valid. Please pass a valid API key.";
    Error::json(400, &error_body(400, "INVALID_ARGUMENT", message, details))
}

fn error_body(code: u16, status: &str, message: &str, details: Vec<Value>) -> Value {
    let mut error = json!({ "code": code, "message": message, "status": status });
    if !details.is_empty() {
        error["details"] = details.into();
    }
    json!({ "error": error })
}
