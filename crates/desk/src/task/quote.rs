//! What a task that nobody has asked for yet is likely to take and to come to: odds, cost and time,
//! by the attempts of the past.

use serde::{Deserialize, Serialize};
use tenfold_domain::{Millis, NanoUsd, Strategy, TaskSpec};
use tenfold_engine::{Fitted, Pasts, Taken, Who, dollars};
use tenfold_forecast::{About, Unit};
use tenfold_store::View;
use utoipa::ToSchema;

use crate::{DeskError, Interval, Sight};

/// What a task would be, and what is likely to come of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Quote {
    /// What it would be.
    pub summary: Summary,
    /// The chance that one attempt solves it within the budget.
    pub odds: Option<Interval>,
    /// What an attempt like it has cost, in the mean.
    pub cost_nano_usd: Option<u64>,
    /// How long one has taken, in the mean.
    pub wall_ms: Option<u64>,
    /// How many attempts that is the mean of.
    pub of_attempts: u64,
    /// Why nothing can be said of the odds.
    pub refused: Option<String>,
}

/// A task as it would be asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Summary {
    /// The model that would make the first attempt, if the cascade chooses no other.
    pub model: String,
    /// Those that it may choose among.
    pub models: Vec<String>,
    /// How it would work.
    pub strategy: Strategy,
    /// The check, if there is one.
    pub check: Option<String>,
    /// The most that may be spent.
    pub budget_nano_usd: u64,
    /// The longest that it may take.
    pub time_ms: u64,
    /// The most attempts.
    pub attempts: u32,
}

/// The quote of a task, for somebody who sees so much: what attempts have cost is told of those
/// that they see, while odds are learned from all.
///
/// # Errors
/// What the store says.
pub fn quote(
    (view, pasts): (&View, &Pasts),
    spec: &TaskSpec,
    sight: &Sight,
) -> Result<Quote, DeskError> {
    let known = pasts.of(view, Unit::Dollars)?;
    let (strategy, area) = (spec.strategy.to_string(), spec.workspace.to_string_lossy());
    let about = About {
        task: "",
        model: &spec.model,
        strategy: &strategy,
        role: spec.role.as_ref().map_or("", |role| &role.name),
        area: &area,
        // Nobody has looked into its files yet.
        language: "",
        labels: spec.standing.labels.iter().map(String::as_str).collect(),
        text_bytes: Some(spec.text.len() as u64),
        repository_files: None,
        human_minutes: spec.standing.minutes.map(f64::from),
    };
    let told = known.past.forecast(&about, &[]);
    let odds = told.and_then(|told| told.at(dollars(spec.budget.money).min(told.reach())));
    let (odds, refused) = match odds {
        Ok(odds) => (Some(Interval::from(odds)), None),
        Err(why) => (None, Some(why.to_string())),
    };
    let alike = alike(&known, spec, sight);
    let mean = |sum: u64| sum.checked_div(alike.attempts);
    Ok(Quote {
        summary: Summary::of(spec),
        odds,
        cost_nano_usd: mean(alike.cost.0),
        wall_ms: mean(alike.wall.0),
        of_attempts: alike.attempts,
        refused,
    })
}

/// What the tasks of a backlog are likely to come to together, one attempt at each.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct QuoteSums {
    /// How many of them are to be expected to be solved, among those whose odds can be told.
    pub solved: f64,
    /// How many those are.
    pub with_odds: usize,
    /// What attempts at them are likely to cost, among those whose cost is known.
    pub cost_nano_usd: u64,
    /// How long those would take, one after another.
    pub wall_ms: u64,
    /// How many those are.
    pub with_cost: usize,
    /// The most that all of them may spend.
    pub budget_nano_usd: u64,
}

impl QuoteSums {
    /// Adds one of them.
    pub fn add(&mut self, quote: &Quote) {
        if let Some(odds) = &quote.odds {
            self.solved += odds.likely;
            self.with_odds += 1;
        }
        if let Some(cost) = quote.cost_nano_usd {
            self.cost_nano_usd = self.cost_nano_usd.saturating_add(cost);
            self.wall_ms = self.wall_ms.saturating_add(quote.wall_ms.unwrap_or(0));
            self.with_cost += 1;
        }
        let budget = quote.summary.budget_nano_usd;
        self.budget_nano_usd = self.budget_nano_usd.saturating_add(budget);
    }
}

impl Summary {
    fn of(spec: &TaskSpec) -> Self {
        let models = spec.cascade.as_ref().map(|cascade| cascade.models.clone());
        Self {
            model: spec.model.clone(),
            models: models.unwrap_or_else(|| vec![spec.model.clone()]),
            strategy: spec.strategy,
            check: spec.check.clone(),
            budget_nano_usd: spec.budget.money.0,
            time_ms: spec.budget.time.0,
            attempts: spec.budget.attempts,
        }
    }
}

/// Attempts by the same model in the same way, as far as somebody sees them, added up.
fn alike(known: &Fitted, spec: &TaskSpec, sight: &Sight) -> Taken {
    let strategy = spec.strategy.to_string();
    let is_alike =
        |who: &Who| who.model == spec.model && who.strategy == strategy && sight.of(who.account);
    let mut alike = Taken::default();
    for (_, taken) in known.taken.iter().filter(|(who, _)| is_alike(who)) {
        alike.attempts += taken.attempts;
        alike.cost = NanoUsd(alike.cost.0.saturating_add(taken.cost.0));
        alike.wall = Millis(alike.wall.0.saturating_add(taken.wall.0));
    }
    alike
}
