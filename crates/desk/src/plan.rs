//! A budget spread over the backlog by what each next dollar is likely to buy.

use std::collections::BTreeMap;

use serde::Serialize;
use tenfold_domain::{NanoUsd, TaskId, TaskState};
use tenfold_engine::{Names, Pasts, about, dollars, nano_usd};
use tenfold_forecast::plan::{self, Backlog, Goal, Plan, Task};
use tenfold_forecast::{Interval, Past, Refusal, Unit};
use tenfold_store::{TaskQuery, TaskRow, View};
use utoipa::ToSchema;

use crate::{DeskError, House, Sight};

/// How many tasks are read at a time.
const PAGE: u32 = 1_000;
/// As many points of a task's curve are planned with.
const POINTS: u32 = 24;
/// The largest power with which value may grow with hours.
const EXPONENT_MAX: f64 = 10.0;

/// What is planned, and what tasks are worth of which nobody has said it.
#[derive(Debug, Clone)]
pub struct PlanTerms {
    /// What may be spent.
    pub budget: NanoUsd,
    /// What an hour of a person's work is worth: of tasks with minutes and no value.
    pub hour: Option<NanoUsd>,
    /// What a task with a label is worth, if it has no value; the first that fits.
    pub label_values: Vec<(String, NanoUsd)>,
    /// What any other task is worth.
    pub value: NanoUsd,
    /// How value grows with the hours that a task would take a person; 1 is in proportion.
    pub exponent: f64,
    /// Whether as many tasks as can be are to be solved, whatever they are worth.
    pub solved: bool,
    /// What more budgets are shown, as multiples.
    pub what_if: Vec<u64>,
    /// Of which tasks.
    pub sight: Sight,
}

/// What a label is worth, as it is written: `bug=20`, in dollars.
///
/// # Errors
/// What is wrong with it.
pub fn label_value(text: &str) -> Result<(String, NanoUsd), String> {
    let (label, value) = text.split_once('=').ok_or("write it as LABEL=DOLLARS")?;
    let value = value.parse::<NanoUsd>().map_err(|error| error.to_string())?;
    Ok((label.trim().to_owned(), value))
}

impl PlanTerms {
    /// A budget, and a dollar for each task of which nothing is said.
    pub fn of(budget: NanoUsd) -> Self {
        Self {
            budget,
            hour: None,
            label_values: Vec::new(),
            value: NanoUsd(1_000_000_000),
            exponent: 1.0,
            solved: false,
            what_if: Vec::new(),
            sight: Sight::ALL,
        }
    }

    /// What it is worth to have a task done: what was said of it, else by its minutes, else by its
    /// labels, else what any task is.
    fn value_of(&self, row: &TaskRow) -> Result<f64, Refusal> {
        let standing = &row.standing;
        let hours = standing.minutes.map(|minutes| f64::from(minutes) / 60.0);
        match (standing.value, self.hour, hours) {
            (Some(value), _, _) => Ok(dollars(value)),
            (None, Some(hour), Some(hours)) => plan::value(dollars(hour), hours, self.exponent),
            _ => {
                let of_label =
                    self.label_values.iter().find(|(label, _)| standing.labels.contains(label));
                Ok(dollars(of_label.map_or(self.value, |(_, value)| *value)))
            }
        }
    }
}

/// What a budget comes to.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct PlanSums {
    /// What may be spent.
    pub budget_nano_usd: NanoUsd,
    /// What is, if each task takes all that it gets.
    pub spent_nano_usd: NanoUsd,
    /// The value to be expected, in dollars.
    pub value: f64,
    /// Its standard deviation.
    pub deviation: f64,
    /// How many tasks are to be expected to be solved.
    pub solved: f64,
    /// What the next dollar would gain: dollars, or tasks.
    pub next_dollar: f64,
    /// How many tasks get money.
    pub tasks: usize,
}

