//! A collector on this machine is told of calls, and one that is silent is in nobody's way.

// What a test can't set up, it fails by.
#![allow(clippy::unwrap_used)]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Mutex, PoisonError};

use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue, any_value::Value};
use opentelemetry_proto::tonic::metrics::v1::metric::Data;
use prost::Message;
use tenfold_domain::{NanoUsd, Tokens, Usage};
use tenfold_models::{Call, Ended, Of, Protocol, traced};
use tenfold_telemetry::Telemetry;
use tracing_subscriber::layer::SubscriberExt;

/// Whether anybody listens to a call is remembered by the whole process: one test at a time.
static ALONE: Mutex<()> = Mutex::new(());

/// What a collector was sent: where, and what.
type Sent = (String, Vec<u8>);

/// A collector, which tells what it is sent.
fn collector() -> (String, Receiver<Sent>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let (send, sent) = channel();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let send = send.clone();
            std::thread::spawn(move || while answer(&stream, &send).is_some() {});
        }
    });
    (address, sent)
}

fn answer(mut stream: &TcpStream, send: &Sender<Sent>) -> Option<()> {
    // Who is answered may look at once what has come.
    read(stream, send)?;
    stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").ok()
}

/// Reads a request.
fn read(stream: &TcpStream, send: &Sender<Sent>) -> Option<()> {
    let mut reader = BufReader::new(stream);
    let (mut path, mut length) = (String::new(), 0);
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).ok()? == 0 {
            return None;
        }
        let line = line.trim();
        if line.is_empty() {
            break;
        }
        if path.is_empty() {
            path = line.split(' ').nth(1)?.to_owned();
        }
        if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().ok()?;
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    let _ = send.send((path, body));
    Some(())
}

/// Tells a collector of one call that was answered and one that was not.
fn tell(address: &str) -> Telemetry {
    let telemetry = Telemetry::to(address).unwrap();
    let subscriber = tracing_subscriber::registry().with(telemetry.layer());
    tracing::subscriber::with_default(subscriber, || {
        let (operation, provider) = ("chat", traced(Some(Protocol::Openai)));
        let of = Of { operation, provider, model: "far".into() };
        let usage =
            Usage { prompt: Tokens(60), cached: Tokens(40), output: Tokens(7), ..Usage::default() };
        let mut call = Call::begin(of.clone(), Tokens(9));
        call.end(&Ended { status: Some(200), error: None, usage, cost: NanoUsd(1_234) });
        drop(call);
        let mut call = Call::begin(of, Tokens(9));
        call.said("[]");
        call.end(&Ended { status: Some(429), error: Some("429"), ..Ended::default() });
        drop(call);
        tracing::error!("this is for the log");
    });
    telemetry
}

fn of(attributes: &[KeyValue], name: &str) -> String {
    let found = attributes.iter().find(|attribute| attribute.key == name);
    match found.and_then(|found| found.value.as_ref()) {
        Some(AnyValue { value: Some(Value::StringValue(text)) }) => text.clone(),
        Some(AnyValue { value: Some(Value::IntValue(number)) }) => number.to_string(),
        other => format!("{other:?}"),
    }
}

#[test]
fn a_call_is_a_span_and_what_it_took_is_measured() {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let (address, sent) = collector();
    tell(&address).end();
    let sent: Vec<Sent> = sent.try_iter().collect();
    let body = |path: &str| {
        let found = sent.iter().find(|(there, _)| there == path);
        found.unwrap_or_else(|| panic!("nothing came to {path}")).1.as_slice()
    };
    let traces = ExportTraceServiceRequest::decode(body("/v1/traces")).unwrap();
    let resource = traces.resource_spans[0].resource.as_ref().unwrap();
    assert_eq!(of(&resource.attributes, "service.name"), "tenfold");
    let spans = &traces.resource_spans[0].scope_spans[0].spans;
    let names: Vec<&str> = spans.iter().map(|span| &*span.name).collect();
    assert_eq!(names, ["chat far", "chat far"]);
    for (name, value) in [
        ("gen_ai.operation.name", "chat"),
        ("gen_ai.provider.name", "openai"),
        ("gen_ai.request.model", "far"),
        ("gen_ai.request.max_tokens", "9"),
        ("gen_ai.usage.input_tokens", "100"),
        ("gen_ai.usage.cache_read.input_tokens", "40"),
        ("gen_ai.usage.output_tokens", "7"),
        ("http.response.status_code", "200"),
        ("tenfold.cost_nano_usd", "1234"),
    ] {
        assert_eq!(of(&spans[0].attributes, name), value, "{name}");
    }
    assert!(spans.iter().all(|span| span.events.is_empty()), "measures are no part of it");
    assert_eq!(of(&spans[0].attributes, "gen_ai.input.messages"), "None");
    assert_eq!(of(&spans[1].attributes, "gen_ai.input.messages"), "[]");
    assert_eq!(of(&spans[1].attributes, "error.type"), "429");
    assert_eq!(spans[1].status.as_ref().unwrap().code, 2, "an error");

    let metrics = ExportMetricsServiceRequest::decode(body("/v1/metrics")).unwrap();
    let metrics = &metrics.resource_metrics[0].scope_metrics[0].metrics;
    let metric = |name: &str| metrics.iter().find(|metric| metric.name == name).unwrap();
    let usage = metric("gen_ai.client.token.usage");
    assert_eq!(usage.unit, "{token}");
    let Some(Data::Histogram(usage)) = &usage.data else { panic!("no histogram") };
    let mut sums: Vec<_> = usage
        .data_points
        .iter()
        .map(|point| (of(&point.attributes, "gen_ai.token.type"), point.sum.unwrap(), point.count))
        .collect();
    sums.sort_by(|a, b| a.0.cmp(&b.0));
    assert_eq!(sums, [("input".to_owned(), 100.0, 2), ("output".to_owned(), 7.0, 2)]);
    let took = metric("gen_ai.client.operation.duration");
    assert_eq!(took.unit, "s");
    let Some(Data::Histogram(took)) = &took.data else { panic!("no histogram") };
    assert_eq!(took.data_points.iter().map(|point| point.count).sum::<u64>(), 2);
}

