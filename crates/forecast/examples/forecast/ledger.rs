//! A ledger that grows: runs come in an order drawn from the seed, each is told before it is
//! added, and nothing is known but what came before. So it is for a person who has just begun,
//! where most tasks were tried once or never.

use std::fmt::Write;

use serde_json::{Value, json};
use tenfold_forecast::read::runs::{self, Run};
use tenfold_forecast::score::{Told, auc, brier, mean};
use tenfold_forecast::{About, Estimator, Past, Trial, Unit};

use crate::Failure;
use crate::args::Args;
use crate::made::{self, Draw};
use crate::report::Report;

/// What a ledger is made of: so many models, tasks and runs, so that a task is tried so often in
/// the mean.
const LEDGERS: [(usize, usize, usize); 3] = [(2, 200, 200), (3, 100, 300), (6, 100, 600)];
/// Each is drawn so many times.
const DRAWN: u64 = 8;
/// What is told is success by this many times what the model's runs took in the mean.
const BY: f64 = 2.0;

/// Measures the forecasts of each next run.
pub(crate) fn measure(args: &Args) -> Result<Option<Report>, Failure> {
    let mut all = Vec::new();
    for text in args.texts("agent_runs", ".csv")? {
        all.extend(runs::read(&text)?);
    }
    if args.data.is_none() {
        all = made::runs(12, 200, args.seed);
    }
    if all.is_empty() {
        return Ok(None);
    }
    let (mut text, mut figures) = (String::new(), Vec::new());
    for (models, tasks, count) in LEDGERS {
        let mut told: Vec<(Estimator, Vec<Told>)> =
            Estimator::ALL.into_iter().map(|by| (by, Vec::new())).collect();
        for drawn in 0..DRAWN {
            let runs = draw(&all, models, tasks, count, args.seed + drawn);
            grow(&runs, &mut told)?;
        }
        writeln!(
            text,
            "ledger, dollars, {count} runs of {tasks} tasks by {models} models, each run told \
             before it was added; {DRAWN} such ledgers"
        )?;
        writeln!(text, "  {:<28} {:>6} {:>6} {:>6} {:>6}", "", "told", "came", "Brier", "AUC")?;
        let mut estimators = serde_json::Map::new();
        for (by, told) in &told {
            let [said, came] = [
                mean(told.iter().map(|one| one.0)),
                mean(told.iter().map(|one| f64::from(u8::from(one.1)))),
            ]
            .map(|mean| mean.unwrap_or(f64::NAN));
            let [brier, auc] = [brier(told), auc(told)].map(|score| score.unwrap_or(f64::NAN));
            let name = by.as_str();
            writeln!(text, "  {name:<28} {said:>6.3} {came:>6.3} {brier:>6.3} {auc:>6.3}")?;
            let figures = json!({ "told": said, "came": came, "brier": brier, "auc": auc });
            estimators.insert(name.to_owned(), figures);
        }
        writeln!(text)?;
        figures.push(json!({ "models": models, "tasks": tasks, "runs": count,
                             "estimators": estimators }));
    }
    Ok(Some(Report { text, figures: Value::Array(figures) }))
}

/// Runs of a few models at a few tasks, in an order by chance.
fn draw(all: &[Run], models: usize, tasks: usize, count: usize, seed: u64) -> Vec<Run> {
    let mut draw = Draw(seed);
    let models = some(all, |run| &run.model, models, &mut draw);
    let tasks = some(all, |run| &run.task, tasks, &mut draw);
    let few = all.iter().filter(|run| models.contains(&run.model) && tasks.contains(&run.task));
    let mut few: Vec<Run> = few.cloned().collect();
    shuffle(&mut few, &mut draw);
    few.truncate(count);
    few
}

fn some(all: &[Run], of: fn(&Run) -> &String, count: usize, draw: &mut Draw) -> Vec<String> {
    let mut names: Vec<String> = all.iter().map(of).cloned().collect();
    names.sort();
    names.dedup();
    shuffle(&mut names, draw);
    names.truncate(count);
    names
}

fn shuffle<T>(all: &mut [T], draw: &mut Draw) {
    for last in (1..all.len()).rev() {
        all.swap(last, (draw.even() * (last + 1) as f64) as usize);
    }
}

/// Tells each run before it is added, from the twentieth on.
fn grow(runs: &[Run], told: &mut [(Estimator, Vec<Told>)]) -> Result<(), Failure> {
    const FIRST: usize = 20;
    let mut past = Past::new(Unit::Dollars);
    let known: Vec<(&Run, Trial)> =
        runs.iter().filter_map(|run| Some((run, run.in_dollars()?))).collect();
    for (count, (run, trial)) in known.iter().enumerate() {
        let (task, model) = (run.task.as_str(), run.model.as_str());
        let about = About { task, model, ..About::default() };
        let before = known[..count].iter().filter(|(one, _)| one.model == run.model);
        let took = mean(before.map(|(_, trial)| trial.spend.ln()));
        if let Some(took) = took.filter(|_| count >= FIRST) {
            let by_then = BY * took.exp();
            for (by, told) in told.iter_mut() {
                let forecast = past.forecast_by(*by, &about, &[], None)?;
                // What lies beyond is told as far as it goes.
                let chance = forecast.at(by_then.min(forecast.reach()))?;
                told.push((chance.likely, trial.solved_by(by_then)));
            }
        }
        past.add(&about, *trial)?;
        if past.is_due() {
            past.refit();
        }
    }
    Ok(())
}
