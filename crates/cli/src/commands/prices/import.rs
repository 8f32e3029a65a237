//! `tenfold prices import`: shows what the prices of others would change, and takes them in once
//! somebody has said so.

use std::time::Duration;

use clap::Args;
use comfy_table::Cell;
use indicatif::{ProgressBar, ProgressStyle};
use tenfold_desk::prices::import::{self, ImportCard, ImportTerms};
use tenfold_domain::Timestamp;
use tenfold_models::{Change, Import, PriceBook, Read, written};

use super::{book, now};
use crate::arguments::Format;
use crate::context::Context;
use crate::exit::Exit;
use crate::person;
use crate::table::table;
use crate::terminal::{self, one_line};
use crate::trouble::Trouble;

/// So many changes are shown to a person; of more, the number.
const CHANGES_SHOWN: usize = 200;
/// So many refused rows.
const REFUSED_SHOWN: usize = 20;

/// Take in prices from LiteLLM's JSON, or from models.dev's TOML or JSON
///
/// It shows what would change, and asks. Prices hold from now on; what the book has of before
/// stays, and so does each price that you have written yourself. What can't be is refused: below
/// zero, far off from what is known, another currency.
#[derive(Debug, Args)]
pub(super) struct ImportArgs {
    /// The file, the folder of models.dev's, or an http(s) address of either
    #[arg(value_name = "FILE|URL")]
    from: String,
    /// Only models of this provider, as the book calls it; repeatable. Those that the book knows,
    /// if not given
    #[arg(long, value_name = "NAME", conflicts_with = "all")]
    provider: Vec<String>,
    /// Models of providers that the book does not know, too
    #[arg(long)]
    all: bool,
    /// Take them in without asking
    #[arg(long, conflicts_with = "dry_run")]
    yes: bool,
    /// Show what would change, and no more
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    format: Format,
}

/// Performs the command.
pub(super) async fn run(context: &Context, args: ImportArgs) -> Result<Exit, Trouble> {
    let (book, at) = (book(context)?, now());
    let (from, providers) = (args.from.clone(), args.provider.clone());
    let terms = ImportTerms { from, providers, all: args.all };
    let import = compared(context, book, terms.clone(), at).await?;
    if !args.format.json {
        show(&import)?;
    }
    let is_wanted = agreed(context, &args, &import).await?;
    if is_wanted {
        import::take_in(&context.house, &terms, &import, at)?;
    }
    if args.format.json {
        terminal::print_json(&ImportCard::of(&import, is_wanted))?;
    } else if is_wanted {
        let (many, since) = (import.changes.len(), written(at));
        terminal::print(&format!("took in {many} prices; they hold from now on ({since})"))?;
    }
    Ok(Exit::Done)
}

/// Whether they are to be taken in.
async fn agreed(context: &Context, args: &ImportArgs, import: &Import) -> Result<bool, Trouble> {
    if import.changes.is_empty() || args.dry_run {
        return Ok(false);
    }
    if args.yes {
        return Ok(true);
    }
    if !terminal::can_ask() {
        return Err(Trouble::new(
            Exit::Refused,
            "nobody is here to be asked; nothing was taken in",
        )
        .advise("--yes takes them in, and --dry-run only shows what would change"));
    }
    let question = format!("Take in these {} prices?", import.changes.len());
    person::agrees(&question, &context.stop()?).await
}

/// Reads what others say on a thread of its own, with a bar for whoever waits.
async fn compared(
    context: &Context,
    book: PriceBook,
    terms: ImportTerms,
    at: Timestamp,
) -> Result<Import, Trouble> {
    let stop = context.stop()?;
    stop.cancels(move |cancel| {
        let mut bar = Bar::default();
        let outcome = import::compare(&book, &terms, at, &mut |read| bar.show(read), cancel);
        bar.end();
        outcome
    })
    .await
}

fn show(import: &Import) -> Result<(), Trouble> {
    let rows = import.changes.iter().take(CHANGES_SHOWN).map(row);
    if !import.changes.is_empty() {
        terminal::print(&table(&["model", "in", "", "out", "", "else"], rows))?;
    }
    let more = import.changes.len().saturating_sub(CHANGES_SHOWN);
    if more > 0 {
        terminal::print(&format!("and {more} more"))?;
    }
    for refused in import.refused.iter().take(REFUSED_SHOWN) {
        let (row, why) = (one_line(&refused.row, 80), one_line(&refused.why, 300));
        terminal::note(&format!("refused {row}: {why}"));
    }
    let untold = import.refused_count.saturating_sub(REFUSED_SHOWN as u64);
    if untold > 0 {
        terminal::note(&format!("and {untold} more are refused"));
    }
    for name in import.left_alone.iter().take(REFUSED_SHOWN) {
        let name = one_line(&name.to_string(), 100);
        terminal::note(&format!("left alone {name}: you have written its price yourself"));
    }
    let counts = [
        (import.changes.len() as u64, "would change"),
        (import.same, "are as the book has them"),
        (import.left_alone.len() as u64, "are left as you wrote them"),
        (import.refused_count, "are refused"),
        (import.unpriced, "have no price that can be counted"),
        (import.unwanted, "are not looked for in the book (--all takes them)"),
    ];
    let told = counts.iter().filter(|(count, _)| *count > 0);
    let told: Vec<String> = told.map(|(count, what)| format!("{count} {what}")).collect();
    terminal::note(&format!("{} rows: {}", import.rows, told.join(", ")));
    Ok(())
}

fn row(change: &Change) -> Vec<Cell> {
    let (before, after) = (import::listed(change), &change.after);
    let mut cells = vec![one_line(&change.name.to_string(), 80)];
    let now = after.usual.base;
    let then = before.map(|list| list.usual.base);
    for (then, now) in [
        (then.map(|prices| prices.prompt), now.prompt),
        (then.map(|prices| prices.output), now.output),
    ] {
        let then = then.filter(|then| *then != now);
        cells.push(then.map_or_else(String::new, |then| format!("{then} →")));
        cells.push(now.to_string());
    }
    cells.push(match before {
        None => "new".to_owned(),
        Some(before) => import::also(before, after).join(", "),
    });
    cells.into_iter().map(Cell::new).collect()
}

/// A bar on a terminal, and nothing elsewhere.
#[derive(Default)]
struct Bar {
    bar: Option<ProgressBar>,
}

impl Bar {
    fn show(&mut self, read: Read) {
        if !terminal::is_watched() {
            return;
        }
        let bar = self.bar.get_or_insert_with(|| {
            let bar = ProgressBar::new(read.of);
            let style = "reading {wide_bar:.cyan} {msg} rows {eta}";
            bar.set_style(ProgressStyle::with_template(style).expect("the template is sound"));
            bar.enable_steady_tick(Duration::from_millis(200));
            bar
        });
        bar.set_message(read.rows.to_string());
        bar.set_length(read.of);
        bar.set_position(read.bytes);
    }

    fn end(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}
