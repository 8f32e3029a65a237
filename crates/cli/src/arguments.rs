//! The command line as clap reads it. Parsing builds nothing: each command's own file says
//! what its words are, and this one lists the commands.

use std::ffi::OsString;

use clap::{Args, CommandFactory, FromArgMatches, Parser, Subcommand};
use tenfold_desk::asking::TEXT_BYTES_MAX;
use tenfold_domain::{AttemptId, TaskId};

use crate::commands::{
    accept, account, add, answer, audit, comment, completions, continue_task, diff, doctor, export,
    forecast, fork, gateway, gc, hold, import, ledger, list, log, man, mcp, models, people, plan,
    policy, prices, record, reject, retry, roles, run, serve, show, start, steer, store, undo,
    watch,
};
use crate::exit::Exit;
use crate::trouble::Trouble;
use crate::{Program, environment};

/// Virtual coworkers that fix and check, and that you review.
///
/// Tenfold works a task in a sandbox with a small model on this machine, has your check judge
/// the result, and proposes a diff. Your files, index, branches and stash stay as they are
/// until you accept it.
#[derive(Debug, Parser)]
#[command(name = "tenfold", version, propagate_version = true, max_term_width = 100)]
pub(crate) struct Arguments {
    /// Say more about what happens, on standard error
    #[arg(short, long, global = true)]
    pub(crate) verbose: bool,
    /// Allow the weaker sandbox where tier A can't be had
    #[arg(long, global = true)]
    pub(crate) allow_tier_b: bool,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// Every command.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Run(Box<run::RunArgs>),
    Add(Box<add::AddArgs>),
    Import(Box<import::ImportArgs>),
    Start(start::StartArgs),
    Daemon(start::DaemonArgs),
    Continue(continue_task::ContinueArgs),
    Watch(watch::WatchArgs),
    Steer(steer::SteerArgs),
    Pause(hold::PauseArgs),
    Resume(hold::ResumeArgs),
    Stop(hold::StopArgs),
    Retry(retry::RetryArgs),
    Fork(fork::ForkArgs),
    Comment(comment::CommentArgs),
    Answer(answer::AnswerArgs),
    Approve(answer::ApproveArgs),
    Deny(answer::DenyArgs),
    List(list::ListArgs),
    Show(show::ShowArgs),
    Log(log::LogArgs),
    Diff(diff::DiffArgs),
    Export(export::ExportArgs),
    Accept(accept::AcceptArgs),
    Reject(reject::RejectArgs),
    Undo(undo::UndoArgs),
    Doctor(doctor::DoctorArgs),
    Models(models::ModelsArgs),
    Account(account::AccountArgs),
    Ledger(ledger::LedgerArgs),
    Prices(prices::PricesArgs),
    Forecast(forecast::ForecastArgs),
    Plan(plan::PlanArgs),
    Record(record::RecordArgs),
    Audit(audit::AuditArgs),
    Roles(roles::RolesArgs),
    Policy(policy::PolicyArgs),
    Store(store::StoreArgs),
    Serve(serve::ServeArgs),
    People(people::PeopleArgs),
    Gateway(gateway::GatewayArgs),
    Gc(gc::GcArgs),
    Mcp(mcp::McpArgs),
    Completions(completions::CompletionsArgs),
    Man(man::ManArgs),
}

/// For commands that can answer in JSON.
#[derive(Debug, Clone, Copy, Args)]
pub(crate) struct Format {
    /// Answer in JSON, on standard output
    #[arg(long)]
    pub(crate) json: bool,
}

/// A task, or one attempt at it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Named {
    pub(crate) task: TaskId,
    pub(crate) attempt: Option<AttemptId>,
}

/// Reads `3` or `3.1`.
pub(crate) fn named(text: &str) -> Result<Named, String> {
    if text.contains('.') {
        let attempt: AttemptId = text.parse().map_err(|e| format!("{e}"))?;
        return Ok(Named { task: attempt.task, attempt: Some(attempt) });
    }
    Ok(Named { task: text.parse().map_err(|e| format!("{e}"))?, attempt: None })
}

/// What a person says, from the words that they typed.
pub(crate) fn said(words: &[String]) -> Result<String, Trouble> {
    let text = words.join(" ").trim().to_owned();
    if text.is_empty() || text.len() as u64 > TEXT_BYTES_MAX {
        let most = TEXT_BYTES_MAX / 1024;
        return Err(Trouble::usage(format!("what is said has some text, and at most {most} KiB")));
    }
    Ok(text)
}

/// Reads the command line. Help and version come back as clap's errors, which they are not.
pub(crate) fn parse(
    program: &Program,
    words: impl IntoIterator<Item = OsString>,
) -> Result<Arguments, clap::Error> {
    let mut command = complete(Arguments::command()).version(version(program));
    let matches = command.try_get_matches_from_mut(words)?;
    Arguments::from_arg_matches(&matches).map_err(|error| error.format(&mut command))
}

/// Adds what the tables say to the help.
pub(crate) fn complete(command: clap::Command) -> clap::Command {
    let tables = format!("Exit codes:\n{}\nEnvironment:\n{}", Exit::table(), environment::table());
    command.after_long_help(tables).after_help("--help says more: exit codes, environment.")
}

fn version(program: &Program) -> String {
    let features = match program.features.as_slice() {
        [] => "no embedded inference".to_owned(),
        features => features.join(", "),
    };
    format!("{} ({features})", env!("CARGO_PKG_VERSION"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_sound() {
        complete(Arguments::command()).debug_assert();
    }

    #[test]
    fn a_task_and_an_attempt_are_told_apart() {
        assert_eq!(named("3").unwrap().attempt, None);
        assert_eq!(named("3.2").unwrap().attempt, Some("3.2".parse().unwrap()));
        assert!(named("three").unwrap_err().contains("tasks are numbered"));
        assert!(named("3.0").unwrap_err().contains("TASK.ATTEMPT"));
    }
}
