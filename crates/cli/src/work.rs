//! Working a task while the person watches, and saying what came of it. Shared by the two
//! commands that work: `run` and `continue`.

use std::sync::Arc;
use std::time::Duration;

use tenfold_domain::{AttemptOutcome, Seed, TaskId};
use tenfold_engine::{Engine, Outcome, WorkOptions};
use tokio::sync::mpsc;

use crate::arguments::Format;
use crate::context::{self, Context};
use crate::exit::Exit;
use crate::json::RunJson;
use crate::stop::Stop;
use crate::terminal::{self, BOLD, styled};
use crate::trouble::Trouble;
use crate::watch::Watcher;
use crate::{evidence, report};

/// How long the engine may take to stop in good order. Leaving it after that ends every
/// process that it has, and the journal says where to go on.
const STOPPING: Duration = Duration::from_millis(1_500);

/// How to work on it.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct How {
    /// The seed of a new attempt.
    pub(crate) seed: Option<Seed>,
    /// Whether the time of an attempt that was interrupted counts anew.
    pub(crate) time_anew: bool,
}

/// Works the task and says what came of it.
pub(crate) async fn work(
    context: &Context,
    engine: Arc<Engine>,
    task: TaskId,
    how: How,
    format: Format,
    stop: &Stop,
) -> Result<Exit, Trouble> {
    let (watch, progress) = mpsc::unbounded_channel();
    let watching = tokio::spawn(Watcher::new(task, context.verbose).watch(progress));
    let options =
        WorkOptions { seed: how.seed, time_anew: how.time_anew, watch, stop: stop.signal() };
    let outcome = tokio::select! {
        outcome = engine.work(task, options) => Some(outcome),
        () = overdue(stop) => None,
    };
    // The engine's end of the channel is gone by now, so that the watcher ends too.
    let _ = watching.await;
    let outcome = match outcome {
        Some(Ok(outcome)) => outcome,
        Some(Err(error)) if !stop.is_wanted() => return Err(error.into()),
        Some(Err(_)) | None => return Ok(stopped(task)),
    };
    let exit = exit(&outcome, &engine, task)?;
    if format.json {
        terminal::print_json(&RunJson::new(context, &engine.store().view()?, &outcome)?)?;
    } else if exit != Exit::Stopped {
        show(context, &engine, &outcome)?;
    }
    if exit == Exit::Stopped {
        stopped(task);
    }
    Ok(exit)
}

/// Waits until the person has wanted an end for longer than the engine may take.
async fn overdue(stop: &Stop) {
    stop.stopped().await;
    tokio::time::sleep(STOPPING).await;
}

fn stopped(task: TaskId) -> Exit {
    terminal::note(&format!(
        "stopped; nothing is lost: {} goes on",
        styled(BOLD, format_args!("tenfold continue {task}"))
    ));
    Exit::Stopped
}

fn exit(outcome: &Outcome, engine: &Engine, task: TaskId) -> Result<Exit, Trouble> {
    use AttemptOutcome::{
        CheckBroken, CheckFlaky, Finished, GaveUp, LimitMoney, LimitQuota, LimitSteps, LimitTime,
        NothingToDo, ProviderFailed, Stopped, Stuck,
    };
    Ok(match outcome.outcome {
        // It waits for an answer.
        Stopped if outcome.asks => Exit::NotSolved,
        Finished => Exit::Done,
        GaveUp | Stuck | LimitSteps | LimitTime | LimitMoney | LimitQuota => Exit::NotSolved,
        Stopped => Exit::Stopped,
        ProviderFailed => Exit::Model,
        CheckBroken | CheckFlaky => Exit::Check,
        // To make the check pass is done if it passes; a task in words is not.
        NothingToDo => {
            let spec = engine.store().view()?.spec(task)?;
            let asked_in_words = spec.is_some_and(|spec| !spec.text.is_empty());
            if asked_in_words { Exit::NotSolved } else { Exit::Done }
        }
    })
}

fn show(context: &Context, engine: &Engine, outcome: &Outcome) -> Result<(), Trouble> {
    let view = engine.store().view()?;
    let row = context::task(&view, outcome.task)?;
    let evidence = match &outcome.proposal {
        Some(proposal) => evidence::of(&view, proposal.attempt)?,
        None => None,
    };
    let files = match &outcome.proposal {
        Some(proposal) => report::changed(context, &view, proposal)?,
        None => Vec::new(),
    };
    terminal::print(&report::ending(&row, outcome, evidence.as_ref(), &files))
}
