//! Where a call stands in a trace that somebody else began, by W3C's trace context.
//!
//! It is apart because the gateway knows no collector: whoever tells one is handed the span of a
//! call, and without anybody a client's trace passes through as it is.

use tracing::Span;

/// A place in a trace: the values of the two headers by which it is said.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Trace {
    /// `traceparent`: of which trace and which span of it something is a part.
    pub parent: String,
    /// `tracestate`: what those who trace tell each other; may be empty.
    pub state: String,
}

/// Knows of whom a span is a part.
pub trait Traces: Send + Sync + 'static {
    /// The span becomes a part of a client's trace. Asked before anything else is told of it.
    fn adopt(&self, span: &Span, trace: &Trace);

    /// What is a part of this span; `None` if nobody is told of it.
    fn of(&self, span: &Span) -> Option<Trace>;
}

/// Nobody is told of calls.
#[derive(Debug, Clone, Copy, Default)]
pub struct Untraced;

impl Traces for Untraced {
    fn adopt(&self, _: &Span, _: &Trace) {}

    fn of(&self, _: &Span) -> Option<Trace> {
        None
    }
}
