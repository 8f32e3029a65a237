//! Log-normal time to success, with a share that never succeeds: the shape that success against
//! spend is taken to have.
//!
//! A trial is one that will be solved, with a chance that depends on who tries and on how easy
//! the task is, or one that will be given up. Either takes its time, log-normal each, longer for a
//! demanding task. So solving and giving up compete, and what was cut off is one of the two that
//! wasn't over yet. Mixtures of what is cured for good and what is not are those of Boag
//! ("Maximum likelihood estimates of the proportion of patients cured by cancer therapy", 1949)
//! and Farewell ("The use of mixture models for the analysis of survival data with long-term
//! survivors", 1982); for competing risks Larson and Dinse ("A mixture model for the regression
//! analysis of competing risks data", 1985).
//!
//! [`fit`] finds the shape of one agent's trials; [`prior`] says what other agents' shapes make
//! likely before.

pub(crate) mod fit;
mod normal;
pub(crate) mod prior;

use nalgebra::{SMatrix, SVector};

use crate::End;

/// How many numbers a shape has.
pub(crate) const PARAMETERS: usize = 7;
pub(crate) type Vector = SVector<f64, PARAMETERS>;
pub(crate) type Matrix = SMatrix<f64, PARAMETERS, PARAMETERS>;

/// The log odds of ever solving a task of mean ease.
pub(crate) const ABILITY: usize = 0;
/// How much a task's ease adds to that.
pub(crate) const EASE: usize = 1;
/// The mean log spend of what is solved.
pub(crate) const WHEN: usize = 2;
/// How much a task's demand adds to that.
pub(crate) const DEMAND: usize = 3;
/// The logarithm of the standard deviation of the log spend of what is solved.
pub(crate) const SPREAD: usize = 4;
/// How much later, in log spend, is given up than solved.
pub(crate) const LATER: usize = 5;
/// The logarithm of the standard deviation of the log spend of what is given up.
pub(crate) const SPREAD_GIVEN_UP: usize = 6;

/// What is known of a task, whoever tries it. Nothing known is all zero.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Effect {
    /// How much likelier than the mean it is to be solved, in log odds.
    pub ease: f64,
    /// How much more than the mean it takes, in log spend.
    pub demand: f64,
    /// How much of its ease trials of it tell: from 0, nothing, to 1.
    pub known: f64,
}

/// One trial with what is known of its task.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Row {
    /// The natural logarithm of what it took.
    pub log_spend: f64,
    /// How it ended.
    pub end: End,
    /// What is known of its task.
    pub effect: Effect,
}

/// The seven numbers of a shape.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Shape(pub Vector);

/// How a row bears on a shape: the logarithm of its likelihood, and the slopes of that.
pub(crate) struct Score {
    pub log_likelihood: f64,
    /// In the log odds of success.
    pub odds: f64,
    /// In the log spend at which what is solved is; and in that of what is given up.
    pub when: [f64; 2],
    /// In the logarithm of the spread of either.
    pub spread: [f64; 2],
}

impl Shape {
    /// The chance that a trial is ever solved.
    pub(crate) fn ever(&self, effect: Effect) -> f64 {
        chance(self.0[ABILITY] + self.0[EASE] * effect.ease)
    }

    /// The chance that it is solved by that log spend.
    pub(crate) fn solved_by(&self, log_spend: f64, effect: Effect) -> f64 {
        self.ever(effect) * normal::below(self.standard(log_spend, effect)[0])
    }

    /// The chance that it is neither solved nor given up by then.
    pub(crate) fn open_at(&self, log_spend: f64, effect: Effect) -> f64 {
        let [solved, given_up] = self.standard(log_spend, effect).map(|z| normal::below(-z));
        let ever = self.ever(effect);
        ever * solved + (1.0 - ever) * given_up
    }

    /// The mean and variance of the log spend at which trials of a mean task end, either way.
    pub(crate) fn ends(&self) -> (f64, f64) {
        let ever = self.ever(Effect::default());
        let [solved, given_up] = self.spreads().map(|spread| spread * spread);
        let later = self.0[LATER];
        let within = ever * solved + (1.0 - ever) * given_up;
        let mean = self.0[WHEN] + (1.0 - ever) * later;
        (mean, within + ever * (1.0 - ever) * later * later)
    }

    /// The mean log spend at which trials of a mean task end that are still open at that one.
    pub(crate) fn ends_if_open_at(&self, log_spend: f64) -> f64 {
        let row = Row { log_spend, end: End::Cut, effect: Effect::default() };
        let solved = self.ever(row.effect) + self.score(&row).odds;
        let z = self.standard(log_spend, row.effect);
        let means = [self.0[WHEN], self.0[WHEN] + self.0[LATER]];
        let spreads = self.spreads();
        let [first, second] = [0, 1].map(|i| means[i] + spreads[i] * normal::hazard(z[i]));
        solved * first + (1.0 - solved) * second
    }

    /// The standard deviations of the log spend of what is solved and of what is given up.
    fn spreads(&self) -> [f64; 2] {
        [self.0[SPREAD].exp(), self.0[SPREAD_GIVEN_UP].exp()]
    }

    /// How many standard deviations a log spend is beyond the mean of either.
    fn standard(&self, log_spend: f64, effect: Effect) -> [f64; 2] {
        let mean = self.0[WHEN] + self.0[DEMAND] * effect.demand;
        let [solved, given_up] = self.spreads();
        [(log_spend - mean) / solved, (log_spend - mean - self.0[LATER]) / given_up]
            .map(normal::near)
    }

    /// How likely a row is, and what would make it likelier.
    pub(crate) fn score(&self, row: &Row) -> Score {
        let ever = self.ever(row.effect).clamp(1e-12, 1.0 - 1e-12);
        let z = self.standard(row.log_spend, row.effect);
        let spreads = self.spreads();
        let odds = [ever, 1.0 - ever];
        match row.end {
            End::Solved | End::Failed => {
                let which = usize::from(row.end == End::Failed);
                let mut score = Score {
                    log_likelihood: odds[which].ln() + normal::log_density(z[which])
                        - spreads[which].ln(),
                    odds: if which == 0 { 1.0 - ever } else { -ever },
                    when: [0.0; 2],
                    spread: [0.0; 2],
                };
                score.when[which] = z[which] / spreads[which];
                score.spread[which] = z[which] * z[which] - 1.0;
                score
            }
            End::Cut => {
                let open = [0, 1].map(|i| odds[i].ln() + normal::log_above(z[i]));
                let most = open[0].max(open[1]);
                let both = most + ((open[0] - most).exp() + (open[1] - most).exp()).ln();
                let share = open.map(|one| (one - both).exp());
                let pull = [0, 1].map(|i| share[i] * normal::hazard(z[i]));
                Score {
                    log_likelihood: both,
                    odds: share[0] - ever,
                    when: [pull[0] / spreads[0], pull[1] / spreads[1]],
                    spread: [pull[0] * z[0], pull[1] * z[1]],
                }
            }
        }
    }
}

impl Score {
    /// The slopes in the seven numbers of the shape.
    fn slopes(&self, effect: Effect) -> Vector {
        let when = self.when[0] + self.when[1];
        Vector::from([
            self.odds,
            self.odds * effect.ease,
            when,
            when * effect.demand,
            self.spread[0],
            self.when[1],
            self.spread[1],
        ])
    }
}

/// The chance that has these log odds.
pub(crate) fn chance(log_odds: f64) -> f64 {
    1.0 / (1.0 + (-log_odds).exp())
}
