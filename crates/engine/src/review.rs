//! What a person does with a proposal: accept, reject, take that back.

use std::path::PathBuf;
use std::sync::Arc;

use tenfold_domain::{
    Accept, AcceptAs, Accepted, AttemptId, CommitId, Fact, Progress, ProposalEvent, Strategy,
    TaskId, TaskSpec, Undone,
};
use tenfold_store::{ProposalRow, ProposalState};
use tenfold_workspace::AcceptedBranch;

use crate::added::{added_secrets, named};
use crate::effects::message;
use crate::engine::{Engine, blocking};
use crate::queue::Candidate;
use crate::redaction::text_of;
use crate::{EngineError, proposed};

/// So many changed files are told to those who work beside.
const MOST_TOLD: usize = 20;
/// Of so many tasks that wait in vain it is told.
const MOST_IN_VAIN: u32 = 100;

impl Engine {
    /// Accepts a task's proposal. One that adds secrets is accepted only by who knows of them.
    ///
    /// # Errors
    /// When there is none that waits for review, or [`EngineError::AddsSecrets`], or
    /// [`EngineError::NoCheckFiles`], or [`EngineError::NotTogether`], or the workspace says that
    /// it does not fit; nothing is written then.
    pub async fn accept(
        &self,
        task: TaskId,
        Accept { how, with_secrets, with_check, unchecked }: Accept,
    ) -> Result<Accepted, EngineError> {
        let _writing = self.writing.lock().await;
        let mut candidate = self.candidate(task).await?;
        if with_check {
            candidate.commit = self.with_check(&candidate).await?;
        }
        self.may_be_taken(&candidate, with_secrets).await?;
        if !unchecked {
            self.goes_together(&candidate).await?;
        }
        self.take(candidate, how).await
    }

    /// Accepts as a branch what work has proposed that comes to its end just now, and by which it
    /// is accepted. That it `earned` it is recorded once nothing else stands against it.
    ///
    /// # Errors
    /// As for [`Engine::accept`].
    pub(crate) async fn accept_own(
        &self,
        task: TaskId,
        earned: ProposalEvent,
    ) -> Result<Accepted, EngineError> {
        let _writing = self.writing.lock().await;
        let candidate = to_review(task, self.found(task, "accept")?)?;
        self.may_be_taken(&candidate, false).await?;
        self.goes_together(&candidate).await?;
        self.record(candidate.attempt, earned).await?;
        self.take(candidate, AcceptAs::Branch { name: None }).await
    }

    /// The proposal of a task, if it waits for review.
    pub(crate) async fn candidate(&self, task: TaskId) -> Result<Candidate, EngineError> {
        to_review(task, self.proposal(task, "accept").await?)
    }

    /// Takes a proposal, and tells those who work beside it.
    pub(crate) async fn take(
        &self,
        candidate: Candidate,
        how: AcceptAs,
    ) -> Result<Accepted, EngineError> {
        let Candidate { task, attempt, spec, base, commit } = candidate;
        let workspace = self.workspace(&spec).await?;
        let (changes, from, to) = (Arc::clone(&workspace), base.clone(), commit.clone());
        let accepted = match how {
            AcceptAs::Branch { name } => {
                let name = name.unwrap_or_else(|| branch_name(task, &spec.text));
                let made = self.by_hand(workspace, attempt, move |hand| {
                    hand.branch_off((&base, &commit), &name, &mut || {})
                });
                let AcceptedBranch { branch, commit } = made.await?;
                Accepted::Branch { branch, commit }
            }
            AcceptAs::InPlace => {
                let files = self.by_hand(workspace, attempt, move |hand| {
                    hand.accept(&base, &commit, &mut || {})
                });
                Accepted::InPlace { files: names(&files.await?) }
            }
        };
        self.learned.mark_stale();
        // What comes after it may begin now.
        self.backlog.stir();
        let changed = blocking(move || changes.changed(&from, &to)).await?;
        let changed: Vec<PathBuf> = changed.into_iter().map(|file| file.path).collect();
        self.tell_moved(task, &spec, &names(&changed)).await?;
        Ok(accepted)
    }

    /// Tells coworkers who call tools, and are at work on the same files, that these have moved.
    async fn tell_moved(
        &self,
        task: TaskId,
        spec: &TaskSpec,
        changed: &[String],
    ) -> Result<(), EngineError> {
        for other in self.at_work() {
            let Some(theirs) = self.store.view()?.spec(other)? else { continue };
            let listens = theirs.strategies().contains(&Strategy::Loop);
            if other == task || theirs.workspace != spec.workspace || !listens {
                continue;
            }
            let more = match changed.len().saturating_sub(MOST_TOLD) {
                0 => String::new(),
                more => format!(" and {more} more"),
            };
            let files = changed.iter().take(MOST_TOLD).cloned().collect::<Vec<_>>().join(", ");
            let text = format!(
                "(From Tenfold, not from the person.) While you work, the proposal of task {task} \
                 was accepted, which changes {files}{more}. You still see the files as they were \
                 when you began. What you propose will be checked again on top of it: keep out of \
                 its way where you can."
            );
            self.say(other, text).await?;
            self.floor.said(other);
        }
        Ok(())
    }

