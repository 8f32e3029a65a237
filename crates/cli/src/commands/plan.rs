//! `tenfold plan`: a budget spread over the backlog by what each next dollar is likely to buy.

use std::path::PathBuf;

use clap::Args;
use comfy_table::Cell;
use serde_json::json;
use tenfold_domain::{NanoUsd, TaskId, TaskState};
use tenfold_engine::{Names, about, dollars, nano_usd, past};
use tenfold_forecast::plan::{self, Backlog, Goal, Plan, Task};
use tenfold_forecast::{Interval, Past, Refusal, Unit};
use tenfold_store::{TaskQuery, TaskRow, View};

use crate::context::Context;
use crate::exit::Exit;
use crate::plot::{Axis, Line, Mark, Plot, Scale, Shape, chart, file};
use crate::report::estimate;
use crate::table::table;
use crate::terminal::{self, BOLD, one_line, styled};
use crate::trouble::Trouble;

/// How many tasks are read at a time.
const PAGE: u32 = 1_000;
/// As many points of a task's curve are planned with.
const POINTS: u32 = 24;
/// What more budgets are shown with `--what-if`, as multiples.
const WHAT_IF: [u64; 2] = [2, 10];
/// As many tasks are shown by name, of those that get money and of those that don't.
const SHOWN: usize = 30;

/// Plan a budget over the backlog: which tasks, in what order, with how much each
#[derive(Debug, Args)]
pub(crate) struct PlanArgs {
    /// The budget, in dollars
    #[arg(long, value_name = "DOLLARS")]
    budget: NanoUsd,
    /// What an hour of a person's work is worth, in dollars: of tasks with minutes and no value
    #[arg(long, value_name = "DOLLARS")]
    hour: Option<NanoUsd>,
    /// What a task with a label is worth, as in bug=20; for tasks with no value. Repeatable
    #[arg(long, value_name = "LABEL=DOLLARS", value_parser = label_value)]
    label_value: Vec<(String, NanoUsd)>,
    /// What any other task is worth, in dollars
    #[arg(long, value_name = "DOLLARS", default_value = "1")]
    value: NanoUsd,
    /// How value grows with the hours that a task would take a person; 1 is in proportion
    #[arg(long, value_name = "N", default_value_t = 1.0, value_parser = exponent)]
    exponent: f64,
    /// Plan for as many tasks solved as can be, whatever they are worth
    #[arg(long)]
    solved: bool,
    /// Show as well what twice and ten times the budget would buy
    #[arg(long)]
    what_if: bool,
    /// Write a picture of value against budget, in SVG
    #[arg(long, value_name = "FILE")]
    svg: Option<PathBuf>,
    /// Answer in JSON, on standard output
    #[arg(long)]
    json: bool,
}

fn exponent(text: &str) -> Result<f64, String> {
    let number = text.parse::<f64>().ok().filter(|number| (0.0..=10.0).contains(number));
    number.ok_or_else(|| format!("'{text}' is no number from 0 to 10"))
}

fn label_value(text: &str) -> Result<(String, NanoUsd), String> {
    let (label, value) = text.split_once('=').ok_or("write it as LABEL=DOLLARS")?;
    let value = value.parse::<NanoUsd>().map_err(|error| error.to_string())?;
    Ok((label.to_owned(), value))
}

/// The backlog as it is planned.
struct Planned {
    rows: Vec<TaskRow>,
    backlog: Backlog<TaskId>,
    /// Tasks of which nothing can be said, each with why.
    unknown: Vec<(TaskId, Refusal)>,
}

/// Performs the command.
pub(crate) fn run(context: &Context, args: &PlanArgs) -> Result<Exit, Trouble> {
    let Some(reader) = context.reader()? else {
        terminal::note("the backlog is empty; `tenfold add` and `tenfold import` fill it");
        return Ok(Exit::Done);
    };
    let view = reader.view()?;
    let planned = args.planned(&view)?;
    drop(view);
    let budgets = match args.what_if {
        true => WHAT_IF.iter().map(|times| NanoUsd(args.budget.0.saturating_mul(*times))).collect(),
        false => Vec::new(),
    };
    let plan = planned.backlog.plan(args.budget);
    let others: Vec<Plan<TaskId>> =
        budgets.iter().map(|budget| planned.backlog.plan(*budget)).collect();
    match args.json {
        true => terminal::print_json(&in_json(args, &planned, &plan, &others))?,
        false => terminal::print(&shown(args, &planned, &plan, &others))?,
    }
    if let Some(file) = &args.svg {
        file::write(file, &plot(args, &planned, &plan))?;
    }
    Ok(Exit::Done)
}

