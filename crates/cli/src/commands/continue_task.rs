//! `tenfold continue`: goes on with a task that was interrupted or that came to a limit, with
//! more money or time if the person gives it, or tries again with one that needs a person.

use clap::Args;
use tenfold_api::Begin;
use tenfold_desk::duration;
use tenfold_domain::{AttemptOutcome, Budget, Millis, NanoUsd, Seed, TaskId, TaskState};
use tenfold_store::{TaskQuery, TaskRow};

use crate::arguments::Format;
use crate::context::{self, Context};
use crate::exit::Exit;
use crate::pull;
use crate::trouble::Trouble;
use crate::work;

/// Go on with a task that was interrupted or came to a limit, or try again
///
/// Limits that are given hold from now on, in place of those that the task had.
#[derive(Debug, Args)]
pub(crate) struct ContinueArgs {
    /// The task; without one, that which was interrupted last
    task: Option<TaskId>,
    /// The most money that the task may spend in all, what it has spent so far included
    #[arg(long, value_name = "MONEY")]
    budget: Option<NanoUsd>,
    /// The most attempts from now on, the one that is gone on with included
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1_000))]
    attempts: Option<u32>,
    /// The longest that all attempts from now on may take together, as in 10m
    #[arg(long, value_name = "TIME", value_parser = duration::parse)]
    time_limit: Option<Millis>,
    /// The number from which a new attempt's random choices come
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// Get the model if it is not here
    #[arg(long)]
    yes: bool,
    #[command(flatten)]
    format: Format,
}

/// Performs the command.
pub(crate) async fn run(context: &Context, args: &ContinueArgs) -> Result<Exit, Trouble> {
    let task = match args.task {
        Some(task) => task,
        None => interrupted(context)?,
    };
    let view = context.view(task)?;
    context::task(&view, task)?;
    let spec = view.spec(task)?;
    drop(view);
    let stop = context.stop()?;
    let engine = context.engine().await?;
    if let Some(spec) = spec {
        if context.model_program.is_none() {
            let model = context.catalogue()?.model(&spec.model)?;
            pull::ensure(context, &model, args.yes, &stop).await?;
        }
        let budget = args.budget(spec.budget);
        if budget != spec.budget {
            engine.say_of(task, &budget).await?;
        }
    }
    let time_anew = args.time_limit.is_some();
    let begin = Begin { seed: args.seed.map(Seed), time_anew, ..Begin::default() };
    work::work(context, &engine, task, &begin, args.format).await
}

impl ContinueArgs {
    /// The task's limits from now on.
    fn budget(&self, before: Budget) -> Budget {
        Budget {
            money: self.budget.unwrap_or(before.money),
            time: self.time_limit.unwrap_or(before.time),
            attempts: self.attempts.unwrap_or(before.attempts),
        }
    }
}

/// The newest task with an attempt that was interrupted or stopped.
fn interrupted(context: &Context) -> Result<TaskId, Trouble> {
    let states = vec![TaskState::Working, TaskState::Paused, TaskState::NeedsYou];
    let tasks = match context.reader()? {
        Some(reader) => reader.view()?.tasks(&TaskQuery { states, ..TaskQuery::default() })?,
        None => Vec::new(),
    };
    let was_stopped = |row: &&TaskRow| {
        let last = row.last.as_ref().map(|last| last.outcome);
        row.question.is_none() && (!row.running.is_empty() || last == Some(AttemptOutcome::Stopped))
    };
    tasks.iter().find(was_stopped).map(|row| row.id).ok_or_else(|| {
        Trouble::new(Exit::NotFound, "no task was interrupted")
            .advise("name one to try it again: `tenfold list` shows those there are")
    })
}
