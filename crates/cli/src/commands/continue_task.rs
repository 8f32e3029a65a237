//! `tenfold continue`: goes on with a task that was interrupted, or tries again with one that
//! needs a person.

use clap::Args;
use tenfold_domain::{Seed, TaskId};

use crate::arguments::Format;
use crate::context::{self, Context};
use crate::exit::Exit;
use crate::stop::Stop;
use crate::trouble::Trouble;
use crate::{pull, work};

/// Go on with a task that was interrupted, or try again
#[derive(Debug, Args)]
pub(crate) struct ContinueArgs {
    /// The task; without one, that which was interrupted last
    task: Option<TaskId>,
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
    let stop = Stop::listen()?;
    let engine = context.engine().await?;
    if let Some(spec) = spec.filter(|_| context.model_program.is_none()) {
        pull::ensure(context, context.catalogue()?.get(&spec.model)?, args.yes, &stop).await?;
    }
    work::work(context, engine, task, args.seed.map(Seed), args.format, &stop).await
}

/// The newest task with an attempt that has not ended.
fn interrupted(context: &Context) -> Result<TaskId, Trouble> {
    let running = match context.reader()? {
        Some(reader) => reader.view()?.running()?,
        None => Vec::new(),
    };
    running.iter().map(|attempt| attempt.id.task).max().ok_or_else(|| {
        Trouble::new(Exit::NotFound, "no task was interrupted")
            .advise("name one to try it again: `tenfold list` shows those there are")
    })
}
