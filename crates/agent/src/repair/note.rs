//! What a person is told, in words: what was tried, why it failed, what to do.

use std::fmt::Write;

use tenfold_code::Edit;
use tenfold_domain::CheckReport;

use super::moves::{Generator, Move};
use super::state::{Repair, Standing};

/// Characters of a line of code that are quoted.
const WIDTH: usize = 80;

pub(super) fn asking(state: &Repair, moves: &[Move]) -> String {
    let Some(first) = moves.first() else { return "thinking".to_owned() };
    let target = &state.here.targets[first.target];
    let place = format!("{} in {}", target.name, target.path);
    if !first.generator.is_infill() {
        return format!("rewriting {place}");
    }
    let mut lines: Vec<u32> = moves
        .iter()
        .filter_map(|next| target.units.get(next.unit).map(|unit| unit.lines.start + 1))
        .collect();
    lines.sort_unstable();
    lines.dedup();
    let lines: Vec<String> = lines.iter().map(u32::to_string).collect();
    let how = if first.generator == Generator::Token { "reading" } else { "trying" };
    format!("{how} {place}, line {}", lines.join(", "))
}

pub(super) fn finished(state: &Repair, report: &CheckReport) -> String {
    let tests = report.passed.map_or(String::new(), |count| format!(", {count} tests"));
    format!("The check passes on the diff alone ({}{tests}). {}", report.wall, tried(state))
}

pub(super) fn unverified(state: &Repair) -> String {
    format!(
        "Unverified: the task has no check, so nothing says whether this is right. {}",
        tried(state)
    )
}

pub(super) fn timed_out(state: &Repair, report: &CheckReport) -> String {
    format!(
        "The check did not end within {} (`{}`). Nothing was changed. If it needs longer, give \
         it more with --check-timeout; if it hangs, name the tests that do not.",
        state.setup.check_timeout, report.command
    )
}

pub(super) fn flaky(state: &Repair, report: &CheckReport) -> String {
    let order =
        if state.here.seen.is_some() { "failed, then passed" } else { "passed, then failed" };
    let which: Vec<String> = match &state.here.seen {
        Some(seen) => seen.failing.iter().take(5).map(ToString::to_string).collect(),
        None => report.failing.iter().take(5).map(ToString::to_string).collect(),
    };
    let which = if which.is_empty() { String::new() } else { format!(": {}", which.join(", ")) };
    format!(
        "The check is flaky: it was run twice on the same files and {order}{which}. Nothing was \
         changed. Make it steady first, or give a check that leaves these tests out."
    )
}

pub(super) fn nothing_to_do(state: &Repair) -> String {
    let more = if state.setup.text.is_empty() {
        ""
    } else {
        " If the task is not done, give a check that fails as long as it isn't."
    };
    format!("The check passes already, twice in a row. Nothing was changed.{more}")
}

pub(super) fn no_place(state: &Repair) -> String {
    if state.setup.check.is_empty() {
        return "The task has no check, and its words lead to no code that may be edited. Give a \
                check that fails (--check), or name the function in the text."
            .to_owned();
    }
    let excerpt = state.here.seen.as_ref().map_or("", |seen| seen.excerpt.as_str());
    format!(
        "The check fails, but nothing in its output leads to code that may be edited. Files that \
         the check depends on are left alone unless --may-edit names them. It said:\n{excerpt}"
    )
}

pub(super) fn out_of_time(state: &Repair) -> String {
    format!(
        "Not solved within {}. {} More time may help: `tenfold continue` goes on from here.",
        state.setup.time,
        tried(state)
    )
}

pub(super) fn out_of_candidates(state: &Repair) -> String {
    format!("Not solved with {} candidates. {}", state.setup.candidates, tried(state))
}

pub(super) fn gave_up(state: &Repair) -> String {
    format!(
        "Not solved, and nothing is left that this strategy would try. {} A larger model, or a \
         hint in the task's text where to look, may help.",
        tried(state)
    )
}

pub(super) fn stopped(state: &Repair, why: &str) -> String {
    format!("{why} {}", tried(state))
}

/// What was tried, where, and how near it came.
fn tried(state: &Repair) -> String {
    let mut text = String::new();
    let places: Vec<String> = state
        .here
        .targets
        .iter()
        .take(3)
        .map(|target| format!("{} in {}", target.name, target.path))
        .collect();
    if places.is_empty() {
        return "Nothing had been tried yet.".to_owned();
    }
    // Writing to a string does not fail.
    let _ = write!(
        text,
        "{} candidates were made and {} checked, looking first at {}.",
        state.candidates,
        state.tried,
        places.join("; ")
    );
    let by: Vec<String> = state
        .tried_by
        .iter()
        .map(|(generator, count)| format!("{} {count}", generator.name()))
        .collect();
    if !by.is_empty() {
        let _ = write!(text, " By generator: {}.", by.join(", "));
    }
    let best = state.here.partial.iter().map(|partial| partial.left.len()).min();
    if let (Some(best), Some(seen)) = (best, &state.here.seen) {
        let all = seen.checked().len();
        let _ = write!(text, " The best candidate left {best} of {all} failing tests.");
    }
    if state.winner.is_none() {
        text.extend(part(state));
    }
    if state.refused_by_judge > 0 {
        let refused = state.refused_by_judge;
        let _ = write!(text, " The whole check refused {refused} that passed the failing tests.");
    }
    text
}

/// The best part that was found, for a person to go on from: where, and what it leaves.
fn part(state: &Repair) -> Option<String> {
    let standings = std::iter::once(&state.here).chain(&state.others);
    let left = |standing: &&Standing| standing.seen.as_ref().map_or(0, |seen| seen.failing.len());
    let best = standings.filter(|standing| standing.parts > 0).min_by_key(left)?;
    let edit = |edit: &Edit| {
        let line = edit.with.trim().lines().next().unwrap_or_default();
        let line: String = line.chars().take(WIDTH).collect();
        let what = if line.is_empty() { "nothing".to_owned() } else { format!("`{line}`") };
        format!("{what} in {}, line {}", edit.path, edit.lines.start + 1)
    };
    let edits: Vec<String> = best.base.iter().take(3).map(edit).collect();
    let left = match left(&best) {
        1 => "one test still fails".to_owned(),
        more => format!("{more} tests still fail"),
    };
    Some(format!(" A part is mended by {}; {left} with it.", edits.join("; ")))
}
