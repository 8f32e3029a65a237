//! `tenfold export`: a trajectory for other programs, or for people who were not there; or the
//! backlog for another Tenfold. Here is
//! what is exported; each format has a file of its own, [`leaving`] is what every text passes
//! on its way, and [`sink`] where it goes.

mod backlog;
mod fence;
mod jsonl;
mod leaving;
mod markdown;
mod preds;
mod sink;
mod traj;

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use tenfold_desk::{DeskError, task};
use tenfold_domain::{AttemptId, TaskSpec};
use tenfold_store::{About, ProposalRow, TaskRow, View};

use crate::arguments::{Named, named};
use crate::context::{self, Context};
use crate::exit::Exit;
use crate::terminal;
use crate::trouble::Trouble;

/// Write down what was done for a task, for other programs or for people
#[derive(Debug, Args)]
pub(crate) struct ExportArgs {
    /// The task, or one attempt at it (3.1); for preds several of them, or none for all tasks; for
    /// backlog several tasks, or none for all that are queued
    #[arg(value_name = "TASK[.ATTEMPT]", value_parser = named)]
    tasks: Vec<Named>,
    /// Only this attempt at the task
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    attempt: Option<u32>,
    /// The form
    #[arg(long, value_enum)]
    format: ExportFormat,
    /// What predictions call the task (owner__repository-123); its folder's name, if not given
    #[arg(long, value_name = "ID")]
    instance: Option<String>,
    /// Write to this file, whole or not at all; to standard output, if not given
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Replace the file if it is there
    #[arg(long, requires = "out")]
    force: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum ExportFormat {
    /// Every event as it was recorded, one JSON object a line
    Jsonl,
    /// One attempt as a trajectory of mini-SWE-agent (.traj.json)
    Traj,
    /// The proposals as predictions of SWE-bench (preds.json)
    Preds,
    /// A page to read
    Markdown,
    /// Tasks as `tenfold import` reads them, one JSON object a line
    Backlog,
}

/// Performs the command.
pub(crate) fn run(context: &Context, args: &ExportArgs) -> Result<Exit, Trouble> {
    args.make_sense()?;
    let sink = sink::Sink::new(args.out.as_deref(), args.force)?;
    match args.format {
        ExportFormat::Preds => {
            let found = preds::find(context, &args.named(), args.instance.as_deref())?;
            let text = leaving::pretty(&found)?;
            sink.write(|out| Ok(writeln!(out, "{text}")?))?;
        }
        ExportFormat::Backlog => sink.write(|out| backlog::write(context, &args.tasks, out))?,
        ExportFormat::Jsonl => {
            let One { view, row, attempt } = One::find(context, args)?;
            let about = attempt.map_or(About::Task(row.id), About::Attempt);
            sink.write(|out| jsonl::write(context, &view, about, out))?;
        }
        ExportFormat::Traj => {
            let text = leaving::pretty(&one_trajectory(context, &One::find(context, args)?)?)?;
            sink.write(|out| Ok(writeln!(out, "{text}")?))?;
        }
        ExportFormat::Markdown => {
            let page = page(context, &One::find(context, args)?)?;
            sink.write(|out| Ok(write!(out, "{page}")?))?;
        }
    }
    Ok(Exit::Done)
}

/// The one task, or attempt at it, that most formats hold.
struct One {
    view: View,
    row: TaskRow,
    attempt: Option<AttemptId>,
}

impl One {
    fn find(context: &Context, args: &ExportArgs) -> Result<Self, Trouble> {
        let Some(Named { task, attempt }) = args.named().first().copied() else {
            return Err(Trouble::usage("name a task"));
        };
        let view = context.view(task)?;
        let row = context::task(&view, task)?;
        if let Some(attempt) = attempt {
            view.attempt(attempt)?.ok_or_else(|| DeskError::no_attempt(attempt))?;
        }
        Ok(Self { view, row, attempt })
    }
}

impl ExportArgs {
    /// What clap can't see: which words go together depends on the format.
    fn make_sense(&self) -> Result<(), Trouble> {
        let is_preds = self.format == ExportFormat::Preds;
        if self.format == ExportFormat::Backlog {
            let names_attempt = self.tasks.iter().any(|named| named.attempt.is_some());
            return match names_attempt || self.attempt.is_some() || self.instance.is_some() {
                true => Err(Trouble::usage("--format backlog holds whole tasks: name only these")),
                false => Ok(()),
            };
        }
        if !is_preds && self.tasks.len() != 1 {
            return Err(Trouble::usage("this format holds one task: name one")
                .advise("`tenfold list` shows those there are; --format preds takes several"));
        }
        if !is_preds && self.instance.is_some() {
            return Err(Trouble::usage("--instance is for --format preds"));
        }
        let named =
            [("--attempt", self.attempt.is_some()), ("--instance", self.instance.is_some())];
        if let Some((option, _)) = named.iter().find(|(_, given)| *given && self.tasks.len() != 1) {
            return Err(Trouble::usage(format!("{option} is about one task: name one")));
        }
        let number = self.tasks.first().and_then(|named| named.attempt).map(|id| id.number);
        match (self.attempt, number) {
            (Some(said), Some(named)) if said != named => {
                Err(Trouble::usage("two attempts are named: leave --attempt out"))
            }
            _ => Ok(()),
        }
    }

