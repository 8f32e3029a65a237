//! `cargo xtask bench fleet`: what many coworkers cost one engine, beside plain SQLite in the
//! same run, and beside Temporal if asked. What is measured is in the example `fleet` of
//! `crates/tenfold`; this builds it, runs it and prints what it says.

use std::process::{ExitCode, Stdio};

use serde_json::{Value as Json, json};

use super::temporal;
use crate::command::{cargo, output};
use crate::house;
use crate::trouble::Trouble;

const HELP: &str = "\
usage: cargo xtask bench fleet [OPTIONS]

  --attempts LIST   how many are at work at a time           [1,100,1000,10000]
  --turns N         steps of each                                          [40]
  --latency MS      the median of the realistic model, log-normal         [500]
  --tasks N         how many are asked for and listed                  [100000]
  --parked N        how many wait for an answer                        [100000]
  --woken N         how many of these are answered at once               [1000]
  --temporal        also as many steps of Temporal's dev server, which is fetched and built
                    for it: some minutes the first time
  --json            one JSON object on stdout, in place of the tables

A step is a request to a scripted model with its answer, the call of a tool in that, and its result
of 1 kB and more: all of it is in the journal (WAL, synchronous=FULL) before the next one of its
attempt begins. The model answers at once in the first table, and takes its time in the second.
p50 and p99 are of what the engine takes from an answer to the next request of the same attempt.

An attempt that waits has at least 20 events, and a thousand of them 500. The first of each kind is
worked by the engine, and the others are recorded as copies of it with a money of their own.
";

/// What is measured.
#[derive(Debug, PartialEq)]
struct Sizes {
    attempts: Vec<u32>,
    turns: u32,
    latency: u32,
    tasks: u32,
    parked: u32,
    woken: u32,
    temporal: bool,
}

impl Default for Sizes {
    fn default() -> Self {
        let attempts = vec![1, 100, 1_000, 10_000];
        let (tasks, parked, woken) = (100_000, 100_000, 1_000);
        Self { attempts, turns: 40, latency: 500, tasks, parked, woken, temporal: false }
    }
}

/// Runs the bench.
pub(crate) fn main(args: Vec<String>) -> Result<ExitCode, Trouble> {
    use lexopt::prelude::*;
    let (mut sizes, mut json) = (Sizes::default(), false);
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
            Long("parked") => sizes.parked = number(&parser.value()?.string()?)?,
            Long("woken") => sizes.woken = number(&parser.value()?.string()?)?,
            Long("temporal") => sizes.temporal = true,
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
    let parked = part(&[&"parked", &sizes.parked, &sizes.woken])?;
    let temporal = match sizes.temporal {
        true => Some(temporal::measure(&sizes.attempts, sizes.turns)?),
        false => None,
    };
    Ok(json!({
        "rows": rows,
        "temporal": temporal,
        "backlog": backlog,
        "parked": parked,
        "turns": sizes.turns,
        "settings": part(&[&"settings"])?,
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
    let rows = measured["rows"].as_array().map_or(&[][..], Vec::as_slice);
    let mut text = at_work(rows);
    let sqlite = number_of(measured, "sqlite_commits_per_second");
    text += &format!("plain SQLite, a commit for each row of 1 kB: {sqlite:.0}/s\n");
    text += &temporal_of(&measured["temporal"]);
    text + &backlog(&measured["backlog"]) + &parked(&measured["parked"]) + &settings(measured)
}

fn number_of(of: &Json, name: &str) -> f64 {
    of[name].as_f64().unwrap_or(0.0)
}

fn at_work(rows: &[Json]) -> String {
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
    for row in rows {
        text += &format!(
            "{:>8} {:>11} {:>7} {:>8.0} {:>9.1} {:>9.1} {:>11.2} {:>13.2} {:>11.0} {:>9.0} {:>5.1}\n",
            number_of(row, "attempts"),
            number_of(row, "latency_ms"),
            number_of(row, "steps"),
            number_of(row, "steps_per_second"),
            number_of(row, "p50_ms"),
            number_of(row, "p99_ms"),
            number_of(row, "cores_busy"),
            number_of(row, "journal_busy"),
            number_of(row, "memory_mb"),
            number_of(row, "disk_mb"),
            number_of(row, "load"),
        );
    }
    text
}

fn temporal_of(rows: &Json) -> String {
    let Some(rows) = rows.as_array() else {
        return "Temporal: not asked for; --temporal fetches and builds it\n".to_owned();
    };
    let row = |row: &Json| {
        format!(
            "Temporal's dev server, {:.0} workflows: {:.0} steps/s, p50 {:.1} ms, p99 {:.1} ms, \
             {:.0} MB on disk\n",
            number_of(row, "attempts"),
            number_of(row, "steps_per_second"),
            number_of(row, "p50_ms"),
            number_of(row, "p99_ms"),
            number_of(row, "disk_mb"),
        )
    };
    rows.iter().map(row).collect()
}

fn backlog(of: &Json) -> String {
    format!(
        "{:.0} tasks: asked for in {:.1} s, a page of them listed in {:.1} ms, an engine opened on \
         them in {:.2} s, {:.0} MB on disk\n",
        number_of(of, "tasks"),
        number_of(of, "asked_seconds"),
        number_of(of, "list_ms"),
        number_of(of, "open_seconds"),
        number_of(of, "disk_mb"),
    )
}

fn parked(of: &Json) -> String {
    let (opened, woken) = (&of["opened"], &of["woken"]);
    format!(
        "{:.0} attempts that wait, {:.0} events, {:.0} MB on disk, recorded in {:.1} s: an engine \
         opened on them in {:.2} s, {:.0} bytes of memory for each, a page listed in {:.1} ms, \
         counted in {:.1} ms\n\
         {:.0} of them answered: at their check in {:.0} ms (p50) and {:.0} ms (p99), all at their \
         end in {:.1} s\n",
        number_of(of, "tasks"),
        number_of(of, "events"),
        number_of(of, "disk_mb"),
        number_of(of, "recorded_seconds"),
        number_of(opened, "open_seconds"),
        number_of(of, "bytes_of_each"),
        number_of(opened, "list_ms"),
        number_of(opened, "count_ms"),
        number_of(woken, "tasks"),
        number_of(woken, "check_p50_ms"),
        number_of(woken, "check_p99_ms"),
        number_of(woken, "seconds"),
    )
}

/// What the figures depend on.
fn settings(measured: &Json) -> String {
    let (of, store) = (&measured["settings"], &measured["settings"]["store"]);
    format!(
        "{:.0} cores, {:.0} MB of memory, {}; SQLite: journal_mode=wal, synchronous={:.0}, \
         cache_size={:.0}, wal_autocheckpoint={:.0}\n",
        number_of(of, "cores"),
        number_of(of, "memory_mb"),
        of["disk"].as_str().unwrap_or_default(),
        number_of(store, "synchronous"),
        number_of(store, "cache_size"),
        number_of(store, "wal_autocheckpoint"),
    )
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
        let text = table(&json!({"rows": [row], "parked": {"opened": {"open_seconds": 0.25}}}));
        let words: Vec<_> = text.lines().nth(1).unwrap_or_default().split_whitespace().collect();
        let said = ["100", "0", "3900", "250", "3.2", "9.0", "1.50", "0.50", "50", "20", "0.2"];
        assert_eq!(words, said);
        assert!(text.contains("an engine opened on them in 0.25 s, 0 bytes"), "{text}");
    }
}
