//! Runs put together as far as they say the same, and what they weigh.

use std::collections::{BTreeMap, HashMap};

use super::LIKENESS;
use crate::read::minutes::TimedRun;

/// Models that have an offset of their own: those with the most runs. With more, the fit would
/// grow with the cube of their number; the others count as models never seen.
const MODELS: usize = 150;

/// The runs of one model at one task.
pub(super) struct Cell {
    /// The place of the model's offset, if it has one.
    pub(super) model: Option<usize>,
    /// The place of the family's.
    pub(super) family: usize,
    /// The binary logarithm of the minutes, less their mean.
    pub(super) length: f64,
    /// How many runs it counts as.
    pub(super) runs: f64,
    /// How many of those were solved.
    pub(super) solved: f64,
    /// What each run counts as.
    pub(super) weight: f64,
}

/// All runs, and the places that models and families got.
pub(super) struct Cells {
    pub(super) cells: Vec<Cell>,
    pub(super) models: HashMap<String, usize>,
    pub(super) families: HashMap<String, usize>,
    /// The mean of the binary logarithms of the minutes.
    pub(super) middle: f64,
}

impl Cells {
    pub(super) fn of(runs: &[TimedRun]) -> Self {
        let (models, families) = (places_of_models(runs), places_of_families(runs));
        let weights = weights(runs);
        let mut sums: BTreeMap<(&str, &str, &str, u64), (f64, f64)> = BTreeMap::new();
        for run in runs {
            let key = (&*run.model, &*run.family, &*run.task, run.minutes.to_bits());
            let sum = sums.entry(key).or_default();
            *sum = (sum.0 + 1.0, sum.1 + f64::from(u8::from(run.solved)));
        }
        let mut cells = Vec::new();
        for ((model, family, task, minutes), (runs, solved)) in sums {
            // Weighed once they are counted: a sum of fractions would hang on the rows' order.
            let weight = weights[task];
            cells.push(Cell {
                model: models.get(model).copied(),
                family: families[family],
                length: f64::from_bits(minutes).log2(),
                runs: weight * runs,
                solved: weight * solved,
                weight,
            });
        }
        let all: f64 = cells.iter().map(|cell| cell.runs).sum();
        let middle = cells.iter().map(|cell| cell.runs * cell.length).sum::<f64>() / all;
        cells.iter_mut().for_each(|cell| cell.length -= middle);
        Self { cells, models, families, middle }
    }
}

/// What each run of a task weighs: n runs of one task are alike in more than is known of them,
/// and count as n / (1 + (n − 1)ρ) (the design effect of Kish, "Survey Sampling", 1965).
fn weights(runs: &[TimedRun]) -> HashMap<&str, f64> {
    let mut counts: HashMap<&str, f64> = HashMap::new();
    for run in runs {
        *counts.entry(run.task.as_str()).or_default() += 1.0;
    }
    counts.into_iter().map(|(task, n)| (task, 1.0 / (1.0 + (n - 1.0) * LIKENESS))).collect()
}

fn places_of_models(runs: &[TimedRun]) -> HashMap<String, usize> {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for run in runs {
        *counts.entry(run.model.as_str()).or_default() += 1;
    }
    let mut models: Vec<(&str, usize)> = counts.into_iter().collect();
    // The sort is stable, so that models with as many runs stay in the order of their names.
    models.sort_by_key(|model| std::cmp::Reverse(model.1));
    let names = models.into_iter().take(MODELS).enumerate();
    names.map(|(place, (name, _))| (name.to_owned(), place)).collect()
}

fn places_of_families(runs: &[TimedRun]) -> HashMap<String, usize> {
    let mut names: Vec<&str> = runs.iter().map(|run| run.family.as_str()).collect();
    names.sort_unstable();
    names.dedup();
    names.into_iter().enumerate().map(|(place, name)| (name.to_owned(), place)).collect()
}
