//! `cargo xtask bench fleet`: what many coworkers cost one engine, beside plain SQLite in the
//! same run. What is measured is in the example `fleet` of `crates/tenfold`; this builds it, runs
//! it and prints what it says.

use std::process::{ExitCode, Stdio};

use serde_json::{Value as Json, json};

use crate::command::{cargo, output};
use crate::house;
use crate::trouble::Trouble;

const HELP: &str = "\
usage: cargo xtask bench fleet [OPTIONS]

  --attempts LIST   how many are at work at a time           [1,100,1000,10000]
  --turns N         steps of each                                          [40]
  --latency MS      the median of the realistic model, log-normal         [500]
  --tasks N         how many are asked for and listed                  [100000]
  --json            one JSON object on stdout, in place of the tables

A step is a request to a scripted model with its answer, the call of a tool in that, and its result
of 1 kB and more: all of it is in the journal (WAL, synchronous=FULL) before the next one of its
attempt begins. The model answers at once in the first table, and takes its time in the second.
p50 and p99 are of what the engine takes from an answer to the next request of the same attempt.
";

/// What is measured.
#[derive(Debug, PartialEq)]
struct Sizes {
    attempts: Vec<u32>,
    turns: u32,
    latency: u32,
    tasks: u32,
}

/// Runs the bench.
pub(crate) fn main(args: Vec<String>) -> Result<ExitCode, Trouble> {
    use lexopt::prelude::*;
    let mut sizes =
        Sizes { attempts: vec![1, 100, 1_000, 10_000], turns: 40, latency: 500, tasks: 100_000 };
    let mut json = false;
    let mut parser = lexopt::Parser::from_args(args);
    while let Some(word) = parser.next()? {
        match word {
            Long("attempts") => {
                let list = parser.value()?.string()?;
                sizes.attempts = list.split(',').map(number).collect::<Result<_, _>>()?;
            }
            Long("turns") => sizes.turns = number(&parser.value()?.string()?)?,
            Long("latency") => sizes.latency = number(&parser.value()?.string()?)?,
            Long("tasks") => sizes.tasks = number(&parser.value()?.string()?)?,
            Long("json") => json = true,
            Long("help") | Short('h') => {
                print!("{HELP}");
                return Ok(ExitCode::SUCCESS);
            }
            other => return Err(other.unexpected().into()),
        }
    }
    let measured = measure(&sizes)?;
    match json {
        true => println!("{measured}"),
        false => print!("{}", table(&measured)),
    }
    Ok(ExitCode::SUCCESS)
}

/// Every part in a process of its own, one after another.
fn measure(sizes: &Sizes) -> Result<Json, Trouble> {
    let plain = example("tenfold-store", "plain", &[])?;
    let plain: f64 = plain.trim().parse().map_err(|e| misread(&e))?;
    let part = |words: &[&dyn std::fmt::Display]| -> Result<Json, Trouble> {
        let words: Vec<String> = words.iter().map(|word| word.to_string()).collect();
        eprintln!("fleet: {}", words.join(" "));
        serde_json::from_str(&example("tenfold", "fleet", &words)?).map_err(|e| misread(&e))
    };
    let mut rows = Vec::new();
    for latency in [0, sizes.latency] {
        for attempts in &sizes.attempts {
            rows.push(part(&[&"at-work", attempts, &sizes.turns, &latency])?);
        }
    }
    let backlog = part(&[&"backlog", &sizes.tasks])?;
    Ok(json!({
        "rows": rows,
        "backlog": backlog,
        "turns": sizes.turns,
        "synchronous": "full",
        "journal": "wal",
        "sqlite_commits_per_second": plain,
    }))
}

fn misread(why: &dyn std::fmt::Display) -> Trouble {
    Trouble::failed(format!("the measurement was not understood: {why}"))
}

fn example(package: &str, name: &str, words: &[String]) -> Result<String, Trouble> {
    let mut run = cargo(["run", "--release", "--package", package, "--example", name, "--"]);
    output(run.args(words).current_dir(house::root()).stderr(Stdio::inherit()))
}

/// A size: from 1 up.
fn number(word: &str) -> Result<u32, Trouble> {
    match word.trim().parse() {
        Ok(0) | Err(_) => Err(Trouble::usage(format!("'{word}' is no number from 1 up"))),
        Ok(number) => Ok(number),
    }
}

fn table(measured: &Json) -> String {
    let number = |of: &Json, name: &str| of[name].as_f64().unwrap_or(0.0);
    let mut text = format!(
        "{:>8} {:>11} {:>7} {:>8} {:>9} {:>9} {:>11} {:>13} {:>11} {:>9} {:>5}\n",
        "at work",
        "model (ms)",
        "steps",
        "steps/s",
        "p50 (ms)",
        "p99 (ms)",
        "cores busy",
        "journal busy",
        "memory (MB)",
        "disk (MB)",
        "load"
    );
    for row in measured["rows"].as_array().map_or(&[][..], Vec::as_slice) {
        text += &format!(
            "{:>8} {:>11} {:>7} {:>8.0} {:>9.1} {:>9.1} {:>11.2} {:>13.2} {:>11.0} {:>9.0} {:>5.1}\n",
            number(row, "attempts"),
            number(row, "latency_ms"),
            number(row, "steps"),
            number(row, "steps_per_second"),
            number(row, "p50_ms"),
            number(row, "p99_ms"),
            number(row, "cores_busy"),
            number(row, "journal_busy"),
            number(row, "memory_mb"),
            number(row, "disk_mb"),
            number(row, "load"),
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

    #[test]
    fn what_is_no_size_is_refused_before_anything_is_built() {
        assert_eq!(number(" 8").unwrap(), 8);
        for word in ["0", "", "-1", "many", "1.5"] {
            assert!(number(word).is_err(), "{word}");
        }
    }

    #[test]
    fn the_table_has_a_row_for_each_size() {
        let row = json!({"attempts": 100, "latency_ms": 0, "steps": 3900, "p50_ms": 3.25,
                         "steps_per_second": 250.4, "p99_ms": 9.04, "cores_busy": 1.5,
                         "journal_busy": 0.5, "memory_mb": 50.2, "disk_mb": 20.0, "load": 0.25});
        let text = table(&json!({"rows": [row]}));
        let words: Vec<_> = text.lines().nth(1).unwrap_or_default().split_whitespace().collect();
        let said = ["100", "0", "3900", "250", "3.2", "9.0", "1.50", "0.50", "50", "20", "0.2"];
        assert_eq!(words, said);
    }
}
