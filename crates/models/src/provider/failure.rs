//! What a provider's failure means: ask again, wait, tell the person, or shorten the
//! conversation.

use std::error::Error;
use std::time::Duration;

use jiff::Timestamp;
use jiff::fmt::rfc2822::DateTimeParser;
use tenfold_domain::Usage;

use crate::Hosted;

/// The longest text of a provider's that is repeated to people, in characters.
const TEXT: usize = 300;

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ProviderError {
    /// The provider did not take the key, or the account.
    #[error("{why}")]
    Key {
        /// What it said, and what to do.
        why: String,
    },
    /// What may be used is used up, for now.
    #[error("{why}")]
    Quota {
        /// What it said.
        why: String,
        /// When it lifts, if it said so.
        after: Option<Duration>,
    },
    /// It was turned away before it began, and may go through in a moment.
    #[error("{why}")]
    Away {
        /// What it said.
        why: String,
        /// How long it wants to be left alone, if it said so.
        after: Option<Duration>,
        /// Whether it was too much, rather than a failure.
        is_too_much: bool,
    },
    /// The conversation is longer than the model takes.
    #[error("{why}")]
    TooLong {
        /// What it said.
        why: String,
    },
    /// The model, or a filter before it, does not want to answer this.
    #[error("{why}")]
    Refused {
        /// What it said.
        why: String,
        /// What that used.
        usage: Usage,
    },
    /// The answer broke off. It may cost as much as a whole one.
    #[error("{why}")]
    Cut {
        /// How.
        why: String,
    },
    /// It failed, and would again; or it did not understand the question.
    #[error("{why}")]
    Failed {
        /// How.
        why: String,
    },
}

/// What a failure before the answer began means.
pub(super) fn read(error: &genai::Error, hosted: &Hosted, key: &str) -> ProviderError {
    let error = inner(error);
    let why = plain(error, key);
    let Some(status) = error.status().map(|status| status.as_u16()) else {
        return said_in_a_stream(error, why);
    };
    let headers = error.headers();
    let header = |name: &str| headers?.get(name)?.to_str().ok();
    let after = after(header, Timestamp::now()).or_else(|| delay(error));
    match status {
        401 | 403 => wrong_key(&why, hosted),
        400 if why.to_lowercase().contains("api key not valid") => wrong_key(&why, hosted),
        _ if is_used_up(error) => ProviderError::Quota { why, after },
        402 => ProviderError::Quota { why, after },
        408 | 409 | 425 | 429 | 500..=599 => {
            ProviderError::Away { why, after, is_too_much: status == 429 }
        }
        413 => ProviderError::TooLong { why },
        400 | 422 if is_too_long(&why) => ProviderError::TooLong { why },
        _ => ProviderError::Failed { why },
    }
}

/// What a failure means that no HTTP status goes with: of the connection, or said in a stream
/// that began well.
fn said_in_a_stream(error: &genai::Error, why: String) -> ProviderError {
    match error {
        _ if is_too_long(&why) => ProviderError::TooLong { why },
        // So it looks when Gemini blocks a prompt.
        genai::Error::ChatResponse { body, .. } if body.get("usageMetadata").is_some() => {
            let why = "the provider blocked the prompt".to_owned();
            ProviderError::Refused { why, usage: Usage::default() }
        }
        // The answer had begun, if only with its head.
        genai::Error::WebStream { error, .. } if !is_unsent(error.as_ref()) => {
            ProviderError::Cut { why }
        }
        genai::Error::StreamParse { .. } => ProviderError::Cut { why },
        genai::Error::WebModelCall { .. }
        | genai::Error::WebStream { .. }
        | genai::Error::ChatResponse { .. } => {
            ProviderError::Away { why, after: None, is_too_much: false }
        }
        _ => ProviderError::Failed { why },
    }
}

