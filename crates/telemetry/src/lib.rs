//! Hands traces and measures of model calls to a collector, by OpenTelemetry's protocol.
//!
//! What is told is in `tenfold_models::Call`; here it becomes OTLP over HTTP, in batches and on
//! threads of its own. A collector that is slow or gone costs what it would have got, and nothing
//! else: no call waits for it. Nothing here decides what is told.

mod http;

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use opentelemetry::propagation::TextMapPropagator;
use opentelemetry::trace::{TraceContextExt, TracerProvider};
use opentelemetry_otlp::{
    ExporterBuildError, MetricExporter, SpanExporter, WithExportConfig, WithHttpConfig,
};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::metrics::{
    Aggregation, Instrument, PeriodicReader, SdkMeterProvider, Stream,
};
use opentelemetry_sdk::propagation::TraceContextPropagator;
use opentelemetry_sdk::trace::SdkTracerProvider;
use tenfold_models::CALL_TARGET;
use tracing::{Span, Subscriber, span};
use tracing_opentelemetry::{MetricsLayer, OpenTelemetryLayer, OpenTelemetrySpanExt};
use tracing_subscriber::Layer;
use tracing_subscriber::filter::{LevelFilter, Targets, filter_fn};
use tracing_subscriber::layer::Context;
use tracing_subscriber::registry::LookupSpan;

use http::Client;

/// Where a collector is; OpenTelemetry's other variables are read where this one is set.
pub const ENDPOINT: &str = "OTEL_EXPORTER_OTLP_ENDPOINT";
/// Whether what is said to models is told, too.
pub const MESSAGES: &str = "OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT";
/// What it is called there.
const NAME: &str = "tenfold";
/// The longest that the end of the program waits for a collector.
const LEAVING: Duration = Duration::from_secs(2);
/// The bounds of histograms, as the conventions for generative AI have them: of seconds,
const SECONDS: [f64; 14] =
    [0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92];
/// and of tokens.
const TOKENS: [f64; 14] = [
    1.0,
    4.0,
    16.0,
    64.0,
    256.0,
    1_024.0,
    4_096.0,
    16_384.0,
    65_536.0,
    262_144.0,
    1_048_576.0,
    4_194_304.0,
    16_777_216.0,
    67_108_864.0,
];

