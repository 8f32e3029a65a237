//! Providers that answer other than they should, and calls that make no tokens.

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Response, StatusCode};
use tenfold_domain::{NanoUsd, Tokens};
use tenfold_gateway::Offered;
use tenfold_models::{Hosted, Price, Protocol, RequestLimits, TokenPrices};
use tokio::net::TcpListener;

use crate::bank::Books;
use crate::place::{Answer, Place};

const CHAT: &str = "/v1/chat/completions";
const ASK: &str = r#"{"model":"m","messages":[],"max_tokens":100}"#;
const STREAM: &str = r#"{"model":"m","messages":[],"max_tokens":100,"stream":true}"#;
const STREAMS: (&str, &str) = ("content-type", "text/event-stream");
pub(crate) const JSON: (&str, &str) = ("content-type", "application/json");

pub(crate) type Headers = &'static [(&'static str, &'static str)];

/// A gateway before a provider that always answers this, and where it was asked.
pub(crate) async fn before(
    protocol: Protocol,
    status: u16,
    headers: Headers,
    body: &'static str,
) -> Place {
    let answer = async move || {
        let mut response = Response::new(Body::from(body));
        *response.status_mut() = StatusCode::from_u16(status).unwrap();
        let all =
            headers.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()));
        response.headers_mut().extend(all.collect::<HeaderMap>());
        response
    };
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let router = Router::new().fallback(answer);
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            let service = hyper_util::service::TowerToHyperService::new(router.clone());
            let stream = hyper_util::rt::TokioIo::new(stream);
            let talk = hyper::server::conn::http1::Builder::new();
            tokio::spawn(async move { talk.serve_connection(stream, service).await });
        }
    });
    let price = NanoUsd(1_000_000_000);
    let hosted = Hosted {
        name: "m".to_owned(),
        protocol,
        address: Some(format!("http://{address}/v1/")),
        model: "there".to_owned(),
        key: None,
        context: Tokens(100_000),
        price: Some(Price::of_tokens(TokenPrices::of(price, price))),
        listed: None,
        limits: RequestLimits::default(),
    };
    let books = Books::of_ada(NanoUsd::dollars(1));
    Place::of(books, vec![Offered::hosted(&hosted, |_| None).unwrap()]).await
}

/// All that was set aside, at a dollar for a million tokens of either kind.
fn worst(body: &str) -> NanoUsd {
    NanoUsd((body.len() as u64 + 1_024 + 100) * 1_000 + 5)
}

#[tokio::test]
async fn embeddings_cost_what_is_read() {
    let body = r#"{"object":"list","data":[{"embedding":[0.25]}],"usage":{"prompt_tokens":8,"total_tokens":8}}"#;
    let place = before(Protocol::Openai, 200, &[JSON], body).await;
    let answer = place.post("/v1/embeddings", r#"{"model":"m","input":"some text"}"#).await;
    assert_eq!(answer.text(), body);
    assert_eq!(place.spent().await, NanoUsd(8_000));
    let place = before(Protocol::Anthropic, 200, &[JSON], body).await;
    let answer = place.post("/v1/embeddings", r#"{"model":"m","input":"some text"}"#).await;
    assert_eq!(answer.status, 400, "{}", answer.text());
}

#[tokio::test]
async fn counting_tokens_costs_nothing() {
    let place = before(Protocol::Anthropic, 200, &[JSON], r#"{"input_tokens":14}"#).await;
    let answer = place.post("/v1/messages/count_tokens", ASK).await;
    assert_eq!(answer.text(), r#"{"input_tokens":14}"#);
    assert_eq!(place.spent().await, NanoUsd(0));
}

#[tokio::test]
async fn what_says_nothing_of_its_use_costs_what_was_set_aside() {
    let words = r#"data: {"choices":[{"delta":{"content":"a"},"finish_reason":"stop"}]}

data: [DONE]

"#;
    let cases: [(Headers, &str, &str); 5] = [
        (&[STREAMS], words, STREAM),
        (&[STREAMS], "data: {broken\n\ndata: [DONE]\n\n", STREAM),
        (&[JSON], r#"{"choices":[],"usage":null}"#, ASK),
        (&[JSON], r#"{"usage":{"prompt_tokens":-4}}"#, ASK),
        (&[JSON, ("content-encoding", "br")], r#"{"usage":{"prompt_tokens":4}}"#, ASK),
    ];
    for (headers, body, ask) in cases {
        let place = before(Protocol::Openai, 200, headers, body).await;
        let Answer { status, body: got, .. } = place.post(CHAT, ask).await;
        assert_eq!((status.as_u16(), &got[..]), (200, body.as_bytes()));
        assert_eq!(place.spent().await, worst(ask), "{body}");
        assert!(place.gateway.metrics().contains("basis=\"bound\""), "{body}");
    }
}

#[tokio::test]
async fn a_stream_with_a_broken_event_costs_what_was_set_aside() {
    let body = r#"data: {"choices":[{"delta":{"content":"a"},"finish_reason":"stop"}]}

data: {"choices":[{"delta":{"content":"cut

data: {"choices":[],"usage":{"prompt_tokens":4,"completion_tokens":1}}

data: [DONE]

"#;
    let place = before(Protocol::Openai, 200, &[STREAMS], body).await;
    place.post(CHAT, STREAM).await;
    assert_eq!(place.spent().await, worst(STREAM));
}

#[tokio::test]
async fn who_says_to_have_read_nothing_of_a_long_text_is_not_believed() {
    let body = r#"{"choices":[],"usage":{"prompt_tokens":1,"completion_tokens":2}}"#;
    let place = before(Protocol::Openai, 200, &[JSON], body).await;
    let text = "a word or two, ".repeat(100);
    let ask = ASK.replace("[]", &format!(r#"[{{"role":"user","content":"{text}"}}]"#));
    let answer = place.post(CHAT, &ask).await;
    assert_eq!(answer.header("x-tenfold-cost-basis"), "counted");
    assert_eq!(place.spent().await, NanoUsd((text.len() as u64 / 3 + 2) * 1_000));
}

#[tokio::test]
async fn an_answer_in_one_piece_in_the_place_of_a_stream_is_billed_as_it_says() {
    let body = r#"{"choices":[],"usage":{"prompt_tokens":4,"completion_tokens":2}}"#;
    let place = before(Protocol::Openai, 200, &[JSON], body).await;
    assert_eq!(place.post(CHAT, STREAM).await.text(), body);
    assert_eq!(place.spent().await, NanoUsd(6_000));
}

#[tokio::test]
async fn nobody_is_sent_elsewhere_with_a_key() {
    let place = before(Protocol::Openai, 307, &[("location", "http://127.0.0.1:1/")], "").await;
    assert_eq!(place.post(CHAT, ASK).await.status, 502);
    assert_eq!(place.spent().await, NanoUsd(0));
}
