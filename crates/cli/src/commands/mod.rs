//! One file per command. Adding one touches its own file, the list in `arguments` and the one
//! line here that performs it.

pub(crate) mod accept;
pub(crate) mod account;
pub(crate) mod add;
pub(crate) mod answer;
pub(crate) mod audit;
pub(crate) mod comment;
pub(crate) mod completions;
pub(crate) mod continue_task;
pub(crate) mod diff;
pub(crate) mod doctor;
pub(crate) mod export;
pub(crate) mod forecast;
pub(crate) mod fork;
pub(crate) mod gateway;
pub(crate) mod gc;
pub(crate) mod hold;
pub(crate) mod import;
pub(crate) mod ledger;
pub(crate) mod list;
pub(crate) mod log;
pub(crate) mod man;
pub(crate) mod mcp;
pub(crate) mod models;
pub(crate) mod people;
pub(crate) mod plan;
pub(crate) mod policy;
pub(crate) mod prices;
pub(crate) mod record;
pub(crate) mod reject;
pub(crate) mod retry;
pub(crate) mod roles;
pub(crate) mod run;
pub(crate) mod serve;
pub(crate) mod show;
pub(crate) mod start;
pub(crate) mod steer;
pub(crate) mod store;
pub(crate) mod undo;
pub(crate) mod watch;

use crate::arguments::Command;
use crate::context::Context;
use crate::exit::Exit;
use crate::trouble::Trouble;

/// Performs one command.
pub(crate) async fn perform(context: &Context, command: Command) -> Result<Exit, Trouble> {
    match command {
        Command::Run(args) => run::run(context, &args).await,
        Command::Add(args) => add::run(context, &args).await,
        Command::Import(args) => import::run(context, &args).await,
        Command::Start(args) => start::start(context, &args).await,
        Command::Daemon(args) => start::daemon(context, &args).await,
        Command::Continue(args) => continue_task::run(context, &args).await,
        Command::List(args) => list::run(context, &args).await,
        Command::Show(args) => show::run(context, &args).await,
        Command::Log(args) => log::run(context, &args),
        Command::Diff(args) => diff::run(context, &args),
        Command::Export(args) => export::run(context, &args),
        Command::Accept(args) => accept::run(context, args).await,
        Command::Watch(args) => watch::run(context, &args).await,
        Command::Steer(args) => steer::run(context, &args).await,
        Command::Pause(args) => hold::pause(context, &args).await,
        Command::Resume(args) => hold::resume(context, &args).await,
        Command::Stop(args) => hold::stop(context, &args).await,
        Command::Retry(args) => retry::run(context, &args).await,
        Command::Fork(args) => fork::run(context, &args).await,
        Command::Comment(args) => comment::run(context, &args).await,
        Command::Answer(args) => answer::run(context, &args).await,
        Command::Approve(args) => answer::approve(context, args).await,
        Command::Deny(args) => answer::deny(context, args).await,
        Command::Reject(args) => reject::run(context, &args).await,
        Command::Undo(args) => undo::run(context, &args).await,
        Command::Doctor(args) => doctor::run(context, &args),
        Command::Models(args) => models::run(context, args).await,
        Command::Account(args) => account::run(context, args).await,
        Command::Ledger(args) => ledger::run(context, &args),
        Command::Prices(args) => prices::run(context, args).await,
        Command::Forecast(args) => forecast::run(context, &args),
        Command::Plan(args) => plan::run(context, &args),
        Command::Record(args) => record::run(context, &args),
        Command::Audit(args) => audit::run(context, &args),
        Command::Roles(args) => roles::run(context, &args),
        Command::Policy(args) => policy::run(context, args),
        Command::Store(args) => store::run(context, args),
        Command::Serve(args) => serve::run(context, &args).await,
        Command::People(args) => people::run(context, args).await,
        Command::Gateway(args) => gateway::run(context, &args).await,
        Command::Gc(args) => gc::run(context, &args).await,
        Command::Mcp(args) => mcp::run(context, args).await,
        Command::Completions(args) => completions::run(&args),
        Command::Man(args) => man::run(&args),
    }
}
