//! `tenfold retry`: begins a task anew, whatever became of the attempts before.

use clap::Args;
use tenfold_api::Begin;
use tenfold_domain::{Seed, TaskId};

use crate::arguments::Format;
use crate::context::{self, Context};
use crate::exit::Exit;
use crate::trouble::Trouble;
use crate::work;

/// Begin a task anew, from your files as they are now
///
/// Attempts made so far, and their proposals, stay as they are. What you said about the task is
/// told to the new attempt too.
#[derive(Debug, Args)]
pub(crate) struct RetryArgs {
    /// The task
    task: TaskId,
    /// The number from which all random choices come
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    #[command(flatten)]
    format: Format,
}

/// Performs the command.
pub(crate) async fn run(context: &Context, args: &RetryArgs) -> Result<Exit, Trouble> {
    context::task(&context.view(args.task)?, args.task)?;
    let engine = context.engine().await?;
    let seed = args.seed.map(Seed);
    let begin = Begin { seed, from_scratch: true, ..Begin::default() };
    work::work(context, &engine, args.task, &begin, args.format).await
}
