//! `tenfold export`: a trajectory for other programs, or for people who were not there; or the
//! backlog for another Tenfold. What each form holds is the desk's; here are the words, and where
//! it goes.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use tenfold_desk::Sight;
use tenfold_desk::export::{Chosen, Export};
use tenfold_domain::AttemptId;

use crate::arguments::{Named, named};
use crate::context::Context;
use crate::exit::Exit;
use crate::sink::Sink;
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
    let sink = Sink::new(args.out.as_deref(), args.force)?;
    let chosen = args.chosen();
    let view = match chosen.first() {
        Some(first) => context.view(first.task)?,
        None => match context.reader()? {
            Some(reader) => reader.view()?,
            None => {
                terminal::note("nothing was asked for yet: `tenfold run` begins");
                // No predictions are written, too.
                let none = if args.format == ExportFormat::Preds { "{}\n" } else { "" };
                sink.write(|out| Ok(out.write_all(none.as_bytes())?))?;
                return Ok(Exit::Done);
            }
        },
    };
    let (house, note) = (&context.house, &mut terminal::note);
    let export = &mut Export { house, view: &view, note };
    sink.write(|out| match args.format {
        ExportFormat::Preds => {
            Ok(write!(out, "{}", export.preds(&chosen, args.instance.as_deref())?)?)
        }
        ExportFormat::Backlog => {
            let tasks = chosen.iter().map(|one| one.task).collect();
            export.backlog(&tasks, &Sight::ALL, |line| Ok(writeln!(out, "{line}")?))
        }
        ExportFormat::Jsonl => export.jsonl(one(&chosen)?, |line| Ok(writeln!(out, "{line}")?)),
        ExportFormat::Traj => Ok(write!(out, "{}", export.traj(one(&chosen)?)?)?),
        ExportFormat::Markdown => Ok(write!(out, "{}", export.markdown(one(&chosen)?)?)?),
    })?;
    Ok(Exit::Done)
}

/// The one task, or attempt at it, that most formats hold.
fn one(chosen: &[Chosen]) -> Result<Chosen, Trouble> {
    chosen.first().copied().ok_or_else(|| Trouble::usage("name a task"))
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
    fn chosen(&self) -> Vec<Chosen> {
        let chosen = |named: &Named| {
            let said = self.attempt.map(|number| AttemptId { task: named.task, number });
            Chosen { task: named.task, attempt: said.or(named.attempt) }
        };
        self.tasks.iter().map(chosen).collect()
    }
}

#[cfg(test)]
mod tests {
    use crate::arguments::Command;
    use crate::parsed;

    fn sense(words: &[&str]) -> Result<usize, String> {
        let mut all = vec!["tenfold", "export"];
        all.extend(words);
        let Command::Export(args) = parsed(&all).command else { panic!("another command") };
        args.make_sense().map(|()| args.chosen().len()).map_err(|trouble| trouble.text())
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
