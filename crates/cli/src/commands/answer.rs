//! `tenfold answer`, and for a yes or a no `tenfold approve` and `tenfold deny`: answers what a
//! task asks, and goes on with it.

use clap::Args;
use tenfold_api::Answer;
use tenfold_domain::TaskId;

use crate::arguments::{Format, said};
use crate::context::{self, Context};
use crate::exit::Exit;
use crate::terminal;
use crate::trouble::Trouble;
use crate::work;

/// Answer what a task asks; it goes on at once
#[derive(Debug, Args)]
pub(crate) struct AnswerArgs {
    /// The task
    task: TaskId,
    /// The answer
    #[arg(required = true, value_name = "TEXT")]
    text: Vec<String>,
    /// Only keep the answer; `tenfold continue` goes on
    #[arg(long)]
    later: bool,
    #[command(flatten)]
    format: Format,
}

/// Say yes to what a task asks, this once; it goes on at once
#[derive(Debug, Args)]
pub(crate) struct ApproveArgs {
    /// The task
    task: TaskId,
    /// Only keep the answer; `tenfold continue` goes on
    #[arg(long)]
    later: bool,
    #[command(flatten)]
    format: Format,
}

/// Say no to what a task asks; it goes on without it
#[derive(Debug, Args)]
pub(crate) struct DenyArgs {
    /// The task
    task: TaskId,
    /// Why, or what to do instead: it is told so
    #[arg(value_name = "TEXT")]
    why: Vec<String>,
    /// Only keep the answer; `tenfold continue` goes on
    #[arg(long)]
    later: bool,
    #[command(flatten)]
    format: Format,
}

/// Performs `tenfold approve`.
pub(crate) async fn approve(context: &Context, args: ApproveArgs) -> Result<Exit, Trouble> {
    let ApproveArgs { task, later, format } = args;
    let text = vec!["yes".to_owned()];
    run(context, &AnswerArgs { task, text, later, format }).await
}

/// Performs `tenfold deny`.
pub(crate) async fn deny(context: &Context, args: DenyArgs) -> Result<Exit, Trouble> {
    let DenyArgs { task, why, later, format } = args;
    let text = std::iter::once("no".to_owned()).chain(why).collect();
    run(context, &AnswerArgs { task, text, later, format }).await
}

/// Performs `tenfold answer`.
pub(crate) async fn run(context: &Context, args: &AnswerArgs) -> Result<Exit, Trouble> {
    let task = args.task;
    context::task(&context.view(task)?, task)?;
    let text = said(&args.text)?;
    let engine = context.engine().await?;
    engine.say_of(task, &Answer { text, attempt: None, step: None }).await?;
    if args.later {
        terminal::print(&format!("kept; `tenfold continue {task}` goes on"))?;
        return Ok(Exit::Done);
    }
    work::work_as_usual(context, &engine, task, args.format).await
}
