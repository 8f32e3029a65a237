//! A hosted model is asked, and its answer goes back: unchanged where it speaks the client's
//! protocol, translated where it does not. Nobody is asked here without a ticket.

use std::sync::Arc;

use axum::body::Body;
use axum::http::{HeaderMap, Response, StatusCode, header};
use bytes::Bytes;
use http_body_util::{BodyExt, Limited};
use hyper::body::Incoming;

use crate::again::Copy;
use crate::ask::{Asked, Failed, Way};
use crate::bill::End;
use crate::house::House;
use crate::offered::Far;
use crate::relay::{Relay, Through};
use crate::splice::{Changes, splice};
use crate::ticket::Ticket;
use crate::translate::{Telling, Translator};
use crate::trouble::Trouble;
use crate::usage::Seen;
use crate::{Wire, far, headers, translate};

/// The largest error of a provider's that is read, in bytes.
const ERROR_BYTES_MAX: usize = 1 << 20;
/// The longest text of a provider's that is repeated, in characters.
const TEXT_MAX: usize = 500;

/// Asks a hosted model.
pub(crate) async fn ask(
    asked: &Asked,
    way: &Way,
    place: &Far,
    ticket: Ticket,
    own: HeaderMap,
    copy: &mut Option<Copy>,
) -> Result<Response<Body>, Failed> {
    let Some(wire) = asked.wire.at(&place.hosted) else {
        ticket.free(StatusCode::BAD_REQUEST.as_u16());
        return Err(Failed::Next(Trouble::NoModel { name: asked.name.clone() }));
    };
    let body = match body(asked, way, place, wire) {
        Ok(body) => body,
        Err(trouble) => {
            ticket.free(trouble.status(asked.wire).as_u16());
            return Err(Failed::Next(trouble));
        }
    };
    let house = Arc::clone(ticket.house());
    let trace = house.traces.of(ticket.span()).or_else(|| headers::trace(&asked.headers));
    let from = (&asked.headers, trace.as_ref());
    let Some(request) = far::request(place, wire, from, body) else {
        ticket.free(StatusCode::BAD_REQUEST.as_u16());
        return Err(Failed::Next(Trouble::NoModel { name: asked.name.clone() }));
    };
    let sent = house.client.request(request);
    let response = match tokio::time::timeout(house.terms().blocks.request_max, sent).await {
        Ok(Ok(response)) => response,
        Ok(Err(why)) => return Err(unreachable(&why, ticket)),
        Err(_) => {
            ticket.close(&Seen::default(), End::Cut);
            let why = "the provider did not answer in time; what was set aside counts as spent";
            return Err(Failed::End(Trouble::Provider { status: 504, why: why.to_owned() }));
        }
    };
    let answer = Answer { asked, way, wire, own, house };
    if !response.status().is_success() {
        return answer.failed(response, ticket).await;
    }
    let kind = response.headers().get(header::CONTENT_TYPE).map(|kind| kind.as_bytes());
    let is_stream = kind.is_some_and(|kind| kind.starts_with(b"text/event-stream"));
    match is_stream {
        true => Ok(answer.streamed(response, ticket, copy.take())),
        false => answer.whole(response, ticket, copy.take()).await,
    }
}

/// The body that goes out.
fn body(asked: &Asked, way: &Way, place: &Far, wire: Wire) -> Result<Bytes, Trouble> {
    let limit = way.put_in.map(|limit| (wire.limit_member(&place.hosted), limit));
    if wire == asked.wire {
        let asks_usage = asks_usage(asked, wire);
        let changes = Changes { model_json: &place.model_json, limit, asks_usage };
        return Ok(splice(&asked.body, &asked.sketch, &changes));
    }
    translate::request(asked.wire, wire, &asked.body, &place.hosted, way.put_in)
        .map_err(|why| Trouble::Malformed(why.to_string()))
}

/// Whether the gateway has to ask for what a stream used, since the client does not.
fn asks_usage(asked: &Asked, wire: Wire) -> bool {
    wire == Wire::Chat && asked.sketch.streamed && asked.sketch.says_usage != Some(true)
}

/// Nothing was sent if there is no connection; else it may be on the bill.
fn unreachable(why: &hyper_util::client::legacy::Error, ticket: Ticket) -> Failed {
    if why.is_connect() {
        ticket.free(StatusCode::BAD_GATEWAY.as_u16());
        let text = format!("the provider can't be reached: {}; nothing was sent", chain(why));
        return Failed::Next(Trouble::Unreachable(text));
    }
    ticket.close(&Seen::default(), End::Cut);
    let text = format!(
        "the connection to the provider broke before an answer: {}; what was set aside counts as \
         spent",
        chain(why)
    );
    Failed::End(Trouble::Unreachable(text))
}

/// An error with its sources.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        text = format!("{text}: {error}");
        source = error.source();
    }
    text
}

/// A response on its way back.
struct Answer<'a> {
    asked: &'a Asked,
    way: &'a Way,
    /// In which protocol the provider answers.
    wire: Wire,
    own: HeaderMap,
    house: Arc<House>,
}

