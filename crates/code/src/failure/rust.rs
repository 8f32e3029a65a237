//! What `cargo test`, nextest and rustc print.

use std::ops::Range;

use super::Frame;
use super::found::Found;
use super::lines::{group, number, pattern};
use super::python::trimmed;

pattern! {
    RESULT = r"^\s*test result: (?:ok|FAILED)\. (\d+) passed; (\d+) failed;";
    FAILED = r"^test (.+?)(?: - should panic)? \.\.\. FAILED$";
    SECTION = r"^---- (.+?)(?: - should panic)? (?:stdout|stderr) ----$";
    LISTED = r"^    (\S.*?)(?: - should panic)?$";
    RUNNING = r"^ +Running (?:(unittests) )?(\S+) \(";
    DOCTESTS = r"^ +Doc-tests ";
    PANIC = r"panicked at (?:'.*', )?([^\s:][^:]*):(\d+):\d+:?$";
    STEP = r"^ +\d+: (?:0x[0-9a-f]+ - )?(.+)$";
    PLACE = r"^ +at ([^\s:][^:]*):(\d+)(?::\d+)?$";
    DID_NOT = r"did not panic as expected at ([^\s:]+):(\d+)";
    NEXTEST = r"^ +(PASS|FAIL|ABORT|TIMEOUT|SIG\w+|LEAK|SLOW|TRY \d+ \w+|FLAKY \S+) \[[^\]]*\] +(?:\( *\d+/\d+\) +)?(\S+) (\S.*)$";
    SUMMARY = r"^ +Summary \[.*\] +\d+(?:/\d+)? tests? run: (\d+) passed";
    SUMMARY_FAILED = r", (\d+) (?:failed|timed out)";
    ERROR = r"^error(?:\[E\d+\])?: (.+)$";
    ARROW = r"^ *--> ([^\s:][^:]*):(\d+):\d+$";
    SHORT_ERROR = r"^([^\s:][^:]*\.rs):(\d+):\d+: error(?:\[E\d+\])?: (.+)$";
}

pub(super) fn read(lines: &[&str], found: &mut Found) {
    nextest(lines, found);
    harness(lines, found);
    compiler(lines, found);
    if !lines.iter().any(|line| RESULT.is_match(line)) {
        panics(lines, found);
    }
}

/// The standard harness. The same name may occur in several test binaries, so that the name of
/// an integration test's file is put in front.
fn harness(lines: &[&str], found: &mut Found) {
    let (mut target, mut listing, mut at) = (String::new(), false, 0);
    while at < lines.len() {
        let line = lines[at];
        if found.is_taken(at) {
            listing = false;
        } else if let Some(running) = RUNNING.captures(line) {
            target = target_of(&running);
        } else if DOCTESTS.is_match(line) {
            target.clear();
        } else if let Some(result) = RESULT.captures(line) {
            found.add_passed(number(&result, 1));
            found.add_failed(number(&result, 2));
            listing = false;
        } else if let Some(test) = FAILED.captures(line) {
            found.test(&format!("{target}{}", group(&test, 1)));
        } else if line == "failures:" {
            listing = true;
        } else if let Some(title) = SECTION.captures(line) {
            let end = section_end(lines, at + 1);
            let stretch = trimmed(lines, at + 1..end);
            let name = format!("{target}{}", group(&title, 1));
            let (message, frames) = told(&lines[stretch.clone()]);
            found.test(&name).tell(&message, frames, at..stretch.end.max(at + 1));
            at = end;
            continue;
        } else if listing && let Some(name) = LISTED.captures(line) {
            found.test(&format!("{target}{}", group(&name, 1)));
        }
        at += 1;
    }
}

fn target_of(running: &regex::Captures<'_>) -> String {
    let path = group(running, 2);
    if !group(running, 1).is_empty() {
        return String::new();
    }
    let path = path.strip_suffix("/main.rs").or(path.strip_suffix(".rs")).unwrap_or(path);
    format!("{} ", path.rsplit('/').next().unwrap_or(path))
}

fn section_end(lines: &[&str], from: usize) -> usize {
    let ends =
        |line: &&str| SECTION.is_match(line) || *line == "failures:" || RESULT.is_match(line);
    lines[from..].iter().position(ends).map_or(lines.len(), |n| from + n)
}

