//! Runs of coding agents: of a model that was not fitted on, the runs up to some spend are shown,
//! and the share of tasks that it solves by four times as much is told.

use serde_json::json;
use tenfold_forecast::read::runs;

use crate::Failure;
use crate::args::Args;
use crate::report::Report;

/// Measures the forecasts on all runs that are found.
pub(crate) fn measure(args: &Args) -> Result<Option<Report>, Failure> {
    let mut all = Vec::new();
    for text in args.texts("agent_runs", ".csv")? {
        all.extend(runs::read(&text)?);
    }
    if all.is_empty() {
        return Ok(None);
    }
    let text = format!("runs: {} runs are known.\n", all.len());
    Ok(Some(Report { text, figures: json!({ "runs": all.len() }) }))
}