    /// A proposal as one commit together with the files of its check.
    async fn with_check(&self, candidate: &Candidate) -> Result<CommitId, EngineError> {
        let Candidate { task, attempt, spec, base, commit } = candidate.clone();
        let files = spec.check_files.clone().filter(|files| !files.paths.is_empty());
        let files = files.ok_or(EngineError::NoCheckFiles(task))?;
        let message = text_of(&self.redactor(), message(&spec, attempt));
        let workspace = self.workspace(&spec).await?;
        blocking(move || {
            let both = proposed::with_check_files(&workspace, &commit, Some(&files))?;
            Ok(workspace.squash(&base, &both, &message)?)
        })
        .await
    }

    /// Holds that a proposal adds no secrets, or that the person knows of them.
    pub(crate) async fn may_be_taken(
        &self,
        candidate: &Candidate,
        with_secrets: bool,
    ) -> Result<(), EngineError> {
        if with_secrets {
            return Ok(());
        }
        let Candidate { task, spec, base, commit, .. } = candidate.clone();
        let (workspace, redactor) = (self.workspace(&spec).await?, self.redactor());
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
        self.record(proposal.attempt, ProposalEvent::Rejected { reason }).await?;
        self.learned.mark_stale();
        self.tell_in_vain(task)
    }

    /// Tells whoever watches of the tasks that come after one that was rejected.
    fn tell_in_vain(&self, rejected: TaskId) -> Result<(), EngineError> {
        if !self.backlog().is_at_work {
            return Ok(());
        }
        for task in self.store.view()?.after(rejected, None, MOST_IN_VAIN)? {
            let text = format!("not begun: it comes after task {rejected}, which was rejected");
            self.floor.teller().tell(Progress::Note { task, text });
        }
        Ok(())
    }

    /// Takes back what was done with a task's proposal.
    ///
    /// # Errors
    /// When nothing was done, or the person has changed what would be taken back.
    pub async fn undo(&self, task: TaskId) -> Result<Undone, EngineError> {
        let _writing = self.writing.lock().await;
        let undone = self.take_back(task).await;
        self.learned.mark_stale();
        undone
    }

    async fn take_back(&self, task: TaskId) -> Result<Undone, EngineError> {
        let (spec, proposal, _) = self.proposal(task, "undo").await?;
        // What waits for review has to be there to be read.
        self.has_files(proposal.attempt, "take back")?;
        let was_made = !proposal.state.is_under_way();
        match proposal.state.clone() {
            ProposalState::ToReview => Err(wrong_state(task, "undo", &proposal)),
            ProposalState::Rejected { .. } => {
                self.record(proposal.attempt, ProposalEvent::Undone).await?;
                Ok(Undone::Rejection)
            }
            // Of both kinds the last two are what a killed engine has left, and the next could
            // not settle.
            ProposalState::AcceptedAsBranch { branch, commit }
            | ProposalState::Branching { branch, commit }
            | ProposalState::RemovingBranch { branch, commit } => {
                let workspace = self.workspace(&spec).await?;
                let accepted = AcceptedBranch { branch: branch.clone(), commit };
                let removed = self.by_hand(workspace, proposal.attempt, move |hand| {
                    hand.remove_branch(&accepted, was_made, &mut || {})
                });
                removed.await?;
                Ok(Undone::Branch { branch })
            }
            ProposalState::AcceptedInPlace { before, after }
            | ProposalState::Applying { before, after }
            | ProposalState::TakingBack { before, after } => {
                let workspace = self.workspace(&spec).await?;
                let files = self.by_hand(workspace, proposal.attempt, move |hand| {
                    hand.undo((&before, &after), &mut || {})
                });
                Ok(Undone::InPlace { files: names(&files.await?) })
            }
        }
    }

    pub(crate) async fn proposal(
        &self,
        task: TaskId,
        verb: &'static str,
    ) -> Result<(TaskSpec, ProposalRow, CommitId), EngineError> {
        self.at_rest(task).await?;
        self.found(task, verb)
    }

    /// The proposal of a task, whether or not the task is at work.
    fn found(
        &self,
        task: TaskId,
        verb: &'static str,
    ) -> Result<(TaskSpec, ProposalRow, CommitId), EngineError> {
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

    async fn record(&self, attempt: AttemptId, event: ProposalEvent) -> Result<(), EngineError> {
        let fact = Fact::Proposal { attempt, event };
        self.store.append_async(vec![fact]).await?;
        // What comes after it may begin now.
        self.backlog.stir();
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
        ProposalState::Branching { .. } | ProposalState::RemovingBranch { .. } => {
            format!("cut short between a branch and none; `tenfold undo {task}` takes it back")
        }
        ProposalState::Rejected { .. } => "rejected".to_owned(),
    };
    EngineError::NoProposal { task, verb, state }
}

/// `tenfold/3-median-returns-the-wrong`: the number, and the first words.
/// A proposal that waits for review, as one that may be accepted.
fn to_review(
    task: TaskId,
    (spec, proposal, base): (TaskSpec, ProposalRow, CommitId),
) -> Result<Candidate, EngineError> {
    if proposal.state != ProposalState::ToReview {
        return Err(wrong_state(task, "accept", &proposal));
    }
    let ProposalRow { attempt, commit, .. } = proposal;
    Ok(Candidate { task, attempt, spec, base, commit })
}

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
