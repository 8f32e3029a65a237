//! The figures of a bench, as tables for people and as one JSON object for programs.
//!
//! Both are made of the same rows. Nothing here runs anything or decides what counts.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde::Serialize;
use serde_json::{Value, json};

use super::draw::Task;
use super::options::Options;
use super::solve::Usage;
use super::stats::{Rate, quantile};
use crate::outcome::words;

/// One task and what came of it.
#[derive(Debug, Default, Serialize)]
pub(super) struct Outcome {
    pub(super) task: Task,
    /// Whether all tests pass. All of Tenfold's candidates come from the model, so that there
    /// is nothing to leave out of the count.
    pub(super) solved: bool,
    /// Whether Tenfold itself called its proposal verified.
    pub(super) verified: bool,
    pub(super) as_before: bool,
    /// Why it isn't solved; empty if it is.
    pub(super) why: String,
    /// Tenfold's own words.
    pub(super) state: String,
    pub(super) outcome: String,
    pub(super) note: String,
    pub(super) generator: Option<String>,
    /// Measured from outside, model loading and all.
    pub(super) wall_ms: u64,
    pub(super) usage: Usage,
    pub(super) cost_nano_usd: u64,
    pub(super) checks: u64,
    pub(super) candidates: u64,
    /// Whether the person's repository was changed, which is a fault.
    pub(super) touched: bool,
    pub(super) diff: String,
}

impl Outcome {
    /// A task that the bench itself could not carry through.
    pub(super) fn fault(task: &Task, why: &str) -> Self {
        let (why, outcome) = (why.to_owned(), "bench-fault".to_owned());
        Self { task: task.clone(), why, outcome, ..Self::default() }
    }

    fn kind(&self) -> String {
        match self.task.broken.as_slice() {
            [one] => one.kind.name().to_owned(),
            _ => "two places".to_owned(),
        }
    }

    fn places(&self) -> String {
        if self.task.broken.len() == 1 { "one place" } else { "two places" }.to_owned()
    }

    fn generator(&self) -> String {
        self.generator.clone().unwrap_or_else(|| "none".to_owned())
    }

    fn hides(&self) -> String {
        if self.task.hidden.is_empty() { "nothing hidden" } else { "tests hidden" }.to_owned()
    }

    /// One line about the task, for people who watch.
    pub(super) fn line(&self) -> String {
        let ended = if self.solved { "solved" } else { "not solved" };
        let seconds = self.wall_ms as f64 / 1_000.0;
        let kind = self.kind();
        let generator = self.generator();
        let why = if self.solved { "" } else { self.why.lines().next().unwrap_or_default() };
        format!(
            "{:<16} {kind:<10} {ended:<10} {seconds:>6.1} s  {generator:<10} {why}",
            self.task.id
        )
    }
}

/// Where and when, so that figures can be compared.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Machine {
    pub(super) processor: String,
    pub(super) cores: usize,
    pub(super) date: String,
    pub(super) tenfold: String,
}

