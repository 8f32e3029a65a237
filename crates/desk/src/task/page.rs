//! The page of a task: what was asked, what was tried and what it cost, what people said and what
//! they may do now.

use serde::{Deserialize, Serialize};
use tenfold_domain::{Strategy, TaskId, TaskSpec};
use tenfold_engine::{AddedSecret, added_secrets};
use tenfold_store::{ProposalRow, View};
use utoipa::ToSchema;

use super::attempt::AttemptCard;
use super::card::{Card, Cards};
use super::verbs::{May, may};
use super::words::{Heards, Word};
use crate::{DeskError, House};

/// A task with all that is known of it, but for the steps and the change.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct TaskPage {
    /// As it stands in a list.
    pub card: Card,
    /// What was asked for.
    pub asked: Asked,
    /// What was tried, in order.
    pub attempts: Vec<AttemptCard>,
    /// What looks like secrets in what the proposal adds.
    pub secrets: Vec<SecretView>,
    /// What people said, oldest first.
    pub words: Vec<Word>,
    /// What may be done now, verb by verb.
    pub can: Vec<May>,
}

/// What was asked for, with the limits and the check that hold now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Asked {
    /// In the person's words; empty: make the check pass.
    pub text: String,
    /// The command that verifies the work.
    pub check: Option<String>,
    /// The command that prepares what the check needs.
    pub setup: Option<String>,
    /// How it is worked.
    pub strategy: Strategy,
    /// How further attempts are, in turn with that.
    pub others: Vec<Strategy>,
    /// Between which models is chosen; one, if there is no choice.
    pub models: Vec<String>,
    /// Where work on it stops.
    pub budget: Limits,
    /// Files that may be edited though the check depends on them.
    pub may_edit: Vec<String>,
    /// Further files that are put back before the check runs.
    pub protect: Vec<String>,
    /// Whether the person may be asked.
    pub questions: bool,
    /// The kind of coworker.
    pub role: Option<String>,
    /// How many minutes it would take a person.
    pub minutes: Option<u32>,
    /// The tasks that have to be accepted before it begins.
    pub after: Vec<u64>,
    /// The files of the repository that ask something of who works in it, or offer something.
    pub instructions: Vec<String>,
}

/// Where work stops, whichever comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Limits {
    /// The most money.
    pub money_nano_usd: u64,
    /// The longest time, of all attempts together.
    pub time_ms: u64,
    /// The most attempts.
    pub attempts: u32,
}

/// What looks like a secret, where a proposal adds one. It is not said what it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SecretView {
    /// The file.
    pub file: String,
    /// The line, from one.
    pub line: usize,
    /// What it looks like.
    pub kind: String,
}

/// The page of a task; `at_work`: whether an engine is at it now.
///
/// # Errors
/// If there is no such task; what the store says.
pub fn page(
    house: &House,
    cards: &Cards<'_>,
    task: TaskId,
    (at_work, heards): (bool, &Heards),
) -> Result<TaskPage, DeskError> {
    let view = cards.view;
    let row = view.task(task)?.ok_or_else(|| DeskError::no_task(task))?;
    let spec = view.spec(task)?.ok_or_else(|| DeskError::no_task(task))?;
    let attempts = view.attempts(task)?;
    let proposal = row.proposal();
    let (words, forks) =
        heards.ask(view, task, |heard| (heard.words.clone(), heard.forks.clone()))?;
    // The folder may be gone by now; what is recorded is shown all the same.
    let found = proposal.and_then(|proposal| secrets(house, view, proposal).ok());
    let told = attempts
        .iter()
        .map(|attempt| AttemptCard::of(&row, attempt, forks.get(&attempt.id).copied()));
    Ok(TaskPage {
        card: cards.of(&row)?,
        asked: Asked::of(&spec),
        attempts: told.collect(),
        secrets: found.unwrap_or_default(),
        can: may(&row, &attempts, at_work),
        words,
    })
}

/// What looks like secrets in what a proposal adds.
///
/// # Errors
/// As for [`added`].
pub fn secrets(
    house: &House,
    view: &View,
    proposal: &ProposalRow,
) -> Result<Vec<SecretView>, DeskError> {
    Ok(added(house, view, proposal)?.iter().map(SecretView::of).collect())
}

/// The secrets that a proposal adds, as they were found.
///
/// # Errors
/// If the attempt is not there, or its files or folder are gone; what the store says.
pub fn added(
    house: &House,
    view: &View,
    proposal: &ProposalRow,
) -> Result<Vec<AddedSecret>, DeskError> {
    let id = proposal.attempt;
    let row = view.task(id.task)?.ok_or_else(|| DeskError::no_task(id.task))?;
    let attempt = view.attempt(id)?.ok_or_else(|| DeskError::no_attempt(id))?;
    let (workspace, redactor) = (house.workspace(&row)?, house.redactor()?);
    Ok(added_secrets(&workspace, &redactor, &attempt.base, &proposal.commit)?)
}

impl SecretView {
    /// That of a secret that was found.
    pub fn of(AddedSecret { path, line, kind }: &AddedSecret) -> Self {
        Self {
            file: path.to_string_lossy().into_owned(),
            line: *line,
            kind: kind.name().to_owned(),
        }
    }
}

impl Asked {
    /// What a task asks for.
    pub fn of(spec: &TaskSpec) -> Self {
        let top = (!spec.instructions.is_empty()).then(|| "AGENTS.md".to_owned());
        let folders = spec.guidance.folders.iter().map(|folder| folder.path.clone());
        let skills = spec.guidance.skills.iter().map(|skill| skill.path.clone());
        let models = spec.cascade.as_ref().map(|cascade| cascade.models.clone());
        Self {
            text: spec.text.clone(),
            check: spec.check.clone(),
            setup: spec.setup.clone(),
            strategy: spec.strategy,
            others: spec.others.clone(),
            models: models.unwrap_or_else(|| vec![spec.model.clone()]),
            budget: Limits {
                money_nano_usd: spec.budget.money.0,
                time_ms: spec.budget.time.0,
                attempts: spec.budget.attempts,
            },
            may_edit: spec.may_edit.clone(),
            protect: spec.protect.clone(),
            questions: spec.questions,
            role: spec.role.as_ref().map(|role| role.name.clone()),
            minutes: spec.standing.minutes,
            after: spec.standing.after.iter().map(|task| task.number()).collect(),
            instructions: top.into_iter().chain(folders).chain(skills).collect(),
        }
    }
}
