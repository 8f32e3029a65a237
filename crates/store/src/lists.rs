//! The rows of the tasks that are at work, as the thread that writes keeps them between two
//! transactions: an event changes them here, and each is put into the file once a transaction,
//! however many events changed it. The ledger is kept with them.
//!
//! What the file has is never asked for again: nobody else writes to it, or this engine is
//! fenced off.

use std::collections::hash_map::Entry;
use std::collections::{BTreeSet, HashMap};

use rusqlite::Connection;
use tenfold_domain::{AttemptId, Event, Fact, TaskId};

use crate::balances::Kept;
use crate::fold::TaskFold;
use crate::{StoreError, project};

/// How many tasks are kept from one transaction to the next.
const TASKS_KEPT: usize = 16_384;

/// A task's rows.
#[derive(Debug, Clone, Default)]
struct Rows {
    /// As they are now. Of the attempts only those that events were about.
    now: TaskFold,
    /// As the file has them.
    filed: TaskFold,
}

/// The rows, and what of them the file does not have yet.
#[derive(Debug, Default)]
pub(crate) struct Lists {
    tasks: HashMap<TaskId, Rows>,
    changed: BTreeSet<TaskId>,
    ledger: Kept,
}

impl Lists {
    /// Changes the rows by an event that was just recorded.
    pub(crate) fn apply(
        &mut self,
        connection: &Connection,
        event: &Event,
    ) -> Result<(), StoreError> {
        match &event.fact {
            Fact::Repository { workspace, event } => {
                return project::approve(connection, workspace, event);
            }
            Fact::Ledger { .. } => return self.ledger.apply(connection, event),
            _ => {}
        }
        let Some(task) = event.fact.task() else { return Ok(()) };
        let rows = match self.tasks.entry(task) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(place) => {
                let fold =
                    TaskFold { task: project::task(connection, task)?, ..TaskFold::default() };
                place.insert(Rows { now: fold.clone(), filed: fold })
            }
        };
        if let Some(attempt) = event.fact.attempt() {
            rows.know(connection, attempt)?;
        }
        rows.now.evolve(event);
        self.changed.insert(task);
        Ok(())
    }

    /// Puts all that has changed into the file.
    pub(crate) fn file(&mut self, connection: &Connection) -> Result<(), StoreError> {
        while let Some(task) = self.changed.first() {
            if let Some(rows) = self.tasks.get_mut(task) {
                project::save(connection, &rows.now, &rows.filed)?;
                rows.filed.clone_from(&rows.now);
            }
            self.changed.pop_first();
        }
        self.ledger.file(connection)
    }

    /// The transaction has ended well: the file has all of it.
    pub(crate) fn committed(&mut self) {
        if self.tasks.len() > TASKS_KEPT {
            self.tasks.clear();
        }
    }

    /// What is kept here is not what the file has any more.
    pub(crate) fn forget(&mut self) {
        *self = Self::default();
    }
}

impl Rows {
    /// Reads an attempt's row, if it has not been read.
    fn know(&mut self, connection: &Connection, attempt: AttemptId) -> Result<(), StoreError> {
        if self.now.attempts.contains_key(&attempt.number) {
            return Ok(());
        }
        if let Some(row) = project::attempt(connection, attempt)? {
            self.filed.attempts.insert(attempt.number, row.clone());
            self.now.attempts.insert(attempt.number, row);
        }
        Ok(())
    }
}
