//! The share of trials that was solved by each spend, as it was seen, with what was cut off
//! neither forgotten nor counted as failed. The two plainest estimators stand on it.

use crate::{End, Refusal, Trial};

/// What is known from one spend to the next.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Step {
    /// From this spend on.
    pub spend: f64,
    /// The share that was solved by then.
    pub solved: f64,
    /// The share that was neither solved nor given up.
    pub open: f64,
}

/// The cumulative incidence of success (Aalen and Johansen, "An empirical transition matrix for
/// non-homogeneous Markov chains based on censored observations", 1978): a step up at each spend
/// at which a trial was solved.
#[derive(Debug, Clone, PartialEq)]
pub struct Incidence {
    /// One for each spend at which a trial ended by itself, rising.
    steps: Vec<Step>,
    /// The largest spend that was seen.
    seen: f64,
    trials: usize,
}

impl Incidence {
    /// Of these trials, in any order.
    ///
    /// # Errors
    ///
    /// Refuses a spend that is not a number above zero, and no trials.
    pub fn of(trials: &[Trial]) -> Result<Self, Refusal> {
        let mut trials: Vec<Trial> = trials.iter().copied().map(sound).collect::<Result<_, _>>()?;
        trials.sort_by(|a, b| a.spend.total_cmp(&b.spend));
        let seen = trials.last().ok_or(Refusal::TooFew { of: "trials", have: 0, need: 1 })?.spend;
        let (mut open, mut solved, mut left) = (1.0, 0.0, trials.len());
        let mut steps = Vec::new();
        for alike in trials.chunk_by(|a, b| a.spend == b.spend) {
            let count = |end| alike.iter().filter(|trial| trial.end == end).count() as f64;
            let (won, lost) = (count(End::Solved), count(End::Failed));
            solved += open * won / left as f64;
            open *= 1.0 - (won + lost) / left as f64;
            if won + lost > 0.0 {
                steps.push(Step { spend: alike[0].spend, solved, open });
            }
            left -= alike.len();
        }
        Ok(Self { steps, seen, trials: trials.len() })
    }

    /// The share that was solved by `spend`, and no more beyond what was seen: "flat", which
    /// every other estimator has to beat.
    pub fn flat(&self, spend: f64) -> f64 {
        self.at(spend).map_or(0.0, |step| step.solved.min(1.0))
    }

    /// The share that was neither solved nor given up by `spend`, as far as was seen.
    pub fn open(&self, spend: f64) -> f64 {
        self.at(spend).map_or(1.0, |step| step.open.max(0.0))
    }

    fn at(&self, spend: f64) -> Option<&Step> {
        let after = self.steps.partition_point(|step| step.spend <= spend);
        self.steps[..after].last()
    }

    /// The spends at which trials ended by themselves.
    pub fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// The largest spend that was seen, of whatever end.
    pub fn seen(&self) -> f64 {
        self.seen
    }

    /// How many trials it stands on.
    pub fn trials(&self) -> usize {
        self.trials
    }
}

/// A trial whose spend is one that can be.
pub(crate) fn sound(trial: Trial) -> Result<Trial, Refusal> {
    if trial.spend.is_finite() && trial.spend > 0.0 {
        Ok(trial)
    } else {
        Err(Refusal::Nonsense { what: "the spend of a trial", number: trial.spend })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trial(spend: f64, end: End) -> Trial {
        Trial { spend, end }
    }

    #[test]
    fn what_was_cut_off_is_spread_over_what_went_on() {
        let trials = [
            trial(1.0, End::Solved),
            trial(2.0, End::Cut),
            trial(3.0, End::Solved),
            trial(4.0, End::Failed),
        ];
        let seen = Incidence::of(&trials).unwrap();
        assert_eq!(seen.flat(0.5), 0.0);
        assert_eq!(seen.flat(2.9), 0.25);
        // Of the three quarters that were open, one of the two that were left was solved.
        assert_eq!(seen.flat(100.0), 0.25 + 0.75 / 2.0);
    }

    #[test]
    fn what_cannot_be_is_refused() {
        assert!(matches!(Incidence::of(&[]), Err(Refusal::TooFew { .. })));
        for spend in [0.0, -1.0, f64::NAN, f64::INFINITY] {
            let refused = Incidence::of(&[trial(spend, End::Solved)]);
            assert!(matches!(refused, Err(Refusal::Nonsense { .. })));
        }
    }
}
