//! What an attempt did, step by step, in the same form for every strategy: made of the attempt as it
//! went, page by page, and a part of each output. What a step is called is in `moments`.

use serde::{Deserialize, Serialize};
use tenfold_domain::AttemptId;
use tenfold_engine::{Effort, Moment, Trajectories, Trajectory};
use tenfold_store::View;
use utoipa::ToSchema;

use super::attempt::Used;
use super::cut::{OUTPUT_BYTES, TEXT_BYTES, cut};
use super::moments::{Moments, Said};
use crate::DeskError;

/// So many steps are a page, if nothing is said.
pub const STEPS: usize = 100;
/// The most steps of a page.
const STEPS_MOST: usize = 500;
/// A page ends with the step by which its texts are longer than this, in bytes.
const PAGE_BYTES: usize = 2 << 20;

/// A page of an attempt's steps.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Steps {
    /// In the order of recording.
    pub steps: Vec<Step>,
    /// The step that the next page is past; none if this is the last for now.
    pub next: Option<usize>,
    /// What the model was told before all else, if it was talked with; only on the first page.
    pub told: Option<ToldView>,
}

/// What a model is told before a conversation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ToldView {
    /// Who it is, and what holds throughout.
    pub instructions: String,
    /// What it may call.
    pub tools: Vec<ToolView>,
    /// Whether these are the very words, rather than those of this release.
    pub is_verbatim: bool,
}

/// A tool as a model is told of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ToolView {
    /// Its name.
    pub name: String,
    /// What it does and when to use it.
    pub description: String,
}

/// Something that happened in an attempt.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Step {
    /// Its place among all that happened, from zero.
    pub index: usize,
    /// The step of the attempt that it came of, by which one can go on from there.
    pub step: Option<u32>,
    /// When it was recorded.
    pub at_ms: u64,
    /// What it is a part of.
    pub phase: Phase,
    /// What it is, in a finer word.
    pub kind: String,
    /// The same in a line.
    pub title: String,
    /// What the model or the person said, or the first 64 KiB of it.
    pub text: Option<String>,
    /// What goes with it: arguments, changes, questions; or the first 64 KiB of it.
    pub detail: Option<String>,
    /// What came of it, as it was written; or the first 64 KiB of it.
    pub output: Option<String>,
    /// How long all of the output is.
    pub output_bytes: usize,
    /// Whether it went well; none where that is no question.
    pub ok: Option<bool>,
    /// How long it took.
    pub wall_ms: Option<u64>,
    /// What it cost.
    pub cost_nano_usd: Option<u64>,
    /// What the model used.
    pub usage: Option<Used>,
}

/// What a step is a part of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Phase {
    /// Beginning: what was chosen and foreseen, and preparing the files.
    Setup,
    /// Looking at files.
    Read,
    /// Running the check.
    Check,
    /// Asking a model.
    Think,
    /// Changing files, or calling a tool of another's.
    Tool,
    /// Running a command.
    Command,
    /// What a command says to other machines.
    Egress,
    /// What a person says.
    Person,
    /// What becomes of the work.
    Proposal,
    /// The end.
    End,
}

/// All of an output, as far as it is told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Output {
    /// The first MiB of it.
    pub text: String,
    /// How long it is.
    pub bytes: usize,
    /// Whether there is more than that.
    pub is_cut: bool,
}

/// The steps of an attempt past this one, and at most so many. What a step is depends on all before
/// it, so a page is a part of the whole attempt, which these `trajectories` keep.
///
/// # Errors
/// If the attempt is not there, or its records can't be read.
pub fn steps(
    (view, trajectories): (&View, &Trajectories),
    attempt: AttemptId,
    past: Option<usize>,
    limit: usize,
) -> Result<Steps, DeskError> {
    ask((view, trajectories), attempt, |went| page(went, past, limit))
}

fn page(went: &Trajectory, past: Option<usize>, limit: usize) -> Steps {
    let first = past.map_or(0, |past| past.saturating_add(1));
    let most = limit.clamp(1, STEPS_MOST);
    let mut moments = Moments::default();
    let (mut steps, mut bytes, mut next) = (Vec::new(), 0, None);
    for (index, moment) in went.moments.iter().enumerate() {
        if index < first {
            moments.pass(&moment.what);
            continue;
        }
        if steps.len() == most || bytes > PAGE_BYTES {
            next = index.checked_sub(1);
            break;
        }
        let step = Step::of(index, moment, moments.take(&moment.what));
        bytes += step.bytes();
        steps.push(step);
    }
    let told = went.told.as_ref().filter(|_| first == 0).map(|told| ToldView {
        instructions: told.instructions.clone(),
        tools: told.tools.iter().map(|tool| ToolView::of(tool)).collect(),
        is_verbatim: told.is_verbatim,
    });
    Steps { steps, next, told }
}

/// The output of one step, whole up to a MiB.
///
/// # Errors
/// As for [`steps`]; if there is no such step, or it has no output.
pub fn output(
    of: (&View, &Trajectories),
    attempt: AttemptId,
    index: usize,
) -> Result<Output, DeskError> {
    let none = || DeskError::not_found(format!("attempt {attempt} has no output at {index}"));
    let all = ask(of, attempt, |went| {
        let mut moments = Moments::default();
        let before = went.moments.iter().take(index);
        before.for_each(|moment| moments.pass(&moment.what));
        moments.take(&went.moments.get(index)?.what).output
    });
    let all = all?.ok_or_else(none)?;
    let text = cut(&all, OUTPUT_BYTES).to_owned();
    Ok(Output { bytes: all.len(), is_cut: text.len() < all.len(), text })
}

fn ask<T>(
    (view, trajectories): (&View, &Trajectories),
    attempt: AttemptId,
    answer: impl FnOnce(&Trajectory) -> T,
) -> Result<T, DeskError> {
    // The engine would say that the task is missing.
    view.attempt(attempt)?.ok_or_else(|| DeskError::no_attempt(attempt))?;
    Ok(trajectories.ask(view, attempt, |went| answer(went.trajectory()))?)
}

impl Step {
    fn of(index: usize, moment: &Moment, said: Said) -> Self {
        let effort = moment.effort;
        let took = |of: fn(Effort) -> u64| effort.map(of).filter(|amount| *amount > 0);
        let used = effort.map(|effort| effort.usage).filter(|usage| usage.total().0 > 0);
        let output_bytes = said.output.as_ref().map_or(0, String::len);
        let first = |text: Option<String>| text.map(|text| cut(&text, TEXT_BYTES).to_owned());
        Self {
            index,
            step: effort.map(|effort| effort.step.0),
            at_ms: moment.at.0,
            phase: said.phase,
            kind: said.kind.to_owned(),
            title: said.title,
            text: first(said.text),
            detail: first(said.detail),
            output: first(said.output),
            output_bytes,
            ok: said.ok,
            wall_ms: effort.map(|effort| effort.wall.0),
            cost_nano_usd: took(|effort| effort.cost.0),
            usage: used.map(Used::from),
        }
    }

    /// How long its texts are.
    fn bytes(&self) -> usize {
        let parts = [&self.text, &self.detail, &self.output];
        parts.iter().map(|part| part.as_ref().map_or(0, String::len)).sum()
    }
}

impl ToolView {
    fn of(tool: &tenfold_domain::ToolSpec) -> Self {
        Self { name: tool.name.clone(), description: tool.about.clone() }
    }
}
