//! However a request ends, it is billed once, and rightly.

use axum::body::Body;
use http_body_util::BodyExt;
use tenfold_domain::NanoUsd;
use tenfold_models::Protocol;
use tenfold_test_support::http::{Failure, Gate, HttpModel, Reply, Used};

use crate::bank::{ADAS_TOKEN, Books};
use crate::place::{Place, offered};

const CHAT: &str = "/v1/chat/completions";
const ASK: &str = r#"{"model":"m","messages":[],"max_tokens":100}"#;
const STREAM: &str = r#"{"model":"m","messages":[],"max_tokens":100,"stream":true}"#;

/// The worst case of a request: a token for each byte and those that are not seen, the limit.
fn worst(body: &str) -> NanoUsd {
    NanoUsd((body.len() as u64 + 1_024) * 1_250 + 100 * 4_000 + 5)
}

/// Ready once the server was asked; others go on meanwhile.
async fn asked(server: &HttpModel) {
    while server.requests().is_empty() {
        tokio::task::yield_now().await;
    }
}

fn ada() -> (&'static str, String) {
    ("authorization", format!("Bearer {ADAS_TOKEN}"))
}

#[tokio::test]
async fn what_a_provider_turns_away_costs_nothing() {
    for failure in [
        Failure::TooMany { retry_after_s: Some(7) },
        Failure::Overloaded,
        Failure::Internal,
        Failure::ContextOverflow,
        Failure::UnknownModel,
        Failure::BadGateway,
    ] {
        let server = HttpModel::start(vec![Reply::fails(failure.clone())]);
        let place = Place::before(Protocol::Openai, &server).await;
        let answer = place.post(CHAT, ASK).await;
        assert!(answer.status.as_u16() >= 400, "{failure:?}");
        assert!(answer.json()["error"]["message"].is_string(), "{failure:?}: {}", answer.text());
        assert_eq!(place.spent().await, NanoUsd(0), "{failure:?}");
    }
}

#[tokio::test]
async fn what_is_turned_away_within_a_stream_before_a_word_costs_nothing() {
    let server = HttpModel::start(vec![Reply::fails(Failure::ContextOverflow)]);
    let place = Place::before(Protocol::OpenaiResponses, &server).await;
    let body = r#"{"model":"m","input":"a","max_output_tokens":9,"stream":true}"#;
    let answer = place.post("/v1/responses", body).await;
    assert!(answer.text().contains("context_length_exceeded"), "{}", answer.text());
    assert_eq!(place.spent().await, NanoUsd(0));
}

#[tokio::test]
async fn an_answer_that_broke_off_may_be_on_the_bill_in_full() {
    for (failure, body) in [
        (Failure::Truncated, STREAM),
        (Failure::EndsEarly, STREAM),
        (Failure::LateError, STREAM),
        (Failure::Truncated, ASK),
        (Failure::EndsEarly, ASK),
        (Failure::HangsUp, ASK),
    ] {
        let server = HttpModel::start(vec![Reply::fails(failure.clone())]);
        let place = Place::before(Protocol::Openai, &server).await;
        let (name, value) = ada();
        let response = place.begin(CHAT, Body::from(body), &[(name, &value)]).await;
        let _ = response.into_body().collect().await;
        assert_eq!(place.spent().await, worst(body), "{failure:?}");
        assert!(place.gateway.metrics().contains("basis=\"bound\""), "it is marked");
    }
}

#[tokio::test]
async fn who_says_less_than_was_written_is_not_believed() {
    let lie = Used { prompt: 10, output: 1, ..Used::default() };
    let server = HttpModel::start(vec![Reply::says("long ".repeat(60)).using(lie)]);
    let place = Place::before(Protocol::Openai, &server).await;
    let answer = place.post(CHAT, ASK).await;
    assert_eq!(answer.header("x-tenfold-cost-basis"), "counted");
    assert_eq!(place.spent().await, NanoUsd(10_000 + 100 * 4_000));
}

