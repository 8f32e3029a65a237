//! What came of a task, as people read it: the end of `run`, and what `show` has in common
//! with it. Every function here only lays out what it is given, but for [`changed`], which
//! asks the workspace.

use std::fmt::Write as _;

use anstyle::Style;
use jiff::ZonedDateTime;
use jiff::tz::TimeZone;
use tenfold_desk::words;
pub(crate) use tenfold_desk::words::{foreseen, limits, money, steps_dropped, tokens};
use tenfold_desk::{DeskError, task};
use tenfold_domain::{AttemptOutcome, CheckReport, Outcome, TaskId, TaskState, Timestamp};
use tenfold_engine::AddedSecret;
use tenfold_store::{ProposalRow, ProposalState, TaskRow, View};
use tenfold_workspace::{ChangeKind, ChangedFile};

use crate::context::Context;
use crate::evidence;
use crate::terminal::{BOLD, CYAN, DIM, GREEN, RED, YELLOW, one_line, styled, visible};
use crate::trouble::Trouble;

/// Files that are listed by name; of more only the number is said.
const FILES_SHOWN: usize = 20;

/// The files that a proposal changes.
pub(crate) fn changed(
    context: &Context,
    view: &View,
    proposal: &ProposalRow,
) -> Result<Vec<ChangedFile>, Trouble> {
    let id = proposal.attempt;
    let row = crate::context::task(view, id.task)?;
    let attempt = view.attempt(id)?.ok_or_else(|| DeskError::no_attempt(id))?;
    task::has_files(&attempt)?;
    Ok(context.house.workspace(&row)?.changed(&attempt.base, &proposal.commit)?)
}

/// The secrets that a proposal adds.
pub(crate) fn secrets(
    context: &Context,
    view: &View,
    proposal: &ProposalRow,
) -> Result<Vec<AddedSecret>, Trouble> {
    Ok(task::added(&context.house, view, proposal)?)
}

/// What is said of the secrets that a proposal adds, one a line; nothing if there are none.
pub(crate) fn secret_lines(secrets: &[AddedSecret]) -> String {
    let line = |secret: &AddedSecret| {
        let found = one_line(&secret.to_string(), 200);
        styled(RED, format_args!("adds what looks like {found}"))
    };
    let mut lines: Vec<String> = secrets.iter().take(FILES_SHOWN).map(line).collect();
    if secrets.len() > FILES_SHOWN {
        lines.push(format!("and {} more", secrets.len() - FILES_SHOWN));
    }
    lines.join("\n")
}

/// What an attempt that has just ended proposes.
pub(crate) fn proposed<'r>(row: &'r TaskRow, outcome: &Outcome) -> Option<&'r ProposalRow> {
    row.proposal().filter(|_| outcome.outcome == AttemptOutcome::Finished)
}

/// The end of `tenfold run`.
pub(crate) fn ending(
    row: &TaskRow,
    outcome: &Outcome,
    evidence: Option<&CheckReport>,
    (files, secrets): (&[ChangedFile], &[AddedSecret]),
) -> String {
    let mut text = String::new();
    let ended = outcome.waits.is_none().then_some(outcome.outcome);
    let _ = writeln!(text, "{}", head(row, ended));
    if !outcome.note.is_empty() {
        let _ = writeln!(text, "{}", visible(outcome.note.trim_end()));
    }
    if outcome.outcome == AttemptOutcome::Finished {
        field(&mut text, "files", &file_lines(files));
        field(&mut text, "SECRETS", &secret_lines(secrets));
        field(&mut text, "evidence", &evidence::line(evidence));
        field(&mut text, "", &check_lines(row));
    }
    let totals = &outcome.totals;
    let used = format!("{} · {}", totals.wall, crate::watch::line(totals));
    field(&mut text, "used", &used);
    if outcome.outcome != AttemptOutcome::NothingToDo {
        text.push_str(&next(row));
    }
    text
}

/// Where a check comes from that the person did not name themselves.
pub(crate) fn check_lines(row: &TaskRow) -> String {
    let Some(check) = &row.check else { return String::new() };
    let mut text = "proposed by the agent and approved by you".to_owned();
    if !check.files.paths.is_empty() {
        let paths = one_line(&check.files.paths.join("  "), 200);
        let _ = write!(text, "; kept apart, for accept --with-check: {paths}");
    }
    text
}