impl Answer<'_> {
    fn is_same(&self) -> bool {
        self.wire == self.asked.wire
    }

    /// An answer that streams.
    fn streamed(
        mut self,
        response: Response<Incoming>,
        ticket: Ticket,
        mut copy: Option<Copy>,
    ) -> Response<Body> {
        let (parts, upstream) = response.into_parts();
        headers::to_client(&parts.headers, &mut self.own);
        if let Some(copy) = &mut copy {
            copy.begin(parts.status, &self.own);
        }
        headers::bill_follows(&mut self.own);
        let through = if !self.is_same() {
            let head = self.asked.head();
            let says_usage = self.asked.sketch.says_usage == Some(true);
            let telling = Telling::new(self.asked.wire, head, says_usage);
            Through::Translated(Box::new(Translator::new(self.wire, telling)))
        } else if asks_usage(self.asked, self.wire) {
            Through::KeepUsage
        } else {
            Through::All
        };
        let relay = Relay::new(upstream, self.wire, ticket, through, copy);
        let body = relay.into_body(self.house.terms().blocks.request_max);
        let mut response = Response::new(body);
        *response.status_mut() = parts.status;
        *response.headers_mut() = self.own;
        response
    }

    /// An answer in one piece: it is read whole, so that its bill can stand in the headers.
    async fn whole(
        mut self,
        response: Response<Incoming>,
        ticket: Ticket,
        copy: Option<Copy>,
    ) -> Result<Response<Body>, Failed> {
        let (parts, body) = response.into_parts();
        let whole = Limited::new(body, self.house.terms().answer_bytes_max).collect();
        let whole = tokio::time::timeout(self.house.terms().blocks.request_max, whole).await;
        let Ok(Ok(whole)) = whole else {
            ticket.close(&Seen::default(), End::Cut);
            let why = "the provider's answer broke off, or was too large; what was set aside \
                       counts as spent";
            return Err(Failed::End(Trouble::Unreachable(why.to_owned())));
        };
        let mut body = whole.to_bytes();
        let mut seen = Seen::default();
        let is_packed = parts.headers.contains_key(header::CONTENT_ENCODING);
        if !is_packed {
            seen.whole(self.wire, &body);
        }
        let end = if seen.ended { End::Whole } else { End::Cut };
        let bill = ticket.close(&seen, end);
        headers::to_client(&parts.headers, &mut self.own);
        headers::bill(&mut self.own, &bill);
        headers::left(&mut self.own, &self.house.blocks.left(self.asked.payer.account));
        if !self.is_same() {
            let (to, head) = (self.asked.wire, self.asked.head());
            let answer = translate::whole(self.wire, to, &body, &seen, &head);
            body = answer.map_err(|why| Failed::End(Trouble::Unreachable(why.to_string())))?;
        }
        if let Some(mut copy) = copy {
            copy.begin(parts.status, &self.own);
            copy.more(&body);
            copy.end(end == End::Whole);
        }
        let mut response = Response::new(Body::from(body));
        *response.status_mut() = parts.status;
        *response.headers_mut() = self.own;
        Ok(response)
    }

    /// The provider says no, or that it can't: that costs nothing.
    async fn failed(
        mut self,
        response: Response<Incoming>,
        ticket: Ticket,
    ) -> Result<Response<Body>, Failed> {
        let (parts, body) = response.into_parts();
        let status = parts.status;
        ticket.turned_away(status.as_u16(), headers::retry_after(&parts.headers));
        let whole = Limited::new(body, ERROR_BYTES_MAX).collect();
        let whole = tokio::time::timeout(self.house.terms().silence, whole).await;
        let body = whole.ok().and_then(Result::ok).map(|whole| whole.to_bytes());
        let body = body.unwrap_or_default();
        if matches!(status.as_u16(), 408 | 409 | 425 | 429 | 500..) && self.way.has_next {
            let why = said(&body).unwrap_or_else(|| format!("the provider answered {status}"));
            return Err(Failed::Next(Trouble::Provider { status: status.as_u16(), why }));
        }
        // What is wrong with the gateway's own key is nothing that the client can mend, or should
        // read: some providers repeat the key.
        if matches!(status.as_u16(), 401 | 402 | 403 | 407) || status.is_redirection() {
            let why = format!(
                "the provider does not take the gateway's request for model '{}' ({status}); its \
                 owner has to look at the key and the account there",
                self.way.model.name
            );
            return Err(Failed::Next(Trouble::Provider { status: 502, why }));
        }
        let is_json = body.trim_ascii_start().first() == Some(&b'{');
        if !self.is_same() || !is_json {
            let why = said(&body).unwrap_or_else(|| format!("the provider answered {status}"));
            let trouble = Trouble::Provider { status: status.as_u16(), why };
            let mut response = trouble.response(self.asked.wire);
            headers::retry(&parts.headers, response.headers_mut());
            return Ok(response);
        }
        headers::to_client(&parts.headers, &mut self.own);
        let mut response = Response::new(Body::from(body));
        *response.status_mut() = status;
        *response.headers_mut() = self.own;
        Ok(response)
    }
}

/// What a provider says in its error.
fn said(body: &[u8]) -> Option<String> {
    let body: serde_json::Value = serde_json::from_slice(body).ok()?;
    let text = body["error"]["message"].as_str().or(body["message"].as_str())?;
    Some(text.chars().filter(|c| !c.is_control()).take(TEXT_MAX).collect())
}
