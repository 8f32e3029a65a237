//! The other half of the first observation: success over the logarithm of what training took, where
//! that was published.

use std::collections::BTreeMap;

use super::finding::{Asked, Finding, Plot, Series};
use super::measured;
use super::shape::{Cell, Shape, tried};
use super::spend::{compared, judge, per_tenfold};
use crate::read::runs::Run;

/// The fewest models whose training is known.
const LEAST_MODELS: usize = 8;
/// The fewest runs that say how able a model is.
const LEAST_RUNS: usize = 20;
/// How far apart the least and the most training must lie.
const LEAST_SPREAD: f64 = 10.0;

const ASKED: Asked = Asked {
    question: "Is the share of tasks that a model solves a straight line over the logarithm of the \
               floating-point operations of its training?",
    scored: "Models are left out one at a time; the error is the squared distance from the share \
             that the model solved.",
    rule: "As with what it cost to run.",
    would_change: "The training of more models than are here, of one family, at sizes a hundred \
                   times apart: models of different makers differ in more than that.",
};

/// What the runs say of it; where nobody wrote down what training took, that only the inference
/// half was looked at.
pub(super) fn finding(runs: &[Run]) -> Finding {
    let mut models: BTreeMap<&str, (f64, f64, f64)> = BTreeMap::new();
    for run in runs {
        let flop = measured(run.noted.training_flop).filter(|flop| *flop > 0.0);
        if let Some(flop) = flop {
            let sum = models.entry(&run.model).or_insert((0.0, 0.0, 0.0));
            let logs = (sum.0 + flop.ln(), sum.1 + 1.0);
            *sum = (logs.0, logs.1, sum.2 + f64::from(u8::from(run.solved)));
        }
    }
    let mut points: Vec<(f64, f64)> = models
        .values()
        .filter(|sum| sum.1 >= LEAST_RUNS as f64)
        .map(|sum| ((sum.0 / sum.1).exp(), sum.2 / sum.1))
        .collect();
    points.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1)));
    let spread = points.first().zip(points.last()).map_or(1.0, |(low, high)| high.0 / low.0);
    let data = format!("{} models whose training is known", points.len());
    if points.len() < LEAST_MODELS || spread < LEAST_SPREAD {
        let why = format!(
            "inference half only: it takes {LEAST_MODELS} models of known training, \
             {LEAST_SPREAD} times apart, with {LEAST_RUNS} runs each"
        );
        return Finding::nothing(&ASKED, data, why);
    }
    let cells: Vec<Cell> = points
        .iter()
        .enumerate()
        .map(|(place, &(flop, share))| Cell::one(0, place, flop, share))
        .collect();
    let fits = Shape::ALL.map(|shape| tried(shape, &cells));
    let (verdict, why) = judge(&fits, &cells);
    let line = points.iter().map(|&(flop, _)| (flop, fits[0].curves[0].at(flop))).collect();
    let observed = Series { name: "models".to_owned(), fitted: false, points };
    let line = Series { name: "logarithm".to_owned(), fitted: true, points: line };
    Finding {
        asked: &ASKED,
        data,
        figures: vec![per_tenfold(&fits[0], &cells)],
        fits: compared(&fits),
        verdict,
        why,
        plot: Some(Plot {
            x: "floating-point operations of training",
            y: "share of tasks solved",
            log_x: true,
            log_y: false,
            series: vec![observed, line],
        }),
    }
}
