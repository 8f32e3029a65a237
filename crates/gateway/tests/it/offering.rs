//! What is offered: as it changes, what is held back, and who is asked for `tenfold/auto`.

use std::sync::Arc;

use tenfold_domain::{NanoUsd, TokenId, Tokens};
use tenfold_gateway::{
    Aliases, Candidate, CheapestFirst, Chooser, Chosen, Offer, Offered, Open, Payer, Scope, Terms,
    Withheld,
};
use tenfold_models::{Hosted, Price, Protocol, TokenPrices};
use tenfold_test_support::http::{HttpModel, Reply};

use crate::bank::{ADA, ADAS_TOKEN, Books};
use crate::place::{Place, hosted, offered};

const CHAT: &str = "/v1/chat/completions";
const MESSAGES: &str = "/v1/messages";
const ASK: &str = r#"{"model":"m","messages":[],"max_tokens":100}"#;
const AUTO: &str = r#"{"model":"tenfold/auto","messages":[],"max_tokens":100}"#;

/// One that takes this for a million tokens of either kind.
fn at(name: &str, server: &HttpModel, dollars: u64, context: u64) -> Offered {
    let price = NanoUsd::dollars(dollars);
    let price = Some(Price::of_tokens(TokenPrices::of(price, price)));
    let base = hosted(name, Protocol::Openai, server);
    let hosted = Hosted { price, context: Tokens(context), ..base };
    Offered::hosted(&hosted, |_| Some("key".to_owned())).unwrap()
}

fn held_back(name: &str) -> Withheld {
    let why = format!("nobody has said what '{name}' costs: `tenfold models price {name}`");
    Withheld { name: name.to_owned(), why }
}

#[tokio::test]
async fn what_is_offered_anew_holds_for_the_next_request() {
    let server = HttpModel::reacting(|_| Reply::says("a"));
    let place = Place::before(Protocol::Openai, &server).await;
    let mut offer = Offer::of(vec![at("m", &server, 1, 9_000)], &Aliases::default());
    place.gateway.offer(&offer).unwrap();
    let reserved = |answer: crate::place::Answer| {
        answer.header("x-tenfold-reserved-usd").parse::<f64>().unwrap()
    };
    let before = reserved(place.post(CHAT, ASK).await);
    offer.models = vec![Arc::new(at("m", &server, 3, 9_000)), Arc::new(at("n", &server, 1, 9))];
    place.gateway.offer(&offer).unwrap();
    let after = reserved(place.post(CHAT, ASK).await);
    assert!((after / before - 3.0).abs() < 0.01, "{before} {after}");
    let listed = place.get("/v1/models/n", &[("x-api-key", ADAS_TOKEN)]).await;
    assert_eq!(listed.status, 200);
    // What can't be offered changes nothing.
    offer.aliases.auto = vec!["no".to_owned()];
    place.gateway.offer(&offer).unwrap_err();
    assert_eq!(place.post(CHAT, ASK).await.status, 200);
}

#[tokio::test]
async fn bounds_that_change_hold_for_the_next_request() {
    let server = HttpModel::reacting(|_| Reply::says("a"));
    let place = Place::before(Protocol::Openai, &server).await;
    let (name, value) = ("x-api-key", ADAS_TOKEN);
    let tool = r#"{"model":"m","messages":[],"tools":[{"type":"web_search"}]}"#;
    let refused = place.post_with(CHAT, tool, &[(name, value)]).await;
    assert_eq!(refused.status, 400, "{}", refused.text());
    let terms = Terms { hosted_tools: true, output_max: Tokens(77), ..Terms::default() };
    place.gateway.set(terms);
    let answer = place.post_with(CHAT, tool, &[(name, value)]).await;
    assert_eq!(answer.header("x-tenfold-output-limit"), "77", "{}", answer.text());
    place.gateway.set(Terms { body_bytes_max: 9, ..terms });
    assert_eq!(place.post(CHAT, tool).await.status, 413);
}

