//! `cargo xtask bench page`: how soon the page is there on a store of many tasks, how it looks to a
//! browser, what many browsers take of the memory, and how soon what many coworkers do shows. The
//! stores, and the engine that works behind a page, are the example `fleet` of `crates/tenfold`;
//! what a browser sees is measured by `web/bench/page.mjs`; this starts both, and asks the server
//! itself.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use serde_json::{Value as Json, json};

use super::serving::{Serving, free_port, listening};
use crate::command::{cargo, command, output, run};
use crate::trouble::{Tried, Trouble};
use crate::{house, web};

const HELP: &str = "\
usage: cargo xtask bench page [OPTIONS]

  --tasks LIST      how many are in the store                      [1000,100000]
  --tenfold FILE    the program; without it a release build is made
  --fleet FILE      the example `fleet`; without it a release build is made
  --runs N          how often the first board is opened, and asked for       [5]
  --streams N       browsers that listen at the same time                  [100]
  --attempts N      how many are at work while changes are watched        [1000]
  --latency MS      the median of their model, log-normal                  [900]
  --seconds N       how long changes are watched                            [30]
  --no-browser      only what the server takes
  --json            one JSON object on stdout, in place of the table

All scripts of the page together may have 150 kB gzipped: beyond that the bench fails.
";

/// The most that all scripts of the page may have, gzipped, in bytes.
const SCRIPT_BYTES_MAX: u64 = 150_000;
/// Steps of each at work: more than there is time for.
const TURNS: &str = "10000";
/// A column is scrolled over so many cards.
const CARDS: &str = "1000";

/// What is measured, and with what.
#[derive(Debug, PartialEq)]
struct Options {
    tasks: Vec<u32>,
    tenfold: Option<PathBuf>,
    fleet: Option<PathBuf>,
    runs: u32,
    streams: u32,
    attempts: u32,
    latency: u32,
    seconds: u32,
    browser: bool,
    json: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            tasks: vec![1_000, 100_000],
            tenfold: None,
            fleet: None,
            runs: 5,
            streams: 100,
            attempts: 1_000,
            latency: 900,
            seconds: 30,
            browser: true,
            json: false,
        }
    }
}

/// Runs the bench.
pub(crate) fn main(args: Vec<String>) -> Result<ExitCode, Trouble> {
    let Some(options) = parse(args)? else {
        print!("{HELP}");
        return Ok(ExitCode::SUCCESS);
    };
    let measured = measure(&options)?;
    match options.json {
        true => println!("{measured}"),
        false => print!("{}", table(&measured)),
    }
    let script = measured["script_gzipped"].as_u64().unwrap_or(0);
    if script > SCRIPT_BYTES_MAX {
        let what = format!("the page has {script} bytes of script, gzipped");
        return Err(Trouble::failed(format!("{what}: {SCRIPT_BYTES_MAX} are the limit")));
    }
    Ok(ExitCode::SUCCESS)
}

fn parse(args: Vec<String>) -> Result<Option<Options>, Trouble> {
    use lexopt::prelude::*;
    let mut options = Options::default();
    let mut parser = lexopt::Parser::from_args(args);
    while let Some(word) = parser.next()? {
        match word {
            Long("tasks") => {
                let list = parser.value()?.string()?;
                options.tasks = list.split(',').map(number).collect::<Result<_, _>>()?;
            }
            Long("tenfold") => options.tenfold = Some(parser.value()?.into()),
            Long("fleet") => options.fleet = Some(parser.value()?.into()),
            Long("runs") => options.runs = number(&parser.value()?.string()?)?,
            Long("streams") => options.streams = number(&parser.value()?.string()?)?,
            Long("attempts") => options.attempts = number(&parser.value()?.string()?)?,
            Long("latency") => options.latency = number(&parser.value()?.string()?)?,
            Long("seconds") => options.seconds = number(&parser.value()?.string()?)?,
            Long("no-browser") => options.browser = false,
            Long("json") => options.json = true,
            Long("help") | Short('h') => return Ok(None),
            other => return Err(other.unexpected().into()),
        }
    }
    Ok(Some(options))
}

/// A size: from 1 up.
fn number(word: &str) -> Result<u32, Trouble> {
    match word.trim().parse() {
        Ok(0) | Err(_) => Err(Trouble::usage(format!("'{word}' is no number from 1 up"))),
        Ok(number) => Ok(number),
    }
}

/// The two programs.
struct Programs {
    tenfold: PathBuf,
    fleet: PathBuf,
}

impl Programs {
    fn of(options: &Options) -> Result<Self, Trouble> {
        let target = std::env::var_os("CARGO_TARGET_DIR").map(PathBuf::from);
        let release = target.unwrap_or_else(|| house::root().join("target")).join("release");
        let built = |words: &[&str], file: &str| -> Result<PathBuf, Trouble> {
            web::ensure()?;
            let mut build = cargo(["build", "--release", "--package", "tenfold"]);
            run(build.args(words).current_dir(house::root()))?;
            Ok(release.join(file))
        };
        let absolute = |given: &PathBuf| {
            std::path::absolute(given).tried(|| format!("could not find {}", given.display()))
        };
        Ok(Self {
            tenfold: match &options.tenfold {
                Some(given) => absolute(given)?,
                None => built(&[], "tenfold")?,
            },
            fleet: match &options.fleet {
                Some(given) => absolute(given)?,
                None => built(&["--example", "fleet"], "examples/fleet")?,
            },
        })
    }
}

