//! Learning what is believed: expectation and maximisation over the tasks that are remembered (Bock
//! and Aitkin, "Marginal maximum likelihood estimation of item parameters: application of an EM
//! algorithm", 1981), with what was thought before as a weight.
//!
//! Which rungs were tried at a task and where they were cut off followed only from what had been
//! seen of it, so that what was not tried may be left out (Rubin, "Inference and missing data",
//! 1976). That a strong rung is only given what others failed does not make it look weak.

use std::collections::BTreeMap;

use super::Bought;
use super::belief::{Belief, EASES, Eases, Known, before, ease, normalise, standard};
use super::spend::Spend;

/// That eases are as thought before weighs as much as so many tasks; likewise, in attempts, the
/// spread of one rung's costs, the difference of what is solved and what fails, and the relief.
const EASES_WEIGHT: f64 = 20.0;
const COST_SD_WEIGHT: f64 = 6.0;
const APART_WEIGHT: f64 = 2.0;
const RELIEF_WEIGHT: f64 = 10.0;
/// What all rungs have in common counts for one of them as so many attempts, and no rung counts
/// for more than twice that in what is thought of the next one.
const COMMON_WEIGHT: f64 = 10.0;
/// Rounds end when no strength moves more than this, and after so many.
const STILL: f64 = 0.02;
const ROUNDS: usize = 30;

/// The weight of some costs, and the sums of their logarithms and of their squares.
#[derive(Debug, Clone, Copy, Default)]
struct Costs {
    weight: f64,
    sum: f64,
    squares: f64,
}

impl Costs {
    fn add(&mut self, weight: f64, (mean, square): (f64, f64)) {
        self.weight += weight;
        self.sum += weight * mean;
        self.squares += weight * square;
    }

    /// The mean, when it is thought to be `at` with some weight.
    fn mean(&self, at: f64, weight: f64) -> f64 {
        (self.sum + weight * at) / (self.weight + weight)
    }

    /// The standard deviation about a mean, when it is thought to be `sd`.
    fn sd(&self, mean: f64, sd: f64) -> f64 {
        let off = self.squares - 2.0 * mean * self.sum + self.weight * mean * mean;
        let thought = COST_SD_WEIGHT * sd * sd;
        ((off.max(0.0) + thought) / (self.weight + COST_SD_WEIGHT)).sqrt()
    }
}

/// What one round gathers of one rung.
#[derive(Debug, Clone, Copy, Default)]
struct Seen {
    attempts: u64,
    tried: Eases,
    right: Eases,
    solved: Costs,
    failed: Costs,
    /// Of what is solved, the sums of eases, of their squares, and of their products with the
    /// logarithm of the cost.
    eases: f64,
    squares: f64,
    products: f64,
}

impl Seen {
    /// Costs of what is solved as if all tasks had been of middling ease.
    fn levelled(&self, relief: f64) -> Costs {
        Costs {
            weight: self.solved.weight,
            sum: self.solved.sum + relief * self.eases,
            squares: self.solved.squares
                + 2.0 * relief * self.products
                + relief * relief * self.squares,
        }
    }
}

