//! What the ledger comes to, kept as rows: whoever opens the store folds only the events after
//! them, of which there are few. What an event does to the ledger is for `crates/ledger`, what was
//! spent on what for `spending`.
//!
//! The thread that writes folds each event as it records it, and puts what has changed into the
//! file once in many.

use std::collections::BTreeSet;
use std::path::Path;

use rusqlite::{Connection, OptionalExtension};
use serde::de::DeserializeOwned;
use tenfold_domain::{
    AccountBalance, AccountId, Balances, CommonBalances, Event, Fact, LedgerEvent, Seq,
};
use tenfold_ledger::Ledger;

use crate::StoreError;
use crate::error::Doing;
use crate::journal::{self, About, EventQuery, integer, number};
use crate::spending::{self, Spent};

/// How many events of the ledger come after the rows at most.
const EVENTS_AFTER: u32 = 4_096;

/// The ledger with an event of the journal, and all before.
#[derive(Debug, Default)]
pub(crate) struct Folded {
    pub(crate) ledger: Ledger,
    /// What was spent since the rows.
    pub(crate) spent: Spent,
    /// The accounts that are not as their rows say.
    changed: BTreeSet<AccountId>,
    /// Whether no row says what is so.
    is_anew: bool,
    seq: Seq,
    /// How many events of it came after the rows.
    after: u32,
}

impl Folded {
    /// From the first event of all.
    fn anew() -> Self {
        Self { is_anew: true, ..Self::default() }
    }

    fn evolve(&mut self, event: &Event) {
        self.seq = event.seq;
        let Fact::Ledger { event } = &event.fact else { return };
        self.spent.evolve(&self.ledger, event);
        self.touch(event);
        self.ledger.evolve(event);
        self.after = self.after.saturating_add(1);
        if let LedgerEvent::Balanced(_) = event {
            self.is_anew = true;
            // The events before may leave the journal, and the rows are to need none of them.
            self.after = EVENTS_AFTER;
        }
    }

    /// Notes which accounts an event changes.
    fn touch(&mut self, event: &LedgerEvent) {
        let ledger = &self.ledger;
        match event {
            LedgerEvent::Opened { account, .. }
            | LedgerEvent::Permitted { account, .. }
            | LedgerEvent::Renamed { account, .. }
            | LedgerEvent::Moved { account, .. }
            | LedgerEvent::Closed { account, .. } => {
                self.changed.insert(*account);
            }
            LedgerEvent::Reserved(held) => self.changed.extend(ledger.path(held.account)),
            LedgerEvent::Settled { reservation, .. }
            | LedgerEvent::Released { reservation, .. } => {
                let held = ledger.hold(*reservation);
                self.changed.extend(held.into_iter().flat_map(|held| ledger.path(held.account)));
            }
            LedgerEvent::Given { from, to, .. } => {
                self.changed.extend(from.iter().flat_map(|from| ledger.path(*from)));
                self.changed.extend(ledger.path(*to));
            }
            // Of an allowance it is all that is left; of a clock, what everybody has used.
            LedgerEvent::Withdrawn { .. } | LedgerEvent::ClockPutRight { .. } => {
                self.changed.extend(ledger.accounts());
            }
            LedgerEvent::Granted { .. }
            | LedgerEvent::Issued(_)
            | LedgerEvent::Revoked { .. }
            | LedgerEvent::Balanced(_) => {}
        }
    }

    /// Folds the events after it, up to this one.
    fn go_on(mut self, connection: &Connection, last: Seq) -> Result<Self, StoreError> {
        loop {
            let query = EventQuery { after: self.seq, ..About::Ledger.into() };
            let page = journal::page(connection, &query)?;
            let wanted = page.iter().take_while(|event| event.seq <= last);
            let folded = wanted.map(|event| self.evolve(event)).count();
            if folded == 0 || folded < page.len() {
                return Ok(self);
            }
        }
    }

    /// Puts what has changed into the file. What has no form there, for an account has spent more
    /// than an amount can say, is folded from the rows before for ever.
    fn save(&mut self, connection: &Connection) -> Result<(), StoreError> {
        self.after = 0;
        let changed: Vec<AccountId> = match self.is_anew {
            true => self.ledger.accounts().collect(),
            false => self.changed.iter().copied().collect(),
        };
        let row = |account| Some((account, self.ledger.balance(account)?));
        let Some(rows) = changed.into_iter().map(row).collect::<Option<Vec<_>>>() else {
            return Ok(());
        };
        let doing = "keeping the ledger's rows";
        if self.is_anew {
            connection.execute("DELETE FROM ledger_account", []).doing(connection, doing)?;
        }
        let sql = "INSERT OR REPLACE INTO ledger_account (account, body) VALUES (?1, ?2)";
        let mut insert = connection.prepare_cached(sql).doing(connection, doing)?;
        for (account, balance) in rows {
            insert.execute((account.0, text(&balance)?)).doing(connection, doing)?;
        }
        connection
            .prepare_cached("INSERT OR REPLACE INTO ledger_row (id, seq, body) VALUES (1, ?1, ?2)")
            .doing(connection, doing)?
            .execute((integer(self.seq.0), text(&self.ledger.common())?))
            .doing(connection, doing)?;
        self.spent.save(connection)?;
        self.changed.clear();
        self.is_anew = false;
        Ok(())
    }
}