/// Whether a connection failed before anything of an answer came.
fn is_unsent(error: &(dyn Error + Send + Sync + 'static)) -> bool {
    error
        .downcast_ref::<reqwest::Error>()
        .is_some_and(|error| error.is_connect() || error.is_request())
}

fn wrong_key(why: &str, hosted: &Hosted) -> ProviderError {
    let what = hosted.key.as_ref().map_or_else(
        || "it wants a key: connect the model again with --key-variable".to_owned(),
        |variable| format!("look at the key in {variable}"),
    );
    ProviderError::Key { why: format!("{why}; {what}") }
}

/// As providers say that money or a day's share is used up, which no short wait changes.
fn is_used_up(error: &genai::Error) -> bool {
    let body = body(error).unwrap_or_default().to_lowercase();
    ["insufficient_quota", "credit balance is too low", "billing_hard_limit", "perday"]
        .iter()
        .any(|sign| body.contains(sign))
        // Gemini says this of a minute's share, too, but then when it lifts.
        || (body.contains("exceeded your current quota") && delay(error).is_none())
}

/// Gemini says in its body how long it wants to be left alone: `"retryDelay": "17s"`.
fn delay(error: &genai::Error) -> Option<Duration> {
    let (_, rest) = body(error)?.split_once("\"retryDelay\"")?;
    let (seconds, _) = rest.split_once('"')?.1.split_once("s\"")?;
    Duration::try_from_secs_f64(seconds.parse().ok()?).ok()
}

/// What came with a status.
fn body(error: &genai::Error) -> Option<&str> {
    match error {
        genai::Error::HttpError { body, .. }
        | genai::Error::WebModelCall {
            webc_error: genai::webc::Error::ResponseFailedStatus { body, .. },
            ..
        } => Some(body),
        _ => None,
    }
}

/// As providers say that a conversation is too long.
fn is_too_long(why: &str) -> bool {
    let why = why.to_lowercase();
    [
        "context_length_exceeded",
        "maximum context length",
        "prompt is too long",
        "exceeds the maximum number of tokens",
        "exceed_context_size",
        "context window",
    ]
    .iter()
    .any(|sign| why.contains(sign))
}

/// How long the provider wants to be left alone: `retry-after-ms`, else `retry-after`, in seconds
/// or until a date (RFC 9110, 10.2.3).
fn after<'h>(header: impl Fn(&str) -> Option<&'h str>, now: Timestamp) -> Option<Duration> {
    let number = |name| header(name)?.trim().parse::<f64>().ok();
    let until = || {
        let date = DateTimeParser::new().parse_timestamp(header("retry-after")?.trim()).ok()?;
        Some(date.duration_since(now).as_secs_f64().max(0.0))
    };
    let seconds = number("retry-after-ms").map(|ms| ms / 1_000.0);
    let seconds = seconds.or_else(|| number("retry-after")).or_else(until);
    Duration::try_from_secs_f64(seconds?).ok()
}

/// What is at the bottom of a failure: a stream that could not begin holds the answer in its
/// place.
fn inner(error: &genai::Error) -> &genai::Error {
    match error {
        genai::Error::WebStream { error: cause, .. } => {
            cause.downcast_ref::<genai::Error>().map_or(error, inner)
        }
        _ => error,
    }
}

/// A failure in one line: what the provider said, where it said something. Some repeat the key
/// that they did not take, and here it is taken out.
pub(super) fn plain(error: &genai::Error, key: &str) -> String {
    let said = match inner(error) {
        genai::Error::WebModelCall { webc_error, .. }
        | genai::Error::WebAdapterCall { webc_error, .. } => match webc_error {
            genai::webc::Error::ResponseFailedStatus { status, body, .. } => {
                format!("the provider answered {status}: {}", said(body))
            }
            genai::webc::Error::Reqwest(e) => causes(e),
            other => other.to_string(),
        },
        genai::Error::HttpError { status, body, .. } => {
            format!("the provider answered {status}: {}", said(body))
        }
        genai::Error::WebStream { cause, .. } => format!("the connection failed: {cause}"),
        genai::Error::ChatResponse { body, .. } => said(&body.to_string()),
        other => other.to_string(),
    };
    let said = said.replace(key, "(the key)");
    let line: String = said.split_whitespace().collect::<Vec<_>>().join(" ");
    line.chars().filter(|c| !c.is_control()).take(TEXT).collect()
}

/// The message in a provider's error, with its type or code where there is one.
fn said(body: &str) -> String {
    let Ok(json) = serde_json::from_str::<serde_json::Value>(body) else {
        return body.to_owned();
    };
    let error = json.get("error").unwrap_or(&json);
    let text = |name: &str| error.get(name).and_then(serde_json::Value::as_str);
    match (text("message"), text("code").or_else(|| text("type")).or_else(|| text("status"))) {
        (Some(message), Some(code)) => format!("{message} ({code})"),
        (Some(message), None) => message.to_owned(),
        _ => error.to_string(),
    }
}

fn causes(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(next) = cause {
        text = format!("{text}: {next}");
        cause = next.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said_after(headers: &[(&str, &str)]) -> Option<Duration> {
        let now = "2026-12-01T11:59:30Z".parse().unwrap();
        let header = |name: &str| headers.iter().find(|(known, _)| *known == name);
        after(|name| header(name).map(|(_, value)| *value), now)
    }

    #[test]
    fn how_long_to_wait_is_said_in_seconds_in_parts_of_them_or_as_a_date() {
        let seconds = |seconds| Some(Duration::from_secs_f64(seconds));
        assert_eq!(said_after(&[("retry-after", " 17 ")]), seconds(17.0));
        assert_eq!(said_after(&[("retry-after", "0.5")]), seconds(0.5));
        let both = [("retry-after", "1"), ("retry-after-ms", "250")];
        assert_eq!(said_after(&both), seconds(0.25));
        let date = |date| said_after(&[("retry-after", date)]);
        assert_eq!(date("Tue, 01 Dec 2026 12:00:00 GMT"), seconds(30.0));
        assert_eq!(date("Tue, 01 Dec 2026 11:00:00 GMT"), seconds(0.0), "it is over");
        for nonsense in ["", "soon", "-3", "1e400", "Tue, 31 Feb 2026 12:00:00 GMT"] {
            assert_eq!(date(nonsense), None, "{nonsense}");
        }
        assert_eq!(said_after(&[]), None);
    }
}
