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

/// The chance that a task is solved by each spend.
#[derive(Debug, Clone, PartialEq)]
pub struct Forecast {
    /// Log spends and chances; all four rise.
    points: Vec<(f64, Interval)>,
    by: Estimator,
    error: Option<f64>,
    grounds: Grounds,
    unit: &'static str,
}

impl Forecast {
    /// Of chances at log spends, in order. What falls as spend grows is held up, since what was
    /// solved stays solved.
    pub(crate) fn new(
        mut points: Vec<(f64, Interval)>,
        by: Estimator,
        error: Option<f64>,
        grounds: Grounds,
        unit: &'static str,
    ) -> Self {
        let mut most = Interval { low: 0.0, likely: 0.0, high: 0.0 };
        for (_, chance) in &mut points {
            let now = chance.chance();
            most = Interval {
                low: most.low.max(now.low),
                likely: most.likely.max(now.likely),
                high: most.high.max(now.high),
            };
            *chance = most;
        }
        Self { points, by, error, grounds, unit }
    }

    /// The chance that an attempt which begins now (or goes on, where that was asked for) is
    /// solved by the time that it has taken `spend` in all. It never falls as spend grows.
    ///
    /// # Errors
    ///
    /// Refuses a spend beyond [`Self::reach`], and one that is not a number from zero up.
    pub fn at(&self, spend: f64) -> Result<Interval, Refusal> {
        if spend.is_nan() || spend < 0.0 {
            return Err(Refusal::Nonsense { what: "the spend", number: spend });
        }
        // A spend that went through a logarithm and back is the same one.
        if spend > self.reach() * (1.0 + 1e-9) {
            let known = self.reach();
            return Err(Refusal::Beyond { asked: spend, known, unit: self.unit });
        }
        let log = spend.ln();
        let after = self.points.partition_point(|point| point.0 < log);
        let Some(&(to, high)) = self.points.get(after) else { return Ok(self.last()) };
        let Some(&(from, low)) = after.checked_sub(1).and_then(|before| self.points.get(before))
        else {
            // Less than the first is known of: none of it at nothing.
            let share = (log - to).exp();
            return Ok(Interval { low: 0.0, likely: high.likely * share, high: high.high });
        };
        let share = (log - from) / (to - from);
        let between = |a: f64, b: f64| a + (b - a) * share;
        Ok(Interval::new(
            between(low.low, high.low),
            between(low.likely, high.likely),
            between(low.high, high.high),
        ))
    }

    fn last(&self) -> Interval {
        self.points.last().map_or(Interval { low: 0.0, likely: 0.0, high: 1.0 }, |point| point.1)
    }

    /// The curve: spends, evenly in their logarithm, and the chance by each.
    pub fn curve(&self) -> impl Iterator<Item = (f64, Interval)> + '_ {
        self.points.iter().map(|&(log, chance)| (log.exp(), chance))
    }

    /// The largest spend that it says anything of.
    pub fn reach(&self) -> f64 {
        self.points.last().map_or(0.0, |point| point.0.exp())
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
        let chance = |low, likely, high| Interval { low, likely, high };
        let points = vec![
            (0.0, chance(0.1, 0.2, 0.3)),
            (1.0, chance(0.05, 0.4, 1.3)),
            (2.0, chance(0.3, 0.3, 0.9)),
        ];
        Forecast::new(points, Estimator::Blend, None, Grounds::default(), "dollars")
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
