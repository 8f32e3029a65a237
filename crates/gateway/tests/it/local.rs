//! The embedded model behind the gateway, for clients of every protocol.

use std::sync::{Arc, Mutex};

use axum::body::Body;
use http_body_util::BodyExt;
use serde_json::{Value, json};
use tenfold_domain::{Answer, Energy, NanoUsd, Said, Tokens, ToolCall, Turn, Usage, Written};
use tenfold_gateway::{Embedded, Failed, Later, Meter, Offered, Tariff, Tell, Turned};
use tenfold_models::{Price, TokenPrices};
use tokio::sync::Semaphore;

use crate::bank::{ADAS_TOKEN, Books};
use crate::place::Place;
use crate::talking::Client;

/// Says the same always, and keeps what it was asked.
#[derive(Default)]
pub(crate) struct Parrot {
    asked: Mutex<Vec<Turn>>,
    is_down: bool,
}

impl Embedded for Parrot {
    fn turn(&self, turn: Turn, _in_pieces: bool, tell: Tell) -> Later<'_, Result<Turned, Failed>> {
        Box::pin(async move {
            self.asked.lock().unwrap().push(turn);
            let usage = used(8);
            tell.send(Written { usage, ..Written::default() }).unwrap();
            if self.is_down {
                return Err(Failed::Down("no memory".to_owned()));
            }
            let call = ToolCall {
                id: "call_9".to_owned(),
                name: "read".to_owned(),
                arguments: json!({ "path": "b" }),
                signatures: Vec::new(),
            };
            let answer = Answer::Turned { text: "Hé".to_owned(), calls: vec![call], ended: true };
            Ok(Turned { answer, usage })
        })
    }

    fn meter(&self) -> Meter {
        Box::new(|| Energy { mj: 900, is_estimate: true })
    }

    fn tokens(&self, turn: Turn) -> Later<'_, Option<Tokens>> {
        Box::pin(async move { Some(Tokens(30 + turn.said.len() as u64)) })
    }
}

fn used(output: u64) -> Usage {
    Usage { prompt: Tokens(30), output: Tokens(output), ..Usage::default() }
}

/// Says its words one by one, each when it may.
struct Slow {
    words: &'static [&'static str],
    /// One for each word that it may say, and for the end.
    may: Semaphore,
    /// Dies once they are said.
    dies: bool,
}

impl Slow {
    fn of(words: &'static [&'static str], may: usize) -> Arc<Self> {
        Arc::new(Self { words, may: Semaphore::new(may), dies: false })
    }
}

impl Embedded for Slow {
    fn turn(&self, _: Turn, in_pieces: bool, tell: Tell) -> Later<'_, Result<Turned, Failed>> {
        Box::pin(async move {
            for (place, word) in self.words.iter().enumerate() {
                self.may.acquire().await.unwrap().forget();
                let text = if in_pieces { (*word).to_owned() } else { String::new() };
                // Who reads it does so before the next.
                tell.send(Written { usage: used(place as u64 + 1), text }).unwrap();
                tokio::task::yield_now().await;
            }
            self.may.acquire().await.unwrap().forget();
            if self.dies {
                return Err(Failed::Down("it died".to_owned()));
            }
            let usage = used(self.words.len() as u64);
            let answer =
                Answer::Turned { text: self.words.concat(), calls: Vec::new(), ended: true };
            Ok(Turned { answer, usage })
        })
    }

    fn meter(&self) -> Meter {
        Box::new(|| Energy { mj: 900, is_estimate: true })
    }

    fn tokens(&self, _: Turn) -> Later<'_, Option<Tokens>> {
        Box::pin(async { Some(Tokens(30)) })
    }
}

pub(crate) fn tariff() -> Tariff {
    let price = NanoUsd(1_000_000_000);
    let price = Price::of_tokens(TokenPrices::of(price, price));
    Tariff { price, slowest: None, context: Tokens(32_768) }
}

async fn before(model: &Arc<impl Embedded>) -> Place {
    let there: Arc<dyn Embedded> = model.clone();
    let books = Books::of_ada(NanoUsd::dollars(1));
    Place::of(books, vec![Offered::embedded("m", tariff(), there)]).await
}

