//! Streams of events: so many for each, over as soon as whoever has one is signed out, may do
//! something else, or the server stops. Any answer that is such a stream is guarded here, so that
//! no handler can forget to.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use axum::body::Body;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use futures_util::StreamExt;
use tenfold_domain::ProblemKind;

use super::{By, Caller, House, Turned};

type All = Arc<Mutex<HashMap<By, usize>>>;

/// How many there are.
pub(crate) struct Streams {
    each: usize,
    all: All,
}

/// One of them; dropped when it is over.
struct Pass {
    by: By,
    all: All,
}

impl Streams {
    pub(crate) fn new(each: usize) -> Self {
        Self { each, all: All::default() }
    }

    fn enter(&self, by: By) -> Result<Pass, Turned> {
        let mut all = self.all.lock().unwrap_or_else(PoisonError::into_inner);
        let open = all.entry(by).or_default();
        if *open >= self.each {
            let what = format!("you have {open} streams of events open already");
            return Err(Turned::new(StatusCode::TOO_MANY_REQUESTS, ProblemKind::Busy, what)
                .advise("close some of your windows"));
        }
        *open += 1;
        Ok(Pass { by, all: Arc::clone(&self.all) })
    }
}

impl Drop for Pass {
    fn drop(&mut self) {
        let mut all = self.all.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(open) = all.get_mut(&self.by) {
            *open = open.saturating_sub(1);
            if *open == 0 {
                all.remove(&self.by);
            }
        }
    }
}

/// The answer, which ends in time if it is a stream of events.
pub(crate) fn guarded(house: &Arc<House>, caller: Caller, response: Response) -> Response {
    let kind = response.headers().get(header::CONTENT_TYPE);
    if !kind.is_some_and(|kind| kind.as_bytes().starts_with(b"text/event-stream")) {
        return response;
    }
    let pass = match house.streams.enter(caller.by) {
        Ok(pass) => pass,
        Err(turned) => return turned.into_response(),
    };
    let (head, body) = response.into_parts();
    let end = Box::pin(end(Arc::clone(house), caller));
    let stream = body.into_data_stream().take_until(end).map(move |part| {
        let _is_open = &pass;
        part
    });
    Response::from_parts(head, Body::from_stream(stream))
}

/// Ready when a stream of theirs has to end.
async fn end(house: Arc<House>, caller: Caller) {
    loop {
        tokio::select! {
            () = house.stopped() => return,
            () = tokio::time::sleep(house.terms.stream_check) => {
                if !caller.is_still(&*house.who) {
                    return;
                }
            }
        }
    }
}
