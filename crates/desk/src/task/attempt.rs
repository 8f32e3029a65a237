//! An attempt as it is told: how it went, what it took, and what was said of it beforehand.

use serde::{Deserialize, Serialize};
use tenfold_domain::{AttemptId, AttemptOutcome, Choice, Forecast, Odds, Strategy, Usage};
use tenfold_store::{AttemptRow, TaskRow};
use utoipa::ToSchema;

use super::card::ProposalCard;

/// An attempt.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct AttemptCard {
    /// As people write it: TASK.NUMBER.
    pub attempt: String,
    /// Which of the task's, from one.
    pub number: u32,
    /// With which model.
    pub model: String,
    /// How it works.
    pub strategy: Strategy,
    /// From which its random choices come; as a text, since not every reader's numbers hold it.
    pub seed: String,
    /// When it began.
    pub started_at_ms: u64,
    /// When it ended; none while it runs, and when it was interrupted.
    pub ended_at_ms: Option<u64>,
    /// How.
    pub outcome: Option<AttemptOutcome>,
    /// What a person should know about that.
    pub note: Option<String>,
    /// How many effects came to an end.
    pub steps: u64,
    /// How many runs of the check were begun.
    pub checks: u64,
    /// What the model used.
    pub usage: Used,
    /// How long it worked.
    pub wall_ms: u64,
    /// What it cost.
    pub cost_nano_usd: u64,
    /// What a model on this machine took for it, in millijoules.
    pub energy_mj: u64,
    /// Whether any of that was not measured.
    pub energy_is_estimate: bool,
    /// Why it was chosen, if the cascade did so.
    pub choice: Option<ChoiceView>,
    /// What was likely to come of it, as it was said before it began.
    pub foreseen: Option<ForeseenView>,
    /// The attempt that it goes on from: TASK.NUMBER.
    pub forked_from: Option<String>,
    /// What it proposes.
    pub proposal: Option<ProposalCard>,
    /// When its files were removed to make room.
    pub files_removed_at_ms: Option<u64>,
    /// The file that has its steps, if they were taken out of the journal.
    pub steps_dropped: Option<String>,
}

/// Tokens of a model.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Used {
    /// Of prompts, computed.
    pub prompt: u64,
    /// Of prompts, found in a cache.
    pub cached: u64,
    /// Generated, to reason or to answer.
    pub output: u64,
}

/// Why an attempt is made as it is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ChoiceView {
    /// For people.
    pub why: String,
    /// The chance that it solves the task.
    pub chance: f64,
    /// What it is expected to cost.
    pub cost_nano_usd: u64,
    /// What it may cost before the next dollar is better spent otherwise; none: what is left.
    pub most_nano_usd: Option<u64>,
}

/// What was foreseen of an attempt.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ForeseenView {
    /// By rising spend.
    pub odds: Vec<OddsView>,
    /// By which way of estimating.
    pub method: String,
    /// On how many attempts of the past it stands.
    pub attempts: u64,
}

/// What is likely by a spend.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct OddsView {
    /// What the attempt will have cost by then.
    pub by_nano_usd: u64,
    /// One time in twenty the chance is lower.
    pub low: f64,
    /// The chance of having it solved.
    pub likely: f64,
    /// One time in twenty it is higher.
    pub high: f64,
}

impl AttemptCard {
    /// That of an attempt; `forked_from`: the one that it goes on from.
    pub fn of(task: &TaskRow, row: &AttemptRow, forked_from: Option<AttemptId>) -> Self {
        let proposal = task.proposals.iter().find(|proposal| proposal.attempt == row.id);
        Self {
            attempt: row.id.to_string(),
            number: row.id.number,
            model: row.model.clone(),
            strategy: row.strategy,
            seed: row.seed.0.to_string(),
            started_at_ms: row.started_at.0,
            ended_at_ms: row.ended.as_ref().map(|ending| ending.at.0),
            outcome: row.ended.as_ref().map(|ending| ending.outcome),
            note: row.ended.as_ref().map(|ending| ending.note.clone()),
            steps: row.steps,
            checks: row.checks,
            usage: row.usage.into(),
            wall_ms: row.wall.0,
            cost_nano_usd: row.cost.0,
            energy_mj: row.energy.mj,
            energy_is_estimate: row.energy.is_estimate,
            choice: row.choice.as_ref().map(ChoiceView::of),
            foreseen: row.foreseen.as_ref().map(ForeseenView::of),
            forked_from: forked_from.map(|from| from.to_string()),
            proposal: proposal.map(ProposalCard::of),
            files_removed_at_ms: row.files_removed_at.map(|at| at.0),
            steps_dropped: row.steps_dropped.as_ref().map(|export| export.name.clone()),
        }
    }
}

impl From<Usage> for Used {
    fn from(usage: Usage) -> Self {
        let cached = usage.cached;
        Self {
            prompt: usage.read().saturating_sub(cached).0,
            cached: cached.0,
            output: (usage.output + usage.reasoning).0,
        }
    }
}

impl ChoiceView {
    /// That of a choice of the cascade's.
    pub fn of(Choice { why, chance, cost, most }: &Choice) -> Self {
        Self {
            why: why.clone(),
            chance: *chance,
            cost_nano_usd: cost.0,
            most_nano_usd: most.map(|most| most.0),
        }
    }
}

impl ForeseenView {
    /// That of a forecast that was recorded.
    pub fn of(Forecast { odds, method, attempts }: &Forecast) -> Self {
        let view = |Odds { by, low, likely, high }: &Odds| OddsView {
            by_nano_usd: by.0,
            low: *low,
            likely: *likely,
            high: *high,
        };
        Self { odds: odds.iter().map(view).collect(), method: method.clone(), attempts: *attempts }
    }
}
