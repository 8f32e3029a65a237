//! The price of a level: what it cost, and is likely to cost, to reach a bar of quality.
//!
//! An [`Offer`] is a dated result: from that day on, such a quality could be had at such a price.
//! Of a bar, the [record lows](record_lows) are the steps by which the cheapest offer that reaches
//! it has fallen; a [`Level`] says how fast they fall and what comes next. What an offer's price is
//! for is the caller's: a whole benchmark, a task of a ledger, or a million tokens. A model that is
//! withdrawn, or dearer later, doesn't undo a record.

mod backtest;
mod fall;
mod list;
mod wait;

pub use backtest::{Ahead, BackTest, back_test};
pub use fall::{Fall, Prior, Watched};
pub use list::{ListPrice, after_the_run, at_list_price};
pub use wait::{Wait, Waiting};

use std::collections::HashMap;

use jiff::civil::Date;

use crate::read::{benchmark::Entry, runs::Run};
use crate::{Interval, Refusal};

/// The days after a bar is first reached whose records say nothing of a fall. When a benchmark is
/// begun, or a bar is reached for the first time, what can already be had is measured within some
/// weeks, in any order; a dear model measured two days before a cheap one is no price that fell.
pub const SETTLING_DAYS: i64 = 30;

/// A year, in days.
const YEAR_DAYS: f64 = 365.25;

/// From a day on, a quality could be had at a price.
#[derive(Debug, Clone, PartialEq)]
pub struct Offer {
    /// The day.
    pub date: Date,
    /// The model.
    pub model: String,
    /// What was reached, from 0 to 1.
    pub quality: f64,
    /// The price, in dollars for whatever all offers of one question are the price of.
    pub dollars: f64,
}

/// A step down of the price of a level.
#[derive(Debug, Clone, PartialEq)]
pub struct Low {
    /// The day from which it could be had.
    pub date: Date,
    /// The price; lower than that of every earlier one.
    pub dollars: f64,
    /// The model.
    pub model: String,
}

/// The record lows of the price at which a quality of at least `bar` could be had, in order of
/// their days. Offers whose price isn't above zero, or whose numbers aren't finite, are no offers.
pub fn record_lows(offers: &[Offer], bar: f64) -> Vec<Low> {
    let sound = |offer: &&Offer| offer.dollars.is_finite() && offer.dollars > 0.0;
    let mut reach: Vec<&Offer> =
        offers.iter().filter(sound).filter(|offer| offer.quality >= bar).collect();
    reach.sort_by(|a, b| {
        let by_price = a.dollars.total_cmp(&b.dollars);
        a.date.cmp(&b.date).then(by_price).then_with(|| a.model.cmp(&b.model))
    });
    let mut lows: Vec<Low> = Vec::new();
    for offer in reach {
        if lows.last().is_none_or(|low| offer.dollars < low.dollars) {
            let (date, dollars, model) = (offer.date, offer.dollars, offer.model.clone());
            // Of one day, the lowest is the first in this order.
            lows.push(Low { date, dollars, model });
        }
    }
    lows
}

/// What the level cost on a day; `None` before it could be had.
pub fn price_on(lows: &[Low], date: Date) -> Option<f64> {
    let until = lows.partition_point(|low| low.date <= date);
    lows[..until].last().map(|low| low.dollars)
}

/// The runs of a whole benchmark whose cost is known, as offers of the benchmark.
pub fn of_benchmark(entries: &[Entry]) -> Vec<Offer> {
    let offer = |entry: &Entry| {
        let (date, quality, model) = (entry.date, entry.quality, entry.model.clone());
        entry.dollars.map(|dollars| Offer { date, model, quality, dollars })
    };
    entries.iter().filter_map(offer).collect()
}

/// Runs of single tasks, as offers of a task: of each model and calendar month the mean cost of
/// its runs, from the first of their days on, at the share that the model has solved of all its
/// runs. Models with fewer than `least` runs whose cost is known are left out, and so are their
/// months with fewer than a quarter of that, since a mean of few says little. Where a model's runs
/// go on for months, its share is known here from the first on, as it was not then.
pub fn of_runs(runs: &[Run], least: usize) -> Vec<Offer> {
    #[derive(Default)]
    struct Sum {
        runs: usize,
        solved: usize,
        months: HashMap<(i16, i8), (Date, usize, f64)>,
    }
    let mut models: HashMap<&str, Sum> = HashMap::new();
    for run in runs {
        let Some(dollars) = run.dollars.filter(|d| d.is_finite() && *d > 0.0) else { continue };
        let sum = models.entry(&run.model).or_default();
        sum.runs += 1;
        sum.solved += usize::from(run.solved);
        let month = (run.date.year(), run.date.month());
        let month = sum.months.entry(month).or_insert((run.date, 0, 0.0));
        *month = (month.0.min(run.date), month.1 + 1, month.2 + dollars);
    }
    let enough = models.into_iter().filter(|(_, sum)| sum.runs >= least.max(1));
    let mut offers: Vec<Offer> = enough
        .flat_map(|(model, sum)| {
            let quality = sum.solved as f64 / sum.runs as f64;
            let months = sum.months.into_values().filter(move |month| month.1 * 4 >= least);
            months.map(move |(date, runs, dollars)| Offer {
                date,
                model: model.to_owned(),
                quality,
                dollars: dollars / runs as f64,
            })
        })
        .collect();
    offers.sort_by(|a, b| a.date.cmp(&b.date).then_with(|| a.model.cmp(&b.model)));
    offers
}

