//! Working a task while the person watches, and saying what came of it. Shared by all commands
//! that have a task worked.

use std::time::Duration;

use tenfold_api::{Begin, Call};
use tenfold_desk::task;
use tenfold_domain::{AttemptOutcome, Outcome, Progress, TaskId};

use crate::arguments::Format;
use crate::connection::{Connection, Messages};
use crate::context::{self, Context};
use crate::exit::Exit;
use crate::json::RunJson;
use crate::report;
use crate::stop::Stop;
use crate::terminal::{self, BOLD, styled};
use crate::trouble::Trouble;
use crate::watch::Watcher;

/// How long the engine may take to stop in good order. Leaving it after that ends every
/// process that it has, and the journal says where to go on.
pub(crate) const STOPPING: Duration = Duration::from_millis(1_500);

/// Begins to work on the task, as the call says, and says what came of it.
pub(crate) async fn work<C: Call<Answer = ()>>(
    context: &Context,
    engine: &Connection,
    task: TaskId,
    begin: &C,
    format: Format,
) -> Result<Exit, Trouble> {
    let stop = context.stop()?;
    engine.say_of(task, begin).await?;
    let Some(last) = last(context, engine, task, &stop).await? else { return Ok(stopped(task)) };
    let outcome = match last {
        Progress::Worked(outcome) => outcome,
        Progress::Failed { problem, .. } if !stop.is_wanted() => {
            return Err(engine.told(problem.into()));
        }
        _ => return Ok(stopped(task)),
    };
    let exit = exit(context, &outcome)?;
    if format.json {
        terminal::print_json(&RunJson::new(context, &context.view(task)?, &outcome)?)?;
    } else if exit != Exit::Stopped {
        show(context, &outcome)?;
    }
    if exit == Exit::Stopped {
        stopped(task);
    }
    Ok(exit)
}

/// Works it as it stands.
pub(crate) async fn work_as_usual(
    context: &Context,
    engine: &Connection,
    task: TaskId,
    format: Format,
) -> Result<Exit, Trouble> {
    work(context, engine, task, &Begin::default(), format).await
}

/// Shows how it goes, and what is told last; none if it was not told in time, once the person
/// wanted an end.
async fn last(
    context: &Context,
    engine: &Connection,
    task: TaskId,
    stop: &Stop,
) -> Result<Option<Progress>, Trouble> {
    let mut messages = engine.progress(Some(task)).await?;
    let watcher = Watcher::new(context.verbose);
    let told = async {
        tokio::select! {
            last = told(&mut messages, &watcher) => return last,
            () = stop.stopped() => {}
        }
        // That it has ended by itself meanwhile is as well.
        let _ = engine.say_of(task, &tenfold_api::Stop {}).await;
        told(&mut messages, &watcher).await
    };
    let last = tokio::select! {
        last = told => last,
        () = overdue(stop) => Ok(None),
    };
    watcher.end();
    last
}

/// Shows all that is told; the last of it is handed on.
async fn told(messages: &mut Messages, watcher: &Watcher) -> Result<Option<Progress>, Trouble> {
    while let Some(progress) = messages.next().await? {
        if progress.is_last() {
            return Ok(Some(progress));
        }
        watcher.show(&progress);
    }
    Ok(None)
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

fn exit(context: &Context, outcome: &Outcome) -> Result<Exit, Trouble> {
    use AttemptOutcome::{
        CheckBroken, CheckFlaky, Finished, GaveUp, LimitMoney, LimitQuota, LimitShare, LimitSteps,
        LimitTime, NothingToDo, ProviderFailed, Stopped, Stuck,
    };
    Ok(match outcome.outcome {
        // It waits for the person.
        Stopped if outcome.waits.is_some() => Exit::NotSolved,
        Finished => Exit::Done,
        GaveUp | Stuck | LimitSteps | LimitTime | LimitMoney | LimitShare | LimitQuota => {
            Exit::NotSolved
        }
        Stopped => Exit::Stopped,
        ProviderFailed => Exit::Model,
        CheckBroken | CheckFlaky => Exit::Check,
        // To make the check pass is done if it passes; a task in words is not.
        NothingToDo => {
            let spec = context.view(outcome.task())?.spec(outcome.task())?;
            let asked_in_words = spec.is_some_and(|spec| !spec.text.is_empty());
            if asked_in_words { Exit::NotSolved } else { Exit::Done }
        }
    })
}

fn show(context: &Context, outcome: &Outcome) -> Result<(), Trouble> {
    let view = context.view(outcome.task())?;
    let row = context::task(&view, outcome.task())?;
    let (evidence, files, secrets) = match report::proposed(&row, outcome) {
        Some(proposal) => {
            let files = report::changed(context, &view, proposal)?;
            let secrets = report::secrets(context, &view, proposal)?;
            (task::evidence(&view, proposal.attempt)?, files, secrets)
        }
        None => (None, Vec::new(), Vec::new()),
    };
    terminal::print(&report::ending(&row, outcome, evidence.as_ref(), (&files, &secrets)))
}
