//! `tenfold start` and `tenfold daemon`: work the backlog.

use clap::Args;
use tenfold_api::{LookAtBacklog, StopBacklog};
use tenfold_desk::duration;
use tenfold_domain::{BacklogEnd, BacklogOutcome, BacklogTerms, Millis, NanoUsd, Progress};

use crate::arguments::Format;
use crate::connection::{Connection, Messages};
use crate::context::{self, Context};
use crate::exit::Exit;
use crate::report::{self, field};
use crate::terminal::{self, BOLD, styled};
use crate::trouble::Trouble;
use crate::watch::Watcher;
use crate::work;

/// Work the backlog until all is done, the money or the time is over, or you stop it
///
/// Tasks begin in the order of priority, deadline, value by cost, and age; one that comes after
/// another begins once that one was accepted. Those that were interrupted are gone on with.
#[derive(Debug, Args)]
pub(crate) struct StartArgs {
    #[command(flatten)]
    terms: TermsArgs,
    #[command(flatten)]
    format: Format,
}

/// Work the backlog, and whatever is added to it, until you stop it
#[derive(Debug, Args)]
pub(crate) struct DaemonArgs {
    #[command(flatten)]
    terms: TermsArgs,
    #[command(flatten)]
    format: Format,
}

#[derive(Debug, Args)]
struct TermsArgs {
    /// The most tasks at work at once; as many as there are cores, if not given
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=32))]
    jobs: Option<u32>,
    /// The most money for all of them together, in dollars: one is begun only if what it may
    /// cost at most is left
    #[arg(long, value_name = "DOLLARS")]
    budget: Option<NanoUsd>,
    /// After how long none is begun any more, as in 8h
    #[arg(long, value_name = "TIME", value_parser = duration::parse)]
    time_limit: Option<Millis>,
}

impl TermsArgs {
    fn terms(&self, stays: bool) -> BacklogTerms {
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        let at_once = self.jobs.unwrap_or_else(|| u32::try_from(cores).unwrap_or(u32::MAX).min(32));
        BacklogTerms { at_once, money: self.budget, time: self.time_limit, stays }
    }
}

/// Performs `tenfold start`.
pub(crate) async fn start(context: &Context, args: &StartArgs) -> Result<Exit, Trouble> {
    run(context, args.terms.terms(false), args.format).await
}

/// Performs `tenfold daemon`.
pub(crate) async fn daemon(context: &Context, args: &DaemonArgs) -> Result<Exit, Trouble> {
    run(context, args.terms.terms(true), args.format).await
}

async fn run(context: &Context, terms: BacklogTerms, format: Format) -> Result<Exit, Trouble> {
    let stop = context.stop()?;
    let engine = context.engine().await?;
    engine.say(&terms).await?;
    if terms.stays && terminal::is_watched() {
        terminal::note("working the backlog; Ctrl-C stops it, and `tenfold add` adds to it");
    }
    let mut messages = engine.progress(None).await?;
    let watcher = Watcher::new(context.verbose);
    let told = tokio::select! {
        told = told(&mut messages, &watcher) => told,
        () = stop.stopped() => Ok(()),
    };
    watcher.end();
    told?;
    if stop.is_wanted() {
        return stopped(&engine).await;
    }
    let outcome = engine.say(&LookAtBacklog {}).await?;
    if format.json {
        terminal::print_json(&outcome)?;
    } else {
        terminal::print(&ending(context, &outcome)?)?;
    }
    if let Some(problem) = outcome.problem {
        return Err(problem.into());
    }
    Ok(match outcome.unsolved == 0 && outcome.asking == 0 && outcome.waiting == 0 {
        true => Exit::Done,
        false => Exit::NotSolved,
    })
}

async fn told(messages: &mut Messages, watcher: &Watcher) -> Result<(), Trouble> {
    while let Some(progress) = messages.next().await? {
        watcher.show(&progress);
        if let Progress::Failed { task, problem } = &progress {
            terminal::note(&format!("task {task}: {problem}"));
        }
    }
    Ok(())
}

/// The person wanted an end: nothing more is begun, and what is at work is interrupted.
async fn stopped(engine: &Connection) -> Result<Exit, Trouble> {
    // An engine that does not answer in time ends with this process, and so does its work.
    let _ = tokio::time::timeout(work::STOPPING, engine.say(&StopBacklog {})).await;
    let start = styled(BOLD, "tenfold start");
    terminal::note(&format!("stopped; nothing is lost: {start} goes on"));
    Ok(Exit::Stopped)
}

fn ending(context: &Context, outcome: &BacklogOutcome) -> Result<String, Trouble> {
    let mut text = String::new();
    for task in &outcome.worked {
        let row = context::task(&context.view(*task)?, *task)?;
        let last = row.last.as_ref().map(|last| last.outcome);
        text.push_str(&report::head(&row, last));
        text.push('\n');
    }
    let why = match outcome.end {
        Some(BacklogEnd::OutOfMoney) => "what is left may cost more than is left of the money",
        Some(BacklogEnd::OutOfQuota) => {
            "the provider of what is left lets nothing through; `tenfold daemon` asks it again"
        }
        Some(BacklogEnd::OutOfTime) => "the time is over",
        Some(BacklogEnd::Stopped) => "stopped",
        Some(BacklogEnd::Done) if outcome.waiting > 0 => {
            "what is left waits for tasks that are not accepted yet"
        }
        Some(BacklogEnd::Done) if outcome.begun == 0 => "there was nothing to do",
        Some(BacklogEnd::Done) => "all is done",
        None => "it broke off",
    };
    field(&mut text, "backlog", why);
    let counts = [
        (outcome.verified, "verified"),
        (outcome.unverified, "UNVERIFIED"),
        (outcome.asking, "ask you"),
        (outcome.unsolved, "not solved"),
    ];
    let mut parts: Vec<String> = counts
        .iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, what)| format!("{count} {what}"))
        .collect();
    if outcome.waiting > 0 {
        parts.push(format!("{} wait", outcome.waiting));
    }
    field(&mut text, "tasks", &parts.join(", "));
    field(&mut text, "spent", &report::money(outcome.spent));
    if outcome.verified + outcome.unverified > 0 {
        text.push_str("\n  tenfold list             # what waits for your review\n");
    }
    Ok(text)
}
