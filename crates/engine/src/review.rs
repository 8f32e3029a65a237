//! What a person does with a proposal: accept, reject, take that back.

use std::path::PathBuf;
use std::sync::Arc;

use tenfold_domain::{
    Accept, AcceptAs, Accepted, AttemptId, CommitId, Fact, ProposalEvent, TaskId, TaskSpec, Undone,
};
use tenfold_store::{ProposalRow, ProposalState};
use tenfold_workspace::{AcceptedBranch, Workspace};

use crate::added::{added_secrets, named};
use crate::effects::message;
use crate::engine::{Engine, blocking};
use crate::in_place::Hand;
use crate::redaction::text_of;
use crate::{EngineError, proposed};

impl Engine {
    /// Accepts a task's proposal. One that adds secrets is accepted only by who knows of them.
    ///
    /// # Errors
    /// When there is none that waits for review, or [`EngineError::AddsSecrets`], or
    /// [`EngineError::NoCheckFiles`], or the workspace says that it does not fit; nothing is
    /// written then.
    pub async fn accept(
        &self,
        task: TaskId,
        Accept { how, with_secrets, with_check }: Accept,
    ) -> Result<Accepted, EngineError> {
        let _writing = self.writing.lock().await;
        let (spec, proposal, base) = self.proposal(task, "accept").await?;
        if proposal.state != ProposalState::ToReview {
            return Err(wrong_state(task, "accept", &proposal));
        }
        let workspace = Arc::new(self.workspace(&spec).await?);
        let commit = match with_check {
            true => self.with_check(&spec, &workspace, &proposal, &base).await?,
            false => proposal.commit.clone(),
        };
        if !with_secrets {
            self.adds_no_secrets(task, &workspace, (&base, &commit)).await?;
        }
        match how {
            AcceptAs::Branch { name } => {
                let name = name.unwrap_or_else(|| branch_name(task, &spec.text));
                let branch =
                    blocking(move || workspace.accept_as_branch(&base, &commit, &name)).await?;
                let (branch, commit) = (branch.branch, branch.commit);
                let event = ProposalEvent::AcceptedAsBranch {
                    branch: branch.clone(),
                    commit: commit.clone(),
                };
                self.record(&proposal, event).await?;
                Ok(Accepted::Branch { branch, commit })
            }
            AcceptAs::InPlace => {
                let (store, attempt) = (Arc::clone(&self.store), proposal.attempt);
                let files = blocking(move || {
                    let hand = Hand { store: &store, workspace: &workspace, attempt };
                    hand.accept(&base, &commit, &mut || {})
                });
                Ok(Accepted::InPlace { files: names(&files.await?) })
            }
        }
    }

    /// A proposal as one commit together with the files of its check.
    async fn with_check(
        &self,
        spec: &TaskSpec,
        workspace: &Arc<Workspace>,
        proposal: &ProposalRow,
        base: &CommitId,
    ) -> Result<CommitId, EngineError> {
        let files = spec.check_files.clone().filter(|files| !files.paths.is_empty());
        let files = files.ok_or(EngineError::NoCheckFiles(proposal.attempt.task))?;
        let message = text_of(&self.redactor(), message(spec, proposal.attempt));
        let (workspace, base) = (Arc::clone(workspace), base.clone());
        let commit = proposal.commit.clone();
        blocking(move || {
            let both = proposed::with_check_files(&workspace, &commit, Some(&files))?;
            Ok(workspace.squash(&base, &both, &message)?)
        })
        .await
    }

    async fn adds_no_secrets(
        &self,
        task: TaskId,
        workspace: &Arc<Workspace>,
        (base, commit): (&CommitId, &CommitId),
    ) -> Result<(), EngineError> {
        let (workspace, redactor) = (Arc::clone(workspace), self.redactor());
        let (base, commit) = (base.clone(), commit.clone());
        let added = blocking(move || added_secrets(&workspace, &redactor, &base, &commit)).await?;
        match added.is_empty() {
            true => Ok(()),
            false => Err(EngineError::AddsSecrets { task, what: named(&added) }),
        }
    }

    /// Rejects a task's proposal.
    ///
    /// # Errors
    /// When there is none that waits for review.
    pub async fn reject(&self, task: TaskId, reason: String) -> Result<(), EngineError> {
        let _writing = self.writing.lock().await;
        let (_, proposal, _) = self.proposal(task, "reject").await?;
        if proposal.state != ProposalState::ToReview {
            return Err(wrong_state(task, "reject", &proposal));
        }
        let reason = text_of(&self.redactor(), reason);
        self.record(&proposal, ProposalEvent::Rejected { reason }).await
    }