/// The conversation without its image.
fn text_only(client: Client, streamed: bool) -> String {
    let mut body = client.conversation(streamed);
    let list = if client == Client::Responses { "input" } else { "messages" };
    let first = usize::from(client == Client::Chat);
    body[list][first]["content"].as_array_mut().unwrap().pop();
    body.to_string()
}

#[tokio::test]
async fn any_client_asks_the_embedded_model() {
    for client in Client::ALL {
        for streamed in [false, true] {
            let parrot = Arc::new(Parrot::default());
            let place = before(&parrot).await;
            let answer = place.post(client.path(), &text_only(client, streamed)).await;
            assert_eq!(answer.status, 200, "{}", answer.text());
            let understood = match streamed {
                true => client.stream(&answer.text()),
                false => client.whole(&answer.json()),
            };
            assert_eq!(understood.text, "Hé");
            assert_eq!(understood.calls, [("read".to_owned(), json!({ "path": "b" }))]);
            assert_eq!(understood.used, (30, 0, 8));
            let turn = parrot.asked.lock().unwrap().remove(0);
            assert_eq!((turn.instructions.as_str(), turn.max_tokens), ("Be brief.", 77));
            // The second tool is for an answer in words.
            assert_eq!((turn.said.len(), turn.tools.len()), (4, 2));
            assert!(matches!(&*turn.said[2], Said::Tool { call, .. } if call == "call_1"));
            assert_eq!(place.spent().await, NanoUsd(38_000));
        }
    }
}

#[tokio::test]
async fn what_the_embedded_model_cant_do_costs_nothing() {
    let parrot = Arc::new(Parrot { is_down: true, ..Parrot::default() });
    let place = before(&parrot).await;
    let body = Client::Chat.conversation(false).to_string();
    let image = place.post("/v1/chat/completions", &body).await;
    assert_eq!(image.status, 400);
    assert!(image.text().contains("an image, which it can't see"), "{}", image.text());
    let plain = r#"{"model":"m","messages":[{"role":"user","content":"hi"}]}"#;
    let down = place.post("/v1/chat/completions", plain).await;
    assert_eq!(down.status, 503);
    assert!(down.text().contains("no memory"), "{}", down.text());
    assert_eq!(place.spent().await, NanoUsd(0));
}

#[tokio::test]
async fn its_tokens_are_counted_by_its_own_tokenizer() {
    let parrot = Arc::new(Parrot::default());
    let place = before(&parrot).await;
    let body = r#"{"model":"m","max_tokens":9,"messages":[{"role":"user","content":"hi"}]}"#;
    let counted = place.post("/v1/messages/count_tokens", body).await;
    assert_eq!(counted.json()["input_tokens"], 31);
    let answer = place.post("/v1/messages", body).await;
    let worst = (31 + 9) * 1_000 + 5;
    let reserved: NanoUsd = answer.header("x-tenfold-reserved-usd").parse().unwrap();
    assert_eq!(reserved, NanoUsd(worst));
    assert_eq!(answer.header("x-tenfold-energy-wh"), "0.000250;basis=estimate");
    assert_eq!(place.spent().await, NanoUsd(38_000));
    assert_eq!(place.books.energy(crate::bank::ADA).mj, 900, "it is booked with the money");
}

/// A question without tools, and perhaps with a text at which to stop.
fn plain(client: Client, stop: Option<&str>) -> Value {
    let said = json!([{ "role": "user", "content": "hi" }]);
    let (list, limit) = match client {
        Client::Responses => ("input", "max_output_tokens"),
        _ => ("messages", "max_tokens"),
    };
    let mut body = json!({ "model": "m", "stream": true, list: said, limit: 100 });
    if client == Client::Chat {
        body["stream_options"] = json!({ "include_usage": true });
    }
    if let Some(stop) = stop {
        let name = if client == Client::Messages { "stop_sequences" } else { "stop" };
        body[name] = json!([stop]);
    }
    body
}

/// What costs as much: 30 tokens read, and so many written.
const fn cost(output: u64) -> NanoUsd {
    NanoUsd((30 + output) * 1_000)
}

