//! What writes anything of the person's: said before it is done, and said once it is.
//!
//! A process may be killed in between. What the journal says is under way though nobody does it is
//! settled by the next engine, before anything else. How files are written is in `in_place`, how
//! a branch is made in `branch`.

use std::sync::Arc;

use tenfold_domain::{AttemptId, Fact, ProposalEvent};
use tenfold_store::{ProposalState, Store};
use tenfold_workspace::{AcceptedBranch, Workspace};

use crate::engine::blocking;
use crate::{Engine, EngineError, Places};

/// Who writes: the journal and the files of one attempt's task.
pub(crate) struct Hand<'h> {
    pub(crate) store: &'h Store,
    pub(crate) workspace: &'h Workspace,
    pub(crate) attempt: AttemptId,
}

impl Engine {
    /// Does something with a task's proposal that writes the person's files or branches.
    pub(crate) async fn by_hand<T: Send + 'static>(
        &self,
        workspace: Arc<Workspace>,
        attempt: AttemptId,
        deed: impl FnOnce(&Hand<'_>) -> Result<T, EngineError> + Send + 'static,
    ) -> Result<T, EngineError> {
        let store = Arc::clone(&self.store);
        blocking(move || deed(&Hand { store: &store, workspace: &workspace, attempt })).await
    }
}

impl Hand<'_> {
    pub(crate) fn say(&self, event: ProposalEvent) -> Result<(), EngineError> {
        self.store.append(vec![Fact::Proposal { attempt: self.attempt, event }])?;
        Ok(())
    }

    /// Brings to an end what a killed process has left under way; says what came of it.
    fn settle(&self, state: &ProposalState) -> Result<String, EngineError> {
        let branch = |branch: &String, commit: &String| AcceptedBranch {
            branch: branch.clone(),
            commit: commit.clone(),
        };
        match state {
            ProposalState::Applying { before, after } => self.settle_files((before, after), true),
            ProposalState::TakingBack { before, after } => {
                self.settle_files((before, after), false)
            }
            ProposalState::Branching { branch: name, commit } => {
                self.settle_branch(&branch(name, commit))
            }
            ProposalState::RemovingBranch { branch: name, commit } => {
                self.settle_removal(&branch(name, commit))
            }
            _ => Ok(String::new()),
        }
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
                Hand { store, workspace: &workspace, attempt }.settle(&proposal.state)
            });
        let (what, stays) = match proposal.state {
            ProposalState::TakingBack { .. } => {
                ("took its proposal out of your files", "what was written can't be taken back")
            }
            ProposalState::Branching { .. } => {
                ("made its branch", "nobody can say whether it is there")
            }
            ProposalState::RemovingBranch { .. } => ("removed its branch", "it can't be removed"),
            _ => ("wrote its proposal into your files", "what was written can't be taken back"),
        };
        told.push(match settled {
            Ok(came) => format!("task {task}: Tenfold was killed while it {what}; {came}"),
            Err(why) => format!(
                "task {task}: Tenfold was killed while it {what}, and {stays}: {why}\nput that \
                 right, then `tenfold undo {task}`"
            ),
        });
    }
    Ok(told)
}

#[cfg(test)]
mod tests;