fn measure(options: &Options) -> Result<Json, Trouble> {
    let programs = Programs::of(options)?;
    let (mut rows, mut at_work, mut script) = (Vec::new(), Json::Null, Json::Null);
    for tasks in &options.tasks {
        let scratch = tempfile::tempdir().tried(|| "could not make a folder".to_owned())?;
        eprintln!("page: a store of {tasks} tasks");
        let stock = fleet(&programs, scratch.path(), "stock", &[&tasks.to_string()])?;
        let mut row = served(&programs, scratch.path(), options)?;
        row["tasks"] = json!(tasks);
        row["stock"] = stock;
        if !row["first"].is_null() {
            script = row["first"]["all_scripts_gzipped"].clone();
        }
        rows.push(row);
        if options.browser && Some(tasks) == options.tasks.last() {
            eprintln!("page: {} at work", options.attempts);
            at_work = delays(&programs, scratch.path(), options)?;
        }
    }
    let settings = output(&mut command(&programs.fleet, ["settings"]))?;
    let settings: Json = serde_json::from_str(&settings).map_err(|why| misread(&why))?;
    Ok(json!({
        "rows": rows, "at_work": at_work, "script_gzipped": script, "settings": settings,
    }))
}

fn misread(why: &dyn std::fmt::Display) -> Trouble {
    Trouble::failed(format!("the measurement was not understood: {why}"))
}

/// A part of the example, in a folder.
fn fleet(programs: &Programs, folder: &Path, part: &str, words: &[&str]) -> Result<Json, Trouble> {
    let said = output(command(&programs.fleet, [part]).arg(folder).args(words))?;
    serde_json::from_str(&said).map_err(|why| misread(&why))
}

/// What the program takes to serve the store that is in a folder.
fn served(programs: &Programs, folder: &Path, options: &Options) -> Result<Json, Trouble> {
    let mut starts = Vec::new();
    for is_cold in [true, false] {
        if is_cold {
            forget(folder)?;
        }
        let mut serving = listening(&programs.tenfold, folder, free_port()?)?;
        serving.sign_in()?;
        let (first, bytes) = serving.asked("/api/v1/board?limit=60")?;
        let since = serving.since_start_ms();
        starts.push(json!({
            "cold": is_cold, "ready_ms": serving.ready_ms, "first_board_ms": first,
            "board_since_start_ms": since, "board_bytes": bytes,
        }));
    }
    let mut serving = listening(&programs.tenfold, folder, free_port()?)?;
    serving.sign_in()?;
    let mut boards = (0..options.runs)
        .map(|_| Ok(serving.asked("/api/v1/board?limit=60")?.0))
        .collect::<Result<Vec<f64>, Trouble>>()?;
    boards.sort_by(f64::total_cmp);
    let before = serving.memory_mb();
    let streams = serving.streams(&programs.tenfold, folder, options.streams)?;
    std::thread::sleep(std::time::Duration::from_secs(2));
    let after = serving.memory_mb();
    drop(streams);
    let mut row = json!({
        "starts": starts, "board_p50_ms": boards[boards.len() / 2],
        "streams": options.streams, "memory_mb": before, "memory_with_streams_mb": after,
    });
    if options.browser {
        row["first"] = browser("first", &serving, &options.runs.to_string())?;
        row["scroll"] = browser("scroll", &serving, CARDS)?;
    }
    Ok(row)
}

/// What a browser sees.
fn browser(part: &str, serving: &Serving, word: &str) -> Result<Json, Trouble> {
    let (address, cookie) = (serving.address(), serving.cookie());
    let mut node = command("node", ["bench/page.mjs", part, &address, cookie, word]);
    let said = output(node.current_dir(house::root().join("web")))?;
    serde_json::from_str(&said).map_err(|why| misread(&why))
}

/// Takes a store's files out of the memory that the system keeps of them.
fn forget(folder: &Path) -> Result<(), Trouble> {
    for name in ["tenfold.db", "tenfold.db-wal"] {
        let file = folder.join("data").join(name);
        if file.exists() {
            let from = format!("if={}", file.display());
            output(&mut command("dd", [from.as_str(), "iflag=nocache", "count=0", "status=none"]))?;
        }
    }
    Ok(())
}

/// How soon what happens is shown, with many at work.
fn delays(programs: &Programs, folder: &Path, options: &Options) -> Result<Json, Trouble> {
    let words = [options.attempts.to_string(), TURNS.to_owned(), options.latency.to_string()];
    let mut engine = command(&programs.fleet, ["page"]);
    let mut serving = Serving::of(engine.arg(folder).args(words))?;
    serving.sign_in()?;
    let seen = browser("delays", &serving, &options.seconds.to_string())?;
    let mut told = serving.ended()?;
    let millis = lines(&told["marked"], &seen);
    let share = |part: f64| millis.get((millis.len() as f64 * part) as usize).copied();
    told["marked"] = json!(millis.len());
    told["p50_ms"] = json!(share(0.5));
    told["p99_ms"] = json!(share(0.99));
    told["never_shown"] = json!(millis.iter().filter(|ms| **ms == u64::MAX).count());
    for name in ["long_tasks", "longest_task_ms", "boards_read", "cards_shown"] {
        told[name] = seen[name].clone();
    }
    Ok(told)
}

