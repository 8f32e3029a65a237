//! Writing a proposal into the person's files, and taking it out again: said before it is done,
//! and said once it is.
//!
//! Apart from the rest of a review, because a process may be killed in the midst of it. What was
//! cut short is settled ([`Hand::settle`]): what is all there is accepted, and all else is taken
//! back. Nothing here asks whether it may.

use std::path::PathBuf;

use tenfold_domain::{CommitId, ProposalEvent};
use tenfold_workspace::InPlace;

use crate::EngineError;
use crate::hand::Hand;

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

    /// Brings to an end what a killed process has left of it; says what came of it.
    pub(crate) fn settle_files(
        &self,
        sides @ (before, after): Sides<'_>,
        applying: bool,
    ) -> Result<String, EngineError> {
        let task = self.attempt.task;
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

    fn half_written(&self, why: &dyn std::fmt::Display, back: &EngineError) -> EngineError {
        let (why, back) = (why.to_string(), back.to_string());
        EngineError::HalfWritten { task: self.attempt.task, why, back }
    }
}
