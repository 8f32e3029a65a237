//! Reading all of a store to see whether it is sound: the file itself, the chain of checksums
//! through the journal, and what is listed against what the journal says. Nothing here writes.

use std::collections::BTreeMap;
use std::path::Path;

use rusqlite::Connection;
use serde::Serialize;
use tenfold_domain::{Fact, JournalEvent, Seq};

use crate::chain::Checksum;
use crate::connection::open_for_reading;
use crate::error::Doing;
use crate::fold::TaskFold;
use crate::head::{Head, HeadFile};
use crate::journal::{ALL_ROWS, About, Linked};
use crate::{StoreError, View, balances, columns, compact, journal, project};

/// What is in a store that was found sound.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Sound {
    /// How many events there are.
    pub events: u64,
    /// How many were taken out of the journal, and are in files beside it.
    pub dropped: u64,
    /// How many tasks.
    pub tasks: u64,
    /// How many attempts.
    pub attempts: u64,
}

impl View {
    /// Reads the whole file and checks that it holds together; takes long if it is large.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] says what was found first.
    pub fn verify(&self) -> Result<(), StoreError> {
        let found: String = self
            .connection()
            .query_row("PRAGMA integrity_check(1)", [], |row| row.get(0))
            .doing(self.connection(), "checking the store")?;
        match found.as_str() {
            "ok" => Ok(()),
            _ => Err(self.corrupt(found)),
        }
    }

    /// As [`View::verify`], and that every event is the one that was recorded, can be read, and
    /// is in what is listed. Takes some microseconds for each event.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`], [`StoreError::Behind`], [`StoreError::Unreadable`] or
    /// [`StoreError::NewerEvent`]: what was found first. If it is [`StoreError::Unequal`], only
    /// what is listed is wrong, and [`Store::rebuild`](crate::Store::rebuild) mends it.
    pub fn check(&self) -> Result<Sound, StoreError> {
        self.verify()?;
        let (newest, dropped) = self.chain()?;
        if let Some(known) = HeadFile::read(self.path())? {
            // It may be of a moment after this view's.
            expect(&open_for_reading(self.path())?, self.path(), known)?;
        }
        let mut sound = Sound { events: newest.0 - dropped, dropped, ..Sound::default() };
        self.lists(&mut sound)?;
        Ok(sound)
    }

    /// Every event follows the one before, or those that were taken out, and has its checksum.
    /// Returns the newest, and how many were taken out.
    pub(crate) fn chain(&self) -> Result<(Seq, u64), StoreError> {
        let (mut before, mut seq, mut gone) = (Checksum::default(), 0, 0);
        journal::each_row(
            self.connection(),
            (ALL_ROWS, &[]),
            |Linked { row, checksum, bridge }| {
                let missing = row.seq - seq - 1;
                if missing > 0 {
                    let lost = || self.corrupt(format!("event {} is missing", seq + 1));
                    before = bridge.ok_or_else(lost)?;
                    gone += missing.unsigned_abs();
                }
                seq = row.seq;
                before = before.then(row);
                if before != *checksum {
                    let detail = format!("event {seq} is not the one that was recorded");
                    return Err(self.corrupt(detail));
                }
                Ok(true)
            },
        )?;
        let dropped = self.dropped()?;
        match gone == dropped {
            true => Ok((Seq(seq.unsigned_abs()), dropped)),
            false => {
                let detail = format!("{gone} events are not there, and {dropped} were taken out");
                Err(self.corrupt(detail))
            }
        }
    }

    /// How many events were taken out of the journal, by what it says.
    fn dropped(&self) -> Result<u64, StoreError> {
        let mut dropped = 0;
        for event in self.each_event(About::Journal.into()) {
            if let Fact::Journal { event: JournalEvent::Dropped { events, .. } } = event?.fact {
                dropped += events;
            }
        }
        Ok(dropped)
    }

    /// Reads the files of what was taken out of the journal; returns the names of those that are
    /// gone, or are not what they were. Nothing else depends on them.
    ///
    /// # Errors
    /// [`StoreError::Io`] if one can't be read; as for [`View::events`].
    pub fn missing_exports(&self) -> Result<Vec<String>, StoreError> {
        let folder = compact::folder(self.path());
        let mut missing = Vec::new();
        for event in self.each_event(About::Journal.into()) {
            if let Fact::Journal { event: JournalEvent::Dropped { export, .. } } = event?.fact
                && !compact::is_there(&folder, &export)?
            {
                missing.push(export.name);
            }
        }
        Ok(missing)
    }

    /// What is listed is what the journal comes to.
    fn lists(&self, sound: &mut Sound) -> Result<(), StoreError> {
        let mut fold = TaskFold::default();
        journal::each_by_task(self.connection(), |event| {
            let before = fold.task.as_ref().map(|row| row.id);
            if before.is_some() && before != event.fact.task() {
                self.is_listed(&std::mem::take(&mut fold), sound)?;
            }
            fold.evolve(&event);
            Ok(())
        })?;
        self.is_listed(&fold, sound)?;
        let listed = project::count(self.connection())?;
        if listed != (sound.tasks, sound.attempts) {
            return Err(self.unequal("more is listed than was recorded".to_owned()));
        }
        if let Some(detail) = columns::miscounted(self.connection())? {
            return Err(self.unequal(detail));
        }
        match balances::is_right(self.connection())? {
            true => Ok(()),
            false => Err(self.unequal("the ledger is kept otherwise".to_owned())),
        }
    }

    fn is_listed(&self, fold: &TaskFold, sound: &mut Sound) -> Result<(), StoreError> {
        let Some(task) = &fold.task else { return Ok(()) };
        sound.tasks += 1;
        sound.attempts += fold.attempts.len() as u64;
        let attempts = project::attempts(self.connection(), task.id)?;
        let attempts: BTreeMap<u32, _> =
            attempts.into_iter().map(|row| (row.id.number, row)).collect();
        let listed = project::task(self.connection(), task.id)?;
        let is_right = listed.as_ref() == Some(task)
            && attempts == fold.attempts
            && columns::are_right(self.connection(), task)?;
        match is_right {
            true => Ok(()),
            false => Err(self.unequal(format!("task {} is listed otherwise", task.id))),
        }
    }

    fn corrupt(&self, detail: String) -> StoreError {
        StoreError::Corrupt { path: self.path().to_owned(), detail }
    }

    fn unequal(&self, detail: String) -> StoreError {
        StoreError::Unequal { path: self.path().to_owned(), detail }
    }
}

/// Refuses a journal that ends before what was recorded last, or in another way.
pub(crate) fn expect(connection: &Connection, path: &Path, known: Head) -> Result<(), StoreError> {
    if known.seq == Seq(0) {
        return Ok(());
    }
    let path = path.to_owned();
    match journal::checksum_of(connection, known.seq)? {
        Some(checksum) if checksum == known.checksum => Ok(()),
        Some(_) => {
            let detail = format!("event {} is not the one that was recorded", known.seq.0);
            Err(StoreError::Corrupt { path, detail })
        }
        None => {
            let (newest, _) = journal::newest(connection)?;
            Err(StoreError::Behind { path, found: newest.seq, recorded: known.seq })
        }
    }
}