impl PlanArgs {
    fn planned(&self, view: &View) -> Result<Planned, Trouble> {
        let known = past(view, Unit::Dollars)?;
        let rows = queued(view)?;
        let (mut tasks, mut unknown) = (Vec::new(), Vec::new());
        for row in &rows {
            let spec = view.spec(row.id)?;
            let agent = spec.map(|spec| (spec.model, spec.strategy.to_string()));
            let (model, strategy) = agent.unwrap_or_default();
            match curve(&known, row, (&model, &strategy)) {
                Ok(curve) => {
                    let value = self.value_of(row).map_err(impossible)?;
                    tasks.push(Task { key: row.id, value, curve });
                }
                Err(why) => unknown.push((row.id, why)),
            }
        }
        let goal = if self.solved { Goal::Solved } else { Goal::Value };
        // With values in dollars, what costs more than it is likely to be worth is left.
        let least = if self.solved { 0.0 } else { 1.0 };
        let backlog = Backlog::new(tasks, goal, least).map_err(impossible)?;
        Ok(Planned { rows, backlog, unknown })
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
                    self.label_value.iter().find(|(label, _)| standing.labels.contains(label));
                Ok(dollars(of_label.map_or(self.value, |(_, value)| *value)))
            }
        }
    }
}

fn impossible(why: Refusal) -> Trouble {
    Trouble::usage(why.to_string())
}