type Key = (&'static str, fn(&Outcome) -> String);

/// The tables by which the solve rate is split.
const SPLITS: &[Key] = &[
    ("kind", Outcome::kind),
    ("generator", Outcome::generator),
    ("library", |outcome| outcome.task.library.clone()),
    ("language", |outcome| outcome.task.language.name().to_owned()),
    ("places", Outcome::places),
    ("hiding", Outcome::hides),
];

/// The rates of each value of one split, in alphabetical order.
fn split(outcomes: &[Outcome], key: fn(&Outcome) -> String) -> BTreeMap<String, Rate> {
    let mut groups: BTreeMap<String, Vec<bool>> = BTreeMap::new();
    for outcome in outcomes {
        groups.entry(key(outcome)).or_default().push(outcome.solved);
    }
    let rate = |each: Vec<bool>| Rate::count(each.into_iter());
    groups.into_iter().map(|(name, each)| (name, rate(each))).collect()
}

type Amount = (&'static str, fn(&Outcome) -> u64);

/// The amounts whose spread is reported.
const AMOUNTS: &[Amount] = &[
    ("wall_ms", |outcome| outcome.wall_ms),
    ("prompt_tokens", |outcome| outcome.usage.prompt),
    ("output_tokens", |outcome| outcome.usage.output),
    ("checks", |outcome| outcome.checks),
    ("candidates", |outcome| outcome.candidates),
    ("cost_nano_usd", |outcome| outcome.cost_nano_usd),
];

/// Median and 90th percentile, of all tasks and of the solved ones.
fn spread(outcomes: &[Outcome], amount: fn(&Outcome) -> u64) -> [Option<u64>; 4] {
    let all: Vec<u64> = outcomes.iter().map(amount).collect();
    let solved: Vec<u64> = outcomes.iter().filter(|o| o.solved).map(amount).collect();
    [quantile(&all, 0.5), quantile(&all, 0.9), quantile(&solved, 0.5), quantile(&solved, 0.9)]
}

fn tally(outcomes: &[Outcome]) -> Vec<(&'static str, usize)> {
    let count = |test: fn(&&Outcome) -> bool| outcomes.iter().filter(test).count();
    vec![
        ("tasks", outcomes.len()),
        ("solved", count(|o| o.solved)),
        ("solved_as_before", count(|o| o.solved && o.as_before)),
        ("verified_but_wrong", count(|o| o.verified && !o.solved)),
        ("right_but_unverified", count(|o| !o.verified && o.solved)),
        ("repository_touched", count(|o| o.touched)),
    ]
}

/// The whole report as one object.
pub(super) fn object(outcomes: &[Outcome], options: &Options, machine: &Machine) -> Value {
    let rate = Rate::count(outcomes.iter().map(|outcome| outcome.solved));
    let rates = |(name, key): &Key| {
        let rows = split(outcomes, *key).into_iter().map(|(value, rate)| {
            let row = json!({"solved": rate.solved, "tasks": rate.of, "interval": rate.wilson()});
            (value, row)
        });
        ((*name).to_owned(), Value::Object(rows.collect()))
    };
    let spreads = AMOUNTS.iter().map(|(name, amount)| {
        let [median, p90, solved_median, solved_p90] = spread(outcomes, *amount);
        let row = json!({"median": median, "p90": p90,
            "solved_median": solved_median, "solved_p90": solved_p90});
        ((*name).to_owned(), row)
    });
    json!({
        "bench": "repair",
        "machine": machine,
        "seed": options.seed,
        "double_share": options.double_share,
        "model": options.model,
        "time_limit_s": options.time_limit_s,
        "solve_rate": rate.share(),
        "interval": rate.wilson(),
        "tally": tally(outcomes).into_iter().collect::<BTreeMap<_, _>>(),
        "by": SPLITS.iter().map(rates).collect::<serde_json::Map<_, _>>(),
        "spread": spreads.collect::<serde_json::Map<_, _>>(),
        "outcomes": outcomes,
    })
}

/// The whole report as tables.
pub(super) fn tables(outcomes: &[Outcome], options: &Options, machine: &Machine) -> String {
    let mut text = format!(
        "repair: {} tasks of seed {}, {} within {} s each\n{}, {} cores, {}, {}\n\n",
        outcomes.len(),
        options.seed,
        options.model,
        options.time_limit_s,
        machine.processor,
        machine.cores,
        machine.date,
        machine.tenfold,
    );
    row(&mut text, "", "solved", Rate::count(outcomes.iter().map(|outcome| outcome.solved)));
    for (name, key) in SPLITS {
        text.push('\n');
        for (value, rate) in split(outcomes, *key) {
            row(&mut text, name, &value, rate);
        }
    }
    let heads = ["median", "p90", "median solved", "p90 solved"];
    let _ = writeln!(text, "\n{:<28}{}", "", heads.map(|head| format!("{head:>16}")).concat());
    for (name, amount) in AMOUNTS {
        let cell =
            |value: Option<u64>| format!("{:>16}", value.map_or("-".into(), |v| v.to_string()));
        let _ = writeln!(text, "{name:<28}{}", spread(outcomes, *amount).map(cell).concat());
    }
    text.push('\n');
    for (name, count) in tally(outcomes) {
        let _ = writeln!(text, "{:<28}{count:>5}", name.replace('_', " "));
    }
    let missed: Vec<_> = outcomes.iter().filter(|outcome| !outcome.solved).collect();
    if !missed.is_empty() {
        let seed = options.seed;
        let _ = writeln!(text, "\nnot solved (again: --seed {seed} --only ID --keep):");
    }
    for outcome in missed {
        let _ = writeln!(text, "  {} [{}]", outcome.line().trim_end(), words(&outcome.outcome));
        for place in &outcome.task.broken {
            let (kind, function) = (place.kind.name(), &place.function);
            let _ = writeln!(text, "      {kind} in {function}, {}:{}", place.file, place.line);
        }
    }
    text
}

fn row(text: &mut String, split: &str, value: &str, rate: Rate) {
    let (low, high) = rate.wilson();
    let (solved, of) = (rate.solved, rate.of);
    let percent = 100.0 * rate.share();
    let _ = writeln!(
        text,
        "{split:<10} {value:<16} {solved:>4} of {of:>4}  {percent:>5.1} %  ({:.0} to {:.0} %)",
        100.0 * low,
        100.0 * high,
    );
}
