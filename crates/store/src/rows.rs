//! The rows that people list: tasks, attempts and proposals as they stand. Plain data; how
//! events make them is in `fold`, where they lie is in `project`.

use std::collections::BTreeSet;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use tenfold_domain::{
    AccountId, ApprovedCheck, AttemptId, AttemptOutcome, Budget, Choice, CommitId, Energy, Export,
    Forecast, Millis, NanoUsd, Parked, Seed, Standing, StepId, Strategy, Survey, TaskId, TaskState,
    Timestamp, Tokens, Usage, WaitingCall,
};

/// A task as it stands.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TaskRow {
    /// Which task.
    pub id: TaskId,
    /// What the person asked for; empty: make the check pass.
    pub text: String,
    /// The repository or folder.
    pub workspace: PathBuf,
    /// Who pays for it.
    pub account: AccountId,
    /// The kind of coworker that works it, by its name, if the person named one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<String>,
    /// The model that was asked for.
    #[serde(default)]
    pub model: String,
    /// Where it stands.
    pub state: TaskState,
    /// Where work on it stops now.
    pub budget: Budget,
    /// The check that an agent proposed and the person approved; it goes before the one that was
    /// asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub check: Option<ApprovedCheck>,
    /// How it stands to others.
    #[serde(default, skip_serializing_if = "Standing::is_usual")]
    pub standing: Standing,
    /// How many attempts have begun.
    pub attempts: u32,
    /// The attempts that have begun and not ended, by number.
    pub running: BTreeSet<u32>,
    /// What all attempts cost.
    pub spent: NanoUsd,
    /// What all attempts used, computed, cached and generated.
    pub tokens: Tokens,
    /// How many effects came to an end, well or not.
    pub steps: u64,
    /// How long all attempts worked, added up; the time between an interruption and going on
    /// is not counted.
    pub wall: Millis,
    /// The energy that models on this machine took for it.
    #[serde(default, skip_serializing_if = "Energy::is_none")]
    pub energy: Energy,
    /// When it was asked for.
    pub asked_at: Timestamp,
    /// Whether an attempt that has not ended was paused.
    pub paused: bool,
    /// What it waits for, if it was parked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parked: Option<Parked>,
    /// Whether it was parked and that is over, and it has not been gone on with.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub woken: bool,
    /// Why the cascade made no further attempt, since the last one ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub left_off: Option<String>,
    /// What its files were when its last attempt began.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub survey: Option<Survey>,
    /// What an attempt waits for the person to answer.
    pub question: Option<Question>,
    /// How the attempt that ended last did so.
    pub last: Option<Ending>,
    /// The newest proposal of every attempt that made one, in the order of making, but that one
    /// which is preferred to others comes after them.
    pub proposals: Vec<ProposalRow>,
}

impl TaskRow {
    /// Whether its last attempt, which has ended, is where the work on it stands.
    pub fn is_open(&self) -> bool {
        matches!(self.state, TaskState::NeedsYou | TaskState::Parked) || self.woken
    }

    /// Whether an attempt of it can be gone on with as it stands.
    pub fn goes_on(&self) -> bool {
        let last = self.last.as_ref().filter(|_| self.is_open());
        !self.running.is_empty() || last.is_some_and(|last| last.outcome.goes_on())
    }

    /// The proposal that counts: the one that was accepted, else the last that waits for
    /// review, else the last.
    pub fn proposal(&self) -> Option<&ProposalRow> {
        let newest = |wanted: fn(&ProposalRow) -> bool| {
            self.proposals.iter().rev().find(move |proposal| wanted(proposal))
        };
        newest(|proposal| proposal.state.is_accepted())
            .or_else(|| newest(|proposal| proposal.state == ProposalState::ToReview))
            .or_else(|| newest(|_| true))
    }

    /// When the work came to an end; `None` while an attempt runs, and before the first has
    /// ended.
    pub fn ended_at(&self) -> Option<Timestamp> {
        self.last.as_ref().filter(|_| self.running.is_empty()).map(|ending| ending.at)
    }
}

/// A question that is open.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Question {
    /// Which attempt asks.
    pub attempt: AttemptId,
    /// The step that the answer is for.
    pub step: StepId,
    /// What.
    pub text: String,
    /// The call that waits for leave, if that is what it asks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub call: Option<WaitingCall>,
    /// Since when.
    pub asked_at: Timestamp,
}

/// How an attempt ended.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Ending {
    /// Which attempt.
    pub attempt: AttemptId,
    /// When.
    pub at: Timestamp,
    /// How.
    pub outcome: AttemptOutcome,
    /// What a person should know about it.
    pub note: String,
}

