//! What `genai` does that one would not expect. Whoever calls it has to know; when a newer
//! release mends one, its test fails, and what works round it can go.

use std::sync::{Arc, Mutex};

use genai::adapter::AdapterKind;
use genai::chat::{CacheControl, ChatMessage, ChatOptions, ChatRequest, ReasoningEffort, Tool};
use genai::resolver::{AuthData, Endpoint};
use genai::{Error, ModelIden, ServiceTarget};
use serde_json::{Value, json};
use tenfold_test_support::http::{Failure, HttpModel, Reply, Request};

use crate::asking::{Asker, KEY, client, options};

/// What arrives when this is asked.
async fn asked(
    format: AdapterKind,
    model: &str,
    request: ChatRequest,
    options: &ChatOptions,
) -> Request {
    let server = HttpModel::start(vec![Reply::says("Hi")]);
    let outcome = Asker::new(&server, format, model, KEY).whole(request, options).await;
    assert!(outcome.error.is_none(), "{outcome:?}");
    server.requests().remove(0)
}

fn hi() -> ChatRequest {
    ChatRequest::from_user("Hi")
}

/// A name like `qwen-max` reads as the model `qwen` at the effort `max`, unless an effort is
/// given beside it; and there is none that means none.
#[tokio::test]
async fn a_name_that_ends_like_an_effort_loses_its_end() {
    for format in [AdapterKind::OpenAI, AdapterKind::OpenAIResp, AdapterKind::Anthropic] {
        let request = asked(format, "some-model-max", hi(), &options()).await;
        assert_eq!(request.model, "some-model", "{format:?}");
    }
    let zero = options().with_reasoning_effort(ReasoningEffort::Zero);
    let request = asked(AdapterKind::OpenAI, "some-model-max", hi(), &zero).await;
    assert_eq!(request.model, "some-model-max");
    assert_eq!(request.body["reasoning_effort"], "none");
    // A budget is no effort in this format, and so nothing but the name is left of it.
    let budget = options().with_reasoning_effort(ReasoningEffort::Budget(0));
    let request = asked(AdapterKind::OpenAI, "some-model-max", hi(), &budget).await;
    assert_eq!(request.model, "some-model-max");
    assert_eq!(request.body.get("reasoning_effort"), None);
}

/// Newer models of OpenAI cache by themselves, unless they are told to cache at marks only:
/// which `genai` tells them if nothing is said of caching.
#[tokio::test]
async fn nothing_said_of_caching_turns_it_off_for_newer_models() {
    let request = asked(AdapterKind::OpenAI, "gpt-5.6", hi(), &options()).await;
    assert_eq!(request.body["prompt_cache_options"], json!({ "mode": "explicit" }));
    assert!(request.cache_marks.is_empty());

    let keyed = options().with_prompt_cache_key("attempt-1");
    let request = asked(AdapterKind::OpenAI, "gpt-5.6", hi(), &keyed).await;
    assert_eq!(request.body.get("prompt_cache_options"), None);

    let marked = ChatMessage::user("Hi").with_options(CacheControl::Ephemeral);
    let request =
        asked(AdapterKind::OpenAI, "gpt-5.6", ChatRequest::new(vec![marked]), &options()).await;
    assert_eq!(request.cache_marks[0].place, "/messages/0/content/0");
}

/// The responses of OpenAI know no seed and refuse what they don't know.
#[tokio::test]
async fn a_seed_is_sent_where_there_is_none() {
    let seeded = options().with_seed(7);
    let seed = async |format, model| {
        let body = asked(format, model, hi(), &seeded).await.body;
        body.get("seed").or(body["generationConfig"].get("seed")).cloned()
    };
    assert_eq!(seed(AdapterKind::OpenAI, "gpt-4o").await, Some(json!(7)));
    assert_eq!(seed(AdapterKind::OpenAIResp, "gpt-4o").await, Some(json!(7)));
    assert_eq!(seed(AdapterKind::Gemini, "gemini-2.5-flash").await, Some(json!(7)));
    assert_eq!(seed(AdapterKind::Anthropic, "claude-sonnet-4-5").await, None);
}

/// To want the reasoning is to ask for it, which models that don't reason refuse.
#[tokio::test]
async fn to_capture_reasoning_asks_for_it() {
    let plain = ChatOptions::default();
    let request = asked(AdapterKind::OpenAIResp, "gpt-4o", hi(), &plain).await;
    assert_eq!((request.body.get("reasoning"), request.body.get("include")), (None, None));
    let request = asked(AdapterKind::OpenAIResp, "gpt-4o", hi(), &options()).await;
    assert_eq!(request.body["reasoning"], json!({ "summary": "detailed" }));
    assert_eq!(request.body["include"], json!(["reasoning.encrypted_content"]));
    let request = asked(AdapterKind::Gemini, "gemini-2.0-flash", hi(), &options()).await;
    let thinking = &request.body["generationConfig"]["thinkingConfig"];
    assert_eq!(*thinking, json!({ "includeThoughts": true }));
}

/// Unsaid, chat completions are told `false`, and responses nothing, which there means `true`
/// if the schema allows it.
#[tokio::test]
async fn whether_a_schema_is_strict_depends_on_the_format() {
    let request = || hi().append_tool(Tool::new("read").with_schema(json!({ "type": "object" })));
    let chat = asked(AdapterKind::OpenAI, "gpt-4o", request(), &options()).await;
    assert_eq!(chat.body["tools"][0]["function"]["strict"], false);
    let responses = asked(AdapterKind::OpenAIResp, "gpt-4o", request(), &options()).await;
    assert_eq!(responses.body["tools"][0].get("strict"), None);
}

