//! `cargo xtask bench llama`: tokens per second of the embedded model, through Tenfold's child
//! and through llama.cpp by itself, in the same run.

use std::process::{ExitCode, Stdio};

use serde_json::Value as Json;

use crate::command::{cargo, output};
use crate::house;
use crate::trouble::Trouble;

const HELP: &str = "\
usage: cargo xtask bench llama --model FILE [OPTIONS]

  --model FILE       the GGUF file
  --prompt TOKENS    length of the shared prompt                  [1000]
  --output TOKENS    length of each output                        [32]
  --threads N        threads to compute with                      [all cores]
  --sequences LIST   how many together                            [1,4,8,16]
  --json             one JSON object on stdout, in place of the table
";

/// Runs the bench.
pub(crate) fn main(args: Vec<String>) -> Result<ExitCode, Trouble> {
    use lexopt::prelude::*;
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let (mut model, mut json) = (None, false);
    let (mut prompt, mut length) = ("1000".to_owned(), "32".to_owned());
    let (mut threads, mut sequences) = (cores.to_string(), "1,4,8,16".to_owned());
    let mut parser = lexopt::Parser::from_args(args);
    while let Some(word) = parser.next()? {
        match word {
            Long("model") => model = Some(parser.value()?.string()?),
            Long("prompt") => prompt = parser.value()?.string()?,
            Long("output") => length = parser.value()?.string()?,
            Long("threads") => threads = parser.value()?.string()?,
            Long("sequences") => sequences = parser.value()?.string()?,
            Long("json") => json = true,
            Long("help") | Short('h') => {
                print!("{HELP}");
                return Ok(ExitCode::SUCCESS);
            }
            other => return Err(other.unexpected().into()),
        }
    }
    let model = model.ok_or_else(|| Trouble::usage("--model names the GGUF file"))?;
    let mut speed = cargo(["run", "--release", "--package", "tenfold-llama"]);
    speed.args(["--features", "inference", "--example", "speed", "--"]);
    speed.args([&model, &prompt, &length, &threads]).args(sequences.split(','));
    // Building it takes minutes, and so does measuring: what it says meanwhile is shown.
    let text = output(speed.current_dir(house::root()).stderr(Stdio::inherit()))?;
    if json {
        println!("{}", text.trim());
        return Ok(ExitCode::SUCCESS);
    }
    let measured: Json = serde_json::from_str(&text)
        .map_err(|e| Trouble::failed(format!("the measurement was not understood: {e}")))?;
    print_table(&measured);
    Ok(ExitCode::SUCCESS)
}

fn print_table(measured: &Json) {
    println!("tokens per second; a prompt of {} tokens, computed once", measured["prompt_tokens"]);
    println!("{:>10} {:>18} {:>18} {:>12}", "sequences", "prompt", "output", "against one");
    let rows = measured["rows"].as_array().map_or(&[][..], Vec::as_slice);
    for who in ["llama_cpp", "tenfold"] {
        println!("{who}");
        let speed = |row: &Json, what: &str| row[who][what].as_f64().unwrap_or(0.0);
        let alone = rows.first().map_or(1.0, |row| speed(row, "output_tokens_per_s"));
        for row in rows {
            let output = speed(row, "output_tokens_per_s");
            println!(
                "{:>10} {:>18.1} {:>18.1} {:>11.2}x",
                row["sequences"].as_u64().unwrap_or(0),
                speed(row, "prompt_tokens_per_s"),
                output,
                output / alone
            );
        }
    }
}
