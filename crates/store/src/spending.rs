//! What was spent on which day, by whom, on which model: rows for those who ask where the money
//! went. Settled bills are all that they are made of; what may still be spent is for the ledger.

use std::collections::BTreeMap;
use std::ops::AddAssign;

use rusqlite::{Connection, OptionalExtension, Row};
use tenfold_domain::{
    AccountId, Basis, Charge, Energy, LedgerEvent, NanoUsd, Spend, Spender, Spending, TaskId,
    TokenId, Tokens,
};
use tenfold_ledger::{Ledger, day};

use crate::StoreError;
use crate::error::Doing;
use crate::journal::{integer, number};

/// What a row is about: the day, the account, the spender, the model, and how the sum was known.
type Key = (u32, AccountId, Option<Spender>, String, Basis);

/// What it comes to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Sum {
    spend: Spend,
    energy: Energy,
}

impl AddAssign for Sum {
    fn add_assign(&mut self, other: Self) {
        self.spend += other.spend;
        self.energy += other.energy;
    }
}

/// What was spent since the rows were filed.
#[derive(Debug, Default)]
pub(crate) struct Spent {
    sums: BTreeMap<Key, Sum>,
    /// Whether what is filed is not so.
    is_anew: bool,
}

impl Spent {
    /// Takes up an event, before the ledger does: it knows whose reservation ends.
    pub(crate) fn evolve(&mut self, ledger: &Ledger, event: &LedgerEvent) {
        match event {
            LedgerEvent::Settled { reservation, bill, .. } => {
                let Some(held) = ledger.hold(*reservation) else { return };
                for Charge { model, spend, basis, energy } in bill {
                    let key = (day(held.at), held.account, held.spender, model.clone(), *basis);
                    let sum = Sum { spend: *spend, energy: *energy };
                    *self.sums.entry(key).or_default() += sum;
                }
            }
            LedgerEvent::Balanced(balances) => {
                self.sums.clear();
                self.is_anew = true;
                for Spending { day, account, spender, charge } in &balances.spending {
                    let key = (*day, *account, *spender, charge.model.clone(), charge.basis);
                    let sum = Sum { spend: charge.spend, energy: charge.energy };
                    *self.sums.entry(key).or_default() += sum;
                }
            }
            _ => {}
        }
    }

    /// Puts it into the file, where it joins what is there.
    pub(crate) fn save(&mut self, connection: &Connection) -> Result<(), StoreError> {
        let doing = "keeping what was spent";
        if std::mem::take(&mut self.is_anew) {
            connection.execute("DELETE FROM spending", []).doing(connection, doing)?;
        }
        let sql = "INSERT OR REPLACE INTO spending
                   (day, account, task, token, model, basis, money_nusd, tokens, requests,
                    energy_mj, energy_is_estimate)
                   VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)";
        let mut insert = connection.prepare_cached(sql).doing(connection, doing)?;
        for (key, more) in std::mem::take(&mut self.sums) {
            let mut sum = filed(connection, &key)?;
            sum += more;
            let (day, account, spender, model, basis) = &key;
            let (task, token) = columns(*spender);
            let Sum { spend, energy } = sum;
            let (money, tokens) = (integer(spend.money.0), integer(spend.tokens.0));
            let requests = integer(spend.requests);
            insert
                .execute((
                    day,
                    account.0,
                    task,
                    token,
                    model,
                    basis.name(),
                    money,
                    tokens,
                    requests,
                    integer(energy.mj),
                    energy.is_estimate,
                ))
                .doing(connection, doing)?;
        }
        Ok(())
    }
}

/// The two columns of a spender; zeros for nobody.
fn columns(spender: Option<Spender>) -> (i64, u32) {
    match spender {
        None => (0, 0),
        Some(Spender::Task(task)) => (integer(task.number()), 0),
        Some(Spender::Token(token)) => (0, token.0),
    }
}

/// What a row says; nothing if there is none.
fn filed(connection: &Connection, key: &Key) -> Result<Sum, StoreError> {
    let doing = "reading what was spent";
    let sql = "SELECT money_nusd, tokens, requests, energy_mj, energy_is_estimate FROM spending
               WHERE day = ?1 AND account = ?2 AND task = ?3 AND token = ?4 AND model = ?5
               AND basis = ?6";
    let (day, account, spender, model, basis) = key;
    let (task, token) = columns(*spender);
    connection
        .prepare_cached(sql)
        .and_then(|mut query| {
            let of = (day, account.0, task, token, model, basis.name());
            query.query_row(of, |row| sum(row, 0)).optional()
        })
        .doing(connection, doing)
        .map(Option::unwrap_or_default)
}

fn sum(row: &Row<'_>, column: usize) -> rusqlite::Result<Sum> {
    let spend = Spend {
        money: NanoUsd(number(row, column)?),
        tokens: Tokens(number(row, column + 1)?),
        requests: number(row, column + 2)?,
    };
    let energy = Energy { mj: number(row, column + 3)?, is_estimate: row.get(column + 4)? };
    Ok(Sum { spend, energy })
}

/// All that was spent, with what is not filed yet, by day.
pub(crate) fn all(connection: &Connection, spent: &Spent) -> Result<Vec<Spending>, StoreError> {
    let mut sums = match spent.is_anew {
        true => BTreeMap::new(),
        false => rows(connection)?,
    };
    for (key, sum) in &spent.sums {
        *sums.entry(key.clone()).or_default() += *sum;
    }
    let spending = |((day, account, spender, model, basis), sum): (Key, Sum)| Spending {
        day,
        account,
        spender,
        charge: Charge { model, spend: sum.spend, basis, energy: sum.energy },
    };
    Ok(sums.into_iter().map(spending).collect())
}

/// Whether the rows are what it comes to, from the first event on.
pub(crate) fn is_right(connection: &Connection, spent: &Spent) -> Result<bool, StoreError> {
    Ok(rows(connection)? == spent.sums)
}

fn rows(connection: &Connection) -> Result<BTreeMap<Key, Sum>, StoreError> {
    let doing = "reading what was spent";
    let sql = "SELECT day, account, task, token, model, basis, money_nusd, tokens, requests,
               energy_mj, energy_is_estimate FROM spending";
    let mut query = connection.prepare_cached(sql).doing(connection, doing)?;
    let row = |row: &Row<'_>| {
        let (task, token): (u64, u32) = (number(row, 2)?, row.get(3)?);
        let task = TaskId::new(task).map(Spender::Task);
        let spender = task.or((token > 0).then_some(Spender::Token(TokenId(token))));
        let basis = Basis::of(&row.get::<_, String>(5)?).unwrap_or_default();
        Ok(((row.get(0)?, AccountId(row.get(1)?), spender, row.get(4)?, basis), sum(row, 6)?))
    };
    let found = query.query_map([], row).and_then(Iterator::collect);
    found.doing(connection, doing)
}
