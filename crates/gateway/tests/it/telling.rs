//! What the log is told of a request: the fields of OpenTelemetry's conventions, and of what
//! people ask nothing, unless that was asked for.

use std::io::Write;
use std::sync::{Arc, Mutex};

use tenfold_domain::NanoUsd;
use tenfold_gateway::{
    Aliases, CheapestFirst, Offer, Offered, Open, Terms, Trace, Traces, Untraced,
};
use tenfold_models::Protocol;
use tenfold_test_support::http::{HttpModel, Reply, Used};
use tracing::Span;
use tracing_subscriber::fmt::format::FmtSpan;

use crate::bank::{ADAS_TOKEN, Books};
use crate::local::{Parrot, tariff};
use crate::place::{KEY, Place, offered};

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// All that is told of one request.
async fn told(terms: Terms) -> String {
    let used = Used { prompt: 100, cached: 40, cache_written: 0, output: 10 };
    let server = HttpModel::start(vec![Reply::says("an answer that is private").using(used)]);
    told_of(offered("m", Protocol::Openai, &server), terms).await
}

/// The same, of a request to this model.
async fn told_of(model: Offered, terms: Terms) -> String {
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_span_events(FmtSpan::CLOSE)
        .with_ansi(false)
        .with_writer(move || writer.clone())
        .finish();
    let _guard = tracing::subscriber::set_default(subscriber);
    let books = Books::of_ada(NanoUsd::dollars(1));
    let place = Place::with(books, vec![model], &Aliases::default(), terms).await;
    let body = r#"{"model":"m","max_tokens":9,"messages":[{"role":"user","content":"a secret"}]}"#;
    assert_eq!(place.post("/v1/chat/completions", body).await.status, 200);
    place.spent().await;
    String::from_utf8(log.0.lock().unwrap().clone()).unwrap()
}

#[tokio::test]
async fn a_request_is_a_span_with_what_it_used_and_nothing_of_what_was_said() {
    let told = told(Terms::default()).await;
    for field in [
        "gen_ai.operation.name=\"chat\"",
        "gen_ai.provider.name=\"openai\"",
        "gen_ai.request.model=\"m\"",
        "gen_ai.request.max_tokens=9",
        "gen_ai.response.finish_reasons=\"[\\\"stop\\\"]\"",
        "gen_ai.usage.input_tokens=100",
        "gen_ai.usage.cache_read.input_tokens=40",
        "gen_ai.usage.output_tokens=10",
        "tenfold.cost_nano_usd=104000",
    ] {
        assert!(told.contains(field), "{field} is not in\n{told}");
    }
    for hidden in ["a secret", "an answer that", ADAS_TOKEN, KEY] {
        assert!(!told.contains(hidden), "{hidden} is in\n{told}");
    }
}

#[tokio::test]
async fn the_embedded_model_answers_under_its_own_name() {
    let model = Offered::embedded("m", tariff(), Arc::new(Parrot::default()));
    let told = told_of(model, Terms::default()).await;
    assert!(told.contains("gen_ai.response.model=\"m\""), "{told}");
}

/// Who traces, and has seen what.
#[derive(Default)]
struct Tracer(Mutex<Vec<Trace>>);

impl Traces for Tracer {
    fn adopt(&self, _: &Span, trace: &Trace) {
        self.0.lock().unwrap().push(trace.clone());
    }

    fn of(&self, _: &Span) -> Option<Trace> {
        let parent = "00-ours".to_owned();
        self.0.lock().unwrap().pop().map(|trace| Trace { parent, ..trace })
    }
}

#[tokio::test]
async fn a_call_is_a_part_of_its_clients_trace_and_the_provider_of_the_call() {
    let server = HttpModel::reacting(|_| Reply::says("a"));
    let offer = Offer::of(vec![offered("m", Protocol::Openai, &server)], &Aliases::default());
    let asked = [("x-api-key", ADAS_TOKEN), ("traceparent", "00-theirs"), ("tracestate", "v=1")];
    let traced: [(Arc<dyn Traces>, &str); 2] =
        [(Arc::new(Tracer::default()), "00-ours"), (Arc::new(Untraced), "00-theirs")];
    for (traces, parent) in traced {
        let books = Books::of_ada(NanoUsd::dollars(1));
        let who = (Arc::new(Open) as _, Arc::new(CheapestFirst) as _, traces);
        let place = Place::of_all(who, books, (&offer, Terms::default())).await;
        let body = r#"{"model":"m","max_tokens":9,"messages":[]}"#;
        assert_eq!(place.post_with("/v1/chat/completions", body, &asked).await.status, 200);
        let request = server.requests().pop().unwrap();
        assert_eq!(
            (request.header("traceparent"), request.header("tracestate")),
            (Some(parent), Some("v=1"))
        );
        assert_eq!(place.post_with("/v1/chat/completions", body, &asked[..1]).await.status, 200);
        assert_eq!(server.requests().pop().unwrap().header("traceparent"), None);
    }
}

#[tokio::test]
async fn bodies_are_told_to_who_asks_for_them() {
    let told = told(Terms { logs_bodies: true, ..Terms::default() }).await;
    assert!(told.contains("a secret"), "{told}");
    assert!(!told.contains(KEY) && !told.contains(ADAS_TOKEN), "{told}");
}
