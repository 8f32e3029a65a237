//! The second observation: does the price of our level fall about tenfold a year?
//!
//! The pace is measured without the prior that forecasts begin with, since a prior of tenfold
//! would support itself. How rough the fall is is taken from its quarters, so that the interval is
//! as wide as its steps are uneven.

use jiff::civil::Date;

use super::finding::{Asked, Figure, Finding, Fit, Plot, Series, Verdict};
use crate::Interval;
use crate::level::{Level, Low, Offer, Prior, SETTLING_DAYS, later, watched, years};

/// About tenfold: between five and twenty times a year.
const ABOUT_TENFOLD: [f64; 2] = [5.0, 20.0];
/// Watched for less than this, in years, after it had settled, a price shows no pace.
const LEAST_YEARS: f64 = 0.75;
/// The fewest offers at the level, of models or of their months.
const LEAST_OFFERS: usize = 8;
/// The chance of being about tenfold from which on it is supported, and up to which it isn't.
const SUPPORTED: f64 = 0.6;
const NOT_SUPPORTED: f64 = 0.1;
/// Next to no prior: a week of tenfold, and of a quarter that it falls rather steadily.
const NEARLY_NONE: Prior =
    Prior { decades_per_year: 1.0, years: 0.02, steps_per_year: 6.0, quarters: 1.0 };

const ASKED: Asked = Asked {
    question: "Has the price of our level fallen about tenfold a year? The price is the lowest so \
               far, of a task on the mean or of a whole benchmark, with a model that solves as \
               large a share as the middle one did in the first third of the time, less five \
               points; a fall of five to twenty times a year is about tenfold.",
    scored: "Quarters of a year are left out one at a time; the error is the squared distance from \
             how many powers of ten the price fell in the quarter.",
    rule: "Supported: with at least 60 % the pace lies between five and twenty times a year. Not \
           supported: with at most 10 %. Otherwise, or watched for less than nine months, there is \
           not enough data. The pace is that of a gamma process with next to no prior.",
    would_change: "Another year of prices at the same level; models that reach it and cost a tenth \
                   of today's price or, against it, a year in which nothing cheaper reaches it.",
};

/// What the offers say of the second observation, at a bar that is given or the offers' own.
pub(super) fn finding(offers: &[Offer], bar: Option<f64>) -> Finding {
    let (Some(bar), Some(end)) =
        (bar.or_else(|| own_bar(offers)), offers.iter().map(|offer| offer.date).max())
    else {
        let why = "no model has enough runs of known cost".to_owned();
        return Finding::nothing(&ASKED, "no offers".to_owned(), why);
    };
    let at_level = offers.iter().filter(|offer| offer.quality >= bar).count();
    let level = Level::seen(offers, bar, end, Prior::TENFOLD);
    let lows = level.map(|level| level.lows).unwrap_or_default();
    let watched = watched(&lows, end);
    let data = format!(
        "{at_level} of {} dated costs of models, at a level of {:.0} % solved, which was watched \
         for {:.1} years after it had settled; {} record lows",
        offers.len(),
        bar * 100.0,
        watched.years,
        lows.len()
    );
    if at_level < LEAST_OFFERS || watched.years < LEAST_YEARS {
        let why = format!(
            "it takes {LEAST_OFFERS} costs at the level, and {LEAST_YEARS} years after its first \
             {SETTLING_DAYS} days"
        );
        return Finding::nothing(&ASKED, data, why);
    }
    let fall = NEARLY_NONE.having_watched(&watched);
    let [low, high] = ABOUT_TENFOLD.map(f64::log10);
    let chance = fall.chance_of_at_most(high) - fall.chance_of_at_most(low);
    let verdict = match chance {
        chance if chance >= SUPPORTED => Verdict::Supported,
        chance if chance <= NOT_SUPPORTED => Verdict::NotSupported,
        _ => Verdict::NotEnough,
    };
    let times = fall.times_per_year();
    Finding {
        asked: &ASKED,
        data,
        fits: fits(&watched.quarters, watched.years),
        figures: vec![Figure { name: "times cheaper a year".to_owned(), interval: times }],
        verdict,
        why: format!(
            "it fell {:.1} times a year (90 %: {:.1} to {:.1}), which is about tenfold with a \
             chance of {:.0} %",
            times.likely,
            times.low,
            times.high,
            chance * 100.0
        ),
        plot: Some(plot(&lows, end, times)),
    }
}

/// The level that our work is done at: what the middle model solved, of those in the first third
/// of the time, less five points, since shares of few runs scatter by so much. Models as good as
/// that go on to be offered, while the best of the first may not be reached again for long.
pub(super) fn own_bar(offers: &[Offer]) -> Option<f64> {
    let first = offers.iter().map(|offer| offer.date).min()?;
    let last = offers.iter().map(|offer| offer.date).max()?;
    let third = later(first, (years(first, last) * 365.25 / 3.0) as i64);
    let early = offers.iter().filter(|offer| offer.date <= third);
    let mut early: Vec<f64> = early.map(|offer| offer.quality).collect();
    early.sort_by(f64::total_cmp);
    let middle = early.get(early.len().saturating_sub(1) / 2)?;
    Some((middle - 0.05).max(0.0))
}

/// The claim, and its rivals: what each says of a quarter that it wasn't shown.
fn fits(quarters: &[f64], years: f64) -> Vec<Fit> {
    let n = quarters.len() as f64;
    let sum: f64 = quarters.iter().sum();
    let tenfold = years / n.max(1.0);
    let errors = |said: &dyn Fn(f64) -> f64| -> Vec<f64> {
        quarters.iter().map(|fall| (said(*fall) - fall).powi(2)).collect()
    };
    let claim = errors(&|_| tenfold);
    let own = errors(&|fall| if n > 1.0 { (sum - fall) / (n - 1.0) } else { 0.0 });
    let still = errors(&|_| 0.0);
    let told = [
        ("tenfold a year", "p · 10^(−t)", &claim),
        ("its own pace", "p · c^(−t)", &own),
        ("no change", "p", &still),
    ];
    told.into_iter()
        .map(|(name, formula, errors)| {
            let differences: Vec<f64> =
                errors.iter().zip(&claim).map(|(mine, claim)| mine - claim).collect();
            let behind = differences.iter().sum::<f64>() / n.max(1.0);
            let off: f64 = differences.iter().map(|one| (one - behind).powi(2)).sum();
            let standard_error = (off / (n - 1.0).max(1.0) / n.max(1.0)).sqrt();
            let error = errors.iter().sum::<f64>() / n.max(1.0);
            Fit { name, formula, error, behind, standard_error }
        })
        .collect()
}

/// The record lows as steps, and the pace through the last of them.
fn plot(lows: &[Low], end: Date, times: Interval) -> Plot {
    let first = lows.first().map_or(end, |low| low.date);
    let mut steps = Vec::new();
    for low in lows {
        let at = years(first, low.date);
        if let Some(&(_, before)) = steps.last() {
            steps.push((at, before));
        }
        steps.push((at, low.dollars));
    }
    let (length, last) = (years(first, end), lows.last().map_or(1.0, |low| low.dollars));
    steps.push((length, last));
    let line = vec![(0.0, last * times.likely.powf(length)), (length, last)];
    Plot {
        x: "years since the level was first reached",
        y: "dollars",
        log_x: false,
        log_y: true,
        series: vec![
            Series { name: "record lows".to_owned(), fitted: false, points: steps },
            Series { name: "its own pace".to_owned(), fitted: true, points: line },
        ],
    }
}
