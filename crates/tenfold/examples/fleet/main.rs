//! What many coworkers cost one engine: durable steps per second, the time and memory of each,
//! a large backlog, and many that wait for the person. `cargo xtask bench fleet` runs it, each part
//! in a process of its own: `fleet at-work ATTEMPTS TURNS MILLIS`, `fleet backlog TASKS`,
//! `fleet parked TASKS WOKEN`, `fleet open FOLDER`, `fleet settings`. It prints one JSON object.

#![allow(clippy::print_stdout, clippy::print_stderr)]

mod at_work;
mod backlog;
mod ground;
mod machine;
mod opened;
mod parked;
mod pattern;
mod scripted;

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
         fleet parked TASKS WOKEN | fleet open FOLDER | fleet settings"
    };
    let (part, words) = words.split_first().ok_or_else(usage)?;
    let load = machine::load();
    let runtime = tokio::runtime::Runtime::new()?;
    if let ("open", [folder]) = (part.as_str(), words) {
        return runtime.block_on(opened::measure(Path::new(folder)));
    }
    let numbers: Vec<usize> = words.iter().map(|word| word.parse()).collect::<Result<_, _>>()?;
    let mut measured = match (part.as_str(), numbers.as_slice()) {
        ("at-work", &[attempts, turns, millis]) => {
            let latency = match millis {
                0 => Latency::None,
                millis => Latency::Median(Duration::from_millis(millis as u64)),
            };
            runtime.block_on(at_work::measure(attempts, turns, latency))?
        }
        ("backlog", &[tasks]) => runtime.block_on(backlog::measure(tasks))?,
        ("parked", &[tasks, woken]) => runtime.block_on(parked::measure(tasks, woken))?,
        ("settings", []) => machine::settings(),
        _ => return Err(usage().into()),
    };
    measured["load"] = json!(load);
    Ok(measured)
}
