//! Samples of problems: of each problem a hundred are shown, drawn at random of all, and the
//! share that is solved by a thousand is told. Nothing is fitted on other models.

use std::collections::BTreeMap;
use std::fmt::Write;

use serde_json::json;
use tenfold_domain::{Draws, Seed};
use tenfold_forecast::read::samples;
use tenfold_forecast::sampling::{Sampling, Tally, solved_by};
use tenfold_forecast::score::mean;

use crate::Failure;
use crate::args::Args;
use crate::report::Report;

/// How many samples of each problem are shown.
const SHOWN: u64 = 100;
/// How many are foretold.
const FORETOLD: u64 = 1_000;
/// How often others are shown.
const TIMES: u64 = 20;

/// What is told beside each other.
const ESTIMATORS: [&str; 5] = ["told", "power law", "beta-binomial", "logit-normal", "flat"];

/// Measures the forecasts of all samples that are found.
pub(crate) fn measure(args: &Args) -> Result<Option<Report>, Failure> {
    let mut groups: BTreeMap<String, Vec<Tally>> = BTreeMap::new();
    for text in args.texts("samples", ".csv")? {
        for one in samples::read(&text)? {
            let name = format!("{} {}", one.model, one.bench);
            groups.entry(name.trim_end().to_owned()).or_default().push(one.tally);
        }
    }
    if args.data.is_none() {
        groups = made(Seed(args.seed));
    }
    groups.values_mut().for_each(|all| all.retain(|tally| tally.drawn >= FORETOLD));
    groups.retain(|_, tallies| !tallies.is_empty());
    if groups.is_empty() {
        return Ok(None);
    }
    let mut measured = Vec::new();
    for (place, (name, tallies)) in groups.iter().enumerate() {
        measured.push(of_group(name, tallies, Seed(args.seed).child(place as u64))?);
    }
    Ok(Some(report(&measured)))
}

/// What came of one model at one benchmark.
struct Group {
    name: String,
    problems: usize,
    came: f64,
    /// The mean absolute error of each estimator.
    errors: [f64; ESTIMATORS.len()],
    /// By how much more than came was told, on average.
    bias: f64,
    covered: f64,
    wide: f64,
    /// The mean error of the back-test that a user sees.
    back_test: f64,
}

fn of_group(name: &str, tallies: &[Tally], seed: Seed) -> Result<Group, Failure> {
    let came = share(tallies, FORETOLD);
    let mut errors = [0.0; ESTIMATORS.len()];
    let (mut bias, mut covered, mut wide, mut back) = (0.0, 0.0, 0.0, 0.0);
    let once = 1.0 / TIMES as f64;
    for time in 0..TIMES {
        let mut draws = seed.child(time).draws();
        let shown: Vec<Tally> = tallies.iter().map(|tally| drawn(*tally, &mut draws)).collect();
        let sampling = Sampling::of(&shown)?;
        let told = sampling.share(FORETOLD)?;
        let each = sampling.estimates(FORETOLD)?;
        let law = each.power_law.unwrap_or(each.flat);
        let said = [told.likely, law, each.beta_binomial, each.logit_normal, each.flat];
        for (error, said) in errors.iter_mut().zip(said) {
            *error += once * (said - came).abs();
        }
        bias += once * (told.likely - came);
        covered += once * f64::from(u8::from(told.holds(came)));
        wide += once * (told.high - told.low);
        back += once * sampling.back_test().map_or(f64::NAN, |test| test.error());
    }
    let (name, problems) = (name.to_owned(), tallies.len());
    Ok(Group { name, problems, came, errors, bias, covered, wide, back_test: back })
}

/// So many of a problem's samples as are shown, none of them twice.
fn drawn(tally: Tally, draws: &mut Draws) -> Tally {
    let (mut left, mut right) = (tally.drawn, tally.right);
    for _ in 0..SHOWN {
        if (draws.below(left as usize) as u64) < right {
            right -= 1;
        }
        left -= 1;
    }
    Tally { drawn: SHOWN, right: tally.right - right }
}

