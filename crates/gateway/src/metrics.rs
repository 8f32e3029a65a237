//! What the gateway has done, in numbers that Prometheus reads. Money is counted in whole
//! nano-dollars. A label is a model of the catalogue, a protocol, a status or a basis, so that no
//! client can make up series.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use tenfold_domain::Tokens;

use crate::bill::Bill;
use crate::blocks::Settled;
use crate::{Basis, Wire};

/// Upper bounds of the buckets of latency, in milliseconds.
const BUCKETS_MS: [u64; 14] =
    [1, 5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 60_000, 300_000];

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    model: Arc<str>,
    operation: &'static str,
    status: u16,
}

/// The counters of one model, protocol and status.
#[derive(Debug, Default)]
struct Series {
    requests: AtomicU64,
    prompt: AtomicU64,
    cached: AtomicU64,
    written: AtomicU64,
    output: AtomicU64,
    reasoning: AtomicU64,
    spent: [AtomicU64; Basis::ALL.len()],
    over: AtomicU64,
    micros: AtomicU64,
    buckets: [AtomicU64; BUCKETS_MS.len()],
}

/// All counters.
#[derive(Debug, Default)]
pub(crate) struct Metrics {
    series: RwLock<BTreeMap<Key, Arc<Series>>>,
    under_way: AtomicU64,
    joined: AtomicU64,
    refused: AtomicU64,
}

/// What became of one request, as it is counted.
pub(crate) struct Done<'a> {
    pub(crate) model: &'a Arc<str>,
    pub(crate) wire: Wire,
    pub(crate) status: u16,
    pub(crate) took: Duration,
}

fn add(counter: &AtomicU64, count: u64) {
    counter.fetch_add(count, Ordering::Relaxed);
}

fn get(counter: &AtomicU64) -> u64 {
    counter.load(Ordering::Relaxed)
}

impl Metrics {
    /// A model is asked.
    pub(crate) fn begins(&self) {
        add(&self.under_way, 1);
    }

    /// That is over, whatever became of it.
    pub(crate) fn ends(&self) {
        self.under_way.fetch_sub(1, Ordering::Relaxed);
    }

    /// A request got the answer of another with the same key.
    pub(crate) fn joined(&self) {
        add(&self.joined, 1);
    }

    /// A request could not be paid for.
    pub(crate) fn refused(&self) {
        add(&self.refused, 1);
    }

    /// A model was asked, and this came of it.
    pub(crate) fn asked(
        &self,
        done: &Done<'_>,
        billed: Option<(&Bill, &Settled)>,
        thought: Tokens,
    ) {
        let series = self.series(done);
        add(&series.requests, 1);
        add(&series.micros, u64::try_from(done.took.as_micros()).unwrap_or(u64::MAX));
        let ms = u64::try_from(done.took.as_millis()).unwrap_or(u64::MAX);
        for (bucket, bound) in series.buckets.iter().zip(BUCKETS_MS) {
            add(bucket, u64::from(ms <= bound));
        }
        let Some((bill, settled)) = billed else { return };
        add(&series.prompt, bill.usage.prompt.0);
        add(&series.cached, bill.usage.cached.0);
        add(&series.written, bill.usage.written.0);
        add(&series.output, (bill.usage.output + bill.usage.reasoning).0);
        add(&series.reasoning, thought.0);
        add(&series.spent[bill.basis as usize], settled.spent.money.0);
        add(&series.over, settled.over.money.0);
    }

    fn series(&self, done: &Done<'_>) -> Arc<Series> {
        let key =
            Key { model: Arc::clone(done.model), operation: done.wire.path(), status: done.status };
        let all = self.series.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(series) = all.get(&key) {
            return Arc::clone(series);
        }
        drop(all);
        let mut all = self.series.write().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(all.entry(key).or_default())
    }

    /// All of it, as Prometheus reads it.
    pub(crate) fn text(&self) -> String {
        let mut text = String::new();
        let mut single = |name: &str, kind: &str, about: &str, count: &AtomicU64| {
            head(&mut text, name, kind, about);
            let _ = writeln!(text, "{name} {}", get(count));
        };
        let gateway = "tenfold_gateway";
        let name = format!("{gateway}_requests_under_way");
        single(&name, "gauge", "Requests that are being answered.", &self.under_way);
        let name = format!("{gateway}_requests_joined_total");
        single(&name, "counter", "Requests that got another's answer by their key.", &self.joined);
        let name = format!("{gateway}_requests_unpaid_total");
        single(&name, "counter", "Requests that could not be paid for.", &self.refused);
        let all = self.series.read().unwrap_or_else(PoisonError::into_inner);
        write_requests(&mut text, &all);
        write_tokens(&mut text, &all);
        write_money(&mut text, &all);
        write_times(&mut text, &all);
        text
    }
}

type All = BTreeMap<Key, Arc<Series>>;

