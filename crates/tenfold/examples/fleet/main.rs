//! What many coworkers cost one engine: durable steps per second, the time and memory of each,
//! a large backlog, and many that wait for the person. `cargo xtask bench fleet` runs it, each part
//! in a process of its own: `fleet at-work ATTEMPTS TURNS MILLIS`, `fleet backlog TASKS`,
//! `fleet parked TASKS WOKEN`, `fleet open FOLDER`, `fleet settings`. For `cargo xtask bench page`
//! `fleet stock FOLDER TASKS` makes a store, and `fleet page FOLDER ATTEMPTS TURNS MILLIS` has
//! attempts work on it behind a page. It prints one JSON object.

#![allow(clippy::print_stdout, clippy::print_stderr)]

mod at_work;
mod backlog;
mod ground;
mod machine;
mod opened;
mod page;
mod parked;
mod pattern;
mod scripted;
mod stock;

use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use serde_json::{Value, json};

use scripted::Latency;

type Failure = Box<dyn std::error::Error + Send + Sync>;

fn main() -> ExitCode {
    let mut args = std::env::args_os().skip(1).peekable();
    match args.peek().and_then(|word| word.to_str()) {
        Some("sandbox-shim") => tenfold_sandbox::shim_main(),
        Some("sandbox-inner") => tenfold_sandbox::inner_main(args.skip(1)),
        _ => match measure(&args.filter_map(|word| word.into_string().ok()).collect::<Vec<_>>()) {
            Ok(measured) => {
                println!("{measured}");
                ExitCode::SUCCESS
            }
            Err(why) => {
                eprintln!("error: {why}");
                ExitCode::FAILURE
            }
        },
    }
}

fn measure(words: &[String]) -> Result<Value, Failure> {
    let usage = || {
        "usage: fleet at-work ATTEMPTS TURNS MILLIS | fleet backlog TASKS | \
         fleet parked TASKS WOKEN | fleet open FOLDER | fleet stock FOLDER TASKS | \
         fleet page FOLDER ATTEMPTS TURNS MILLIS | fleet settings"
    };
    let (part, words) = words.split_first().ok_or_else(usage)?;
    let load = machine::load();
    let runtime = tokio::runtime::Runtime::new()?;
    let (folder, words) = match (part.as_str(), words) {
        ("open" | "stock" | "page", [folder, words @ ..]) => (Path::new(folder), words),
        _ => (Path::new(""), words),
    };
    let numbers: Vec<usize> = words.iter().map(|word| word.parse()).collect::<Result<_, _>>()?;
    let mut measured = match (part.as_str(), numbers.as_slice()) {
        ("open", []) => return runtime.block_on(opened::measure(folder)),
        ("stock", &[tasks]) => runtime.block_on(stock::make(folder, tasks))?,
        ("page", &[attempts, turns, millis]) => {
            let served = page::serve(folder, (attempts, turns), latency(millis));
            let measured = runtime.block_on(served);
            // Attempts that are still at work are not waited for.
            runtime.shutdown_background();
            return measured;
        }
        ("at-work", &[attempts, turns, millis]) => {
            runtime.block_on(at_work::measure(attempts, turns, latency(millis)))?
        }
        ("backlog", &[tasks]) => runtime.block_on(backlog::measure(tasks))?,
        ("parked", &[tasks, woken]) => runtime.block_on(parked::measure(tasks, woken))?,
        ("settings", []) => machine::settings(),
        _ => return Err(usage().into()),
    };
    measured["load"] = json!(load);
    Ok(measured)
}

/// That of a model with this median; none is no time at all.
fn latency(millis: usize) -> Latency {
    match millis {
        0 => Latency::None,
        millis => Latency::Median(Duration::from_millis(millis as u64)),
    }
}
