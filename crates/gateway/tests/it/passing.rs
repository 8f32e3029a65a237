//! The same protocol on both sides: what goes through unchanged, and what it is billed.

use serde_json::{Value, json};
use tenfold_domain::NanoUsd;
use tenfold_models::Protocol;
use tenfold_test_support::http::{HttpModel, Reply, Used};

use crate::bank::{ADAS_TOKEN, Books};
use crate::place::{KEY, Place, offered};

const USED: Used = Used { prompt: 1_000, cached: 400, cache_written: 0, output: 50 };
/// 600 tokens at a dollar a million, 400 at a tenth of that, 50 at four dollars.
const COST: NanoUsd = NanoUsd(600_000 + 40_000 + 200_000);

#[tokio::test]
async fn a_chat_passes_with_its_bytes_but_for_model_and_key() {
    let server = HttpModel::start(vec![Reply::says("Hé").using(USED)]);
    let place = Place::before(Protocol::Openai, &server).await;
    let body = r#"{"messages":[{"role":"user","content":"hi"}],  "model" : "m","max_tokens":9,
        "unknown": {"kept": [1.50, "\u00e9"]}}"#;
    let answer = place.post("/v1/chat/completions", body).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let asked = server.requests().remove(0);
    let want: Value = serde_json::from_str(&body.replace("\"m\"", "\"m-there\"")).unwrap();
    assert_eq!(asked.body, want);
    assert_eq!(asked.key(), Some(KEY));
    assert!(!format!("{asked:?}").contains(ADAS_TOKEN));
    assert_eq!(answer.json()["choices"][0]["message"]["content"], "Hé");
    assert_eq!(answer.header("x-tenfold-cost-usd"), "0.00084");
    assert_eq!(answer.header("x-tenfold-cost-basis"), "told");
    assert_eq!(answer.header("x-tenfold-model"), "m");
    assert_eq!(answer.header("x-tenfold-left-usd"), "9.99916");
    assert_eq!(answer.header("x-tenfold-limit-usd"), "10.00;per=day");
    assert_eq!(place.spent().await, COST);
}

#[tokio::test]
async fn each_protocol_is_metered_in_its_own_words_streamed_or_not() {
    for (protocol, path, body) in [
        (Protocol::Openai, "/v1/chat/completions", json!({ "messages": [], "max_tokens": 9 })),
        (
            Protocol::OpenaiResponses,
            "/v1/responses",
            json!({ "input": "", "max_output_tokens": 9 }),
        ),
        (Protocol::Anthropic, "/v1/messages", json!({ "messages": [], "max_tokens": 9 })),
    ] {
        for streamed in [false, true] {
            let reply = Reply::says("some words that come in pieces")
                .and_calls([("read", json!({ "path": "a" }))])
                .using(USED);
            let server = HttpModel::start(vec![reply]);
            let place = Place::before(protocol, &server).await;
            let mut body = body.clone();
            body["model"] = "m".into();
            body["stream"] = streamed.into();
            let answer = place.post(path, &body.to_string()).await;
            assert_eq!(answer.status, 200, "{}", answer.text());
            assert!(answer.text().contains("read"), "{}", answer.text());
            assert_eq!(place.spent().await, COST, "{path} {streamed}");
        }
    }
}

#[tokio::test]
async fn what_a_stream_used_is_asked_for_and_told_to_nobody_who_did_not_ask() {
    let server = HttpModel::reacting(|_| Reply::says("some words").using(USED));
    let place = Place::before(Protocol::Openai, &server).await;
    let plain = r#"{"model":"m","messages":[],"max_tokens":9,"stream":true}"#;
    let asking = r#"{"model":"m","messages":[],"max_tokens":9,"stream":true,
        "stream_options":{"include_usage":true}}"#;
    let quiet = place.post("/v1/chat/completions", plain).await.text();
    let told = place.post("/v1/chat/completions", asking).await.text();
    assert!(!quiet.contains("prompt_tokens") && quiet.ends_with("data: [DONE]\n\n"), "{quiet}");
    assert!(told.contains("prompt_tokens"), "{told}");
    for asked in server.requests() {
        assert_eq!(asked.body["stream_options"]["include_usage"], true);
    }
    assert_eq!(place.spent().await, COST.times(2));
}

#[tokio::test]
async fn a_request_without_a_limit_gets_one_and_is_told() {
    let server = HttpModel::start(vec![Reply::says("a")]);
    let place = Place::before(Protocol::Openai, &server).await;
    let answer = place.post("/v1/chat/completions", r#"{"model":"m","messages":[]}"#).await;
    assert_eq!(answer.header("x-tenfold-output-limit"), "8192");
    assert_eq!(server.requests()[0].max_tokens, Some(8_192));
}

#[tokio::test]
async fn models_are_listed_for_the_clients_of_both() {
    let server = HttpModel::start(Vec::new());
    let books = Books::of_ada(NanoUsd::dollars(1));
    let place = Place::of(books, vec![offered("m", Protocol::Openai, &server)]).await;
    let list = place.get("/v1/models", &[("x-api-key", ADAS_TOKEN)]).await.json();
    let names: Vec<_> = list["data"].as_array().unwrap().iter().map(|m| m["id"].clone()).collect();
    assert_eq!(names, ["m", "tenfold/auto", "tenfold/cheapest"]);
    assert_eq!((&list["object"], &list["last_id"]), (&json!("list"), &json!("tenfold/cheapest")));
    let one = place.get("/v1/models/tenfold/auto", &[("x-api-key", ADAS_TOKEN)]).await;
    assert_eq!(one.json()["id"], "tenfold/auto");
    let none = place.get("/v1/models/none", &[("x-api-key", ADAS_TOKEN)]).await;
    assert_eq!(none.status, 404);
}

#[tokio::test]
async fn the_bill_of_a_stream_follows_it_for_who_asks() {
    use http_body_util::BodyExt;

    let used = Used { prompt: 1_000, cached: 400, cache_written: 0, output: 50 };
    for protocol in [Protocol::Openai, Protocol::Anthropic] {
        let server = HttpModel::reacting(move |_| Reply::says("a").using(used));
        let place = Place::before(protocol, &server).await;
        let body = r#"{"model":"m","messages":[],"max_tokens":100,"stream":true}"#;
        let bearer = format!("Bearer {}", crate::bank::ADAS_TOKEN);
        let asks = [("authorization", bearer.as_str()), ("te", "trailers")];
        let answer = place.begin("/v1/chat/completions", body.into(), &asks).await;
        let whole = answer.into_body().collect().await.unwrap();
        let bill = whole.trailers().expect("the bill").clone();
        let said = |name: &str| bill[name].to_str().unwrap().to_owned();
        assert_eq!(said("x-tenfold-cost-basis"), "told");
        assert_eq!(said("x-tenfold-prompt-tokens"), "1000");
        assert_eq!(said("x-tenfold-output-tokens"), "50");
        assert_eq!(said("x-tenfold-cost-usd"), "0.00084", "{protocol}");
        assert_eq!(place.spent().await, NanoUsd(840_000));
    }
}
