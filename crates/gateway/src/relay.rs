//! An answer that streams through: its bytes go on as they come, or are translated event by event,
//! and a side reader sees what they used. When the stream ends, breaks, or nobody reads it any
//! more, it is billed, once.

use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::body::{Body, HttpBody};
use axum::http::{HeaderMap, StatusCode};
use bytes::Bytes;
use http_body_util::BodyExt;
use hyper::body::{Frame, Incoming};
use tokio::sync::mpsc;
use tokio::time::{Instant, Sleep};

use crate::again::Copy;
use crate::bill::End;
use crate::sse::Events;
use crate::ticket::Ticket;
use crate::translate::Translator;
use crate::usage::Seen;
use crate::{Wire, headers};

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

/// What goes on of what comes.
pub(crate) enum Through {
    /// All of it, as it is.
    All,
    /// All but the event that only says what was used: the gateway has asked for it, and the
    /// client has not.
    KeepUsage,
    /// What each event becomes in another protocol.
    Translated(Box<Translator>),
}

/// The body of an answer.
pub(crate) struct Relay {
    upstream: Incoming,
    wire: Wire,
    events: Events,
    seen: Seen,
    through: Through,
    ticket: Option<Ticket>,
    silence: Duration,
    patience: Pin<Box<Sleep>>,
    /// What follows the body once it is billed.
    trailers: Option<HeaderMap>,
    /// Seen by who asks again with the same key.
    copy: Option<Copy>,
}

/// The body of one that goes on by itself.
struct Frames(mpsc::Receiver<Result<Frame<Bytes>, Broken>>);

impl HttpBody for Frames {
    type Data = Bytes;
    type Error = Broken;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Next {
        self.0.poll_recv(context)
    }
}

impl Relay {
    pub(crate) fn new(
        upstream: Incoming,
        wire: Wire,
        ticket: Ticket,
        through: Through,
        copy: Option<Copy>,
    ) -> Self {
        let silence = ticket.house().terms().silence;
        Self {
            upstream,
            wire,
            events: Events::default(),
            seen: Seen::default(),
            through,
            ticket: Some(ticket),
            silence,
            patience: Box::pin(tokio::time::sleep(silence)),
            trailers: None,
            copy,
        }
    }

    /// The body for a client. What is kept for who asks again goes on though nobody reads it, for
    /// `longest` at the most.
    pub(crate) fn into_body(self, longest: Duration) -> Body {
        if self.copy.is_none() {
            return Body::new(self);
        }
        // One at a time, so that who reads slowly is waited for as ever.
        let (send, frames) = mpsc::channel(1);
        tokio::spawn(tokio::time::timeout(longest, self.go_on(send)));
        Body::new(Frames(frames))
    }

    /// Hands on what comes, and goes on without a reader as long as it may be kept.
    async fn go_on(mut self, reader: mpsc::Sender<Result<Frame<Bytes>, Broken>>) {
        while let Some(frame) = self.frame().await {
            let is_read = reader.send(frame).await.is_ok();
            if !is_read && !self.copy.as_ref().is_some_and(Copy::is_kept) {
                return;
            }
        }
    }

    /// Reads what has come, and returns what goes on.
    fn pass(&mut self, bytes: Bytes) -> Result<Bytes, Broken> {
        let (wire, seen) = (self.wire, &mut self.seen);
        let mut on = Vec::new();
        let too_large = match &mut self.through {
            Through::All => {
                let too_large = self.events.feed(&bytes, |event| {
                    seen.event(wire, event);
                });
                // It passes all the same; only its reader has lost it.
                seen.broken += u64::from(too_large);
                return Ok(bytes);
            }
            Through::KeepUsage => self.events.feed(&bytes, |event| {
                if !seen.event(wire, event) {
                    on.extend_from_slice(event);
                }
            }),
            Through::Translated(translator) => self.events.feed(&bytes, |event| {
                seen.event(wire, event);
                on.extend_from_slice(translator.event(event).as_bytes());
            }),
        };
        if too_large { Err(Broken::TooLarge) } else { Ok(on.into()) }
    }

    /// What goes on when the provider's stream has come to its end.
    fn last(&mut self) -> Bytes {
        let rest = self.events.rest();
        match &mut self.through {
            Through::All => Bytes::new(),
            Through::KeepUsage => rest.into(),
            Through::Translated(translator) => {
                let is_whole = self.seen.ended || self.seen.failed;
                let end = match is_whole {
                    true => translator.end(&self.seen),
                    false => translator.failed("the provider's answer broke off"),
                };
                end.into()
            }
        }
    }

    fn finish(&mut self, end: End) {
        let Some(ticket) = self.ticket.take() else { return };
        let is_whole = self.seen.ended && self.seen.usage.is_some();
        let end = match end {
            // All that matters had come.
            End::Left if is_whole => End::Whole,
            End::Whole if !self.seen.ended || self.seen.failed => End::Cut,
            end => end,
        };
        if end == End::Cut && self.seen.failed && self.seen.bytes == 0 && self.seen.usage.is_none()
        {
            // It was turned away before it began, only that the stream was there already.
            ticket.free(StatusCode::BAD_GATEWAY.as_u16());
        } else {
            self.trailers = Some(headers::trailers(&ticket.close(&self.seen, end)));
        }
        if let Some(copy) = self.copy.take() {
            copy.end(end == End::Whole);
        }
    }

    /// What comes behind all else: the bill.
    fn bill(&mut self) -> Next {
        Poll::Ready(self.trailers.take().map(|bill| Ok(Frame::trailers(bill))))
    }

    /// A protocol that is written here can say that it broke; bytes that pass just end.
    fn break_off(&mut self, broken: Broken) -> Next {
        tracing::debug!("{broken}");
        self.finish(End::Cut);
        Poll::Ready(Some(match &mut self.through {
            Through::Translated(translator) => {
                Ok(Frame::data(translator.failed(&broken.to_string()).into()))
            }
            Through::All | Through::KeepUsage => Err(broken),
        }))
    }
}

type Next = Poll<Option<Result<Frame<Bytes>, Broken>>>;

impl HttpBody for Relay {
    type Data = Bytes;
    type Error = Broken;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Next {
        let this = &mut *self;
        if this.ticket.is_none() {
            return this.bill();
        }
        loop {
            let next = Pin::new(&mut this.upstream).poll_frame(context);
            let Poll::Ready(next) = next else {
                ready!(this.patience.as_mut().poll(context));
                return this.break_off(Broken::Silent(this.silence));
            };
            let bytes = match next {
                None => {
                    let last = this.last();
                    if let Some(copy) = &mut this.copy {
                        copy.more(&last);
                    }
                    this.finish(End::Whole);
                    if last.is_empty() {
                        return this.bill();
                    }
                    return Poll::Ready(Some(Ok(Frame::data(last))));
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
