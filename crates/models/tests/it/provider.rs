//! How each protocol's failures are understood, from the wire: what is free, what may be on the
//! bill, and how long to wait.

use std::path::Path;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use tenfold_domain::{Answer, Said, Seed, ToolSpec, Turn};
use tenfold_models::{Catalogue, Provider, ProviderError, SHIPPED};
use tenfold_test_support::http::{Failure, Gate, HttpModel, Reply};
use tokio::io::AsyncReadExt;

const PROTOCOLS: [&str; 4] = ["openai", "openai-responses", "anthropic", "gemini"];

fn provider(server: &HttpModel, protocol: &str) -> Provider {
    provider_at(&server.url(), protocol)
}

fn provider_at(url: &str, protocol: &str) -> Provider {
    let base = if protocol == "gemini" { "v1beta" } else { "v1" };
    let toml = format!(
        "[[hosted]]\nname = 'far'\nprotocol = '{protocol}'\nmodel = 'far-1'\n\
         context_tokens = 8192\naddress = '{url}/{base}'\nkey_variable = 'FAR_KEY'\n\
         price = 'free'\n"
    );
    let all = Catalogue::parse(SHIPPED, Some((Path::new("models.toml"), &toml))).unwrap();
    Provider::new(&all.hosted()[0], |_| Some("sk-secret".to_owned())).unwrap()
}

fn turn() -> Turn {
    let parameters = json!({
        "type": "object", "properties": { "path": { "type": "string" } }, "required": ["path"],
    });
    let read = ToolSpec { name: "read".to_owned(), about: "Reads.".to_owned(), parameters };
    Turn {
        instructions: "You mend programs.".to_owned(),
        said: vec![Arc::new(Said::Person { text: "Mend it.".to_owned() })],
        tools: vec![Arc::new(read)],
        max_tokens: 100,
        temperature: 0.2,
        seed: Seed(1),
    }
}

/// What comes of a failure, in each protocol.
async fn each(failure: Failure, holds: impl Fn(&ProviderError) -> bool) {
    for protocol in PROTOCOLS {
        let server = HttpModel::start(vec![Reply::fails(failure.clone())]);
        let error = provider(&server, protocol).turn(&turn(), |_| {}).await.unwrap_err();
        assert!(holds(&error), "{protocol} {failure:?}: {error:?}");
        assert_eq!(server.requests().len(), 1, "who pays decides whether it is asked again");
    }
}

fn seconds(after: Option<Duration>) -> Option<u64> {
    after.map(|after| after.as_secs())
}

#[tokio::test]
async fn what_is_turned_away_is_free_and_says_how_long_to_wait() {
    for wait in [None, Some(7)] {
        each(Failure::TooMany { retry_after_s: wait }, |error| {
            matches!(error, ProviderError::Away { after, is_too_much: true, .. }
                if seconds(*after) == wait.map(u64::from))
        })
        .await;
        each(Failure::QuotaSpent { retry_after_s: wait }, |error| {
            matches!(error, ProviderError::Quota { after, .. }
                if seconds(*after) == wait.map(u64::from))
        })
        .await;
    }
    for failure in [Failure::Internal, Failure::Overloaded, Failure::BadGateway, Failure::HangsUp] {
        each(failure, |error| {
            matches!(error, ProviderError::Away { after: None, is_too_much: false, .. })
        })
        .await;
    }
}

#[tokio::test]
async fn what_broke_off_may_be_on_the_bill() {
    for failure in [Failure::Truncated, Failure::EndsEarly, Failure::LateError] {
        each(failure, |error| matches!(error, ProviderError::Cut { .. })).await;
    }
}

#[tokio::test]
async fn what_a_person_has_to_mend_is_told_apart_and_no_key_is_repeated() {
    each(Failure::WrongKey, |error| {
        let why = error.to_string();
        let is_told = why.contains("look at the key in FAR_KEY") && !why.contains("sk-secret");
        matches!(error, ProviderError::Key { .. }) && is_told
    })
    .await;
    each(Failure::UnknownModel, |error| matches!(error, ProviderError::Failed { .. })).await;
    each(Failure::ContextOverflow, |error| matches!(error, ProviderError::TooLong { .. })).await;
    each(Failure::Refusal, |error| matches!(error, ProviderError::Refused { .. })).await;
}

/// No model that writes nonsense ends an attempt: it is a turn, of which the tools say what is
/// wrong with it.
#[tokio::test]
async fn a_malformed_call_is_an_answer() {
    for protocol in PROTOCOLS {
        let malformed = Failure::MalformedCall { tool: "read".to_owned() };
        let server = HttpModel::start(vec![Reply::fails(malformed)]);
        let turned = provider(&server, protocol).turn(&turn(), |_| {}).await.unwrap();
        let Answer::Turned { calls, text, .. } = turned.answer else { panic!("no turn") };
        if protocol == "gemini" {
            assert!(calls.is_empty() && text.contains("malformed"), "{text}");
            continue;
        }
        assert_eq!(calls.len(), 1, "{protocol} {calls:?}");
        assert_eq!(calls[0].name, "read");
        assert!(!matches!(calls[0].arguments, Value::Object(_)), "{protocol} {calls:?}");
    }
}

/// A provider that says nothing any more is not waited for without end. Time goes on by itself
/// here once nothing else happens.
#[tokio::test]
async fn a_provider_that_falls_silent_has_broken_off() {
    for protocol in PROTOCOLS {
        for pieces in [0, 3] {
            let gate = Gate::new();
            let says = Reply::says("one two three four five six seven eight nine ten");
            let server = Arc::new(HttpModel::start(vec![says.through(&gate)]));
            let provider = provider(&server, protocol);
            let turn = turn();
            let mut silent = pin!(provider.turn(&turn, |_| {}));
            gate.release(pieces);
            let asked = Arc::clone(&server);
            let told = gate.clone();
            let sent = tokio::task::spawn_blocking(move || {
                asked.wait_asked(1);
                told.wait_sent(pieces);
            });
            tokio::select! {
                ended = &mut silent => panic!("{protocol} {ended:?}"),
                sent = sent => sent.unwrap(),
            }
            tokio::time::pause();
            let error = silent.await.unwrap_err();
            tokio::time::resume();
            assert!(matches!(error, ProviderError::Cut { .. }), "{protocol} {pieces} {error:?}");
            tokio::task::spawn_blocking(move || gate.wait_hung_up()).await.unwrap();
        }
    }
}

/// Nor is one that takes a request and does not even begin to answer: it may be at work on it.
#[tokio::test]
async fn a_provider_that_never_begins_to_answer_has_broken_off() {
    for protocol in PROTOCOLS {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let provider = provider_at(&format!("http://{}", listener.local_addr().unwrap()), protocol);
        let turn = turn();
        let mut silent = pin!(provider.turn(&turn, |_| {}));
        let asked = async {
            let (mut taken, _) = listener.accept().await.unwrap();
            taken.read_exact(&mut [0; 16]).await.unwrap();
            taken
        };
        let _taken = tokio::select! {
            ended = &mut silent => panic!("{protocol} {ended:?}"),
            taken = asked => taken,
        };
        tokio::time::pause();
        let error = silent.await.unwrap_err();
        tokio::time::resume();
        assert!(matches!(error, ProviderError::Cut { .. }), "{protocol} {error:?}");
    }
}
