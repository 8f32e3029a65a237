//! Runs of tasks that people were timed at: each family of tasks is left out in turn, and the
//! chance of each of its runs is told from the runs of all others.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use serde_json::json;
use tenfold_domain::{Draws, Seed};
use tenfold_forecast::horizon::{Ask, Horizon};
use tenfold_forecast::read::minutes::{self, TimedRun};
use tenfold_forecast::score::{Told, auc, brier, log_loss, mean};
use tenfold_forecast::{Interval, Refusal};

use crate::Failure;
use crate::args::Args;
use crate::report::Report;

/// What is told beside each other.
const ESTIMATORS: [&str; 3] = ["horizon", "base rate of the model", "base rate of all"];

/// Measures the forecasts of all runs that are found.
pub(crate) fn measure(args: &Args) -> Result<Option<Report>, Failure> {
    let mut runs = Vec::new();
    for text in args.texts("human_minutes", ".jsonl")? {
        runs.extend(minutes::read(&text)?);
    }
    if args.data.is_none() {
        runs = made(Seed(args.seed));
    }
    let families: BTreeSet<&str> = runs.iter().map(|run| run.family.as_str()).collect();
    if families.len() < 2 {
        return Ok(None);
    }
    let mut told: [Vec<Told>; ESTIMATORS.len()] = Default::default();
    let mut refused = 0;
    let mut cells = Cells::default();
    for family in &families {
        refused += leave_out(&runs, family, &mut told, &mut cells)?;
    }
    Ok(Some(report(&runs, &told, refused, &cells)?))
}

/// Of each model at each family that was left out: what was told of how many of its runs would be
/// solved, and how many were.
#[derive(Default)]
struct Cells {
    held: f64,
    all: f64,
}

/// Tells the runs of one family from all others; how many of them a forecast refuses. Those are
/// told the base rate of the model.
fn leave_out(
    runs: &[TimedRun],
    family: &str,
    told: &mut [Vec<Told>; ESTIMATORS.len()],
    cells: &mut Cells,
) -> Result<usize, Failure> {
    let (out, rest): (Vec<TimedRun>, Vec<TimedRun>) =
        runs.iter().cloned().partition(|run| run.family == family);
    let horizon = Horizon::of(&rest)?;
    let share = |runs: &mut dyn Iterator<Item = &TimedRun>| {
        mean(runs.map(|run| f64::from(u8::from(run.solved))))
    };
    let all = share(&mut rest.iter()).unwrap_or(0.5);
    let mut refused = 0;
    let mut shares: BTreeMap<(&str, u64), (Interval, f64, f64)> = BTreeMap::new();
    for run in &out {
        let own = share(&mut rest.iter().filter(|other| other.model == run.model)).unwrap_or(all);
        let ask = Ask { model: Some(&run.model), family: Some(family), minutes: run.minutes };
        let chance = match horizon.chance(ask) {
            Ok(chance) => {
                let key = (run.model.as_str(), run.minutes.to_bits());
                let sum = shares.entry(key).or_insert((chance, 0.0, 0.0));
                (sum.1, sum.2) = (sum.1 + f64::from(u8::from(run.solved)), sum.2 + 1.0);
                chance.likely
            }
            Err(Refusal::Beyond { .. }) => {
                refused += 1;
                own
            }
            Err(other) => return Err(other.into()),
        };
        for (told, chance) in told.iter_mut().zip([chance, own, all]) {
            told.push((chance, run.solved));
        }
    }
    for (chance, solved, runs) in shares.into_values() {
        // The share of a few runs is coarse: it is held if a share next to it is.
        let (least, most) = ((solved - 0.5) / runs, (solved + 0.5) / runs);
        cells.held += f64::from(u8::from(least <= chance.high && chance.low <= most));
        cells.all += 1.0;
    }
    Ok(refused)
}

fn report(
    runs: &[TimedRun],
    told: &[Vec<Told>; ESTIMATORS.len()],
    refused: usize,
    cells: &Cells,
) -> Result<Report, Failure> {
    let covered = cells.held / cells.all.max(1.0);
    let mut text = format!(
        "minutes: each family of tasks left out in turn; {} runs, of which {refused} lie beyond \
         what a forecast tells and get the model's base rate\n{:<26} {:>7} {:>7} {:>7}\n",
        runs.len(),
        "",
        "Brier",
        "log",
        "AUC"
    );
    let mut scores = serde_json::Map::new();
    for (name, told) in ESTIMATORS.iter().zip(told) {
        let (brier, log, auc) = (brier(told), log_loss(told), auc(told));
        let shown = |score: Option<f64>| score.unwrap_or(f64::NAN);
        let _ = writeln!(
            text,
            "{name:<26} {:>7.4} {:>7.4} {:>7.3}",
            shown(brier),
            shown(log),
            shown(auc)
        );
        scores.insert((*name).to_owned(), json!({ "brier": brier, "log": log, "auc": auc }));
    }
    let _ = writeln!(
        text,
        "90 % intervals of a model's chance at tasks of one length hold its share: {covered:.2}\n"
    );
    let horizon = Horizon::of(runs)?;
    let _ = writeln!(text, "{:<26} {:>24} {:>24}", "minutes, from all runs", "at 50 %", "at 80 %");
    let mut horizons = serde_json::Map::new();
    for model in horizon.models() {
        let at = [0.5, 0.8].map(|chance| horizon.minutes_at(model, chance));
        let shown = at.clone().map(|at| match at {
            Ok(at) => format!("{:.1} ({:.1} to {:.1})", at.likely, at.low, at.high),
            Err(_) => "beyond".to_owned(),
        });
        let _ = writeln!(text, "{model:<26} {:>24} {:>24}", shown[0], shown[1]);
        let figures = at.map(|at| at.ok().map(|at| [at.low, at.likely, at.high]));
        horizons.insert(model.to_owned(), json!({ "50": figures[0], "80": figures[1] }));
    }
    let figures = json!({
        "runs": runs.len(),
        "refused": refused,
        "scores": scores,
        "covered": covered,
        "horizons": horizons,
    });
    Ok(Report { text, figures })
}

/// Runs of five models at thirty families, whose horizons double from 4 minutes on, and whose
/// slopes differ, which the fit does not know.
fn made(seed: Seed) -> Vec<TimedRun> {
    let mut draws = seed.child(2_000).draws();
    let mut runs = Vec::new();
    for family in 0..30 {
        let offset = 1.2 * bell(&mut draws);
        let slope = -0.6 + 0.15 * bell(&mut draws);
        for task in 0..1 + draws.below(4) {
            let length = draws.unit() * 10.0;
            for model in 0..5 {
                let log_odds = slope * (length - 2.0 - f64::from(model)) + offset;
                for _ in 0..6 {
                    let solved = draws.unit() < 1.0 / (1.0 + (-log_odds).exp());
                    runs.push(TimedRun {
                        model: format!("made {model}"),
                        task: format!("{family}/{task}"),
                        family: family.to_string(),
                        minutes: length.exp2(),
                        solved,
                    });
                }
            }
        }
    }
    runs
}

/// About normal: the sum of twelve uniform draws, less their mean.
fn bell(draws: &mut Draws) -> f64 {
    (0..12).map(|_| draws.unit()).sum::<f64>() - 6.0
}
