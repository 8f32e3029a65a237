//! How right the forecasts were that were recorded before attempts began.

use serde::Serialize;
use tenfold_engine::{REMEMBERED, dollars, trial};
use tenfold_forecast::told::{self, Score, Told};
use tenfold_forecast::{Interval, Trial, Unit};
use tenfold_store::View;
use utoipa::ToSchema;

use crate::{DeskError, House, Sight};

/// At these shares of what attempts took is scored what was told.
const HORIZONS: [f64; 4] = [0.25, 0.5, 0.75, 0.9];

/// How right forecasts were of what is solved by one spend.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct ScoreRow {
    /// The spend, in dollars.
    pub by: f64,
    /// Of how many attempts it is known what came.
    pub known: usize,
    /// Of how many something was told.
    pub told: usize,
    /// The share that was said to be solved.
    pub said: PointAt,
    /// The share that was.
    pub came: f64,
    /// The mean squared distance from what came; less is better.
    pub brier: f64,
    /// What telling the share that came of each would have got.
    pub brier_of_one_share: f64,
    /// The mean logarithmic loss; less is better.
    pub log_loss: f64,
    /// What came of those that were told about the same.
    pub calibration: Vec<CalibrationBin>,
}

/// A chance with its range, by a spend.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, ToSchema)]
pub struct PointAt {
    /// The spend.
    pub by: f64,
    /// One time in twenty it is lower.
    pub low: f64,
    /// The estimate.
    pub likely: f64,
    /// One time in twenty it is higher.
    pub high: f64,
}

/// Attempts that were told about the same.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, ToSchema)]
pub struct CalibrationBin {
    /// The chance that was told.
    pub told: f64,
    /// The share that was solved.
    pub came: f64,
    /// How many there are.
    pub known: usize,
}

/// How right the recorded forecasts were of tasks that somebody sees, at several spends; empty if none has come true or not.
///
/// # Errors
/// If the store is there and can't be read.
pub fn score(house: &House, sight: &Sight) -> Result<Vec<ScoreRow>, DeskError> {
    let all = match house.reader()? {
        Some(reader) => recorded(&reader.view()?, sight)?,
        None => Vec::new(),
    };
    let scores = horizons(&all).into_iter().filter_map(|by| told::score(&all, by));
    Ok(scores.map(|score| row(&score)).collect())
}

fn row(score: &Score) -> ScoreRow {
    let Interval { low, likely, high } = score.said;
    let bin = |&(told, came, known): &(f64, f64, usize)| CalibrationBin { told, came, known };
    ScoreRow {
        by: score.by,
        known: score.known,
        told: score.told,
        said: PointAt { by: score.by, low, likely, high },
        came: score.came,
        brier: score.brier,
        brier_of_one_share: score.base,
        log_loss: score.log_loss,
        calibration: score.calibration.iter().map(bin).collect(),
    }
}

/// What was recorded of attempts before they began, each with what came.
fn recorded(view: &View, sight: &Sight) -> Result<Vec<Told>, DeskError> {
    let mut all = Vec::new();
    view.newest_attempts(REMEMBERED, |task, attempts| {
        for attempt in attempts.iter().filter(|_| sight.of(task.account)) {
            let came = trial(task, attempt, Unit::Dollars);
            if let (Some(forecast), Some(came)) = (&attempt.foreseen, came) {
                let odds = forecast.odds.iter().map(|odds| {
                    let chance = Interval::new(odds.low, odds.likely, odds.high);
                    (dollars(odds.by), chance)
                });
                all.push(Told { odds: odds.collect(), came });
            }
        }
    })?;
    Ok(all)
}

/// The spends at which most can be said.
fn horizons(all: &[Told]) -> Vec<f64> {
    let mut spends: Vec<f64> =
        all.iter().map(|Told { came: Trial { spend, .. }, .. }| *spend).collect();
    spends.sort_by(f64::total_cmp);
    let place = |share: f64| ((spends.len() - 1) as f64 * share).round() as usize;
    let mut horizons: Vec<f64> = match spends.is_empty() {
        true => Vec::new(),
        false => HORIZONS.iter().map(|share| spends[place(*share)]).collect(),
    };
    horizons.dedup();
    horizons
}
