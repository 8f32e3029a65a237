//! What `tenfold list --json` says about the demo's tasks, and the table made of it.
//!
//! It is apart because it is the one place that knows Tenfold's JSON. Fields that it does
//! not know are passed over, and ones that are absent are shown as absent.

use serde::Deserialize;

use super::sample::Task;
use crate::outcome;
use crate::trouble::{Tried, Trouble};

/// One task as Tenfold lists it.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Listed {
    pub(super) task: u64,
    #[serde(default)]
    state: Option<String>,
    #[serde(default)]
    outcome: Option<String>,
    #[serde(default)]
    note: Option<String>,
    #[serde(default)]
    attempts: Option<u64>,
    #[serde(default)]
    proposal: Option<Proposal>,
    #[serde(default)]
    usage: Option<Usage>,
    #[serde(default)]
    wall_ms: Option<u64>,
    #[serde(default)]
    cost_nano_usd: Option<u64>,
}

#[derive(Debug, Deserialize)]
struct Proposal {
    verified: bool,
}

/// Tokens.
#[derive(Debug, Deserialize)]
struct Usage {
    prompt: u64,
    output: u64,
}

/// One task of the backlog and what became of it.
pub(super) struct Row<'a> {
    pub(super) task: &'a Task,
    /// Nothing if Tenfold ended before it had recorded a task.
    pub(super) listed: Option<Listed>,
    /// How `tenfold run` ended, in words.
    pub(super) exit: String,
}

impl Listed {
    /// Whether there is a proposal that the task's check has passed.
    pub(super) fn is_fixed(&self) -> bool {
        self.proposal.as_ref().is_some_and(|proposal| proposal.verified)
    }

    fn tokens(&self) -> Option<u64> {
        self.usage.as_ref().map(|usage| usage.prompt + usage.output)
    }
}

/// Reads the list: a JSON array of tasks.
pub(super) fn read(json: &str) -> Result<Vec<Listed>, Trouble> {
    serde_json::from_str(json).tried(|| "`tenfold list --json` can't be read".to_owned())
}

/// The highest task number so far, if there is any task.
pub(super) fn newest(listed: &[Listed]) -> Option<u64> {
    listed.iter().map(|listed| listed.task).max()
}

/// The table of all tasks, with a line of sums below it.
pub(super) fn table(rows: &[Row<'_>]) -> String {
    let heads = ["task", "outcome", "attempts", "tokens", "seconds", "money", "kind", "text"];
    let mut lines = vec![heads.map(str::to_owned).to_vec()];
    lines.extend(rows.iter().map(cells));
    let widths: Vec<usize> = (0..heads.len())
        .map(|column| lines.iter().map(|line| line[column].chars().count()).max().unwrap_or(0))
        .collect();
    let mut text = String::new();
    for line in &lines {
        let padded = line.iter().zip(&widths).enumerate().map(|(column, (cell, width))| {
            let is_number = column == 0 || (2..6).contains(&column);
            if is_number { format!("{cell:>width$}") } else { format!("{cell:<width$}") }
        });
        text += padded.collect::<Vec<_>>().join("  ").trim_end();
        text.push('\n');
    }
    text + &sums(rows)
}

fn cells(row: &Row<'_>) -> Vec<String> {
    let listed = row.listed.as_ref();
    let number = |of: fn(&Listed) -> Option<u64>| {
        listed.and_then(of).map_or_else(|| "-".to_owned(), |number| number.to_string())
    };
    vec![
        number(|listed| Some(listed.task)),
        became(row),
        number(|listed| listed.attempts),
        number(Listed::tokens),
        listed.and_then(|l| l.wall_ms).map_or_else(|| "-".to_owned(), seconds),
        listed.and_then(|l| l.cost_nano_usd).map_or_else(|| "-".to_owned(), dollars),
        row.task.kind.clone(),
        row.task.text.clone(),
    ]
}

fn became(row: &Row<'_>) -> String {
    let Some(listed) = &row.listed else { return format!("not recorded ({})", row.exit) };
    if listed.is_fixed() {
        return "fixed, verified".to_owned();
    }
    match (&listed.outcome, &listed.state) {
        (Some(name), _) => outcome::words(name),
        (None, state) => state.as_deref().unwrap_or("unknown").to_owned(),
    }
}

fn sums(rows: &[Row<'_>]) -> String {
    let listed = || rows.iter().filter_map(|row| row.listed.as_ref());
    let fixed = listed().filter(|listed| listed.is_fixed()).count();
    let wall_ms = listed().filter_map(|listed| listed.wall_ms).sum();
    let cost = listed().filter_map(|listed| listed.cost_nano_usd).sum();
    let (count, seconds, dollars) = (rows.len(), seconds(wall_ms), dollars(cost));
    format!("{fixed} of {count} fixed and verified, in {seconds} s for {dollars}\n")
}

/// For each task that was not fixed, what Tenfold says about it.
pub(super) fn not_fixed(rows: &[Row<'_>]) -> Vec<String> {
    let open = rows.iter().filter(|row| !row.listed.as_ref().is_some_and(Listed::is_fixed));
    open.map(|row| {
        let listed = row.listed.as_ref();
        let number = listed.map_or_else(|| "-".to_owned(), |listed| listed.task.to_string());
        let note = listed.and_then(|listed| listed.note.as_deref());
        format!("not fixed: {number} ({}): {}", row.task.text, note.unwrap_or(&row.exit))
    })
    .collect()
}

fn seconds(wall_ms: u64) -> String {
    format!("{}.{}", wall_ms / 1000, wall_ms % 1000 / 100)
}

/// Money to a millionth of a dollar, rounded up: what a local model costs is that little.
fn dollars(nano_usd: u64) -> String {
    let micros = nano_usd.div_ceil(1000);
    format!("${}.{:06}", micros / 1_000_000, micros % 1_000_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn task() -> Task {
        Task {
            project: "timetable".into(),
            text: "median".into(),
            check: "true".into(),
            bug: "median".into(),
            kind: "off by one".into(),
        }
    }

    #[test]
    fn the_table_says_what_became_of_each_task() {
        let task = task();
        let json = r#"[{"task":12,"state":"to-review","outcome":"finished","attempts":1,
            "proposal":{"attempt":"12.1","verified":true,"files":["a.py"]},"wall_ms":21340,
            "usage":{"prompt":900,"cached":800,"output":100},"cost_nano_usd":120500,"new":[]},
            {"task":13,"outcome":"limit-time","note":"40 candidates"}]"#;
        let mut listed = read(json).unwrap();
        assert_eq!(newest(&listed), Some(13));
        let row = |listed| Row { task: &task, listed, exit: "exit status: 4".into() };
        let open = listed.pop();
        let rows = [row(listed.pop()), row(open), row(None)];
        let expected = "\
task  outcome                        attempts  tokens  seconds      money  kind        text
  12  fixed, verified                       1    1000     21.3  $0.000121  off by one  median
  13  out of time                           -       -        -          -  off by one  median
   -  not recorded (exit status: 4)         -       -        -          -  off by one  median
1 of 3 fixed and verified, in 21.3 s for $0.000121
";
        assert_eq!(table(&rows), expected);
        let open = not_fixed(&rows);
        assert_eq!(open[0], "not fixed: 13 (median): 40 candidates");
        assert_eq!(open[1], "not fixed: - (median): exit status: 4");
    }

    #[test]
    fn an_unverified_proposal_is_not_a_fix() {
        let listed = read(r#"[{"task":1,"proposal":{"verified":false}}]"#).unwrap();
        assert!(!listed[0].is_fixed());
    }
}
