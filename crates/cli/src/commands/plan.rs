//! `tenfold plan`: a budget spread over the backlog by what each next dollar is likely to buy.

use std::path::PathBuf;

use clap::Args;
use comfy_table::Cell;
use tenfold_desk::Sight;
use tenfold_desk::plan::{self, FundedTask, PlanAnswer, PlanSums, PlanTerms};
use tenfold_domain::NanoUsd;
use tenfold_engine::{Pasts, dollars};

use crate::context::Context;
use crate::exit::Exit;
use crate::plot::{Axis, Line, Mark, Plot, Scale, Shape, chart, file};
use crate::report::estimate;
use crate::table::table;
use crate::terminal::{self, BOLD, one_line, styled};
use crate::trouble::Trouble;

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
    #[arg(long, value_name = "LABEL=DOLLARS", value_parser = plan::label_value)]
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

/// Performs the command.
pub(crate) fn run(context: &Context, args: &PlanArgs) -> Result<Exit, Trouble> {
    if context.reader()?.is_none() {
        terminal::note("the backlog is empty; `tenfold add` and `tenfold import` fill it");
        return Ok(Exit::Done);
    }
    let answer = plan::plan(&context.house, &Pasts::default(), &args.terms())?;
    match args.json {
        true => terminal::print_json(&answer)?,
        false => terminal::print(&shown(args, &answer))?,
    }
    if let Some(file) = &args.svg {
        file::write(file, &plot(args, &answer))?;
    }
    Ok(Exit::Done)
}

impl PlanArgs {
    fn terms(&self) -> PlanTerms {
        PlanTerms {
            budget: self.budget,
            hour: self.hour,
            label_values: self.label_value.clone(),
            value: self.value,
            exponent: self.exponent,
            solved: self.solved,
            what_if: if self.what_if { WHAT_IF.to_vec() } else { Vec::new() },
            sight: Sight::ALL,
        }
    }
}

fn shown(args: &PlanArgs, plan: &PlanAnswer) -> String {
    if plan.backlog == 0 {
        return "the backlog is empty; `tenfold add` and `tenfold import` fill it".to_owned();
    }
    let mut text = String::new();
    if let Some(first) = plan.unknown.first() {
        let count = plan.unknown.len();
        text += &format!("of {count} tasks nothing can be said yet: {}\n", first.why);
    }
    if plan.unknown.len() == plan.backlog {
        return text.trim_end().to_owned();
    }
    text += &format!("{}\n", said(args, &plan.sums));
    if args.hour.is_some() {
        let grows = args.exponent;
        text += &format!("value grows as the power {grows} of the hours that a task would take\n");
    }
    text += &funded(plan);
    text += &left_out(plan);
    for other in &plan.what_if {
        text += &format!("\n{}", said(args, other));
    }
    if terminal::is_watched() {
        let picture = chart(&plot(args, plan), terminal::width());
        text += &format!("\n\n{picture}");
    }
    text.trim_end().to_owned()
}

/// What a budget comes to, in a line.
fn said(args: &PlanArgs, sums: &PlanSums) -> String {
    let next = match args.solved {
        true => format!("{:.2} tasks", sums.next_dollar),
        false => estimate(sums.next_dollar),
    };
    format!(
        "{} {} buys {:.1} tasks solved, worth {} give or take {}; the next dollar buys {next}",
        styled(BOLD, "plan"),
        estimate(dollars(sums.budget_nano_usd)),
        sums.solved,
        estimate(sums.value),
        estimate(sums.deviation),
    )
}

fn funded(plan: &PlanAnswer) -> String {
    let row = |one: &FundedTask| {
        let percent = |chance: f64| format!("{:.0} %", chance * 100.0);
        let range = format!("{} to {}", percent(one.low), percent(one.high));
        [
            one.task.to_string(),
            one_line(text_of(&one.text), 40),
            estimate(dollars(one.nano_usd)),
            percent(one.chance),
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

fn left_out(plan: &PlanAnswer) -> String {
    let mut text = String::new();
    for one in plan.left_out.iter().take(SHOWN) {
        let when = match one.in_at_nano_usd {
            Some(at) => format!("comes in at {}", estimate(dollars(at))),
            None => "is not worth its money at any budget".to_owned(),
        };
        let what = one_line(text_of(&one.text), 60);
        text += &format!("left out: task {} ({what}) {when}\n", one.task);
    }
    let more = plan.left_out.len().saturating_sub(SHOWN);
    if more > 0 {
        text += &format!("left out: {more} more\n");
    }
    text
}

fn text_of(text: &str) -> &str {
    if text.is_empty() { "make the check pass" } else { text }
}

/// Value against budget, with the budget and its next dollar.
fn plot(args: &PlanArgs, plan: &PlanAnswer) -> Plot {
    let budget = dollars(plan.sums.budget_nano_usd);
    let mut points: Vec<(f64, f64)> =
        plan.curve.iter().map(|(by, worth)| (dollars(*by), *worth)).collect();
    // Beyond the last task nothing more is bought.
    if let Some(&(by, worth)) = points.last()
        && by < budget
    {
        points.push((budget, worth));
    }
    let (name, shown): (&str, fn(f64) -> String) = match args.solved {
        true => ("tasks solved", |tasks| format!("{tasks:.1}")),
        false => ("value", estimate),
    };
    let next = match args.solved {
        true => format!("the budget; the next dollar buys {:.2} tasks", plan.sums.next_dollar),
        false => format!("the budget; the next dollar buys {}", shown(plan.sums.next_dollar)),
    };
    Plot {
        title: format!("{name} against budget"),
        x: Axis { scale: Scale::Even, reach: Some((0.0, budget)), shown: estimate },
        y: Axis { scale: Scale::Even, reach: Some((0.0, 0.0)), shown },
        lines: vec![Line {
            name: name.to_owned(),
            points,
            shape: Shape::Straight,
            is_faint: false,
        }],
        marks: vec![Mark { at: budget, name: next }],
    }
}