/// Without a mark of its own a request may be marked as a whole: its last system text then is.
#[tokio::test]
async fn a_request_marked_as_a_whole_is_marked_at_its_system_text() {
    let marked = options().with_cache_control(CacheControl::Ephemeral);
    let request = hi().with_system("You are careful.").append_tool(Tool::new("read"));
    let request = asked(AdapterKind::Anthropic, "claude-sonnet-4-5", request, &marked).await;
    let places: Vec<_> = request.cache_marks.iter().map(|mark| &*mark.place).collect();
    assert_eq!(places, ["/system/0"]);
}

/// Gemini gives its calls no ids. Those that `genai` makes up are numbered within a piece of a
/// stream: two calls of one tool are the same one, and so are those of the next turn.
#[tokio::test]
async fn ids_made_up_for_gemini_are_not_unique() {
    let calls = [("read", json!({ "path": "a" })), ("read", json!({ "path": "b" }))];
    let server = HttpModel::start(vec![Reply::calls(calls.clone()), Reply::calls(calls.clone())]);
    let asker = Asker::new(&server, AdapterKind::Gemini, "gemini-2.5-flash", KEY);
    let mut ids = Vec::new();
    for streamed in [false, true] {
        let end = asker.ask(streamed, hi(), &options()).await.ended.unwrap();
        ids.extend(end.content.tool_calls().into_iter().map(|call| call.call_id.clone()));
    }
    assert_eq!(ids, ["call#read#0", "call#read#1", "call#read#0", "call#read#0"]);
}

/// OpenAI's refusals are no part of an answer: it is empty and ends well. They are in the raw
/// answer, for whoever keeps it.
#[tokio::test]
async fn a_refusal_is_seen_in_the_raw_answer_only() {
    let says_refusal = |raw: &Value| raw.to_string().contains("I'm sorry");
    for format in [AdapterKind::OpenAI, AdapterKind::OpenAIResp] {
        let refuses = || Reply::fails(Failure::Refusal);
        let server = HttpModel::start(vec![refuses(), refuses()]);
        let base = format!("{}/v1/", server.url());
        let target = ServiceTarget {
            endpoint: Endpoint::from_owned(base),
            auth: AuthData::from_single(KEY),
            model: ModelIden::new(format, "gpt-4o"),
        };
        let keeping = options().with_capture_raw_body(true);
        let answer = client().exec_chat(target, hi(), Some(&keeping)).await.unwrap();
        assert!(answer.content.is_empty(), "{answer:?}");
        assert!(says_refusal(&answer.captured_raw_body.unwrap()));

        let frames = Arc::new(Mutex::new(Vec::new()));
        let there = Arc::clone(&frames);
        let listening = options().with_raw_frame_fn(move |_, frame| {
            there.lock().unwrap().extend(frame.json());
        });
        let outcome = Asker::new(&server, format, "gpt-4o", KEY).streamed(hi(), &listening).await;
        assert_eq!(outcome.said, "");
        let frames = frames.lock().unwrap();
        let refusal = frames.iter().filter_map(|frame| {
            let delta = &frame["choices"][0]["delta"]["refusal"];
            let is_refusal = frame["type"] == "response.refusal.delta";
            delta.as_str().or(frame["delta"].as_str().filter(|_| is_refusal))
        });
        assert_eq!(refusal.collect::<String>(), "I'm sorry, but I can't help with that.");
    }
}

/// One call that is no JSON loses the whole answer, unless the raw one is kept; what it cost
/// is read from there.
#[tokio::test]
async fn what_a_malformed_call_cost_is_in_the_raw_answer_only() {
    let server =
        HttpModel::start(vec![Reply::fails(Failure::MalformedCall { tool: "read".into() })]);
    let keeping = options().with_capture_raw_body(true);
    let asker = Asker::new(&server, AdapterKind::OpenAI, "gpt-4o", KEY);
    let outcome = asker.whole(hi(), &keeping).await;
    let Some(Error::ChatResponseGeneration { response_body, .. }) = outcome.error else {
        panic!("{outcome:?}");
    };
    assert_eq!(response_body["usage"]["prompt_tokens"], 100);
}

/// An address is put together by appending, or by replacing what is after the last slash.
#[tokio::test]
async fn a_base_address_ends_with_a_slash_or_goes_wrong() {
    let expected = [
        (AdapterKind::OpenAI, "/chat/completions"),
        (AdapterKind::OpenAIResp, "/responses"),
        (AdapterKind::Anthropic, "/v1messages"),
        (AdapterKind::Gemini, "/v1models/a-model:generateContent"),
    ];
    for (format, path) in expected {
        let server = HttpModel::start(vec![Reply::says("Hi")]);
        let target = ServiceTarget {
            endpoint: Endpoint::from_owned(format!("{}/v1", server.url())),
            auth: AuthData::from_single(KEY),
            model: ModelIden::new(format, "a-model"),
        };
        match client().exec_chat(target, hi(), None).await {
            Ok(_) => assert_eq!(server.requests()[0].path, path),
            Err(error) => {
                assert!(error.to_string().contains(&format!("nothing at POST {path}")), "{error}")
            }
        }
    }
}
