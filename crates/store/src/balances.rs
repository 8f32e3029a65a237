//! What the ledger comes to, kept as a row: whoever opens the store folds only the events after
//! it, of which there are few. What an event does to the ledger is for `crates/ledger`.
//!
//! The thread that writes folds each event as it records it, and puts the row into the file once
//! in many, for a row holds all accounts and all that is set aside.

use std::path::Path;

use rusqlite::{Connection, OptionalExtension};
use tenfold_domain::{Balances, Event, Fact, LedgerEvent, Seq};
use tenfold_ledger::Ledger;

use crate::StoreError;
use crate::error::Doing;
use crate::journal::{self, About, EventQuery, integer, number};

/// How many events of the ledger come after the row at most.
const EVENTS_AFTER: u32 = 4_096;

/// The ledger with an event of the journal, and all before.
#[derive(Debug, Default)]
struct Folded {
    ledger: Ledger,
    seq: Seq,
    /// How many events of it came after the row.
    after: u32,
}

impl Folded {
    fn evolve(&mut self, event: &Event) {
        self.seq = event.seq;
        let Fact::Ledger { event } = &event.fact else { return };
        self.ledger.evolve(event);
        self.after = match event {
            // The events before may leave the journal, and the row is to need none of them.
            LedgerEvent::Balanced(_) => EVENTS_AFTER,
            _ => self.after.saturating_add(1),
        };
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

    /// Puts it into the file. What has no form there, for an account has spent more than an amount
    /// can say, is folded from the row before for ever.
    fn save(&mut self, connection: &Connection) -> Result<(), StoreError> {
        self.after = 0;
        let Some(balances) = self.ledger.balances() else { return Ok(()) };
        let body = serde_json::to_string(&balances).map_err(StoreError::unwritable)?;
        connection
            .prepare_cached("INSERT OR REPLACE INTO ledger_row (id, seq, body) VALUES (1, ?1, ?2)")
            .and_then(|mut insert| insert.execute((integer(self.seq.0), body)))
            .doing(connection, "keeping the ledger's row")
            .map(|_| ())
    }
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

fn folded(connection: &Connection) -> Result<Folded, StoreError> {
    row(connection)?.go_on(connection, Seq(u64::MAX))
}

/// Makes the row anew from the journal.
pub(crate) fn rebuild(connection: &Connection) -> Result<(), StoreError> {
    Folded::default().go_on(connection, Seq(u64::MAX))?.save(connection)
}

/// Whether the row is what the events up to it come to.
pub(crate) fn is_right(connection: &Connection) -> Result<bool, StoreError> {
    let row = row(connection)?;
    Ok(Folded::default().go_on(connection, row.seq)?.ledger == row.ledger)
}

/// The ledger as the file has it.
fn row(connection: &Connection) -> Result<Folded, StoreError> {
    let row: Option<(Seq, String)> = connection
        .prepare_cached("SELECT seq, body FROM ledger_row")
        .and_then(|mut query| query.query_row([], |row| Ok((Seq(number(row, 0)?), row.get(1)?))))
        .optional()
        .doing(connection, "reading the ledger's row")?;
    let Some((seq, body)) = row else { return Ok(Folded::default()) };
    let balances: Balances = serde_json::from_str(&body).map_err(|error| StoreError::Corrupt {
        path: Path::new(connection.path().unwrap_or_default()).to_owned(),
        detail: format!("the ledger's row does not read: {error}"),
    })?;
    let ledger = Ledger::replay(&[LedgerEvent::Balanced(balances)]);
    Ok(Folded { ledger, seq, after: 0 })
}
