//! `tenfold prices`: what models cost, what they have cost, and taking in the prices of others.
//! One file per command below this one; none of them asks a provider.

mod as_of;
mod history;
mod import;
pub(crate) mod level;
mod list;

use std::time::SystemTime;

use clap::{Args, Subcommand};
use tenfold_domain::Timestamp;
use tenfold_models::PriceBook;

use crate::context::Context;
use crate::exit::Exit;
use crate::trouble::Trouble;

/// See what models cost and have cost, and take in prices
#[derive(Debug, Args)]
pub(crate) struct PricesArgs {
    #[command(subcommand)]
    command: PricesCommand,
}

#[derive(Debug, Subcommand)]
enum PricesCommand {
    List(list::ListArgs),
    History(history::HistoryArgs),
    AsOf(as_of::AsOfArgs),
    Level(level::LevelArgs),
    Import(import::ImportArgs),
}

/// Performs the command.
pub(crate) async fn run(context: &Context, args: PricesArgs) -> Result<Exit, Trouble> {
    match args.command {
        PricesCommand::List(args) => list::run(context, &args),
        PricesCommand::History(args) => history::run(context, &args),
        PricesCommand::AsOf(args) => as_of::run(context, &args),
        PricesCommand::Level(args) => level::run(context, &args),
        PricesCommand::Import(args) => import::run(context, args).await,
    }
}

/// The shipped book with the person's own.
fn book(context: &Context) -> Result<PriceBook, Trouble> {
    Ok(context.house.prices()?)
}

fn now() -> Timestamp {
    SystemTime::now().into()
}
