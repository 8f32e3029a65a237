//! Runs of tasks that people were timed at: each family of tasks is left out in turn, and the
//! chance of each of its runs is told from the runs of all others.
//!
//! Some tasks were run far oftener than others, so that it matters what counts as one. The scores
//! are given for each way of counting, with the base rates counted in the same way; the horizon
//! is told all runs as they are.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt::Write;

use serde_json::{Value, json};
use tenfold_domain::{Draws, Seed};
use tenfold_forecast::horizon::{Ask, Horizon};
use tenfold_forecast::read::minutes::{self, TimedRun};
use tenfold_forecast::score::{Told, auc, brier, log_loss};
use tenfold_forecast::{Interval, Refusal};

use crate::Failure;
use crate::args::Args;
use crate::report::Report;

/// What is told beside each other.
const ESTIMATORS: [&str; 3] = ["horizon", "base rate of the model", "base rate of all"];

/// What counts as one.
#[derive(Clone, Copy)]
enum Count {
    Run,
    /// Each family as much as another.
    Family,
    /// Each model at each family.
    ModelAndFamily,
    /// Each model at each task, and n tasks of a family as √n: how Kwa et al. weigh ("Measuring AI
    /// ability to complete long tasks", METR, 2025).
    Root,
}

/// All ways of counting, with what each is called in the table and in the figures.
const COUNTS: [(Count, &str); 4] = [
    (Count::Run, "run"),
    (Count::Family, "family"),
    (Count::ModelAndFamily, "model and family"),
    (Count::Root, "task, by root"),
];

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
    let mut told = Forecasts { chances: vec![None; runs.len()], held: 0.0, cells: 0.0 };
    for family in &families {
        told.leave_out(&runs, family)?;
    }
    Ok(Some(report(&runs, &told)?))
}

/// What the horizon tells of the runs of families that were left out.
struct Forecasts {
    /// Of each run, in the order of all; none where it refuses, because the task lies beyond.
    chances: Vec<Option<f64>>,
    /// Of how many models at tasks of one length of a family the interval held the share solved.
    held: f64,
    /// Of how many altogether.
    cells: f64,
}

impl Forecasts {
    /// Tells the runs of one family from all others.
    fn leave_out(&mut self, runs: &[TimedRun], family: &str) -> Result<(), Failure> {
        let rest: Vec<TimedRun> = runs.iter().filter(|run| run.family != family).cloned().collect();
        let horizon = Horizon::of(&rest)?;
        let mut shares: BTreeMap<(&str, u64), (Interval, f64, f64)> = BTreeMap::new();
        let out = runs.iter().zip(&mut self.chances).filter(|(run, _)| run.family == family);
        for (run, told) in out {
            let ask = Ask { model: Some(&run.model), family: Some(family), minutes: run.minutes };
            let chance = match horizon.chance(ask) {
                Ok(chance) => chance,
                Err(Refusal::Beyond { .. }) => continue,
                Err(other) => return Err(other.into()),
            };
            *told = Some(chance.likely);
            let key = (run.model.as_str(), run.minutes.to_bits());
            let sum = shares.entry(key).or_insert((chance, 0.0, 0.0));
            (sum.1, sum.2) = (sum.1 + f64::from(u8::from(run.solved)), sum.2 + 1.0);
        }
        for (chance, solved, runs) in shares.into_values() {
            // The share of a few runs is coarse: it is held if a share next to it is.
            let (least, most) = ((solved - 0.5) / runs, (solved + 0.5) / runs);
            self.held += f64::from(u8::from(least <= chance.high && chance.low <= most));
            self.cells += 1.0;
        }
        Ok(())
    }

    /// What each estimator tells of each run, with the base rates counted by these weights. What
    /// the horizon refuses gets the base rate of the model.
    fn told(&self, runs: &[TimedRun], weights: &[f64]) -> [Vec<Told>; ESTIMATORS.len()] {
        let mut rates = HashMap::new();
        let mut told: [Vec<Told>; ESTIMATORS.len()] = Default::default();
        for (run, horizon) in runs.iter().zip(&self.chances) {
            let family = run.family.as_str();
            let (all, models) =
                rates.entry(family).or_insert_with(|| rates_without(runs, weights, family));
            let own = models.get(run.model.as_str()).unwrap_or(all);
            for (told, chance) in told.iter_mut().zip([horizon.unwrap_or(*own), *own, *all]) {
                told.push((chance, run.solved));
            }
        }
        told
    }
}

