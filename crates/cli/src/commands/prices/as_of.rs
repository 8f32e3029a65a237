//! `tenfold prices as-of`: what models cost at a moment, by what was known then.

use clap::Args;
use tenfold_desk::prices;
use tenfold_domain::Timestamp;
use tenfold_models::{Price, Service, moment, written};

use super::book;
use super::list::{self, Filter};
use crate::arguments::Format;
use crate::context::Context;
use crate::exit::Exit;
use crate::terminal::{self, one_line};
use crate::trouble::Trouble;

/// Show what models cost at a day or a moment, by what was known then
#[derive(Debug, Args)]
pub(super) struct AsOfArgs {
    /// The day, as in 2025-08-07 (its beginning, in UTC), or a moment with its time zone
    #[arg(value_name = "DATE", value_parser = moment)]
    at: Timestamp,
    /// Only this model, with all that its price has
    model: Option<String>,
    #[command(flatten)]
    filter: Filter,
    #[command(flatten)]
    format: Format,
}

/// Performs the command.
pub(super) fn run(context: &Context, args: &AsOfArgs) -> Result<Exit, Trouble> {
    let book = book(context)?;
    let Some(model) = &args.model else {
        return list::show(&book, args.at, &args.filter, args.format);
    };
    let shown = prices::held_of(&book, model, args.at)?;
    if args.format.json {
        terminal::print_json(&prices::cards(&shown))?;
        return Ok(Exit::Done);
    }
    for (name, dated) in shown {
        let mark = if dated.is_by { "by " } else { "" };
        let (since, source) = (written(dated.from), one_line(&dated.source, 200));
        terminal::print(&format!("{name}, since {mark}{since} ({source})\n  {}", dated.price))?;
        let Price::Listed(list) = &dated.price else { continue };
        for (word, service) in
            [("batch", Service::Batch), ("flex", Service::Flex), ("priority", Service::Priority)]
        {
            if let Some(list) = list.at(service) {
                terminal::print(&format!("  {word}: {list}"))?;
            }
        }
    }
    Ok(Exit::Done)
}
