//! `tenfold account list`: all accounts, as the tree that they are.

use std::collections::BTreeMap;

use clap::Args;
use comfy_table::Cell;
use tenfold_domain::{AccountId, Timestamp};
use tenfold_ledger::Ledger;

use super::{ledger, named, now, show};
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
    let (at, all) = (now(), in_order(&known, top));
    if args.format.json {
        let all = all.iter().filter_map(|(account, _)| show::as_json(&known, *account, at));
        return terminal::print_json(&all.collect::<Vec<_>>());
    }
    let heads = ["account", "kind", "spent", "left", "may use"];
    let rows = all.iter().filter_map(|one| cells(&known, *one, at));
    terminal::print(&table(&heads, rows))
}

/// The accounts from one downwards, and how far below it each is.
fn in_order(known: &Ledger, top: AccountId) -> Vec<(AccountId, usize)> {
    let mut below: BTreeMap<AccountId, Vec<AccountId>> = BTreeMap::new();
    for account in known.accounts() {
        if let Some(parent) = known.path(account).get(1) {
            below.entry(*parent).or_default().push(account);
        }
    }
    let (mut open, mut all) = (vec![(top, 0)], Vec::new());
    while let Some((account, depth)) = open.pop() {
        all.push((account, depth));
        let below = below.get(&account).into_iter().flatten().rev();
        open.extend(below.map(|account| (*account, depth + 1)));
    }
    all
}

fn cells(known: &Ledger, (account, depth): (AccountId, usize), at: Timestamp) -> Option<Vec<Cell>> {
    let statement = known.statement(account, at)?;
    let left = known.left(account, at)?.money;
    let own = statement.allowances.iter().map(|one| one.terms.to_string());
    let may_use = own.chain(statement.each.iter().map(|each| each.terms.to_string()));
    let cells = [
        format!("{}{}", "  ".repeat(depth), one_line(&statement.name, 64)),
        statement.kind.to_string(),
        statement.spent.money.to_string(),
        left.map_or(String::new(), |money| money.to_string()),
        may_use.collect::<Vec<_>>().join("; "),
    ];
    Some(cells.map(Cell::new).to_vec())
}
