//! What a test reads of a request is what was asked, in each format.

use genai::adapter::AdapterKind;
use genai::chat::{CacheControl, ChatMessage, ChatRequest, MessageContent, Tool, ToolCall};
use genai::chat::{ContentPart, ToolResponse};
use serde_json::json;
use tenfold_domain::{Said, ToolCall as Called, ToolSpec};
use tenfold_test_support::http::{Format, HttpModel, Reply, Request};

use crate::asking::{Asker, FORMATS, KEY, options};

const SYSTEM: &str = "You are a careful coworker.";

fn parameters() -> serde_json::Value {
    json!({
        "type": "object",
        "properties": { "path": { "type": "string" } },
        "required": ["path"],
    })
}

/// A conversation with one of everything; what is marked for the cache: the tools, the system
/// text, the last message.
fn conversation() -> ChatRequest {
    let call = |id: &str, path: &str| {
        ContentPart::ToolCall(ToolCall {
            call_id: id.to_owned(),
            fn_name: "read".to_owned(),
            fn_arguments: json!({ "path": path }),
            thought_signatures: None,
        })
    };
    let says = ContentPart::Text("Let me see.".to_owned());
    let turn = vec![says, call("call-a", "a.rs"), call("call-b", "b.rs")];
    let results = vec![
        ToolResponse::new("call-a", "fn a() {}").with_fn_name("read"),
        ToolResponse::new("call-b", "fn b() {}").with_fn_name("read"),
    ];
    let tool = Tool::new("read").with_description("Reads a file.").with_schema(parameters());
    ChatRequest::default()
        .with_tools([tool.with_cache_control(CacheControl::Ephemeral1h)])
        .append_message(ChatMessage::system(SYSTEM).with_options(CacheControl::Ephemeral))
        .append_message(ChatMessage::user("Mend it."))
        .append_message(ChatMessage::assistant(MessageContent::from_parts(turn)))
        .append_message(ChatMessage::from(results).with_options(CacheControl::Ephemeral))
}

async fn asked(format: AdapterKind, model: &str, streamed: bool) -> Request {
    let server = HttpModel::start(vec![Reply::says("Hi")]);
    let asker = Asker::new(&server, format, model, KEY);
    let outcome = asker.ask(streamed, conversation(), &options()).await;
    assert!(outcome.error.is_none(), "{outcome:?}");
    server.requests().remove(0)
}

fn said() -> Vec<Said> {
    let call = |id: &str, path: &str| Called {
        id: id.to_owned(),
        name: "read".to_owned(),
        arguments: json!({ "path": path }),
        signatures: Vec::new(),
    };
    let result = |id: &str, text: &str| Said::Tool { call: id.to_owned(), text: text.to_owned() };
    vec![
        Said::Person { text: "Mend it.".to_owned() },
        Said::Model {
            text: "Let me see.".to_owned(),
            calls: vec![call("call-a", "a.rs"), call("call-b", "b.rs")],
        },
        result("call-a", "fn a() {}"),
        result("call-b", "fn b() {}"),
    ]
}

#[tokio::test]
async fn a_conversation_reads_the_same_in_every_format() {
    let tool = ToolSpec {
        name: "read".to_owned(),
        about: "Reads a file.".to_owned(),
        parameters: parameters(),
    };
    for (format, model) in FORMATS {
        for streamed in [false, true] {
            let request = asked(format, model, streamed).await;
            assert_eq!(request.model, model, "{request:#?}");
            assert_eq!(request.system, SYSTEM, "{request:#?}");
            assert_eq!(request.said, said(), "{request:#?}");
            assert_eq!(request.tools, std::slice::from_ref(&tool), "{request:#?}");
            assert_eq!(request.max_tokens, Some(500), "{request:#?}");
            assert_eq!(request.temperature, Some(0.0), "{request:#?}");
            assert_eq!(request.streamed, streamed, "{request:#?}");
            assert_eq!(request.key(), Some(KEY), "{request:#?}");
            assert_eq!(request.header("content-type"), Some("application/json"));
            assert!(request.text().contains("fn b() {}"));
        }
    }
}

#[tokio::test]
async fn paths_tell_the_formats_apart() {
    let mut paths = Vec::new();
    for (format, model) in FORMATS {
        for streamed in [false, true] {
            let request = asked(format, model, streamed).await;
            paths.push((request.format, request.path));
        }
    }
    let stream = "/v1beta/models/gemini-2.5-flash:streamGenerateContent?alt=sse";
    let expected = [
        (Format::OpenAiChat, "/v1/chat/completions"),
        (Format::OpenAiChat, "/v1/chat/completions"),
        (Format::OpenAiResponses, "/v1/responses"),
        (Format::OpenAiResponses, "/v1/responses"),
        (Format::Anthropic, "/v1/messages"),
        (Format::Anthropic, "/v1/messages"),
        (Format::Gemini, "/v1beta/models/gemini-2.5-flash:generateContent"),
        (Format::Gemini, stream),
    ];
    assert_eq!(paths, expected.map(|(format, path)| (format, path.to_owned())));
}

#[tokio::test]
async fn cache_marks_are_found_where_anthropic_has_them() {
    let request = asked(AdapterKind::Anthropic, "claude-sonnet-4-5", true).await;
    let mut marks: Vec<_> =
        request.cache_marks.iter().map(|mark| (&*mark.place, mark.mark.clone())).collect();
    marks.sort_by_key(|(place, _)| *place);
    let short = json!({ "type": "ephemeral" });
    let hour = json!({ "type": "ephemeral", "ttl": "1h" });
    let expected =
        [("/messages/2/content/1", short.clone()), ("/system/0", short), ("/tools/0", hour)];
    assert_eq!(marks, expected);
    assert_eq!(request.header("anthropic-version"), Some("2023-06-01"));
}

#[tokio::test]
async fn the_other_formats_carry_no_marks() {
    for (format, model) in FORMATS.into_iter().filter(|(kind, _)| *kind != AdapterKind::Anthropic) {
        let request = asked(format, model, false).await;
        assert!(request.cache_marks.is_empty(), "{:?}", request.cache_marks);
    }
}
