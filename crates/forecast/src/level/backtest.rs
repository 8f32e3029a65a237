//! What would have been forecast of a level's price, had it been asked month after month, and how
//! wrong it would have been: beside "no change" and "tenfold a year", which ask for nothing.

use jiff::civil::Date;

use super::{Level, Offer, Prior, SETTLING_DAYS, later, price_on, record_lows, years};
use crate::score::mean;

/// The days between two origins: a month.
const MONTH_DAYS: f64 = 30.4375;
/// The most origins, in months: a date that is off by centuries must not take centuries.
const ORIGINS: u32 = 600;

/// One forecast that was made with what was known at its origin, and what came.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Ahead {
    /// The day that it was made for, seen from.
    pub origin: Date,
    /// How many powers of ten the price was expected to fall: low, likely, high.
    pub expected: crate::Interval,
    /// How many "tenfold a year" says.
    pub tenfold: f64,
    /// How many it fell.
    pub came: f64,
}

/// The forecasts of one bar, so many months ahead.
#[derive(Debug, Clone, PartialEq)]
pub struct BackTest {
    /// The bar of quality.
    pub bar: f64,
    /// How far ahead.
    pub months: u32,
    /// Each forecast, in order of its origin. Neighbours look at much the same time, so that they
    /// are worth fewer than they are.
    pub ahead: Vec<Ahead>,
}

impl BackTest {
    /// The mean error of the forecast, in powers of ten, sign apart; `None` of no forecast.
    pub fn error(&self) -> Option<f64> {
        mean(self.ahead.iter().map(|one| (one.expected.likely - one.came).abs()))
    }

    /// The mean error of saying that nothing changes.
    pub fn error_of_no_change(&self) -> Option<f64> {
        mean(self.ahead.iter().map(|one| one.came.abs()))
    }

    /// The mean error of saying tenfold a year.
    pub fn error_of_tenfold(&self) -> Option<f64> {
        mean(self.ahead.iter().map(|one| (one.tenfold - one.came).abs()))
    }

    /// How often the 90 % interval held what came. A fall of less than a hundredth is none.
    pub fn covered(&self) -> Option<f64> {
        let slack = 0.005;
        let holds = |one: &Ahead| {
            (one.expected.low - slack..=one.expected.high + slack).contains(&one.came)
        };
        mean(self.ahead.iter().map(|one| f64::from(u8::from(holds(one)))))
    }
}

/// Forecasts of one bar from each month on, from the first in which its price had settled to the
/// last whose outcome is known: the offers are taken to be all there were until `end`.
pub fn back_test(offers: &[Offer], bar: f64, months: u32, end: Date, prior: Prior) -> BackTest {
    let lows = record_lows(offers, bar);
    let ahead_days = (f64::from(months) * MONTH_DAYS).round() as i64;
    let mut ahead = Vec::new();
    let Some(first) = lows.first() else { return BackTest { bar, months, ahead } };
    let settled = later(first.date, SETTLING_DAYS);
    for month in 0..ORIGINS {
        let origin = later(settled, (f64::from(month) * MONTH_DAYS).round() as i64);
        let then = later(origin, ahead_days);
        if then > end || then <= origin {
            break;
        }
        if let Ok(level) = Level::until(&lows, bar, origin, prior)
            && let Some(price) = price_on(&lows, then)
        {
            ahead.push(Ahead {
                origin,
                expected: level.fall.over(years(origin, then)),
                tenfold: years(origin, then),
                came: (level.dollars() / price).log10(),
            });
        }
    }
    BackTest { bar, months, ahead }
}
