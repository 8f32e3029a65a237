//! Writing a proposal into the person's files, and taking it out again: said before it is done,
//! and said once it is.
//!
//! Apart from the rest of a review, because a process may be killed in the midst of it. What the
//! journal says is under way though nobody does it is settled by the next engine, before
//! anything else: what is all there is accepted, and all else is taken back. Nothing here asks
//! whether it may.

use std::path::PathBuf;

use tenfold_domain::{AttemptId, CommitId, Fact, ProposalEvent};
use tenfold_store::{ProposalRow, ProposalState, Store};
use tenfold_workspace::{InPlace, Workspace};

use crate::{EngineError, Places};

/// Who writes: the journal and the files of one attempt's task.
pub(crate) struct Hand<'h> {
    pub(crate) store: &'h Store,
    pub(crate) workspace: &'h Workspace,
    pub(crate) attempt: AttemptId,
}

/// What a person knows their files by: as they were, and as they are with the proposal.
type Sides<'s> = (&'s CommitId, &'s CommitId);

impl Hand<'_> {
    /// Writes the change from `base` to `commit` into the files. `hear` is called after each
    /// step that a killed process would leave for good.
    pub(crate) fn accept(
        &self,
        base: &CommitId,
        commit: &CommitId,
        hear: &mut dyn FnMut(),
    ) -> Result<Vec<PathBuf>, EngineError> {
        let fit = self.workspace.fit_in_place(base, commit)?;
        let (before, after) = (fit.before.clone(), fit.after.clone());
        // What is about to be written can be told, and taken back, whatever becomes of the base.
        let name = format!("accepted/{}", self.attempt);
        self.workspace.keep(&format!("{name}/before"), &before)?;
        self.workspace.keep(&format!("{name}/after"), &after)?;
        self.say(ProposalEvent::Applying { before: before.clone(), after: after.clone() })?;
        hear();
        if let Err(why) = fit.write(hear) {
            let sides = (&before, &after);
            let back = self.workspace.fit_back(&before, &after).map_err(EngineError::from);
            return Err(match back.and_then(|back| self.take_back(&back, sides, hear)) {
                Ok(_) => why.into(),
                Err(back) => self.half_written(&why, &back),
            });
        }
        self.say(ProposalEvent::AcceptedInPlace { before, after })?;
        hear();
        Ok(fit.files)
    }

    /// Takes it out again, or what there is of it.
    pub(crate) fn undo(
        &self,
        sides @ (before, after): Sides<'_>,
        hear: &mut dyn FnMut(),
    ) -> Result<Vec<PathBuf>, EngineError> {
        let back = self.workspace.fit_back(before, after)?;
        self.say(ProposalEvent::TakingBack)?;
        hear();
        if let Err(why) = self.take_back(&back, sides, hear) {
            if self.workspace.is_in_place(before, after)? {
                let (before, after) = (before.clone(), after.clone());
                self.say(ProposalEvent::AcceptedInPlace { before, after })?;
            }
            return Err(why);
        }
        Ok(back.files)
    }

    /// Takes back what there is of it, and says so.
    fn take_back(
        &self,
        back: &InPlace,
        (before, after): Sides<'_>,
        hear: &mut dyn FnMut(),
    ) -> Result<(), EngineError> {
        back.write(hear)?;
        // Last: folders that were made for files that are gone are empty only then.
        self.workspace.sweep_in_place(before, after)?;
        self.say(ProposalEvent::Undone)?;
        hear();
        Ok(())
    }

    /// Brings to an end what a killed process has left under way; says what came of it.
    fn settle(&self, proposal: &ProposalRow) -> Result<String, EngineError> {
        let Some(sides @ (before, after)) = proposal.state.under_way() else {
            return Ok(String::new());
        };
        let task = self.attempt.task;
        let applying = matches!(proposal.state, ProposalState::Applying { .. });
        if applying && self.workspace.is_in_place(before, after)? {
            self.workspace.sweep_in_place(before, after)?;
            let (before, after) = (before.clone(), after.clone());
            self.say(ProposalEvent::AcceptedInPlace { before, after })?;
            return Ok(format!(
                "all of it is there, so that it is accepted; `tenfold undo {task}` takes it back"
            ));
        }
        let back = self.workspace.fit_back(before, after)?;
        self.take_back(&back, sides, &mut || {})?;
        let names: Vec<_> = back.files.iter().map(|file| file.to_string_lossy()).collect();
        let files = match names.is_empty() {
            true => "none of your files was changed by it any more".to_owned(),
            false => format!("your files are put back as they were ({})", names.join(", ")),
        };
        Ok(format!("{files}, and the proposal waits for your review again"))
    }

    fn say(&self, event: ProposalEvent) -> Result<(), EngineError> {
        self.store.append(vec![Fact::Proposal { attempt: self.attempt, event }])?;
        Ok(())
    }

    fn half_written(&self, why: &dyn std::fmt::Display, back: &EngineError) -> EngineError {
        let (why, back) = (why.to_string(), back.to_string());
        EngineError::HalfWritten { task: self.attempt.task, why, back }
    }
}

/// Settles all that a killed process has left under way in any task. Says of each what came of
/// it; what can't be settled stays as it is, and is told.
pub(crate) fn settle_all(store: &Store, places: &Places) -> Result<Vec<String>, EngineError> {
    let mut told = Vec::new();
    for row in store.view()?.writing()? {
        let Some(proposal) = row.proposal() else { continue };
        let task = row.id;
        let settled = Workspace::open(&row.workspace, &places.workspaces())
            .map_err(EngineError::from)
            .and_then(|workspace| {
                let attempt = proposal.attempt;
                Hand { store, workspace: &workspace, attempt }.settle(proposal)
            });
        let what = match proposal.state {
            ProposalState::TakingBack { .. } => "took its proposal out of your files",
            _ => "wrote its proposal into your files",
        };
        told.push(match settled {
            Ok(came) => format!("task {task}: Tenfold was killed while it {what}; {came}"),
            Err(why) => format!(
                "task {task}: Tenfold was killed while it {what}, and what was written can't be \
                 taken back: {why}\nput that right, then `tenfold undo {task}`"
            ),
        });
    }
    Ok(told)
}

#[cfg(test)]
mod tests;
