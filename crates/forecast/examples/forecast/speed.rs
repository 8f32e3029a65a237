//! How long it takes: to add a trial, to fit anew and to forecast, among a hundred thousand.

use std::fmt::Write;
use std::time::Instant;

use serde_json::json;
use tenfold_forecast::read::runs::Run;
use tenfold_forecast::{About, End, Past, Tried, Unit};

use crate::Failure;
use crate::args::Args;
use crate::made;
use crate::report::Report;

const MODELS: usize = 20;
const TASKS: usize = 5_000;
const ASKED: usize = 1_000;
/// The least of so many is taken, so that what else runs on the machine doesn't count.
const TRIED: usize = 3;

/// Measures on made trials, whatever data there are.
pub(crate) fn measure(args: &Args) -> Result<Option<Report>, Failure> {
    let runs = made::runs(MODELS, TASKS, args.seed);
    let mut past = Past::new(Unit::Dollars);
    let began = Instant::now();
    for run in &runs {
        if let Some(trial) = run.in_dollars() {
            past.add(&about(run), trial)?;
        }
    }
    let add = began.elapsed().as_secs_f64() / runs.len() as f64;
    let began = Instant::now();
    past.refit();
    let refit = began.elapsed().as_secs_f64();
    let mut took: Vec<f64> = Vec::new();
    for run in runs.iter().step_by(runs.len() / ASKED) {
        let Some(trial) = run.in_dollars() else { continue };
        let failed = tenfold_forecast::Trial { end: End::Failed, ..trial };
        let tried = Tried { model: &run.model, strategy: "", trial: failed };
        let mut least = f64::INFINITY;
        for _ in 0..TRIED {
            let began = Instant::now();
            past.forecast(&about(run), &[tried])?;
            least = least.min(began.elapsed().as_secs_f64());
        }
        took.push(least);
    }
    took.sort_by(f64::total_cmp);
    let (median, p99) = (took[took.len() / 2], took[took.len() * 99 / 100]);
    let figures = json!({ "trials": past.trials(), "add_seconds": add, "refit_seconds": refit,
                          "forecast_seconds_median": median, "forecast_seconds_p99": p99 });
    let mut text = String::new();
    writeln!(text, "speed, {} trials of {TASKS} tasks by {MODELS} models", past.trials())?;
    writeln!(text, "  add one         {:>9.2} µs in the mean", add * 1e6)?;
    writeln!(text, "  fit anew        {:>9.0} ms", refit * 1e3)?;
    writeln!(
        text,
        "  forecast a task {:>9.3} ms (median), {:.3} ms (p99 of {ASKED})",
        median * 1e3,
        p99 * 1e3
    )?;
    Ok(Some(Report { text, figures }))
}

fn about(run: &Run) -> About<'_> {
    let (task, model) = (run.task.as_str(), run.model.as_str());
    About { task, model, role: "developer", labels: vec!["bug"], ..About::default() }
}