fn text(row: &impl serde::Serialize) -> Result<String, StoreError> {
    serde_json::to_string(row).map_err(StoreError::unwritable)
}

/// The ledger as the thread that writes keeps it between two transactions; nothing before the
/// first event.
#[derive(Debug, Default)]
pub(crate) struct Kept(Option<Folded>);

impl Kept {
    /// Changes it by an event that was just recorded.
    pub(crate) fn apply(
        &mut self,
        connection: &Connection,
        event: &Event,
    ) -> Result<(), StoreError> {
        match &mut self.0 {
            Some(folded) => folded.evolve(event),
            // What is read has the event in it.
            None => self.0 = Some(folded(connection)?),
        }
        Ok(())
    }

    /// Puts it into the file, if that is due.
    pub(crate) fn file(&mut self, connection: &Connection) -> Result<(), StoreError> {
        match &mut self.0 {
            Some(folded) if folded.after >= EVENTS_AFTER => folded.save(connection),
            _ => Ok(()),
        }
    }
}

/// As [`View::ledger`](crate::View::ledger).
pub(crate) fn ledger(connection: &Connection) -> Result<Ledger, StoreError> {
    Ok(folded(connection)?.ledger)
}

/// As [`View::balances`](crate::View::balances).
pub(crate) fn balances(connection: &Connection) -> Result<Option<Balances>, StoreError> {
    let folded = folded(connection)?;
    let ledger = &folded.ledger;
    let accounts: Option<Vec<AccountBalance>> =
        ledger.accounts().map(|account| ledger.balance(account)).collect();
    let spending = spending::all(connection, &folded.spent)?;
    Ok(accounts.map(|accounts| Balances { accounts, common: ledger.common(), spending }))
}

/// The ledger with all that was recorded.
pub(crate) fn folded(connection: &Connection) -> Result<Folded, StoreError> {
    row(connection)?.go_on(connection, Seq(u64::MAX))
}

/// Makes the rows anew from the journal.
pub(crate) fn rebuild(connection: &Connection) -> Result<(), StoreError> {
    Folded::anew().go_on(connection, Seq(u64::MAX))?.save(connection)
}

/// Whether the rows are what the events up to them come to.
pub(crate) fn is_right(connection: &Connection) -> Result<bool, StoreError> {
    let row = row(connection)?;
    let right = Folded::anew().go_on(connection, row.seq)?;
    Ok(right.ledger == row.ledger && spending::is_right(connection, &right.spent)?)
}

/// The ledger as the file has it.
fn row(connection: &Connection) -> Result<Folded, StoreError> {
    let doing = "reading the ledger's rows";
    let common: Option<(Seq, String)> = connection
        .prepare_cached("SELECT seq, body FROM ledger_row")
        .and_then(|mut query| query.query_row([], |row| Ok((Seq(number(row, 0)?), row.get(1)?))))
        .optional()
        .doing(connection, doing)?;
    let Some((seq, body)) = common else { return Ok(Folded::anew()) };
    let common: CommonBalances = read(connection, &body)?;
    let mut accounts: Vec<AccountBalance> = Vec::new();
    let sql = "SELECT body FROM ledger_account ORDER BY account";
    let mut query = connection.prepare_cached(sql).doing(connection, doing)?;
    let mut rows = query.query([]).doing(connection, doing)?;
    while let Some(row) = rows.next().doing(connection, doing)? {
        let body: String = row.get(0).doing(connection, doing)?;
        accounts.push(read(connection, &body)?);
    }
    Ok(Folded { ledger: Ledger::restored(&accounts, &common), seq, ..Folded::default() })
}

fn read<T: DeserializeOwned>(connection: &Connection, body: &str) -> Result<T, StoreError> {
    serde_json::from_str(body).map_err(|error| StoreError::Corrupt {
        path: Path::new(connection.path().unwrap_or_default()).to_owned(),
        detail: format!("the ledger's rows do not read: {error}"),
    })
}
