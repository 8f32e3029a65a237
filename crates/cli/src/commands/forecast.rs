//! `tenfold forecast`: what more money is likely to buy, and how right that was before.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use comfy_table::Cell;
use serde_json::json;
use tenfold_desk::Sight;
use tenfold_desk::score::{self, ScoreRow};
use tenfold_desk::task::{DialPoint, DialUnit, Instead, Outlook, Would, stops};
use tenfold_domain::{NanoUsd, Strategy, TaskId, TaskSpec};
use tenfold_engine::{Pasts, dollars};
use tenfold_forecast::Interval;
use tenfold_store::{TaskRow, View};

use crate::arguments::Format;
use crate::context::{self, Context};
use crate::exit::Exit;
use crate::plot::{Axis, Line, Mark, Plot, Scale, Shape, chart, file};
use crate::report::estimate;
use crate::table::table;
use crate::terminal::{self, BOLD, one_line, styled};
use crate::trouble::Trouble;

/// See what more money is likely to buy, and how right that was before
#[derive(Debug, Args)]
pub(crate) struct ForecastArgs {
    #[command(subcommand)]
    command: ForecastCommand,
}

#[derive(Debug, Subcommand)]
enum ForecastCommand {
    /// Show how likely a task is solved by what its next attempt may take
    Show(ShowArgs),
    /// Show how right the forecasts were that were recorded before attempts began
    Score(Format),
}

#[derive(Debug, Args)]
struct ShowArgs {
    /// The task
    task: TaskId,
    /// The model that would make the attempt; the task's own, if not given
    #[arg(long, value_name = "NAME")]
    model: Option<String>,
    /// How it would work; as the task says, if not given
    #[arg(long, value_name = "NAME")]
    strategy: Option<Strategy>,
    /// What is counted
    #[arg(long, value_name = "UNIT", default_value = "dollars")]
    unit: Counted,
    /// Write a picture of the curve, in SVG
    #[arg(long, value_name = "FILE")]
    svg: Option<PathBuf>,
    #[command(flatten)]
    format: Format,
}

/// What a forecast counts.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum Counted {
    Dollars,
    Steps,
    Seconds,
}

impl Counted {
    fn unit(self) -> DialUnit {
        match self {
            Self::Dollars => DialUnit::Dollars,
            Self::Steps => DialUnit::Steps,
            Self::Seconds => DialUnit::Seconds,
        }
    }

    fn shown(self) -> fn(f64) -> String {
        match self {
            Self::Dollars => estimate,
            Self::Steps => |steps| format!("{steps:.0} steps"),
            Self::Seconds => |seconds| format!("{seconds:.0} s"),
        }
    }
}

/// Performs the command.
pub(crate) fn run(context: &Context, args: &ForecastArgs) -> Result<Exit, Trouble> {
    match &args.command {
        ForecastCommand::Show(args) => show(context, args),
        ForecastCommand::Score(format) => score(context, *format),
    }
}

fn show(context: &Context, args: &ShowArgs) -> Result<Exit, Trouble> {
    let view = context.view(args.task)?;
    let row = context::task(&view, args.task)?;
    let spec = view
        .spec(row.id)?
        .ok_or_else(|| Trouble::internal(format!("task {} was never asked for", row.id)))?;
    if let Some(model) = &args.model {
        context.catalogue()?.model(model)?;
    }
    let instead = Instead { model: args.model.clone(), strategy: args.strategy };
    let outlook =
        Outlook::of((&view, &Pasts::default()), (&row, &spec), instead, args.unit.unit())?;
    if args.format.json {
        terminal::print_json(&in_json(&row, &outlook))?;
    } else {
        let cascade = cascade(context, &view, &row, &spec)?;
        terminal::print(&format!("{}{cascade}", shown(args.unit, (&row, &spec), &outlook)))?;
    }
    let told = outlook.told;
    if args.svg.is_some() && told.is_err() {
        terminal::note("no picture is written: there is no curve");
    }
    if let (Some(file), Ok(told)) = (&args.svg, &told) {
        file::write(file, &plot(args.unit, (&row, &spec), told))?;
    }
    Ok(Exit::Done)
}

/// The dial of a task: the curve of its next attempt as the task says who makes it, where the
/// budget is, and where the cascade would stop and why.
pub(super) fn dial(
    context: &Context,
    view: &View,
    row: &TaskRow,
    spec: &TaskSpec,
) -> Result<String, Trouble> {
    let agent = Instead::default();
    let outlook = Outlook::of((view, &Pasts::default()), (row, spec), agent, DialUnit::Dollars)?;
    let curve = shown(Counted::Dollars, (row, spec), &outlook);
    Ok(format!("{curve}{}", cascade(context, view, row, spec)?))
}

/// What the cascade would do next, in a line; nothing if the task has none.
fn cascade(
    context: &Context,
    view: &View,
    row: &TaskRow,
    spec: &TaskSpec,
) -> Result<String, Trouble> {
    if spec.cascade.is_none() {
        return Ok(String::new());
    }
    let Some(stops) = stops(view, &context.catalogue()?, (row, spec))? else {
        return Ok(String::new());
    };
    let why = one_line(&stops.why, 400);
    Ok(match stops.would {
        Would::GoOn => {
            let until = match stops.most_nano_usd {
                Some(most) => {
                    format!(", until it has taken {}", estimate(dollars(NanoUsd(most))))
                }
                None => String::new(),
            };
            format!("\nthe cascade would go on{until}: {why}")
        }
        Would::Stop => format!("\nthe cascade would stop: {why}"),
    })
}

