//! The answer: a chance for every spend, with what it stands on.

use crate::{Interval, Refusal};

/// What a forecast is made by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Estimator {
    /// No more is solved than was, by what was spent.
    Flat,
    /// A straight line in the logarithm of spend.
    LogLinear,
    /// Log-normal time to success with a share that never succeeds, one curve for all tasks.
    Cure,
    /// The same, with what is known of each task.
    CureByTask,
    /// How tasks differ as the last has it, how many are solved in all as the last two have it in
    /// the mean.
    Blend,
}

impl Estimator {
    /// All of them, the plainest first.
    pub const ALL: [Self; 5] =
        [Self::Flat, Self::LogLinear, Self::Cure, Self::CureByTask, Self::Blend];

    /// What it is called.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Flat => "flat",
            Self::LogLinear => "log-linear",
            Self::Cure => "log-normal cure",
            Self::CureByTask => "log-normal cure by task",
            Self::Blend => "blend of log-normal cures",
        }
    }
}

/// What a forecast stands on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Grounds {
    /// Trials by the same model and strategy, of any task.
    pub by_agent: usize,
    /// Trials of the same task, by anyone.
    pub of_task: usize,
    /// Trials in all.
    pub in_all: usize,
}

/// What is told of one spend.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Point {
    pub log_spend: f64,
    /// The chance of being solved by then.
    pub solved: Interval,
    /// The chance of being neither solved nor given up by then.
    pub open: f64,
}

/// The chance that a task is solved by each spend.
#[derive(Debug, Clone, PartialEq)]
pub struct Forecast {
    /// By rising spend; no chance of being solved falls, and none of being open rises.
    points: Vec<Point>,
    /// What it has taken already, where it goes on.
    spent: f64,
    by: Estimator,
    error: Option<f64>,
    grounds: Grounds,
    unit: &'static str,
}

impl Forecast {
    /// Of points by rising spend, of an attempt that has taken `spent` already. What falls as
    /// spend grows is held up, since what was solved stays solved.
    pub(crate) fn new(
        mut points: Vec<Point>,
        spent: f64,
        (by, error): (Estimator, Option<f64>),
        grounds: Grounds,
        unit: &'static str,
    ) -> Self {
        let mut most = Interval { low: 0.0, likely: 0.0, high: 0.0 };
        let mut open = 1.0_f64;
        for point in &mut points {
            let now = point.solved.chance();
            most = Interval {
                low: most.low.max(now.low),
                likely: most.likely.max(now.likely),
                high: most.high.max(now.high),
            };
            open = open.min(point.open.max(0.0));
            (point.solved, point.open) = (most, open);
        }
        Self { points, spent, by, error, grounds, unit }
    }

    /// The chance that an attempt which begins now (or goes on, where that was asked for) is
    /// solved by the time that it has taken `spend` in all. It never falls as spend grows.
    ///
    /// # Errors
    ///
    /// Refuses a spend beyond [`Self::reach`], and one that is not a number from zero up.
    pub fn at(&self, spend: f64) -> Result<Interval, Refusal> {
        let log = self.known(spend)?.ln();
        let after = self.points.partition_point(|point| point.log_spend < log);
        let Some(to) = self.points.get(after).or(self.points.last()) else {
            return Ok(Interval { low: 0.0, likely: 0.0, high: 1.0 });
        };
        let Some(from) = after.checked_sub(1).and_then(|before| self.points.get(before)) else {
            // Less than the first is known of: none of it at nothing.
            let likely = to.solved.likely * (log - to.log_spend).exp();
            return Ok(Interval { low: 0.0, likely, high: to.solved.high });
        };
        let share = ((log - from.log_spend) / (to.log_spend - from.log_spend)).min(1.0);
        let between = |of: fn(&Interval) -> f64| {
            let (low, high) = (of(&from.solved), of(&to.solved));
            low + (high - low) * share
        };
        Ok(Interval::new(
            between(|one| one.low),
            between(|one| one.likely),
            between(|one| one.high),
        ))
    }