impl Belief {
    /// Learns from the tasks that are remembered, beginning with what is believed already.
    pub(super) fn refit<'a>(&mut self, tasks: impl Iterator<Item = &'a [Bought]> + Clone) {
        for _ in 0..ROUNDS {
            let seen = self.gather(tasks.clone());
            self.relief = self.relief(&seen);
            let moved = self.strengths(&seen);
            self.costs(&seen);
            if moved < STILL {
                break;
            }
        }
    }

    /// How often what came, given what is believed; and how many tasks there are of each ease.
    fn gather<'a>(&mut self, tasks: impl Iterator<Item = &'a [Bought]>) -> BTreeMap<String, Seen> {
        let mut all: BTreeMap<String, Seen> = BTreeMap::new();
        let mut sums = standard().map(|weight| weight * EASES_WEIGHT);
        for task in tasks {
            let eases = self.after(task);
            sums.iter_mut().zip(eases).for_each(|(sum, weight)| *sum += weight);
            for bought in task {
                if !all.contains_key(&bought.rung) {
                    all.insert(bought.rung.clone(), Seen::default());
                    self.rungs.entry(bought.rung.clone()).or_insert(self.unseen);
                }
                let known = self.rungs[&bought.rung];
                if let Some(seen) = all.get_mut(&bought.rung) {
                    self.see(seen, &known, bought, &eases);
                }
            }
        }
        normalise(&mut sums);
        self.eases = sums;
        all
    }

    fn see(&self, seen: &mut Seen, known: &Known, bought: &Bought, eases: &Eases) {
        /// What is as unlikely as this changes no sum.
        const NOTHING: f64 = 1e-6;
        let likely = self.likelihood(known, bought);
        let mut sum = 0.0;
        for place in 0..EASES {
            let [right, wrong] = likely[place];
            let share = eases[place] * right / (right + wrong);
            seen.tried[place] += eases[place];
            if share < NOTHING {
                continue;
            }
            seen.right[place] += share;
            sum += share;
            let (log, square) = self.solved_at(known, place).logarithm(bought);
            seen.solved.add(share, (log, square));
            seen.eases += share * ease(place);
            seen.squares += share * ease(place).powi(2);
            seen.products += share * ease(place) * log;
        }
        seen.failed.add((1.0 - sum).max(0.0), known.failed.logarithm(bought));
        seen.attempts += 1;
    }

    /// By how much cheaper what is solved is for each step of ease, from one line through the costs
    /// of all rungs, each about its own mean.
    fn relief(&self, seen: &BTreeMap<String, Seen>) -> f64 {
        let (mut product, mut square) = (-before::RELIEF * RELIEF_WEIGHT, RELIEF_WEIGHT);
        for (name, one) in seen {
            let weight = one.solved.weight + 1.0;
            let sure = self.rungs[name].solved.sd.powi(-2);
            product += sure * (one.products - one.solved.sum * one.eases / weight);
            square += sure * (one.squares - one.eases * one.eases / weight);
        }
        (-product / square).clamp(0.0, 2.0)
    }

    /// Moves strengths and the spread of tasks by Newton's steps; how far the farthest went.
    fn strengths(&mut self, seen: &BTreeMap<String, Seen>) -> f64 {
        let mut farthest: f64 = 0.0;
        let sure = before::SPREAD_SD.powi(-2);
        let (mut pull, mut hold) = ((before::SPREAD - self.spread) * sure, sure);
        for (name, one) in seen {
            let mut known = self.rungs[name];
            let from = known.strength;
            let mut information = 0.0;
            for _ in 0..3 {
                let sure = before::STRENGTH_SD.powi(-2);
                let mut slope = (self.middle - known.strength) * sure;
                information = sure;
                for (place, chance) in self.chances(known.strength).into_iter().enumerate() {
                    slope += one.right[place] - one.tried[place] * chance;
                    information += one.tried[place] * chance * (1.0 - chance);
                }
                known.strength += (slope / information).clamp(-1.0, 1.0);
            }
            for (place, chance) in self.chances(known.strength).into_iter().enumerate() {
                pull += (one.right[place] - one.tried[place] * chance) * ease(place);
                hold += one.tried[place] * chance * (1.0 - chance) * ease(place).powi(2);
            }
            farthest = farthest.max((known.strength - from).abs());
            known.strength_sd = information.powf(-0.5);
            known.attempts = one.attempts;
            self.rungs.insert(name.clone(), known);
        }
        self.spread = (self.spread + (pull / hold).clamp(-0.5, 0.5)).clamp(0.2, 6.0);
        self.expect_of_the_next();
        farthest
    }

    /// A rung that comes is thought to be better than the middle one and worse than the best: half
    /// way. So it is worth a try, and not believed to be the best before it was tried.
    fn expect_of_the_next(&mut self) {
        /// A rung with fewer attempts is not known well enough to be the best.
        const FEW: u64 = 10;
        let mut strengths: Vec<f64> = self.rungs.values().map(|one| one.strength).collect();
        // In order, so that the sum does not depend on the order of a map.
        strengths.sort_by(f64::total_cmp);
        self.middle = strengths.iter().sum::<f64>() / (strengths.len() as f64 + 1.0);
        let known = self.rungs.values().filter(|one| one.attempts >= FEW);
        let best = known.map(|one| one.strength).fold(self.middle, f64::max);
        self.unseen.strength = f64::midpoint(self.middle, best);
    }

    /// Moves what is believed of costs.
    fn costs(&mut self, seen: &BTreeMap<String, Seen>) {
        let unseen = self.unseen;
        let apart = unseen.failed.mean - unseen.solved.mean;
        let thought = (before::COST_SD / before::LEVEL_SD).powi(2);
        let common =
            |sd: f64| Costs { weight: COMMON_WEIGHT, sum: 0.0, squares: COMMON_WEIGHT * sd * sd };
        let mut levels = Costs { weight: 1.0, sum: before::LEVEL, squares: 0.0 };
        let mut aparts = Costs {
            weight: COMMON_WEIGHT,
            sum: COMMON_WEIGHT * before::FAILS_DEARER,
            squares: 0.0,
        };
        let (mut of_solved, mut of_failed) = (common(before::COST_SD), common(before::COST_SD));
        for (name, one) in seen {
            let (solved, failed) = (one.levelled(self.relief), one.failed);
            let weight = solved.weight + failed.weight;
            let both =
                Costs { weight, sum: solved.sum + failed.sum - failed.weight * apart, ..solved };
            let level = both.mean(unseen.solved.mean, thought);
            let mean = solved.mean(level, APART_WEIGHT);
            let sd = solved.sd(mean, unseen.solved.sd);
            let lost = failed.mean(level + apart, APART_WEIGHT);
            let lost_sd = failed.sd(lost, unseen.failed.sd);
            levels.add(1.0, (level, 0.0));
            let counts = |costs: Costs| costs.weight.min(2.0 * COMMON_WEIGHT);
            aparts.add(counts(solved).min(counts(failed)), (lost - mean, 0.0));
            of_solved.add(counts(solved), (0.0, sd * sd));
            of_failed.add(counts(failed), (0.0, lost_sd * lost_sd));
            if let Some(known) = self.rungs.get_mut(name) {
                known.solved = Spend { mean, sd };
                known.failed = Spend { mean: lost, sd: lost_sd };
                known.solved_sd = before::COST_SD / (solved.weight + APART_WEIGHT).sqrt();
                known.level_sd = before::COST_SD / (weight + thought).sqrt();
            }
        }
        let level = levels.sum / levels.weight;
        let sd = |costs: Costs| (costs.squares / costs.weight).sqrt();
        self.unseen.solved = Spend { mean: level, sd: sd(of_solved) };
        self.unseen.failed = Spend { mean: level + aparts.sum / aparts.weight, sd: sd(of_failed) };
    }
}