#[test]
fn a_call_is_a_part_of_a_clients_trace_and_what_it_asks_is_a_part_of_it() {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let (address, sent) = collector();
    let telemetry = Telemetry::to(&address).unwrap();
    let subscriber = tracing_subscriber::registry().with(telemetry.layer());
    let (trace, client) = ("0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331");
    let parent = format!("00-{trace}-{client}-01");
    let call_of = || Of { operation: "chat", provider: "openai", model: "far".into() };
    let (told, own) = tracing::subscriber::with_default(subscriber, || {
        let mut call = Call::begin(call_of(), Tokens(9));
        tenfold_telemetry::adopt(call.span(), &parent, "vendor=1");
        let told = tenfold_telemetry::trace_of(call.span()).unwrap();
        call.answered(Some("far-1"), Some("x1"), &["stop".to_owned()]);
        call.end(&Ended { status: Some(503), error: Some("503"), ..Ended::default() });
        drop(call);
        let call = Call::begin(call_of(), Tokens(9));
        tenfold_telemetry::adopt(call.span(), "no trace", "");
        (told, tenfold_telemetry::trace_of(call.span()).unwrap().0)
    });
    let unheard = tracing::subscriber::with_default(tracing_subscriber::registry(), || {
        tenfold_telemetry::trace_of(Call::begin(call_of(), Tokens(9)).span())
    });
    assert_eq!(unheard, None);
    telemetry.end();
    let sent: Vec<Sent> = sent.try_iter().collect();
    let body = &sent.iter().find(|(path, _)| path == "/v1/traces").unwrap().1;
    let traces = ExportTraceServiceRequest::decode(body.as_slice()).unwrap();
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let spans = &traces.resource_spans[0].scope_spans[0].spans;
    let span = spans.iter().find(|span| hex(&span.trace_id) == trace).unwrap();
    assert_eq!(hex(&span.parent_span_id), client);
    let here = format!("00-{trace}-{}-01", hex(&span.span_id));
    assert_eq!(told, (here, "vendor=1".to_owned()));
    // What is told later is told all the same.
    assert_eq!(span.status.as_ref().unwrap().code, 2, "an error");
    for (name, value) in [
        ("gen_ai.response.model", "far-1"),
        ("gen_ai.response.id", "x1"),
        ("gen_ai.response.finish_reasons", "[\"stop\"]"),
        ("error.type", "503"),
    ] {
        assert_eq!(of(&span.attributes, name), value, "{name}");
    }
    assert!(own.starts_with("00-") && !own.contains(trace), "a trace of its own");
}

#[test]
fn a_collector_that_says_nothing_or_is_gone_is_in_nobodys_way() {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    // It takes connections, and never answers.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let gone = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    for address in [silent.local_addr().unwrap(), gone] {
        // The calls have come to their end, and so does this.
        tell(&format!("http://{address}")).end();
    }
}

#[test]
fn a_collector_that_sends_elsewhere_is_not_followed() {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let (elsewhere, sent) = collector();
    let sends_on = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", sends_on.local_addr().unwrap());
    let (asked, was_asked) = channel();
    std::thread::spawn(move || {
        for stream in sends_on.incoming().flatten() {
            let (send, _) = channel();
            let head = format!("HTTP/1.1 302 Found\r\nlocation: {elsewhere}/v1/traces");
            let _ = read(&stream, &send);
            let _ = (&stream).write_all(format!("{head}\r\ncontent-length: 0\r\n\r\n").as_bytes());
            let _ = asked.send(());
        }
    });
    tell(&address).end();
    was_asked.recv().unwrap();
    assert_eq!(sent.try_iter().count(), 0);
}

#[test]
fn who_has_nothing_to_tell_asks_nobody() {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let (address, sent) = collector();
    let telemetry = Telemetry::to(&address).unwrap();
    let subscriber = tracing_subscriber::registry().with(telemetry.layer());
    tracing::subscriber::with_default(subscriber, || tracing::info!("nothing"));
    telemetry.end();
    assert_eq!(sent.try_iter().count(), 0);
    assert!(Telemetry::to("no address").is_err());
}
