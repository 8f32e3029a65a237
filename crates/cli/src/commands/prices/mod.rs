//! `tenfold prices`: what models cost, what they have cost, and taking in the prices of others.
//! One file per command below this one; none of them asks a provider.

mod as_of;
mod history;
mod import;
mod json;
pub(crate) mod level;
mod list;

use std::time::SystemTime;

use clap::{Args, Subcommand};
use tenfold_domain::Timestamp;
use tenfold_models::{ModelName, PriceBook};

use crate::context::Context;
use crate::exit::Exit;
use crate::terminal::one_line;
use crate::trouble::Trouble;

/// So many models are named to somebody who named one that isn't there.
const LIKE: usize = 8;

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
    Ok(PriceBook::load(&context.house.model_dirs.prices_file())?)
}

fn now() -> Timestamp {
    SystemTime::now().into()
}

/// The models that are meant by a name; at least one.
fn named<'a>(book: &'a PriceBook, text: &str) -> Result<Vec<&'a ModelName>, Trouble> {
    let named = book.named(text);
    if !named.is_empty() {
        return Ok(named);
    }
    let shown = one_line(text, 100);
    let trouble = Trouble::new(Exit::NotFound, format!("the price book has no model '{shown}'"));
    let alike = book.like(text, LIKE).into_iter().map(|name| one_line(&name.to_string(), 100));
    Err(match alike.collect::<Vec<_>>().as_slice() {
        [] => trouble.advise("`tenfold prices list` shows those there are"),
        alike => trouble.advise(format!("there are {}", alike.join(", "))),
    })
}
