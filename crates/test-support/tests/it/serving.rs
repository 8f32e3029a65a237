//! The server as a test meets it: scripts, keys, gates, and that it ends when it is dropped.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::Arc;

use futures_util::StreamExt;
use genai::adapter::AdapterKind;
use genai::chat::{ChatRequest, ChatStreamEvent};
use genai::resolver::{AuthData, Endpoint};
use genai::{ModelIden, ServiceTarget};
use serde_json::json;
use tenfold_domain::Said;
use tenfold_test_support::http::{Failure, Gate, HttpModel, Reply, Used};

use crate::asking::{Asker, FORMATS, KEY, Outcome, client, options};

async fn ask(server: &HttpModel, key: &str) -> Outcome {
    let (format, model) = FORMATS[2];
    let asker = Asker::new(server, format, model, key);
    asker.whole(ChatRequest::from_user("Hi"), &options()).await
}

#[tokio::test]
async fn replies_come_in_order_and_an_exhausted_script_says_so() {
    let server = HttpModel::start(vec![Reply::says("one"), Reply::fails(Failure::Internal)]);
    assert_eq!(ask(&server, KEY).await.said, "one");
    assert_eq!(ask(&server, KEY).await.error.unwrap().status().unwrap(), 500);
    let error = ask(&server, KEY).await.error.unwrap();
    assert_eq!(error.status().unwrap(), 500);
    let why = "the script has 2 replies, and this is request 3";
    assert!(error.to_string().contains(why), "{error}");
    assert_eq!(server.requests().len(), 3);
}

#[tokio::test]
async fn a_wrong_key_is_refused_and_takes_no_reply() {
    let server = HttpModel::start(vec![Reply::says("one")]).demanding(KEY);
    assert_eq!(ask(&server, "sk-wrong").await.error.unwrap().status().unwrap(), 401);
    assert_eq!(ask(&server, KEY).await.said, "one");
    let keys: Vec<_> = server.requests().iter().map(|r| r.key().unwrap().to_owned()).collect();
    assert_eq!(keys, ["sk-wrong", KEY]);
}

#[tokio::test]
async fn a_closure_answers_what_it_is_asked() {
    let server = HttpModel::reacting(|request| match request.said.last() {
        Some(Said::Person { text }) => Reply::says(format!("you said {text}")),
        _ => Reply::fails(Failure::Internal),
    });
    assert_eq!(ask(&server, KEY).await.said, "you said Hi");
    assert_eq!(ask(&server, KEY).await.said, "you said Hi");

    let used = Used { prompt: 7, ..Used::default() };
    let chosen = Reply::chosen(|request| Reply::says(request.model.clone())).using(used);
    let server = HttpModel::start(vec![chosen]);
    let outcome = ask(&server, KEY).await;
    assert_eq!(outcome.said, FORMATS[2].1);
    assert_eq!(outcome.ended.unwrap().usage.unwrap().prompt_tokens, Some(7));
}

/// A stream of one format, not yet read.
async fn stream(server: &HttpModel, format: AdapterKind) -> genai::chat::ChatStream {
    let target = ServiceTarget {
        endpoint: Endpoint::from_owned(format!("{}/v1/", server.url())),
        auth: AuthData::from_single(KEY),
        model: ModelIden::new(format, "a-model"),
    };
    let request = ChatRequest::from_user("Hi");
    client().exec_chat_stream(target, request, Some(&options())).await.unwrap().stream
}

/// Reads until the next piece of text.
async fn next_text(stream: &mut genai::chat::ChatStream) -> Option<String> {
    while let Some(event) = stream.next().await {
        if let ChatStreamEvent::Chunk(chunk) = event.unwrap() {
            return Some(chunk.content);
        }
    }
    None
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_answer_comes_as_the_gate_lets_it_through() {
    let gate = Gate::new();
    let server = HttpModel::start(vec![Reply::says("Once upon a time").through(&gate)]);
    let mut stream = stream(&server, AdapterKind::OpenAI).await;
    // The first chunk names the role and says nothing.
    gate.release(2);
    assert_eq!(next_text(&mut stream).await.unwrap(), "Once upon a ");
    gate.wait_sent(2);
    gate.release(1);
    assert_eq!(next_text(&mut stream).await.unwrap(), "time");
    gate.open();
    assert_eq!(next_text(&mut stream).await, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_hangs_up_in_the_midst_is_noticed() {
    let gate = Gate::new();
    let server = HttpModel::start(vec![Reply::says("Once upon a time").through(&gate)]);
    let mut stream = stream(&server, AdapterKind::OpenAIResp).await;
    gate.release(5);
    assert_eq!(next_text(&mut stream).await.unwrap(), "Once upon a ");
    drop(stream);
    gate.wait_hung_up();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_whole_answer_waits_too() {
    let gate = Gate::new();
    let reply = Reply::calls([("read", json!({ "path": "a" }))]).through(&gate);
    let server = Arc::new(HttpModel::start(vec![reply]));
    let there = Arc::clone(&server);
    let asking = tokio::spawn(async move { ask(&there, KEY).await.line() });
    server.wait_asked(1);
    assert!(!asking.is_finished());
    gate.open();
    assert_eq!(asking.await.unwrap(), r#"read({"path":"a"}); ends ToolCall("tool_use")"#);
}

#[test]
fn a_server_that_is_dropped_is_gone_with_all_that_it_served() {
    let gate = Gate::new();
    let server = HttpModel::start(vec![Reply::says("Once upon a time").through(&gate)]);
    let address = server.url().replace("http://", "");
    let mut waiting = TcpStream::connect(&address).unwrap();
    let body = r#"{"model":"m","stream":true,"messages":[]}"#;
    let length = body.len();
    write!(waiting, "POST /v1/messages HTTP/1.1\r\ncontent-length: {length}\r\n\r\n{body}")
        .unwrap();
    server.wait_asked(1);
    let idle = TcpStream::connect(&address).unwrap();
    drop(server);
    let mut rest = Vec::new();
    let _ = waiting.read_to_end(&mut rest);
    assert!(!String::from_utf8_lossy(&rest).contains("Once"));
    assert!(TcpStream::connect(&address).is_err(), "nobody listens any more");
    drop(idle);
}

#[test]
fn what_is_no_request_is_told_so() {
    let server = HttpModel::start(vec![Reply::says("one")]);
    let ask = |request: &str| {
        let mut stream = TcpStream::connect(server.url().replace("http://", "")).unwrap();
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    };
    let answer = ask("GET /v1/models HTTP/1.1\r\n\r\n");
    assert!(answer.starts_with("HTTP/1.1 404"), "{answer}");
    assert!(answer.contains("nothing at GET /v1/models"), "{answer}");
    let answer = ask("POST /v1/messages HTTP/1.1\r\ncontent-length: 3\r\n\r\n{{{");
    assert!(answer.starts_with("HTTP/1.1 400"), "{answer}");
    assert!(server.requests().is_empty());
}
