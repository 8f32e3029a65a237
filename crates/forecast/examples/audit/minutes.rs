//! Runs of tasks whose length for a person is known, one JSON object a line. They bear no date and
//! no cost, so that only value can be asked of them.

use std::error::Error;

use jiff::civil::date;
use serde_json::Value as Json;
use tenfold_forecast::read::runs::{Noted, Run};

/// The runs of models; those of people are left out.
pub(crate) fn read(text: &str) -> Result<Vec<Run>, Box<dyn Error>> {
    let mut runs = Vec::new();
    for line in text.lines().filter(|line| !line.trim().is_empty()) {
        let row: Json = serde_json::from_str(line)?;
        let words = |name: &str| row[name].as_str().unwrap_or_default().to_owned();
        let minutes = row["human_minutes"].as_f64();
        if words("alias") != "human" {
            runs.push(Run {
                date: date(2025, 2, 1),
                model: words("alias"),
                task: words("task_id"),
                solved: row["score_binarized"] == 1,
                dollars: None,
                steps: None,
                noted: Noted { human_minutes: minutes, ..Noted::default() },
            });
        }
    }
    Ok(runs)
}
