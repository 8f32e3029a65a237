//! `tenfold prices list`: what models cost now. The table is `as-of`'s, too.

use clap::Args;
use comfy_table::Cell;
use tenfold_desk::prices;
use tenfold_domain::{NanoUsd, Timestamp};
use tenfold_models::{Dated, Price, PriceBook, written};

use super::{book, now};
use crate::arguments::Format;
use crate::context::Context;
use crate::exit::Exit;
use crate::table::table;
use crate::terminal::{self, one_line};
use crate::trouble::Trouble;

/// List what models cost now, in dollars for a million tokens
#[derive(Debug, Args)]
pub(super) struct ListArgs {
    #[command(flatten)]
    filter: Filter,
    #[command(flatten)]
    format: Format,
}

/// Which models are shown.
#[derive(Debug, Args)]
pub(super) struct Filter {
    /// Only models of this provider; repeatable
    #[arg(long, value_name = "NAME")]
    pub(super) provider: Vec<String>,
    /// Only models with this in their name; repeatable, and all have to match
    #[arg(long = "match", value_name = "TEXT")]
    pub(super) words: Vec<String>,
    /// Only prices of your own book
    #[arg(long)]
    pub(super) own: bool,
    /// The cheapest first, by their output; by name, if not given
    #[arg(long)]
    pub(super) cheapest: bool,
}

/// Performs the command.
pub(super) fn run(context: &Context, args: &ListArgs) -> Result<Exit, Trouble> {
    show(&book(context)?, now(), &args.filter, args.format)
}

/// Shows what held at a moment.
pub(super) fn show(
    book: &PriceBook,
    at: Timestamp,
    filter: &Filter,
    format: Format,
) -> Result<Exit, Trouble> {
    let shown = prices::held(book, at, &filter.filter());
    if format.json {
        terminal::print_json(&prices::cards(&shown))?;
        return Ok(Exit::Done);
    }
    if shown.is_empty() {
        terminal::note("the price book has no such model at that time");
        return Ok(Exit::Done);
    }
    let rows = shown.iter().map(|(name, dated)| {
        let mut row = vec![one_line(&name.to_string(), 80)];
        row.extend(cells(dated));
        row.into_iter().map(Cell::new).collect()
    });
    terminal::print(&table(&["model", "in", "cached", "out", "more", "since", "says"], rows))?;
    Ok(Exit::Done)
}

impl Filter {
    fn filter(&self) -> prices::Filter {
        let Self { provider, words, own, cheapest } = self;
        let (providers, words) = (provider.clone(), words.clone());
        prices::Filter { providers, words, own: *own, cheapest: *cheapest }
    }
}

/// The cells of a price: three amounts, what else there is, since when, and who says so.
pub(super) fn cells(dated: &Dated) -> Vec<String> {
    let [prompt, cached, output] = match &dated.price {
        Price::Listed(list) => {
            let base = list.usual.base;
            [base.prompt, base.cached, base.output].map(|price| price.to_string())
        }
        Price::Free | Price::Electricity(_) => ["free", "", ""].map(str::to_owned),
    };
    let mark = if dated.is_by { "by " } else { "" };
    let since = format!("{mark}{}", written(dated.from));
    let own = if dated.own { "you: " } else { "" };
    let says = format!("{own}{}", one_line(&dated.source, 80));
    vec![prompt, cached, output, more(&dated.price), since, says]
}

/// What else has a price, in a word each.
fn more(price: &Price) -> String {
    let Price::Listed(list) = price else { return String::new() };
    let longest = list.usual.steps.last();
    let mut words: Vec<String> = Vec::new();
    words.extend(longest.map(|step| format!("to {} above {}", step.prices.output, step.above)));
    let services = [("batch", &list.batch), ("flex", &list.flex), ("priority", &list.priority)];
    let offered = services.iter().filter(|(_, rates)| rates.is_some());
    words.extend(offered.map(|(service, _)| (*service).to_owned()));
    for (unit, price) in [("request", list.per_request), ("second", list.per_second)] {
        if price > NanoUsd::ZERO {
            words.push(format!("{price} a {unit}"));
        }
    }
    words.join(", ")
}