/// A task and where it stands, in one line.
pub(crate) fn head(row: &TaskRow, outcome: Option<AttemptOutcome>) -> String {
    let (style, words) = standing(row);
    // What an attempt came to that was gone on with is not how it stands.
    let outcome = outcome.filter(|_| row.state != TaskState::Working);
    let outcome = outcome.filter(|outcome| *outcome != AttemptOutcome::Finished);
    let outcome = outcome.map(|outcome| format!(" ({outcome})")).unwrap_or_default();
    let text = if row.text.is_empty() { "make the check pass" } else { &row.text };
    let number = styled(BOLD, format_args!("Task {}", row.id));
    format!("{number}: {}{outcome}: {}", styled(style, words), one_line(text, 120))
}

/// Where a task stands, and in which colour.
pub(crate) fn standing(row: &TaskRow) -> (Style, String) {
    let unverified = row.proposal().is_some_and(|proposal| !proposal.verified);
    let style = match row.state {
        TaskState::ToReview if unverified => YELLOW,
        TaskState::ToReview | TaskState::Accepted => GREEN,
        TaskState::NeedsYou => RED,
        TaskState::Queued
        | TaskState::Working
        | TaskState::Paused
        | TaskState::Parked
        | TaskState::Rejected => YELLOW,
    };
    (style, words::standing(row))
}

/// What a person may want to type next.
pub(crate) fn next(row: &TaskRow) -> String {
    let id = row.id;
    let outcome = row.last.as_ref().map(|last| last.outcome);
    let at_limit = outcome.is_some_and(AttemptOutcome::is_limit);
    let in_place = row.proposal().map(|proposal| &proposal.state);
    let commands: &[(&str, &str)] = match (row.state, in_place) {
        (TaskState::ToReview, _) => &[
            ("diff", "the change"),
            ("show", "what was tried, and the proof"),
            ("accept", "take it; `reject` sends it away"),
        ],
        (TaskState::NeedsYou, Some(state)) if state.files_under_way().is_some() => {
            &[("undo", "put your files back as they were")]
        }
        (TaskState::NeedsYou, Some(state)) if state.is_under_way() => {
            &[("undo", "take its branch back, if it is there")]
        }
        (TaskState::NeedsYou, _) if row.question.is_some() => &[
            ("answer", "with the answer in quotes behind it; it goes on at once"),
            ("log", "every step"),
        ],
        (TaskState::NeedsYou, _) if outcome == Some(AttemptOutcome::Stopped) => {
            &[("continue", "go on where it stopped"), ("retry", "begin anew")]
        }
        (TaskState::NeedsYou, _) if at_limit => &[
            ("show", "what was tried, and what going on would take"),
            ("log", "every step"),
            ("continue", "go on from here; --budget and --time-limit give it more"),
        ],
        (TaskState::NeedsYou, _) => &[
            ("show", "what was tried, and what going on would take"),
            ("log", "every step"),
            ("continue", "try again"),
        ],
        (TaskState::Parked, _) if outcome == Some(AttemptOutcome::LimitQuota) => &[
            ("show", "what it waits for"),
            ("continue", "go on from here; `tenfold daemon` does so by itself once it may"),
        ],
        (TaskState::Parked, _) => &[
            ("show", "what it waits for; `tenfold account give` gives its account more"),
            ("continue", "go on from here, if there is money; `tenfold daemon` does so by itself"),
        ],
        (TaskState::Paused, _) => &[("resume", "go on where it left off")],
        (TaskState::Working | TaskState::Queued, _) => &[("continue", "go on where it stopped")],
        (TaskState::Accepted, Some(ProposalState::AcceptedAsBranch { .. })) => {
            &[("undo", "take the branch away again")]
        }
        (TaskState::Accepted, _) => &[("undo", "put your files back")],
        (TaskState::Rejected, _) => &[("undo", "take the rejection back")],
    };
    lines_to_type(id, commands)
}

