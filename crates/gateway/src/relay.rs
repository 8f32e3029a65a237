//! An answer that streams through: its bytes go on as they come, and a side reader sees what they
//! used. When the stream ends, breaks, or nobody reads it any more, it is billed, once.

use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::body::HttpBody;
use bytes::Bytes;
use hyper::body::{Frame, Incoming};
use tokio::time::{Instant, Sleep};

use crate::Wire;
use crate::bill::End;
use crate::sse::Events;
use crate::ticket::Ticket;
use crate::usage::Seen;

/// Why a stream broke.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Broken {
    #[error("the provider's stream broke: {0}")]
    Cut(#[from] hyper::Error),
    #[error("the provider said nothing for {} s", .0.as_secs())]
    Silent(Duration),
    #[error("an event of the provider's is too large")]
    TooLarge,
}

/// The body of an answer whose bytes pass unchanged.
pub(crate) struct Relay {
    upstream: Incoming,
    wire: Wire,
    events: Events,
    seen: Seen,
    /// Whether the event that only says what was used is kept back: the client has not asked for
    /// it, the gateway has.
    keeps_usage: bool,
    ticket: Option<Ticket>,
    silence: Duration,
    patience: Pin<Box<Sleep>>,
    /// Seen by who asks again with the same key.
    copy: Option<crate::again::Copy>,
}

impl Relay {
    pub(crate) fn new(
        upstream: Incoming,
        wire: Wire,
        ticket: Ticket,
        keeps_usage: bool,
        copy: Option<crate::again::Copy>,
    ) -> Self {
        let silence = ticket.house().terms.silence;
        Self {
            upstream,
            wire,
            events: Events::default(),
            seen: Seen::default(),
            keeps_usage,
            ticket: Some(ticket),
            silence,
            patience: Box::pin(tokio::time::sleep(silence)),
            copy,
        }
    }

    /// Reads what has come, and returns what goes on.
    fn pass(&mut self, bytes: Bytes) -> Result<Bytes, Broken> {
        let (wire, seen) = (self.wire, &mut self.seen);
        if !self.keeps_usage {
            let too_large = self.events.feed(&bytes, |event| {
                seen.event(wire, event);
            });
            // It passes all the same; only its reader has lost it.
            seen.broken += u64::from(too_large);
            return Ok(bytes);
        }
        let mut on = Vec::with_capacity(bytes.len());
        let too_large = self.events.feed(&bytes, |event| {
            if !seen.event(wire, event) {
                on.extend_from_slice(event);
            }
        });
        if too_large { Err(Broken::TooLarge) } else { Ok(on.into()) }
    }

    fn finish(&mut self, end: End) {
        let Some(ticket) = self.ticket.take() else { return };
        let is_whole = self.seen.ended && self.seen.usage.is_some();
        let end = match end {
            // All that matters had come.
            End::Left if is_whole => End::Whole,
            End::Whole if !self.seen.ended && !self.seen.failed => End::Cut,
            end => end,
        };
        ticket.close(&self.seen, end);
        if let Some(copy) = self.copy.take() {
            copy.end(end == End::Whole);
        }
    }

    fn break_off(&mut self, broken: Broken) -> Poll<Option<Result<Frame<Bytes>, Broken>>> {
        tracing::debug!("{broken}");
        self.finish(End::Cut);
        Poll::Ready(Some(Err(broken)))
    }
}

impl HttpBody for Relay {
    type Data = Bytes;
    type Error = Broken;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Broken>>> {
        let this = &mut *self;
        if this.ticket.is_none() {
            return Poll::Ready(None);
        }
        loop {
            let next = Pin::new(&mut this.upstream).poll_frame(context);
            let Poll::Ready(next) = next else {
                ready!(this.patience.as_mut().poll(context));
                return this.break_off(Broken::Silent(this.silence));
            };
            let bytes = match next {
                None => {
                    let rest = this.events.rest();
                    this.finish(End::Whole);
                    let rest = if this.keeps_usage { rest } else { Vec::new() };
                    let is_none = rest.is_empty();
                    let last = (!is_none).then(|| Ok(Frame::data(rest.into())));
                    return Poll::Ready(last);
                }
                Some(Err(why)) => return this.break_off(why.into()),
                Some(Ok(frame)) => match frame.into_data() {
                    Ok(bytes) => bytes,
                    Err(_) => continue,
                },
            };
            this.patience.as_mut().reset(Instant::now() + this.silence);
            let on = match this.pass(bytes) {
                Ok(on) => on,
                Err(broken) => return this.break_off(broken),
            };
            if let Some(copy) = &mut this.copy {
                copy.more(&on);
            }
            // All of it may have been kept back.
            if !on.is_empty() {
                return Poll::Ready(Some(Ok(Frame::data(on))));
            }
        }
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.finish(End::Left);
    }
}
