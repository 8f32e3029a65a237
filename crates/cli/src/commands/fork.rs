//! `tenfold fork`: a new attempt that goes on from a step of another one.

use clap::Args;
use tenfold_api::{Begin, Fork};
use tenfold_domain::{Seed, StepId};

use crate::arguments::{Format, Named, named, said};
use crate::context::{self, Context};
use crate::exit::Exit;
use crate::trouble::Trouble;
use crate::work;

/// Go on from a step of an attempt in another way
///
/// The new attempt takes over what was done up to that step, with the files as they were then;
/// the other one stays as it is. `tenfold log TASK` shows the numbers of steps.
#[derive(Debug, Args)]
pub(crate) struct ForkArgs {
    /// The task, or one attempt as in 3.1; of a task, its newest attempt
    #[arg(value_name = "TASK[.ATTEMPT]", value_parser = named)]
    of: Named,
    /// What to do otherwise
    #[arg(value_name = "TEXT")]
    text: Vec<String>,
    /// The last step that counts; without it, all of them do
    #[arg(long, value_name = "STEP")]
    step: Option<u32>,
    /// The number from which further random choices come
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    #[command(flatten)]
    format: Format,
}

/// Performs the command.
pub(crate) async fn run(context: &Context, args: &ForkArgs) -> Result<Exit, Trouble> {
    let task = args.of.task;
    let row = context::task(&context.view(task)?, task)?;
    let text = (!args.text.is_empty()).then(|| said(&args.text)).transpose()?;
    let fork = Fork {
        attempt: args.of.attempt.map_or(row.attempts, |attempt| attempt.number),
        step: args.step.map(StepId),
        text,
        seed: args.seed.map(Seed),
    };
    let engine = context.engine().await?;
    engine.say_of(task, &fork).await?;
    let begin = Begin { time_anew: true, ..Begin::default() };
    work::work(context, &engine, task, &begin, args.format).await
}