    /// The tasks, with --attempt put to the one it is about.
    fn named(&self) -> Vec<Named> {
        let named = |named: &Named| {
            let chosen = self.attempt.map(|number| AttemptId { task: named.task, number });
            Named { task: named.task, attempt: chosen.or(named.attempt) }
        };
        self.tasks.iter().map(named).collect()
    }
}

/// Of the attempt that was named, else of the one whose proposal counts, else of the last.
fn one_trajectory(context: &Context, one: &One) -> Result<serde_json::Value, Trouble> {
    let One { view, row, attempt } = one;
    let attempts = view.attempts(row.id)?;
    let chosen = attempt
        .or_else(|| row.proposal().map(|proposal| proposal.attempt))
        .or_else(|| attempts.last().map(|attempt| attempt.id))
        .ok_or_else(|| nothing_yet(row))?;
    let trajectory = tenfold_engine::trajectory(view, chosen)?;
    let change = change(context, view, row, chosen)?;
    Ok(traj::of(&spec(view, row)?, &trajectory, change.as_ref()))
}

fn page(context: &Context, one: &One) -> Result<String, Trouble> {
    let One { view, row, attempt } = one;
    let mut page = markdown::Page::new(row, &spec(view, row)?, *attempt);
    for tried in view.attempts(row.id)? {
        if attempt.is_some_and(|id| tried.id != id) {
            continue;
        }
        page.attempt(&tenfold_engine::trajectory(view, tried.id)?);
        if let Some(change) = change(context, view, row, tried.id)? {
            page.change(&change);
        }
    }
    Ok(page.finish())
}

/// What an attempt proposes.
struct Proposed {
    row: ProposalRow,
    /// As `git apply` takes it; none if it can't be read any more.
    patch: Option<Vec<u8>>,
}

/// The change that an attempt proposes, if it does. That the person's folder is gone is said,
/// and the rest of the record is exported all the same.
fn change(
    context: &Context,
    view: &View,
    row: &TaskRow,
    attempt: AttemptId,
) -> Result<Option<Proposed>, Trouble> {
    let proposal = row.proposals.iter().find(|proposal| proposal.attempt == attempt);
    let Some(proposal) = proposal.cloned() else { return Ok(None) };
    let patch = match task::patch(&context.house, view, row, &proposal) {
        Ok(patch) => Some(patch),
        Err(error) => {
            terminal::note(&format!("left out: the change of {attempt} can't be read ({error})"));
            None
        }
    };
    Ok(Some(Proposed { row: proposal, patch }))
}

fn spec(view: &View, row: &TaskRow) -> Result<TaskSpec, Trouble> {
    view.spec(row.id)?
        .ok_or_else(|| Trouble::internal(format!("task {} was never asked for", row.id)))
}

fn nothing_yet(row: &TaskRow) -> Trouble {
    Trouble::new(Exit::NotFound, format!("nothing has come of task {} yet", row.id))
        .advise(format!("`tenfold show {}` says where it stands", row.id))
}

#[cfg(test)]
mod tests {
    use crate::arguments::Command;
    use crate::parsed;

    fn sense(words: &[&str]) -> Result<usize, String> {
        let mut all = vec!["tenfold", "export"];
        all.extend(words);
        let Command::Export(args) = parsed(&all).command else { panic!("another command") };
        args.make_sense().map(|()| args.named().len()).map_err(|trouble| trouble.text())
    }

    #[test]
    fn words_that_do_not_go_together_are_refused_by_their_reason() {
        for (words, reason) in [
            (&["--format", "jsonl"][..], "name one"),
            (&["1", "2", "--format", "traj"], "name one"),
            (&["1", "2", "--format", "preds", "--attempt", "1"], "--attempt is about one task"),
            (&["--format", "preds", "--instance", "a__b-1"], "--instance is about one task"),
            (&["1", "--format", "traj", "--instance", "a__b-1"], "for --format preds"),
            (&["1.2", "--format", "traj", "--attempt", "1"], "two attempts"),
        ] {
            let said = sense(words).unwrap_err();
            assert!(said.contains(reason), "{words:?}: {said}");
        }
        assert_eq!(sense(&["--format", "preds"]), Ok(0));
        assert_eq!(sense(&["1.2", "3", "--format", "preds"]), Ok(2));
        assert_eq!(sense(&["1.2", "--format", "traj", "--attempt", "2"]), Ok(1));
    }
}
