//! One call of a model as it is told to whoever traces: a span, and what is measured at its end, by
//! the names of OpenTelemetry's conventions for generative AI.
//!
//! Apart, because the engine and the gateway both ask models, and who looks at them wants the same
//! names of either. Nothing here exports anything: without a subscriber that listens to
//! [`TARGET`], it costs nothing. What is said is only told by who was asked to.

use std::sync::Arc;
use std::time::Instant;

use tenfold_domain::{NanoUsd, Tokens, Usage};
use tracing::Span;
use tracing::field::Empty;

use crate::Protocol;

/// The target of these spans and events.
pub const TARGET: &str = "tenfold::call";
/// Who is asked where a model runs on this machine.
const HERE: &str = "tenfold";

/// A call that is under way. Dropped without an end, nobody saw how it ended.
#[derive(Debug)]
pub struct Call {
    of: Of,
    span: Span,
    began: Instant,
    ended: bool,
}

/// What is called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Of {
    /// What OpenTelemetry calls the operation: `chat`, `embeddings`.
    pub operation: &'static str,
    /// Who is asked, as [`traced`] names them.
    pub provider: &'static str,
    /// The model's name in the catalogue.
    pub model: Arc<str>,
}

/// How a call ended.
#[derive(Debug, Clone, Copy, Default)]
pub struct Ended<'a> {
    /// The status of its answer over HTTP, if it has one.
    pub status: Option<u16>,
    /// Why there is no answer, in a word.
    pub error: Option<&'a str>,
    /// What it used, if that is known.
    pub usage: Usage,
    /// What it cost.
    pub cost: NanoUsd,
}

/// What OpenTelemetry calls whoever is asked: a provider by its protocol, or this machine.
#[must_use]
pub const fn traced(provider: Option<Protocol>) -> &'static str {
    match provider {
        None => HERE,
        Some(Protocol::Openai | Protocol::OpenaiResponses) => "openai",
        Some(Protocol::Anthropic) => "anthropic",
        Some(Protocol::Gemini) => "gcp.gemini",
    }
}

impl Call {
    /// A call begins, whose answer is of so many tokens at the most.
    #[must_use]
    pub fn begin(of: Of, output_max: Tokens) -> Self {
        let Of { operation, provider, model } = &of;
        let is_here = *provider == HERE;
        let span = tracing::info_span!(
            target: TARGET,
            "call",
            otel.name = format_args!("{operation} {model}"),
            otel.kind = if is_here { "internal" } else { "client" },
            otel.status_code = Empty,
            error.type = Empty,
            gen_ai.operation.name = operation,
            gen_ai.provider.name = provider,
            gen_ai.request.model = &**model,
            gen_ai.request.max_tokens = whole(output_max.0),
            gen_ai.input.messages = Empty,
            gen_ai.response.model = Empty,
            gen_ai.response.id = Empty,
            gen_ai.response.finish_reasons = Empty,
            gen_ai.usage.input_tokens = Empty,
            gen_ai.usage.cache_read.input_tokens = Empty,
            gen_ai.usage.output_tokens = Empty,
            http.response.status_code = Empty,
            tenfold.cost_nano_usd = Empty,
            tenfold.cost_basis = Empty,
            tenfold.chosen = Empty,
        );
        Self { of, span, began: Instant::now(), ended: false }
    }

    /// What was said, in JSON: for who was asked to tell it.
    pub fn said(&self, messages: &str) {
        self.span.record("gen_ai.input.messages", messages);
    }

    /// Its span, for who knows of which trace it is a part.
    #[must_use]
    pub const fn span(&self) -> &Span {
        &self.span
    }

    /// Who says to have answered, under which number, and why each of its answers ended: in a list
    /// in JSON, since a field has one value.
    pub fn answered(&self, model: Option<&str>, id: Option<&str>, reasons: &[String]) {
        if let Some(model) = model {
            self.span.record("gen_ai.response.model", model);
        }
        if let Some(id) = id {
            self.span.record("gen_ai.response.id", id);
        }
        if !reasons.is_empty() {
            let reasons = serde_json::Value::from(reasons).to_string();
            self.span.record("gen_ai.response.finish_reasons", reasons);
        }
    }

    /// Why this model was chosen among others.
    pub fn chosen(&self, why: &str) {
        self.span.record("tenfold.chosen", why);
    }

    /// How the bill of it came about.
    pub fn billed(&self, basis: &str) {
        self.span.record("tenfold.cost_basis", basis);
    }

    /// It has ended.
    pub fn end(&mut self, ended: &Ended<'_>) {
        self.ended = true;
        let Ended { status, error, usage, cost } = *ended;
        let (read, written) = (usage.read().0, (usage.output + usage.reasoning).0);
        self.span.record("gen_ai.usage.input_tokens", whole(read));
        self.span.record("gen_ai.usage.cache_read.input_tokens", whole(usage.cached.0));
        self.span.record("gen_ai.usage.output_tokens", whole(written));
        self.span.record("tenfold.cost_nano_usd", whole(cost.0));
        if let Some(status) = status {
            self.span.record("http.response.status_code", i64::from(status));
        }
        if let Some(error) = error {
            self.span.record("error.type", error);
            self.span.record("otel.status_code", "error");
        }
        self.measure(error.unwrap_or(""), (read, written), cost);
    }

    /// Tells what is measured, as `tracing-opentelemetry` reads it.
    fn measure(&self, error: &str, (read, written): (u64, u64), cost: NanoUsd) {
        let Of { operation, provider, model } = &self.of;
        let seconds = self.began.elapsed().as_secs_f64();
        tracing::info!(
            target: TARGET,
            { histogram.gen_ai.client.operation.duration = seconds,
            gen_ai.operation.name = operation,
            gen_ai.provider.name = provider,
            gen_ai.request.model = &**model,
            error.type = error },
            "a call"
        );
        for (kind, tokens) in [("input", read), ("output", written)] {
            tracing::info!(
                target: TARGET,
                { histogram.gen_ai.client.token.usage = tokens,
                gen_ai.operation.name = operation,
                gen_ai.provider.name = provider,
                gen_ai.request.model = &**model,
                gen_ai.token.type = kind },
                "its tokens"
            );
        }
        tracing::info!(
            target: TARGET,
            { monotonic_counter.tenfold.cost = cost.0,
            gen_ai.request.model = &**model },
            "its cost"
        );
    }
}

impl Drop for Call {
    fn drop(&mut self) {
        if !self.ended {
            self.end(&Ended { error: Some("left"), ..Ended::default() });
        }
    }
}

/// Attributes are signed.
fn whole(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
