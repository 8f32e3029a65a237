//! `tenfold ledger`: where the money went, by account, model, role, task, access token, day or how
//! it was known.

use clap::{Args, ValueEnum};
use comfy_table::Cell;
use jiff::civil::Date;
use tenfold_desk::spending::{self, Key, SpendingRow, SpendingTerms};
use tenfold_domain::{Basis, Energy, Spend};
use tenfold_ledger::Ledger;

use crate::commands::account::{ledger, named};
use crate::context::Context;
use crate::exit::Exit;
use crate::table::table;
use crate::terminal::{self, one_line};
use crate::trouble::Trouble;

/// Show where the money went
#[derive(Debug, Args)]
pub(crate) struct LedgerArgs {
    /// By what it is added up; repeatable, the first is the coarsest
    #[arg(long, value_name = "WHAT", default_value = "account")]
    by: Vec<By>,
    /// Only what this account and those below it spent
    #[arg(long, value_name = "ACCOUNT")]
    account: Option<String>,
    /// Only from this day on, as in 2026-11-01 (UTC)
    #[arg(long, value_name = "DATE")]
    from: Option<Date>,
    /// Only up to this day, it too
    #[arg(long, value_name = "DATE")]
    to: Option<Date>,
    /// Answer in JSON, on standard output
    #[arg(long, conflicts_with = "csv")]
    json: bool,
    /// Answer in CSV, on standard output
    #[arg(long)]
    csv: bool,
}

/// What spending is added up by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum By {
    /// Who paid
    Account,
    /// What was asked
    Model,
    /// The kind of coworker
    Role,
    /// What it was for
    Task,
    /// The program that spent it
    Token,
    /// When, in UTC
    Day,
    /// How it was known: told by an answer, counted here, or bound, since nobody said
    Basis,
}

impl From<By> for spending::By {
    fn from(by: By) -> Self {
        match by {
            By::Account => Self::Account,
            By::Model => Self::Model,
            By::Role => Self::Role,
            By::Task => Self::Task,
            By::Token => Self::Token,
            By::Day => Self::Day,
            By::Basis => Self::Basis,
        }
    }
}

/// Performs the command.
pub(crate) fn run(context: &Context, args: &LedgerArgs) -> Result<Exit, Trouble> {
    let known = ledger(context)?;
    let terms = SpendingTerms {
        by: args.by.iter().copied().map(spending::By::from).collect(),
        under: args.account.as_deref().map(|name| named(&known, name)).transpose()?,
        from: args.from,
        to: args.to,
    };
    let rows = spending::spending(&context.house, &known, &terms)?;
    match (args.json, args.csv) {
        (true, _) => terminal::print_json(&rows)?,
        (_, true) => print_csv(&terms.by, &rows)?,
        _ => {
            print_table(&terms.by, &rows)?;
            say_bound(context, &known, terms)?;
        }
    }
    Ok(Exit::Done)
}

/// Says how much of it is no more than a bound, if the table does not.
fn say_bound(context: &Context, known: &Ledger, terms: SpendingTerms) -> Result<(), Trouble> {
    if terms.by.contains(&spending::By::Basis) {
        return Ok(());
    }
    let terms = SpendingTerms { by: vec![spending::By::Basis], ..terms };
    let rows = spending::spending(&context.house, known, &terms)?;
    let bound = Key::Text(Basis::Bound.name().to_owned());
    let is_bound = |row: &&SpendingRow| row.of.values().any(|key| *key == bound);
    if let Some(row) = rows.iter().find(is_bound) {
        terminal::note(&format!(
            "{} of it is a bound: nobody said what was used (`--by basis` tells it apart)",
            row.spent.nano_usd
        ));
    }
    Ok(())
}

/// What a row is about, in the order of what it is added up by; `none` for nothing.
fn keys(by: &[spending::By], row: &SpendingRow, none: &str) -> Vec<String> {
    let shown = |by: &spending::By| match row.of.get(by.name()) {
        None | Some(Key::None) => none.to_owned(),
        Some(Key::Number(number)) => number.to_string(),
        Some(Key::Text(text)) => one_line(text, 200),
    };
    by.iter().map(shown).collect()
}

fn numbers(spend: Spend, energy: Energy) -> [String; 4] {
    let energy = if energy.is_none() { String::new() } else { energy.to_string() };
    [spend.money.to_string(), spend.tokens.to_string(), spend.requests.to_string(), energy]
}

fn print_csv(by: &[spending::By], rows: &[SpendingRow]) -> Result<(), Trouble> {
    let mut lines = csv::Writer::from_writer(Vec::new());
    let numbers = ["nano_usd", "tokens", "requests", "energy_mj", "energy_is_estimate"];
    let heads = by.iter().map(|by| by.name()).chain(numbers);
    lines.write_record(heads).map_err(unwritable)?;
    for row in rows {
        let spent = row.spent;
        let numbers = [spent.nano_usd.0, spent.tokens.0, spent.requests, row.energy_mj];
        let numbers = numbers.map(|n| n.to_string());
        let keys = keys(by, row, "").into_iter().map(harmless);
        let cells = keys.chain(numbers).chain([row.energy_is_estimate.to_string()]);
        lines.write_record(cells).map_err(unwritable)?;
    }
    let text = lines.into_inner().map_err(|error| unwritable(error.into_error()))?;
    terminal::print(String::from_utf8_lossy(&text).trim_end())
}

/// A name that a spreadsheet does not take for a formula.
fn harmless(text: String) -> String {
    match text.starts_with(['=', '+', '-', '@']) {
        true => format!("'{text}"),
        false => text,
    }
}

fn unwritable(error: impl std::fmt::Display) -> Trouble {
    Trouble::internal(format!("the table can't be written: {error}"))
}

fn print_table(by: &[spending::By], rows: &[SpendingRow]) -> Result<(), Trouble> {
    if rows.is_empty() {
        terminal::note("nothing was spent, as far as these words go");
        return Ok(());
    }
    let heads: Vec<&str> =
        by.iter().map(|by| by.name()).chain(["money", "tokens", "requests", "energy"]).collect();
    let cells = |keys: Vec<String>, (spend, energy): (Spend, Energy)| {
        keys.into_iter().chain(numbers(spend, energy)).map(Cell::new).collect::<Vec<_>>()
    };
    let of = |row: &SpendingRow| (row.spent.into(), row.energy());
    let shown = rows.iter().map(|row| cells(keys(by, row, "(none)"), of(row)));
    let mut all = (Spend::NONE, Energy::NONE);
    rows.iter().map(of).for_each(|(spend, energy)| {
        all.0 += spend;
        all.1 += energy;
    });
    let mut names = vec![String::new(); by.len()];
    if let Some(first) = names.first_mut() {
        "all".clone_into(first);
    }
    terminal::print(&table(&heads, shown.chain([cells(names, all)])))
}
