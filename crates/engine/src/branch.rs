//! Making a proposal a branch of the person's repository, and removing it again: said before it is
//! done, and said once it is.
//!
//! What was cut short is brought to its end, since a branch is there or it is not: who asked for
//! it has it then, and who wanted it removed has it removed.

use tenfold_domain::{CommitId, ProposalEvent};
use tenfold_workspace::{AcceptedBranch, WorkspaceError};

use crate::EngineError;
use crate::hand::Hand;

impl Hand<'_> {
    /// Makes the change from `base` to `commit` a branch. `hear` is called after each step that a
    /// killed process would leave for good.
    pub(crate) fn branch_off(
        &self,
        (base, commit): (&CommitId, &CommitId),
        name: &str,
        hear: &mut dyn FnMut(),
    ) -> Result<AcceptedBranch, EngineError> {
        let branch = self.workspace.fit_branch(base, commit, name)?;
        let (name, commit) = (branch.branch.clone(), branch.commit.clone());
        self.say(ProposalEvent::Branching { branch: name, commit })?;
        hear();
        if let Err(why) = self.workspace.make_branch(&branch) {
            self.say(ProposalEvent::Undone)?;
            return Err(why.into());
        }
        hear();
        self.say_made(&branch)?;
        hear();
        Ok(branch)
    }

    /// Removes it again. One that is gone though it was not said to be made, is not there to be
    /// removed.
    pub(crate) fn remove_branch(
        &self,
        branch: &AcceptedBranch,
        was_made: bool,
        hear: &mut dyn FnMut(),
    ) -> Result<(), EngineError> {
        match self.workspace.can_undo_branch(branch) {
            Err(WorkspaceError::BranchGone(_)) if !was_made => {
                return self.say(ProposalEvent::Undone);
            }
            can => can?,
        }
        self.say(ProposalEvent::TakingBack)?;
        hear();
        if let Err(why) = self.workspace.undo_branch(branch) {
            self.say_made(branch)?;
            return Err(why.into());
        }
        hear();
        self.say(ProposalEvent::Undone)?;
        hear();
        Ok(())
    }

    /// Makes the branch that a killed process was about to make.
    pub(crate) fn settle_branch(&self, branch: &AcceptedBranch) -> Result<String, EngineError> {
        let task = self.attempt.task;
        if let Err(why) = self.workspace.make_branch(branch) {
            self.say(ProposalEvent::Undone)?;
            return Ok(format!(
                "it is not there and can't be made ({why}), and the proposal waits for your \
                 review again"
            ));
        }
        self.say_made(branch)?;
        let name = &branch.branch;
        Ok(format!("{name} is there, so that it is accepted; `tenfold undo {task}` takes it back"))
    }

    /// Removes the branch that a killed process was about to remove.
    pub(crate) fn settle_removal(&self, branch: &AcceptedBranch) -> Result<String, EngineError> {
        match self.workspace.undo_branch(branch) {
            Ok(()) | Err(WorkspaceError::BranchGone(_)) => {
                self.say(ProposalEvent::Undone)?;
                let name = &branch.branch;
                Ok(format!("{name} is gone, and the proposal waits for your review again"))
            }
            Err(why) => {
                self.say_made(branch)?;
                Err(why.into())
            }
        }
    }

    fn say_made(
        &self,
        AcceptedBranch { branch, commit }: &AcceptedBranch,
    ) -> Result<(), EngineError> {
        let (branch, commit) = (branch.clone(), commit.clone());
        self.say(ProposalEvent::AcceptedAsBranch { branch, commit })
    }
}
