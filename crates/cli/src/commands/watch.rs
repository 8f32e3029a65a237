//! `tenfold watch`: how it goes with what another terminal has worked.

use clap::Args;
use tenfold_domain::{Progress, TaskId};

use crate::arguments::Format;
use crate::connection::{Connection, Messages};
use crate::context::{self, Context};
use crate::exit::Exit;
use crate::report;
use crate::terminal;
use crate::trouble::Trouble;
use crate::watch::Watcher;

/// Watch tasks that are at work, until they end
///
/// Ctrl-C ends the watching, not the work.
#[derive(Debug, Args)]
pub(crate) struct WatchArgs {
    /// The task; without one, all that are at work
    task: Option<TaskId>,
    #[command(flatten)]
    format: Format,
}

/// Performs the command.
pub(crate) async fn run(context: &Context, args: &WatchArgs) -> Result<Exit, Trouble> {
    if let Some(task) = args.task {
        context::task(&context.view(task)?, task)?;
    }
    let Some(engine) = context.engine_at_work().await? else {
        terminal::note("nothing is at work; `tenfold list` shows where your tasks stand");
        return Ok(Exit::Done);
    };
    let stop = context.stop()?;
    tokio::select! {
        shown = show(context, &engine, args) => shown,
        () = stop.stopped() => Ok(Exit::Done),
    }
}

async fn show(context: &Context, engine: &Connection, args: &WatchArgs) -> Result<Exit, Trouble> {
    let mut messages = engine.progress(args.task).await?;
    if args.format.json {
        while let Some(progress) = messages.next().await? {
            terminal::print_json(&progress)?;
        }
        return Ok(Exit::Done);
    }
    let watcher = Watcher::new(true);
    let ended = shown(&mut messages, &watcher).await;
    watcher.end();
    let ended = ended?;
    if ended.is_empty() {
        let what = match args.task {
            Some(task) => format!("task {task} is not at work; `tenfold show {task}` says more"),
            None => "nothing is at work; `tenfold list` shows where your tasks stand".to_owned(),
        };
        terminal::note(&what);
    }
    for task in ended {
        let row = context::task(&context.view(task)?, task)?;
        let outcome = row.last.as_ref().map(|last| last.outcome);
        terminal::print(&report::head(&row, outcome))?;
    }
    Ok(Exit::Done)
}

/// Shows all that is told; which tasks have ended, in their order.
async fn shown(messages: &mut Messages, watcher: &Watcher) -> Result<Vec<TaskId>, Trouble> {
    let mut ended = Vec::new();
    while let Some(progress) = messages.next().await? {
        watcher.show(&progress);
        match &progress {
            Progress::Failed { task, problem } => {
                terminal::note(&format!("task {task}: {problem}"));
                ended.push(*task);
            }
            progress if progress.is_last() => ended.push(progress.task()),
            _ => {}
        }
    }
    Ok(ended)
}
