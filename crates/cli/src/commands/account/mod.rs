//! `tenfold account`: who may spend how much, and what became of it. What is decided goes to the
//! engine; what is read comes from the journal.

mod change;
mod history;
mod list;
pub(crate) mod show;
mod token;

use clap::{Args, Subcommand};
use tenfold_domain::{AccountId, Timestamp};
use tenfold_ledger::Ledger;

use crate::arguments::Format;
use crate::context::Context;
use crate::exit::Exit;
use crate::trouble::Trouble;

/// Say who may spend how much, and see what they did
///
/// Accounts are a tree: what one spends counts for all above it, and whatever any of them may not
/// spend is refused. An account without a limit of its own may spend what those above it may.
#[derive(Debug, Args)]
pub(crate) struct AccountArgs {
    #[command(subcommand)]
    command: AccountCommand,
}

#[derive(Debug, Subcommand)]
enum AccountCommand {
    Add(change::AddArgs),
    List(list::ListArgs),
    Show(show::ShowArgs),
    Give(change::GiveArgs),
    Limit(change::LimitArgs),
    Rename(change::RenameArgs),
    Move(change::MoveArgs),
    Close(change::CloseArgs),
    History(history::HistoryArgs),
    Token(token::TokenArgs),
    Tokens(token::TokensArgs),
    Revoke(token::RevokeArgs),
    /// Go by this machine's clock again, after it had been ahead
    ///
    /// What was decided while it was ahead keeps every limit where it was until that time comes.
    /// After this, what was used then counts in the periods at hand, and limits begin anew in
    /// their time.
    PutClockRight,
}

/// Performs the command.
pub(crate) async fn run(context: &Context, args: AccountArgs) -> Result<Exit, Trouble> {
    match args.command {
        AccountCommand::Add(args) => change::add(context, args).await?,
        AccountCommand::List(args) => list::run(context, &args)?,
        AccountCommand::Show(args) => show::run(context, &args)?,
        AccountCommand::Give(args) => change::give(context, &args).await?,
        AccountCommand::Limit(args) => change::limit(context, args).await?,
        AccountCommand::Rename(args) => change::rename(context, args).await?,
        AccountCommand::Move(args) => change::move_below(context, &args).await?,
        AccountCommand::Close(args) => change::close(context, &args).await?,
        AccountCommand::History(args) => history::run(context, &args)?,
        AccountCommand::Token(args) => token::issue(context, args).await?,
        AccountCommand::Tokens(args) => token::list(context, &args)?,
        AccountCommand::Revoke(args) => token::revoke(context, &args).await?,
        AccountCommand::PutClockRight => change::put_clock_right(context).await?,
    }
    Ok(Exit::Done)
}

/// The ledger as it is, with the default account if nothing was ever asked for.
pub(crate) fn ledger(context: &Context) -> Result<Ledger, Trouble> {
    Ok(context.house.ledger()?)
}

/// The account that is called so.
pub(crate) fn named(ledger: &Ledger, name: &str) -> Result<AccountId, Trouble> {
    Ok(tenfold_desk::account::named(ledger, name)?)
}

fn now() -> Timestamp {
    std::time::SystemTime::now().into()
}

/// For commands about one account.
#[derive(Debug, Args)]
struct OfOne {
    /// The account: its name, its path as in team/ada, or its number as in #3
    #[arg(value_name = "ACCOUNT")]
    account: String,
    #[command(flatten)]
    format: Format,
}
