//! `tenfold record`: how often work of one kind came right, what it cost, and what was reviewed.

use std::collections::BTreeMap;

use clap::{Args, ValueEnum};
use comfy_table::Cell;
use serde_json::json;
use tenfold_domain::NanoUsd;
use tenfold_engine::{REMEMBERED, end, work};
use tenfold_forecast::record::{Record, odds};
use tenfold_forecast::{End, Interval};
use tenfold_store::{AttemptRow, TaskRow};

use crate::context::Context;
use crate::exit::Exit;
use crate::json::interval;
use crate::report;
use crate::table::table;
use crate::terminal::{self, one_line};
use crate::trouble::Trouble;

/// Show how often work of one kind came right, and what it cost
#[derive(Debug, Args)]
pub(crate) struct RecordArgs {
    /// By what kinds are told apart; repeatable
    #[arg(long, value_name = "WHAT", default_values = ["role", "area", "model"])]
    by: Vec<By>,
    /// Answer in JSON, on standard output
    #[arg(long)]
    json: bool,
}

/// What tells kinds of work apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum By {
    /// The kind of coworker
    Role,
    /// The repository or folder
    Area,
    /// A word of yours: a task counts for each of its labels
    Label,
    /// The model
    Model,
    /// How it works
    Strategy,
}

impl By {
    fn name(self) -> &'static str {
        match self {
            Self::Role => "role",
            Self::Area => "area",
            Self::Label => "label",
            Self::Model => "model",
            Self::Strategy => "strategy",
        }
    }

    /// What an attempt is of that, once for each; an empty text for nothing.
    fn of(self, task: &TaskRow, attempt: &AttemptRow) -> Vec<String> {
        match self {
            Self::Role => vec![task.role.clone().unwrap_or_default()],
            Self::Area => vec![task.workspace.to_string_lossy().into_owned()],
            Self::Label if task.standing.labels.is_empty() => vec![String::new()],
            Self::Label => task.standing.labels.clone(),
            Self::Model => vec![attempt.model.clone()],
            Self::Strategy => vec![attempt.strategy.to_string()],
        }
    }
}

/// What is known of work of one kind.
#[derive(Debug, Default)]
struct Kind {
    attempts: usize,
    solved: f64,
    failed: f64,
    spent: NanoUsd,
    record: Record,
}

impl Kind {
    /// The chance of an attempt of this kind to solve its task; what was cut off says nothing.
    fn chance(&self) -> Interval {
        odds(self.solved, self.failed)
    }
}

type Kinds = BTreeMap<Vec<String>, Kind>;

/// Performs the command.
pub(crate) fn run(context: &Context, args: &RecordArgs) -> Result<Exit, Trouble> {
    let kinds = match context.reader()? {
        Some(reader) => {
            let mut all = Vec::new();
            reader.view()?.newest_attempts(REMEMBERED, |task, attempts| {
                all.push((task.clone(), attempts.to_vec()));
            })?;
            // The newest come first, and a record is kept in the order of time.
            all.reverse();
            kinds(&args.by, &all)?
        }
        None => Kinds::new(),
    };
    match args.json {
        true => print_json(&args.by, &kinds)?,
        false => print_table(&args.by, &kinds)?,
    }
    Ok(Exit::Done)
}

fn kinds(by: &[By], all: &[(TaskRow, Vec<AttemptRow>)]) -> Result<Kinds, Trouble> {
    let mut kinds = Kinds::new();
    let attempts = all.iter().flat_map(|(task, rows)| rows.iter().map(move |row| (task, row)));
    for (task, attempt) in attempts {
        let mut keys = vec![Vec::new()];
        for by in by {
            let of = by.of(task, attempt);
            keys = keys
                .into_iter()
                .flat_map(|key: Vec<String>| {
                    of.iter().map(move |one| [key.as_slice(), std::slice::from_ref(one)].concat())
                })
                .collect();
        }
        for key in keys {
            let kind = kinds.entry(key).or_default();
            kind.attempts += 1;
            kind.spent += attempt.cost;
            match end(task, attempt) {
                Some(End::Solved) => kind.solved += 1.0,
                Some(End::Failed) => kind.failed += 1.0,
                Some(End::Cut) | None => {}
            }
            if let Some(work) = work(task, attempt) {
                kind.record.add(work).map_err(|why| Trouble::internal(why.to_string()))?;
            }
        }
    }
    Ok(kinds)
}

fn print_json(by: &[By], kinds: &Kinds) -> Result<(), Trouble> {
    let row = |(key, kind): (&Vec<String>, &Kind)| {
        let mut row = serde_json::Map::new();
        for (by, value) in by.iter().zip(key) {
            row.insert(by.name().to_owned(), value.as_str().into());
        }
        let error = kind.record.check_error();
        let surprise = |one: &tenfold_forecast::record::Surprise| json!({ "told": one.told, "right": one.right });
        for (name, value) in [
            ("attempts", json!(kind.attempts)),
            ("solved", json!(kind.solved)),
            ("failed", json!(kind.failed)),
            ("chance", interval(kind.chance())),
            ("spent_nano_usd", json!(kind.spent.0)),
            ("reviews", json!(kind.record.reviews())),
            ("taken_back", json!(kind.record.reverted())),
            ("right", interval(kind.record.odds())),
            ("right_if_passed", interval(kind.record.odds_if_passed())),
            ("passed_wrong", interval(error.passed_wrong)),
            ("wrong_passed", interval(error.wrong_passed)),
            ("surprises", json!(kind.record.surprises().iter().map(surprise).collect::<Vec<_>>())),
        ] {
            row.insert(name.to_owned(), value);
        }
        row
    };
    terminal::print_json(&kinds.iter().map(row).collect::<Vec<_>>())
}

fn print_table(by: &[By], kinds: &Kinds) -> Result<(), Trouble> {
    if kinds.is_empty() {
        terminal::note("no attempt was made yet; `tenfold run` begins");
        return Ok(());
    }
    let row = |(key, kind): (&Vec<String>, &Kind)| {
        let known = key.iter().map(|value| match value.as_str() {
            "" => "(none)".to_owned(),
            value => one_line(value, 40),
        });
        let ended = kind.solved + kind.failed;
        let solved = match ended > 0.0 {
            true => format!("{} of {ended}: {}", kind.solved, range(kind.chance())),
            false => "-".to_owned(),
        };
        let right = match kind.record.reviews() {
            0 => "-".to_owned(),
            reviews => format!("{} of {reviews}", range(kind.record.odds_if_passed())),
        };
        let surprises = kind.record.surprises().len();
        let taken_back = kind.record.reverted();
        let rest = [
            kind.attempts.to_string(),
            solved,
            report::money(kind.spent),
            right,
            taken_back.to_string(),
            surprises.to_string(),
        ];
        known.chain(rest).map(Cell::new).collect()
    };
    let heads: Vec<&str> = by
        .iter()
        .map(|by| by.name())
        .chain(["attempts", "solved", "spent", "right, of reviewed", "taken back", "surprises"])
        .collect();
    let text = table(&heads, kinds.iter().map(row));
    terminal::print(&format!(
        "{text}\nRanges hold nine times in ten. \"Right\" is what you accepted and did not take \
         back, of what had passed its check. A surprise came otherwise than was told for 95 % sure."
    ))
}

fn range(chance: Interval) -> String {
    format!("{:.0}-{:.0} %", chance.low * 100.0, chance.high * 100.0)
}