/// Why nothing is handed out.
#[derive(Debug, thiserror::Error)]
#[error("traces can't be handed to the collector that OTEL_EXPORTER_OTLP_ENDPOINT names: {0}")]
pub struct TelemetryError(#[from] ExporterBuildError);

/// A collector that is told of calls. Dropped, what it has not been told is lost; see
/// [`Telemetry::end`].
#[derive(Debug, Clone)]
pub struct Telemetry {
    traces: SdkTracerProvider,
    measures: SdkMeterProvider,
    /// Whether there was anything to tell.
    has_told: Arc<AtomicBool>,
}

/// Notes that there is something to tell.
struct Noting(Arc<AtomicBool>);

impl<S: Subscriber> Layer<S> for Noting {
    fn on_new_span(&self, _: &span::Attributes<'_>, _: &span::Id, _: Context<'_, S>) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Whether the environment says that what is said to models is told, too.
#[must_use]
pub fn tells_messages() -> bool {
    std::env::var(MESSAGES).is_ok_and(|value| value.trim().eq_ignore_ascii_case("true"))
}

/// By which W3C's trace context says of which trace and span something is a part,
const PARENT: &str = "traceparent";
/// and what those who trace tell each other of it.
const STATE: &str = "tracestate";

/// Makes the span of a call a part of a trace that somebody else began, by the values of the
/// headers of W3C's trace context; of none if they can't be read. To be said before anything else
/// of the span.
pub fn adopt(span: &Span, parent: &str, state: &str) {
    let headers = [(PARENT, parent), (STATE, state)];
    let headers: HashMap<_, _> =
        headers.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
    let context = TraceContextPropagator::new().extract(&headers);
    if context.span().span_context().is_valid() {
        // Where nobody listens to the span, there is nothing to be a part of.
        let _ = span.set_parent(context);
    }
}

/// The values of these headers for what is a part of this span; `None` where nobody listens to it.
#[must_use]
pub fn trace_of(span: &Span) -> Option<(String, String)> {
    let mut headers = HashMap::<String, String>::new();
    TraceContextPropagator::new().inject_context(&span.context(), &mut headers);
    Some((headers.remove(PARENT)?, headers.remove(STATE).unwrap_or_default()))
}

impl Telemetry {
    /// The collector that the environment names, if it names one.
    ///
    /// # Errors
    /// [`TelemetryError`] if its address or another of its variables can't be.
    pub fn from_environment() -> Result<Option<Self>, TelemetryError> {
        let address = std::env::var(ENDPOINT).unwrap_or_default();
        let address = address.trim();
        if address.is_empty() { Ok(None) } else { Self::to(address).map(Some) }
    }

    /// The collector at this address, without the path of what it is told. OpenTelemetry's
    /// variables hold for all else, such as headers, and how often measures are told; but a request
    /// may take ten seconds, whatever they say, and both go to this one address.
    ///
    /// # Errors
    /// [`TelemetryError`] if the address or one of the variables can't be.
    pub fn to(address: &str) -> Result<Self, TelemetryError> {
        let mut resource = Resource::builder();
        if std::env::var_os("OTEL_SERVICE_NAME").is_none() {
            resource = resource.with_service_name(NAME);
        }
        let resource = resource.build();
        let client = Client::new();
        let base = address.trim_end_matches('/');
        let spans = SpanExporter::builder()
            .with_http()
            .with_http_client(client.clone())
            .with_endpoint(format!("{base}/v1/traces"))
            .build()?;
        let traces = SdkTracerProvider::builder()
            .with_batch_exporter(spans)
            .with_resource(resource.clone())
            .build();
        let measures = MetricExporter::builder()
            .with_http()
            .with_http_client(client)
            .with_endpoint(format!("{base}/v1/metrics"))
            .build()?;
        let measures = SdkMeterProvider::builder()
            .with_reader(PeriodicReader::builder(measures).build())
            .with_resource(resource)
            .with_view(as_the_conventions_say)
            .build();
        Ok(Self { traces, measures, has_told: Arc::default() })
    }

    /// What listens to calls for it, to be put beside others.
    pub fn layer<S>(&self) -> impl Layer<S> + Send + Sync + use<S>
    where
        S: Subscriber + for<'span> LookupSpan<'span> + Send + Sync,
    {
        let traces = OpenTelemetryLayer::new(self.traces.tracer(NAME))
            .with_location(false)
            .with_threads(false)
            .with_target(false)
            .with_tracked_inactivity(false);
        let measures = MetricsLayer::new(self.measures.clone());
        let noting = Noting(Arc::clone(&self.has_told));
        let calls = Targets::new().with_target(CALL_TARGET, LevelFilter::INFO);
        // The events are measures, and no part of a trace.
        let spans = || filter_fn(|metadata| metadata.is_span() && metadata.target() == CALL_TARGET);
        let traces = traces.with_filter(spans()).and_then(noting.with_filter(spans()));
        traces.and_then(measures.with_filter(calls))
    }

    /// Hands out what is left, at the end of the program, and waits a moment for it at the most.
    pub fn end(&self) {
        if !self.has_told.load(Ordering::Relaxed) {
            return;
        }
        // Both at once: measures are few, and don't wait for traces. Who is not there is no trouble
        // of the program's.
        let (send, ended) = std::sync::mpsc::channel();
        let (traces, measures, told) = (self.traces.clone(), self.measures.clone(), send.clone());
        std::thread::spawn(move || {
            let _ = traces.shutdown_with_timeout(LEAVING);
            let _ = told.send(());
        });
        std::thread::spawn(move || {
            let _ = measures.shutdown_with_timeout(LEAVING);
            let _ = send.send(());
        });
        let until = Instant::now() + LEAVING;
        for _ in 0..2 {
            let _ = ended.recv_timeout(until.saturating_duration_since(Instant::now()));
        }
    }
}

/// Units and bounds, which `tracing` can't say.
fn as_the_conventions_say(instrument: &Instrument) -> Option<Stream> {
    let (unit, bounds) = match instrument.name() {
        "gen_ai.client.operation.duration" => ("s", SECONDS),
        "gen_ai.client.token.usage" => ("{token}", TOKENS),
        _ => return None,
    };
    let bounds =
        Aggregation::ExplicitBucketHistogram { boundaries: bounds.to_vec(), record_min_max: true };
    Stream::builder().with_unit(unit).with_aggregation(bounds).build().ok()
}