fn share(tallies: &[Tally], samples: u64) -> f64 {
    mean(tallies.iter().map(|tally| solved_by(*tally, samples))).unwrap_or_default()
}

fn report(groups: &[Group]) -> Report {
    let mut text = format!(
        "samples: {SHOWN} of each problem shown, the share solved by {FORETOLD} told, {TIMES} times\n\
         {:<26} {:>8} {:>6}  mean absolute error{:>35} {:>6} {:>7} {:>6} {:>9}\n{:<42}",
        "", "problems", "came", "", "bias", "covered", "wide", "back-test", ""
    );
    for name in ESTIMATORS {
        let _ = write!(text, " {name:>13}");
    }
    text.push('\n');
    let average = |of: &dyn Fn(&Group) -> f64| mean(groups.iter().map(of)).unwrap_or_default();
    let all = Group {
        name: "all".to_owned(),
        problems: groups.iter().map(|group| group.problems).sum(),
        came: average(&|group| group.came),
        errors: std::array::from_fn(|place| average(&|group| group.errors[place])),
        bias: average(&|group| group.bias),
        covered: average(&|group| group.covered),
        wide: average(&|group| group.wide),
        back_test: average(&|group| group.back_test),
    };
    for group in groups.iter().chain([&all]) {
        let Group { name, problems, came, bias, covered, wide, back_test, .. } = group;
        let _ = write!(text, "{name:<26} {problems:>8} {came:>6.3} ");
        for error in group.errors {
            let _ = write!(text, " {error:>13.4}");
        }
        let _ = writeln!(text, " {bias:>+6.3} {covered:>7.2} {wide:>6.3} {back_test:>9.3}");
    }
    let figures = groups.iter().map(figures).collect::<Vec<_>>();
    Report { text, figures: json!({ "groups": figures, "all": self::figures(&all) }) }
}

fn figures(group: &Group) -> serde_json::Value {
    let errors: serde_json::Map<_, _> =
        ESTIMATORS.iter().zip(group.errors).map(|(n, e)| ((*n).to_owned(), json!(e))).collect();
    json!({
        "name": group.name,
        "problems": group.problems,
        "came": group.came,
        "mean_absolute_error": errors,
        "bias": group.bias,
        "covered": group.covered,
        "wide": group.wide,
        "back_test": group.back_test,
    })
}

/// Draws the chance of one problem.
type Chance<'a> = &'a dyn Fn(&mut Draws) -> f64;

/// Populations of some shapes, from those that a power law fits to one that nothing here fits: problems that
/// are easy or hard, and few between.
fn made(seed: Seed) -> BTreeMap<String, Vec<Tally>> {
    let odds = |odds: f64| 1.0 / (1.0 + (-odds).exp());
    let shapes: [(&str, Chance<'_>); 5] = [
        ("power tail, exponent 0.3", &|draws| 0.2 * draws.unit().powf(1.0 / 0.3)),
        ("power tail, exponent 0.6", &|draws| 0.1 * draws.unit().powf(1.0 / 0.6)),
        ("log odds around -4 (2)", &|draws| odds(-4.0 + 2.0 * bell(draws))),
        ("a fifth hopeless", &|draws| {
            if draws.unit() < 0.2 { 0.0 } else { odds(-3.0 + 2.0 * bell(draws)) }
        }),
        ("easy and hard", &|draws| {
            if draws.unit() < 0.5 { draws.unit() } else { 0.01 * draws.unit().powi(2) }
        }),
    ];
    let mut all = BTreeMap::new();
    for (place, (name, chance)) in shapes.into_iter().enumerate() {
        let mut draws = seed.child(1_000 + place as u64).draws();
        let tallies = (0..128).map(|_| {
            let chance = chance(&mut draws);
            let right = (0..10 * FORETOLD).filter(|_| draws.unit() < chance).count() as u64;
            Tally { drawn: 10 * FORETOLD, right }
        });
        all.insert(name.to_owned(), tallies.collect());
    }
    all
}

/// About normal: the sum of twelve uniform draws, less their mean.
fn bell(draws: &mut Draws) -> f64 {
    (0..12).map(|_| draws.unit()).sum::<f64>() - 6.0
}