/// The price of one level as it is seen on one day.
#[derive(Debug, Clone, PartialEq)]
pub struct Level {
    /// The quality that is asked for, from 0 to 1.
    pub bar: f64,
    /// Its record lows until that day.
    pub lows: Vec<Low>,
    /// How it falls.
    pub fall: Fall,
}

impl Level {
    /// What was known of a level on a day: later offers are not looked at.
    ///
    /// # Errors
    ///
    /// Refuses a bar that can't be reached, and one that nothing with a known price had reached.
    pub fn seen(offers: &[Offer], bar: f64, on: Date, prior: Prior) -> Result<Self, Refusal> {
        if !(0.0..=1.0).contains(&bar) {
            return Err(Refusal::Nonsense { what: "the bar of quality", number: bar });
        }
        Self::until(&record_lows(offers, bar), bar, on, prior)
    }

    /// The same, of record lows: those until a day are the first of all.
    fn until(lows: &[Low], bar: f64, on: Date, prior: Prior) -> Result<Self, Refusal> {
        let lows = &lows[..lows.partition_point(|low| low.date <= on)];
        if lows.is_empty() {
            let of = "models with a known price that reach this level";
            return Err(Refusal::TooFew { of, have: 0, need: 1 });
        }
        let fall = prior.having_watched(&watched(lows, on));
        Ok(Self { bar, lows: lows.to_vec(), fall })
    }

    /// What it costs now: the lowest price there was, in dollars.
    pub fn dollars(&self) -> f64 {
        self.lows.last().map_or(f64::NAN, |low| low.dollars)
    }

    /// What it will cost in so many months, in dollars, with the middle of what is likely between.
    pub fn dollars_in(&self, months: f64) -> Interval {
        let decades = self.fall.over(months / 12.0);
        let after = |decades: f64| self.dollars() * 10_f64.powf(-decades);
        Interval::new(after(decades.high), after(decades.likely), after(decades.low))
    }
}

/// How the price was seen to fall until a day, since it had settled.
pub fn watched(lows: &[Low], on: Date) -> Watched {
    let Some(first) = lows.first() else {
        return Watched { decades: 0.0, years: 0.0, quarters: Vec::new() };
    };
    let settled = later(first.date, SETTLING_DAYS);
    let years = years(settled, on).max(0.0);
    let whole = (years * 4.0).round();
    let length = years * YEAR_DAYS / whole.max(1.0);
    let price = |place: f64| price_on(lows, later(settled, (place * length).round() as i64));
    let fallen = |from: f64, to: f64| Some((price(from)? / price(to)?).log10());
    let quarters = (0..whole as u32).map(f64::from);
    Watched {
        decades: fallen(0.0, whole.max(1.0)).unwrap_or(0.0),
        years,
        quarters: quarters.filter_map(|place| fallen(place, place + 1.0)).collect(),
    }
}

/// The years from one day to another.
pub(crate) fn years(from: Date, to: Date) -> f64 {
    f64::from((to - from).get_days()) / YEAR_DAYS
}