/// The tasks that wait to be begun.
fn queued(view: &View) -> Result<Vec<TaskRow>, Trouble> {
    let mut query =
        TaskQuery { states: vec![TaskState::Queued], limit: PAGE, ..TaskQuery::default() };
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

fn in_json(
    args: &PlanArgs,
    planned: &Planned,
    plan: &Plan<TaskId>,
    others: &[Plan<TaskId>],
) -> serde_json::Value {
    let sums = |plan: &Plan<TaskId>| {
        json!({
            "budget_nano_usd": plan.budget.0, "spent_nano_usd": plan.spent.0,
            "value": plan.value, "deviation": plan.deviation, "solved": plan.solved,
            "next_dollar": plan.price, "tasks": plan.funded.len(),
        })
    };
    let mut value = sums(plan);
    value["exponent"] = args.exponent.into();
    value["funded"] = plan
        .funded
        .iter()
        .map(|one| {
            json!({
                "task": one.task, "nano_usd": one.spend.0, "chance": one.chance.likely,
                "low": one.chance.low, "high": one.chance.high, "value": one.value,
                "gains_for_a_dollar": one.price,
            })
        })
        .collect();
    let left_out = plan.left_out.iter();
    value["left_out"] = left_out
        .map(|one| json!({ "task": one.task, "in_at_nano_usd": one.in_at.map(|at| at.0) }))
        .collect();
    value["unknown"] = planned
        .unknown
        .iter()
        .map(|(task, why)| json!({ "task": task, "why": why.to_string() }))
        .collect();
    value["what_if"] = others.iter().map(sums).collect();
    let curve = planned.backlog.curve();
    value["curve"] = curve.iter().map(|(by, worth)| json!([by.0, worth])).collect();
    value
}

fn shown(
    args: &PlanArgs,
    planned: &Planned,
    plan: &Plan<TaskId>,
    others: &[Plan<TaskId>],
) -> String {
    if planned.rows.is_empty() {
        return "the backlog is empty; `tenfold add` and `tenfold import` fill it".to_owned();
    }
    let mut text = String::new();
    if let Some((_, why)) = planned.unknown.first() {
        let count = planned.unknown.len();
        text += &format!("of {count} tasks nothing can be said yet: {why}\n");
    }
    if planned.unknown.len() == planned.rows.len() {
        return text.trim_end().to_owned();
    }
    text += &format!("{}\n", said(args, plan));
    if args.hour.is_some() {
        let grows = args.exponent;
        text += &format!("value grows as the power {grows} of the hours that a task would take\n");
    }
    text += &funded(planned, plan);
    text += &left_out(planned, plan);
    for other in others {
        text += &format!("\n{}", said(args, other));
    }
    if terminal::is_watched() {
        let picture = chart(&plot(args, planned, plan), terminal::width());
        text += &format!("\n\n{picture}");
    }
    text.trim_end().to_owned()
}

/// What a budget comes to, in a line.
fn said(args: &PlanArgs, plan: &Plan<TaskId>) -> String {
    let next = match args.solved {
        true => format!("{:.2} tasks", plan.price),
        false => estimate(plan.price),
    };
    format!(
        "{} {} buys {:.1} tasks solved, worth {} give or take {}; the next dollar buys {next}",
        styled(BOLD, "plan"),
        estimate(dollars(plan.budget)),
        plan.solved,
        estimate(plan.value),
        estimate(plan.deviation),
    )
}

fn funded(planned: &Planned, plan: &Plan<TaskId>) -> String {
    let row = |one: &plan::Funded<TaskId>| {
        let percent = |chance: f64| format!("{:.0} %", chance * 100.0);
        let range = format!("{} to {}", percent(one.chance.low), percent(one.chance.high));
        [
            one.task.to_string(),
            one_line(&text_of(planned, one.task), 40),
            estimate(dollars(one.spend)),
            percent(one.chance.likely),
            range,
            estimate(one.value),
        ]
        .map(Cell::new)
        .to_vec()
    };
    let heads = ["task", "what", "gets", "solved", "nine times in ten", "worth"];
    let rows = plan.funded.iter().take(SHOWN).map(row);
    let more = plan.funded.len().saturating_sub(SHOWN);
    let more = if more > 0 { format!("and {more} more (--json has all)\n") } else { String::new() };
    format!("{}{more}", table(&heads, rows))
}

fn left_out(planned: &Planned, plan: &Plan<TaskId>) -> String {
    let mut text = String::new();
    for one in plan.left_out.iter().take(SHOWN) {
        let when = match one.in_at {
            Some(at) => format!("comes in at {}", estimate(dollars(at))),
            None => "is not worth its money at any budget".to_owned(),
        };
        let what = one_line(&text_of(planned, one.task), 60);
        text += &format!("left out: task {} ({what}) {when}\n", one.task);
    }
    let more = plan.left_out.len().saturating_sub(SHOWN);
    if more > 0 {
        text += &format!("left out: {more} more\n");
    }
    text
}

fn text_of(planned: &Planned, task: TaskId) -> String {
    let row = planned.rows.iter().find(|row| row.id == task);
    let text = row.map_or("", |row| &row.text);
    if text.is_empty() { "make the check pass".to_owned() } else { text.to_owned() }
}

/// Value against budget, with the budget and its next dollar.
fn plot(args: &PlanArgs, planned: &Planned, plan: &Plan<TaskId>) -> Plot {
    let curve = planned.backlog.curve();
    let mut points: Vec<(f64, f64)> =
        curve.iter().map(|(by, worth)| (dollars(*by), *worth)).collect();
    // Beyond the last task nothing more is bought.
    if let Some(&(by, worth)) = points.last()
        && by < dollars(plan.budget)
    {
        points.push((dollars(plan.budget), worth));
    }
    let (name, shown): (&str, fn(f64) -> String) = match args.solved {
        true => ("tasks solved", |tasks| format!("{tasks:.1}")),
        false => ("value", estimate),
    };
    let next = match args.solved {
        true => format!("the budget; the next dollar buys {:.2} tasks", plan.price),
        false => format!("the budget; the next dollar buys {}", shown(plan.price)),
    };
    Plot {
        title: format!("{name} against budget"),
        x: Axis { scale: Scale::Even, reach: Some((0.0, dollars(plan.budget))), shown: estimate },
        y: Axis { scale: Scale::Even, reach: Some((0.0, 0.0)), shown },
        lines: vec![Line {
            name: name.to_owned(),
            points,
            shape: Shape::Straight,
            is_faint: false,
        }],
        marks: vec![Mark { at: dollars(plan.budget), name: next }],
    }
}
