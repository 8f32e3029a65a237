//! Runs of coding agents: of a model that was not fitted on, the runs up to some spend are shown,
//! and the share of tasks that it solves by four times as much is told.
//!
//! Each model is left out in turn. All runs of the others are in the past, and its own as they
//! would have been seen if each had been cut off at that spend. What came is the share of all its
//! runs that were solved by four times as much: those that had ended count as they ended, of the
//! others each is told.

use std::collections::BTreeSet;
use std::fmt::Write;

use serde_json::{Value, json};
use tenfold_forecast::read::runs::{self, Run};
use tenfold_forecast::score::{Told, auc, brier, mean};
use tenfold_forecast::{About, End, Estimator, Past, Trial, Unit};

use crate::Failure;
use crate::args::Args;
use crate::made;
use crate::report::Report;

/// How many models and tasks are made where no data are given.
const MODELS: usize = 12;
const TASKS: usize = 200;
/// How much further is told than was seen.
const FURTHER: f64 = 4.0;

/// Where a model's runs are cut off.
#[derive(Debug, Clone, Copy)]
enum Seen {
    /// Where this share of them has ended.
    Share(f64),
    /// At a quarter of the spend at which nineteen in twenty have.
    Quarter,
}

const SEEN: [Seen; 7] = [
    Seen::Share(0.2),
    Seen::Share(0.25),
    Seen::Share(0.3),
    Seen::Share(0.35),
    Seen::Share(0.4),
    Seen::Share(0.5),
    Seen::Quarter,
];

impl Seen {
    fn of(self, spends: &[f64]) -> f64 {
        let at = |share: f64| spends[((spends.len() - 1) as f64 * share) as usize];
        match self {
            Self::Share(share) => at(share),
            Self::Quarter => at(0.95) / FURTHER,
        }
    }

    fn words(self) -> String {
        match self {
            Self::Share(share) => format!("{:.0} % ended", share * 100.0),
            Self::Quarter => "p95 / 4".to_owned(),
        }
    }
}

/// What one estimator told of each model; the one that a back-test chose has no name here.
type ByEstimator = (Option<Estimator>, Vec<OfModel>);

/// What one estimator told of one model.
#[derive(Debug, Clone)]
struct OfModel {
    model: String,
    told: f64,
    low: f64,
    high: f64,
    came: f64,
    /// Of each run that was cut off.
    runs: Vec<Told>,
}

/// Measures the forecasts on all runs that are found.
pub(crate) fn measure(args: &Args) -> Result<Option<Report>, Failure> {
    let mut all = Vec::new();
    for text in args.texts("agent_runs", ".csv")? {
        all.extend(runs::read(&text)?);
    }
    if args.data.is_none() {
        all = made::runs(MODELS, TASKS, args.seed);
    }
    if all.is_empty() {
        return Ok(None);
    }
    let mut text = String::new();
    let mut figures = serde_json::Map::new();
    for unit in [Unit::Dollars, Unit::Steps] {
        let known: Vec<(&Run, Trial)> =
            all.iter().filter_map(|run| Some((run, trial(run, unit)?))).collect();
        let (mut settings, mut short) = (Vec::new(), String::new());
        for seen in SEEN {
            let told = left_out(unit, &known, seen)?;
            table(&mut text, unit, seen, &told)?;
            line(&mut short, seen, &told)?;
            settings.push(setting(seen, &told));
        }
        writeln!(text, "runs, {}, the errors of all settings", unit.as_str())?;
        write!(text, "  {:<12}", "seen")?;
        for by in Estimator::ALL {
            write!(text, " {:>26}", by.as_str())?;
        }
        writeln!(text, " {:>20}\n{short}", name(None))?;
        figures.insert(unit.as_str().to_owned(), Value::Array(settings));
    }
    Ok(Some(Report { text, figures: Value::Object(figures) }))
}

/// What each estimator told of each model that was left out.
fn left_out(unit: Unit, known: &[(&Run, Trial)], seen: Seen) -> Result<Vec<ByEstimator>, Failure> {
    let models: BTreeSet<&str> = known.iter().map(|(run, _)| run.model.as_str()).collect();
    let estimators: Vec<Option<Estimator>> =
        Estimator::ALL.into_iter().map(Some).chain([None]).collect();
    let mut all: Vec<ByEstimator> = estimators.into_iter().map(|by| (by, Vec::new())).collect();
    for model in models {
        let mut own: Vec<f64> = known
            .iter()
            .filter(|(run, _)| run.model == model)
            .map(|(_, trial)| trial.spend)
            .collect();
        own.sort_by(f64::total_cmp);
        let until = seen.of(&own);
        let mut past = Past::new(unit);
        for (run, trial) in known {
            let cut = if run.model == model { trial.seen_until(until) } else { *trial };
            past.add(&about(run), cut)?;
        }
        past.refit();
        let chosen = past.tested().0;
        let mut of_chosen = None;
        for (by, told) in &mut all {
            let one = match by {
                Some(by) => of_model(&past, *by, known, model, until)?,
                None => of_chosen.take().ok_or("no estimator was chosen")?,
            };
            if *by == Some(chosen) {
                of_chosen = Some(one.clone());
            }
            told.push(one);
        }
    }
    Ok(all)
}