/// A budget spread over the backlog.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct PlanAnswer {
    /// What it comes to.
    #[serde(flatten)]
    pub sums: PlanSums,
    /// How value grows with hours.
    pub exponent: f64,
    /// How many tasks wait to be begun.
    pub backlog: usize,
    /// Those that get money, in this order.
    pub funded: Vec<FundedTask>,
    /// The others: first those that come in first.
    pub left_out: Vec<LeftOutTask>,
    /// Those of which nothing can be said.
    pub unknown: Vec<UnknownTask>,
    /// What other budgets come to.
    pub what_if: Vec<PlanSums>,
    /// Value by budget: pairs of nano-dollars, and dollars or tasks.
    pub curve: Vec<(NanoUsd, f64)>,
}

/// A task that gets money.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct FundedTask {
    /// Its number.
    pub task: TaskId,
    /// What was asked for; empty: to make the check pass.
    pub text: String,
    /// How much it gets.
    pub nano_usd: NanoUsd,
    /// The chance that it is solved by that.
    pub chance: f64,
    /// One time in twenty that is lower.
    pub low: f64,
    /// One time in twenty it is higher.
    pub high: f64,
    /// The chance by its value.
    pub value: f64,
    /// What a dollar of its best step gains.
    pub gains_for_a_dollar: f64,
}

/// A task that gets nothing.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct LeftOutTask {
    /// Its number.
    pub task: TaskId,
    /// What was asked for; empty: to make the check pass.
    pub text: String,
    /// A budget with which it is in; none if no budget is.
    pub in_at_nano_usd: Option<NanoUsd>,
}

/// A task of which nothing can be said.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct UnknownTask {
    /// Its number.
    pub task: TaskId,
    /// What was asked for; empty: to make the check pass.
    pub text: String,
    /// Why, in words.
    pub why: String,
}

/// Plans a budget over the tasks that wait to be begun.
///
/// # Errors
/// If the terms can't be meant, or the store can't be read.
pub fn plan(house: &House, pasts: &Pasts, terms: &PlanTerms) -> Result<PlanAnswer, DeskError> {
    if !(0.0..=EXPONENT_MAX).contains(&terms.exponent) {
        let what = format!("value grows with a power from 0 to {EXPONENT_MAX}");
        return Err(DeskError::usage(what));
    }
    let planned = match house.reader()? {
        Some(reader) => Planned::of(&reader.view()?, pasts, terms)?,
        None => Planned { rows: Vec::new(), backlog: backlog(Vec::new(), terms)?, unknown: vec![] },
    };
    Ok(planned.answer(terms))
}

/// The backlog as it is planned.
struct Planned {
    rows: Vec<TaskRow>,
    backlog: Backlog<TaskId>,
    /// Tasks of which nothing can be said, each with why.
    unknown: Vec<(TaskId, Refusal)>,
}

fn impossible(why: Refusal) -> DeskError {
    DeskError::usage(why.to_string())
}

fn backlog(tasks: Vec<Task<TaskId>>, terms: &PlanTerms) -> Result<Backlog<TaskId>, DeskError> {
    let goal = if terms.solved { Goal::Solved } else { Goal::Value };
    // With values in dollars, what costs more than it is likely to be worth is left.
    let least = if terms.solved { 0.0 } else { 1.0 };
    Backlog::new(tasks, goal, least).map_err(impossible)
}

impl Planned {
    fn of(view: &View, pasts: &Pasts, terms: &PlanTerms) -> Result<Self, DeskError> {
        let known = pasts.of(view, Unit::Dollars)?.past;
        let rows = queued(view, &terms.sight)?;
        let (mut tasks, mut unknown) = (Vec::new(), Vec::new());
        for row in &rows {
            let spec = view.spec(row.id)?;
            let agent = spec.map(|spec| (spec.model, spec.strategy.to_string()));
            let (model, strategy) = agent.unwrap_or_default();
            match curve(&known, row, (&model, &strategy)) {
                Ok(curve) => {
                    let value = terms.value_of(row).map_err(impossible)?;
                    tasks.push(Task { key: row.id, value, curve });
                }
                Err(why) => unknown.push((row.id, why)),
            }
        }
        Ok(Self { rows, backlog: backlog(tasks, terms)?, unknown })
    }

