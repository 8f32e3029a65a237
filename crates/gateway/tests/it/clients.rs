//! OpenAI's and Anthropic's own clients, in Python, as their packages are: the environment that
//! `cargo xtask setup --for test` makes. Without it nothing is tried, so these are ignored but by
//! `cargo xtask test clients`, which names it.

use std::process::Command;

use serde_json::json;
use tenfold_domain::{AccountId, NanoUsd, Said, TokenId};
use tenfold_gateway::{Payer, Scope};
use tenfold_models::Protocol;
use tenfold_test_support::http::{HttpModel, Reply, Request, Used};

use crate::bank::{ADAS_TOKEN, Books};
use crate::odd;
use crate::place::{Place, offered};

/// Names the Python of that environment.
const PYTHON: &str = "TENFOLD_CLIENTS_PYTHON";
const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/clients.py");
const POOR: AccountId = AccountId(9);
const POORS_TOKEN: &str = "tf-poor";
const USED: Used = Used { prompt: 1_000, cached: 400, cache_written: 0, output: 50 };
/// What one answer costs.
const COST: NanoUsd = NanoUsd(600_000 + 40_000 + 200_000);

/// Calls the tool, and says what it said.
fn react(asked: &Request) -> Reply {
    match asked.said.last() {
        Some(Said::Tool { text, .. }) if text == "rain" => Reply::says("It rains in Oslo."),
        _ => Reply::calls([("weather", json!({ "city": "Oslo" }))]),
    }
    .using(USED)
}

/// Runs functions of the script.
async fn run(place: &Place, functions: &[&str]) {
    let python = std::env::var_os(PYTHON);
    let python = python.expect("no Python with the clients is named: `cargo xtask test clients`");
    let mut command = Command::new(python);
    command.arg(SCRIPT).arg("m").args(functions);
    command.env("GATEWAY_URL", &place.url).env("GATEWAY_TOKEN", ADAS_TOKEN);
    command.env("GATEWAY_POOR_TOKEN", POORS_TOKEN);
    let output = tokio::task::spawn_blocking(move || command.output()).await.unwrap().unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{said}\n{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(said.lines().collect::<Vec<_>>(), functions);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the clients: cargo xtask test clients"]
async fn the_openai_package_works_with_every_provider() {
    for protocol in [Protocol::Openai, Protocol::OpenaiResponses, Protocol::Anthropic] {
        let server = HttpModel::reacting(react);
        let place = Place::before(protocol, &server).await;
        run(&place, &["chat", "chat_stream", "responses", "responses_stream"]).await;
        assert_eq!(place.spent().await, COST.times(8), "{protocol}");
        run(&place, &["async_chat"]).await;
        assert_eq!(place.spent().await, COST.times(8 + 6), "{protocol}");
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the clients: cargo xtask test clients"]
async fn the_openai_package_has_its_embeddings() {
    let body = r#"{"object":"list","model":"there","data":[
        {"object":"embedding","index":0,"embedding":[0.25,-1.0]},
        {"object":"embedding","index":1,"embedding":[0.5,2.0]}],
        "usage":{"prompt_tokens":8,"total_tokens":8}}"#;
    let place = odd::before(Protocol::Openai, 200, &[odd::JSON], body).await;
    run(&place, &["embeddings"]).await;
    assert_eq!(place.spent().await, NanoUsd(8_000));
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the clients: cargo xtask test clients"]
async fn the_anthropic_package_works_with_every_provider() {
    for protocol in [Protocol::Openai, Protocol::OpenaiResponses, Protocol::Anthropic] {
        let server = HttpModel::reacting(react);
        let place = Place::before(protocol, &server).await;
        run(&place, &["messages", "messages_stream"]).await;
        assert_eq!(place.spent().await, COST.times(4), "{protocol}");
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the clients: cargo xtask test clients"]
async fn refusals_are_the_packages_own_errors_and_are_not_asked_again() {
    let server = HttpModel::reacting(react);
    let books = Books::of_ada(NanoUsd::dollars(1));
    books.open(POOR, NanoUsd(1));
    let payer = Payer {
        account: POOR,
        name: "poor".to_owned(),
        token: TokenId(9),
        scopes: vec![Scope::Ask],
        models: Vec::new(),
    };
    books.know(POORS_TOKEN, Ok(payer));
    let place = Place::of(books, vec![offered("m", Protocol::Openai, &server)]).await;
    run(&place, &["refusals", "models"]).await;
    assert!(server.requests().is_empty());
    let unpaid = "tenfold_gateway_requests_unpaid_total 2\n";
    assert!(place.gateway.metrics().contains(unpaid), "{}", place.gateway.metrics());
}
