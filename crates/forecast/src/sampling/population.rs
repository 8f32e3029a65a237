//! The chances of all problems of a kind, as weights on a grid of chances and a share of problems
//! that have none: what they may look like before anything is seen, and what is left of that after.
//!
//! Nothing is maximised: every spread of chances that a shape allows is kept with the weight that
//! the samples give it, so that few samples leave a wide interval instead of a sure mistake.

use super::tally::Counted;
use super::{Tally, beta_binomial, logit_normal};
use crate::Interval;

/// The log odds of the lowest chance on the grid: one in ten million.
const LOWEST: f64 = -16.118;
/// How far apart the log odds on the grid are.
const STEP: f64 = 0.2;
/// How many chances are on the grid; the highest is 0.999.
const SIZE: usize = 116;
/// The shares of problems without any chance that are tried.
const HOPELESS: [f64; 8] = [0.0, 0.05, 0.1, 0.2, 0.3, 0.45, 0.6, 0.8];
/// How much less likely a share of hopeless problems is held for at first: by e to the minus
/// twice that share.
const HOPE: f64 = 2.0;
/// What weighs less than this beside the best is dropped.
const SLIGHT: f64 = 1e-6;

/// Which family of spreads a part of the population is from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    Beta,
    LogitNormal,
}

/// The chances that are told apart, as the logarithms of each and of what it leaves.
pub(super) struct Grid {
    yes: Vec<f64>,
    no: Vec<f64>,
}

impl Grid {
    fn new() -> Self {
        let odds: Vec<f64> = Self::all_odds().collect();
        let less = |odds: f64| -(-odds).exp().ln_1p();
        Self {
            yes: odds.iter().map(|odds| less(*odds)).collect(),
            no: odds.iter().map(|odds| less(-odds)).collect(),
        }
    }

    fn all_odds() -> impl Iterator<Item = f64> {
        (0..SIZE).map(|place| LOWEST + STEP * place as f64)
    }

    /// The log odds of each chance.
    pub(super) fn odds(&self) -> impl Iterator<Item = f64> {
        Self::all_odds()
    }

    /// Of each chance its logarithm, and that of what it leaves to certainty.
    pub(super) fn chances(&self) -> impl Iterator<Item = (f64, f64)> {
        self.yes.iter().copied().zip(self.no.iter().copied())
    }

    /// How likely a tally is at each chance, the likeliest being 1; and the logarithm of what
    /// was divided by for that.
    fn likelihood(&self, tally: Tally) -> (Vec<f64>, f64) {
        let (right, wrong) = (tally.right as f64, tally.drawn.saturating_sub(tally.right) as f64);
        let logs: Vec<f64> = self.chances().map(|(yes, no)| right * yes + wrong * no).collect();
        let top = logs.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        (logs.iter().map(|log| (log - top).exp()).collect(), top)
    }

    /// The chance at each that k samples hold a right one.
    fn solved(&self, k: f64) -> Vec<f64> {
        self.no.iter().map(|no| -(k * no).exp_m1()).collect()
    }
}

/// One way in which chances may be spread over the grid, summing to 1, and the logarithm of how
/// likely it is at first.
pub(super) struct Spread {
    weights: Vec<f64>,
    prior: f64,
}

impl Spread {
    /// From the logarithms of its heights at each chance, up to a constant.
    pub(super) fn new(heights: Vec<f64>, prior: f64) -> Self {
        Self { weights: shares(&heights), prior }
    }
}

/// A spread with a share of hopeless problems, after the samples.
#[derive(Debug, Clone)]
struct Part {
    shape: Shape,
    /// How likely it is, all parts together being 1.
    weight: f64,
    /// What the problems' chances are under it, summed over them: of the weight that is missing
    /// to 1 they have none.
    problems: Vec<f64>,
}

