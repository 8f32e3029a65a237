//! The third observation: is value super-exponential in capability?
//!
//! Super-exponential means that the logarithm of value is convex. Capability is the share of tasks
//! solved, since by the first observation that is what is linear in the logarithm of resources; or
//! whatever number the runs bring.

use std::collections::BTreeMap;

use statrs::distribution::{ContinuousCDF, StudentsT};

use super::finding::{Asked, Figure, Finding, Fit, Plot, Series, Verdict};
use super::measured;
use crate::Interval;
use crate::read::runs::Run;

/// The fewest models, and of each the fewest runs whose value is known.
const LEAST_MODELS: usize = 8;
const LEAST_RUNS: usize = 20;
/// A bend is none that lifts the ends above a straight line through the middle by less than this,
/// in natural logarithms: half as much again.
const MARGIN: f64 = 0.405;

const ASKED: Asked = Asked {
    question: "Is the value of linearly more capability super-exponential? Of each model, value is \
               the mean, over its runs, of what solved tasks were worth (in dollars, or the minutes \
               that they take a person), and capability the share that it solved, or the number \
               that its runs bring. Super-exponential: the logarithm of value is convex in it.",
    scored: "Models are left out one at a time; the error is the squared distance from the \
             logarithm of the model's value.",
    rule: "Supported: the 90 % interval of the bend of log value is above zero, and the convex fit \
           tells models that were left out better than the exponential. Not supported: the interval \
           stays below a bend that lifts the ends by half. Otherwise there is not enough data.",
    would_change: "Value that is measured as what somebody paid, and capability by something else \
                   than the same tasks; tasks that only the ablest models solve and that are worth \
                   very much speak for it.",
};

/// A model: its capability and its value.
type Point = (f64, f64);

/// What the runs say of the third observation.
pub(super) fn finding(runs: &[Run]) -> Finding {
    let (points, unit) = points(runs);
    let low = points.first().map_or(0.0, |point| point.0);
    let high = points.last().map_or(0.0, |point| point.0);
    let data = format!("{} models whose solved tasks have a value, in {unit}", points.len());
    if points.len() < LEAST_MODELS || high <= low {
        let why = format!(
            "it takes {LEAST_MODELS} models of different capability, each with {LEAST_RUNS} runs \
             whose value is known and one of them solved"
        );
        return Finding::nothing(&ASKED, data, why);
    }
    let place = |capability: f64| (2.0 * capability - low - high) / (high - low);
    let placed: Vec<Point> = points.iter().map(|point| (place(point.0), point.1.ln())).collect();
    let bend = bend(&placed);
    let fits = fits(&placed);
    let better = fits[1].behind > 0.0;
    let verdict = if bend.low > 0.0 && better {
        Verdict::Supported
    } else if bend.high < MARGIN {
        Verdict::NotSupported
    } else {
        Verdict::NotEnough
    };
    // Of two that say the same, the plainer one.
    let best = fits.iter().rev().min_by(|a, b| a.error.total_cmp(&b.error));
    let best = best.map_or("", |fit| fit.name);
    let why = format!(
        "log value bends by {:.2} (90 %: {:.2} to {:.2}; 0 is exponential, below it is less); of \
         models left out, '{best}' tells most",
        bend.likely, bend.low, bend.high
    );
    Finding {
        asked: &ASKED,
        data,
        figures: vec![Figure { name: "bend of log value".to_owned(), interval: bend }],
        verdict,
        why,
        plot: Some(plot(points, &placed)),
        fits,
    }
}

/// Each model's capability and value, in order, and the unit of value: dollars if any run has
/// them, or else minutes. Models that brought no value have no logarithm, and are left out.
fn points(runs: &[Run]) -> (Vec<Point>, &'static str) {
    let in_dollars = runs.iter().any(|run| measured(run.noted.value).is_some());
    let worth =
        |run: &Run| measured(if in_dollars { run.noted.value } else { run.noted.human_minutes });
    #[derive(Default)]
    struct Sum {
        runs: f64,
        solved: f64,
        value: Vec<f64>,
        told: Vec<f64>,
    }
    let mut models: BTreeMap<&str, Sum> = BTreeMap::new();
    for run in runs {
        let Some(worth) = worth(run) else { continue };
        let sum = models.entry(&run.model).or_default();
        sum.runs += 1.0;
        sum.told.extend(measured(run.noted.capability));
        if run.solved {
            sum.solved += 1.0;
            sum.value.push(worth);
        }
    }
    let told = models.values().all(|sum| !sum.told.is_empty());
    let total = |mut numbers: Vec<f64>| {
        // In one order, so that the order of the runs says nothing.
        numbers.sort_by(f64::total_cmp);
        numbers.iter().sum::<f64>()
    };
    let mut points: Vec<Point> = models
        .into_values()
        .filter(|sum| sum.runs >= LEAST_RUNS as f64)
        .map(|sum| {
            let count = sum.told.len() as f64;
            let able = if told { total(sum.told) / count } else { sum.solved / sum.runs };
            (able, total(sum.value) / sum.runs)
        })
        .filter(|point| point.1 > 0.0 && point.1.is_finite())
        .collect();
    points.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1)));
    (points, if in_dollars { "dollars" } else { "minutes of a person" })
}