#[tokio::test]
async fn a_bill_above_all_that_was_leased_is_paid_and_nothing_more_is_sent() {
    let more = Used { prompt: 10, output: 50_000, ..Used::default() };
    let server = HttpModel::start(vec![Reply::says("a").using(more)]);
    let books = Books::of_ada(NanoUsd(3_000_000));
    let place = Place::of(books, vec![offered("m", Protocol::Openai, &server)]).await;
    assert_eq!(place.post(CHAT, ASK).await.status, 200);
    assert_eq!(place.spent().await, NanoUsd(10_000 + 50_000 * 4_000));
    assert_eq!(place.post(CHAT, ASK).await.status, 429, "it has spent more than it may");
    assert_eq!(server.requests().len(), 1);
    assert!(place.gateway.metrics().contains("tenfold_gateway_over_nano_usd_total{"));
}

#[tokio::test]
async fn who_says_more_than_any_model_takes_is_not_believed() {
    let lie = Used { prompt: 10, output: 1_000_000_000, ..Used::default() };
    let server = HttpModel::start(vec![Reply::says("a").using(lie)]);
    let place = Place::before(Protocol::Openai, &server).await;
    let answer = place.post(CHAT, ASK).await;
    assert_eq!(answer.header("x-tenfold-cost-basis"), "bound");
    assert_eq!(place.spent().await, worst(ASK));
}

