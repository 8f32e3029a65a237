//! The headers that pass in either direction, and those of the gateway's own. All others stay
//! where they are: what a client sends may be meant for the gateway, and what a provider sends for
//! the owner of the key.

use std::time::Duration;

use axum::http::{HeaderMap, HeaderName, HeaderValue};
use tenfold_domain::{Allowance, Energy, NanoUsd, Quantity};

use crate::bill::Bill;
use crate::trouble;
use crate::{Left, Trace};

/// What a provider is told of a client's headers.
const TO_PROVIDER: [&str; 6] = [
    "accept",
    "anthropic-beta",
    "anthropic-version",
    "content-type",
    "openai-beta",
    "x-client-request-id",
];
const TRACE_PARENT: &str = "traceparent";
const TRACE_STATE: &str = "tracestate";
/// What a client is told of a provider's.
const TO_CLIENT: [&str; 7] = [
    "cache-control",
    "content-type",
    "openai-version",
    "request-id",
    "retry-after",
    "retry-after-ms",
    "x-request-id",
];

const LEFT_USD: &str = "x-tenfold-left-usd";
const LEFT_TOKENS: &str = "x-tenfold-left-tokens";
const LEFT_REQUESTS: &str = "x-tenfold-left-requests";
const LIMIT_USD: &str = "x-tenfold-limit-usd";
const LIMIT_TOKENS: &str = "x-tenfold-limit-tokens";
const LIMIT_REQUESTS: &str = "x-tenfold-limit-requests";
const RENEWS: &str = "x-tenfold-renews";
const MODEL: &str = "x-tenfold-model";
const CHOSEN: &str = "x-tenfold-chosen";
const RESERVED_USD: &str = "x-tenfold-reserved-usd";
const COST_USD: &str = "x-tenfold-cost-usd";
const COST_BASIS: &str = "x-tenfold-cost-basis";
const PROMPT_TOKENS: &str = "x-tenfold-prompt-tokens";
const OUTPUT_TOKENS: &str = "x-tenfold-output-tokens";
const ENERGY_WH: &str = "x-tenfold-energy-wh";
const OUTPUT_LIMIT: &str = "x-tenfold-output-limit";

/// The headers of a request that pass.
pub(crate) fn to_provider(all: &HeaderMap, into: &mut HeaderMap) {
    pass(&TO_PROVIDER, all, into);
}

/// Of which trace a request says to be a part.
pub(crate) fn trace(all: &HeaderMap) -> Option<Trace> {
    let text = |name| all.get(name).and_then(|value| value.to_str().ok());
    let parent = text(TRACE_PARENT)?.to_owned();
    Some(Trace { parent, state: text(TRACE_STATE).unwrap_or_default().to_owned() })
}

/// Says so of a request that goes out.
pub(crate) fn be_part_of(headers: &mut HeaderMap, trace: &Trace) {
    put(headers, TRACE_PARENT, &trace.parent);
    if !trace.state.is_empty() {
        put(headers, TRACE_STATE, &trace.state);
    }
}

/// The headers of a response that pass.
pub(crate) fn to_client(all: &HeaderMap, into: &mut HeaderMap) {
    pass(&TO_CLIENT, all, into);
}

/// When to ask again, in an answer that is made here.
pub(crate) fn retry(all: &HeaderMap, into: &mut HeaderMap) {
    pass(&["retry-after", "retry-after-ms"], all, into);
}