#[tokio::test]
async fn a_model_that_is_held_back_is_refused_by_saying_how_to_have_it() {
    let server = HttpModel::start(Vec::new());
    let place = Place::before(Protocol::Openai, &server).await;
    let mut offer =
        Offer::of(vec![offered("other", Protocol::Openai, &server)], &Aliases::default());
    offer.withheld.push(held_back("m"));
    place.gateway.offer(&offer).unwrap();
    let chat = place.post(CHAT, ASK).await;
    assert_eq!(
        (chat.status.as_u16(), &chat.json()["error"]["code"]),
        (404, &"model_not_found".into())
    );
    let messages = place.post(MESSAGES, ASK).await;
    assert_eq!(messages.json()["error"]["type"], "not_found_error");
    let looked = place.get("/v1/models/m", &[("x-api-key", ADAS_TOKEN)]).await;
    assert_eq!(looked.status, 404);
    for answer in [&chat, &messages, &looked] {
        assert!(answer.text().contains("tenfold models price m"), "{}", answer.text());
    }
    // Who may not ask it is not told of it.
    let payer = Payer {
        account: ADA,
        name: "ada".to_owned(),
        token: TokenId(2),
        scopes: vec![Scope::Ask, Scope::Look],
        models: vec![vec!["other*".to_owned()]],
    };
    place.books.know("other", Ok(payer));
    let answer = place.post_with(CHAT, ASK, &[("x-api-key", "other")]).await;
    assert_eq!(answer.status, 403);
    let looked = place.get("/v1/models/m", &[("x-api-key", "other")]).await;
    assert!(!answer.text().contains("costs") && !looked.text().contains("costs"));
}

/// The dearest first.
struct Dearest;

impl Chooser for Dearest {
    fn order(&self, bytes: u64, candidates: &[Candidate<'_>]) -> Chosen {
        assert_eq!(bytes, AUTO.len() as u64);
        let Chosen { mut order, .. } = CheapestFirst.order(bytes, candidates);
        order.reverse();
        let names: Vec<&str> = candidates.iter().map(|model| model.name).collect();
        Chosen { order, why: format!("the dearest of {}\n", names.join(", ")) }
    }
}

#[tokio::test]
async fn auto_is_asked_as_is_chosen_among_those_that_can_take_it() {
    let server = HttpModel::reacting(|_| Reply::says("a"));
    let books = Books::of_ada(NanoUsd::dollars(10));
    let models = [("cheap", 1, 9_000), ("dear", 9, 9_000), ("short", 20, 50)];
    let models = models.map(|(name, dollars, context)| at(name, &server, dollars, context));
    let offer = Offer::of(models.into(), &Aliases::default());
    let who = (Arc::new(Open) as _, Arc::new(Dearest) as _);
    let place = Place::choosing(who, books, (&offer, Terms::default())).await;
    let answer = place.post(CHAT, AUTO).await;
    assert_eq!((answer.status.as_u16(), answer.header("x-tenfold-model")), (200, "dear"));
    assert_eq!(answer.header("x-tenfold-chosen"), "the dearest of cheap, dear");
    let plain = place.post(CHAT, &AUTO.replace("tenfold/auto", "tenfold/cheapest")).await;
    assert_eq!((plain.header("x-tenfold-model"), plain.header("x-tenfold-chosen")), ("cheap", ""));
    // A person's own order goes before.
    let own = Aliases { auto: vec!["cheap".to_owned()], ..Aliases::default() };
    place.gateway.offer(&Offer { aliases: own, ..offer }).unwrap();
    assert_eq!(place.post(CHAT, AUTO).await.header("x-tenfold-model"), "cheap");
}

#[tokio::test]
async fn a_call_that_there_is_not_is_refused_in_the_protocol_of_who_makes_it() {
    let server = HttpModel::start(Vec::new());
    let place = Place::before(Protocol::Openai, &server).await;
    let version = [("anthropic-version", "2023-06-01")];
    for (path, headers, status, kind) in [
        ("/v1/nothing", &[][..], 404, "invalid_request_error"),
        ("/v1/nothing", &version[..], 404, "not_found_error"),
        ("/v1/messages/batches", &[][..], 404, "not_found_error"),
        (MESSAGES, &[][..], 405, "invalid_request_error"),
        (CHAT, &[][..], 405, "invalid_request_error"),
    ] {
        let answer = place.get(path, headers).await;
        assert_eq!(answer.status, status, "{path}");
        let error = answer.json();
        assert_eq!(error["error"]["type"], kind, "{path}");
        let is_anthropics = path.starts_with(MESSAGES) || !headers.is_empty();
        assert_eq!(error["type"] == "error", is_anthropics, "{path}");
        assert_eq!(answer.header("allow"), if status == 405 { "POST" } else { "" }, "{path}");
    }
}
