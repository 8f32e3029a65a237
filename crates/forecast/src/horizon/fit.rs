//! The fit: offsets of models and families that are drawn towards their means as far as the
//! spread between them allows, which is itself estimated.
//!
//! Newton's method finds the likeliest coefficients for given spreads; the spreads follow from
//! those and how unsure they are (expectation maximisation with Laplace's approximation: Breslow
//! and Clayton, "Approximate inference in generalized linear mixed models", 1993). Families do not
//! touch each other in the curvature, so that each is solved for by itself and a fit grows no
//! faster than their number.

use nalgebra::{Cholesky, DMatrix, DVector, Dyn};

use super::cells::Cells;

/// The deviation of the log odds at the middle length of a middling model, before anything is
/// seen: between one in four hundred and all but one.
const LEVEL: f64 = 3.0;
/// What a doubling of the minutes does to the log odds, before anything is seen, and its
/// deviation. 80 % horizons are published that are four to five times shorter than those at 50 %
/// (Kwa et al., 2025): ln 4 in two doublings or a little more.
const SLOPE: (f64, f64) = (-0.6, 0.3);
/// The variance between models and between families is held for one until seen, and that as
/// firmly as if two of each had said so.
const SPREAD: (f64, f64) = (1.0, 2.0);
/// How often the spreads are estimated anew.
const ROUNDS: usize = 25;
/// How many steps Newton's method takes at most in each round.
const STEPS: usize = 12;

/// How many coefficients come before those of the models.
pub(super) const COMMON: usize = 2;

/// What was fitted.
#[derive(Debug, Clone)]
pub(super) struct Fit {
    /// The level, the slope, and the models' offsets.
    pub(super) common: DVector<f64>,
    /// Their covariance.
    covariance: DMatrix<f64>,
    /// The families' offsets.
    pub(super) families: Vec<f64>,
    /// How each hangs together with the common coefficients, and its own variance given those.
    pub(super) ties: Vec<(DVector<f64>, f64)>,
    /// The variances between models and between families.
    pub(super) spreads: [f64; 2],
    /// The variance between tasks of a family, for one model.
    pub(super) tasks: f64,
}

/// The slope of the log likelihood and its curvature, with the families apart.
struct Curvature {
    gradient: DVector<f64>,
    matrix: DMatrix<f64>,
    /// Of each family its slope, its curvature, and its curvature with the common coefficients.
    families: Vec<(f64, f64, DVector<f64>)>,
}

impl Fit {
    pub(super) fn of(cells: &Cells) -> Self {
        let size = COMMON + cells.models.len();
        let mut fit = Self {
            common: DVector::zeros(size),
            covariance: DMatrix::zeros(size, size),
            families: vec![0.0; cells.families.len()],
            ties: Vec::new(),
            spreads: [SPREAD.0; 2],
            tasks: 0.0,
        };
        fit.common[1] = SLOPE.0;
        for _ in 0..ROUNDS {
            for _ in 0..STEPS {
                if fit.step(cells) < 1e-6 {
                    break;
                }
            }
            fit.unsure(cells);
            fit.spread();
        }
        fit.tasks = fit.between_tasks(cells);
        fit
    }

    /// The log odds of a cell's runs.
    fn log_odds(&self, model: Option<usize>, family: usize, length: f64) -> f64 {
        let offset = model.map_or(0.0, |model| self.common[COMMON + model]);
        self.common[0] + self.common[1] * length + offset + self.families[family]
    }

    fn curvature(&self, cells: &Cells) -> Curvature {
        let size = self.common.len();
        let mut all = Curvature {
            gradient: DVector::zeros(size),
            matrix: DMatrix::zeros(size, size),
            families: vec![(0.0, 0.0, DVector::zeros(size)); self.families.len()],
        };
        for cell in &cells.cells {
            let log_odds = self.log_odds(cell.model, cell.family, cell.length);
            let chance = 1.0 / (1.0 + (-log_odds).exp());
            let off = cell.solved - cell.runs * chance;
            let bend = cell.runs * chance * (1.0 - chance);
            let touched = [(0, 1.0), (1, cell.length)];
            let own = cell.model.map(|model| (COMMON + model, 1.0));
            for (i, x) in touched.into_iter().chain(own) {
                all.gradient[i] += off * x;
                for (j, y) in touched.into_iter().chain(own) {
                    all.matrix[(i, j)] += bend * x * y;
                }
                all.families[cell.family].2[i] += bend * x;
            }
            all.families[cell.family].0 += off;
            all.families[cell.family].1 += bend;
        }
        self.add_priors(&mut all);
        all
    }