/// What is known of the chances of the problems that were sampled, and of others of their kind.
#[derive(Debug, Clone)]
pub(super) struct Population {
    parts: Vec<Part>,
    /// Of each tally how many problems have it, and the weights of the chances they may have.
    tallies: Vec<(f64, Vec<f64>)>,
    /// The chances of a problem of this kind of which nothing was drawn.
    others: Vec<f64>,
    /// The share of those that have none.
    hopeless: f64,
}

/// A spread, a share of hopeless problems, and what the tallies say of the two.
struct Candidate<'a> {
    shape: Shape,
    spread: &'a Spread,
    hopeless: f64,
    /// The logarithm of how likely it is, up to a constant.
    log: f64,
    /// How likely each tally is under it, in the measure of its likelihood.
    evidence: Vec<f64>,
}

impl Population {
    pub(super) fn fitted(counted: &[Counted]) -> Self {
        let grid = Grid::new();
        let seen: Vec<(f64, Vec<f64>, f64)> = counted
            .iter()
            .map(|one| {
                let (likelihood, top) = grid.likelihood(one.tally);
                // A hopeless problem has no right sample, and that for certain.
                let none = if one.tally.right == 0 { (-top).exp() } else { 0.0 };
                (one.problems, likelihood, none)
            })
            .collect();
        let (beta, normal) = (beta_binomial::spreads(&grid), logit_normal::spreads(&grid));
        let mut candidates = Vec::new();
        for (shape, spreads) in [(Shape::Beta, &beta), (Shape::LogitNormal, &normal)] {
            candidates.extend(weighed(shape, spreads, &seen));
        }
        Self::of(candidates, &seen)
    }

    /// Puts together what is left of the candidates once the slight ones are dropped.
    fn of(candidates: Vec<Candidate<'_>>, seen: &[(f64, Vec<f64>, f64)]) -> Self {
        let weights = shares(&candidates.iter().map(|one| one.log).collect::<Vec<_>>());
        let top = weights.iter().copied().fold(0.0, f64::max);
        // The best of each shape stay, however much better the other is: each can be asked alone.
        let best = |shape| {
            let logs = candidates.iter().filter(|one| one.shape == shape).map(|one| one.log);
            logs.fold(f64::NEG_INFINITY, f64::max)
        };
        let bests = [best(Shape::Beta), best(Shape::LogitNormal)];
        let mut new = Self {
            parts: Vec::new(),
            tallies: seen.iter().map(|one| (one.0, vec![0.0; SIZE])).collect(),
            others: vec![0.0; SIZE],
            hopeless: 0.0,
        };
        for (one, weight) in candidates.iter().zip(weights) {
            let beside = (one.log - bests[one.shape as usize]).exp();
            if weight > SLIGHT * top || beside > SLIGHT {
                new.add(one, weight, seen);
            }
        }
        new
    }

    fn add(&mut self, one: &Candidate<'_>, weight: f64, seen: &[(f64, Vec<f64>, f64)]) {
        let mut problems = vec![0.0; SIZE];
        for (place, (many, likelihood, _)) in seen.iter().enumerate() {
            let scale = (1.0 - one.hopeless) / one.evidence[place];
            let chances = one.spread.weights.iter().zip(likelihood);
            for (at, (spread, likely)) in chances.enumerate() {
                let share = scale * spread * likely;
                problems[at] += many * share;
                self.tallies[place].1[at] += weight * share;
            }
        }
        for (others, spread) in self.others.iter_mut().zip(&one.spread.weights) {
            *others += weight * (1.0 - one.hopeless) * spread;
        }
        self.hopeless += weight * one.hopeless;
        self.parts.push(Part { shape: one.shape, weight, problems });
    }

