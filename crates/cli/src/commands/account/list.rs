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

/// How many are shown where not all are asked for: nobody reads more, and a table of a hundred
/// thousand takes a while to lay out.
const FIRST: usize = 500;

/// List accounts, each below the one above it
#[derive(Debug, Args)]
pub(crate) struct ListArgs {
    /// Only this account and those below it
    #[arg(long, value_name = "ACCOUNT")]
    under: Option<String>,
    /// All of them, and not only the first
    #[arg(long)]
    all: bool,
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
    let shown = if args.all { all.len() } else { all.len().min(FIRST) };
    let rows = all[..shown].iter().filter_map(|one| cells(&known, *one, at));
    terminal::print(&table(&heads, rows))?;
    let more = all.len() - shown;
    if more > 0 {
        terminal::note(&format!(
            "{more} more accounts are not shown: --all shows them, --under ACCOUNT those below one"
        ));
    }
    Ok(())
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
        match card.closed {
            true => "closed".to_owned(),
            false => may_use.collect::<Vec<_>>().join("; "),
        },
    ];
    Some(cells.map(Cell::new).to_vec())
}
