//! What is refused before anything is sent, in each protocol's own form.

use std::time::Duration;

use axum::body::Body;
use futures_util::stream;
use http_body_util::BodyExt;
use tenfold_domain::{AccountId, NanoUsd};
use tenfold_gateway::{Aliases, Denied, Payer, Scope, Terms};
use tenfold_models::Protocol;
use tenfold_test_support::http::{Failure, HttpModel, Reply};

use crate::bank::{ADAS_TOKEN, Books, adas};
use crate::place::{KEY, PATIENCE, Place, offered};

const CHAT: &str = "/v1/chat/completions";
const MESSAGES: &str = "/v1/messages";
const BOB: AccountId = AccountId(2);
const ASK: &str = r#"{"model":"m","messages":[],"max_tokens":100}"#;

#[tokio::test]
async fn tokens_that_are_none_are_refused_by_each_protocol() {
    let server = HttpModel::start(Vec::new());
    let place = Place::before(Protocol::Openai, &server).await;
    place.books.know("old", Err(Denied::Expired));
    place.books.know("gone", Err(Denied::Revoked));
    for (header, secret, word) in [
        ("authorization", "Bearer forged", "no access token of this gateway"),
        ("authorization", "Basic dGY6YWRh", "no access token was sent"),
        ("x-api-key", "old", "expired"),
        ("x-api-key", "gone", "revoked"),
        ("x-other", "x", "no access token was sent"),
    ] {
        let answer = place.post_with(CHAT, ASK, &[(header, secret)]).await;
        assert_eq!(answer.status, 401);
        assert_eq!(answer.json()["error"]["code"], "invalid_api_key");
        let message = answer.json()["error"]["message"].to_string();
        assert!(message.contains(word), "{message}");
        let answer = place.post_with(MESSAGES, ASK, &[(header, secret)]).await;
        assert_eq!(answer.json()["type"], "error");
        assert_eq!(answer.json()["error"]["type"], "authentication_error");
    }
    assert!(server.requests().is_empty());
}

#[tokio::test]
async fn a_token_is_good_for_what_it_says() {
    let server = HttpModel::start(vec![Reply::says("a")]);
    let place = Place::before(Protocol::Openai, &server).await;
    let payer = |scopes: Vec<Scope>, models: Option<Vec<String>>| {
        Ok(Payer { scopes, models: models.into_iter().collect(), ..adas() })
    };
    place.books.know("looks", payer(vec![Scope::Look], None));
    place.books.know("other", payer(vec![Scope::Ask], Some(vec!["other*".to_owned()])));
    place.books.know("counts", payer(vec![Scope::Metrics], None));
    for secret in ["looks", "other"] {
        let answer = place.post_with(CHAT, ASK, &[("x-api-key", secret)]).await;
        assert_eq!(answer.status, 403, "{}", answer.text());
    }
    assert!(server.requests().is_empty());
    assert_eq!(place.get("/metrics", &[("x-api-key", ADAS_TOKEN)]).await.status, 403);
    assert_eq!(place.get("/metrics", &[("x-api-key", "counts")]).await.status, 200);
    assert_eq!(place.post(CHAT, ASK).await.status, 200);
}

#[tokio::test]
async fn what_cant_be_paid_is_not_sent() {
    let server = HttpModel::start(Vec::new());
    let books = Books::of_ada(NanoUsd(1_000_000));
    let place = Place::of(books, vec![offered("m", Protocol::Openai, &server)]).await;
    let chat = place.post(CHAT, ASK).await;
    assert_eq!((chat.status.as_u16(), chat.header("x-should-retry")), (429, "false"));
    assert_eq!(chat.json()["error"]["code"], "insufficient_quota");
    let message = chat.json()["error"]["message"].to_string();
    for word in ["'ada'", "Left there: $0.001", "renews at 2100-01-01T00:00:00Z"] {
        assert!(message.contains(word), "{message}");
    }
    let messages = place.post(MESSAGES, ASK).await;
    assert_eq!(messages.status, 402);
    assert_eq!(messages.json()["error"]["type"], "billing_error");
    assert!(server.requests().is_empty());
    assert_eq!(place.spent().await, NanoUsd(0));
    place.books.break_down();
    assert_eq!(place.post(CHAT, ASK).await.status, 503);
}

#[tokio::test]
async fn who_pays_nothing_any_more_is_refused_and_no_client_asks_again() {
    let server = HttpModel::start(Vec::new());
    let place = Place::before(Protocol::Openai, &server).await;
    place.books.close();
    let chat = place.post(CHAT, ASK).await;
    assert_eq!((chat.status.as_u16(), chat.header("x-should-retry")), (403, "false"));
    assert_eq!(chat.json()["error"]["code"], "permission_denied");
    assert!(chat.text().contains("'ada' was closed"), "{}", chat.text());
    let messages = place.post(MESSAGES, ASK).await;
    assert_eq!(messages.status, 403);
    assert_eq!(messages.json()["error"]["type"], "permission_error");
    assert!(server.requests().is_empty());
}