    fn answer(&self, terms: &PlanTerms) -> PlanAnswer {
        let plan = self.backlog.plan(terms.budget);
        let texts: BTreeMap<TaskId, &str> =
            self.rows.iter().map(|row| (row.id, row.text.as_str())).collect();
        let text = |task: &TaskId| texts.get(task).copied().unwrap_or_default().to_owned();
        let others = terms.what_if.iter().map(|times| {
            let budget = NanoUsd(terms.budget.0.saturating_mul(*times));
            PlanSums::of(&self.backlog.plan(budget))
        });
        let funded = plan.funded.iter().map(|one| FundedTask {
            task: one.task,
            text: text(&one.task),
            nano_usd: one.spend,
            chance: one.chance.likely,
            low: one.chance.low,
            high: one.chance.high,
            value: one.value,
            gains_for_a_dollar: one.price,
        });
        let left_out = plan.left_out.iter().map(|one| LeftOutTask {
            task: one.task,
            text: text(&one.task),
            in_at_nano_usd: one.in_at,
        });
        let unknown = self.unknown.iter().map(|(task, why)| UnknownTask {
            task: *task,
            text: text(task),
            why: why.to_string(),
        });
        PlanAnswer {
            sums: PlanSums::of(&plan),
            exponent: terms.exponent,
            backlog: self.rows.len(),
            funded: funded.collect(),
            left_out: left_out.collect(),
            unknown: unknown.collect(),
            what_if: others.collect(),
            curve: self.backlog.curve(),
        }
    }
}

impl PlanSums {
    fn of(plan: &Plan<TaskId>) -> Self {
        Self {
            budget_nano_usd: plan.budget,
            spent_nano_usd: plan.spent,
            value: plan.value,
            deviation: plan.deviation,
            solved: plan.solved,
            next_dollar: plan.price,
            tasks: plan.funded.len(),
        }
    }
}

/// The tasks that wait to be begun.
fn queued(view: &View, sight: &Sight) -> Result<Vec<TaskRow>, DeskError> {
    let mut query = TaskQuery {
        states: vec![TaskState::Queued],
        accounts: sight.accounts(),
        limit: PAGE,
        ..TaskQuery::default()
    };
    let mut rows = Vec::new();
    loop {
        let page = view.tasks(&query)?;
        let Some(last) = page.last() else { return Ok(rows) };
        query.past = Some(last.id);
        rows.extend(page);
    }
}

/// What is likely by how much, up to the task's own budget.
fn curve(
    known: &Past,
    row: &TaskRow,
    (model, strategy): (&str, &str),
) -> Result<Vec<(NanoUsd, Interval)>, Refusal> {
    let names = Names::of(row);
    let told = known.forecast(&about(row, &names, model, strategy), &[])?;
    let most = dollars(row.budget.money).min(told.reach());
    let mut curve = Vec::new();
    for point in 0..POINTS {
        // The curve is straight in the logarithm of spend: points lie so, too, over 2 ^ 12.
        let by = most * 0.5_f64.powf(f64::from(point) / 2.0);
        if nano_usd(by) > NanoUsd::ZERO {
            curve.push((nano_usd(by), told.at(by)?));
        }
    }
    Ok(curve)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_backlog_is_planned_and_terms_that_can_t_be_are_refused() {
        let planned = |terms: &PlanTerms| Planned {
            rows: vec![],
            backlog: backlog(vec![], terms).unwrap(),
            unknown: vec![],
        };
        let terms = PlanTerms { what_if: vec![2], ..PlanTerms::of(NanoUsd(1_000)) };
        let answer = planned(&terms).answer(&terms);
        assert_eq!((answer.sums.tasks, answer.what_if[0].budget_nano_usd), (0, NanoUsd(2_000)));
        let json = serde_json::to_value(&answer).unwrap();
        for field in ["budget_nano_usd", "next_dollar", "funded", "left_out", "unknown", "curve"] {
            assert!(json.get(field).is_some(), "{field}");
        }
    }
}
