//! The second observation's other half: does use grow as the price of our level falls?
//!
//! Use and prices both have a trend, and any two trends go together. So months are compared with
//! the months before them: does use grow more than usual when the price has just fallen?

use std::collections::BTreeMap;

use jiff::civil::Date;
use statrs::distribution::{ContinuousCDF, StudentsT};

use super::finding::{Asked, Figure, Finding, Fit, Plot, Series, Verdict};
use crate::Interval;
use crate::level::{Offer, price_on, record_lows};
use crate::read::runs::Run;

/// The fewest changes from month to month, and of those in which the price fell.
const LEAST_MONTHS: usize = 9;
const LEAST_FALLS: usize = 3;
/// The elasticity from which on downwards use grows much as prices fall.
const MUCH: f64 = -0.5;

const ASKED: Asked = Asked {
    question: "Does use grow as the price of our level falls? Use is the number of runs in a \
               calendar month; the elasticity is by how many percent it changes, beyond what is \
               usual from month to month, when the price changes by one.",
    scored: "Changes from month to month are left out one at a time; the error is the squared \
             distance from the logarithm of the change in use.",
    rule: "Much more use is an elasticity of −0.5 or below, with which tenfold cheaper is used \
           three times as much. Supported: it is that, its 90 % interval is below zero, and the \
           price helps to tell changes that were left out. Not supported: the interval is above \
           −0.5. Otherwise, or where the price didn't fall in three of nine months, there is not \
           enough data.",
    would_change: "More months in which the price fell at once while nothing else changed: use \
                   grows for many reasons, and a new model is better as well as cheaper.",
};

/// What the runs say of it. Files in which all runs of each model bear one date, as leaderboards
/// have it, say when a model came out and not when it was used.
pub(super) fn finding(runs: &[Run], offers: &[Offer], bar: Option<f64>) -> Finding {
    let Some(bar) = bar.or_else(|| super::price::own_bar(offers)) else {
        let why = "no level has a price".to_owned();
        return Finding::nothing(&ASKED, "no offers".to_owned(), why);
    };
    if !dated_by_run(runs) {
        let data = format!("{} runs, all of each model with one date", runs.len());
        let why = "the dates are those of models, which say nothing of when they were used";
        return Finding::nothing(&ASKED, data, why.to_owned());
    }
    let changes = changes(runs, offers, bar);
    let falls = changes.iter().filter(|change| change.0 < -0.01).count();
    let data = format!(
        "{} changes from one month to the next, in {falls} of which the price fell",
        changes.len()
    );
    if changes.len() < LEAST_MONTHS || falls < LEAST_FALLS {
        let why = format!("it takes {LEAST_MONTHS} changes, with a fall in {LEAST_FALLS}");
        return Finding::nothing(&ASKED, data, why);
    }
    let (slope, standard_error) = line(&changes);
    let freedom = changes.len() as f64 - 2.0;
    let t = StudentsT::new(0.0, 1.0, freedom).map_or(2.0, |t| t.inverse_cdf(0.95));
    let half = t * standard_error;
    let elasticity = Interval::new(slope - half, slope, slope + half);
    let fits = fits(&changes);
    let helps = fits[1].behind > 0.0;
    let verdict = if slope <= MUCH && elasticity.high < 0.0 && helps {
        Verdict::Supported
    } else if elasticity.low > MUCH {
        Verdict::NotSupported
    } else {
        Verdict::NotEnough
    };
    let mean_x = mean(changes.iter().map(|change| change.0));
    let mean_y = mean(changes.iter().map(|change| change.1));
    let mut points = changes.clone();
    points.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1)));
    let fitted = points.iter().map(|(x, _)| (*x, mean_y + slope * (x - mean_x))).collect();
    Finding {
        asked: &ASKED,
        data,
        fits,
        figures: vec![Figure { name: "elasticity of use".to_owned(), interval: elasticity }],
        verdict,
        why: format!(
            "the elasticity is {slope:.2} (90 %: {:.2} to {:.2}), and the price {} to tell changes \
             that were left out",
            elasticity.low,
            elasticity.high,
            if helps { "helps" } else { "doesn't help" }
        ),
        plot: Some(Plot {
            x: "change of the price, as a natural logarithm",
            y: "change of use, as a natural logarithm",
            log_x: false,
            log_y: false,
            series: vec![
                Series { name: "months".to_owned(), fitted: false, points },
                Series { name: "elasticity".to_owned(), fitted: true, points: fitted },
            ],
        }),
    }
}

