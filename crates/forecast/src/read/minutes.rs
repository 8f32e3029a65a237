//! Runs of tasks that people were timed at, one a line: JSON objects with `alias` or `model`,
//! `task_id`, `task_family`, `human_minutes` and `score_binarized`; other fields are passed over,
//! and so are runs of tasks that nobody was timed at.

use serde::Deserialize;

use super::Unreadable;

/// One run of a task.
#[derive(Debug, Clone, PartialEq)]
pub struct TimedRun {
    /// Who tried: a model, or people.
    pub model: String,
    /// The task's name.
    pub task: String,
    /// What the task is one of.
    pub family: String,
    /// How many minutes the task takes a person. Above zero.
    pub minutes: f64,
    /// Whether it was solved.
    pub solved: bool,
}

#[derive(Deserialize)]
struct Row {
    alias: Option<String>,
    model: Option<String>,
    task_id: String,
    task_family: String,
    human_minutes: Option<f64>,
    score_binarized: f64,
}

/// Reads them.
///
/// # Errors
///
/// Refuses a line that is no such object, minutes that are not above zero, and an outcome that
/// is neither 0 nor 1.
pub fn read(text: &str) -> Result<Vec<TimedRun>, Unreadable> {
    let mut runs = Vec::new();
    for (line, text) in (1..).zip(text.lines()) {
        if text.trim().is_empty() {
            continue;
        }
        let row: Result<Row, _> = serde_json::from_str(text);
        let run = row.map_err(|error| error.to_string()).and_then(run);
        runs.extend(run.map_err(|why| Unreadable { line, why })?);
    }
    Ok(runs)
}

fn run(row: Row) -> Result<Option<TimedRun>, String> {
    let Some(minutes) = row.human_minutes else { return Ok(None) };
    if !(minutes.is_finite() && minutes > 0.0) {
        return Err(format!("{minutes} minutes can't be"));
    }
    let solved = match row.score_binarized {
        0.0 => false,
        1.0 => true,
        other => return Err(format!("{other} says not whether it was solved: 1 or 0")),
    };
    let model = row.alias.or(row.model).ok_or("it says neither 'alias' nor 'model'")?;
    Ok(Some(TimedRun { model, task: row.task_id, family: row.task_family, minutes, solved }))
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINE: &str = r#"{"task_id": "a/1", "task_family": "a", "alias": "M", "model": "m",
        "score_binarized": 1, "human_minutes": 2.5, "run_id": "x"}"#;

    #[test]
    fn a_line_is_a_run() {
        let line = LINE.replace('\n', " ");
        let untimed = line.replace("2.5", "null");
        let nameless = line.replace(r#""alias": "M", "#, "");
        let runs = read(&format!("{line}\n\n{untimed}\n{nameless}\n")).unwrap();
        assert_eq!(runs.len(), 2, "the one that nobody was timed at is passed over");
        assert_eq!((runs[0].model.as_str(), runs[0].minutes, runs[0].solved), ("M", 2.5, true));
        assert_eq!((runs[1].model.as_str(), runs[1].family.as_str()), ("m", "a"));
    }

    #[test]
    fn what_is_wrong_is_said_with_its_line() {
        let line = LINE.replace('\n', " ");
        let wrong = |from: &str, to: &str| {
            read(&format!("{line}\n{}\n", line.replace(from, to))).unwrap_err().to_string()
        };
        assert_eq!(wrong("2.5", "-2.5"), "line 2: -2.5 minutes can't be");
        assert!(wrong(": 1,", ": 0.5,").contains("1 or 0"));
        assert!(wrong("task_id", "id").starts_with("line 2: missing field `task_id`"));
    }
}
