//! `tenfold add`: puts a task into the backlog.

use clap::Args;
use serde::Serialize;
use tenfold_desk::asking::NewTask;
use tenfold_desk::import::{MINUTES_MAX, moment};
use tenfold_domain::{NanoUsd, Priority, TaskId, Timestamp};

use crate::arguments::Format;
use crate::asking::{self, TaskArgs, TextArgs};
use crate::context::Context;
use crate::exit::Exit;
use crate::terminal;
use crate::trouble::Trouble;

/// Put a task into the backlog; `tenfold start` works it
#[derive(Debug, Args)]
pub(crate) struct AddArgs {
    #[command(flatten)]
    text: TextArgs,
    #[command(flatten)]
    task: TaskArgs,
    #[command(flatten)]
    standing: StandingArgs,
    #[command(flatten)]
    format: Format,
}

/// How a task stands to others.
#[derive(Debug, Args)]
pub(crate) struct StandingArgs {
    /// How much it is wanted before others: lowest, low, normal, high or highest
    #[arg(long, value_name = "WORD", default_value_t)]
    priority: Priority,
    /// When it is to be done, as in 2026-12-24 or "2026-12-24 18:00"
    #[arg(long, value_name = "TIME", value_parser = moment)]
    deadline: Option<Timestamp>,
    /// What it is worth to you to have it done, in dollars
    #[arg(long, value_name = "DOLLARS")]
    value: Option<NanoUsd>,
    /// How many minutes it would take a person
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=MINUTES_MAX))]
    minutes: Option<u32>,
    /// What it belongs to, in a word of yours; repeatable
    #[arg(long, value_name = "WORD")]
    label: Vec<String>,
    /// A task that has to be done before it; repeatable
    #[arg(long, value_name = "TASK")]
    after: Vec<TaskId>,
}

impl StandingArgs {
    /// A task that stands so.
    fn of(&self, task: NewTask) -> NewTask {
        NewTask {
            priority: Some(self.priority),
            deadline: self.deadline,
            value: self.value,
            minutes: self.minutes,
            labels: self.label.clone(),
            after: self.after.clone(),
            ..task
        }
    }
}

#[derive(Debug, Serialize)]
struct AddedJson {
    task: TaskId,
}

/// Performs the command.
pub(crate) async fn run(context: &Context, args: &AddArgs) -> Result<Exit, Trouble> {
    let task = args.standing.of(args.task.new_task(args.text.text()?));
    let engine = context.engine().await?;
    let spec = asking::spec(context, &engine, task, args.task.yes).await?;
    let task = engine.say(&spec).await?.task;
    if args.format.json {
        terminal::print_json(&AddedJson { task })?;
    } else {
        terminal::print(&format!("task {task} is in the backlog; `tenfold start` works it"))?;
    }
    Ok(Exit::Done)
}
