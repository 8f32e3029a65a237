//! Whether waiting for a lower price pays, for a task that nobody needs by a day.

use super::Level;
use crate::{Interval, Refusal};

/// How far ahead a wait is looked at, in months.
const LONGEST: u32 = 24;

/// A task that could be done now or later.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Wait {
    /// What it would cost now, in dollars.
    pub dollars: f64,
    /// What it is worth to have it done a month earlier, in dollars.
    pub dollars_per_month: f64,
    /// By how much a dollar in a year is worth less than one now, as a share: 0.05 is five percent.
    pub discount_per_year: f64,
}

/// The best time to do it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Waiting {
    /// How many months to wait; 0 is to do it now.
    pub months: u32,
    /// What is gained by that over doing it now, in dollars of now. What was expected when
    /// `months` was chosen lies within, but need not be its middle.
    pub gained: Interval,
    /// The gain that is expected: the mean over all that the price may do.
    pub expected: f64,
    /// The value of having it done for a month at and above which it is never worth a wait.
    pub break_even: f64,
}

impl Wait {
    /// The months to wait, from 0 to 24, after which most is expected to be gained: the lower
    /// price, less what is missed by having it done later.
    ///
    /// # Errors
    ///
    /// Refuses numbers that are below zero or not finite, and a discount of everything.
    pub fn best(&self, level: &Level) -> Result<Waiting, Refusal> {
        let sound = |number: f64| number.is_finite() && number >= 0.0;
        let numbers = [
            ("the cost", self.dollars),
            ("the value of a month", self.dollars_per_month),
            ("the discount", self.discount_per_year),
        ];
        if let Some(&(what, number)) = numbers.iter().find(|(_, number)| !sound(*number)) {
            return Err(Refusal::Nonsense { what, number });
        }
        if self.discount_per_year >= 1.0 {
            return Err(Refusal::Nonsense { what: "the discount", number: self.discount_per_year });
        }
        let gain = |months: u32, left: f64| {
            self.dollars * (1.0 - left * self.worth(months)) - self.missed(months)
        };
        let (mut best, mut break_even) = ((0, 0.0), 0.0_f64);
        for months in 1..=LONGEST {
            let gained = gain(months, level.fall.expected_left(f64::from(months) / 12.0));
            if gained > best.1 {
                best = (months, gained);
            }
            let saved = gained + self.missed(months);
            break_even = break_even.max(saved / self.months_missed(months));
        }
        let (months, expected) = best;
        let decades = level.fall.over(f64::from(months) / 12.0);
        let [low, likely, high] = [decades.low, decades.likely, decades.high]
            .map(|decades| gain(months, 10_f64.powf(-decades)));
        Ok(Waiting { months, gained: Interval::new(low, likely, high), expected, break_even })
    }

    /// What a dollar after so many months is worth now.
    fn worth(&self, months: u32) -> f64 {
        (1.0 - self.discount_per_year).powf(f64::from(months) / 12.0)
    }

    /// The months for which it isn't done, each at its worth now.
    fn months_missed(&self, months: u32) -> f64 {
        (0..months).map(|month| self.worth(month)).sum()
    }

    fn missed(&self, months: u32) -> f64 {
        self.dollars_per_month * self.months_missed(months)
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Low, Prior};
    use super::*;

    fn level() -> Level {
        let low = Low { date: "2025-01-01".parse().unwrap(), dollars: 1.0, model: "a".into() };
        Level { bar: 0.5, lows: vec![low], fall: Prior::TENFOLD.having_seen(1.0, 1.0) }
    }

    fn best(dollars: f64, dollars_per_month: f64) -> Waiting {
        let wait = Wait { dollars, dollars_per_month, discount_per_year: 0.05 };
        wait.best(&level()).unwrap()
    }

    #[test]
    fn what_is_worth_nothing_yet_waits_as_long_as_can_be() {
        let wait = best(100.0, 0.0);
        assert_eq!(wait.months, LONGEST);
        assert!(wait.expected > 90.0 && wait.gained.holds(wait.expected), "{wait:?}");
    }

    #[test]
    fn what_is_worth_more_than_it_costs_is_done_now() {
        let wait = best(1.0, 50.0);
        assert_eq!((wait.months, wait.expected, wait.gained.high), (0, 0.0, 0.0));
    }

    #[test]
    fn what_is_missed_is_taken_off_what_is_saved() {
        let wait = best(100.0, 1.0);
        let missed = 0.95 * f64::from(wait.months);
        assert!(wait.months > 0 && wait.gained.high < 100.0 - missed, "{wait:?}");
        assert!(wait.gained.holds(wait.expected), "{wait:?}");
    }

    #[test]
    fn at_the_break_even_a_wait_stops_to_pay() {
        let even = best(100.0, 1.0).break_even;
        assert!(best(100.0, even * 0.99).months > 0);
        assert_eq!(best(100.0, even * 1.01).months, 0);
    }

    #[test]
    fn numbers_that_cannot_be_are_refused() {
        for (dollars, discount) in [(f64::NAN, 0.1), (-1.0, 0.1), (1.0, 1.0), (1.0, f64::INFINITY)]
        {
            let wait = Wait { dollars, dollars_per_month: 1.0, discount_per_year: discount };
            assert!(matches!(wait.best(&level()), Err(Refusal::Nonsense { .. })));
        }
    }
}