#[tokio::test]
async fn words_are_told_as_they_are_written() {
    for client in Client::ALL {
        let slow = Slow::of(&["Hé", " you", "."], 0);
        let place = before(&slow).await;
        let (bearer, body) = (format!("Bearer {ADAS_TOKEN}"), plain(client, None).to_string());
        let asks = [("authorization", bearer.as_str())];
        let answer = place.begin(client.path(), Body::from(body), &asks).await;
        let (mut body, mut said) = (answer.into_body(), String::new());
        for end in ["Hé", "Hé you"] {
            slow.may.add_permits(1);
            // Nothing more is written until this has come.
            while client.stream(&said).text != end {
                let frame = body.frame().await.expect("an end without a word").unwrap();
                said.push_str(std::str::from_utf8(frame.data_ref().unwrap()).unwrap());
            }
        }
        slow.may.add_permits(2);
        said.push_str(std::str::from_utf8(&body.collect().await.unwrap().to_bytes()).unwrap());
        let understood = client.stream(&said);
        assert_eq!((&*understood.text, understood.used), ("Hé you.", (30, 0, 3)), "{said}");
        assert_eq!(place.spent().await, cost(3));
    }
}

#[tokio::test]
async fn an_answer_ends_where_it_was_to_stop_and_so_does_the_work() {
    let words = &["one", " E", "N", "D", " two", " three"];
    for client in [Client::Chat, Client::Messages] {
        for streamed in [true, false] {
            let slow = Slow::of(words, 9);
            let place = before(&slow).await;
            let mut body = plain(client, Some("END"));
            body["stream"] = streamed.into();
            let answer = place.post(client.path(), &body.to_string()).await;
            let understood = match streamed {
                true => client.stream(&answer.text()),
                false => client.whole(&answer.json()),
            };
            assert_eq!((&*understood.text, understood.used), ("one ", (30, 0, 4)));
            let done = if client == Client::Chat { "stop" } else { "end_turn" };
            assert_eq!(understood.stop, done);
            assert_eq!(place.spent().await, cost(4));
        }
    }
}

#[tokio::test]
async fn what_dies_within_its_answer_says_so_and_costs_the_bound() {
    for client in Client::ALL {
        let slow =
            Arc::new(Slow { dies: true, ..Arc::into_inner(Slow::of(&["twelve"], 9)).unwrap() });
        let place = before(&slow).await;
        let answer = place.post(client.path(), &plain(client, None).to_string()).await;
        assert!(answer.text().contains("twelve"), "{}", answer.text());
        assert!(answer.text().contains("it died"), "{}", answer.text());
        assert_eq!(place.spent().await, NanoUsd(130 * 1_000 + 5));
        assert!(place.gateway.metrics().contains("basis=\"bound\""), "it is marked");
    }
}

#[tokio::test]
async fn who_goes_away_ends_the_work_and_pays_for_what_was_written() {
    let slow = Slow::of(&["one", " two", " three"], 2);
    let place = before(&slow).await;
    let (bearer, body) = (format!("Bearer {ADAS_TOKEN}"), plain(Client::Chat, None).to_string());
    let asks = [("authorization", bearer.as_str())];
    let answer = place.begin(Client::Chat.path(), Body::from(body), &asks).await;
    let (mut body, mut said) = (answer.into_body(), String::new());
    while !said.contains(" two") {
        let frame = body.frame().await.unwrap().unwrap();
        said.push_str(std::str::from_utf8(frame.data_ref().unwrap()).unwrap());
    }
    drop(body);
    assert_eq!(place.spent().await, cost(2));
    assert!(place.gateway.metrics().contains("status=\"499\""));
}

#[tokio::test]
async fn who_may_ask_again_finds_the_whole_stream() {
    let slow = Slow::of(&["one", " two"], 0);
    let place = before(&slow).await;
    let (bearer, body) = (format!("Bearer {ADAS_TOKEN}"), plain(Client::Chat, None).to_string());
    let asks = [("authorization", bearer.as_str()), ("idempotency-key", "k")];
    drop(place.begin(Client::Chat.path(), Body::from(body.clone()), &asks).await);
    // Once it is noticed that another has left, it is that the first has.
    drop(place.begin(Client::Chat.path(), Body::from(body.clone()), &asks[..1]).await);
    while !place.gateway.metrics().contains("status=\"499\"") {
        tokio::task::yield_now().await;
    }
    slow.may.add_permits(3);
    let again = place.post_with(Client::Chat.path(), &body, &asks).await;
    assert_eq!(again.header("x-tenfold-joined"), "true");
    assert_eq!(Client::Chat.stream(&again.text()).text, "one two");
    assert_eq!(place.spent().await, cost(2) + cost(0));
}