#[tokio::test]
async fn what_cant_be_read_or_priced_is_not_sent() {
    let server = HttpModel::start(Vec::new());
    let place = Place::before(Protocol::Openai, &server).await;
    for (body, status) in [
        ("", 400),
        ("{\"model\":\"m\",\"model\":\"n\"}", 400),
        ("{\"messages\":[]}", 400),
        ("{\"model\":\"no\"}", 404),
        ("{\"model\":\"m\",\"service_tier\":\"priority\"}", 400),
        ("{\"model\":\"m\",\"tools\":[{\"type\":\"web_search\"}]}", 400),
    ] {
        let answer = place.post(CHAT, body).await;
        assert_eq!(answer.status, status, "{body}: {}", answer.text());
        assert!(answer.json()["error"]["message"].is_string());
    }
    assert_eq!(place.post("/v1/nothing", "{}").await.status, 404);
    assert!(server.requests().is_empty());
}

#[tokio::test]
async fn bodies_that_are_too_large_or_too_slow_are_let_go() {
    let server = HttpModel::start(Vec::new());
    let terms =
        Terms { body_bytes_max: 1_000, body_time: Duration::from_millis(50), ..Terms::default() };
    let books = Books::of_ada(NanoUsd::dollars(1));
    let models = vec![offered("m", Protocol::Openai, &server)];
    let place = Place::with(books, models, &Aliases::default(), terms).await;
    let large = place.post(MESSAGES, &format!("{{\"a\":\"{}\"}}", "x".repeat(2_000))).await;
    assert_eq!(large.status, 413);
    assert_eq!(large.json()["error"]["type"], "request_too_large");
    // A body that begins, and then nothing.
    let first = stream::iter([Ok::<_, std::io::Error>("{")]);
    let body = Body::from_stream(stream::StreamExt::chain(first, stream::pending()));
    let slow = place.begin(CHAT, body, &[("x-api-key", ADAS_TOKEN)]).await;
    assert_eq!(slow.status(), 408);
    let _ = slow.into_body().collect().await;
    assert!(server.requests().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn who_sends_slowly_keeps_nobody_else_waiting() {
    let server = HttpModel::reacting(|_| Reply::says("a"));
    let books = Books::of_ada(NanoUsd::dollars(1));
    books.open(BOB, NanoUsd::dollars(1));
    books.know("bob", Ok(Payer { account: BOB, name: "bob".to_owned(), ..adas() }));
    // Room for sixteen bodies, if all are as large as they may be.
    let terms = Terms { body_bytes_max: 1_000, bodies_bytes_max: 16_000, ..Terms::default() };
    let models = vec![offered("m", Protocol::Openai, &server)];
    let place = Place::with(books, models, &Aliases::default(), terms).await;
    let slow = (0..40).map(|_| async {
        let first = stream::iter([Ok::<_, std::io::Error>("{")]);
        let body = Body::from_stream(stream::StreamExt::chain(first, stream::pending()));
        place.begin(CHAT, body, &[("x-api-key", ADAS_TOKEN)]).await
    });
    let quick = async {
        while place.books.looked() < 40 {
            tokio::task::yield_now().await;
        }
        let adas = place.post(CHAT, ASK).await;
        (adas, place.post_with(CHAT, ASK, &[("x-api-key", "bob")]).await)
    };
    let quick = std::pin::pin!(tokio::time::timeout(PATIENCE, quick));
    let slow = std::pin::pin!(futures_util::future::join_all(slow));
    match futures_util::future::select(slow, quick).await {
        futures_util::future::Either::Left(_) => panic!("bodies that never came were read"),
        futures_util::future::Either::Right((quick, _)) => {
            let (adas, bobs) = quick.expect("they wait for who sends slowly");
            assert_eq!((adas.status.as_u16(), bobs.status.as_u16()), (200, 200));
        }
    }
}

#[tokio::test]
async fn the_owners_key_is_nothing_that_a_client_reads_of() {
    let server = HttpModel::start(vec![Reply::fails(Failure::WrongKey)]);
    let place = Place::before(Protocol::Openai, &server).await;
    let answer = place.post(CHAT, ASK).await;
    assert_eq!(answer.status, 502);
    assert!(!answer.text().contains(KEY), "{}", answer.text());
}

#[tokio::test]
async fn who_turns_a_request_away_is_followed_by_the_next() {
    let first = HttpModel::start(vec![
        Reply::fails(Failure::Overloaded),
        Reply::fails(Failure::ContextOverflow),
    ]);
    let second = HttpModel::start(vec![Reply::says("second")]);
    let books = Books::of_ada(NanoUsd::dollars(1));
    let models = vec![
        offered("first", Protocol::Openai, &first),
        offered("second", Protocol::Openai, &second),
    ];
    let aliases =
        Aliases { auto: vec!["first".to_owned(), "second".to_owned()], ..Aliases::default() };
    let place = Place::with(books, models, &aliases, Terms::default()).await;
    let auto = r#"{"model":"tenfold/auto","messages":[],"max_tokens":9}"#;
    let answer = place.post(CHAT, auto).await;
    assert_eq!((answer.status.as_u16(), answer.header("x-tenfold-model")), (200, "second"));
    // What is wrong with the request is wrong with it everywhere.
    assert_eq!(place.post(CHAT, auto).await.status, 400);
    assert_eq!(second.requests().len(), 1);
}
