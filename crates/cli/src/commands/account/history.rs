//! `tenfold account history`: what was decided of an account, by whom and when.

use tenfold_desk::account::{self, Decided};

use super::{OfOne, ledger, named};
use crate::context::Context;
use crate::terminal::{self, one_line};
use crate::trouble::Trouble;

/// Show what was decided of an account, by whom and when
#[derive(Debug, clap::Args)]
pub(crate) struct HistoryArgs {
    #[command(flatten)]
    of: OfOne,
}

/// Performs the command.
pub(crate) fn run(context: &Context, args: &HistoryArgs) -> Result<(), Trouble> {
    let known = ledger(context)?;
    let account = named(&known, &args.of.account)?;
    if context.reader()?.is_none() {
        return terminal::print("");
    }
    let found = account::history(&context.house, &known, account)?;
    match args.of.format.json {
        true => terminal::print_json(&found),
        false => terminal::print(&found.iter().map(line).collect::<Vec<_>>().join("\n")),
    }
}

fn line(Decided { at, by, text, .. }: &Decided) -> String {
    match by.is_empty() {
        true => format!("{at}  {text}"),
        false => format!("{at}  {text}, by {}", one_line(by, 64)),
    }
}
