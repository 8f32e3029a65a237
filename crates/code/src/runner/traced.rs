//! A check, run so that it says which lines each test executes.
//!
//! Apart, because it adds something of ours to the person's check: for Python `tracer.py`, which
//! Python itself loads and which changes nothing else; for Rust probes in the sources.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use serde_json::json;
use tenfold_domain::TestName;

use super::shell::{Line, quote};
use super::{Runner, narrow, options, rebuilt};
use crate::tracer;

/// Where and for how long to trace.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place<'p> {
    /// The folder, as the check sees it, into which [`Traced::files`] are put, and in which the
    /// trace is written. Outside the workspace, and writable by the check.
    pub folder: &'p str,
    /// The top of the workspace, as the check sees it: only files below it are traced.
    pub root: &'p str,
    /// After so many seconds of work, or three times as many of waiting, a test is cut off, and
    /// counts as failed.
    pub test_seconds: u32,
    /// After so many seconds no further test is begun.
    pub total_seconds: u32,
    /// Whether all tests may be run, rather than those in the files of the given ones, where
    /// the runner lets choose: of many tests most say nothing, and collecting them takes long.
    pub whole: bool,
}

/// A command that traces.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Traced {
    /// The command.
    pub command: String,
    /// What to set in its environment. An entry that is there already, such as `PYTHONPATH`,
    /// is to be kept behind a colon.
    pub env: Vec<(String, String)>,
    /// Names and texts of the files to put into the folder first.
    pub files: Vec<(String, String)>,
    /// The path of the file in which the trace is found afterwards, as the check sees it.
    pub trace: String,
    /// Whether it runs on sources with probes in them ([`Syntax::probed`](crate::Syntax::probed)).
    pub probes: bool,
}

/// More names of tests than these are not handed over.
const MOST_FIRST: usize = 200;

pub(super) fn traced(
    runner: Runner,
    line: &Line,
    head: usize,
    tests: &[TestName],
    place: &Place<'_>,
) -> Option<Traced> {
    let trace = format!("{}/{}", place.folder, tracer::TRACE);
    let (arguments, sitecustomize) = match runner {
        Runner::Cargo | Runner::Nextest => return probed(runner, line, head, trace),
        Runner::Pytest => (pytest(line, head, if place.whole { &[] } else { tests })?, false),
        Runner::Unittest | Runner::Python => (to_the_end(runner, line, head), true),
        _ => return None,
    };
    if line.words[..head].iter().any(|word| is_isolated(word.text())) {
        return None;
    }
    let first: Vec<&str> = tests.iter().take(MOST_FIRST).map(|test| test.0.as_str()).collect();
    let settings = json!({
        "out": trace,
        "root": place.root,
        "test_seconds": place.test_seconds,
        "total_seconds": place.total_seconds,
        "first": first,
    });
    let mut files = vec![(tracer::NAME.to_owned(), tracer::TEXT.to_owned())];
    if sitecustomize {
        files.push(("sitecustomize.py".to_owned(), tracer::SITECUSTOMIZE.to_owned()));
    }
    Some(Traced {
        command: with_folder_on_path(&rebuilt(line, head, &arguments)?, place.folder),
        env: vec![
            ("PYTHONPATH".to_owned(), place.folder.to_owned()),
            (tracer::VARIABLE.to_owned(), settings.to_string()),
        ],
        files,
        trace,
        probes: false,
    })
}

/// The whole check, to its end: a test that fails says nothing of those after it. The thread of
/// a test has its name only where there is more than one.
fn probed(runner: Runner, line: &Line, head: usize, trace: String) -> Option<Traced> {
    let arguments = to_the_end(runner, line, head);
    Some(Traced {
        command: rebuilt(line, head, &arguments)?,
        env: vec![
            ("RUST_TEST_THREADS".to_owned(), "2".to_owned()),
            (tracer::VARIABLE.to_owned(), trace.clone()),
        ],
        files: Vec::new(),
        trace,
        probes: true,
    })
}

/// The runner's own arguments, without any that end the run at the first failure.
fn to_the_end(runner: Runner, line: &Line, head: usize) -> Vec<String> {
    let own = &line.words[head..];
    let as_given = || own.iter().map(|word| word.raw.clone()).collect();
    narrow::to_the_end(runner, own).unwrap_or_else(as_given)
}

/// Whether an option of the interpreter keeps it from reading the environment.
fn is_isolated(option: &str) -> bool {
    let letters = option.strip_prefix('-').unwrap_or("");
    let short = !letters.is_empty() && letters.bytes().all(|b| b.is_ascii_alphabetic());
    short && letters.len() <= 4 && letters.contains(['I', 'E', 'S'])
}

/// Tests that pass are run too: what they execute is not at fault. All of them, or those in the
/// files of some.
fn pytest(line: &Line, head: usize, beside: &[TestName]) -> Option<Vec<String>> {
    let sorted = options::sort(&line.words[head..], Runner::Pytest.options())?;
    let mut arguments: Vec<String> = vec!["-p".to_owned(), tracer::MODULE.to_owned()];
    arguments.extend(narrow::PYTEST_QUIET.iter().map(|word| (*word).to_owned()));
    arguments.push("--tb=short".to_owned());
    arguments.extend(sorted.options.iter().map(|word| (*word).to_owned()));
    let file = |test: &TestName| test.0.split_once("::").map(|(file, _)| file.to_owned());
    let files: Option<BTreeSet<String>> = beside.iter().map(file).collect();
    match files.filter(|files| !files.is_empty() && !files.iter().any(|f| f.starts_with('-'))) {
        Some(files) => arguments.extend(files.iter().map(|file| quote(file))),
        None => arguments.extend(sorted.positional.iter().map(|word| (*word).to_owned())),
    }
    Some(arguments)
}

/// A command may set the path itself, which would hide what the environment says.
fn with_folder_on_path(command: &str, folder: &str) -> String {
    command.replace("PYTHONPATH=", &format!("PYTHONPATH={}:", quote(folder)))
}
