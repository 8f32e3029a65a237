//! `tenfold pause`, `resume` and `stop`: the person's hand on a task at work in any terminal.

use clap::Args;
use tenfold_api::{Call, Pause, Resume, Stop};
use tenfold_domain::{Progress, TaskId, TaskState};

use crate::arguments::Format;
use crate::context::{self, Context};
use crate::exit::Exit;
use crate::report;
use crate::terminal;
use crate::trouble::Trouble;
use crate::work;

/// Have a task leave off once its step is done; nothing of it runs until it is resumed
#[derive(Debug, Args)]
pub(crate) struct PauseArgs {
    /// The task
    task: TaskId,
}

/// Go on with a task that was paused, stopped or interrupted, or came to a limit
#[derive(Debug, Args)]
pub(crate) struct ResumeArgs {
    /// The task
    task: TaskId,
    #[command(flatten)]
    format: Format,
}

/// Stop a task at once; `tenfold continue` goes on with it
#[derive(Debug, Args)]
pub(crate) struct StopArgs {
    /// The task
    task: TaskId,
}

/// Performs `tenfold pause`.
pub(crate) async fn pause(context: &Context, args: &PauseArgs) -> Result<Exit, Trouble> {
    let soon = "leaves off once the step under way is done; `tenfold stop` would cut it off";
    hold(context, args.task, &Pause {}, Some(soon)).await
}

/// Performs `tenfold stop`.
pub(crate) async fn stop(context: &Context, args: &StopArgs) -> Result<Exit, Trouble> {
    hold(context, args.task, &Stop {}, None).await
}

/// Performs `tenfold resume`.
pub(crate) async fn resume(context: &Context, args: &ResumeArgs) -> Result<Exit, Trouble> {
    context::task(&context.view(args.task)?, args.task)?;
    let engine = context.engine().await?;
    work::work(context, &engine, args.task, &Resume {}, args.format).await
}

/// Says what is wanted, and waits until nothing of the task runs.
async fn hold<C: Call<Answer = ()>>(
    context: &Context,
    task: TaskId,
    call: &C,
    soon: Option<&str>,
) -> Result<Exit, Trouble> {
    context::task(&context.view(task)?, task)?;
    let stop = context.stop()?;
    let engine = context.engine().await?;
    let mut messages = engine.progress(Some(task)).await?;
    engine.say_of(task, call).await?;
    if let Some(soon) = soon {
        terminal::note(&format!("task {task} {soon}"));
    }
    let ended = async {
        while let Some(progress) = messages.next().await? {
            if let Progress::Doing { what, .. } = &progress
                && context.verbose
            {
                terminal::note(&format!("waiting for: {what}"));
            }
        }
        Ok::<_, Trouble>(())
    };
    tokio::select! {
        ended = ended => ended?,
        // It is done without us, too.
        () = stop.stopped() => return Ok(Exit::Stopped),
    }
    let row = context::task(&context.view(task)?, task)?;
    let outcome = row.last.as_ref().filter(|_| row.state != TaskState::Paused);
    terminal::print(&report::head(&row, outcome.map(|last| last.outcome)))?;
    terminal::print(&report::next(&row))?;
    Ok(Exit::Done)
}