/// From when each was recorded to when it was shown, in milliseconds, shortest first; of those that
/// were recorded while it was watched. What never showed took for ever.
fn lines(marked: &Json, seen: &Json) -> Vec<u64> {
    let moment = |name: &str| seen[name].as_u64().unwrap_or(0);
    let all = marked.as_array().map_or(&[][..], Vec::as_slice).iter();
    let recorded = all.filter_map(|pair| Some((pair[0].as_u64()?, pair[1].as_u64()?)));
    let watched = recorded.filter(|(_, at)| (moment("since")..moment("until")).contains(at));
    let took = watched.map(|(number, at)| {
        let shown = seen["seen"][number.to_string()].as_u64();
        shown.map_or(u64::MAX, |shown| shown.saturating_sub(at))
    });
    let mut took: Vec<u64> = took.collect();
    took.sort_unstable();
    took
}

fn float(of: &Json, name: &str) -> f64 {
    of[name].as_f64().unwrap_or(f64::NAN)
}

fn table(measured: &Json) -> String {
    let rows = measured["rows"].as_array().map_or(&[][..], Vec::as_slice);
    let mut text: String = rows.iter().map(row).collect();
    let at_work = &measured["at_work"];
    if !at_work.is_null() {
        text += &format!(
            "{:.0} at work, {:.0} steps/s, {:.2} cores busy: a change shows after {:.0} ms (p50) \
             and {:.0} ms (p99) of {:.0}, {:.0} never; {:.0} long tasks, the longest {:.0} ms; \
             the board was read {:.0} times\n",
            float(at_work, "attempts"),
            float(at_work, "steps_per_second"),
            float(at_work, "cores_busy"),
            float(at_work, "p50_ms"),
            float(at_work, "p99_ms"),
            float(at_work, "marked"),
            float(at_work, "never_shown"),
            float(at_work, "long_tasks"),
            float(at_work, "longest_task_ms"),
            float(at_work, "boards_read"),
        );
    }
    text
}

fn row(row: &Json) -> String {
    let (first, scroll) = (&row["first"], &row["scroll"]);
    let mut text = format!("{:.0} tasks, {:.0} MB\n", float(row, "tasks"), {
        float(&row["stock"], "disk_mb")
    });
    for start in row["starts"].as_array().map_or(&[][..], Vec::as_slice) {
        text += &format!(
            "  {} start: ready after {:.0} ms, first board after {:.0} ms ({:.0} ms of it the \
             answer)\n",
            if start["cold"] == true { "cold" } else { "warm" },
            float(start, "ready_ms"),
            float(start, "board_since_start_ms"),
            float(start, "first_board_ms"),
        );
    }
    text += &format!(
        "  board p50 {:.1} ms; memory {:.0} MB, with {:.0} streams {:.0} MB\n",
        float(row, "board_p50_ms"),
        float(row, "memory_mb"),
        float(row, "streams"),
        float(row, "memory_with_streams_mb"),
    );
    if first.is_null() {
        return text;
    }
    let millis = first["millis"].as_array().map_or(&[][..], Vec::as_slice);
    text + &format!(
        "  browser: first card after {:.0} ms (p50 of {}), script {:.0} bytes \
         gzipped of {:.0}; scrolling \
         {:.0} cards: {:.0} of {:.0} frames over 50 ms, the longest {:.0} ms\n",
        millis.get(millis.len() / 2).and_then(Json::as_f64).unwrap_or(f64::NAN),
        millis.len(),
        float(first, "script_gzipped"),
        float(first, "all_scripts_gzipped"),
        float(scroll, "cards"),
        float(&scroll["scrolling"], "over_50_ms"),
        float(&scroll["scrolling"], "frames"),
        float(&scroll["scrolling"], "longest_ms"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_recorded_while_it_was_watched_counts_also_if_it_never_showed() {
        let marked = json!([[0, 90], [1, 100], [2, 150], [3, 200]]);
        let seen = json!({"since": 100, "until": 200, "seen": {"0": 95, "2": 162, "3": 201}});
        assert_eq!(lines(&marked, &seen), [12, u64::MAX]);
    }

    #[test]
    fn sizes_are_read() {
        let parse = |words: &[&str]| parse(words.iter().map(ToString::to_string).collect());
        let options = parse(&["--tasks", "5,1000000", "--no-browser"]).unwrap().unwrap();
        assert_eq!(options.tasks, [5, 1_000_000]);
        assert!(!options.browser);
        assert!(parse(&["--tasks", "0"]).is_err());
        assert!(parse(&["--help"]).unwrap().is_none());
    }
}