/// A proposal as it stands.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ProposalRow {
    /// The attempt that made it.
    pub attempt: AttemptId,
    /// The proposed files, in Tenfold's own git directory.
    pub commit: CommitId,
    /// Whether the whole check passed on the diff alone.
    pub verified: bool,
    /// When it was made.
    pub made_at: Timestamp,
    /// What became of it.
    pub state: ProposalState,
    /// Whether it is accepted by the person's rule rather than by the person.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub unseen: bool,
    /// Whether it was accepted once, and the person took that back.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub taken_back: bool,
    /// Since when that is so.
    pub since: Timestamp,
}

/// What became of a proposal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "kebab-case")]
pub enum ProposalState {
    /// It waits for review.
    ToReview,
    /// It is becoming a branch, or the process that made it was killed.
    Branching {
        /// The branch's full name.
        branch: String,
        /// The commit that it is to point to, in the person's repository.
        commit: String,
    },
    /// It was accepted as a branch.
    AcceptedAsBranch {
        /// The branch's full name.
        branch: String,
        /// The commit it points to, in the person's repository.
        commit: String,
    },
    /// It is being written into the person's files, or the process that did so was killed.
    Applying {
        /// Every file that is written, as it was before.
        before: CommitId,
        /// The same files as they are to be.
        after: CommitId,
    },
    /// It was applied to the person's files.
    AcceptedInPlace {
        /// Every file that was written, as it was before.
        before: CommitId,
        /// The same files as they were written.
        after: CommitId,
    },
    /// It is being taken out of the person's files, or the process that did so was killed.
    TakingBack {
        /// Every file that was written, as it was before.
        before: CommitId,
        /// The same files as they were written.
        after: CommitId,
    },
    /// Its branch is being removed, or the process that did so was killed.
    RemovingBranch {
        /// The branch's full name.
        branch: String,
        /// The commit that it pointed to.
        commit: String,
    },
    /// It was rejected.
    Rejected {
        /// Why, in the person's words.
        reason: String,
    },
}

impl ProposalState {
    /// Whether the person took it, in either way, be it not to the end.
    pub fn is_accepted(&self) -> bool {
        matches!(self, Self::AcceptedAsBranch { .. } | Self::AcceptedInPlace { .. })
            || self.is_under_way()
    }

    /// Whether something of the person's is being written, or that was cut short.
    pub fn is_under_way(&self) -> bool {
        matches!(
            self,
            Self::Applying { .. }
                | Self::TakingBack { .. }
                | Self::Branching { .. }
                | Self::RemovingBranch { .. }
        )
    }

    /// While the person's files are being written, and when that was cut short: how all of these
    /// were before, and how they are with the proposal.
    pub fn files_under_way(&self) -> Option<(&CommitId, &CommitId)> {
        match self {
            Self::Applying { before, after } | Self::TakingBack { before, after } => {
                Some((before, after))
            }
            _ => None,
        }
    }
}

/// An attempt as it stands.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AttemptRow {
    /// Which attempt.
    pub id: AttemptId,
    /// How it works.
    pub strategy: Strategy,
    /// With which model.
    pub model: String,
    /// From which all its random choices come.
    pub seed: Seed,
    /// The person's files as they were.
    pub base: CommitId,
    /// When it began.
    pub started_at: Timestamp,
    /// When it was last heard of while it worked.
    pub seen_at: Timestamp,
    /// Why it was chosen, if the cascade did so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub choice: Option<Choice>,
    /// What was likely to come of it, if that could be said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub foreseen: Option<Forecast>,
    /// How it ended; `None` while it runs, and when it was interrupted.
    pub ended: Option<Ending>,
    /// Whether it went on from another one, which has done a part of the work.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub forked: bool,
    /// What the model used.
    pub usage: Usage,
    /// What it cost.
    pub cost: NanoUsd,
    /// How long it worked; the time between an interruption and going on is not counted.
    pub wall: Millis,
    /// The energy that a model on this machine took for it.
    #[serde(default, skip_serializing_if = "Energy::is_none")]
    pub energy: Energy,
    /// How many effects came to an end, well or not.
    pub steps: u64,
    /// How many runs of the check, or of parts of it, were begun.
    pub checks: u64,
    /// When its files were removed to make room; none while they are there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub files_removed_at: Option<Timestamp>,
    /// Where its steps are, if they were taken out of the journal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub steps_dropped: Option<Export>,
}
