//! `tenfold show`: one task, what was asked, what was tried, what it cost, the proof, and what
//! going on would take.

use std::fmt::Write as _;

use clap::Args;
use tenfold_desk::task;
use tenfold_domain::{CheckReport, Priority, Standing, TaskId, TaskSpec, TaskState};
use tenfold_engine::AddedSecret;
use tenfold_store::{AttemptRow, ProposalRow, ProposalState, TaskRow, View};

use crate::arguments::Format;
use crate::commands::forecast;
use crate::context::{self, Context};
use crate::evidence;
use crate::exit::Exit;
use crate::json::{self, ShownJson, TaskJson};
use crate::report::{self, field};
use crate::terminal::{self, BOLD, one_line, styled, visible};
use crate::trouble::Trouble;
use crate::waiting;

/// The last lines of a failing check that are shown.
const OUTPUT_LINES: usize = 20;

/// Show a task: what was asked, tried and spent, and the proof
#[derive(Debug, Args)]
pub(crate) struct ShowArgs {
    /// The task
    task: TaskId,
    /// Show as well what more money is likely to buy, where it would stop and why
    #[arg(long, conflicts_with = "json")]
    dial: bool,
    #[command(flatten)]
    format: Format,
}

/// Performs the command.
pub(crate) async fn run(context: &Context, args: &ShowArgs) -> Result<Exit, Trouble> {
    let view = context.view(args.task)?;
    let row = context::task(&view, args.task)?;
    let spec = view
        .spec(row.id)?
        .ok_or_else(|| Trouble::internal(format!("task {} was never asked for", row.id)))?;
    let attempts = view.attempts(row.id)?;
    let evidence = match row.proposal() {
        Some(proposal) => task::evidence(&view, proposal.attempt)?,
        None => None,
    };
    // The folder may be gone by now; what is recorded is shown all the same.
    let secrets = row.proposal().map(|proposal| report::secrets(context, &view, proposal));
    let secrets = secrets.and_then(Result::ok).unwrap_or_default();
    let mut why = waiting::why(context, &view, std::slice::from_ref(&row)).await?;
    let why = why.remove(&row.id);
    if args.format.json {
        terminal::print_json(&ShownJson {
            task: TaskJson::new(&view, &row, (context.engine_runs()?, why))?,
            asked: spec,
            all_attempts: attempts.iter().map(Into::into).collect(),
            evidence,
            secrets: json::secrets(&secrets),
        })?;
        return Ok(Exit::Done);
    }
    let mut text = format!("{}\n", report::head(&row, row.last.as_ref().map(|last| last.outcome)));
    asked(&mut text, &spec, &row);
    field(&mut text, "waits", &visible(why.as_deref().unwrap_or_default()));
    for attempt in &attempts {
        tried(&mut text, attempt, context.engine_runs()?);
    }
    if let Some(proposal) = row.proposal() {
        proposed(&mut text, context, &view, proposal, (evidence.as_ref(), &secrets));
    }
    if let Some(question) = &row.question {
        field(&mut text, "asks you", &visible(question.text.trim_end()));
    }
    going_on(&mut text, &row, &spec, &attempts);
    if args.dial {
        let dial = forecast::dial(context, &view, &row, &spec)?;
        let _ = writeln!(text, "\n{dial}");
    }
    text.push_str(&report::next(&row));
    terminal::print(&text)?;
    Ok(Exit::Done)
}

fn asked(text: &mut String, spec: &TaskSpec, row: &TaskRow) {
    if spec.text.contains('\n') {
        field(text, "text", &visible(&spec.text));
    }
    field(text, "in", &one_line(&spec.workspace.to_string_lossy(), 200));
    field(text, "asked", &report::moment(row.asked_at));
    if let Some(role) = &row.role {
        field(text, "role", role);
    }
    match &spec.check {
        Some(check) => field(text, "check", &visible(check)),
        None => field(text, "check", "none: whatever comes of this is UNVERIFIED"),
    }
    field(text, "", &report::check_lines(row));
    if let Some(setup) = &spec.setup {
        field(text, "setup", &visible(setup));
    }
    for (name, patterns) in [("may edit", &spec.may_edit), ("protects", &spec.protect)] {
        if !patterns.is_empty() {
            field(text, name, &one_line(&patterns.join("  "), 200));
        }
    }
    field(text, "stands", &standing(&spec.standing));
    field(text, "at most", &report::limits(&spec.budget));
    field(text, "spent", &format!("{}, {}", report::money(row.spent), row.wall));
    if !row.energy.is_none() {
        field(text, "energy", &row.energy.to_string());
    }
}

