//! How each failure looks to a caller of `genai`, in each format, whole and streamed. This is
//! what a provider has to tell apart; a newer `genai` that says something else fails here.

use std::fmt::Write;

use expect_test::{Expect, expect};
use genai::chat::ChatRequest;
use tenfold_test_support::http::{Failure, HttpModel, Reply};

use crate::asking::{Asker, FORMATS, KEY, options};

async fn check(failure: Failure, expected: Expect) {
    let mut lines = String::new();
    for (format, model) in FORMATS {
        for streamed in [false, true] {
            let server = HttpModel::start(vec![Reply::fails(failure.clone())]);
            let asker = Asker::new(&server, format, model, KEY);
            let outcome = asker.ask(streamed, ChatRequest::from_user("Hi"), &options()).await;
            let way = if streamed { "streamed" } else { "whole" };
            writeln!(lines, "{format:?} {way}: {}", outcome.line()).unwrap();
            assert_eq!(
                server.requests().len(),
                1,
                "the client asks once and leaves the rest to us"
            );
        }
    }
    expected.assert_eq(&lines);
}

#[tokio::test]
async fn too_many_requests_with_a_wait() {
    check(Failure::TooMany { retry_after_s: Some(2) }, expect![[r#"
        OpenAI whole: WebModelCall status 429 retry-after 2 > ResponseFailedStatus "Rate limit reached for gpt-4o in organiz"
        OpenAI streamed: WebStream status - retry-after - > HttpError status 429 retry-after 2 "Rate limit reached for gpt-4o in organiz"
        OpenAIResp whole: WebModelCall status 429 retry-after 2 > ResponseFailedStatus "Rate limit reached for gpt-4o in organiz"
        OpenAIResp streamed: WebStream status - retry-after - > HttpError status 429 retry-after 2 "Rate limit reached for gpt-4o in organiz"
        Anthropic whole: WebModelCall status 429 retry-after 2 > ResponseFailedStatus "This request would exceed your organizat"
        Anthropic streamed: WebStream status - retry-after - > HttpError status 429 retry-after 2 "This request would exceed your organizat"
        Gemini whole: WebModelCall status 429 retry-after - > ResponseFailedStatus "Resource has been exhausted (e.g. check "
        Gemini streamed: WebStream status - retry-after - > HttpError status 429 retry-after - "Resource has been exhausted (e.g. check "
    "#]]).await;
}

#[tokio::test]
async fn too_many_requests_without_a_wait() {
    check(Failure::TooMany { retry_after_s: None }, expect![[r#"
        OpenAI whole: WebModelCall status 429 retry-after - > ResponseFailedStatus "Rate limit reached for gpt-4o in organiz"
        OpenAI streamed: WebStream status - retry-after - > HttpError status 429 retry-after - "Rate limit reached for gpt-4o in organiz"
        OpenAIResp whole: WebModelCall status 429 retry-after - > ResponseFailedStatus "Rate limit reached for gpt-4o in organiz"
        OpenAIResp streamed: WebStream status - retry-after - > HttpError status 429 retry-after - "Rate limit reached for gpt-4o in organiz"
        Anthropic whole: WebModelCall status 429 retry-after - > ResponseFailedStatus "This request would exceed your organizat"
        Anthropic streamed: WebStream status - retry-after - > HttpError status 429 retry-after - "This request would exceed your organizat"
        Gemini whole: WebModelCall status 429 retry-after - > ResponseFailedStatus "Resource has been exhausted (e.g. check "
        Gemini streamed: WebStream status - retry-after - > HttpError status 429 retry-after - "Resource has been exhausted (e.g. check "
    "#]]).await;
}

#[tokio::test]
async fn the_quota_is_spent() {
    check(Failure::QuotaSpent { retry_after_s: None }, expect![[r#"
        OpenAI whole: WebModelCall status 429 retry-after - > ResponseFailedStatus "You exceeded your current quota, please "
        OpenAI streamed: WebStream status - retry-after - > HttpError status 429 retry-after - "You exceeded your current quota, please "
        OpenAIResp whole: WebModelCall status 429 retry-after - > ResponseFailedStatus "You exceeded your current quota, please "
        OpenAIResp streamed: WebStream status - retry-after - > HttpError status 429 retry-after - "You exceeded your current quota, please "
        Anthropic whole: WebModelCall status 400 retry-after - > ResponseFailedStatus "Your credit balance is too low to access"
        Anthropic streamed: WebStream status - retry-after - > HttpError status 400 retry-after - "Your credit balance is too low to access"
        Gemini whole: WebModelCall status 429 retry-after - > ResponseFailedStatus "You exceeded your current quota, please "
        Gemini streamed: WebStream status - retry-after - > HttpError status 429 retry-after - "You exceeded your current quota, please "
    "#]]).await;
}

#[tokio::test]
async fn the_provider_is_overloaded() {
    check(Failure::Overloaded, expect![[r#"
        OpenAI whole: WebModelCall status 503 retry-after - > ResponseFailedStatus "The engine is currently overloaded, plea"
        OpenAI streamed: WebStream status - retry-after - > HttpError status 503 retry-after - "The engine is currently overloaded, plea"
        OpenAIResp whole: WebModelCall status 503 retry-after - > ResponseFailedStatus "The engine is currently overloaded, plea"
        OpenAIResp streamed: WebStream status - retry-after - > HttpError status 503 retry-after - "The engine is currently overloaded, plea"
        Anthropic whole: WebModelCall status 529 retry-after - > ResponseFailedStatus "Overloaded"
        Anthropic streamed: WebStream status - retry-after - > HttpError status 529 retry-after - "Overloaded"
        Gemini whole: WebModelCall status 503 retry-after - > ResponseFailedStatus "The model is overloaded. Please try agai"
        Gemini streamed: WebStream status - retry-after - > HttpError status 503 retry-after - "The model is overloaded. Please try agai"
    "#]]).await;
}

#[tokio::test]
async fn the_provider_broke() {
    check(Failure::Internal, expect![[r#"
        OpenAI whole: WebModelCall status 500 retry-after - > ResponseFailedStatus "The server had an error while processing"
        OpenAI streamed: WebStream status - retry-after - > HttpError status 500 retry-after - "The server had an error while processing"
        OpenAIResp whole: WebModelCall status 500 retry-after - > ResponseFailedStatus "The server had an error while processing"
        OpenAIResp streamed: WebStream status - retry-after - > HttpError status 500 retry-after - "The server had an error while processing"
        Anthropic whole: WebModelCall status 500 retry-after - > ResponseFailedStatus "Internal server error"
        Anthropic streamed: WebStream status - retry-after - > HttpError status 500 retry-after - "Internal server error"
        Gemini whole: WebModelCall status 500 retry-after - > ResponseFailedStatus "An internal error has occurred. Please r"
        Gemini streamed: WebStream status - retry-after - > HttpError status 500 retry-after - "An internal error has occurred. Please r"
    "#]]).await;
}

#[tokio::test]
async fn a_gateway_broke_and_says_so_in_html() {
    check(Failure::BadGateway, expect![[r#"
        OpenAI whole: WebModelCall status 502 retry-after - > ResponseFailedStatus "<html>\r\n<head><title>502 Bad Gateway</ti"
        OpenAI streamed: WebStream status - retry-after - > HttpError status 502 retry-after - "<html>\r\n<head><title>502 Bad Gateway</ti"
        OpenAIResp whole: WebModelCall status 502 retry-after - > ResponseFailedStatus "<html>\r\n<head><title>502 Bad Gateway</ti"
        OpenAIResp streamed: WebStream status - retry-after - > HttpError status 502 retry-after - "<html>\r\n<head><title>502 Bad Gateway</ti"
        Anthropic whole: WebModelCall status 502 retry-after - > ResponseFailedStatus "<html>\r\n<head><title>502 Bad Gateway</ti"
        Anthropic streamed: WebStream status - retry-after - > HttpError status 502 retry-after - "<html>\r\n<head><title>502 Bad Gateway</ti"
        Gemini whole: WebModelCall status 502 retry-after - > ResponseFailedStatus "<html>\r\n<head><title>502 Bad Gateway</ti"
        Gemini streamed: WebStream status - retry-after - > HttpError status 502 retry-after - "<html>\r\n<head><title>502 Bad Gateway</ti"
    "#]]).await;
}

#[tokio::test]
async fn the_context_overflows() {
    check(Failure::ContextOverflow, expect![[r#"
        OpenAI whole: WebModelCall status 400 retry-after - > ResponseFailedStatus "This model's maximum context length is 1"
        OpenAI streamed: WebStream status - retry-after - > HttpError status 400 retry-after - "This model's maximum context length is 1"
        OpenAIResp whole: WebModelCall status 400 retry-after - > ResponseFailedStatus "Your input exceeds the context window of"
        OpenAIResp streamed: StreamParse Your input exceeds the context window of this model. Please adjust your input and try again.
        Anthropic whole: WebModelCall status 400 retry-after - > ResponseFailedStatus "prompt is too long: 208310 tokens > 2000"
        Anthropic streamed: WebStream status - retry-after - > HttpError status 400 retry-after - "prompt is too long: 208310 tokens > 2000"
        Gemini whole: WebModelCall status 400 retry-after - > ResponseFailedStatus "The input token count (1200000) exceeds "
        Gemini streamed: WebStream status - retry-after - > HttpError status 400 retry-after - "The input token count (1200000) exceeds "
    "#]]).await;
}

#[tokio::test]
async fn the_key_is_wrong() {
    check(Failure::WrongKey, expect![[r#"
        OpenAI whole: WebModelCall status 401 retry-after - > ResponseFailedStatus "Incorrect API key provided: sk-right. Yo"
        OpenAI streamed: WebStream status - retry-after - > HttpError status 401 retry-after - "Incorrect API key provided: sk-right. Yo"
        OpenAIResp whole: WebModelCall status 401 retry-after - > ResponseFailedStatus "Incorrect API key provided: sk-right. Yo"
        OpenAIResp streamed: WebStream status - retry-after - > HttpError status 401 retry-after - "Incorrect API key provided: sk-right. Yo"
        Anthropic whole: WebModelCall status 401 retry-after - > ResponseFailedStatus "invalid x-api-key"
        Anthropic streamed: WebStream status - retry-after - > HttpError status 401 retry-after - "invalid x-api-key"
        Gemini whole: WebModelCall status 400 retry-after - > ResponseFailedStatus "API key not valid. Please pass a valid A"
        Gemini streamed: WebStream status - retry-after - > HttpError status 400 retry-after - "API key not valid. Please pass a valid A"
    "#]]).await;
}

#[tokio::test]
async fn there_is_no_such_model() {
    check(Failure::UnknownModel, expect![[r#"
        OpenAI whole: WebModelCall status 404 retry-after - > ResponseFailedStatus "The model `gpt-4o` does not exist or you"
        OpenAI streamed: WebStream status - retry-after - > HttpError status 404 retry-after - "The model `gpt-4o` does not exist or you"
        OpenAIResp whole: WebModelCall status 404 retry-after - > ResponseFailedStatus "The model `gpt-4o` does not exist or you"
        OpenAIResp streamed: WebStream status - retry-after - > HttpError status 404 retry-after - "The model `gpt-4o` does not exist or you"
        Anthropic whole: WebModelCall status 404 retry-after - > ResponseFailedStatus "model: claude-sonnet-4-5"
        Anthropic streamed: WebStream status - retry-after - > HttpError status 404 retry-after - "model: claude-sonnet-4-5"
        Gemini whole: WebModelCall status 404 retry-after - > ResponseFailedStatus "models/gemini-2.5-flash is not found for"
        Gemini streamed: WebStream status - retry-after - > HttpError status 404 retry-after - "models/gemini-2.5-flash is not found for"
    "#]]).await;
}

#[tokio::test]
async fn the_server_hangs_up() {
    check(Failure::HangsUp, expect![[r#"
        OpenAI whole: WebModelCall status - retry-after - > Reqwest connection closed before message completed
        OpenAI streamed: WebStream status - retry-after - > connection closed before message completed
        OpenAIResp whole: WebModelCall status - retry-after - > Reqwest connection closed before message completed
        OpenAIResp streamed: WebStream status - retry-after - > connection closed before message completed
        Anthropic whole: WebModelCall status - retry-after - > Reqwest connection closed before message completed
        Anthropic streamed: WebStream status - retry-after - > connection closed before message completed
        Gemini whole: WebModelCall status - retry-after - > Reqwest connection closed before message completed
        Gemini streamed: WebStream status - retry-after - > connection closed before message completed
    "#]]).await;
}

#[tokio::test]
async fn the_connection_breaks() {
    check(Failure::Truncated, expect![[r#"
        OpenAI whole: WebModelCall status - retry-after - > Reqwest end of file before message length reached
        OpenAI streamed: "This answer is long enough to break off "; WebStream status - retry-after - > end of file before message length reached
        OpenAIResp whole: WebModelCall status - retry-after - > Reqwest end of file before message length reached
        OpenAIResp streamed: "This answer is long enough to break off "; WebStream status - retry-after - > end of file before message length reached
        Anthropic whole: WebModelCall status - retry-after - > Reqwest end of file before message length reached
        Anthropic streamed: "This answer is long enough to break off "; WebStream status - retry-after - > end of file before message length reached
        Gemini whole: WebModelCall status - retry-after - > Reqwest end of file before message length reached
        Gemini streamed: "This answer is long enough to break off "; WebStream status - retry-after - > end of file before message length reached
    "#]]).await;
}

#[tokio::test]
async fn the_answer_ends_early() {
    check(
        Failure::EndsEarly,
        expect![[r#"
        OpenAI whole: WebModelCall status - retry-after - > ResponseFailedInvalidJson
        OpenAI streamed: "This answer is long enough to break off "; no end, no error
        OpenAIResp whole: WebModelCall status - retry-after - > ResponseFailedInvalidJson
        OpenAIResp streamed: "This answer is long enough to break off "; ends for no reason
        Anthropic whole: WebModelCall status - retry-after - > ResponseFailedInvalidJson
        Anthropic streamed: "This answer is long enough to break off "; no end, no error
        Gemini whole: WebModelCall status - retry-after - > ResponseFailedInvalidJson
        Gemini streamed: "This answer is long enough to break off "; ends for no reason
    "#]],
    )
    .await;
}

#[tokio::test]
async fn an_error_comes_late() {
    check(Failure::LateError, expect![[r#"
        OpenAI whole: WebModelCall status 503 retry-after - > ResponseFailedStatus "The engine is currently overloaded, plea"
        OpenAI streamed: "This answer is long enough to break off "; ChatResponse {"message":"The server had an error while processing your request. Sorry about that!","type":"server_error","param":null,"code":null}
        OpenAIResp whole: WebModelCall status 503 retry-after - > ResponseFailedStatus "The engine is currently overloaded, plea"
        OpenAIResp streamed: "This answer is long enough to break off "; StreamParse The server had an error while processing your request. Sorry about that!
        Anthropic whole: WebModelCall status 529 retry-after - > ResponseFailedStatus "Overloaded"
        Anthropic streamed: "This answer is long enough to break off "; ChatResponse {"type":"error","error":{"type":"overloaded_error","message":"Overloaded"},"request_id":"req_0"}
        Gemini whole: WebModelCall status 503 retry-after - > ResponseFailedStatus "The model is overloaded. Please try agai"
        Gemini streamed: "This answer is long enough to break off "; ChatResponse {"error":{"code":503,"message":"The model is overloaded. Please try again later.","status":"UNAVAILABLE"}}
    "#]]).await;
}

#[tokio::test]
async fn a_call_is_malformed() {
    check(Failure::MalformedCall { tool: "read".into() }, expect![[r#"
        OpenAI whole: ChatResponseGeneration "Serde JSON error: EOF while parsing a va"
        OpenAI streamed: read("{\"path\": \"src/lib.rs\", \"lines\": [1, "); ends ToolCall("tool_calls")
        OpenAIResp whole: ChatResponseGeneration "Invalid JSON response element: tool call"
        OpenAIResp streamed: read("{\"path\": \"src/lib.rs\", \"lines\": [1, "); ends Completed("completed")
        Anthropic whole: read({}); ends ToolCall("tool_use")
        Anthropic streamed: read("{\"path\": \"src/lib.rs\", \"lines\": [1, "); ends ToolCall("tool_use")
        Gemini whole: ends Other("MALFORMED_FUNCTION_CALL")
        Gemini streamed: ends Other("MALFORMED_FUNCTION_CALL")
    "#]]).await;
}

#[tokio::test]
async fn the_model_refuses() {
    check(
        Failure::Refusal,
        expect![[r#"
        OpenAI whole: ends Completed("stop")
        OpenAI streamed: ends Completed("stop")
        OpenAIResp whole: ends Completed("completed")
        OpenAIResp streamed: ends Completed("completed")
        Anthropic whole: ends ContentFilter("refusal")
        Anthropic streamed: ends ContentFilter("refusal")
        Gemini whole: ChatResponseGeneration "Error event in stream for model 'gemini-"
        Gemini streamed: ChatResponse {"finishReason":null,"usageMetadata":null}
    "#]],
    )
    .await;
}