fn in_json(row: &TaskRow, outlook: &Outlook) -> serde_json::Value {
    let Outlook { model, strategy, past: known, told, .. } = outlook;
    let (best, tested) = known.tested();
    let tested: Vec<_> =
        tested.iter().map(|(by, error)| json!({ "method": by.as_str(), "error": error })).collect();
    let mut value = json!({
        "task": row.id, "model": model, "strategy": strategy, "method": best.as_str(),
        "back_test": tested, "attempts": known.trials(),
    });
    match told {
        Err(refusal) => value["refused"] = refusal.to_string().into(),
        Ok(told) => {
            let grounds = told.grounds();
            value["unit"] = told.unit().into();
            value["method"] = told.by().as_str().into();
            value["error"] = told.error().into();
            value["of_this_agent"] = grounds.by_agent.into();
            value["of_this_task"] = grounds.of_task.into();
            value["odds"] = json!(told.curve().map(DialPoint::of).collect::<Vec<_>>());
        }
    }
    value
}

fn shown(unit: Counted, (row, spec): (&TaskRow, &TaskSpec), outlook: &Outlook) -> String {
    let who = format!("{} with {}", one_line(&outlook.model, 60), outlook.strategy);
    let head = format!("{}: another attempt at task {} by {who}", styled(BOLD, "forecast"), row.id);
    let told = match &outlook.told {
        Ok(told) => told,
        Err(refusal) => {
            let hint = match unit {
                Counted::Dollars => "; --unit seconds counts attempts that cost nothing, too",
                _ => "",
            };
            return format!("{head}\nnothing can be said yet: {refusal}{hint}");
        }
    };
    let show = unit.shown();
    let mut rows = Vec::new();
    for part in [16.0, 8.0, 4.0, 2.0, 1.0] {
        let by = told.reach() / part;
        if let Ok(chance) = told.at(by) {
            let range = format!("{} to {}", percent(chance.low), percent(chance.high));
            rows.push([show(by), percent(chance.likely), range].map(Cell::new).to_vec());
        }
    }
    let grounds = told.grounds();
    let error = match told.error() {
        Some(error) => format!("off by {:.2} in the mean on your own attempts", error),
        None => "too few attempts to say how right it is".to_owned(),
    };
    let stands = format!(
        "by {}, {error}; on {} attempts: {} by this model in this way, {} at this task",
        told.by().as_str(),
        grounds.in_all,
        grounds.by_agent,
        grounds.of_task
    );
    let picture = match terminal::is_watched() {
        true => format!("\n{}", chart(&plot(unit, (row, spec), told), terminal::width())),
        false => String::new(),
    };
    let table = table(&["by", "solved", "nine times in ten between"], rows);
    format!("{head}\n{table}{stands}\n{picture}").trim_end().to_owned()
}

fn percent(chance: f64) -> String {
    format!("{:.0} %", chance * 100.0)
}

/// The curve, with what was spent and what may be.
fn plot(
    unit: Counted,
    (row, spec): (&TaskRow, &TaskSpec),
    told: &tenfold_forecast::Forecast,
) -> Plot {
    let line = |name: &str, of: fn(Interval) -> f64, is_faint| Line {
        name: name.to_owned(),
        points: told.curve().map(|(by, chance)| (by, of(chance))).collect(),
        shape: Shape::Straight,
        is_faint,
    };
    let mut marks = Vec::new();
    if let Counted::Dollars = unit {
        let left = dollars(spec.budget.money.saturating_sub(row.spent));
        let from = told.curve().next().map_or(0.0, |point| point.0);
        if (from..=told.reach()).contains(&left) {
            marks.push(Mark { at: left, name: "what is left of the budget".to_owned() });
        }
    }
    Plot {
        title: format!("task {}: chance to be solved by what the next attempt takes", row.id),
        x: Axis { scale: Scale::Ratios, reach: None, shown: unit.shown() },
        y: Axis { scale: Scale::Even, reach: Some((0.0, 1.0)), shown: percent },
        lines: vec![
            line("solved", |chance| chance.likely, false),
            line("19 times in 20 above this", |chance| chance.low, true),
            line("19 times in 20 below this", |chance| chance.high, true),
        ],
        marks,
    }
}

fn score(context: &Context, format: Format) -> Result<Exit, Trouble> {
    let scores = score::score(&context.house, &Sight::ALL)?;
    if format.json {
        terminal::print_json(&scores)?;
        return Ok(Exit::Done);
    }
    if scores.is_empty() {
        terminal::note(
            "no forecast was recorded yet of an attempt that has ended; there is one with each \
             attempt once five of the past have ended by themselves",
        );
        return Ok(Exit::Done);
    }
    let cells = |score: &ScoreRow| {
        let range = format!("{} to {}", percent(score.said.low), percent(score.said.high));
        let (said, came) = (percent(score.said.likely), percent(score.came));
        let of = format!("{} of {}", score.known, score.told);
        let numbers =
            [score.brier, score.brier_of_one_share, score.log_loss].map(|n| format!("{n:.3}"));
        let [brier, base, log] = numbers;
        [estimate(score.by), of, said, range, came, brier, base, log].map(Cell::new).to_vec()
    };
    let heads =
        ["solved by", "known", "told", "between", "came", "Brier", "of one share", "log score"];
    let mut text = table(&heads, scores.iter().map(cells));
    text += "\nBrier: the mean squared distance from what came, less is better; \"of one share\" \
             is what telling the share that came of each would have got. What was cut off counts \
             by those that were not.";
    terminal::print(&text)?;
    Ok(Exit::Done)
}