/// The least-squares parabola through points: its three numbers, and the standard error of the
/// third. `None` if fewer than three places are different.
fn parabola(points: &[Point]) -> Option<([f64; 3], f64)> {
    // By Gram and Schmidt: what is left of the square after the line is its own regressor.
    let n = points.len() as f64;
    let mean = |of: &dyn Fn(&Point) -> f64| points.iter().map(of).sum::<f64>() / n;
    let (x, y) = (mean(&|p| p.0), mean(&|p| p.1));
    let spread = points.iter().map(|p| (p.0 - x).powi(2)).sum::<f64>();
    let square = mean(&|p| p.0 * p.0);
    let tilt = points.iter().map(|p| (p.0 - x) * p.0 * p.0).sum::<f64>() / spread;
    let left = |p: &Point| p.0 * p.0 - square - tilt * (p.0 - x);
    let rest = points.iter().map(|p| left(p).powi(2)).sum::<f64>();
    if spread.is_nan() || spread <= 0.0 || rest < 1e-9 {
        return None;
    }
    let c = points.iter().map(|p| left(p) * p.1).sum::<f64>() / rest;
    let straight = points.iter().map(|p| (p.0 - x) * p.1).sum::<f64>() / spread;
    let b = straight - c * tilt;
    let a = y - b * x - c * square;
    let off: f64 = points.iter().map(|p| (p.1 - a - b * p.0 - c * p.0 * p.0).powi(2)).sum();
    Some(([a, b, c], (off / (n - 3.0).max(1.0) / rest).sqrt()))
}

/// By how much log value at the ends lies above the straight line through the middle.
fn bend(placed: &[Point]) -> Interval {
    let freedom = (placed.len() as f64 - 3.0).max(1.0);
    let t = StudentsT::new(0.0, 1.0, freedom).map_or(2.0, |t| t.inverse_cdf(0.95));
    match parabola(placed) {
        Some(([_, _, c], error)) => Interval::new(c - t * error, c, c + t * error),
        None => Interval::new(-1e3, 0.0, 1e3),
    }
}

/// How the logarithm of value may go, over capability from −1 to 1.
#[derive(Clone, Copy)]
enum Way {
    /// Convex, on the scale of the logarithm.
    SuperExponential,
    /// Straight.
    Exponential,
    /// The square of a line.
    Convex,
    /// A line, whose logarithm is this.
    Linear,
}

impl Way {
    /// What it says of a place, fitted to points.
    fn told(self, points: &[Point], place: f64) -> f64 {
        match self {
            Self::SuperExponential => match parabola(points) {
                Some(([a, b, c], _)) if c > 0.0 => a + b * place + c * place * place,
                _ => Self::Exponential.told(points, place),
            },
            Self::Exponential => {
                let n = points.len() as f64;
                let x = points.iter().map(|p| p.0).sum::<f64>() / n;
                let y = points.iter().map(|p| p.1).sum::<f64>() / n;
                let spread = points.iter().map(|p| (p.0 - x).powi(2)).sum::<f64>();
                let slope = points.iter().map(|p| (p.0 - x) * p.1).sum::<f64>() / spread.max(1e-12);
                y + slope * (place - x)
            }
            Self::Convex => of_line(points, place, 2.0),
            Self::Linear => of_line(points, place, 1.0),
        }
    }
}

/// The logarithm of a power of a line, `(A·(1 + r·x))^power`, with the slope r that fits best.
fn of_line(points: &[Point], place: f64, power: f64) -> f64 {
    let height = |x: f64, slope: f64| power * (1.0 + slope * x).max(1e-3).ln();
    let fit = |slope: f64| {
        let n = points.len() as f64;
        let level = points.iter().map(|p| p.1 - height(p.0, slope)).sum::<f64>() / n;
        let off = points.iter().map(|p| (p.1 - level - height(p.0, slope)).powi(2)).sum::<f64>();
        (off, level, slope)
    };
    let slopes = (-99..=99).map(|hundredth| fit(f64::from(hundredth) / 100.0));
    let best = slopes.min_by(|a, b| a.0.total_cmp(&b.0));
    best.map_or(0.0, |(_, level, slope)| level + height(place, slope))
}

fn fits(placed: &[Point]) -> Vec<Fit> {
    let ways = [
        (Way::SuperExponential, "super-exponential", "log v = a + b·x + c·x², c > 0"),
        (Way::Exponential, "exponential", "log v = a + b·x"),
        (Way::Convex, "convex", "v = (a + b·x)²"),
        (Way::Linear, "linear", "v = a + b·x"),
    ];
    let errors = ways.map(|(way, _, _)| {
        let error = |left_out: usize| {
            let mut rest = placed.to_vec();
            let (place, value) = rest.remove(left_out);
            (way.told(&rest, place) - value).powi(2)
        };
        (0..placed.len()).map(error).collect::<Vec<f64>>()
    });
    let n = placed.len() as f64;
    let mean = |numbers: &[f64]| numbers.iter().sum::<f64>() / n;
    let claim = &errors[0];
    let told = ways.iter().zip(&errors);
    told.map(|((_, name, formula), errors)| {
        let differences: Vec<f64> = errors.iter().zip(claim).map(|(a, b)| a - b).collect();
        let behind = mean(&differences);
        let off: f64 = differences.iter().map(|one| (one - behind).powi(2)).sum();
        let standard_error = (off / (n - 1.0) / n).sqrt();
        Fit { name, formula, error: mean(errors), behind, standard_error }
    })
    .collect()
}

/// The models, and the exponential through them.
fn plot(points: Vec<Point>, placed: &[Point]) -> Plot {
    let line = |(point, placed_one): (&Point, &Point)| {
        (point.0, Way::Exponential.told(placed, placed_one.0).exp())
    };
    let fitted = points.iter().zip(placed).map(line).collect();
    Plot {
        x: "capability",
        y: "value of a run",
        log_x: false,
        log_y: true,
        series: vec![
            Series { name: "models".to_owned(), fitted: false, points },
            Series { name: "exponential".to_owned(), fitted: true, points: fitted },
        ],
    }
}