#[tokio::test]
async fn a_key_that_cant_be_kept_is_refused() {
    let server = HttpModel::start(vec![Reply::says("a")]);
    let place = Place::before(Protocol::Openai, &server).await;
    let (name, value) = ada();
    let long = "k".repeat(257);
    let answer = place.post_with(CHAT, ASK, &[(name, &value), ("idempotency-key", &long)]).await;
    assert_eq!(answer.status, 400, "{}", answer.text());
    assert!(server.requests().is_empty());
    let headers = [(name, value.as_str()), ("idempotency-key", &long[1..])];
    assert_eq!(place.post_with(CHAT, ASK, &headers).await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_goes_away_ends_the_request_and_pays_for_what_there_was() {
    let gate = Gate::new();
    let server = HttpModel::start(vec![Reply::says("some words ".repeat(20)).through(&gate)]);
    let place = Place::before(Protocol::Openai, &server).await;
    let (name, value) = ada();
    let response = place.begin(CHAT, Body::from(STREAM), &[(name, &value)]).await;
    gate.release(3);
    let mut body = response.into_body();
    body.frame().await.unwrap().unwrap();
    drop(body);
    // The provider has nothing more to say yet: the gateway sees by itself that nobody is there.
    let spent = place.spent().await;
    gate.open();
    tokio::task::spawn_blocking(move || gate.wait_hung_up()).await.unwrap();
    assert!(spent > NanoUsd(0) && spent <= worst(STREAM), "{spent}");
    assert!(place.gateway.metrics().contains("basis=\"counted\""));
}

#[tokio::test(flavor = "multi_thread")]
async fn who_goes_away_before_an_answer_pays_what_was_set_aside() {
    let gate = Gate::new();
    let server = HttpModel::start(vec![Reply::says("late").through(&gate)]);
    let place = Place::before(Protocol::Openai, &server).await;
    {
        let (name, value) = ada();
        let headers = [(name, value.as_str())];
        let asking = place.begin(CHAT, Body::from(ASK), &headers);
        tokio::select! {
            biased;
            _ = asking => panic!("nothing was answered yet"),
            () = asked(&server) => {}
        }
    }
    assert_eq!(place.spent().await, worst(ASK));
    gate.open();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_key_is_billed_once() {
    let gate = Gate::new();
    let used = Used { prompt: 100, output: 10, ..Used::default() };
    let server = HttpModel::start(vec![Reply::says("once").using(used).through(&gate)]);
    let place = Place::before(Protocol::Openai, &server).await;
    let (name, value) = ada();
    let headers = [(name, value.as_str()), ("idempotency-key", "k1")];
    // The first goes away before the answer; the second waits for it, the third finds it.
    {
        let first = place.begin(CHAT, Body::from(ASK), &headers);
        tokio::select! {
            biased;
            _ = first => panic!("it is not answered yet"),
            () = asked(&server) => {}
        }
    }
    let second = place.post_with(CHAT, ASK, &headers);
    let open = async { gate.open() };
    let (second, ()) = tokio::join!(second, open);
    let third = place.post_with(CHAT, ASK, &headers).await;
    assert_eq!((second.body.clone(), second.header("x-tenfold-joined")), (third.body, "true"));
    assert!(second.text().contains("once"));
    let other = place.post_with(CHAT, STREAM, &headers).await;
    assert_eq!(other.status, 409, "{}", other.text());
    assert_eq!(server.requests().len(), 1);
    assert_eq!(place.spent().await, NanoUsd(100_000 + 40_000));
}

#[tokio::test]
async fn a_stream_with_a_key_is_kept_too_and_a_failure_is_not() {
    let server =
        HttpModel::start(vec![Reply::fails(Failure::Internal), Reply::says("words that stream")]);
    let place = Place::before(Protocol::Openai, &server).await;
    let (name, value) = ada();
    let headers = [(name, value.as_str()), ("idempotency-key", "k2")];
    assert_eq!(place.post_with(CHAT, STREAM, &headers).await.status, 500);
    let second = place.post_with(CHAT, STREAM, &headers).await;
    let third = place.post_with(CHAT, STREAM, &headers).await;
    assert_eq!((second.status.as_u16(), &second.body), (200, &third.body));
    assert_eq!(third.header("content-type"), second.header("content-type"));
    assert_eq!(server.requests().len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_with_a_key_goes_on_when_its_client_leaves() {
    let gate = Gate::new();
    let used = Used { prompt: 100, output: 10, ..Used::default() };
    let says = Reply::says("some words ".repeat(20)).using(used).through(&gate);
    let server = HttpModel::start(vec![says]);
    let place = Place::before(Protocol::Openai, &server).await;
    let (name, value) = ada();
    let headers = [(name, value.as_str()), ("idempotency-key", "k3")];
    let response = place.begin(CHAT, Body::from(STREAM), &headers).await;
    gate.release(3);
    let mut body = response.into_body();
    body.frame().await.unwrap().unwrap();
    drop(body);
    gate.open();
    let again = place.post_with(CHAT, STREAM, &headers).await;
    assert_eq!(again.header("x-tenfold-joined"), "true");
    assert!(again.text().ends_with("data: [DONE]\n\n"), "{}", again.text());
    assert_eq!(place.spent().await, NanoUsd(100_000 + 40_000), "it is billed once, as told");
    assert_eq!(server.requests().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crowd_on_little_money_is_answered_as_far_as_it_goes() {
    let used = Used { prompt: 100, output: 10, ..Used::default() };
    let server = HttpModel::reacting(move |_| Reply::says("a").using(used));
    let limit = NanoUsd(20_000_000);
    let books = Books::of_ada(limit);
    let place = Place::of(books, vec![offered("m", Protocol::Openai, &server)]).await;
    let crowd = (0..120).map(|number| {
        let body = if number % 2 == 0 { ASK } else { STREAM };
        place.post(CHAT, body)
    });
    let answers = futures_util::future::join_all(crowd).await;
    let answered = answers.iter().filter(|answer| answer.status == 200).count() as u64;
    let unpaid = answers.iter().filter(|answer| answer.status == 429).count() as u64;
    assert_eq!(answered + unpaid, 120);
    assert!(answered >= 6 && unpaid > 0, "{answered} of 120 were answered");
    let spent = place.spent().await;
    assert_eq!(spent, NanoUsd(140_000).times(answered));
    assert!(spent <= limit && server.requests().len() as u64 == answered);
}
