//! `tenfold prices history`: how the price of a model has changed, as a table, as a plot for
//! whoever looks, and as a picture for whoever wants one.

use std::io::IsTerminal;
use std::path::PathBuf;

use clap::Args;
use comfy_table::Cell;
use tenfold_desk::prices;
use tenfold_domain::{NanoUsd, Timestamp};
use tenfold_models::{Dated, ModelName, Price, PriceBook};

use super::list::cells;
use super::{book, now};
use crate::arguments::Format;
use crate::context::Context;
use crate::exit::Exit;
use crate::plot::price::{self, Series};
use crate::plot::{chart, file};
use crate::table::table;
use crate::terminal::{self, one_line};
use crate::trouble::Trouble;

/// Show how the price of a model has changed
#[derive(Debug, Args)]
pub(super) struct HistoryArgs {
    /// The model, as in gpt-4o or openai/gpt-4o; several are drawn into one plot
    #[arg(required = true, value_name = "MODEL")]
    models: Vec<String>,
    /// Draw the plot where nobody looks, too
    #[arg(long, conflicts_with = "json")]
    plot: bool,
    /// Write a picture of it, in SVG
    #[arg(long, value_name = "FILE")]
    svg: Option<PathBuf>,
    #[command(flatten)]
    format: Format,
}

/// Performs the command.
pub(super) fn run(context: &Context, args: &HistoryArgs) -> Result<Exit, Trouble> {
    let book = book(context)?;
    let now = now();
    let names = prices::of_history(&book, &args.models)?;
    if args.format.json {
        terminal::print_json(&prices::history(&book, &names))?;
    } else {
        terminal::print(&rows(&book, &names, now))?;
    }
    let title = names.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    let plot = price::plot(&title, &series(&book, &names, now), now);
    let is_watched = std::io::stdout().is_terminal() && !args.format.json;
    if args.plot || is_watched {
        terminal::print(&format!("\n{}", chart(&plot, terminal::width())))?;
    }
    if let Some(file) = &args.svg {
        file::write(file, &plot)?;
    }
    Ok(Exit::Done)
}

/// The table: what was in force, by what is known now.
fn rows(book: &PriceBook, names: &[&ModelName], now: Timestamp) -> String {
    let of = |name: &&ModelName| {
        let in_force = book.in_force(name, now);
        in_force.into_iter().map(|dated| row(name, dated)).collect::<Vec<_>>()
    };
    let rows: Vec<Vec<Cell>> = names.iter().flat_map(of).collect();
    table(&["from", "model", "in", "cached", "out", "more", "says"], rows)
}

fn row(name: &ModelName, dated: &Dated) -> Vec<Cell> {
    let mut cells = cells(dated);
    // When it began is what a history is read by.
    let since = cells.remove(4);
    let mut row = vec![since, one_line(&name.to_string(), 80)];
    row.extend(cells);
    row.into_iter().map(Cell::new).collect()
}

/// What is drawn: of one model its prompt and its output, of several the output of each.
fn series(book: &PriceBook, names: &[&ModelName], now: Timestamp) -> Vec<Series> {
    let line = |name: &ModelName, called: String, of: fn(&Price) -> NanoUsd| {
        let in_force = book.in_force(name, now);
        // What begins later than now is no history.
        let begun = in_force.into_iter().filter(|dated| dated.from <= now);
        Series { name: called, points: begun.map(|dated| (dated.from, of(&dated.price))).collect() }
    };
    match names {
        [name] => vec![
            line(name, "out, per million tokens".to_owned(), output),
            line(name, "in, per million tokens".to_owned(), prompt),
        ],
        _ => names.iter().map(|name| line(name, format!("{name}, out"), output)).collect(),
    }
}

fn output(price: &Price) -> NanoUsd {
    match price {
        Price::Listed(list) => list.usual.base.output,
        _ => NanoUsd::ZERO,
    }
}

fn prompt(price: &Price) -> NanoUsd {
    match price {
        Price::Listed(list) => list.usual.base.prompt,
        _ => NanoUsd::ZERO,
    }
}
