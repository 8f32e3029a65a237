//! `cargo xtask bench NAME`: the benches, one file each.
//!
//! This file is their registry and nothing else. A bench reads its own arguments, tells on
//! stderr how it goes on, and prints a table, or one JSON object with `--json`.

mod fleet;
mod gateway;
mod llama;
mod repair;
mod sandbox;
mod temporal;

use std::process::ExitCode;

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
        name: "gateway",
        about: "what the gateway adds to a request, and how many it answers, beside LiteLLM",
        run: gateway::main,
    },
];

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
