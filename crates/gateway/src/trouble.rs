//! What can't be done, as each protocol says it: status, type and words that its clients know.
//!
//! It is apart because a client decides by these whether it asks again. What can't be paid for is
//! said so that none does: a storm of retries would not make it cheaper.

use std::time::Duration;

use axum::body::Body;
use axum::http::{HeaderName, HeaderValue, Response, StatusCode, header};
use serde_json::{Value, json};
use tenfold_domain::Timestamp;

use crate::Left;
use crate::bank::{Denied, Refused};
use crate::bill::Bound;
use crate::{Spend, Wire, Withheld};

/// Why a request has no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Trouble {
    #[error("{0}")]
    Denied(Denied),
    #[error("this access token is not good for that: {0}")]
    NotAllowed(String),
    #[error("{0}")]
    Malformed(String),
    #[error("the request's body is larger than {bytes_max} bytes, which is the most taken here")]
    TooLarge { bytes_max: usize },
    #[error("the request's body took longer than {seconds} s to come; nothing was sent on")]
    Slow { seconds: u64 },
    #[error("there is no model '{name}' here; GET /v1/models lists those that there are")]
    NoModel { name: String },
    #[error("model '{}' is not offered: {}", .0.name, .0.why)]
    Withheld(Withheld),
    #[error("{}", unpaid(.refused, .bound))]
    Unpaid { refused: Refused, bound: Box<Bound> },
    #[error("what '{0}' costs can't be known before it is sent, and so it is not; leave it out")]
    Unpriced(String),
    #[error(
        "the provider of model '{model}' takes no more requests for now; ask again in {} s",
        seconds(*.left)
    )]
    Busy { model: String, left: Duration },
    #[error("{why}")]
    Provider { status: u16, why: String },
    #[error("{0}")]
    Unreachable(String),
    #[error("{0}")]
    Conflict(&'static str),
    #[error("there is no such call here; docs/gateway.md lists them")]
    Nowhere,
    #[error("this call wants another method; docs/gateway.md lists them")]
    WrongMethod,
}

/// What a failure is called: status, by OpenAI, by Anthropic, and OpenAI's code.
struct Called {
    status: StatusCode,
    openai: &'static str,
    anthropic: &'static str,
    code: Option<&'static str>,
    /// Whether clients may ask again by themselves; `None` where the status says it.
    again: Option<bool>,
}

const fn called(
    status: StatusCode,
    openai: &'static str,
    anthropic: &'static str,
    code: Option<&'static str>,
) -> Called {
    Called { status, openai, anthropic, code, again: None }
}

impl Trouble {
    fn called(&self, anthropics: bool) -> Called {
        const REQUEST: &str = "invalid_request_error";
        match self {
            Self::Denied(_) => called(
                StatusCode::UNAUTHORIZED,
                REQUEST,
                "authentication_error",
                Some("invalid_api_key"),
            ),
            Self::NotAllowed(_) | Self::Unpaid { refused: Refused::Model { .. }, .. } => called(
                StatusCode::FORBIDDEN,
                REQUEST,
                "permission_error",
                Some("permission_denied"),
            ),
            Self::Malformed(_) => called(StatusCode::BAD_REQUEST, REQUEST, REQUEST, None),
            Self::Unpriced(_) => {
                called(StatusCode::BAD_REQUEST, REQUEST, REQUEST, Some("unpriced"))
            }
            Self::TooLarge { .. } => {
                called(StatusCode::PAYLOAD_TOO_LARGE, REQUEST, "request_too_large", None)
            }
            Self::Slow { .. } => called(StatusCode::REQUEST_TIMEOUT, REQUEST, REQUEST, None),
            Self::NoModel { .. } | Self::Withheld(_) => {
                called(StatusCode::NOT_FOUND, REQUEST, "not_found_error", Some("model_not_found"))
            }
            Self::Nowhere => called(StatusCode::NOT_FOUND, REQUEST, "not_found_error", None),
            Self::WrongMethod => called(StatusCode::METHOD_NOT_ALLOWED, REQUEST, REQUEST, None),
            // What is closed stays so: no client asks again.
            Self::Unpaid { refused: Refused::Closed { .. }, .. } => Called {
                again: Some(false),
                ..called(
                    StatusCode::FORBIDDEN,
                    REQUEST,
                    "permission_error",
                    Some("permission_denied"),
                )
            },
            Self::Unpaid { refused: Refused::NotRecorded { .. }, .. } => {
                called(StatusCode::SERVICE_UNAVAILABLE, "server_error", "api_error", None)
            }
            Self::Unpaid { .. } => {
                // Each protocol's own word for money that is gone; neither client asks again.
                let status = if anthropics { 402 } else { 429 };
                let status = StatusCode::from_u16(status).unwrap_or(StatusCode::FORBIDDEN);
                const QUOTA: &str = "insufficient_quota";
                let again = Some(false);
                Called { again, ..called(status, QUOTA, "billing_error", Some(QUOTA)) }
            }
            Self::Busy { .. } => called(
                StatusCode::TOO_MANY_REQUESTS,
                "requests",
                "rate_limit_error",
                Some("rate_limit_exceeded"),
            ),
            Self::Provider { status, .. } => {
                let status = StatusCode::from_u16(*status).unwrap_or(StatusCode::BAD_GATEWAY);
                match status.as_u16() {
                    429 => called(status, "requests", "rate_limit_error", None),
                    400..500 => called(status, REQUEST, REQUEST, None),
                    529 | 503 => called(status, "server_error", "overloaded_error", None),
                    _ => called(status, "server_error", "api_error", None),
                }
            }
            Self::Unreachable(_) => {
                called(StatusCode::BAD_GATEWAY, "server_error", "api_error", None)
            }
            Self::Conflict(_) => called(StatusCode::CONFLICT, REQUEST, REQUEST, None),
        }
    }

