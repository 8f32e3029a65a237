//! `cargo xtask bench fleet`: what many coworkers cost one engine, beside plain SQLite in the
//! same run. What is measured is in the example `fleet` of `crates/tenfold`; this builds it, runs
//! it and prints what it says.

use std::process::{ExitCode, Stdio};

use serde_json::Value as Json;

use crate::command::{cargo, output};
use crate::house;
use crate::trouble::Trouble;

const HELP: &str = "\
usage: cargo xtask bench fleet [OPTIONS]

  --attempts LIST   how many are at work at a time                 [1,100,1000]
  --turns N         requests of each; between them it reads, 3 to 59       [20]
  --tasks N         how many are asked for and listed                  [100000]
  --json            one JSON object on stdout, in place of the tables

A step is a request to a scripted model with its answer, or a read of 1 kB; each is in the
journal (WAL, synchronous=FULL) before the next one of its attempt begins.
";

/// Runs the bench.
pub(crate) fn main(args: Vec<String>) -> Result<ExitCode, Trouble> {
    use lexopt::prelude::*;
    let mut attempts = "1,100,1000".to_owned();
    let (mut turns, mut tasks, mut json) = ("20".to_owned(), "100000".to_owned(), false);
    let mut parser = lexopt::Parser::from_args(args);
    while let Some(word) = parser.next()? {
        match word {
            Long("attempts") => attempts = parser.value()?.string()?,
            Long("turns") => turns = parser.value()?.string()?,
            Long("tasks") => tasks = parser.value()?.string()?,
            Long("json") => json = true,
            Long("help") | Short('h') => {
                print!("{HELP}");
                return Ok(ExitCode::SUCCESS);
            }
            other => return Err(other.unexpected().into()),
        }
    }
    let numbers = numbers(&turns, &tasks, &attempts)?;
    let plain = example("tenfold-store", "plain", &[])?;
    let text = example("tenfold", "fleet", &numbers)?;
    let misread = |e: &dyn std::fmt::Display| {
        Trouble::failed(format!("the measurement was not understood: {e}"))
    };
    let mut measured: Json = serde_json::from_str(&text).map_err(|e| misread(&e))?;
    let plain: f64 = plain.trim().parse().map_err(|e| misread(&e))?;
    measured["sqlite_commits_per_second"] = plain.into();
    match json {
        true => println!("{measured}"),
        false => print!("{}", table(&measured)),
    }
    Ok(ExitCode::SUCCESS)
}

fn example(package: &str, name: &str, words: &[String]) -> Result<String, Trouble> {
    let mut run = cargo(["run", "--release", "--package", package, "--example", name, "--"]);
    output(run.args(words).current_dir(house::root()).stderr(Stdio::inherit()))
}

/// All numbers in the order in which the example takes them.
fn numbers(turns: &str, tasks: &str, attempts: &str) -> Result<Vec<String>, Trouble> {
    if !turns.parse::<usize>().is_ok_and(|turns| (3..60).contains(&turns)) {
        return Err(Trouble::usage(format!("--turns takes 3 to 59, not '{turns}'")));
    }
    let list = attempts.split(',').map(str::trim);
    let all: Vec<String> = [turns, tasks].into_iter().chain(list).map(str::to_owned).collect();
    match all.iter().find(|word| word.parse::<usize>().map_or(true, |number| number == 0)) {
        Some(word) => Err(Trouble::usage(format!("'{word}' is no number from 1 up"))),
        None => Ok(all),
    }
}

fn table(measured: &Json) -> String {
    let number = |of: &Json, name: &str| of[name].as_f64().unwrap_or(0.0);
    let mut text =
        format!("the machine's load in the last minute: {:.1}\n", number(measured, "load"));
    text += &format!(
        "{:>8} {:>8} {:>9} {:>9} {:>9} {:>11} {:>9}\n",
        "at work", "steps", "steps/s", "p50 (ms)", "p99 (ms)", "memory (MB)", "disk (MB)"
    );
    for row in measured["rows"].as_array().map_or(&[][..], Vec::as_slice) {
        text += &format!(
            "{:>8} {:>8} {:>9.0} {:>9.0} {:>9.0} {:>11.0} {:>9.1}\n",
            number(row, "attempts"),
            number(row, "steps"),
            number(row, "steps_per_second"),
            number(row, "p50_ms"),
            number(row, "p99_ms"),
            number(row, "memory_mb"),
            number(row, "disk_mb"),
        );
    }
    let backlog = &measured["backlog"];
    text += &format!(
        "plain SQLite, a commit for each row of 1 kB: {:.0}/s\n\
         {:.0} tasks: asked for in {:.1} s, a page of them listed in {:.1} ms, an engine opened on \
         them in {:.2} s, {:.0} MB on disk\n",
        number(measured, "sqlite_commits_per_second"),
        number(backlog, "tasks"),
        number(backlog, "asked_seconds"),
        number(backlog, "list_ms"),
        number(backlog, "open_seconds"),
        number(backlog, "disk_mb"),
    );
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_is_no_size_is_refused_before_anything_is_built() {
        assert_eq!(numbers("20", "5", "1, 8").unwrap(), ["20", "5", "1", "8"]);
        for (turns, tasks, attempts) in
            [("2", "1", "1"), ("60", "1", "1"), ("20", "0", "1"), ("20", "1", "")]
        {
            assert!(numbers(turns, tasks, attempts).is_err(), "{turns} {tasks} {attempts}");
        }
    }

    #[test]
    fn the_table_has_a_row_for_each_size() {
        let row = json!({"attempts": 100, "steps": 3900, "steps_per_second": 250.4, "p50_ms": 3,
                         "p99_ms": 9, "memory_mb": 50.2, "disk_mb": 20.0});
        let text = table(&json!({"load": 0.25, "rows": [row]}));
        let words: Vec<_> = text.lines().nth(2).unwrap_or_default().split_whitespace().collect();
        assert_eq!(words, ["100", "3900", "250", "3", "9", "50", "20.0"]);
    }
}
