//! How fast a model is here: llama.cpp by itself, and through this crate's child, on the same
//! prompt length and the same number of sequences, in the same run.
//!
//! `speed MODEL PROMPT_TOKENS OUTPUT_TOKENS THREADS SEQUENCES…` prints one JSON object.
//! `cargo xtask bench llama` runs it.

#![allow(clippy::print_stdout, clippy::print_stderr)]

use std::io::{BufRead, BufReader, Write};
use std::num::NonZeroU32;
use std::process::{Command, ExitCode, Stdio};
use std::time::Instant;

use tenfold_domain::{Ask, Generate, Prompt, Seed};
use tenfold_llama::protocol::{FromChild, RequestId, ToChild};
use tenfold_llama::serve::{ServeConfig, bench, run};

const CONTEXT: u32 = 8_192;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [role, model, threads] = &arguments[..]
        && role == "serve"
    {
        return run(&config(model, threads)).into();
    }
    match measure(&arguments) {
        Ok(json) => {
            println!("{json}");
            ExitCode::SUCCESS
        }
        Err(why) => {
            eprintln!("error: {why}");
            ExitCode::FAILURE
        }
    }
}

fn config(model: &str, threads: &str) -> ServeConfig {
    let number = |text: &str, default| text.parse().ok().unwrap_or(default);
    ServeConfig {
        model: model.into(),
        context: NonZeroU32::new(CONTEXT).unwrap_or(NonZeroU32::MIN),
        threads: number(threads, NonZeroU32::MIN),
        backends: None,
    }
}

fn measure(arguments: &[String]) -> Result<serde_json::Value, String> {
    let [model, prompt, output, threads, sequences @ ..] = arguments else {
        return Err("speed MODEL PROMPT_TOKENS OUTPUT_TOKENS THREADS SEQUENCES…".to_owned());
    };
    let number = |text: &String| text.parse::<u32>().map_err(|e| format!("{text}: {e}"));
    let (prompt, output) = (number(prompt)?, number(output)?);
    let sequences = sequences.iter().map(number).collect::<Result<Vec<_>, _>>()?;
    eprintln!("llama.cpp by itself");
    let plain = bench::plain(&config(model, threads), &sequences, prompt, output)?;
    let mut child = Child::start(model, threads)?;
    let mut rows = Vec::new();
    for plain in plain {
        eprintln!("tenfold's child, {} together", plain.sequences);
        let own = child.measure(plain.sequences, prompt, output)?;
        rows.push(serde_json::json!({
            "sequences": plain.sequences,
            "llama_cpp": { "prompt_tokens_per_s": plain.prompt, "output_tokens_per_s": plain.output },
            "tenfold": { "prompt_tokens_per_s": own.prompt, "output_tokens_per_s": own.output },
        }));
    }
    Ok(serde_json::json!({ "prompt_tokens": prompt, "output_tokens": output, "rows": rows }))
}

/// This program again, serving the model.
struct Child {
    process: std::process::Child,
    stdin: std::process::ChildStdin,
    lines: std::io::Lines<BufReader<std::process::ChildStdout>>,
    asked: u64,
}

impl Child {
    fn start(model: &str, threads: &str) -> Result<Self, String> {
        let program = std::env::current_exe().map_err(|e| e.to_string())?;
        let mut process = Command::new(program)
            .args(["serve", model, threads])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|e| e.to_string())?;
        let (stdin, stdout) = (process.stdin.take(), process.stdout.take());
        let (Some(stdin), Some(stdout)) = (stdin, stdout) else {
            return Err("the child has no pipes".to_owned());
        };
        let mut lines = BufReader::new(stdout).lines();
        lines.next();
        Ok(Self { process, stdin, lines, asked: 0 })
    }

    /// The prompt is asked for alone first; then all sequences, which find it in the cache.
    fn measure(
        &mut self,
        sequences: u32,
        prompt: u32,
        output: u32,
    ) -> Result<bench::Speeds, String> {
        let text = format!("{sequences}{}", " word".repeat(prompt as usize));
        let (first, tokens) = self.ask(&text, 1, 1)?;
        let (rest, _) = self.ask(&text, sequences, output)?;
        Ok(bench::Speeds {
            sequences,
            prompt: tokens.prompt.0 as f64 / first,
            output: f64::from(sequences * output) / rest,
        })
    }

    fn ask(
        &mut self,
        text: &str,
        samples: u32,
        max: u32,
    ) -> Result<(f64, tenfold_domain::Usage), String> {
        self.asked += 1;
        let ask = Ask::Generate(Generate {
            prompt: Prompt::Text { text: text.to_owned() },
            samples,
            max_tokens: max,
            temperature: 1.0,
            top_p: 1.0,
            seed: Seed(self.asked),
            stop: Vec::new(),
            // Any text, so that no sample ends before the others.
            grammar: None,
        });
        let line = ToChild::Ask { id: RequestId(self.asked), ask, in_pieces: false };
        let json = serde_json::to_string(&line).map_err(|e| e.to_string())?;
        let began = Instant::now();
        writeln!(self.stdin, "{json}").map_err(|e| e.to_string())?;
        while let Some(Ok(line)) = self.lines.next() {
            match serde_json::from_str(&line).map_err(|e| e.to_string())? {
                FromChild::Answer { usage, .. } => {
                    return Ok((began.elapsed().as_secs_f64(), usage));
                }
                FromChild::Refused { why, .. } => return Err(why),
                _ => {}
            }
        }
        Err("the child ended".to_owned())
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