/// How a task stands to others; nothing if nothing was said about it.
fn standing(standing: &Standing) -> String {
    let Standing { priority, deadline, value, minutes, labels, after } = standing;
    let mut parts = Vec::new();
    if *priority != Priority::default() {
        parts.push(format!("priority {priority}"));
    }
    parts.extend(deadline.map(|at| format!("due {}", report::moment(at))));
    parts.extend(value.map(|value| format!("worth {}", report::money(value))));
    parts.extend(minutes.map(|minutes| format!("{minutes} minutes for a person")));
    if !after.is_empty() {
        let tasks: Vec<String> = after.iter().map(ToString::to_string).collect();
        parts.push(format!("after task {}", tasks.join(", ")));
    }
    if !labels.is_empty() {
        parts.push(one_line(&labels.join(", "), 200));
    }
    parts.join(" · ")
}

fn tried(text: &mut String, attempt: &AttemptRow, engine_runs: bool) {
    let how = match (&attempt.ended, engine_runs) {
        (Some(ending), _) => ending.outcome.to_string(),
        (None, true) => "at work".to_owned(),
        (None, false) => "interrupted".to_owned(),
    };
    let _ = writeln!(text, "\n{}: {how}", styled(BOLD, format_args!("Attempt {}", attempt.id)));
    if let Some(note) = attempt.ended.as_ref().map(|ending| ending.note.trim_end()) {
        field(text, "", &visible(note));
    }
    field(text, "model", &format!("{}, seed {}", one_line(&attempt.model, 80), attempt.seed.0));
    let work = format!("{}, {} steps, {} checks", attempt.wall, attempt.steps, attempt.checks);
    field(text, "work", &work);
    field(text, "tokens", &report::tokens(attempt.usage));
    field(text, "money", &report::money(attempt.cost));
}

fn branch_name(branch: &str) -> String {
    one_line(branch.strip_prefix("refs/heads/").unwrap_or(branch), 200)
}

fn proposed(
    text: &mut String,
    context: &Context,
    view: &View,
    proposal: &ProposalRow,
    (evidence, secrets): (Option<&CheckReport>, &[AddedSecret]),
) {
    let became = match &proposal.state {
        ProposalState::ToReview => "waits for your review".to_owned(),
        ProposalState::AcceptedAsBranch { branch, .. } => {
            format!("accepted as branch {}", branch_name(branch))
        }
        ProposalState::Branching { branch, .. } => {
            format!("being made into branch {}", branch_name(branch))
        }
        ProposalState::RemovingBranch { branch, .. } => {
            format!("branch {} is being removed", branch_name(branch))
        }
        ProposalState::AcceptedInPlace { .. } => "accepted, in your files".to_owned(),
        ProposalState::Applying { .. } => "being written into your files".to_owned(),
        ProposalState::TakingBack { .. } => "being taken out of your files".to_owned(),
        ProposalState::Rejected { reason } if reason.is_empty() => "rejected".to_owned(),
        ProposalState::Rejected { reason } => format!("rejected: {}", one_line(reason, 200)),
    };
    let head = styled(BOLD, format_args!("Proposal of {}", proposal.attempt));
    let _ = writeln!(text, "\n{head}: {became}");
    let row = view.attempt(proposal.attempt).ok().flatten();
    let is_removed = row.is_some_and(|row| row.files_removed_at.is_some());
    // The folder may be gone by now; what is recorded is shown all the same.
    match report::changed(context, view, proposal) {
        Ok(files) => field(text, "files", &report::file_lines(&files)),
        Err(_) if is_removed => field(text, "files", "removed to make room, after your review"),
        Err(_) => field(text, "files", "can't be listed: the folder can't be opened"),
    }
    field(text, "SECRETS", &report::secret_lines(secrets));
    field(text, "evidence", &evidence::line(evidence));
    if let Some(report) = evidence.filter(|report| !report.passed()) {
        field(text, "", &tail(&visible(&report.output)));
    }
}

fn tail(output: &str) -> String {
    let lines: Vec<&str> = output.lines().collect();
    lines[lines.len().saturating_sub(OUTPUT_LINES)..].join("\n")
}

/// What another attempt would take: as much as those before it took, and no more than what is
/// left. That it would succeed is not said, because that is what `tenfold forecast show` is for.
fn going_on(text: &mut String, row: &TaskRow, spec: &TaskSpec, attempts: &[AttemptRow]) {
    if let Some(why) = &row.left_off {
        field(text, "leaves off", &format!("no further attempt: {}", one_line(why, 400)));
    }
    if row.state != TaskState::NeedsYou || attempts.is_empty() {
        return;
    }
    let count = attempts.len() as u64;
    let each_money = tenfold_domain::NanoUsd(row.spent.0.div_ceil(count));
    let each_time = tenfold_domain::Millis(row.wall.0.div_ceil(count));
    let left = spec.budget.money.saturating_sub(row.spent);
    let _ = writeln!(text, "\n{}", styled(BOLD, "Going on"));
    let cost = format!(
        "another attempt takes about {} and {each_time}, as those so far did; {} of the budget \
         is left",
        report::money(each_money),
        report::money(left),
    );
    field(text, "", &cost);
}
