//! Runs of coworkers, one a line: CSV with the columns `date`, `model`, `instance` and `resolved`,
//! and of `cost_usd` and `api_calls` at least one. Leaderboards of coding agents publish theirs
//! with these fields. What else may be [noted] of a run is in columns of its own;
//! others are passed over.
//!
//! [noted]: Noted

use std::collections::HashMap;

use jiff::civil::Date;

use super::Unreadable;
use crate::{End, Trial};

/// One run of one model at one task.
#[derive(Debug, Clone, PartialEq)]
pub struct Run {
    /// The day from which the model could be had; of all runs of a model the same.
    pub date: Date,
    /// The model's name.
    pub model: String,
    /// The task's name.
    pub task: String,
    /// Whether it was solved.
    pub solved: bool,
    /// What it cost, if that was written down.
    pub dollars: Option<f64>,
    /// How many times the model was asked, if that was written down.
    pub steps: Option<f64>,
    /// What else was written down.
    pub noted: Noted,
}

/// What may be written down of a run besides: each a number from 0 up, in the column of its name.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Noted {
    /// What it is worth that the task is solved, in dollars.
    pub value: Option<f64>,
    /// How many minutes the task takes a person.
    pub human_minutes: Option<f64>,
    /// How able the model is, on any scale that is linear in what it measures.
    pub capability: Option<f64>,
    /// What the model's training took, in floating-point operations. Where it isn't written down
    /// and the columns `parameters` and `training_tokens` are, six times their product (Kaplan et
    /// al., "Scaling laws for neural language models", 2020).
    pub training_flop: Option<f64>,
}

impl Run {
    /// The run as a trial in dollars; `None` if its cost isn't known, or nothing.
    pub fn in_dollars(&self) -> Option<Trial> {
        self.trial(self.dollars)
    }

    /// The run as a trial in steps; `None` if they weren't counted.
    pub fn in_steps(&self) -> Option<Trial> {
        self.trial(self.steps)
    }

    fn trial(&self, spend: Option<f64>) -> Option<Trial> {
        let end = if self.solved { End::Solved } else { End::Failed };
        spend.filter(|spend| *spend > 0.0).map(|spend| Trial { spend, end })
    }
}

/// The columns of numbers, each of which may be missing.
const NUMBERS: [&str; 8] = [
    "cost_usd",
    "api_calls",
    "value",
    "human_minutes",
    "capability",
    "training_flop",
    "parameters",
    "training_tokens",
];

/// Reads them.
///
/// # Errors
///
/// Refuses a text without the columns, and a line whose date, outcome or numbers can't be: what
/// is negative or not finite. An empty cost or count is one that nobody wrote down.
pub fn read(text: &str) -> Result<Vec<Run>, Unreadable> {
    let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(text.as_bytes());
    let heads = reader.headers().map_err(|e| unreadable(&e))?;
    let place: HashMap<String, usize> =
        heads.iter().enumerate().map(|(place, head)| (head.to_owned(), place)).collect();
    let column = |name: &str| {
        place.get(name).copied().ok_or_else(|| Unreadable {
            line: 1,
            why: format!("there is no column '{name}'; it takes date, model, instance, resolved"),
        })
    };
    let columns = [column("date")?, column("model")?, column("instance")?, column("resolved")?];
    let numbers = NUMBERS.map(|name| place.get(name).copied());
    let mut runs = Vec::new();
    for record in reader.records() {
        let record = record.map_err(|e| unreadable(&e))?;
        let line = record.position().map_or(1, csv::Position::line);
        let run = run(&record, columns, numbers).map_err(|why| Unreadable { line, why })?;
        runs.push(run);
    }
    Ok(runs)
}

fn run(
    record: &csv::StringRecord,
    columns: [usize; 4],
    numbers: [Option<usize>; NUMBERS.len()],
) -> Result<Run, String> {
    let cell = |place: usize| record.get(place).unwrap_or_default();
    let [date, model, task, solved] = columns.map(cell);
    let number = |place: Option<usize>| match place.map(cell) {
        None | Some("") => Ok(None),
        Some(text) => match text.parse::<f64>() {
            Ok(number) if number.is_finite() && number >= 0.0 => Ok(Some(number)),
            _ => Err(format!("'{text}' is no number from 0 up")),
        },
    };
    let mut read = [None; NUMBERS.len()];
    for (read, place) in read.iter_mut().zip(numbers) {
        *read = number(place)?;
    }
    let [dollars, steps, value, human_minutes, capability, flop, parameters, tokens] = read;
    let training_flop = flop.or_else(|| Some(6.0 * parameters? * tokens?));
    Ok(Run {
        date: date.parse().map_err(|_| format!("'{date}' is no date like 2026-01-31"))?,
        model: model.to_owned(),
        task: task.to_owned(),
        solved: match solved {
            "1" | "true" => true,
            "0" | "false" => false,
            _ => return Err(format!("'{solved}' says not whether it was solved: 1 or 0")),
        },
        dollars,
        steps,
        noted: Noted { value, human_minutes, capability, training_flop },
    })
}

fn unreadable(error: &csv::Error) -> Unreadable {
    Unreadable { line: error.position().map_or(1, csv::Position::line), why: error.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_a_run() {
        let text = "date,model,instance,resolved,cost_usd,api_calls,note\n\
                    2025-09-29,\"A, large\",one,1,0.25,33,x\n\
                    2025-09-29,B,two,0,,4,\n";
        let runs = read(text).unwrap();
        assert_eq!((runs[0].model.as_str(), runs[0].solved), ("A, large", true));
        assert_eq!(runs[0].in_dollars(), Some(Trial { spend: 0.25, end: End::Solved }));
        assert_eq!(runs[1].in_dollars(), None, "nobody wrote down what it cost");
        assert_eq!(runs[1].in_steps(), Some(Trial { spend: 4.0, end: End::Failed }));
    }

    #[test]
    fn what_else_is_noted_is_read_by_its_column() {
        let text = "date,model,instance,resolved,cost_usd,training_tokens,parameters,value\n\
                    2025-01-01,a,t,1,1,1e12,1e9,40\n2025-01-01,a,t,1,1,,1e9,\n";
        let runs = read(text).unwrap();
        let first = Noted { value: Some(40.0), training_flop: Some(6e21), ..Noted::default() };
        assert_eq!((runs[0].noted, runs[1].noted), (first, Noted::default()));
    }

    #[test]
    fn what_is_wrong_is_said_with_its_line() {
        let wrong = |text: &str| read(text).unwrap_err().to_string();
        assert_eq!(
            wrong("date,model,resolved\n"),
            "line 1: there is no column 'instance'; it takes date, model, instance, resolved"
        );
        let head = "date,model,instance,resolved,cost_usd\n";
        let minus = wrong(&format!("{head}2025-01-01,a,t,1,0.1\n2025-01-01,a,t,1,-1\n"));
        assert_eq!(minus, "line 3: '-1' is no number from 0 up");
        assert!(wrong(&format!("{head}2025-13-01,a,t,1,1\n")).starts_with("line 2: '2025-13-01'"));
        assert!(wrong(&format!("{head}2025-01-01,a,t,maybe,1\n")).contains("1 or 0"));
        assert!(wrong(&format!("{head}2025-01-01,a,t,1,NaN\n")).contains("NaN"));
    }
}
