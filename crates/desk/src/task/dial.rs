//! The dial of a task: what its next attempt is likely to buy by any spend, and where the cascade
//! would stop and why.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use tenfold_domain::{Strategy, TaskSpec};
use tenfold_engine::{Judged, Names, Next, Pasts, about, dollars, judged};
use tenfold_forecast::{Forecast, Interval, Past, Refusal, Unit};
use tenfold_models::Catalogue;
use tenfold_store::{TaskRow, View};
use utoipa::ToSchema;

use crate::DeskError;

/// What the next attempt at a task is likely to buy.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Dial {
    /// The task.
    pub task: u64,
    /// Who would make the attempt.
    pub model: String,
    /// How.
    pub strategy: Strategy,
    /// What `by`, `spent` and `budget` count.
    pub unit: DialUnit,
    /// What all attempts took so far.
    pub spent: f64,
    /// The most that they may take; none where that is not limited.
    pub budget: Option<f64>,
    /// Why nothing can be said yet.
    pub refused: Option<String>,
    /// By which way of estimating.
    pub method: Option<String>,
    /// How far it was off in the mean on the person's own attempts; none if too few are known.
    pub error: Option<f64>,
    /// How many attempts of the past are known.
    pub attempts: usize,
    /// How many of them are by this model in this way.
    pub of_this_agent: Option<usize>,
    /// How many of them are at this task.
    pub of_this_task: Option<usize>,
    /// The chance of having it solved, by rising spend of the attempt.
    pub curve: Vec<DialPoint>,
    /// What the cascade would do next; none if the task has none.
    pub stops: Option<Stops>,
}

/// What a dial counts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum DialUnit {
    /// Money.
    #[default]
    Dollars,
    /// Effects of the attempt.
    Steps,
    /// Time.
    Seconds,
}

/// A point of the curve.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct DialPoint {
    /// What the attempt has taken by then.
    pub by: f64,
    /// One time in twenty the chance is lower.
    pub low: f64,
    /// The chance of having it solved.
    pub likely: f64,
    /// One time in twenty it is higher.
    pub high: f64,
}

/// What the cascade would do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Stops {
    /// Whether it makes a further attempt.
    pub would: Would,
    /// Why, for people.
    pub why: String,
    /// What that attempt may take before the next dollar is better spent otherwise; none: what is
    /// left of the budget.
    pub most_nano_usd: Option<u64>,
}

/// Whether there is a further attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Would {
    /// There is.
    GoOn,
    /// There is none.
    Stop,
}

/// What the past says of an attempt that is not made yet.
#[derive(Debug)]
pub struct Outlook {
    /// Who would make it.
    pub model: String,
    /// How.
    pub strategy: Strategy,
    /// What is counted.
    pub unit: DialUnit,
    /// All that is known of attempts.
    pub past: Arc<Past>,
    /// What it says of this one.
    pub told: Result<Forecast, Refusal>,
}

/// Who would make an attempt, where it is not as the task says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Instead {
    /// This model.
    pub model: Option<String>,
    /// In this way.
    pub strategy: Option<Strategy>,
}

impl Outlook {
    /// What is known of the next attempt at a task. What nobody has asked these `pasts` yet, they
    /// read and fit: on many attempts it takes seconds.
    ///
    /// # Errors
    /// What the store says.
    pub fn of(
        (view, pasts): (&View, &Pasts),
        (row, spec): (&TaskRow, &TaskSpec),
        instead: Instead,
        unit: DialUnit,
    ) -> Result<Self, DeskError> {
        let model = instead.model.unwrap_or_else(|| spec.model.clone());
        let strategy = instead.strategy.unwrap_or(spec.strategy);
        let past = pasts.of(view, unit.unit())?.past;
        let (names, way) = (Names::of(row), strategy.to_string());
        let told = past.forecast(&about(row, &names, &model, &way), &[]);
        Ok(Self { model, strategy, unit, past, told })
    }
}

/// The dial of a task.
///
/// # Errors
/// If there is no such model; what the store says.
pub fn dial(
    (view, pasts): (&View, &Pasts),
    catalogue: &Catalogue,
    (row, spec): (&TaskRow, &TaskSpec),
    instead: Instead,
    unit: DialUnit,
) -> Result<Dial, DeskError> {
    if let Some(model) = &instead.model {
        catalogue.model(model)?;
    }
    let outlook = Outlook::of((view, pasts), (row, spec), instead, unit)?;
    let stops = stops(view, catalogue, (row, spec))?;
    Ok(laid_out(outlook, row, stops))
}

/// What the cascade would do next; none if the task has none.
///
/// # Errors
/// What the store says.
pub fn stops(
    view: &View,
    catalogue: &Catalogue,
    (row, spec): (&TaskRow, &TaskSpec),
) -> Result<Option<Stops>, DeskError> {
    if spec.cascade.is_none() {
        return Ok(None);
    }
    Ok(match judged(view, catalogue, row, spec)? {
        Judged::Worth(Next { choice, .. }) => choice.map(|choice| Stops {
            would: Would::GoOn,
            why: choice.why,
            most_nano_usd: choice.most.map(|most| most.0),
        }),
        Judged::Stop { why, .. } => Some(Stops { would: Would::Stop, why, most_nano_usd: None }),
    })
}

fn laid_out(outlook: Outlook, row: &TaskRow, stops: Option<Stops>) -> Dial {
    let Outlook { model, strategy, unit, past, told } = outlook;
    let (spent, budget) = unit.spent(row);
    let known = told.as_ref().ok();
    let grounds = known.map(Forecast::grounds);
    Dial {
        task: row.id.number(),
        model,
        strategy,
        unit,
        spent,
        budget,
        refused: told.as_ref().err().map(ToString::to_string),
        method: known.map(|told| told.by().as_str().to_owned()),
        error: known.and_then(Forecast::error),
        attempts: past.trials(),
        of_this_agent: grounds.map(|grounds| grounds.by_agent),
        of_this_task: grounds.map(|grounds| grounds.of_task),
        curve: known.map(|told| told.curve().map(DialPoint::of).collect()).unwrap_or_default(),
        stops,
    }
}

impl DialPoint {
    /// A point of a forecast's curve.
    pub fn of((by, chance): (f64, Interval)) -> Self {
        let Interval { low, likely, high } = chance;
        Self { by, low, likely, high }
    }
}

impl DialUnit {
    /// As forecasts know it.
    pub fn unit(self) -> Unit {
        match self {
            Self::Dollars => Unit::Dollars,
            Self::Steps => Unit::Steps,
            Self::Seconds => Unit::Seconds,
        }
    }

    /// What a task took, and may take at most.
    fn spent(self, row: &TaskRow) -> (f64, Option<f64>) {
        let seconds = |ms: u64| ms as f64 / 1_000.0;
        match self {
            Self::Dollars => (dollars(row.spent), Some(dollars(row.budget.money))),
            Self::Steps => (row.steps as f64, None),
            Self::Seconds => (seconds(row.wall.0), Some(seconds(row.budget.time.0))),
        }
    }
}
