//! `tenfold account list`: all accounts, as the tree that they are.

use clap::Args;
use comfy_table::Cell;
use tenfold_desk::account::{self, AccountCard, Part};
use tenfold_domain::AccountId;

use super::{ledger, named, now};
use crate::arguments::Format;
use crate::context::Context;
use crate::table::table;
use crate::terminal::{self, one_line};
use crate::trouble::Trouble;

/// How many are shown where nobody says it: nobody reads more, and a table of a hundred thousand
/// takes a while to lay out.
const MOST: usize = 500;

/// List accounts, each below the one above it
#[derive(Debug, Args)]
pub(crate) struct ListArgs {
    /// Only this account and those below it
    #[arg(long, value_name = "ACCOUNT")]
    under: Option<String>,
    /// How many at the most; 500, if not given
    #[arg(long, value_name = "COUNT")]
    limit: Option<usize>,
    /// Only those behind this one, to go on where another list ended
    #[arg(long, value_name = "ACCOUNT")]
    after: Option<String>,
    /// All of them, however many
    #[arg(long, conflicts_with = "limit")]
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
    let after = args.after.as_deref().map(|name| named(&known, name)).transpose()?;
    let most = if args.all { usize::MAX } else { args.limit.unwrap_or(MOST) };
    let Part { accounts, more } = account::part(&known, top, &[], (after, most))?;
    let at = now();
    let cards =
        accounts.iter().filter_map(|(one, depth)| Some((account::card(&known, *one, at)?, *depth)));
    if args.format.json {
        terminal::print_json(&cards.map(|(card, _)| card).collect::<Vec<_>>())?;
    } else {
        let heads = ["account", "kind", "spent", "left", "may use"];
        terminal::print(&table(&heads, cards.map(cells)))?;
    }
    if let Some((last, _)) = accounts.last().filter(|_| more > 0) {
        terminal::note(&format!(
            "{more} more accounts are not shown: --after '#{}' goes on, --all shows them, --under \
             ACCOUNT those below one",
            last.0
        ));
    }
    Ok(())
}

fn cells((card, depth): (AccountCard, usize)) -> Vec<Cell> {
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
    cells.map(Cell::new).to_vec()
}
