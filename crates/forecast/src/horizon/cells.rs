//! Runs put together as far as they say the same.

use std::collections::{BTreeMap, HashMap};

use crate::read::minutes::TimedRun;

/// How many coefficients come before those of the models: the level and the slope.
pub(super) const COMMON: usize = 2;
/// Models that have an offset of their own: those with the most runs. With more, the fit would
/// grow with the cube of their number; the others count as models never seen.
const MODELS: usize = 150;

/// The runs of one model at one task.
pub(super) struct Cell {
    /// The place of the model's offset, if it has one.
    pub(super) model: Option<usize>,
    /// The place of the task's.
    pub(super) task: usize,
    /// The binary logarithm of the minutes, less their mean.
    pub(super) length: f64,
    /// How many there are.
    pub(super) runs: f64,
    /// How many of those were solved.
    pub(super) solved: f64,
}

/// All runs, and the places that models, families and tasks got.
pub(super) struct Cells {
    pub(super) cells: Vec<Cell>,
    pub(super) models: HashMap<String, usize>,
    pub(super) families: HashMap<String, usize>,
    /// The place of each task's family.
    pub(super) family_of: Vec<usize>,
    /// The mean of the binary logarithms of the minutes.
    pub(super) middle: f64,
}

impl Cells {
    pub(super) fn of(runs: &[TimedRun]) -> Self {
        let (models, families) = (places_of_models(runs), places_of_families(runs));
        let mut sums: BTreeMap<(&str, &str, &str, u64), (f64, f64)> = BTreeMap::new();
        for run in runs {
            let key = (&*run.family, &*run.task, &*run.model, run.minutes.to_bits());
            let sum = sums.entry(key).or_default();
            *sum = (sum.0 + 1.0, sum.1 + f64::from(u8::from(run.solved)));
        }
        let (mut cells, mut family_of) = (Vec::new(), Vec::new());
        let mut before = None;
        for ((family, task, model, minutes), (runs, solved)) in sums {
            // The runs of one task stand together.
            if before != Some((family, task)) {
                family_of.push(families[family]);
                before = Some((family, task));
            }
            cells.push(Cell {
                model: models.get(model).copied(),
                task: family_of.len() - 1,
                length: f64::from_bits(minutes).log2(),
                runs,
                solved,
            });
        }
        let all: f64 = cells.iter().map(|cell| cell.runs).sum();
        let middle = cells.iter().map(|cell| cell.runs * cell.length).sum::<f64>() / all;
        cells.iter_mut().for_each(|cell| cell.length -= middle);
        Self { cells, models, families, family_of, middle }
    }
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