/// Whether a model's runs bear more than one date.
fn dated_by_run(runs: &[Run]) -> bool {
    let mut dates: BTreeMap<&str, Date> = BTreeMap::new();
    runs.iter().any(|run| *dates.entry(&run.model).or_insert(run.date) != run.date)
}

/// The logarithmic changes of price and use, from each month to the next that follows at once. The
/// first and last month may not be whole, and are left out.
fn changes(runs: &[Run], offers: &[Offer], bar: f64) -> Vec<(f64, f64)> {
    let mut months: BTreeMap<Date, f64> = BTreeMap::new();
    for run in runs {
        *months.entry(run.date.first_of_month()).or_default() += 1.0;
    }
    let lows = record_lows(offers, bar);
    let months: Vec<(Date, f64)> = months.into_iter().collect();
    let whole = months.get(1..months.len().saturating_sub(1)).unwrap_or_default();
    whole
        .windows(2)
        .filter(|pair| pair[0].0.last_of_month().tomorrow().is_ok_and(|day| day == pair[1].0))
        .filter_map(|pair| {
            let price = |month: Date| price_on(&lows, month.last_of_month());
            let change = price(pair[1].0)? / price(pair[0].0)?;
            Some((change.ln(), (pair[1].1 / pair[0].1).ln()))
        })
        .collect()
}

/// The slope and its standard error, robust to changes that scatter unevenly (HC3: MacKinnon and
/// White, "Some heteroskedasticity-consistent covariance matrix estimators", 1985).
fn line(points: &[(f64, f64)]) -> (f64, f64) {
    let (mean_x, mean_y) = (mean(points.iter().map(|p| p.0)), mean(points.iter().map(|p| p.1)));
    let spread: f64 = points.iter().map(|p| (p.0 - mean_x).powi(2)).sum();
    let slope = points.iter().map(|p| (p.0 - mean_x) * (p.1 - mean_y)).sum::<f64>() / spread;
    let n = points.len() as f64;
    let scatter = points.iter().map(|p| {
        let leverage = 1.0 / n + (p.0 - mean_x).powi(2) / spread;
        let residual = p.1 - mean_y - slope * (p.0 - mean_x);
        ((p.0 - mean_x) * residual / (1.0 - leverage).max(1e-6)).powi(2)
    });
    (slope, scatter.sum::<f64>().sqrt() / spread)
}

/// The claim and its rival, "as usual", by what they say of a change that they weren't shown.
fn fits(changes: &[(f64, f64)]) -> Vec<Fit> {
    let mut errors = (Vec::new(), Vec::new());
    for left_out in 0..changes.len() {
        let mut rest = changes.to_vec();
        let (x, y) = rest.remove(left_out);
        let (mean_x, mean_y) = (mean(rest.iter().map(|p| p.0)), mean(rest.iter().map(|p| p.1)));
        let slope = line(&rest).0;
        let slope = if slope.is_finite() { slope } else { 0.0 };
        errors.0.push((y - mean_y - slope * (x - mean_x)).powi(2));
        errors.1.push((y - mean_y).powi(2));
    }
    let n = changes.len() as f64;
    let differences: Vec<f64> = errors.1.iter().zip(&errors.0).map(|(b, a)| b - a).collect();
    let behind = mean(differences.iter().copied());
    let off: f64 = differences.iter().map(|one| (one - behind).powi(2)).sum();
    let fit = |name, formula, errors: &[f64], behind, standard_error| Fit {
        name,
        formula,
        error: mean(errors.iter().copied()),
        behind,
        standard_error,
    };
    vec![
        fit("by the price", "Δlog use = g + e·Δlog price", &errors.0, 0.0, 0.0),
        fit("as usual", "Δlog use = g", &errors.1, behind, (off / (n - 1.0) / n).sqrt()),
    ]
}

fn mean(numbers: impl Iterator<Item = f64>) -> f64 {
    crate::score::mean(numbers).unwrap_or(0.0)
}
