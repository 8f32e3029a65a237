//! How often work of one kind came right, what it cost, and what was reviewed.

use std::collections::BTreeMap;
use std::str::FromStr;

use serde::Serialize;
use tenfold_domain::NanoUsd;
use tenfold_engine::{REMEMBERED, end, work};
use tenfold_forecast::End;
use tenfold_forecast::record::{Record, odds};
use tenfold_store::{AttemptRow, TaskRow};
use utoipa::ToSchema;

use crate::{DeskError, House, Interval, Sight};

/// What tells kinds of work apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum By {
    /// The kind of coworker.
    Role,
    /// The repository or folder.
    Area,
    /// The language that most of the code was in when its last attempt began.
    Language,
    /// A word of the person's: a task counts for each of its labels.
    Label,
    /// The model.
    Model,
    /// How it works.
    Strategy,
}

impl By {
    /// All that there are.
    pub const ALL: [Self; 6] =
        [Self::Role, Self::Area, Self::Language, Self::Label, Self::Model, Self::Strategy];
    /// Those that are usual.
    pub const USUAL: [Self; 3] = [Self::Role, Self::Area, Self::Model];

    /// What it is called, in JSON too.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Role => "role",
            Self::Area => "area",
            Self::Language => "language",
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
            Self::Language => vec![language(task)],
            Self::Label if task.standing.labels.is_empty() => vec![String::new()],
            Self::Label => task.standing.labels.clone(),
            Self::Model => vec![attempt.model.clone()],
            Self::Strategy => vec![attempt.strategy.to_string()],
        }
    }
}

impl FromStr for By {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let named = Self::ALL.into_iter().find(|by| by.name() == text);
        named.ok_or_else(|| format!("kinds of work are not told apart by '{text}'"))
    }
}

fn language(task: &TaskRow) -> String {
    task.survey.as_ref().and_then(|survey| survey.language.clone()).unwrap_or_default()
}

/// What is known of work of one kind.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct RecordRow {
    /// What it is of each thing that kinds are told apart by, by the name of that; an empty text
    /// for nothing.
    #[serde(flatten)]
    pub of: BTreeMap<String, String>,
    /// How many attempts there were.
    pub attempts: usize,
    /// How many of them solved their task.
    pub solved: f64,
    /// How many did not; what was cut off is neither.
    pub failed: f64,
    /// The chance of an attempt to solve its task.
    pub chance: Interval,
    /// What all of them cost.
    pub spent_nano_usd: NanoUsd,
    /// How many were reviewed.
    pub reviews: usize,
    /// How many were accepted and then taken back.
    pub taken_back: usize,
    /// The chance to be right, of what was reviewed.
    pub right: Interval,
    /// The same, of what had passed its check.
    pub right_if_passed: Interval,
    /// How often the check passes what is wrong.
    pub passed_wrong: Interval,
    /// How often what passed is wrong.
    pub wrong_passed: Interval,
    /// What came otherwise than was told for sure.
    pub surprises: Vec<Surprise>,
}

/// A review that came otherwise than was told for 95 % sure.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Surprise {
    /// The chance that was told.
    pub told: f64,
    /// Whether it was right.
    pub right: bool,
}

/// What is known of each kind of work that somebody sees, in the order of what tells them apart.
///
/// # Errors
/// If the store is there and can't be read.
pub fn record(house: &House, by: &[By], sight: &Sight) -> Result<Vec<RecordRow>, DeskError> {
    let Some(reader) = house.reader()? else { return Ok(Vec::new()) };
    let mut all = Vec::new();
    reader.view()?.newest_attempts(REMEMBERED, |task, attempts| {
        if sight.of(task.account) {
            all.push((task.clone(), attempts.to_vec()));
        }
    })?;
    // The newest come first, and a record is kept in the order of time.
    all.reverse();
    let kinds = kinds(by, &all)?;
    Ok(kinds.iter().map(|(key, kind)| kind.row(by, key)).collect())
}

#[derive(Debug, Default)]
struct Kind {
    attempts: usize,
    solved: f64,
    failed: f64,
    spent: NanoUsd,
    record: Record,
}

type Kinds = BTreeMap<Vec<String>, Kind>;

fn kinds(by: &[By], all: &[(TaskRow, Vec<AttemptRow>)]) -> Result<Kinds, DeskError> {
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
                kind.record.add(work).map_err(|why| DeskError::internal(why.to_string()))?;
            }
        }
    }
    Ok(kinds)
}

impl Kind {
    fn row(&self, by: &[By], key: &[String]) -> RecordRow {
        let of = by.iter().zip(key).map(|(by, value)| (by.name().to_owned(), value.clone()));
        let error = self.record.check_error();
        let surprises = self.record.surprises().iter();
        RecordRow {
            of: of.collect(),
            attempts: self.attempts,
            solved: self.solved,
            failed: self.failed,
            chance: odds(self.solved, self.failed).into(),
            spent_nano_usd: self.spent,
            reviews: self.record.reviews(),
            taken_back: self.record.reverted(),
            right: self.record.odds().into(),
            right_if_passed: self.record.odds_if_passed().into(),
            passed_wrong: error.passed_wrong.into(),
            wrong_passed: error.wrong_passed.into(),
            surprises: surprises.map(|one| Surprise { told: one.told, right: one.right }).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_has_what_tells_it_apart_beside_what_is_known() {
        let kind = Kind { attempts: 2, solved: 1.0, failed: 1.0, ..Kind::default() };
        let by = [By::Role, By::Model];
        let json = serde_json::to_value(kind.row(&by, &["".into(), "m".into()])).unwrap();
        assert_eq!((json["role"].as_str(), json["model"].as_str()), (Some(""), Some("m")));
        assert_eq!(json["solved"], 1.0);
        assert!(json["chance"]["likely"].is_number() && json["surprises"].is_array());
        assert!(By::ALL.iter().all(|by| by.name().parse() == Ok(*by)));
    }
}
