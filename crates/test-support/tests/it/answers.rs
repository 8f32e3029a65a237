//! What an answer holds, in each format, whole and streamed: text, calls, usage, the end.

use genai::adapter::AdapterKind;
use genai::chat::{ChatRequest, StopReason, Tool};
use serde_json::json;
use tenfold_test_support::http::{HttpModel, Reply, Used};

use crate::asking::{Asker, End, FORMATS, KEY, options};

/// The end of what a reply becomes, in every format and way, after its text was looked at.
async fn for_each(reply: impl Fn() -> Reply, text: &str, check: impl Fn(AdapterKind, bool, End)) {
    for (format, model) in FORMATS {
        for streamed in [false, true] {
            let server = HttpModel::start(vec![reply()]).demanding(KEY);
            let asker = Asker::new(&server, format, model, KEY);
            let request = ChatRequest::from_user("Hi").append_tool(Tool::new("read"));
            let outcome = asker.ask(streamed, request, &options()).await;
            let shown = format!("{format:?}, streamed {streamed}: {outcome:?}");
            assert_eq!(outcome.said, text, "{shown}");
            assert!(outcome.error.is_none(), "{shown}");
            check(format, streamed, outcome.ended.expect(&shown));
        }
    }
}

#[tokio::test]
async fn a_text_arrives_as_it_was_scripted() {
    let text = "A text that is longer than one piece,\nwith «ümlauts» and 文字.";
    for_each(
        || Reply::says(text),
        text,
        |format, _, end| {
            assert_eq!(end.content.first_text(), Some(text), "{format:?}");
            assert_eq!(end.stop, Some(StopReason::Completed(String::new())), "{format:?}");
        },
    )
    .await;
}

#[tokio::test]
async fn calls_arrive_whole_and_in_order_with_ids_of_their_own() {
    let first = json!({ "path": "src/lib.rs", "lines": [1, 200], "note": "a «note»" });
    let reply =
        || Reply::says("Let me see.").and_calls([("read", first.clone()), ("list", json!({}))]);
    for_each(reply, "Let me see.", |format, _, end| {
        let calls = end.content.tool_calls();
        let shown = format!("{format:?}: {calls:?}");
        assert_eq!(calls.len(), 2, "{shown}");
        assert_eq!((&*calls[0].fn_name, &calls[0].fn_arguments), ("read", &first), "{shown}");
        assert_eq!((&*calls[1].fn_name, &calls[1].fn_arguments), ("list", &json!({})), "{shown}");
        assert_ne!(calls[0].call_id, calls[1].call_id, "{shown}");
        // Two of them don't say in the end that the model wants something.
        let stop = match format {
            AdapterKind::OpenAI | AdapterKind::Anthropic => StopReason::ToolCall(String::new()),
            _ => StopReason::Completed(String::new()),
        };
        assert_eq!(end.stop, Some(stop), "{shown}");
    })
    .await;
}

#[tokio::test]
async fn usage_counts_what_is_cached_as_part_of_the_prompt() {
    let used = Used { prompt: 1_000, cached: 700, cache_written: 200, output: 30 };
    for_each(
        || Reply::says("Hi").using(used),
        "Hi",
        |format, _, end| {
            let usage = end.usage.unwrap();
            let details = usage.prompt_tokens_details.unwrap();
            assert_eq!(usage.prompt_tokens, Some(1_000), "{format:?}");
            assert_eq!(usage.completion_tokens, Some(30), "{format:?}");
            assert_eq!(details.cached_tokens, Some(700), "{format:?}");
            let written = (format != AdapterKind::Gemini).then_some(200);
            assert_eq!(details.cache_creation_tokens, written, "{format:?}");
        },
    )
    .await;
}

#[tokio::test]
async fn an_answer_that_is_cut_off_says_so() {
    for_each(
        || Reply::says("Once upon").cut_off(),
        "Once upon",
        |format, _, end| {
            assert_eq!(end.stop, Some(StopReason::MaxTokens(String::new())), "{format:?}");
            assert!(end.usage.is_some(), "{format:?}");
        },
    )
    .await;
}