fn pass(names: &[&'static str], all: &HeaderMap, into: &mut HeaderMap) {
    for name in names {
        if let Some(value) = all.get(*name) {
            into.insert(HeaderName::from_static(name), value.clone());
        }
    }
}

/// When a provider wants to be asked again, if it says so.
pub(crate) fn retry_after(all: &HeaderMap) -> Option<Duration> {
    let number = |name| all.get(name)?.to_str().ok()?.trim().parse::<f64>().ok();
    let ms = number("retry-after-ms").map(|ms| ms / 1_000.0);
    let seconds = ms.or_else(|| number("retry-after"))?;
    Duration::try_from_secs_f64(seconds).ok()
}

/// What is left of an account, and of which limits.
pub(crate) fn left(headers: &mut HeaderMap, left: &Left) {
    for Allowance { most, per, .. } in left.limits.iter().flatten() {
        let (name, amount) = match most {
            Quantity::Money(money) => (LIMIT_USD, usd(*money)),
            Quantity::Tokens(tokens) => (LIMIT_TOKENS, tokens.0.to_string()),
            Quantity::Requests(requests) => (LIMIT_REQUESTS, requests.to_string()),
        };
        put(headers, name, &format!("{amount};per={}", per.name()));
    }
    if let Some(money) = left.money {
        put(headers, LEFT_USD, &usd(money));
    }
    if let Some(tokens) = left.tokens {
        put(headers, LEFT_TOKENS, &tokens.0.to_string());
    }
    if let Some(requests) = left.requests {
        put(headers, LEFT_REQUESTS, &requests.to_string());
    }
    if let Some(moment) = left.renews {
        put(headers, RENEWS, &trouble::time(moment));
    }
}

/// Which model answers, and what is set aside for it; with the limit of its output, if the
/// gateway has put that in.
pub(crate) fn asked(headers: &mut HeaderMap, model: &str, reserved: NanoUsd, put_in: Option<u64>) {
    put(headers, MODEL, model);
    put(headers, RESERVED_USD, &usd(reserved));
    if let Some(limit) = put_in {
        put(headers, OUTPUT_LIMIT, &limit.to_string());
    }
}

/// Why this model was chosen. What can't stand in a header is left out of it.
pub(crate) fn chosen(headers: &mut HeaderMap, why: &str) {
    let why: String = why.chars().filter(|c| c.is_ascii() && !c.is_ascii_control()).collect();
    put(headers, CHOSEN, &why);
}

/// What it came to.
pub(crate) fn bill(headers: &mut HeaderMap, bill: &Bill) {
    put(headers, COST_USD, &usd(bill.spend.money));
    put(headers, COST_BASIS, bill.basis.name());
    let usage = bill.usage;
    put(headers, PROMPT_TOKENS, &usage.read().0.to_string());
    put(headers, OUTPUT_TOKENS, &(usage.output + usage.reasoning).0.to_string());
    if !bill.energy.is_none() {
        put(headers, ENERGY_WH, &wh(bill.energy));
    }
}

/// Says in the head of a stream that its bill follows behind it, for who asks with `TE: trailers`.
pub(crate) fn bill_follows(headers: &mut HeaderMap) {
    let names = [COST_USD, COST_BASIS, PROMPT_TOKENS, OUTPUT_TOKENS, ENERGY_WH].join(", ");
    put(headers, "trailer", &names);
}

/// The bill as it follows a stream.
pub(crate) fn trailers(bill_of: &Bill) -> HeaderMap {
    let mut trailers = HeaderMap::new();
    bill(&mut trailers, bill_of);
    trailers
}

fn put(headers: &mut HeaderMap, name: &'static str, value: &str) {
    // Names of models are plain text; one that is not is left out.
    if let Ok(value) = HeaderValue::from_str(value) {
        headers.insert(HeaderName::from_static(name), value);
    }
}

/// Energy in watt-hours, and whether it was measured.
fn wh(energy: Energy) -> String {
    // A millionth of a watt-hour is 3.6 millijoules.
    let millionths = u128::from(energy.mj) * 10 / 36;
    let basis = if energy.is_estimate { "estimate" } else { "measured" };
    format!("{}.{:06};basis={basis}", millionths / 1_000_000, millionths % 1_000_000)
}

/// Dollars without their sign, for programs.
fn usd(money: NanoUsd) -> String {
    money.to_string().trim_start_matches('$').to_owned()
}
