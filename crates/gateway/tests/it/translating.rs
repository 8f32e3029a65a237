//! Each client in front of each provider: what it says arrives, and what comes back is understood.

use serde_json::json;
use tenfold_domain::{NanoUsd, Said, ToolCall};
use tenfold_models::Protocol;
use tenfold_test_support::http::{Failure, HttpModel, Reply, Request, Used};

use crate::place::Place;
use crate::talking::Client;

const USED: Used = Used { prompt: 1_000, cached: 400, cache_written: 0, output: 50 };
const COST: NanoUsd = NanoUsd(600_000 + 40_000 + 200_000);

fn arrived(asked: &Request) {
    let person = |text: &str| Said::Person { text: text.to_owned() };
    let call = ToolCall {
        id: "call_1".to_owned(),
        name: "read".to_owned(),
        arguments: json!({ "path": "a" }),
        signatures: Vec::new(),
    };
    let said = [
        person("Look"),
        Said::Model { text: "I read.".to_owned(), calls: vec![call] },
        Said::Tool { call: "call_1".to_owned(), text: "It is a.".to_owned() },
        person("Go on"),
    ];
    assert_eq!(asked.said, said, "{}", asked.body);
    assert_eq!((asked.system.as_str(), asked.max_tokens), ("Be brief.", Some(77)));
    assert_eq!((asked.tools[0].name.as_str(), asked.tools[0].about.as_str()), ("read", "Reads"));
    assert_eq!(asked.tools[0].parameters["properties"]["path"]["type"], "string");
    assert_eq!(asked.model, "m-there");
    assert!(asked.body.to_string().contains("aGk="), "the image is there: {}", asked.body);
}

fn stops(client: Client) -> [&'static str; 3] {
    match client {
        Client::Chat => ["tool_calls", "length", "stop"],
        Client::Responses => ["completed", "incomplete", "completed"],
        Client::Messages => ["tool_use", "max_tokens", "end_turn"],
    }
}

#[tokio::test]
async fn each_client_understands_each_provider() {
    let all = [
        Protocol::Openai,
        Protocol::OpenaiResponses,
        Protocol::Anthropic,
        // By the way in that it has for OpenAI's clients.
        Protocol::Gemini,
    ];
    for protocol in all {
        for client in Client::ALL {
            for streamed in [false, true] {
                let calls = Reply::says("Hé, words")
                    .and_calls([("read", json!({ "path": "a\n" })), ("edit", json!({}))]);
                let server = HttpModel::start(vec![
                    calls.using(USED),
                    Reply::says("cut").cut_off().using(USED),
                    Reply::says("done").using(USED),
                ]);
                let place = Place::before(protocol, &server).await;
                let body = client.conversation(streamed).to_string();
                let mut stopped = Vec::new();
                for turn in 0..3 {
                    let answer = place.post(client.path(), &body).await;
                    assert_eq!(answer.status, 200, "{client:?} {protocol}: {}", answer.text());
                    let understood = match streamed {
                        true => client.stream(&answer.text()),
                        false => client.whole(&answer.json()),
                    };
                    assert_eq!(understood.used, (1_000, 400, 50), "{client:?} {protocol}");
                    if turn == 0 {
                        assert_eq!(understood.text, "Hé, words");
                        let names: Vec<_> =
                            understood.calls.iter().map(|(name, _)| name.as_str()).collect();
                        assert_eq!(names, ["read", "edit"], "{client:?} {protocol}");
                        assert_eq!(understood.calls[0].1, json!({ "path": "a\n" }));
                    }
                    stopped.push(understood.stop);
                }
                assert_eq!(stopped, stops(client), "{client:?} {protocol} {streamed}");
                arrived(&server.requests()[0]);
                assert_eq!(place.spent().await, COST.times(3), "{client:?} {protocol}");
            }
        }
    }
}

#[tokio::test]
async fn a_providers_failure_is_said_in_the_clients_words() {
    for (failure, status, kind) in [
        (Failure::TooMany { retry_after_s: Some(3) }, 429, "rate_limit_error"),
        (Failure::ContextOverflow, 400, "invalid_request_error"),
        (Failure::Overloaded, 503, "overloaded_error"),
        (Failure::BadGateway, 502, "api_error"),
    ] {
        let server = HttpModel::start(vec![Reply::fails(failure)]);
        let place = Place::before(Protocol::Openai, &server).await;
        let body = Client::Messages.conversation(false).to_string();
        let answer = place.post("/v1/messages", &body).await;
        assert_eq!(
            (answer.status.as_u16(), answer.json()["type"].as_str()),
            (status, Some("error"))
        );
        assert_eq!(answer.json()["error"]["type"], kind);
        assert_eq!(place.spent().await, NanoUsd(0));
    }
}

#[tokio::test]
async fn a_stream_that_breaks_says_so_and_is_billed() {
    for failure in [Failure::Truncated, Failure::EndsEarly, Failure::LateError] {
        for client in Client::ALL {
            let protocol = match client {
                Client::Messages => Protocol::Openai,
                _ => Protocol::Anthropic,
            };
            let server = HttpModel::start(vec![Reply::fails(failure.clone())]);
            let place = Place::before(protocol, &server).await;
            let answer = place.post(client.path(), &client.conversation(true).to_string()).await;
            let text = answer.text();
            assert!(text.contains("\"error\":{"), "{client:?} {failure:?}: {text}");
            for end in ["[DONE]", "message_stop", "response.completed"] {
                assert!(!text.contains(end), "{client:?} {failure:?}: {text}");
            }
            assert!(place.spent().await > NanoUsd(0));
            assert!(place.gateway.metrics().contains("basis=\"bound\""));
        }
    }
}

#[tokio::test]
async fn what_cant_be_said_in_the_other_protocol_is_refused_by_name() {
    let server = HttpModel::start(Vec::new());
    let place = Place::before(Protocol::Openai, &server).await;
    let body = json!({ "model": "m", "max_tokens": 9, "messages": [{ "role": "user", "content": [
        { "type": "document", "source": { "type": "url", "url": "http://there/a.pdf" } },
    ] }] });
    let answer = place.post("/v1/messages", &body.to_string()).await;
    assert_eq!(answer.status, 400);
    assert!(answer.text().contains("'document'"), "{}", answer.text());
    assert_eq!(place.spent().await, NanoUsd(0));
    assert!(server.requests().is_empty());
}
