//! The embedded model behind the gateway, for clients of every protocol.

use std::sync::{Arc, Mutex};

use serde_json::json;
use tenfold_domain::{Answer, NanoUsd, Said, Tokens, ToolCall, Turn, Usage};
use tenfold_gateway::{Embedded, Failed, Later, Offered, Tariff, Tell, Turned};
use tenfold_models::{Price, TokenPrices};

use crate::bank::Books;
use crate::place::Place;
use crate::talking::Client;

/// Says the same always, and keeps what it was asked.
#[derive(Default)]
struct Parrot {
    asked: Mutex<Vec<Turn>>,
    is_down: bool,
}

impl Embedded for Parrot {
    fn turn<'a>(&'a self, turn: Turn, tell: &'a Tell) -> Later<'a, Result<Turned, Failed>> {
        Box::pin(async move {
            self.asked.lock().unwrap().push(turn);
            let usage = Usage { prompt: Tokens(30), output: Tokens(8), ..Usage::default() };
            tell(usage);
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

    fn tokens(&self, turn: Turn) -> Later<'_, Option<Tokens>> {
        Box::pin(async move { Some(Tokens(30 + turn.said.len() as u64)) })
    }
}

fn tariff() -> Tariff {
    let price = NanoUsd(1_000_000_000);
    let price = Price::of_tokens(TokenPrices::of(price, price));
    Tariff { price, slowest: None, context: Tokens(32_768) }
}

async fn before(parrot: &Arc<Parrot>) -> Place {
    let there: Arc<dyn Embedded> = parrot.clone();
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
}
