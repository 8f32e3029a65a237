//! A task in a list. It is cheap, since there are hundreds of them on a page: two rows of the store
//! are read for each, and nothing is estimated anew.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use tenfold_domain::{
    AccountId, AttemptId, AttemptOutcome, Priority, TaskId, TaskState, Timestamp, WaitingCall,
};
use tenfold_engine::why_not_begun;
use tenfold_ledger::Ledger;
use tenfold_store::{AttemptRow, ProposalRow, ProposalState, TaskRow, View};
use utoipa::ToSchema;

use super::column::Column;
use super::cut::{LIST_BYTES, beginning};
use crate::{DeskError, Interval};

/// A task in a list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Card {
    /// Its number.
    pub task: u64,
    /// What was asked for, or the beginning of it: the page of the task has all. Empty: make the
    /// check pass.
    pub text: String,
    /// Where it stands.
    pub state: TaskState,
    /// The column that it is in by that.
    pub column: Column,
    /// The repository or folder.
    pub workspace: String,
    /// The last part of its name.
    pub workspace_name: String,
    /// Who pays, by number.
    pub account: u32,
    /// The same in words: the names from below the root to it.
    pub account_path: String,
    /// The kind of coworker, if one was named.
    pub role: Option<String>,
    /// The model: of the newest attempt, or the one that was asked for.
    pub model: String,
    /// What it belongs to.
    pub labels: Vec<String>,
    /// How much it is wanted before others.
    pub priority: Priority,
    /// When it is to be done.
    pub deadline_at_ms: Option<u64>,
    /// What it is worth to have it done.
    pub value_nano_usd: Option<u64>,
    /// How many attempts have begun.
    pub attempts: u32,
    /// How many effects came to an end, of all attempts.
    pub steps: u64,
    /// The attempts that have begun and not ended, by number.
    pub running: Vec<u32>,
    /// What all attempts cost.
    pub spent_nano_usd: u64,
    /// The most that may be spent.
    pub budget_nano_usd: u64,
    /// How long all attempts worked.
    pub wall_ms: u64,
    /// The longest that they may.
    pub time_limit_ms: u64,
    /// The chance that the attempt that has not ended solves it by all that was foreseen for it; as
    /// it was said before it began.
    pub odds: Option<Interval>,
    /// What it asks the person.
    pub question: Option<CardQuestion>,
    /// How the attempt that ended last did so.
    pub outcome: Option<AttemptOutcome>,
    /// What a person should know about that, or the beginning of it.
    pub note: Option<String>,
    /// The proposal that counts.
    pub proposal: Option<ProposalCard>,
    /// Why it is not begun or not gone on with, in words for people.
    pub waiting: Option<String>,
    /// Whether the person had it leave off.
    pub paused: bool,
    /// What it waits for, if it was parked, in words for people.
    pub parked: Option<String>,
    /// When it was asked for.
    pub asked_at_ms: u64,
    /// When the work came to an end; none while an attempt runs.
    pub ended_at_ms: Option<u64>,
}

/// A question that is open.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CardQuestion {
    /// Which attempt asks: TASK.NUMBER.
    pub attempt: String,
    /// The step that it is about.
    pub step: u32,
    /// What.
    pub text: String,
    /// The call that waits for leave, whole, if that is what it asks.
    pub call: Option<WaitingCall>,
    /// Since when.
    pub asked_at_ms: u64,
}

/// A proposal in a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ProposalCard {
    /// The attempt that made it: TASK.NUMBER.
    pub attempt: String,
    /// Whether the whole check passed on the diff alone.
    pub verified: bool,
    /// Whether it is accepted by the person's rule rather than by the person.
    pub unseen: bool,
    /// What became of it.
    pub state: Became,
    /// When it was made.
    pub made_at_ms: u64,
    /// Why it was rejected, if a reason was given.
    pub reason: Option<String>,
    /// The branch that it is, or is becoming, without `refs/heads/`.
    pub branch: Option<String>,
}

/// What became of a proposal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Became {
    /// It waits for review.
    ToReview,
    /// It is becoming a branch, or that was cut short.
    Branching,
    /// It is a branch.
    AcceptedAsBranch,
    /// It is being written into the files, or that was cut short.
    Applying,
    /// It is in the files.
    AcceptedInPlace,
    /// It is being taken out of the files, or that was cut short.
    TakingBack,
    /// Its branch is being removed, or that was cut short.
    RemovingBranch,
    /// It was rejected.
    Rejected,
}

/// One page of tasks.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct TaskList {
    /// The tasks.
    pub tasks: Vec<Card>,
    /// The task that the next page is past; none if this is the last.
    pub next: Option<u64>,
    /// The newest event that is in it.
    pub seq: u64,
}

/// The first page of every column.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Board {
    /// From left to right.
    pub columns: Vec<BoardColumn>,
    /// The newest event that is in it.
    pub seq: u64,
}

/// The first page of a column.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct BoardColumn {
    /// Which.
    pub column: Column,
    /// How many tasks are in it.
    pub count: u64,
    /// The first of them.
    pub tasks: Vec<Card>,
    /// The task that the next page is past; none if this is the last.
    pub next: Option<u64>,
}