fn lines_to_type(id: TaskId, commands: &[(&str, &str)]) -> String {
    let mut text = String::from("\n");
    for (word, what) in commands {
        let line = format!("tenfold {word} {id}");
        let _ = writeln!(text, "  {line:<24} {}", styled(DIM, format_args!("# {what}")));
    }
    text
}

/// A named value, whose further lines stand below the first.
pub(crate) fn field(text: &mut String, name: &str, value: &str) {
    for (index, line) in value.lines().enumerate() {
        let name = if index == 0 { name } else { "" };
        let _ = writeln!(text, "  {}{line}", styled(DIM, format_args!("{name:<10}")));
    }
}

/// The changed files, one a line.
pub(crate) fn file_lines(files: &[ChangedFile]) -> String {
    let mut lines: Vec<String> = files.iter().take(FILES_SHOWN).map(file_line).collect();
    if files.len() > FILES_SHOWN {
        lines.push(format!("and {} more", files.len() - FILES_SHOWN));
    }
    if lines.is_empty() { "none".to_owned() } else { lines.join("\n") }
}

fn file_line(file: &ChangedFile) -> String {
    let name = styled(CYAN, one_line(&file.path.to_string_lossy(), 200));
    let kind = match file.kind {
        ChangeKind::Added => "new, ",
        ChangeKind::Deleted => "deleted, ",
        ChangeKind::Modified => "",
        ChangeKind::Replaced => "replaced, ",
    };
    match file.binary {
        true => format!("{name} ({kind}binary)"),
        false => format!("{name} ({kind}+{} -{})", file.added, file.removed),
    }
}

/// An estimate in dollars, with as many places as say something.
pub(crate) fn estimate(dollars: f64) -> String {
    let sign = if dollars < 0.0 { "-" } else { "" };
    match dollars.abs() {
        size if size >= 0.1 || size == 0.0 => format!("{sign}${size:.2}"),
        size if size >= 0.001 => format!("{sign}${size:.4}"),
        size => format!("{sign}${size:.7}"),
    }
}

/// A moment in the person's own time zone.
pub(crate) fn moment(at: Timestamp) -> String {
    in_zone(at, &TimeZone::system())
        .map_or_else(unknown, |at| at.strftime("%Y-%m-%d %H:%M").to_string())
}

/// The same in a few characters: today's by the hour, others by the day.
pub(crate) fn day(at: Timestamp, now: &ZonedDateTime) -> String {
    let Some(at) = in_zone(at, now.time_zone()) else { return unknown() };
    let form = match () {
        () if at.date() == now.date() => "%H:%M",
        () if at.year() == now.year() => "%b %d",
        () => "%Y-%m-%d",
    };
    at.strftime(form).to_string()
}

fn in_zone(at: Timestamp, zone: &TimeZone) -> Option<ZonedDateTime> {
    let at = jiff::Timestamp::from_millisecond(i64::try_from(at.0).ok()?).ok()?;
    Some(at.to_zoned_datetime(zone.clone()))
}

fn unknown() -> String {
    "an unknown time".to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_asked_today_has_its_hour_and_what_was_before_its_day() {
        let now: ZonedDateTime = "2026-03-02T00:30:00[Europe/Berlin]".parse().unwrap();
        let at = |text: &str| {
            let at: ZonedDateTime = text.parse().unwrap();
            day(Timestamp(at.timestamp().as_millisecond() as u64), &now)
        };
        assert_eq!(at("2026-03-02T00:10:00[Europe/Berlin]"), "00:10");
        assert_eq!(at("2026-03-01T22:59:00[UTC]"), "Mar 01");
        assert_eq!(at("2025-12-31T23:59:00[Europe/Berlin]"), "2025-12-31");
        assert_eq!(day(Timestamp(u64::MAX), &now), "an unknown time");
    }

    #[test]
    fn a_files_name_can_not_write_on_the_terminal() {
        let file = ChangedFile {
            path: "a\x1b[2J\n.py".into(),
            kind: ChangeKind::Modified,
            form: None,
            added: 1,
            removed: 2,
            binary: false,
        };
        let line = file_line(&file);
        assert!(line.contains("a␛[2J .py") && line.ends_with("(+1 -2)"), "{line:?}");
        assert_eq!(line.lines().count(), 1);
    }
}