    /// The status that it is answered with.
    pub(crate) fn status(&self, wire: Wire) -> StatusCode {
        self.called(wire.is_anthropics()).status
    }

    /// The error object of this protocol.
    pub(crate) fn body(&self, wire: Wire) -> Value {
        let called = self.called(wire.is_anthropics());
        let message = self.to_string();
        if wire.is_anthropics() {
            return json!({
                "type": "error", "error": { "type": called.anthropic, "message": message },
            });
        }
        json!({ "error": {
            "message": message, "type": called.openai, "param": null, "code": called.code,
        } })
    }

    /// The whole response.
    pub(crate) fn response(&self, wire: Wire) -> Response<Body> {
        let called = self.called(wire.is_anthropics());
        let mut response = Response::new(Body::from(self.body(wire).to_string()));
        *response.status_mut() = called.status;
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        if let Some(again) = called.again {
            let again = if again { "true" } else { "false" };
            headers
                .insert(HeaderName::from_static("x-should-retry"), HeaderValue::from_static(again));
        }
        if let Self::Busy { left, .. } = self {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds(*left)));
        }
        if let Self::Unpaid { refused: Refused::OverLimit { left, .. }, .. } = self {
            crate::headers::left(headers, left);
            if let Some(seconds) = left.renews.map(seconds_until) {
                headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
            }
        }
        response
    }
}

/// Whole seconds, at least as long.
fn seconds(time: Duration) -> u64 {
    u64::try_from(time.as_millis().div_ceil(1_000)).unwrap_or(u64::MAX)
}

fn seconds_until(moment: Timestamp) -> u64 {
    let now = Timestamp::from(std::time::SystemTime::now());
    moment.since(now).0.div_ceil(1_000)
}

/// What was asked for, what is left, when it renews, and what to do.
fn unpaid(refused: &Refused, bound: &Bound) -> String {
    let Refused::OverLimit { left, .. } = refused else { return refused.to_string() };
    let Spend { money, .. } = bound.spend;
    let mut text = format!(
        "{refused}: {money} at the most, for {} tokens that are read and {} that are written; \
         it was not sent. ",
        bound.prompt.0, bound.output.0
    );
    text.push_str(&amounts(left));
    text.push_str(match left.renews {
        Some(_) => ". Ask for fewer tokens or a cheaper model, or wait until then.",
        None => ". Ask for fewer tokens or a cheaper model, or its owner for more.",
    });
    text
}

fn amounts(left: &Left) -> String {
    let money = left.money.map(|money| money.to_string());
    let tokens = left.tokens.map(|tokens| format!("{} tokens", tokens.0));
    let requests = left.requests.map(|requests| format!("{requests} requests"));
    let amounts: Vec<String> = money.into_iter().chain(tokens).chain(requests).collect();
    let amounts = if amounts.is_empty() { "nothing".to_owned() } else { amounts.join(", ") };
    match left.renews {
        Some(moment) => format!("Left there: {amounts}; it renews at {}", time(moment)),
        None => format!("Left there: {amounts}; it does not renew by itself"),
    }
}

/// A moment as people and programs read it.
pub(crate) fn time(moment: Timestamp) -> String {
    let ms = i64::try_from(moment.0).unwrap_or(i64::MAX);
    match jiff::Timestamp::from_millisecond(ms) {
        Ok(time) => time.to_string(),
        Err(_) => "a time that no calendar has".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use tenfold_domain::{AccountId, NanoUsd, Tokens};

    use super::*;

    fn unpaid() -> Trouble {
        let left = Left {
            money: Some(NanoUsd(10_000_000)),
            renews: Some(Timestamp(4_102_444_800_000)),
            ..Left::default()
        };
        let (account, name) = (AccountId(3), "ada".to_owned());
        let refused = Refused::OverLimit { account, name, left: Box::new(left) };
        let spend = Spend { money: NanoUsd(20_000_000), ..Spend::NONE };
        let bound = Box::new(Bound {
            prompt: Tokens(1_200),
            output: Tokens(4_096),
            spend,
            ..Bound::default()
        });
        Trouble::Unpaid { refused, bound }
    }

    #[test]
    fn what_cant_be_paid_says_what_is_left_and_when_it_renews() {
        assert_eq!(
            unpaid().to_string(),
            "account 'ada' can't set aside what this request may cost: $0.02 at the most, for \
             1200 tokens that are read and 4096 that are written; it was not sent. Left there: \
             $0.01; it renews at 2100-01-01T00:00:00Z. Ask for fewer tokens or a cheaper model, \
             or wait until then."
        );
    }

    #[test]
    fn each_protocol_has_its_own_word_for_it_and_no_client_asks_again() {
        for (wire, status, kind) in
            [(Wire::Chat, 429, "insufficient_quota"), (Wire::Messages, 402, "billing_error")]
        {
            let response = unpaid().response(wire);
            assert_eq!(response.status().as_u16(), status);
            assert_eq!(response.headers()["x-should-retry"], "false");
            assert!(response.headers().contains_key("retry-after"));
            assert_eq!(unpaid().body(wire)["error"]["type"], kind);
        }
    }
}
