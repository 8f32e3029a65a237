//! What is believed of each rung after all that was bought, and how sure that is.
//!
//! Tasks differ in how easy they are, for all rungs alike: that is why what one rung failed the
//! next is less likely to solve. A rung of strength `a` solves a task of ease `θ` with the chance
//! `1 / (1 + exp(−a − bθ))`, where `b`, how much tasks differ, is one for all rungs (Rasch,
//! "Probabilistic models for some intelligence and attainment tests", 1960). How many tasks there
//! are of each ease is learned with it (Laird, "Nonparametric maximum likelihood estimation of a
//! mixing distribution", 1978): there are often more that nothing solves than a normal distribution
//! has. What is solved costs less the easier it is.

use std::collections::HashMap;

use tenfold_domain::Draws;

use super::Bought;
use super::spend::{LEAST, Spend};
use crate::{End, normal};

/// At how many eases the sum over tasks is taken.
pub(super) const EASES: usize = 21;

/// A number for each ease: how likely it is, or a chance at it.
pub(super) type Eases = [f64; EASES];

/// What is thought of everything before anything was bought: wide and round numbers, which give way
/// to a few dozen attempts.
pub(super) mod before {
    /// Strengths lie this far from each other; 1.5 is between a third and two thirds solved.
    pub(in crate::cascade) const STRENGTH_SD: f64 = 1.5;
    /// How much tasks differ: what half of all rungs solve, nearly all solve of the easiest tenth.
    pub(in crate::cascade) const SPREAD: f64 = 2.0;
    /// How sure that is.
    pub(in crate::cascade) const SPREAD_SD: f64 = 1.0;
    /// The mean of the logarithm of an attempt's cost: ten cents.
    pub(in crate::cascade) const LEVEL: f64 = -2.3;
    /// How far rungs lie from that: a factor of ten either way is nothing special.
    pub(in crate::cascade) const LEVEL_SD: f64 = 1.2;
    /// How far the logarithms of one rung's costs lie from each other.
    pub(in crate::cascade) const COST_SD: f64 = 0.7;
    /// By how much the logarithm of the cost is higher for what fails.
    pub(in crate::cascade) const FAILS_DEARER: f64 = 0.4;
    /// How unsure it is, from a rung's level, where the costs of what it solves lie.
    pub(in crate::cascade) const SOLVED_SD: f64 = 0.5;
    /// By how much it falls with each step of ease for what is solved.
    pub(in crate::cascade) const RELIEF: f64 = 0.3;
}

/// What is believed of one rung.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Known {
    pub(super) strength: f64,
    pub(super) strength_sd: f64,
    /// Costs of what it solves, at middling ease.
    pub(super) solved: Spend,
    /// Costs of what it fails.
    pub(super) failed: Spend,
    /// How unsure the level of both is.
    pub(super) level_sd: f64,
    /// How unsure it is where the costs of what is solved lie, if that level is known.
    pub(super) solved_sd: f64,
    /// How many attempts of it are remembered.
    pub(super) attempts: u64,
}

/// What is believed of all of them and of tasks.
#[derive(Debug, Clone)]
pub(super) struct Belief {
    /// How likely each ease is.
    pub(super) eases: Eases,
    /// How much tasks differ.
    pub(super) spread: f64,
    /// By how much the logarithm of the cost of what is solved falls with each step of ease.
    pub(super) relief: f64,
    /// The strength of the middle one of the rungs.
    pub(super) middle: f64,
    pub(super) rungs: HashMap<String, Known>,
    /// What is believed of a rung that nobody has tried.
    pub(super) unseen: Known,
    /// The share of wrong work that the check lets pass.
    pub(super) leak: f64,
}

impl Belief {
    /// What is believed before anything was bought.
    pub(super) fn new(leak: f64) -> Self {
        let unseen = Known {
            strength: 0.0,
            strength_sd: before::STRENGTH_SD,
            solved: Spend { mean: before::LEVEL, sd: before::COST_SD },
            failed: Spend { mean: before::LEVEL + before::FAILS_DEARER, sd: before::COST_SD },
            level_sd: before::LEVEL_SD,
            solved_sd: before::SOLVED_SD,
            attempts: 0,
        };
        Self {
            eases: standard(),
            spread: before::SPREAD,
            relief: before::RELIEF,
            middle: 0.0,
            rungs: HashMap::new(),
            unseen,
            leak,
        }
    }