/// nextest shows each test as one run of the harness, indented.
fn nextest(lines: &[&str], found: &mut Found) {
    let mut at = 0;
    while at < lines.len() {
        if let Some(summary) = SUMMARY.captures(lines[at]) {
            found.add_passed(number(&summary, 1));
            let failed = SUMMARY_FAILED.captures_iter(lines[at]).map(|count| number(&count, 1));
            found.add_failed(failed.sum());
        }
        let Some(test) = NEXTEST.captures(lines[at]) else {
            at += 1;
            continue;
        };
        let ends = |line: &&str| NEXTEST.is_match(line) || line.starts_with("────");
        let end = lines[at + 1..].iter().position(ends).map_or(lines.len(), |n| at + 1 + n);
        let state = group(&test, 1);
        if !matches!(state, "PASS" | "LEAK" | "SLOW") && !state.starts_with("FLAKY") {
            let stderr = (at + 1..end).find(|&line| lines[line].trim_start().starts_with("stderr"));
            let from = stderr.map_or(at + 1, |line| line + 1);
            let stretch = trimmed(lines, from..end);
            let name = format!("{} {}", group(&test, 2), group(&test, 3));
            let (message, frames) = told(&lines[stretch.clone()]);
            found.test(&name).tell(&message, frames, stretch);
        }
        found.take(at..end);
        at = end;
    }
}

/// What a failed test said, and its trace.
fn told(part: &[&str]) -> (String, Vec<Frame>) {
    let panic = part.iter().position(|line| PANIC.is_match(line));
    let from = panic.map_or(0, |at| at + 1);
    let message = part[from..].iter().map(|line| line.trim_end()).take_while(|line| {
        let line = line.trim_start();
        !(line.starts_with("stack backtrace:") || line.starts_with("note: "))
    });
    let mut message = message.collect::<Vec<_>>().join("\n").trim().to_owned();
    let mut frames = backtrace(part);
    if frames.is_empty()
        && let Some(at) = panic
        && let Some(place) = PANIC.captures(part[at])
    {
        frames.push(place_of(group(&place, 1), number(&place, 2), None));
    }
    if let Some(place) = part.iter().find_map(|line| DID_NOT.captures(line)) {
        "test did not panic as expected".clone_into(&mut message);
        frames.push(place_of(group(&place, 1), number(&place, 2), None));
    }
    (message, frames)
}

/// A backtrace is printed innermost first.
fn backtrace(part: &[&str]) -> Vec<Frame> {
    let mut frames = Vec::new();
    let mut function = None;
    for line in part {
        if let Some(step) = STEP.captures(line) {
            function = Some(group(&step, 1).to_owned());
        } else if let Some(place) = PLACE.captures(line) {
            let path = group(&place, 1);
            if !path.starts_with("/rustc/") && !path.contains("/.cargo/registry/") {
                frames.push(place_of(path, number(&place, 2), function.take()));
            }
        }
    }
    frames.reverse();
    // The harness calls a test through a closure of the same name, at its attribute.
    let twice = frames.windows(2).position(|pair| match (&pair[0].function, &pair[1].function) {
        (Some(outer), Some(inner)) => outer.strip_suffix("::{{closure}}") == Some(inner),
        _ => false,
    });
    if let Some(at) = twice {
        frames.remove(at);
    }
    frames
}

fn place_of(path: &str, line: u32, function: Option<String>) -> Frame {
    Frame { path: path.strip_prefix("./").unwrap_or(path).to_owned(), line, function }
}

/// Compile errors: each is said once for every target that is built.
fn compiler(lines: &[&str], found: &mut Found) {
    for at in 0..lines.len() {
        if let Some(error) = SHORT_ERROR.captures(lines[at]) {
            let frame = place_of(group(&error, 1), number(&error, 2), None);
            found.problem(group(&error, 3).to_owned(), vec![frame], at..at + 1);
        } else if let Some(error) = ERROR.captures(lines[at])
            && let Some(place) = lines[at + 1..].iter().take(4).find_map(|l| ARROW.captures(l))
        {
            let end = lines[at..].iter().position(|line| line.is_empty());
            let stretch: Range<usize> = at..end.map_or(lines.len(), |n| at + n);
            let frame = place_of(group(&place, 1), number(&place, 2), None);
            found.take(stretch.clone());
            found.problem(group(&error, 1).to_owned(), vec![frame], stretch);
        }
    }
}

/// A program that panics outside of a harness.
fn panics(lines: &[&str], found: &mut Found) {
    for at in 0..lines.len() {
        if !found.is_taken(at) && PANIC.is_match(lines[at]) {
            let blank = lines[at..].iter().position(|line| line.is_empty());
            let end = blank.map_or(lines.len(), |n| at + n);
            let (message, frames) = told(&lines[at..end]);
            found.take(at..end);
            found.problem(message, frames, at..end);
        }
    }
}