/// The day so many days later, or the last one that there is.
pub(crate) fn later(date: Date, days: i64) -> Date {
    date.saturating_add(jiff::Span::new().days(days.clamp(0, 1_000_000)))
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use proptest::prelude::*;

    use super::*;
    use crate::read::runs::Noted;

    fn offer(days: i64, quality: f64, dollars: f64) -> Offer {
        let model = format!("model of day {days} at {dollars}");
        Offer { date: later(date(2025, 1, 1), days), model, quality, dollars }
    }

    #[test]
    fn a_record_is_lower_than_all_before() {
        let offers = [
            offer(9, 0.6, 8.0),
            offer(0, 0.6, 10.0),
            offer(20, 0.5, 1.0),
            offer(30, 0.7, 9.0),
            offer(40, 0.8, 2.0),
            offer(40, 0.8, 3.0),
            offer(50, 0.9, 0.0),
            offer(60, 0.9, f64::NAN),
        ];
        let lows = record_lows(&offers, 0.6);
        assert_eq!(lows.iter().map(|low| low.dollars).collect::<Vec<_>>(), [10.0, 8.0, 2.0]);
        assert_eq!(price_on(&lows, date(2025, 1, 39 - 31 + 20)), Some(8.0));
        assert_eq!(price_on(&lows, date(2024, 12, 31)), None);
    }

    #[test]
    fn what_settles_at_first_is_no_fall() {
        let offers = [offer(0, 0.6, 100.0), offer(9, 0.6, 1.0), offer(395, 0.6, 0.1)];
        let level = Level::seen(&offers, 0.5, date(2026, 1, 31), Prior::TENFOLD).unwrap();
        let watched = watched(&level.lows, date(2026, 1, 31));
        assert!((watched.decades - 1.0).abs() < 1e-9 && (watched.years - 1.0).abs() < 0.01);
        assert_eq!(
            watched.quarters.iter().map(|fall| fall.round()).collect::<Vec<_>>(),
            [0.0, 0.0, 0.0, 1.0]
        );
    }

    #[test]
    fn a_day_knows_nothing_of_later_ones() {
        let offers = [offer(0, 0.6, 10.0), offer(100, 0.6, 0.1)];
        let level = Level::seen(&offers, 0.5, date(2025, 3, 1), Prior::TENFOLD).unwrap();
        assert_eq!(level.dollars(), 10.0);
        let seen = |bar, on| Level::seen(&offers, bar, on, Prior::TENFOLD);
        assert!(matches!(seen(0.5, date(2024, 1, 1)), Err(Refusal::TooFew { .. })));
        assert!(matches!(seen(0.7, date(2026, 1, 1)), Err(Refusal::TooFew { .. })));
        assert!(matches!(seen(f64::NAN, date(2026, 1, 1)), Err(Refusal::Nonsense { .. })));
    }

    #[test]
    fn runs_are_offers_of_a_task() {
        let run = |model: &str, month: i8, solved: bool, dollars: Option<f64>| Run {
            date: date(2025, month, 2),
            model: model.into(),
            task: "t".into(),
            solved,
            dollars,
            steps: None,
            noted: Noted::default(),
        };
        let runs = [
            run("a", 1, true, Some(2.0)),
            run("a", 1, false, Some(4.0)),
            run("a", 2, true, Some(1.0)),
            run("a", 2, true, Some(1.0)),
            run("a", 2, true, None),
            run("b", 1, true, Some(1.0)),
        ];
        let offers = of_runs(&runs, 4);
        assert_eq!(offers.iter().map(|offer| offer.dollars).collect::<Vec<_>>(), [3.0, 1.0]);
        assert!(offers.iter().all(|offer| offer.quality == 0.75 && offer.model == "a"));
    }

    #[test]
    fn a_back_test_counts_what_came() {
        // Tenfold a year in steps of three months.
        let offers: Vec<Offer> = (0..12)
            .map(|step| offer(i64::from(step) * 91, 0.6, 10_f64.powf(-f64::from(step) / 4.0)))
            .collect();
        let end = later(date(2025, 1, 1), 11 * 91);
        let test = back_test(&offers, 0.5, 12, end, Prior::TENFOLD);
        assert!(test.ahead.len() > 15, "{}", test.ahead.len());
        assert!(test.error_of_tenfold().unwrap() < 0.05);
        assert!((test.error_of_no_change().unwrap() - 1.0).abs() < 0.1);
        assert!(test.error().unwrap() < test.error_of_no_change().unwrap());
        assert_eq!(test.covered(), Some(1.0));
        assert_eq!(back_test(&offers, 0.9, 12, end, Prior::TENFOLD).error(), None);
    }

    fn offers() -> impl Strategy<Value = Vec<Offer>> {
        let one = (0..900_i64, 0.0..1.0_f64, -1.0..100.0_f64);
        proptest::collection::vec(one, 0..40)
            .prop_map(|all| all.into_iter().map(|(d, q, p)| offer(d, q, p)).collect())
    }

    proptest! {
        #[test]
        fn a_lower_bar_is_never_dearer_and_order_says_nothing(
            offers in offers(), bar in 0.0..0.9_f64, day in 0..1000_i64,
        ) {
            let on = later(date(2025, 1, 1), day);
            let low = price_on(&record_lows(&offers, bar), on);
            let high = price_on(&record_lows(&offers, bar + 0.1), on);
            prop_assert!(high.is_none() || low.unwrap() <= high.unwrap());
            let turned: Vec<Offer> = offers.iter().rev().cloned().collect();
            prop_assert_eq!(record_lows(&turned, bar), record_lows(&offers, bar));
            if let Ok(level) = Level::seen(&offers, bar, on, Prior::TENFOLD) {
                let (near, far) = (level.dollars_in(3.0), level.dollars_in(12.0));
                prop_assert!(far.likely <= near.likely && near.high <= level.dollars());
                prop_assert!(far.low >= 0.0 && far.low <= near.low);
            }
        }
    }
}