fn trial(run: &Run, unit: Unit) -> Option<Trial> {
    if unit == Unit::Dollars { run.in_dollars() } else { run.in_steps() }
}

fn about(run: &Run) -> About<'_> {
    About { task: &run.task, model: &run.model, ..About::default() }
}

fn of_model(
    past: &Past,
    by: Estimator,
    known: &[(&Run, Trial)],
    model: &str,
    until: f64,
) -> Result<OfModel, Failure> {
    let (mut told, mut low, mut high, mut came, mut count) = (0.0, 0.0, 0.0, 0.0, 0.0);
    let mut cut = Vec::new();
    for (run, trial) in known.iter().filter(|(run, _)| run.model == model) {
        let solved = trial.solved_by(until * FURTHER);
        came += f64::from(u8::from(solved));
        count += 1.0;
        let chance = match trial.seen_until(until).end {
            End::Solved => [1.0; 3],
            End::Failed => [0.0; 3],
            End::Cut => {
                let forecast = past.forecast_by(by, &about(run), &[], Some(until))?;
                let chance = forecast.at(until * FURTHER)?;
                cut.push((chance.likely, solved));
                [chance.low, chance.likely, chance.high]
            }
        };
        low += chance[0];
        told += chance[1];
        high += chance[2];
    }
    let model = model.to_owned();
    Ok(OfModel {
        model,
        told: told / count,
        low: low / count,
        high: high / count,
        came: came / count,
        runs: cut,
    })
}

/// Error, coverage, Brier and AUC over all models.
fn sums(told: &[OfModel]) -> [f64; 4] {
    let of = |one: fn(&OfModel) -> f64| mean(told.iter().map(one)).unwrap_or(f64::NAN);
    let each = |score: fn(&[Told]) -> Option<f64>| {
        mean(told.iter().filter_map(|one| score(&one.runs))).unwrap_or(f64::NAN)
    };
    [
        of(|one| (one.told - one.came).abs()),
        of(|one| f64::from(u8::from((one.low..=one.high).contains(&one.came)))),
        each(brier),
        each(auc),
    ]
}

fn name(by: Option<Estimator>) -> &'static str {
    by.map_or("chosen by back-test", Estimator::as_str)
}

fn setting(seen: Seen, told: &[ByEstimator]) -> Value {
    let estimators: serde_json::Map<String, Value> = told
        .iter()
        .map(|(by, models)| {
            let [error, covered, brier, auc] = sums(models);
            let models: serde_json::Map<String, Value> = models
                .iter()
                .map(|one| {
                    let figures = json!({ "told": one.told, "low": one.low, "high": one.high,
                                          "came": one.came });
                    (one.model.clone(), figures)
                })
                .collect();
            let figures = json!({ "error": error, "covered": covered, "brier": brier,
                                  "auc": auc, "models": models });
            (name(*by).to_owned(), figures)
        })
        .collect();
    json!({ "seen": seen.words(), "estimators": estimators })
}

/// One setting's errors in one line.
fn line(text: &mut String, seen: Seen, told: &[ByEstimator]) -> std::fmt::Result {
    write!(text, "  {:<12}", seen.words())?;
    for (by, models) in told {
        let width = if by.is_some() { 26 } else { 20 };
        write!(text, " {:>width$.3}", sums(models)[0])?;
    }
    writeln!(text)
}

fn table(text: &mut String, unit: Unit, seen: Seen, told: &[ByEstimator]) -> std::fmt::Result {
    writeln!(
        text,
        "runs, {}, seen up to where: {}; told: the share solved by {FURTHER} times that",
        unit.as_str(),
        seen.words()
    )?;
    writeln!(text, "  {:<28} {:>6} {:>8} {:>6} {:>6}", "", "error", "covered", "Brier", "AUC")?;
    for (by, models) in told {
        let [error, covered, brier, auc] = sums(models);
        let name = name(*by);
        writeln!(text, "  {name:<28} {error:>6.3} {covered:>8.2} {brier:>6.3} {auc:>6.3}")?;
    }
    let Some((_, chosen)) = told.last() else { return Ok(()) };
    for one in chosen {
        let OfModel { model, told, low, high, came, .. } = one;
        let missed = if (*low..=*high).contains(came) { "" } else { " missed" };
        writeln!(
            text,
            "    {model:<44} told {told:.3} ({low:.3} to {high:.3}), came {came:.3}{missed}"
        )?;
    }
    writeln!(text)
}