    /// Takes back what was done with a task's proposal.
    ///
    /// # Errors
    /// When nothing was done, or the person has changed what would be taken back.
    pub async fn undo(&self, task: TaskId) -> Result<Undone, EngineError> {
        let _writing = self.writing.lock().await;
        let (spec, proposal, _) = self.proposal(task, "undo").await?;
        // What waits for review has to be there to be read.
        self.has_files(proposal.attempt, "take back")?;
        let undone = match proposal.state.clone() {
            ProposalState::ToReview => return Err(wrong_state(task, "undo", &proposal)),
            ProposalState::Rejected { .. } => Undone::Rejection,
            ProposalState::AcceptedAsBranch { branch, commit } => {
                let workspace = self.workspace(&spec).await?;
                let accepted = AcceptedBranch { branch: branch.clone(), commit };
                blocking(move || workspace.undo_branch(&accepted)).await?;
                Undone::Branch { branch }
            }
            // The last two: what a killed engine has left, and the next could not settle.
            ProposalState::AcceptedInPlace { before, after }
            | ProposalState::Applying { before, after }
            | ProposalState::TakingBack { before, after } => {
                let workspace = self.workspace(&spec).await?;
                let (store, attempt) = (Arc::clone(&self.store), proposal.attempt);
                let files = blocking(move || {
                    let hand = Hand { store: &store, workspace: &workspace, attempt };
                    hand.undo((&before, &after), &mut || {})
                });
                return Ok(Undone::InPlace { files: names(&files.await?) });
            }
        };
        self.record(&proposal, ProposalEvent::Undone).await?;
        Ok(undone)
    }

    pub(crate) async fn proposal(
        &self,
        task: TaskId,
        verb: &'static str,
    ) -> Result<(TaskSpec, ProposalRow, CommitId), EngineError> {
        self.at_rest(task)?;
        let view = self.store.view()?;
        let row = view.task(task)?.ok_or(EngineError::NoTask(task))?;
        let spec = view.spec(task)?.ok_or(EngineError::NoTask(task))?;
        let state = row.state.to_string();
        let none = EngineError::NoProposal { task, verb, state };
        let Some(proposal) = row.proposal().cloned() else { return Err(none) };
        let Some(attempt) = view.attempt(proposal.attempt)? else { return Err(none) };
        Ok((spec, proposal, attempt.base))
    }

    /// An attempt's files have to be there for what is done with them.
    pub(crate) fn has_files(
        &self,
        attempt: AttemptId,
        verb: &'static str,
    ) -> Result<(), EngineError> {
        let row = self.store.view()?.attempt(attempt)?;
        match row.and_then(|row| row.files_removed_at) {
            Some(_) => Err(EngineError::FilesRemoved { attempt, verb }),
            None => Ok(()),
        }
    }

    async fn record(
        &self,
        proposal: &ProposalRow,
        event: ProposalEvent,
    ) -> Result<(), EngineError> {
        let fact = Fact::Proposal { attempt: proposal.attempt, event };
        self.store.append_async(vec![fact]).await?;
        // What comes after it may begin now.
        self.backlog.stirred.notify_one();
        Ok(())
    }
}

fn names(files: &[PathBuf]) -> Vec<String> {
    files.iter().map(|file| file.to_string_lossy().into_owned()).collect()
}

pub(crate) fn wrong_state(task: TaskId, verb: &'static str, proposal: &ProposalRow) -> EngineError {
    let state = match &proposal.state {
        ProposalState::ToReview => "to review; nothing was done with it yet".to_owned(),
        ProposalState::AcceptedAsBranch { branch, .. } => format!("accepted as {branch}"),
        ProposalState::AcceptedInPlace { .. } => "accepted in place".to_owned(),
        ProposalState::Applying { .. } => format!(
            "written into a part of the files; `tenfold undo {task}` takes back what there is"
        ),
        ProposalState::TakingBack { .. } => {
            format!("taken out of a part of the files; `tenfold undo {task}` takes out the rest")
        }
        ProposalState::Rejected { .. } => "rejected".to_owned(),
    };
    EngineError::NoProposal { task, verb, state }
}

/// `tenfold/3-median-returns-the-wrong`: the number, and the first words.
fn branch_name(task: TaskId, text: &str) -> String {
    let words: Vec<String> = text
        .split(|c: char| !c.is_ascii_alphanumeric())
        .filter(|word| !word.is_empty())
        .take(5)
        .map(str::to_ascii_lowercase)
        .collect();
    let words = if words.is_empty() { "fix".to_owned() } else { words.join("-") };
    format!("tenfold/{task}-{words}")
}
