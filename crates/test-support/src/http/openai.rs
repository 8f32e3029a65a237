//! How OpenAI fails, which is the same in both of its formats.
//!
//! It is apart because two files need it. The texts are OpenAI's own.

use serde_json::{Value, json};

use super::reply::Failure;
use super::request::{Format, Request};
use super::wire::Error;

pub(super) fn error(failure: &Failure, request: &Request) -> Error {
    let model = &request.model;
    let (status, body) = match failure {
        Failure::TooMany { retry_after_s } => return too_many(model, *retry_after_s),
        Failure::QuotaSpent { retry_after_s } => return spent(*retry_after_s),
        Failure::Overloaded => {
            let message = "The engine is currently overloaded, please try again later";
            (503, body(message, "server_error", Value::Null, Value::Null))
        }
        Failure::ContextOverflow => {
            let (message, param) = overflow(request.format);
            let code = json!("context_length_exceeded");
            (400, body(message, "invalid_request_error", json!(param), code))
        }
        Failure::WrongKey => {
            let key = request.key().unwrap_or_default();
            let message = format!(
                "Incorrect API key provided: {key}. You can find your API key at \
                 https://platform.openai.com/account/api-keys."
            );
            let code = json!("invalid_api_key");
            (401, body(&message, "invalid_request_error", Value::Null, code))
        }
        Failure::UnknownModel => {
            let message =
                format!("The model `{model}` does not exist or you do not have access to it.");
            let code = json!("model_not_found");
            (404, body(&message, "invalid_request_error", Value::Null, code))
        }
        _ => (500, server_error()),
    };
    Error::json(status, &body)
}

fn too_many(model: &str, retry_after_s: Option<u32>) -> Error {
    let wait = retry_after_s.map_or("20ms".to_owned(), |seconds| format!("{seconds}s"));
    let message = format!(
        "Rate limit reached for {model} in organization org-AAA on tokens per min (TPM): Limit \
         30000, Used 22999, Requested 12528. Please try again in {wait}. Visit \
         https://platform.openai.com/account/rate-limits to learn more."
    );
    let code = json!("rate_limit_exceeded");
    let mut error = Error::json(429, &body(&message, "tokens", Value::Null, code));
    error.headers = vec![("x-ratelimit-remaining-tokens", "7001".to_owned())];
    error.headers.extend(retry_after_s.map(|seconds| ("retry-after", seconds.to_string())));
    error
}

fn spent(retry_after_s: Option<u32>) -> Error {
    let message = "You exceeded your current quota, please check your plan and billing details. \
                   For more information on this error, read the docs: \
                   https://platform.openai.com/docs/guides/error-codes/api-errors.";
    let code = json!("insufficient_quota");
    let mut error = Error::json(429, &body(message, "insufficient_quota", Value::Null, code));
    error.headers.extend(retry_after_s.map(|seconds| ("retry-after", seconds.to_string())));
    error
}

/// What is said of a conversation that is too long, and of which parameter.
pub(super) fn overflow(format: Format) -> (&'static str, &'static str) {
    match format {
        Format::OpenAiResponses => (
            "Your input exceeds the context window of this model. Please adjust your input and \
             try again.",
            "input",
        ),
        _ => (
            "This model's maximum context length is 128000 tokens. However, your messages \
             resulted in 140123 tokens. Please reduce the length of the messages.",
            "messages",
        ),
    }
}

pub(super) const SERVER_ERROR: &str =
    "The server had an error while processing your request. Sorry about that!";

pub(super) fn server_error() -> Value {
    body(SERVER_ERROR, "server_error", Value::Null, Value::Null)
}

fn body(message: &str, kind: &str, param: Value, code: Value) -> Value {
    json!({ "error": { "message": message, "type": kind, "param": param, "code": code } })
}
