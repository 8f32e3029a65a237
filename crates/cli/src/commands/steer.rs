//! `tenfold steer`: says something about a task, while it is at work or before it is again.

use clap::Args;
use tenfold_api::Steer;
use tenfold_domain::TaskId;

use crate::arguments::said;
use crate::context::{self, Context};
use crate::exit::Exit;
use crate::terminal;
use crate::trouble::Trouble;

/// Say something about a task; it is taken up before its next step
#[derive(Debug, Args)]
pub(crate) struct SteerArgs {
    /// The task
    task: TaskId,
    /// What to mind, or to do otherwise
    #[arg(required = true, value_name = "TEXT")]
    text: Vec<String>,
}

/// Performs the command.
pub(crate) async fn run(context: &Context, args: &SteerArgs) -> Result<Exit, Trouble> {
    let task = args.task;
    context::task(&context.view(task)?, task)?;
    let text = said(&args.text)?;
    let steered = context.engine().await?.say_of(task, &Steer { text }).await?;
    terminal::print(&match steered.at_work {
        true => format!("task {task} takes it up before its next step"),
        false => format!(
            "kept; task {task} is not at work, and takes it up first when it goes on \
             (`tenfold continue {task}`) or begins anew (`tenfold retry {task}`)"
        ),
    })?;
    Ok(Exit::Done)
}
