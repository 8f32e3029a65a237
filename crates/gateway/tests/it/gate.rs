//! What a provider takes is held here too: who has to wait for long is told so in the protocol's
//! own words, and has paid nothing.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use tenfold_domain::{AccountId, NanoUsd, Tokens};
use tenfold_gateway::{Aliases, Gate, Later, Leave, Shut, Terms};
use tenfold_models::{Hosted, Protocol};
use tenfold_test_support::http::{Failure, HttpModel, Reply, Used};

use crate::bank::{ADA, Books};
use crate::place::{Place, offered};

/// What a gate is to do, and what it was told.
struct Scripted {
    opens: Result<(), Option<Duration>>,
    told: Arc<Mutex<Vec<String>>>,
}

struct Told(Arc<Mutex<Vec<String>>>);

impl Gate for Scripted {
    fn leave<'a>(
        &'a self,
        hosted: &'a Hosted,
        (account, tokens): (AccountId, Tokens),
        _: Duration,
    ) -> Later<'a, Result<Box<dyn Leave>, Shut>> {
        let asked = format!("{} {account} {}", hosted.name, tokens.0 > 50);
        self.told.lock().unwrap().push(asked);
        Box::pin(async move {
            match self.opens {
                Ok(()) => Ok(Box::new(Told(Arc::clone(&self.told))) as Box<dyn Leave>),
                Err(Some(left)) => Err(Shut(left)),
                Err(None) => std::future::pending().await,
            }
        })
    }
}

impl Leave for Told {
    fn answered(self: Box<Self>, tokens: Tokens) {
        self.0.lock().unwrap().push(format!("answered {tokens}"));
    }

    fn broke_off(self: Box<Self>) {
        self.0.lock().unwrap().push("broke off".to_owned());
    }

    fn refused(self: Box<Self>, retry_after: Option<Duration>) {
        self.0.lock().unwrap().push(format!("refused {retry_after:?}"));
    }
}

async fn behind(
    opens: Result<(), Option<Duration>>,
    replies: Vec<Reply>,
) -> (Place, HttpModel, Arc<Mutex<Vec<String>>>) {
    let server = HttpModel::start(replies);
    let told = Arc::default();
    let gate = Arc::new(Scripted { opens, told: Arc::clone(&told) });
    let models = vec![offered("m", Protocol::Openai, &server)];
    let terms = Terms { gate: Duration::from_millis(1), ..Terms::default() };
    let books = Books::of_ada(NanoUsd::dollars(1));
    let place = Place::behind(gate, books, models, (&Aliases::default(), terms)).await;
    (place, server, told)
}

const BODY: &str = r#"{"model":"m","max_tokens":9,"messages":[{"role":"user","content":"hi"}]}"#;

#[tokio::test]
async fn who_has_waited_in_vain_is_told_when_to_come_back_and_pays_nothing() {
    for (opens, after) in [(None, "1"), (Some(Duration::from_millis(179_500)), "180")] {
        let (place, server, _) = behind(Err(opens), vec![]).await;
        let answer = place.post("/v1/chat/completions", BODY).await;
        assert_eq!((answer.status.as_u16(), answer.header("retry-after")), (429, after));
        let error = &answer.json()["error"];
        assert_eq!(error["type"], "requests");
        assert_eq!(error["code"], "rate_limit_exceeded");
        let answer = place.post("/v1/messages", BODY).await;
        assert_eq!((answer.status.as_u16(), answer.header("retry-after")), (429, after));
        assert_eq!(answer.json()["error"]["type"], "rate_limit_error");
        assert_eq!(place.books.leases(), 0, "nothing was set aside");
        assert_eq!(server.requests().len(), 0, "nothing was sent");
    }
}

#[tokio::test]
async fn the_gate_hears_what_came_of_each_request() {
    let used = Used { prompt: 100, cached: 0, cache_written: 0, output: 10 };
    let busy = Failure::TooMany { retry_after_s: Some(7) };
    let cut = Failure::EndsEarly;
    let replies = vec![Reply::says("yes").using(used), Reply::fails(busy), Reply::fails(cut)];
    let (place, _server, told) = behind(Ok(()), replies).await;
    assert_eq!(place.post("/v1/chat/completions", BODY).await.status, 200);
    assert_eq!(place.post("/v1/chat/completions", BODY).await.status, 429);
    let streamed = BODY.replace("\"max_tokens\"", "\"stream\":true,\"max_tokens\"");
    place.post("/v1/chat/completions", &streamed).await;
    let asked = format!("m {ADA} true");
    let expected = [&asked, "answered 110", &asked, "refused Some(7s)", &asked, "broke off"];
    assert_eq!(*told.lock().unwrap(), expected);
}
