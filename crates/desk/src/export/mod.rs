//! What was done for a task, for other programs or for people who were not there; or the backlog
//! for another Tenfold. Here is what is exported; each form has a file of its own, and `leaving`
//! is what every text passes on its way. Where it goes is for who asks.

mod backlog;
mod fence;
mod jsonl;
mod leaving;
mod markdown;
mod preds;
mod traj;

use std::collections::BTreeSet;

use serde::Serialize;
use tenfold_domain::{AttemptId, TaskId, TaskSpec};
use tenfold_store::{About, ProposalRow, TaskRow, View};

use crate::{DeskError, House, Sight, task};

/// What an export reads, and who is told what it leaves out.
pub struct Export<'a> {
    /// Where files and folders are.
    pub house: &'a House,
    /// The store as it is at one moment.
    pub view: &'a View,
    /// Is told, in a sentence, of what is left out and why.
    pub note: &'a mut dyn FnMut(&str),
}

/// A task, or one attempt at it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Chosen {
    /// The task.
    pub task: TaskId,
    /// The attempt, if it is only about one.
    pub attempt: Option<AttemptId>,
}

impl Export<'_> {
    /// Every event of a task or an attempt as it was recorded: JSON, an object a line, handed over
    /// without its line feed.
    ///
    /// # Errors
    /// If there is no such task or attempt; what the store says, and who takes the lines.
    pub fn jsonl<E: From<DeskError>>(
        &mut self,
        of: Chosen,
        put: impl FnMut(String) -> Result<(), E>,
    ) -> Result<(), E> {
        let row = found(self.view, of)?;
        jsonl::lines(self, of.attempt.map_or(About::Task(row.id), About::Attempt), put)
    }

    /// Tasks as `tenfold import` reads them, in the same way: these, or if none is named all that
    /// are queued and in `sight`.
    ///
    /// # Errors
    /// As [`Export::jsonl`].
    pub fn backlog<E: From<DeskError>>(
        &mut self,
        tasks: &BTreeSet<TaskId>,
        sight: &Sight,
        put: impl FnMut(String) -> Result<(), E>,
    ) -> Result<(), E> {
        backlog::lines(self, tasks, sight, put)
    }

    /// An attempt in the form of mini-SWE-agent's trajectories: the one that is chosen, else the one
    /// whose proposal counts, else the last.
    ///
    /// # Errors
    /// If there is none yet; what the store says.
    pub fn traj(&mut self, of: Chosen) -> Result<String, DeskError> {
        let row = found(self.view, of)?;
        let chosen = of
            .attempt
            .or_else(|| row.proposal().map(|proposal| proposal.attempt))
            .or(self.view.attempts(row.id)?.last().map(|attempt| attempt.id))
            .ok_or_else(|| nothing_yet(&row))?;
        let trajectory = tenfold_engine::trajectory(self.view, chosen)?;
        let change = self.change(&row, chosen);
        whole(&traj::of(&spec(self.view, &row)?, &trajectory, change.as_ref()))
    }

    /// Proposals as predictions of SWE-bench, by what each task is called there: `instance`, or else
    /// its folder's name. Of all tasks, if none is chosen.
    ///
    /// # Errors
    /// If nothing has come of a chosen one yet; if a change is no UTF-8.
    pub fn preds(
        &mut self,
        chosen: &[Chosen],
        instance: Option<&str>,
    ) -> Result<String, DeskError> {
        whole(&preds::find(self, chosen, instance)?)
    }

    /// A page to read, in Markdown.
    ///
    /// # Errors
    /// If there is no such task or attempt; what the store says.
    pub fn markdown(&mut self, of: Chosen) -> Result<String, DeskError> {
        let row = found(self.view, of)?;
        let mut page = markdown::Page::new(&row, &spec(self.view, &row)?, of.attempt);
        for tried in self.view.attempts(row.id)? {
            if of.attempt.is_some_and(|id| tried.id != id) {
                continue;
            }
            page.attempt(&tenfold_engine::trajectory(self.view, tried.id)?);
            if let Some(change) = self.change(&row, tried.id) {
                page.change(&change);
            }
        }
        Ok(page.finish())
    }

    /// The change that an attempt proposes, if it does. That the person's folder is gone is said,
    /// and the rest of the record is exported all the same.
    fn change(&mut self, row: &TaskRow, attempt: AttemptId) -> Option<Proposed> {
        let proposal = row.proposals.iter().find(|proposal| proposal.attempt == attempt)?.clone();
        let patch = match task::patch(self.house, self.view, row, &proposal) {
            Ok(patch) => Some(patch),
            Err(error) => {
                let left_out = format!("left out: the change of {attempt} can't be read ({error})");
                (self.note)(&left_out);
                None
            }
        };
        Some(Proposed { row: proposal, patch })
    }
}

/// A file that is JSON as a whole.
fn whole(of: &impl Serialize) -> Result<String, DeskError> {
    Ok(leaving::pretty(of)? + "\n")
}

/// What an attempt proposes.
struct Proposed {
    row: ProposalRow,
    /// As `git apply` takes it; none if it can't be read any more.
    patch: Option<Vec<u8>>,
}

/// The task, if there is one, and the attempt, if one is chosen.
fn found(view: &View, Chosen { task, attempt }: Chosen) -> Result<TaskRow, DeskError> {
    let row = view.task(task)?.ok_or_else(|| DeskError::no_task(task))?;
    if let Some(attempt) = attempt {
        view.attempt(attempt)?.ok_or_else(|| DeskError::no_attempt(attempt))?;
    }
    Ok(row)
}

fn spec(view: &View, row: &TaskRow) -> Result<TaskSpec, DeskError> {
    view.spec(row.id)?
        .ok_or_else(|| DeskError::internal(format!("task {} was never asked for", row.id)))
}

fn nothing_yet(row: &TaskRow) -> DeskError {
    DeskError::not_found(format!("nothing has come of task {} yet", row.id))
        .advise(format!("`tenfold show {}` says where it stands", row.id))
}