/// Makes cards, of one moment of the store.
#[derive(Debug, Clone, Copy)]
pub struct Cards<'v> {
    /// The moment.
    pub view: &'v View,
    /// Who pays in words, of each account that a task is of: see [`paths`]. Reading the ledger for
    /// that would take longer than all else.
    pub paths: &'v BTreeMap<AccountId, String>,
    /// Why queued tasks wait, as far as the engine at work says so. Of others it is told what the
    /// journal knows.
    pub waiting: &'v BTreeMap<TaskId, String>,
    /// The time.
    pub now: Timestamp,
}

/// The accounts of tasks in words: the names from below the root to each.
pub fn paths<'r>(
    ledger: &Ledger,
    rows: impl IntoIterator<Item = &'r TaskRow>,
) -> BTreeMap<AccountId, String> {
    let mut paths = BTreeMap::new();
    for row in rows {
        paths.entry(row.account).or_insert_with(|| ledger.shown(row.account));
    }
    paths
}

impl Cards<'_> {
    /// The card of a task.
    ///
    /// # Errors
    /// What the store says.
    pub fn of(&self, row: &TaskRow) -> Result<Card, DeskError> {
        let newest = match row.attempts {
            0 => None,
            number => self.view.attempt(AttemptId { task: row.id, number })?,
        };
        let model = match &newest {
            Some(attempt) => attempt.model.clone(),
            None => row.model.clone(),
        };
        let parked = row.parked.as_ref().map(ToString::to_string);
        let is_queued = row.state == TaskState::Queued;
        let waiting = match self.waiting.get(&row.id) {
            Some(why) => Some(why.clone()),
            None if is_queued => Some(why_not_begun(self.view, row, self.now)?),
            None => row.left_off.clone(),
        };
        let card = bare(row);
        Ok(Card {
            account_path: self.paths.get(&row.account).cloned().unwrap_or_default(),
            odds: newest.as_ref().and_then(odds),
            model,
            waiting,
            parked,
            ..card
        })
    }

    /// The cards of several tasks, in their order.
    ///
    /// # Errors
    /// As for [`Cards::of`].
    pub fn all(&self, rows: &[TaskRow]) -> Result<Vec<Card>, DeskError> {
        rows.iter().map(|row| self.of(row)).collect()
    }
}

/// What the row alone says.
fn bare(row: &TaskRow) -> Card {
    let standing = &row.standing;
    let name = row.workspace.file_name().unwrap_or(row.workspace.as_os_str());
    Card {
        task: row.id.number(),
        text: beginning(&row.text, LIST_BYTES),
        state: row.state,
        column: Column::of(row.state),
        workspace: row.workspace.to_string_lossy().into_owned(),
        workspace_name: name.to_string_lossy().into_owned(),
        account: row.account.0,
        account_path: String::new(),
        role: row.role.clone(),
        model: String::new(),
        labels: standing.labels.clone(),
        priority: standing.priority,
        deadline_at_ms: standing.deadline.map(|at| at.0),
        value_nano_usd: standing.value.map(|value| value.0),
        attempts: row.attempts,
        steps: row.steps,
        running: row.running.iter().copied().collect(),
        spent_nano_usd: row.spent.0,
        budget_nano_usd: row.budget.money.0,
        wall_ms: row.wall.0,
        time_limit_ms: row.budget.time.0,
        odds: None,
        question: row.question.as_ref().map(|question| CardQuestion {
            attempt: question.attempt.to_string(),
            step: question.step.0,
            text: question.text.clone(),
            call: question.call.clone(),
            asked_at_ms: question.asked_at.0,
        }),
        outcome: row.last.as_ref().map(|last| last.outcome),
        note: row.last.as_ref().map(|last| beginning(&last.note, LIST_BYTES)),
        proposal: row.proposal().map(ProposalCard::of),
        waiting: None,
        paused: row.paused,
        parked: None,
        asked_at_ms: row.asked_at.0,
        ended_at_ms: row.ended_at().map(|at| at.0),
    }
}

/// What was said of an attempt that has not ended, by the most of what was foreseen.
fn odds(attempt: &AttemptRow) -> Option<Interval> {
    let foreseen = attempt.foreseen.as_ref().filter(|_| attempt.ended.is_none())?;
    foreseen.odds.last().map(Interval::from)
}

impl ProposalCard {
    /// That of a proposal.
    pub fn of(row: &ProposalRow) -> Self {
        let (state, branch) = match &row.state {
            ProposalState::ToReview => (Became::ToReview, None),
            ProposalState::Branching { branch, .. } => (Became::Branching, Some(branch)),
            ProposalState::AcceptedAsBranch { branch, .. } => {
                (Became::AcceptedAsBranch, Some(branch))
            }
            ProposalState::Applying { .. } => (Became::Applying, None),
            ProposalState::AcceptedInPlace { .. } => (Became::AcceptedInPlace, None),
            ProposalState::TakingBack { .. } => (Became::TakingBack, None),
            ProposalState::RemovingBranch { branch, .. } => (Became::RemovingBranch, Some(branch)),
            ProposalState::Rejected { .. } => (Became::Rejected, None),
        };
        let reason = match &row.state {
            ProposalState::Rejected { reason } if !reason.is_empty() => Some(reason.clone()),
            _ => None,
        };
        let short = |name: &String| name.strip_prefix("refs/heads/").unwrap_or(name).to_owned();
        Self {
            attempt: row.attempt.to_string(),
            verified: row.verified,
            unseen: row.unseen,
            state,
            made_at_ms: row.made_at.0,
            reason,
            branch: branch.map(short),
        }
    }
}
