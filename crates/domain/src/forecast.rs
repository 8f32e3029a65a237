//! What was said beforehand of an attempt's chances, and why it is made as it is. Both are
//! recorded before the money is spent, so that they can be held against what came.

use serde::{Deserialize, Serialize};

use crate::NanoUsd;

/// What is likely by a spend.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Odds {
    /// What the attempt will have cost by then.
    pub by: NanoUsd,
    /// One time in twenty the chance of having it solved is lower; from 0 to 1, as the next two.
    pub low: f64,
    /// The chance of having it solved.
    pub likely: f64,
    /// One time in twenty it is higher.
    pub high: f64,
}

/// A forecast of an attempt as it was given.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Forecast {
    /// What is likely, by rising spend; never empty.
    pub odds: Vec<Odds>,
    /// By which way of estimating it was made.
    pub method: String,
    /// On how many attempts of the past it stands.
    pub attempts: u64,
}

/// Why an attempt is made as it is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Choice {
    /// The reason, for people.
    pub why: String,
    /// The chance that the attempt solves the task, from 0 to 1.
    pub chance: f64,
    /// What it is expected to cost.
    pub cost: NanoUsd,
    /// What it may cost before the next dollar is better spent otherwise; none: no less than what
    /// is left of the task's budget.
    pub most: Option<NanoUsd>,
}

/// Between whom the cascade chooses for each attempt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cascade {
    /// The models, by their names in the catalogue; the task's own is one of them.
    pub models: Vec<String>,
}
