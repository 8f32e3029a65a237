//! An answer of the embedded model as a stream: events as it is written, comments as long as there
//! is nothing to say, and the bill behind them. Apart because it is about the connection; what is
//! asked and billed is not decided here.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::{Body, HttpBody};
use axum::http::{HeaderMap, Response, StatusCode};
use bytes::Bytes;
use hyper::body::Frame;
use tenfold_domain::Tokens;
use tokio::sync::mpsc;
use tokio::time::{Instant, Sleep};

use super::Work;
use crate::again::Copy;
use crate::ask::Asked;
use crate::bank::Later;
use crate::headers;
use crate::translate::{Piece, Telling, Used};

/// How often a stream that has nothing to say says so.
const COMMENT: Duration = Duration::from_secs(10);

/// Answers by a stream.
pub(super) fn stream(
    asked: &Asked,
    work: Work,
    mut own: HeaderMap,
    mut copy: Option<Copy>,
) -> Response<Body> {
    let says_usage = asked.sketch.says_usage == Some(true);
    let telling = Telling::new(asked.wire, asked.head(), says_usage);
    let is_kept = copy.is_some();
    if let Some(copy) = &mut copy {
        copy.begin(StatusCode::OK, &own);
    }
    headers::bill_follows(&mut own);
    let (frames, told) = mpsc::unbounded_channel();
    let mut work: Later<'static, ()> = Box::pin(tell(work, telling, Out { frames, copy }));
    // What is kept for who asks again comes to its end though nobody reads it.
    if is_kept {
        let going_on = tokio::spawn(work);
        work = Box::pin(async move {
            // If it ended without an end, so does the stream.
            let _ = going_on.await;
        });
    }
    let comment = Box::pin(tokio::time::sleep(COMMENT));
    let mut response = Response::new(Body::new(Told { work: Some(work), told, comment }));
    *response.headers_mut() = own;
    response
}

/// Does the work, and tells all of it.
async fn tell(work: Work, mut telling: Telling, mut out: Out) {
    out.say(telling.begin());
    match work.done(|text| out.say(telling.piece(&Piece::Text(text)))).await {
        Ok((rest, usage, bill)) => {
            out.say(telling.whole(rest, &Used { usage, reasoning: Tokens(0) }));
            out.end(Some(headers::trailers(&bill)));
        }
        Err(why) => {
            out.say(telling.failed(&why.to_string()));
            out.end(None);
        }
    }
}

/// Where events go: to the client, who may be gone, and to who asks again. No more of them wait than
/// the answer has tokens.
struct Out {
    frames: mpsc::UnboundedSender<Frame<Bytes>>,
    copy: Option<Copy>,
}

impl Out {
    fn say(&mut self, events: String) {
        if let Some(copy) = &mut self.copy {
            copy.more(events.as_bytes());
        }
        let _ = self.frames.send(Frame::data(events.into()));
    }

    /// That was all, with its bill; or it broke off.
    fn end(self, bill: Option<HeaderMap>) {
        if let Some(copy) = self.copy {
            copy.end(bill.is_some());
        }
        if let Some(bill) = bill {
            let _ = self.frames.send(Frame::trailers(bill));
        }
    }
}

/// The body of such a stream. The work goes on as it is read.
struct Told {
    work: Option<Later<'static, ()>>,
    told: mpsc::UnboundedReceiver<Frame<Bytes>>,
    comment: Pin<Box<Sleep>>,
}

impl HttpBody for Told {
    type Data = Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        if self.work.as_mut().is_some_and(|work| work.as_mut().poll(context).is_ready()) {
            self.work = None;
        }
        if let Poll::Ready(frame) = self.told.poll_recv(context) {
            self.comment.as_mut().reset(Instant::now() + COMMENT);
            return Poll::Ready(frame.map(Ok));
        }
        if self.comment.as_mut().poll(context).is_ready() {
            self.comment.as_mut().reset(Instant::now() + COMMENT);
            let comment = Bytes::from_static(b": the model is at work\n\n");
            return Poll::Ready(Some(Ok(Frame::data(comment))));
        }
        Poll::Pending
    }
}