    /// What the attempt takes in the mean from now on, if it is cut off at `cap` in all.
    ///
    /// # Errors
    ///
    /// As [`Self::at`].
    pub fn takes(&self, cap: f64) -> Result<f64, Refusal> {
        let cap = self.known(cap)?;
        // The mean of what is never below zero is the area under the chance of more.
        let (mut from, mut open, mut sum) = (self.spent, 1.0, 0.0);
        for point in &self.points {
            let to = point.log_spend.exp();
            if to <= from {
                continue;
            }
            let until = to.min(cap).max(from);
            let then = open + (point.open - open) * (until - from) / (to - from);
            sum += (until - from) * f64::midpoint(open, then);
            (from, open) = (to, point.open);
        }
        Ok(sum)
    }

    /// A spend that something is told of.
    fn known(&self, spend: f64) -> Result<f64, Refusal> {
        if spend.is_nan() || spend < 0.0 {
            return Err(Refusal::Nonsense { what: "the spend", number: spend });
        }
        let known = self.reach();
        // A spend that went through a logarithm and back is the same one.
        if spend > known * (1.0 + 1e-9) {
            return Err(Refusal::Beyond { asked: spend, known, unit: self.unit });
        }
        Ok(spend)
    }

    /// The curve: spends, evenly in their logarithm, and the chance by each.
    pub fn curve(&self) -> impl Iterator<Item = (f64, Interval)> + '_ {
        self.points.iter().map(|point| (point.log_spend.exp(), point.solved))
    }

    /// The largest spend that it says anything of.
    pub fn reach(&self) -> f64 {
        self.points.last().map_or(0.0, |point| point.log_spend.exp())
    }

    /// What it is made by.
    pub fn by(&self) -> Estimator {
        self.by
    }

    /// How far the share solved by four times the spend that was seen was from what this
    /// estimator said, on the past at hand, in the mean; `None` where the past is too small to
    /// tell.
    pub fn error(&self) -> Option<f64> {
        self.error
    }

    /// What it stands on.
    pub fn grounds(&self) -> Grounds {
        self.grounds
    }

    /// What spend is in: "dollars", "steps".
    pub fn unit(&self) -> &'static str {
        self.unit
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn forecast() -> Forecast {
        let point = |log_spend: f64, low, likely, high, open| Point {
            log_spend,
            solved: Interval { low, likely, high },
            open,
        };
        let points = vec![
            point(0.0, 0.1, 0.2, 0.3, 0.7),
            point(1.0, 0.05, 0.4, 1.3, 0.5),
            point(2.0, 0.3, 0.3, 0.9, 0.6),
        ];
        let by = (Estimator::Blend, None);
        Forecast::new(points, 0.0, by, Grounds::default(), "dollars")
    }

    #[test]
    fn what_it_takes_is_the_area_under_what_is_open() {
        let forecast = forecast();
        assert!((forecast.takes(0.5).unwrap() - 0.5 * (1.0 + 0.85) / 2.0).abs() < 1e-12);
        let (first, second) = (0.85, (1_f64.exp() - 1.0) * 0.6);
        assert!((forecast.takes(1_f64.exp()).unwrap() - first - second).abs() < 1e-12);
        // It is half open to the end, since it can't be more open than it was.
        let last = (2_f64.exp() - 1_f64.exp()) * 0.5;
        assert!((forecast.takes(forecast.reach()).unwrap() - first - second - last).abs() < 1e-9);
        assert_eq!(forecast.takes(0.0), Ok(0.0));
        assert!(forecast.takes(8.0).is_err());
    }

    #[test]
    fn it_is_a_chance_and_never_falls() {
        let forecast = forecast();
        let at = |log: f64| forecast.at(log.exp()).unwrap();
        assert_eq!(at(1.0), Interval { low: 0.1, likely: 0.4, high: 1.0 });
        assert_eq!(at(2.0).likely, 0.4);
        assert!((at(0.5).likely - 0.3).abs() < 1e-12);
        assert!((at(-1.0).likely - 0.2 / std::f64::consts::E).abs() < 1e-12);
        assert_eq!(forecast.at(0.0).unwrap().likely, 0.0);
    }

    #[test]
    fn it_says_where_it_ends() {
        let refused = forecast().at(8.0).unwrap_err().to_string();
        assert!(refused.starts_with("nothing is known beyond 7.38"), "{refused}");
        assert!(matches!(forecast().at(f64::NAN), Err(Refusal::Nonsense { .. })));
        assert!(forecast().at(forecast().reach()).is_ok());
    }
}
