//! `tenfold reject`: sends a proposal away, with a reason that is kept.

use clap::Args;
use tenfold_api::Reject;
use tenfold_domain::TaskId;

use crate::context::{self, Context};
use crate::exit::Exit;
use crate::terminal;
use crate::trouble::Trouble;

/// Send a proposal away
#[derive(Debug, Args)]
pub(crate) struct RejectArgs {
    /// The task
    task: TaskId,
    /// Why; it is kept with the task
    #[arg(long, value_name = "TEXT", default_value = "")]
    reason: String,
}

/// Performs the command.
pub(crate) async fn run(context: &Context, args: &RejectArgs) -> Result<Exit, Trouble> {
    let task = args.task;
    context::task(&context.view(task)?, task)?;
    let reject = Reject { reason: args.reason.clone() };
    context.engine().await?.say_of(task, &reject).await?;
    terminal::print(&format!("rejected task {task}; `tenfold undo {task}` takes that back"))?;
    Ok(Exit::Done)
}
