//! Where the money went, by account, model, role, task, access token, day or how it was known.

use std::collections::BTreeMap;
use std::str::FromStr;

use jiff::civil::Date;
use serde::Serialize;
use tenfold_domain::{AccountId, Energy, Spend, Spender, Spending, TaskId, Timestamp};
use tenfold_ledger::Ledger;
use tenfold_store::{TaskQuery, View};
use utoipa::ToSchema;

use crate::account::{self, Spent};
use crate::{DeskError, House};

/// How many tasks are read at a time.
const PAGE: u32 = 10_000;

/// What spending is added up by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum By {
    /// Who paid.
    Account,
    /// What was asked.
    Model,
    /// The kind of coworker.
    Role,
    /// What it was for.
    Task,
    /// The program that spent it.
    Token,
    /// When, in UTC.
    Day,
    /// How it was known: by an answer's word, by a count of our own, or by a bound alone.
    Basis,
}

impl By {
    /// All that there are.
    pub const ALL: [Self; 7] =
        [Self::Account, Self::Model, Self::Role, Self::Task, Self::Token, Self::Day, Self::Basis];

    /// What it is called, in JSON too.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Account => "account",
            Self::Model => "model",
            Self::Role => "role",
            Self::Task => "task",
            Self::Token => "token",
            Self::Day => "day",
            Self::Basis => "basis",
        }
    }

    /// What of a row is looked at.
    fn of(self, known: &Ledger, roles: &Roles, row: &Spending) -> Key {
        match (self, row.spender) {
            (Self::Account, _) => Key::Text(known.shown(row.account)),
            (Self::Model, _) => Key::Text(row.charge.model.clone()),
            (Self::Day, _) => Key::Text(day(row.day)),
            (Self::Basis, _) => Key::Text(row.charge.basis.name().to_owned()),
            (Self::Role, Some(Spender::Task(task))) => {
                roles.get(&task).map_or(Key::None, |role| Key::Text(role.clone()))
            }
            (Self::Task, Some(Spender::Task(task))) => Key::Number(task.number()),
            (Self::Token, Some(Spender::Token(token))) => Key::Number(token.0.into()),
            (Self::Role | Self::Task | Self::Token, _) => Key::None,
        }
    }
}

impl FromStr for By {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let named = Self::ALL.into_iter().find(|by| by.name() == text);
        named.ok_or_else(|| format!("spending is not added up by '{text}'"))
    }
}

/// What a sum is about, in the order of its kind.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, ToSchema)]
#[serde(untagged)]
pub enum Key {
    /// Nothing of that.
    None,
    /// A task or a token.
    Number(u64),
    /// Anything else, by its name.
    Text(String),
}

/// What is added up.
#[derive(Debug, Clone, Default)]
pub struct SpendingTerms {
    /// By what; the first is the coarsest.
    pub by: Vec<By>,
    /// Only what this account and those below it spent.
    pub under: Option<AccountId>,
    /// Only from this day on, in UTC.
    pub from: Option<Date>,
    /// Only up to this day, it too.
    pub to: Option<Date>,
}

impl SpendingTerms {
    /// Only from a day to another, each as it is written, where one is.
    ///
    /// # Errors
    /// If one is none.
    pub fn between(self, from: Option<&str>, to: Option<&str>) -> Result<Self, DeskError> {
        let read = |text: &str| {
            let wrong = || DeskError::usage(format!("'{text}' is no day: 2026-11-30 is one"));
            text.parse::<Date>().map_err(|_| wrong())
        };
        let day = |text: Option<&str>| text.filter(|text| !text.is_empty()).map(read).transpose();
        Ok(Self { from: day(from)?, to: day(to)?, ..self })
    }
}

/// What was spent on something.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct SpendingRow {
    /// On what, by the name of each thing that is added up by.
    #[serde(flatten)]
    pub of: BTreeMap<String, Key>,
    /// How much.
    pub spent: Spent,
    /// What it took of this machine's energy, in millijoules; nothing for models elsewhere.
    pub energy_mj: u64,
    /// Whether any of that was not measured, but is what the machine is said to draw.
    pub energy_is_estimate: bool,
}

impl SpendingRow {
    /// What it took of this machine's energy.
    pub fn energy(&self) -> Energy {
        Energy { mj: self.energy_mj, is_estimate: self.energy_is_estimate }
    }
}

/// Where the money went, in the order of what it is added up by.
///
/// # Errors
/// If the store is there and can't be read, or there is no such account.
pub fn spending(
    house: &House,
    known: &Ledger,
    terms: &SpendingTerms,
) -> Result<Vec<SpendingRow>, DeskError> {
    if let Some(under) = terms.under.filter(|under| known.path(*under).is_empty()) {
        return Err(account::none(&format!("there is no account #{}", under.0)));
    }
    let Some(reader) = house.reader()? else { return Ok(Vec::new()) };
    let view = reader.view()?;
    let roles = roles(&terms.by, &view)?;
    let mut sums: BTreeMap<Vec<Key>, (Spend, Energy)> = BTreeMap::new();
    for row in view.spending()?.iter().filter(|row| terms.wants(known, row)) {
        let keys = terms.by.iter().map(|by| by.of(known, &roles, row)).collect();
        let (spend, energy) = sums.entry(keys).or_default();
        *spend += row.charge.spend;
        *energy += row.charge.energy;
    }
    let row = |(keys, (spend, energy)): (Vec<Key>, (Spend, Energy))| {
        let of = terms.by.iter().zip(keys).map(|(by, key)| (by.name().to_owned(), key));
        let Energy { mj: energy_mj, is_estimate: energy_is_estimate } = energy;
        SpendingRow { of: of.collect(), spent: spend.into(), energy_mj, energy_is_estimate }
    };
    Ok(sums.into_iter().map(row).collect())
}

/// The roles that tasks were worked in, of those that had one.
type Roles = BTreeMap<TaskId, String>;

/// Those of all tasks, if that is asked for.
fn roles(by: &[By], view: &View) -> Result<Roles, DeskError> {
    let mut roles = Roles::new();
    let mut query = TaskQuery { limit: PAGE, ..TaskQuery::default() };
    while by.contains(&By::Role) {
        let page = view.tasks(&query)?;
        let Some(last) = page.last() else { break };
        query.past = Some(last.id);
        roles.extend(page.into_iter().filter_map(|row| Some((row.id, row.role?))));
    }
    Ok(roles)
}

impl SpendingTerms {
    fn wants(&self, known: &Ledger, row: &Spending) -> bool {
        let is_under = self.under.is_none_or(|under| known.path(row.account).contains(&under));
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_names_what_it_is_about_and_nothing_is_null() {
        let of = [("role".to_owned(), Key::None), ("task".to_owned(), Key::Number(3))];
        let (spent, energy_is_estimate) = (Spend::NONE.into(), true);
        let row = SpendingRow { of: of.into(), spent, energy_mj: 7, energy_is_estimate };
        let json = serde_json::to_string(&row).unwrap();
        let spent = r#""spent":{"nano_usd":0,"tokens":0,"requests":0}"#;
        let energy = r#""energy_mj":7,"energy_is_estimate":true"#;
        assert_eq!(json, format!(r#"{{"role":null,"task":3,{spent},{energy}}}"#));
        assert_eq!(day(20_786), "2026-11-29");
        assert!(By::ALL.iter().all(|by| by.name().parse() == Ok(*by)));
    }
}
