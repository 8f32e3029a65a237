//! The JSON that commands answer with: wire types, made from rows here and nowhere else.
//! Fields are added and never change their meaning.

use serde::Serialize;
use tenfold_desk::DeskError;
use tenfold_desk::task::SecretView;
use tenfold_domain::{
    AttemptOutcome, CheckReport, Outcome, Seed, TaskId, TaskSpec, TaskState, Usage,
};
use tenfold_engine::AddedSecret;
use tenfold_store::{AttemptRow, ProposalRow, ProposalState, TaskRow, View};

use crate::context::{self, Context};
use crate::report;
use crate::trouble::Trouble;

/// What `run` and `continue` end with.
#[derive(Debug, Serialize)]
pub(crate) struct RunJson {
    task: TaskId,
    /// As people write it: TASK.NUMBER.
    attempt: String,
    state: TaskState,
    outcome: AttemptOutcome,
    note: String,
    proposal: Option<ProposalJson>,
    /// What made the proposal.
    generator: Option<String>,
    wall_ms: u64,
    usage: Usage,
    cost_nano_usd: u64,
    checks: u32,
    candidates: u32,
    /// The proposed change; empty if there is none.
    diff: String,
}

/// A proposal.
#[derive(Debug, Serialize)]
pub(crate) struct ProposalJson {
    /// As people write it: TASK.NUMBER.
    attempt: String,
    verified: bool,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    files: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    secrets: Vec<SecretView>,
    state: ProposalState,
}

/// A task in a list.
#[derive(Debug, Serialize)]
pub(crate) struct TaskJson {
    task: TaskId,
    text: String,
    workspace: String,
    state: TaskState,
    /// Whether an attempt has neither ended nor is being worked.
    interrupted: bool,
    /// Why it is not begun yet, in words for people; only of one that is queued.
    why_waiting: Option<String>,
    outcome: Option<AttemptOutcome>,
    note: Option<String>,
    attempts: u32,
    proposal: Option<ProposalJson>,
    usage: Usage,
    wall_ms: u64,
    cost_nano_usd: u64,
    /// Of models on this machine, in millijoules.
    energy_mj: u64,
    energy_is_estimate: bool,
    asked_at_ms: u64,
}

/// A task with all that is known of it.
#[derive(Debug, Serialize)]
pub(crate) struct ShownJson {
    #[serde(flatten)]
    pub(crate) task: TaskJson,
    pub(crate) asked: TaskSpec,
    pub(crate) all_attempts: Vec<AttemptJson>,
    pub(crate) evidence: Option<CheckReport>,
    /// Those that the proposal adds.
    pub(crate) secrets: Vec<SecretView>,
}

/// An attempt.
#[derive(Debug, Serialize)]
pub(crate) struct AttemptJson {
    /// As people write it: TASK.NUMBER.
    attempt: String,
    model: String,
    seed: Seed,
    started_at_ms: u64,
    outcome: Option<AttemptOutcome>,
    note: Option<String>,
    steps: u64,
    checks: u64,
    usage: Usage,
    wall_ms: u64,
    cost_nano_usd: u64,
    /// When its files were removed to make room.
    files_removed_at_ms: Option<u64>,
}

impl RunJson {
    pub(crate) fn new(context: &Context, view: &View, outcome: &Outcome) -> Result<Self, Trouble> {
        let row = context::task(view, outcome.task())?;
        let (diff, proposal) = match report::proposed(&row, outcome) {
            Some(proposal) => (
                diff(context, view, &row, proposal)?,
                Some(ProposalJson::with_files(context, view, proposal)?),
            ),
            None => (String::new(), None),
        };
        let totals = &outcome.totals;
        Ok(Self {
            task: outcome.task(),
            attempt: outcome.attempt.to_string(),
            state: row.state,
            outcome: outcome.outcome,
            note: outcome.note.clone(),
            proposal,
            generator: outcome.generator.clone(),
            wall_ms: totals.wall.0,
            usage: totals.usage,
            cost_nano_usd: totals.cost.0,
            checks: totals.checks,
            candidates: totals.candidates,
            diff,
        })
    }
}

fn diff(
    context: &Context,
    view: &View,
    row: &TaskRow,
    proposal: &ProposalRow,
) -> Result<String, Trouble> {
    let id = proposal.attempt;
    let attempt = view.attempt(id)?.ok_or_else(|| DeskError::no_attempt(id))?;
    Ok(context.house.workspace(row)?.diff(&attempt.base, &proposal.commit)?)
}

impl ProposalJson {
    fn of(proposal: &ProposalRow) -> Self {
        let ProposalRow { attempt, verified, state, .. } = proposal;
        Self {
            attempt: attempt.to_string(),
            verified: *verified,
            files: Vec::new(),
            secrets: Vec::new(),
            state: state.clone(),
        }
    }

    fn with_files(context: &Context, view: &View, proposal: &ProposalRow) -> Result<Self, Trouble> {
        let files = report::changed(context, view, proposal)?;
        let files = files.iter().map(|file| file.path.to_string_lossy().into_owned()).collect();
        let secrets = secrets(&report::secrets(context, view, proposal)?);
        Ok(Self { files, secrets, ..Self::of(proposal) })
    }
}

/// Those that were found.
pub(crate) fn secrets(secrets: &[AddedSecret]) -> Vec<SecretView> {
    secrets.iter().map(SecretView::of).collect()
}

impl TaskJson {
    /// `engine_runs`: whether there is an engine, which works what has not ended.
    pub(crate) fn new(
        view: &View,
        row: &TaskRow,
        (engine_runs, why_waiting): (bool, Option<String>),
    ) -> Result<Self, Trouble> {
        let mut usage = Usage::default();
        for attempt in view.attempts(row.id)? {
            usage += attempt.usage;
        }
        Ok(Self {
            task: row.id,
            text: row.text.clone(),
            workspace: row.workspace.to_string_lossy().into_owned(),
            state: row.state,
            interrupted: !row.running.is_empty() && !engine_runs,
            why_waiting,
            outcome: row.last.as_ref().map(|ending| ending.outcome),
            note: row.last.as_ref().map(|ending| ending.note.clone()),
            attempts: row.attempts,
            proposal: row.proposal().map(ProposalJson::of),
            usage,
            wall_ms: row.wall.0,
            cost_nano_usd: row.spent.0,
            energy_mj: row.energy.mj,
            energy_is_estimate: row.energy.is_estimate,
            asked_at_ms: row.asked_at.0,
        })
    }
}

impl From<&AttemptRow> for AttemptJson {
    fn from(row: &AttemptRow) -> Self {
        Self {
            attempt: row.id.to_string(),
            model: row.model.clone(),
            seed: row.seed,
            started_at_ms: row.started_at.0,
            outcome: row.ended.as_ref().map(|ending| ending.outcome),
            note: row.ended.as_ref().map(|ending| ending.note.clone()),
            steps: row.steps,
            checks: row.checks,
            usage: row.usage,
            wall_ms: row.wall.0,
            cost_nano_usd: row.cost.0,
            files_removed_at_ms: row.files_removed_at.map(|at| at.0),
        }
    }
}
