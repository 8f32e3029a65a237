//! `cargo xtask bench NAME`: the benches, one file each.
//!
//! This file is their registry, and what they share. A bench reads its own arguments, tells on
//! stderr how it goes on, and prints a table, or one JSON object with `--json`.

mod fleet;
mod forecast;
mod gateway;
mod ledger;
mod llama;
mod page;
mod repair;
mod sandbox;
mod serving;
mod temporal;

use std::process::{Command, ExitCode, Stdio};

use serde_json::Value as Json;

use crate::command::output;
use crate::house;
use crate::trouble::Trouble;

/// One bench: what is typed after `cargo xtask bench`, and what it measures.
struct Bench {
    name: &'static str,
    about: &'static str,
    run: fn(Vec<String>) -> Result<ExitCode, Trouble>,
}

const BENCHES: &[Bench] = &[
    Bench {
        name: "repair",
        about: "how many bugs in real libraries the `repair` strategy fixes, and how fast",
        run: repair::main,
    },
    Bench {
        name: "llama",
        about: "tokens per second of an embedded model, beside llama.cpp by itself",
        run: llama::main,
    },
    Bench {
        name: "sandbox",
        about: "what it costs to start a confined command, beside bubblewrap alone",
        run: sandbox::main,
    },
    Bench {
        name: "fleet",
        about: "what many coworkers cost one engine, beside plain SQLite and Temporal",
        run: fleet::main,
    },
    Bench {
        name: "ledger",
        about: "what reserving and settling costs, in memory and on the disk",
        run: ledger::main,
    },
    Bench {
        name: "gateway",
        about: "what the gateway adds to a request, and how many it answers, beside LiteLLM",
        run: gateway::main,
    },
    Bench {
        name: "page",
        about: "how soon the page is there, how it looks, and how soon a change shows on it",
        run: page::main,
    },
    Bench {
        name: "forecast",
        about: "how right forecasts are, on models and tasks that they were not fitted on",
        run: |args| forecast::main("forecast", args),
    },
    Bench {
        name: "cascade",
        about: "what the cascade solves for how much, beside single models and cheapest-first",
        run: |args| forecast::main("cascade", args),
    },
    Bench {
        name: "level",
        about: "how right the price of a level is foreseen, beside no change and tenfold a year",
        run: |args| forecast::main("level", args),
    },
    Bench {
        name: "audit",
        about: "how often the audit's verdicts are right, on ledgers of which the truth is known",
        run: |args| forecast::main("audit", args),
    },
];

/// Runs a program that measures, and prints what it says: as it says it, or as a table.
fn tell(
    measuring: &mut Command,
    json: bool,
    table: fn(&Json) -> String,
) -> Result<ExitCode, Trouble> {
    let text = output(measuring.current_dir(house::root()).stderr(Stdio::inherit()))?;
    if json {
        println!("{}", text.trim());
        return Ok(ExitCode::SUCCESS);
    }
    let measured: Json = serde_json::from_str(&text)
        .map_err(|e| Trouble::failed(format!("the measurement was not understood: {e}")))?;
    print!("{}", table(&measured));
    Ok(ExitCode::SUCCESS)
}

/// Runs the bench that is named first.
pub(crate) fn main(args: Vec<String>) -> ExitCode {
    let name = args.first().map_or("", String::as_str);
    if matches!(name, "" | "help" | "--help" | "-h") {
        println!("usage: cargo xtask bench NAME [OPTIONS]\n");
        for bench in BENCHES {
            println!("  {:<10} {}", bench.name, bench.about);
        }
        return ExitCode::SUCCESS;
    }
    let ended = match BENCHES.iter().find(|bench| bench.name == name) {
        Some(bench) => (bench.run)(args.into_iter().skip(1).collect()),
        None => Err(Trouble::usage(format!("there is no bench '{name}'"))),
    };
    ended.unwrap_or_else(|trouble| {
        eprintln!("error: {trouble}");
        trouble.exit_code()
    })
}