    /// The share of the problems that is solved with k samples of each, and its standard
    /// deviation; of one shape alone, if that is asked for.
    pub(super) fn share(&self, k: f64, only: Option<Shape>) -> (f64, f64) {
        let solved = Grid::new().solved(k);
        let count: f64 = self.tallies.iter().map(|one| one.0).sum();
        let (mut all, mut sum, mut squares) = (0.0, 0.0, 0.0);
        for part in self.parts.iter().filter(|part| only.is_none_or(|shape| shape == part.shape)) {
            let share = times(&part.problems, &solved) / count;
            all += part.weight;
            sum += part.weight * share;
            squares += part.weight * share * share;
        }
        let mean = sum / all;
        let between = (squares / all - mean * mean).max(0.0);
        let within = self.tallies.iter().map(|(many, chances)| {
            let first = times(chances, &solved);
            let second: f64 = chances.iter().zip(&solved).map(|(w, s)| w * s * s).sum();
            many * (second - first * first).max(0.0)
        });
        let within = within.sum::<f64>() / (count * count);
        (mean.clamp(0.0, 1.0), (between + within).sqrt())
    }

    /// The chance of one problem, of which this much is known, to be solved by k more samples.
    pub(super) fn chance(&self, so_far: Tally, k: f64) -> Interval {
        let grid = Grid::new();
        let (likelihood, top) = grid.likelihood(so_far);
        let none = if so_far.right == 0 { self.hopeless * (-top).exp() } else { 0.0 };
        let weights: Vec<f64> = self.others.iter().zip(likelihood).map(|(w, l)| w * l).collect();
        let all = none + weights.iter().sum::<f64>();
        let solved = grid.solved(k);
        let below = |part: f64| {
            let mut passed = none;
            for (weight, solved) in weights.iter().zip(&solved) {
                if passed >= part * all {
                    return if passed == none { 0.0 } else { *solved };
                }
                passed += weight;
            }
            solved.last().copied().unwrap_or(1.0)
        };
        Interval::new(below(0.05), times(&weights, &solved) / all, below(0.95)).chance()
    }
}

/// What the tallies say of each spread of a shape with each share of hopeless problems. Both
/// shapes are as likely as each other at first.
fn weighed<'a>(
    shape: Shape,
    spreads: &'a [Spread],
    seen: &[(f64, Vec<f64>, f64)],
) -> Vec<Candidate<'a>> {
    let mut all = Vec::new();
    let mut prior = 0.0;
    for spread in spreads {
        let hopeful: Vec<f64> = seen.iter().map(|one| times(&spread.weights, &one.1)).collect();
        for hopeless in HOPELESS {
            let evidence: Vec<f64> = hopeful
                .iter()
                .zip(seen)
                .map(|(hopeful, one)| (1.0 - hopeless) * hopeful + hopeless * one.2)
                .map(|evidence| evidence.max(f64::MIN_POSITIVE))
                .collect();
            let log: f64 = evidence.iter().zip(seen).map(|(e, one)| one.0 * e.ln()).sum();
            let first = spread.prior - HOPE * hopeless;
            prior += first.exp();
            all.push(Candidate { shape, spread, hopeless, log: log + first, evidence });
        }
    }
    for one in &mut all {
        one.log -= f64::ln(prior);
    }
    all
}

/// The logarithm of the normal distribution's height, up to a constant.
pub(super) fn normal(at: f64, middle: f64, deviation: f64) -> f64 {
    -((at - middle) / deviation).powi(2) / 2.0
}

/// Numbers from the first to the last, each the same factor above the one before.
pub(super) fn ladder(first: f64, last: f64, count: u32) -> impl Iterator<Item = f64> {
    let step = (last / first).ln() / f64::from(count - 1);
    (0..count).map(move |place| first * (step * f64::from(place)).exp())
}

/// What the logarithms of weights come to as shares of their sum.
fn shares(logs: &[f64]) -> Vec<f64> {
    let top = logs.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let weights: Vec<f64> = logs.iter().map(|log| (log - top).exp()).collect();
    let sum: f64 = weights.iter().sum();
    weights.into_iter().map(|weight| weight / sum).collect()
}

fn times(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}
