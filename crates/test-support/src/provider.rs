//! A provider's server by the same script as the embedded model, as a process of its own: for a
//! soak, in which all else is killed and this is not.
//!
//! It is apart from `http`, which plays every provider and every failure; this one never fails,
//! reads the script anew for each request, and writes each down before it answers.

use std::fs::OpenOptions;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};

use crate::Script;
use crate::http::{Gate, HttpModel, Reply, Request, Used};

/// What each answer is billed as, in tokens.
pub const BILLED: Used = Used { prompt: 1_000, cached: 0, cache_written: 0, output: 50 };

/// Says its address on standard output, and serves the script at one path, writing each request
/// down at another, one JSON object a line, until standard input ends.
pub fn provide(mut paths: impl Iterator<Item = PathBuf>) -> ExitCode {
    let (Some(script), Some(record)) = (paths.next(), paths.next()) else {
        return ExitCode::FAILURE;
    };
    let server = HttpModel::reacting(move |request| answer(&script, &record, request));
    let mut out = std::io::stdout().lock();
    if writeln!(out, "{}", server.url()).and_then(|()| out.flush()).is_err() {
        return ExitCode::FAILURE;
    }
    let _ = std::io::stdin().lock().read_to_end(&mut Vec::new());
    ExitCode::SUCCESS
}

/// What is not in the script, or not written down, gets an answer that says so.
fn answer(script: &Path, record: &Path, request: &Request) -> Reply {
    let text = request.text();
    if let Err(error) = write_down(record, &text) {
        return Reply::says(format!("the request was not written down: {error}"));
    }
    let script = match Script::read(script) {
        Ok(script) => script,
        Err(error) => return Reply::says(error.to_string()),
    };
    let gate = Gate::new();
    let (opens, delay) = (gate.clone(), Duration::from_millis(script.delay_ms));
    thread::spawn(move || {
        thread::sleep(delay);
        opens.open();
    });
    reply(&script, &text).using(BILLED).through(&gate)
}

fn write_down(record: &Path, text: &str) -> std::io::Result<()> {
    let mut line = json!({ "text": text }).to_string();
    line.push('\n');
    OpenOptions::new().append(true).create(true).open(record)?.write_all(line.as_bytes())
}

/// The call that the first rule which fits has as its answer, in the embedded model's form.
fn reply(script: &Script, text: &str) -> Reply {
    let fits = |part: &String| text.contains(part);
    let mut rules = script.rules.iter().filter(|rule| rule.original.is_none());
    let answer = rules.find(|rule| rule.contains.iter().all(fits)).and_then(|r| r.answers.first());
    let call: Value = answer.and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default();
    match call["tool"].as_str() {
        Some(tool) => Reply::calls([(tool, call["arguments"].clone())]),
        None => Reply::says("The script has nothing to say to this."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Rule;

    #[test]
    fn the_first_rule_that_fits_a_conversation_is_called_and_infills_are_for_others() {
        let call = |tool| json!({ "tool": tool, "arguments": { "path": "a" } }).to_string();
        let rule = |original: Option<&str>, holds: &str, tool| Rule {
            original: original.map(str::to_owned),
            contains: vec![holds.to_owned()],
            answers: vec![call(tool)],
            ..Rule::default()
        };
        let rules =
            vec![rule(Some("x"), "", "edit"), rule(None, "done", "finish"), rule(None, "", "read")];
        let script = Script { rules, ..Script::default() };
        let said = |text| format!("{:?}", reply(&script, text));
        assert!(said("begin").contains("read") && said("it is done").contains("finish"));
        assert!(format!("{:?}", reply(&Script::default(), "begin")).contains("nothing to say"));
    }
}