fn head(text: &mut String, name: &str, kind: &str, about: &str) {
    let _ = writeln!(text, "# HELP {name} {about}\n# TYPE {name} {kind}");
}

/// The labels of a series; a model's name may hold any character.
fn labels(key: &Key) -> String {
    let model = key.model.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
    format!("model=\"{model}\",path=\"{}\",status=\"{}\"", key.operation, key.status)
}

fn write_requests(text: &mut String, all: &All) {
    let name = "tenfold_gateway_requests_total";
    head(text, name, "counter", "Requests that a model was asked.");
    for (key, series) in all {
        let _ = writeln!(text, "{name}{{{}}} {}", labels(key), get(&series.requests));
    }
}

fn write_tokens(text: &mut String, all: &All) {
    let name = "tenfold_gateway_tokens_total";
    head(text, name, "counter", "Tokens by kind; those that were reasoned are among the output.");
    for (key, series) in all {
        let kinds = [
            ("prompt", &series.prompt),
            ("cached", &series.cached),
            ("written", &series.written),
            ("output", &series.output),
            ("reasoning", &series.reasoning),
        ];
        for (kind, count) in kinds.into_iter().filter(|(_, count)| get(count) > 0) {
            let _ = writeln!(text, "{name}{{{},kind=\"{kind}\"}} {}", labels(key), get(count));
        }
    }
}

fn write_money(text: &mut String, all: &All) {
    let name = "tenfold_gateway_spent_nano_usd_total";
    head(text, name, "counter", "Billionths of a dollar that were billed, by how that was known.");
    for (key, series) in all {
        for basis in Basis::ALL {
            let count = get(&series.spent[basis as usize]);
            if count > 0 {
                let basis = basis.name();
                let _ = writeln!(text, "{name}{{{},basis=\"{basis}\"}} {count}", labels(key));
            }
        }
    }
    let name = "tenfold_gateway_over_nano_usd_total";
    head(text, name, "counter", "Billionths of a dollar that bills were above their worst case.");
    for (key, series) in all.iter().filter(|(_, series)| get(&series.over) > 0) {
        let _ = writeln!(text, "{name}{{{}}} {}", labels(key), get(&series.over));
    }
}

fn write_times(text: &mut String, all: &All) {
    let name = "tenfold_gateway_request_seconds";
    head(text, name, "histogram", "From when a model is asked to the end of its answer.");
    for (key, series) in all {
        let labels = labels(key);
        for (bucket, bound) in series.buckets.iter().zip(BUCKETS_MS) {
            let bound = seconds(bound * 1_000);
            let _ = writeln!(text, "{name}_bucket{{{labels},le=\"{bound}\"}} {}", get(bucket));
        }
        let count = get(&series.requests);
        let _ = writeln!(text, "{name}_bucket{{{labels},le=\"+Inf\"}} {count}");
        let _ = writeln!(text, "{name}_sum{{{labels}}} {}", seconds(get(&series.micros)));
        let _ = writeln!(text, "{name}_count{{{labels}}} {count}");
    }
}

/// Microseconds in seconds, as digits.
fn seconds(micros: u64) -> String {
    format!("{}.{:06}", micros / 1_000_000, micros % 1_000_000)
}

#[cfg(test)]
mod tests {
    use tenfold_domain::{Energy, NanoUsd, Usage};

    use super::*;
    use crate::Spend;

    #[test]
    fn what_was_done_reads_as_prometheus_wants_it() {
        let metrics = Metrics::default();
        let model: Arc<str> = "a \"b\"".into();
        let took = Duration::from_millis(7);
        let done = Done { model: &model, wire: Wire::Chat, status: 200, took };
        let spend = Spend { money: NanoUsd(45), tokens: Tokens(12), requests: 1 };
        let usage = Usage { prompt: Tokens(10), output: Tokens(2), ..Usage::default() };
        let bill = Bill { spend, usage, basis: Basis::Counted, energy: Energy::NONE };
        let settled = Settled { spent: spend, over: Spend::NONE };
        metrics.asked(&done, Some((&bill, &settled)), Tokens(1));
        let text = metrics.text();
        let labels = r#"model="a \"b\"",path="chat/completions",status="200""#;
        for line in [
            format!("tenfold_gateway_requests_total{{{labels}}} 1"),
            format!("tenfold_gateway_tokens_total{{{labels},kind=\"prompt\"}} 10"),
            format!("tenfold_gateway_tokens_total{{{labels},kind=\"reasoning\"}} 1"),
            format!("tenfold_gateway_spent_nano_usd_total{{{labels},basis=\"counted\"}} 45"),
            format!("tenfold_gateway_request_seconds_bucket{{{labels},le=\"0.005000\"}} 0"),
            format!("tenfold_gateway_request_seconds_bucket{{{labels},le=\"0.010000\"}} 1"),
            format!("tenfold_gateway_request_seconds_sum{{{labels}}} 0.007000"),
        ] {
            assert!(text.lines().any(|there| there == line), "{line} is not in\n{text}");
        }
    }
}
