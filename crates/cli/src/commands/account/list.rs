//! `tenfold account list`: all accounts, as the tree that they are.

use clap::Args;
use comfy_table::Cell;
use tenfold_desk::account;
use tenfold_domain::{AccountId, Timestamp};
use tenfold_ledger::Ledger;

use super::{ledger, named, now};
use crate::arguments::Format;
use crate::context::Context;
use crate::table::table;
use crate::terminal::{self, one_line};
use crate::trouble::Trouble;

/// List accounts, each below the one above it
#[derive(Debug, Args)]
pub(crate) struct ListArgs {
    /// Only this account and those below it
    #[arg(long, value_name = "ACCOUNT")]
    under: Option<String>,
    #[command(flatten)]
    format: Format,
}

/// Performs the command.
pub(crate) fn run(context: &Context, args: &ListArgs) -> Result<(), Trouble> {
    let known = ledger(context)?;
    let top = match &args.under {
        Some(name) => named(&known, name)?,
        None => AccountId::DEFAULT,
    };
    let at = now();
    if args.format.json {
        return terminal::print_json(&account::cards(&known, top, at));
    }
    let heads = ["account", "kind", "spent", "left", "may use"];
    let all = account::tree(&known, top);
    let rows = all.iter().filter_map(|one| cells(&known, *one, at));
    terminal::print(&table(&heads, rows))
}

fn cells(known: &Ledger, (account, depth): (AccountId, usize), at: Timestamp) -> Option<Vec<Cell>> {
    let card = account::card(known, account, at)?;
    let own = card.allowances.iter().map(|one| one.terms.to_string());
    let may_use = own.chain(card.each.iter().map(|each| each.terms.to_string()));
    let cells = [
        format!("{}{}", "  ".repeat(depth), one_line(&card.name, 64)),
        card.kind.to_string(),
        card.spent.nano_usd.to_string(),
        card.left.nano_usd.map_or(String::new(), |money| money.to_string()),
        may_use.collect::<Vec<_>>().join("; "),
    ];
    Some(cells.map(Cell::new).to_vec())
}
