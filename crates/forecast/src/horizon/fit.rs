//! The fit: offsets of models, of families and of their tasks, that are drawn towards their means
//! as far as the spread between them allows, which is itself estimated.
//!
//! Newton's method finds the likeliest coefficients for given spreads; the spreads follow from
//! those and how unsure they are (expectation maximisation with Laplace's approximation: Breslow
//! and Clayton, "Approximate inference in generalized linear mixed models", 1993).

use nalgebra::{DMatrix, DVector};

use super::cells::{COMMON, Cell, Cells};
use super::curvature::{Curvature, Own, Tie};

/// The deviation of the log odds at the middle length of a middling model, before anything is
/// seen: between one in four hundred and all but one.
const LEVEL: f64 = 3.0;
/// What a doubling of the minutes does to the log odds of one task, before anything is seen, and
/// its deviation. 80 % horizons are published that are four to five times shorter than those at
/// 50 % (Kwa et al., 2025): ln 4 in two doublings or a little more, −0.6 for one. That is over all
/// tasks, which differ; by the spreads that are held before any is seen, the line of one is 1.3
/// times as steep (Zeger, Liang and Albert, "Models for longitudinal data", 1988).
const SLOPE: (f64, f64) = (-0.8, 0.3);
/// The variances between models, families and tasks are held for one until seen, and that as
/// firmly as if two of each had said so.
const SPREAD: (f64, f64) = (1.0, 2.0);
/// How often the spreads are estimated anew.
const ROUNDS: usize = 25;
/// How many steps Newton's method takes at most in each round.
const STEPS: usize = 12;

/// What was fitted.
#[derive(Debug, Clone)]
pub(super) struct Fit {
    /// The level, the slope, and the models' offsets.
    pub(super) common: DVector<f64>,
    /// Their covariance.
    covariance: DMatrix<f64>,
    /// The offsets of families.
    pub(super) families: Vec<f64>,
    /// How unsure those are.
    pub(super) ties: Vec<Tie>,
    /// The offsets of tasks from their families.
    tasks: Vec<f64>,
    pub(super) spreads: Spreads,
}

/// The variances of the offsets.
#[derive(Debug, Clone, Copy)]
pub(super) struct Spreads {
    pub(super) models: f64,
    pub(super) families: f64,
    /// Of the tasks in a family.
    pub(super) tasks: f64,
}

impl Fit {
    pub(super) fn of(cells: &Cells) -> Self {
        let size = COMMON + cells.models.len();
        let unseen = Tie { weights: DVector::zeros(size), own: SPREAD.0 };
        let mut fit = Self {
            common: DVector::zeros(size),
            covariance: DMatrix::zeros(size, size),
            families: vec![0.0; cells.families.len()],
            ties: vec![unseen; cells.families.len()],
            tasks: vec![0.0; cells.family_of.len()],
            spreads: Spreads { models: SPREAD.0, families: SPREAD.0, tasks: SPREAD.0 },
        };
        fit.common[1] = SLOPE.0;
        for _ in 0..ROUNDS {
            for _ in 0..STEPS {
                // What is still missing after a step is about its square.
                if fit.step(cells) < 1e-3 {
                    break;
                }
            }
            fit.spread(cells);
        }
        fit
    }

    /// The chance of a cell's runs.
    fn chance(&self, cell: &Cell, family: usize) -> f64 {
        let offset = cell.model.map_or(0.0, |model| self.common[COMMON + model]);
        let line = self.common[0] + self.common[1] * cell.length;
        let log_odds = line + offset + self.families[family] + self.tasks[cell.task];
        1.0 / (1.0 + (-log_odds).exp())
    }

    fn curvature<'a>(&self, cells: &'a Cells) -> Curvature<'a> {
        let mut all = Curvature::of_nothing(cells);
        for cell in &cells.cells {
            let chance = self.chance(cell, cells.family_of[cell.task]);
            let off = cell.solved - cell.runs * chance;
            all.add(cell, off, cell.runs * chance * (1.0 - chance));
        }
        self.add_priors(&mut all);
        all
    }

    fn add_priors(&self, all: &mut Curvature<'_>) {
        for (place, value) in self.common.iter().enumerate() {
            let (mean, deviation) = match place {
                0 => (0.0, LEVEL),
                1 => SLOPE,
                _ => (0.0, self.spreads.models.sqrt()),
            };
            let firm = 1.0 / (deviation * deviation);
            all.gradient[place] -= firm * (value - mean);
            all.matrix[(place, place)] += firm;
        }
        let draw = |all: &mut [Own], values: &[f64], spread: f64| {
            for (own, value) in all.iter_mut().zip(values) {
                own.slope -= value / spread;
                own.bend += 1.0 / spread;
            }
        };
        draw(&mut all.families, &self.families, self.spreads.families);
        draw(&mut all.tasks, &self.tasks, self.spreads.tasks);
    }

    /// One step of Newton's method; how far the farthest coefficient went.
    fn step(&mut self, cells: &Cells) -> f64 {
        let Some(reduced) = self.curvature(cells).reduced() else { return 0.0 };
        let step = reduced.step();
        let steps = || step.common.iter().chain(&step.families).chain(&step.tasks);
        // A step over several log odds leaves the region where the curvature holds.
        let farthest = steps().fold(0.0_f64, |far, by| far.max(by.abs()));
        let part = (2.0 / farthest).min(1.0);
        let offsets = self.families.iter_mut().chain(&mut self.tasks);
        for (value, by) in self.common.iter_mut().chain(offsets).zip(steps()) {
            *value += part * by;
        }
        farthest
    }

    /// How unsure the coefficients are, from the curvature where they stand, and the spreads that
    /// follow.
    fn spread(&mut self, cells: &Cells) {
        let Some(reduced) = self.curvature(cells).reduced() else { return };
        self.covariance = reduced.covariance();
        let [families, tasks] = reduced.ties();
        let models = (COMMON..self.common.len())
            .map(|place| self.common[place].powi(2) + self.covariance[(place, place)]);
        self.spreads = Spreads {
            models: variance(models),
            families: variance(self.squares(&self.families, &families)),
            tasks: variance(self.squares(&self.tasks, &tasks)),
        };
        self.ties = families;
    }

    /// The mean squares of offsets that are as unsure as this.
    fn squares<'a>(
        &'a self,
        offsets: &'a [f64],
        ties: &'a [Tie],
    ) -> impl Iterator<Item = f64> + 'a {
        offsets.iter().zip(ties).map(|(value, tie)| {
            value * value + tie.own + self.covariance_of(&tie.weights, &tie.weights)
        })
    }

    /// The covariance of two sums of the common coefficients, with these weights each.
    pub(super) fn covariance_of(&self, one: &DVector<f64>, other: &DVector<f64>) -> f64 {
        one.dot(&(&self.covariance * other))
    }
}

/// The variance of offsets, from their mean squares.
fn variance(squares: impl Iterator<Item = f64>) -> f64 {
    let (count, sum) = squares.fold((0.0, 0.0), |(count, sum), square| (count + 1.0, sum + square));
    (sum + SPREAD.0 * SPREAD.1) / (count + SPREAD.1)
}
