//! `tenfold ledger`: where the money went, by account, model, role, task, access token or day.

use std::collections::BTreeMap;

use clap::{Args, ValueEnum};
use comfy_table::Cell;
use jiff::civil::Date;
use serde_json::json;
use tenfold_domain::{AccountId, Spend, Spender, Spending, TaskId, Timestamp};
use tenfold_ledger::Ledger;
use tenfold_store::{TaskQuery, View};

use crate::commands::account::{ledger, named, show};
use crate::context::Context;
use crate::exit::Exit;
use crate::table::table;
use crate::terminal::{self, one_line};
use crate::trouble::Trouble;

/// How many tasks are read at a time.
const PAGE: u32 = 10_000;

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
}

impl By {
    fn name(self) -> &'static str {
        match self {
            Self::Account => "account",
            Self::Model => "model",
            Self::Role => "role",
            Self::Task => "task",
            Self::Token => "token",
            Self::Day => "day",
        }
    }

    /// What of a row is looked at.
    fn of(self, known: &Ledger, roles: &Roles, row: &Spending) -> Key {
        match (self, row.spender) {
            (Self::Account, _) => Key::Text(known.shown(row.account)),
            (Self::Model, _) => Key::Text(row.charge.model.clone()),
            (Self::Day, _) => Key::Text(day(row.day)),
            (Self::Role, Some(Spender::Task(task))) => {
                roles.get(&task).map_or(Key::None, |role| Key::Text(role.clone()))
            }
            (Self::Task, Some(Spender::Task(task))) => Key::Number(task.number()),
            (Self::Token, Some(Spender::Token(token))) => Key::Number(token.0.into()),
            (Self::Role | Self::Task | Self::Token, _) => Key::None,
        }
    }
}

/// What a sum is about, in the order of its kind.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Key {
    None,
    Number(u64),
    Text(String),
}

impl Key {
    fn shown(&self) -> String {
        match self {
            Self::None => String::new(),
            Self::Number(number) => number.to_string(),
            Self::Text(text) => one_line(text, 200),
        }
    }
}

/// Performs the command.
pub(crate) fn run(context: &Context, args: &LedgerArgs) -> Result<Exit, Trouble> {
    let known = ledger(context)?;
    let under = args.account.as_deref().map(|name| named(&known, name)).transpose()?;
    let (rows, roles) = match context.reader()? {
        Some(reader) => {
            let view = reader.view()?;
            (view.spending()?, roles(args, &view)?)
        }
        None => (Vec::new(), Roles::new()),
    };
    let mut sums: BTreeMap<Vec<Key>, Spend> = BTreeMap::new();
    for row in rows.iter().filter(|row| args.wants(&known, under, row)) {
        let keys = args.by.iter().map(|by| by.of(&known, &roles, row)).collect();
        *sums.entry(keys).or_default() += row.charge.spend;
    }
    match (args.json, args.csv) {
        (true, _) => print_json(args, &sums)?,
        (_, true) => print_csv(args, &sums)?,
        _ => print_table(args, &sums)?,
    }
    Ok(Exit::Done)
}

/// The roles that tasks were worked in, of those that had one.
type Roles = BTreeMap<TaskId, String>;

/// Those of all tasks, if that is asked for.
fn roles(args: &LedgerArgs, view: &View) -> Result<Roles, Trouble> {
    let mut roles = Roles::new();
    let mut query = TaskQuery { limit: PAGE, ..TaskQuery::default() };
    while args.by.contains(&By::Role) {
        let page = view.tasks(&query)?;
        let Some(last) = page.last() else { break };
        query.past = Some(last.id);
        roles.extend(page.into_iter().filter_map(|row| Some((row.id, row.role?))));
    }
    Ok(roles)
}

impl LedgerArgs {
    fn wants(&self, known: &Ledger, under: Option<AccountId>, row: &Spending) -> bool {
        let is_under = under.is_none_or(|under| known.path(row.account).contains(&under));
        let date = day(row.day);
        let from = self.from.is_none_or(|from| from.to_string() <= date);
        let to = self.to.is_none_or(|to| date <= to.to_string());
        is_under && from && to
    }
}

/// A day as `2026-11-29`.
fn day(day: u32) -> String {
    let text = Timestamp(u64::from(day) * 86_400_000).to_string();
    text.split(' ').next().unwrap_or_default().to_owned()
}

type Sums = BTreeMap<Vec<Key>, Spend>;

fn print_json(args: &LedgerArgs, sums: &Sums) -> Result<(), Trouble> {
    let rows = sums.iter().map(|(keys, spend)| {
        let mut row = serde_json::Map::new();
        for (by, key) in args.by.iter().zip(keys) {
            let value = match key {
                Key::None => json!(null),
                Key::Number(number) => json!(number),
                Key::Text(text) => json!(text),
            };
            row.insert(by.name().to_owned(), value);
        }
        row.insert("spent".to_owned(), show::in_full(*spend));
        row
    });
    terminal::print_json(&rows.collect::<Vec<_>>())
}

fn print_csv(args: &LedgerArgs, sums: &Sums) -> Result<(), Trouble> {
    let mut lines = csv::Writer::from_writer(Vec::new());
    let heads = args.by.iter().map(|by| by.name()).chain(["nano_usd", "tokens", "requests"]);
    lines.write_record(heads).map_err(unwritable)?;
    for (keys, spend) in sums {
        let numbers = [spend.money.0, spend.tokens.0, spend.requests].map(|n| n.to_string());
        let keys = keys.iter().map(|key| harmless(key.shown()));
        lines.write_record(keys.chain(numbers)).map_err(unwritable)?;
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

fn print_table(args: &LedgerArgs, sums: &Sums) -> Result<(), Trouble> {
    if sums.is_empty() {
        terminal::note("nothing was spent, as far as these words go");
        return Ok(());
    }
    let heads: Vec<&str> =
        args.by.iter().map(|by| by.name()).chain(["money", "tokens", "requests"]).collect();
    let cells = |keys: Vec<String>, spend: Spend| {
        let numbers =
            [spend.money.to_string(), spend.tokens.to_string(), spend.requests.to_string()];
        keys.into_iter().chain(numbers).map(Cell::new).collect::<Vec<_>>()
    };
    let rows = sums.iter().map(|(keys, spend)| {
        let keys = keys.iter().map(|key| match key {
            Key::None => "(none)".to_owned(),
            key => key.shown(),
        });
        cells(keys.collect(), *spend)
    });
    let all = sums.values().fold(Spend::NONE, |sum, spend| sum + *spend);
    let mut names = vec![String::new(); args.by.len()];
    if let Some(first) = names.first_mut() {
        "all".clone_into(first);
    }
    terminal::print(&table(&heads, rows.chain([cells(names, all)])))
}