    /// What is believed of a rung, whose cost somebody may have guessed.
    pub(super) fn of(&self, rung: &super::Rung) -> Known {
        if let Some(known) = self.rungs.get(&rung.name) {
            return *known;
        }
        let mut unseen = self.unseen;
        if let Some(dollars) = rung.dollars.filter(|dollars| dollars.is_finite()) {
            let shift = dollars.max(LEAST).ln() - unseen.solved.mean;
            unseen.solved.mean += shift;
            unseen.failed.mean += shift;
            unseen.level_sd = before::LEVEL_SD / 2.0;
        }
        unseen
    }

    /// How likely each ease is for a task at which that was tried.
    pub(super) fn after(&self, tried: &[Bought]) -> Eases {
        let mut eases = self.eases;
        for bought in tried {
            let known = self.rungs.get(&bought.rung).unwrap_or(&self.unseen);
            let likely = self.likelihood(known, bought);
            for (weight, [right, wrong]) in eases.iter_mut().zip(likely) {
                *weight *= right + wrong;
            }
            normalise(&mut eases);
        }
        eases
    }

    /// The chance that a rung of that strength solves a task, for each ease.
    pub(super) fn chances(&self, strength: f64) -> Eases {
        std::array::from_fn(|place| 1.0 / (1.0 + (-strength - self.spread * ease(place)).exp()))
    }

    /// The chance that a rung of that strength solves a task of which its ease is known so far.
    pub(super) fn chance(&self, strength: f64, eases: &Eases) -> f64 {
        self.chances(strength).iter().zip(eases).map(|(chance, weight)| chance * weight).sum()
    }

    /// What attempts of a rung cost that solve a task of that ease.
    pub(super) fn solved_at(&self, known: &Known, place: usize) -> Spend {
        Spend { mean: known.solved.mean - self.relief * ease(place), sd: known.solved.sd }
    }

    /// For each ease, how likely an attempt comes out as it did and is right, or would have been
    /// if it had gone on; and how likely it does so and is wrong.
    pub(super) fn likelihood(&self, known: &Known, bought: &Bought) -> [[f64; 2]; EASES] {
        let (spend, end) = (bought.trial.spend, bought.trial.end);
        let wrong = match (end, bought.right) {
            (End::Cut, _) => 1.0 - known.failed.ended_by(spend),
            (End::Solved, Some(true)) => 0.0,
            (End::Solved, None) => self.leak * known.failed.density(spend),
            (End::Solved, Some(false)) | (End::Failed, _) => known.failed.density(spend),
        };
        let chances = self.chances(known.strength);
        std::array::from_fn(|place| {
            let solved = self.solved_at(known, place);
            let right = match (end, bought.right) {
                (End::Cut, _) => 1.0 - solved.ended_by(spend),
                (End::Solved, Some(true) | None) => solved.density(spend),
                (End::Solved, Some(false)) | (End::Failed, _) => 0.0,
            };
            let chance = chances[place];
            [chance * right, (1.0 - chance) * wrong + f64::MIN_POSITIVE]
        })
    }
}

impl Known {
    /// One of the rungs that it may be, drawn by how likely each is.
    pub(super) fn drawn(mut self, draws: &mut Draws) -> Self {
        self.strength += self.strength_sd * normal(draws);
        let level = self.level_sd * normal(draws);
        self.solved.mean += level + self.solved_sd * normal(draws);
        self.failed.mean += level;
        self
    }
}

/// The ease of that place.
pub(super) fn ease(place: usize) -> f64 {
    const APART: f64 = 0.4;
    (place as f64 - (EASES / 2) as f64) * APART
}

/// Eases as they are thought to be before anything was bought: standard normal.
pub(super) fn standard() -> Eases {
    let mut eases = std::array::from_fn(|place| (-ease(place).powi(2) / 2.0).exp());
    normalise(&mut eases);
    eases
}

/// Makes their sum one. If none is left, each is as likely as before anything was bought.
pub(super) fn normalise(eases: &mut Eases) {
    let sum: f64 = eases.iter().sum();
    if sum > 0.0 {
        eases.iter_mut().for_each(|weight| *weight /= sum);
    } else {
        *eases = standard();
    }
}