/// The base rate of all runs of other families, and that of each model.
fn rates_without<'a>(
    runs: &'a [TimedRun],
    weights: &[f64],
    family: &str,
) -> (f64, HashMap<&'a str, f64>) {
    let (mut all, mut models) = ((0.0, 0.0), HashMap::<&str, (f64, f64)>::new());
    for (run, weight) in runs.iter().zip(weights).filter(|(run, _)| run.family != family) {
        for sum in [&mut all, models.entry(&run.model).or_default()] {
            *sum = (sum.0 + weight * f64::from(u8::from(run.solved)), sum.1 + weight);
        }
    }
    let rates = models.into_iter().map(|(model, (solved, runs))| (model, solved / runs));
    (all.0 / all.1, rates.collect())
}

/// How much each run counts.
fn weights(runs: &[TimedRun], count: Count) -> Vec<f64> {
    let one = |run: &TimedRun| {
        let (model, task, family) = (run.model.clone(), run.task.clone(), run.family.clone());
        match count {
            Count::Run => None,
            Count::Family => Some((family, String::new(), String::new())),
            Count::ModelAndFamily => Some((family, model, String::new())),
            Count::Root => Some((family, model, task)),
        }
    };
    let mut sizes: HashMap<_, f64> = HashMap::new();
    let mut tasks: HashMap<&str, BTreeSet<&str>> = HashMap::new();
    for run in runs {
        *sizes.entry(one(run)).or_default() += 1.0;
        tasks.entry(&run.family).or_default().insert(&run.task);
    }
    let weight = |run: &TimedRun| match count {
        Count::Run => 1.0,
        Count::Root => 1.0 / sizes[&one(run)] / (tasks[run.family.as_str()].len() as f64).sqrt(),
        Count::Family | Count::ModelAndFamily => 1.0 / sizes[&one(run)],
    };
    runs.iter().map(weight).collect()
}

/// The Brier score of runs that count by these weights.
fn weighed(told: &[Told], weights: &[f64]) -> Option<f64> {
    let errors = told.iter().zip(weights).map(|(one, weight)| Some(weight * brier(&[*one])?));
    Some(errors.sum::<Option<f64>>()? / weights.iter().sum::<f64>())
}

fn report(runs: &[TimedRun], forecasts: &Forecasts) -> Result<Report, Failure> {
    let refused = forecasts.chances.iter().filter(|chance| chance.is_none()).count();
    let covered = forecasts.held / forecasts.cells.max(1.0);
    let mut text = format!(
        "minutes: each family of tasks left out in turn; {} runs, of which {refused} lie beyond \
         what a forecast tells and get the model's base rate\n",
        runs.len(),
    );
    let scores = scores(&mut text, runs, forecasts);
    let _ = writeln!(
        text,
        "90 % intervals of a model's chance at tasks of one length hold its share: {covered:.2}\n"
    );
    let horizons = horizons(&mut text, runs)?;
    let figures = json!({
        "runs": runs.len(),
        "refused": refused,
        "scores": scores,
        "covered": covered,
        "horizons": horizons,
    });
    Ok(Report { text, figures })
}

fn scores(text: &mut String, runs: &[TimedRun], forecasts: &Forecasts) -> Value {
    let shown = |score: Option<f64>| score.unwrap_or(f64::NAN);
    let counted = COUNTS.map(|(count, name)| {
        let weights = weights(runs, count);
        (name, forecasts.told(runs, &weights), weights)
    });
    let _ = writeln!(text, "{:<26} {:>7} {:>7}   Brier, counted by", "", "log", "AUC");
    let _ = write!(text, "{:<42}", "");
    COUNTS.iter().for_each(|(_, name)| _ = write!(text, " {name:>16}"));
    text.push('\n');
    let mut scores = serde_json::Map::new();
    for (place, name) in ESTIMATORS.iter().enumerate() {
        let by_run = &counted[0].1[place];
        let (log, auc) = (log_loss(by_run), auc(by_run));
        let _ = write!(text, "{name:<26} {:>7.4} {:>7.3}", shown(log), shown(auc));
        let mut briers = serde_json::Map::new();
        for (name, told, weights) in &counted {
            let brier = weighed(&told[place], weights);
            let _ = write!(text, " {:>16.4}", shown(brier));
            briers.insert((*name).to_owned(), json!(brier));
        }
        text.push('\n');
        scores.insert((*name).to_owned(), json!({ "brier": briers, "log": log, "auc": auc }));
    }
    scores.into()
}

fn horizons(text: &mut String, runs: &[TimedRun]) -> Result<Value, Failure> {
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
    Ok(horizons.into())
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