    fn add_priors(&self, all: &mut Curvature) {
        for (place, value) in self.common.iter().enumerate() {
            let (mean, deviation) = match place {
                0 => (0.0, LEVEL),
                1 => SLOPE,
                _ => (0.0, self.spreads[0].sqrt()),
            };
            let firm = 1.0 / (deviation * deviation);
            all.gradient[place] -= firm * (value - mean);
            all.matrix[(place, place)] += firm;
        }
        for (family, value) in all.families.iter_mut().zip(&self.families) {
            family.0 -= value / self.spreads[1];
            family.1 += 1.0 / self.spreads[1];
        }
    }

    /// One step of Newton's method; how far the farthest coefficient went.
    fn step(&mut self, cells: &Cells) -> f64 {
        let mut all = self.curvature(cells);
        for (slope, bend, ties) in &all.families {
            all.gradient.axpy(-slope / bend, ties, 1.0);
        }
        let Some(reduced) = all.reduced() else { return 0.0 };
        let common = reduced.solve(&all.gradient);
        let families =
            all.families.iter().map(|(slope, bend, ties)| (slope - ties.dot(&common)) / bend);
        let families: Vec<f64> = families.collect();
        // A step over several log odds leaves the region where the curvature holds.
        let farthest = common.iter().chain(&families).fold(0.0_f64, |far, by| far.max(by.abs()));
        let part = (2.0 / farthest).min(1.0);
        let coefficients = self.common.iter_mut().chain(self.families.iter_mut());
        for (value, by) in coefficients.zip(common.iter().chain(&families)) {
            *value += part * by;
        }
        farthest
    }

    /// How unsure the coefficients are, from the curvature where they stand.
    fn unsure(&mut self, cells: &Cells) {
        let all = self.curvature(cells);
        let Some(reduced) = all.reduced() else { return };
        self.covariance = reduced.inverse();
        self.ties =
            all.families.into_iter().map(|(_, bend, ties)| (ties / -bend, 1.0 / bend)).collect();
    }

    fn spread(&mut self) {
        let size = self.common.len();
        let models = (COMMON..size)
            .map(|place| self.common[place].powi(2) + self.covariance[(place, place)]);
        let families = self
            .families
            .iter()
            .zip(&self.ties)
            .map(|(value, (ties, own))| value * value + own + self.covariance_of(ties, ties));
        let estimate =
            |count: usize, sum: f64| (sum + SPREAD.0 * SPREAD.1) / (count as f64 + SPREAD.1);
        self.spreads =
            [estimate(size - COMMON, models.sum()), estimate(self.families.len(), families.sum())];
    }

    /// How much the log odds of single tasks vary beyond what is known of them, by moments: what
    /// the squared errors of the shares solved have beyond chance. One run of a task says nothing
    /// of that. It is held for one until seen, as firmly as if eight pairs of runs had said so.
    fn between_tasks(&self, cells: &Cells) -> f64 {
        let (mut beyond, mut by) = (1.0, 1.0);
        for cell in &cells.cells {
            let (runs, solved) = (cell.runs / cell.weight, cell.solved / cell.weight);
            if runs < 1.5 {
                continue;
            }
            let log_odds = self.log_odds(cell.model, cell.family, cell.length);
            let chance = 1.0 / (1.0 + (-log_odds).exp());
            let by_chance = chance * (1.0 - chance);
            beyond += (solved - runs * chance).powi(2) - runs * by_chance;
            by += runs * (runs - 1.0) * by_chance * by_chance;
        }
        (beyond / by).max(0.0)
    }

    /// The covariance of two sums of the common coefficients, with these weights each.
    pub(super) fn covariance_of(&self, one: &DVector<f64>, other: &DVector<f64>) -> f64 {
        one.dot(&(&self.covariance * other))
    }
}

impl Curvature {
    /// The curvature in the common coefficients once the families have gone with them.
    fn reduced(&self) -> Option<Cholesky<f64, Dyn>> {
        let mut matrix = self.matrix.clone();
        for (_, bend, ties) in &self.families {
            matrix.ger(-1.0 / bend, ties, ties, 1.0);
        }
        Cholesky::new(matrix)
    }
}
