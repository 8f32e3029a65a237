//! How right the forecasts are, on what they were not fitted on: `forecast [--data DIR]
//! [--seed N] [--json]`. `cargo xtask bench forecast` runs it.
//!
//! Each part measures one kind of data, and stands in a file of its own; a part whose data isn't
//! there says so and is passed over. Without a directory the data are made from the seed.

#![allow(clippy::print_stdout, clippy::print_stderr)]

mod args;
mod ledger;
mod made;
mod minutes;
mod report;
mod runs;
mod samples;
mod speed;

use std::error::Error;
use std::process::ExitCode;

use args::Args;
use report::Report;

type Failure = Box<dyn Error + Send + Sync>;

/// What measures one kind of data: its name in the JSON, and what does it. There is no report
/// where its data isn't there.
type Part = (&'static str, fn(&Args) -> Result<Option<Report>, Failure>);

/// All that is measured, in the order in which it is told.
const PARTS: &[Part] = &[
    ("runs", runs::measure),
    ("ledger", ledger::measure),
    ("speed", speed::measure),
    ("samples", samples::measure),
    ("minutes", minutes::measure),
];

fn main() -> ExitCode {
    match measure() {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("error: {why}");
            ExitCode::FAILURE
        }
    }
}

fn measure() -> Result<(), Failure> {
    let Some(args) = Args::parse()? else {
        println!("{}", args::USAGE);
        return Ok(());
    };
    let mut all = serde_json::Map::new();
    for &(name, part) in PARTS {
        match part(&args)? {
            Some(report) if args.json => {
                all.insert(name.to_owned(), report.figures);
            }
            Some(report) => println!("{}", report.text),
            None if args.json => {
                all.insert(name.to_owned(), serde_json::Value::Null);
            }
            None => println!("{name}: its data isn't there, so it was not measured.\n"),
        }
    }
    if args.json {
        println!("{}", serde_json::Value::Object(all));
    }
    Ok(())
}
