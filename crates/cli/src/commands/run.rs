//! `tenfold run`: asks for a task and works it until there is a proposal, a limit or a stop.

use clap::Args;
use tenfold_api::Begin;
use tenfold_domain::Seed;

use crate::arguments::Format;
use crate::asking::{self, TaskArgs, TextArgs};
use crate::context::Context;
use crate::exit::Exit;
use crate::trouble::Trouble;
use crate::work;

/// Work a task until there is a proposal to review
///
/// Without TEXT: fix whatever makes the check fail. Values that are left out come from the
/// repository's tenfold.toml, once you have approved it, and then from Tenfold's defaults.
#[derive(Debug, Args)]
pub(crate) struct RunArgs {
    #[command(flatten)]
    pub(crate) text: TextArgs,
    #[command(flatten)]
    pub(crate) task: TaskArgs,
    /// The number from which all random choices come
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    #[command(flatten)]
    format: Format,
}

/// Performs the command.
pub(crate) async fn run(context: &Context, args: &RunArgs) -> Result<Exit, Trouble> {
    let task = args.task.new_task(args.text.text()?);
    let engine = context.engine().await?;
    let spec = asking::spec(context, &engine, task, args.task.yes).await?;
    let task = engine.say(&spec).await?.task;
    let begin = Begin { seed: args.seed.map(Seed), ..Begin::default() };
    work::work(context, &engine, task, &begin, args.format).await
}
