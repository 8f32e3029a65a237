//! What more samples are likely to buy: from how many of each problem's samples were right so far,
//! the share of problems that is solved with k samples of each, for k far beyond what was drawn.
//!
//! Two estimates that rest on different things, one file each, are averaged: a power law that is
//! fitted to the curve as far as it was seen, and the chances of all problems, of which two shapes
//! (beta and logistic-normal) are weighed by what was seen. How far that was off is shown by a
//! [`BackTest`] on the samples at hand: a tenth of them foretells all of them. It does not choose:
//! on what it was tried on, weights by the error of one back-test did no better than halves.

mod back_test;
mod beta_binomial;
mod logit_normal;
mod population;
mod power_law;
mod tally;
#[cfg(test)]
mod tests;
mod unbiased;

pub use back_test::BackTest;
pub use tally::Tally;
pub use unbiased::solved_by;

use population::{Population, Shape};
use power_law::PowerLaw;
use tally::{Counted, counted};

use crate::{Interval, Refusal};

/// How many times the samples that were drawn of a problem a forecast goes.
const REACH: u64 = 1_000;
/// Beyond this, chances matter that are too small to be told from none.
const MOST_SAMPLES: u64 = 1_000_000;
/// How many standard deviations of the normal distribution hold nine tenths on both sides.
const NINE_TENTHS: f64 = 1.644_853_6;
/// How many steps of a curve there are for each tenfold of samples.
const STEPS: i32 = 8;

/// What each estimator says of the same question, as shares of the problems.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Estimates {
    /// Nothing more is solved than with the samples at hand.
    pub flat: f64,
    /// The power law; `None` where there is no line to fit.
    pub power_law: Option<f64>,
    /// The beta-binomial, regularised.
    pub beta_binomial: f64,
    /// The logistic-normal, regularised.
    pub logit_normal: f64,
    /// What is told: half the power law, half both shapes as the samples weigh them.
    pub together: f64,
}

/// What is known of a set of problems of which samples were drawn.
#[derive(Debug, Clone)]
pub struct Sampling {
    counted: Vec<Counted>,
    least: u64,
    most: u64,
    power_law: Option<PowerLaw>,
    population: Population,
    /// By samples, rising: what is told, made monotone. Between two of them it is a line in the
    /// logarithm of the samples.
    curve: Vec<(f64, Interval)>,
}

impl Sampling {
    /// From the tallies of problems that have something in common: a model and a kind of task.
    /// The order does not matter. Takes some milliseconds, whatever their number.
    ///
    /// # Errors
    ///
    /// Refuses no problems, and tallies that can't be: none drawn, or more right than drawn.
    pub fn of(tallies: &[Tally]) -> Result<Self, Refusal> {
        let counted = counted(tallies)?;
        let mut new = Self::fitted(counted);
        new.curve = new.drawn_out();
        Ok(new)
    }

    fn fitted(counted: Vec<Counted>) -> Self {
        let drawn = counted.iter().map(|one| one.tally.drawn);
        let (least, most) = (drawn.clone().min().unwrap_or(1), drawn.max().unwrap_or(1));
        let power_law = PowerLaw::fitted(&counted, least);
        let population = Population::fitted(&counted);
        Self { counted, least, most, power_law, population, curve: Vec::new() }
    }

    /// The share of these problems that is solved once `samples` of each are drawn, counted from
    /// the first: more samples are never worth less.
    ///
    /// # Errors
    ///
    /// Refuses what lies beyond a thousand times the samples that were drawn, or a million.
    pub fn share(&self, samples: u64) -> Result<Interval, Refusal> {
        self.within_reach(samples)?;
        let place = (samples.max(1) as f64).ln();
        let after = self.curve.partition_point(|(at, _)| *at < place).min(self.curve.len() - 1);
        let (from, to) = (self.curve[after.saturating_sub(1)], self.curve[after]);
        let way = if to.0 > from.0 { ((place - from.0) / (to.0 - from.0)).min(1.0) } else { 1.0 };
        let between = |of: fn(&Interval) -> f64| of(&from.1) + way * (of(&to.1) - of(&from.1));
        Ok(Interval::new(between(|i| i.low), between(|i| i.likely), between(|i| i.high)))
    }

    /// The chance that one problem of this kind, of which this many samples were drawn and this
    /// many were right, has a right one among `more` that are drawn yet. Its interval holds the
    /// chance that the problem really has.
    ///
    /// # Errors
    ///
    /// Refuses a tally that can't be, and more samples than [`share`](Self::share) tells of. A
    /// problem of which nothing was drawn yet is fine.
    pub fn chance(&self, so_far: Tally, more: u64) -> Result<Interval, Refusal> {
        if so_far != Tally::default() {
            so_far.checked()?;
        }
        self.within_reach(more)?;
        Ok(self.population.chance(so_far, more as f64))
    }

    /// What each estimator says, for who wants to compare them.
    ///
    /// # Errors
    ///
    /// As [`share`](Self::share).
    pub fn estimates(&self, samples: u64) -> Result<Estimates, Refusal> {
        self.within_reach(samples)?;
        let k = samples.max(1) as f64;
        let both = self.population.share(k, None).0;
        let power_law = self.power_law.map(|law| law.at(k));
        Ok(Estimates {
            flat: unbiased::mean(&self.counted, samples.clamp(1, self.least)),
            power_law,
            beta_binomial: self.population.share(k, Some(Shape::Beta)).0,
            logit_normal: self.population.share(k, Some(Shape::LogitNormal)).0,
            together: power_law.map_or(both, |law| law.midpoint(both)),
        })
    }

    /// How far off the same method is when a tenth of the samples at hand foretells all of them.
    /// `None` if there are fewer than twenty of some problem.
    pub fn back_test(&self) -> Option<BackTest> {
        back_test::run(&self.counted, self.least)
    }

    fn within_reach(&self, samples: u64) -> Result<(), Refusal> {
        let known = self.most.saturating_mul(REACH).min(MOST_SAMPLES);
        if samples <= known {
            return Ok(());
        }
        Err(Refusal::Beyond { asked: samples as f64, known: known as f64, unit: "samples" })
    }

    /// The share at `k` samples as it is estimated there, for itself.
    ///
    /// Within what was drawn of every problem the unbiased estimate is told. Beyond, the mean of
    /// two estimates is as unsure as each of them says, halved since they err by themselves, or as
    /// they differ, if that is more (DerSimonian and Laird, "Meta-analysis in clinical trials",
    /// 1986).
    fn share_at(&self, k: f64) -> Interval {
        let (both, deviation) = self.population.share(k, None);
        let told = |likely: f64, deviation: f64| {
            let off = NINE_TENTHS * deviation;
            Interval::new(likely - off, likely, likely + off).chance()
        };
        if k.round() <= self.least as f64 {
            return told(unbiased::mean(&self.counted, k.round() as u64), deviation);
        }
        match self.power_law.map(|law| law.at(k)) {
            Some(law) => {
                let apart = (law - both) / 2.0;
                told(law.midpoint(both), (deviation * deviation / 2.0).max(apart * apart).sqrt())
            }
            None => told(both, deviation),
        }
    }

    /// The whole curve. Each of its three lines is kept from falling, because what is estimated
    /// never falls; where the estimates change hands they could.
    fn drawn_out(&self) -> Vec<(f64, Interval)> {
        let last = self.most.saturating_mul(REACH).min(MOST_SAMPLES) as f64;
        let steps = (0..).map(|step| 10_f64.powf(f64::from(step) / f64::from(STEPS)));
        let mut samples: Vec<f64> = steps.take_while(|k| *k < last).map(f64::round).collect();
        samples.push(last);
        samples.dedup();
        let mut highest = Interval { low: 0.0, likely: 0.0, high: 0.0 };
        let rising = samples.into_iter().map(|k| {
            let here = self.share_at(k);
            highest = Interval {
                low: highest.low.max(here.low),
                likely: highest.likely.max(here.likely),
                high: highest.high.max(here.high),
            };
            (k.ln(), highest)
        });
        rising.collect()
    }
}
