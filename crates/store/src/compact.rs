//! Taking out of the journal what hardly anybody reads again, so that it does not grow for ever.
//!
//! First a file gets all of it, and is on the disk under its name; then one transaction takes it
//! out, bridges the chain of checksums over the gaps, and records what went where and what it came
//! to; then the store's file is made smaller. Whoever is killed in between has the one or the
//! other. What may go is for others to say.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Read, Write};
use std::path::{Path, PathBuf};

use flate2::Compression;
use flate2::write::GzEncoder;
use jiff::Timestamp as Moment;
use rusqlite::{Connection, ToSql};
use serde::Serialize;
use sha2::{Digest, Sha256};
use tenfold_domain::{
    AttemptEvent, AttemptId, Bytes, Export, Fact, JournalEvent, LedgerEvent, Seq, Timestamp,
    Worked, hex,
};

use crate::chain::Row;
use crate::connection::{make_private_folder, open_for_writing, private};
use crate::error::Doing;
use crate::journal::{self, Linked, integer};
use crate::rows::AttemptRow;
use crate::wait::wait;
use crate::{Store, StoreError, View};

/// The folder of what was taken out, beside the store.
const FOLDER: &str = "dropped";

/// The steps of an attempt and what its machine made of them: all but what is listed of it, said
/// to the person or by them, or proposed.
const STEPS: &str = "FROM event WHERE task = ?1 AND attempt = ?2 AND seq < ?3 AND (noun IN \
                     ('step', 'policy', 'egress') OR noun = 'attempt' AND event = 'advanced')";

/// Old calls in the ledger. What people decided stays, to be looked up.
const LEDGER: &str = "FROM event WHERE task IS NULL AND noun = 'ledger' AND at_ms < ?1 AND \
                      seq < ?2 AND event IN ('reserved', 'settled', 'released', 'balanced')";

/// What is to be taken out of the journal.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Compaction {
    /// When that is; the file is named by the day.
    pub at: Timestamp,
    /// The steps of these attempts, which have ended and are not gone on with.
    pub attempts: Vec<AttemptId>,
    /// The events of the ledger before this moment; and what they, and all after, come to.
    pub ledger: Option<(Timestamp, LedgerEvent)>,
}

/// What was taken out of the journal, or would be.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Compacted {
    /// Of how many attempts.
    pub attempts: u64,
    /// How many events, those of the ledger included.
    pub events: u64,
    /// How many bytes these have, before anything is compressed.
    pub bytes: Bytes,
    /// The file that has them; none if there was nothing to take out.
    pub export: Option<PathBuf>,
    /// How large the store's file was, and is.
    pub before: Bytes,
    /// See `before`.
    pub after: Bytes,
    /// Why the file could not be made smaller; what was taken out leaves room in it then.
    pub not_smaller: Option<String>,
}

/// What is found to be taken out.
#[derive(Default)]
struct Found {
    /// The places of the events.
    places: Vec<i64>,
    /// How many of each attempt.
    of: Vec<(AttemptRow, u64)>,
    of_ledger: u64,
    bytes: u64,
}

impl View {
    /// What [`Store::compact`] would take out. Nothing is changed.
    ///
    /// # Errors
    /// Only those of every method.
    pub fn would_compact(&self, what: &Compaction) -> Result<Compacted, StoreError> {
        let found = self.find(what, |_| Ok(()))?;
        let size = size(self.path())?;
        Ok(Compacted { before: size, after: size, ..found.counted() })
    }

    /// Looks for what is to be taken out; each row is handed to `take`.
    fn find(
        &self,
        what: &Compaction,
        mut take: impl FnMut(&Linked<'_>) -> Result<(), StoreError>,
    ) -> Result<Found, StoreError> {
        // The newest event stays: it is what the head beside the store has.
        let newest = integer(self.newest()?.0);
        let mut found = Found::default();
        for id in &what.attempts {
            let Some(row) = self.attempt(*id)?.filter(|row| row.ended.is_some()) else { continue };
            let (task, attempt) = (integer(id.task.number()), i64::from(id.number));
            let count = self.collect(&mut found, STEPS, &[&task, &attempt, &newest], &mut take)?;
            if count > 0 {
                found.of.push((row, count));
            }
        }
        if let Some((before, _)) = &what.ledger {
            let before = integer(before.0);
            found.of_ledger = self.collect(&mut found, LEDGER, &[&before, &newest], &mut take)?;
        }
        found.places.sort_unstable();
        Ok(found)
    }

    fn collect(
        &self,
        found: &mut Found,
        which: &str,
        parameters: &[&dyn ToSql],
        take: &mut impl FnMut(&Linked<'_>) -> Result<(), StoreError>,
    ) -> Result<u64, StoreError> {
        let before = found.places.len();
        let all = journal::ALL_ROWS.replace("FROM event", which);
        journal::each_row(self.connection(), (&all, parameters), |linked| {
            take(linked)?;
            found.places.push(linked.row.seq);
            found.bytes += linked.row.body.len() as u64;
            Ok(true)
        })?;
        Ok((found.places.len() - before) as u64)
    }
}

impl Found {
    fn counted(&self) -> Compacted {
        Compacted {
            attempts: self.of.len() as u64,
            events: self.places.len() as u64,
            bytes: Bytes(self.bytes),
            ..Compacted::default()
        }
    }

    /// What is recorded of it.
    fn facts(&self, export: &Export, balances: Option<LedgerEvent>) -> Vec<Fact> {
        let mut facts = Vec::new();
        for (row, events) in &self.of {
            let AttemptRow { id, usage, cost, wall, energy, seen_at, steps, checks, .. } =
                row.clone();
            let was = Worked { usage, cost, wall, energy, seen_at, steps, checks };
            let (attempt, events, export) = (id, *events, export.clone());
            let event = AttemptEvent::StepsDropped { events, export, was };
            facts.push(Fact::Attempt { attempt, event });
        }
        let balances = balances.filter(|_| self.of_ledger > 0);
        facts.extend(balances.map(|event| Fact::Ledger { event }));
        let (events, export) = (self.places.len() as u64, export.clone());
        facts.push(Fact::Journal { event: JournalEvent::Dropped { events, export } });
        facts
    }
}

impl Store {
    /// Takes events out of the journal once a file beside it has them, and makes the store's file
    /// smaller. Nobody else may write to it meanwhile. `hear` is called after each step that a
    /// killed process would leave for good.
    ///
    /// # Errors
    /// [`StoreError::TooLittleRoom`], [`StoreError::DiskFull`] and the like: all is in the journal
    /// then.
    pub fn compact(
        self,
        what: Compaction,
        hear: &mut dyn FnMut(),
    ) -> Result<Compacted, StoreError> {
        let path = self.path().to_owned();
        let before = size(&path)?;
        let view = self.view()?;
        let newest = view.newest()?;
        let would = view.would_compact(&what)?;
        if would.events == 0 {
            return Ok(Compacted { before, after: before, ..would });
        }
        // The file, and the store once more and what SQLite writes before it takes its place.
        has_room(&path, Bytes(would.bytes.0 + 2 * before.0))?;
        let mut file = ExportFile::begin(&path, newest)?;
        let found = view.find(&what, |linked| file.write(linked))?;
        drop(view);
        let export = file.end(what.at, hear)?;
        let facts = found.facts(&export, what.ledger.map(|(_, balances)| balances));
        let mut compacted = found.counted();
        let places = found.places;
        wait(self.take_out(newest, places, facts))?;
        hear();
        drop(self);
        compacted.before = before;
        compacted.export = Some(folder(&path).join(export.name));
        compacted.not_smaller = make_smaller(&path).err().map(|why| why.to_string());
        hear();
        compacted.after = size(&path)?;
        Ok(compacted)
    }
}

/// Removes the events at these places, in their order, and bridges the gaps.
pub(crate) fn remove(connection: &Connection, places: &[i64]) -> Result<(), StoreError> {
    let doing = "taking events out of the journal";
    for run in places.chunk_by(|one, next| one + 1 == *next) {
        let (Some(first), Some(last)) = (run.first(), run.last()) else { continue };
        connection
            .prepare_cached(
                "UPDATE event SET bridge = (SELECT checksum FROM event WHERE seq = ?1)
                 WHERE seq = ?1 + 1",
            )
            .and_then(|mut bridge| bridge.execute([last]))
            .doing(connection, doing)?;
        connection
            .prepare_cached("DELETE FROM event WHERE seq BETWEEN ?1 AND ?2")
            .and_then(|mut delete| delete.execute([first, last]))
            .doing(connection, doing)?;
    }
    Ok(())
}

/// Gives the room within the file back to the disk.
fn make_smaller(path: &Path) -> Result<(), StoreError> {
    let connection = open_for_writing(path)?;
    connection.execute_batch("VACUUM").doing(&connection, "making the store smaller")
}

/// Where the files of what was taken out of a store are.
pub(crate) fn folder(store: &Path) -> PathBuf {
    store.with_file_name(FOLDER)
}

/// How large the store's file is.
fn size(path: &Path) -> Result<Bytes, StoreError> {
    let found = fs::metadata(path).map_err(|error| StoreError::io("reading", path, error))?;
    Ok(Bytes(found.len()))
}

fn has_room(path: &Path, wanted: Bytes) -> Result<(), StoreError> {
    let found = rustix::fs::statvfs(path)
        .map_err(|error| StoreError::io("asking for the room beside", path, error.into()))?;
    let free = Bytes(found.f_bavail.saturating_mul(found.f_frsize));
    match free >= wanted {
        true => Ok(()),
        false => Err(StoreError::TooLittleRoom { path: path.to_owned(), free, wanted }),
    }
}

/// Whether a file of what was taken out is there and is what it was.
pub(crate) fn is_there(folder: &Path, export: &Export) -> Result<bool, StoreError> {
    let path = folder.join(&export.name);
    let failed = |error| StoreError::io("reading", &path, error);
    let mut file = match File::open(&path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
        opened => opened.map_err(failed)?,
    };
    let (mut hash, mut piece) = (Sha256::new(), vec![0; 1 << 16]);
    loop {
        match file.read(&mut piece).map_err(failed)? {
            0 => return Ok(in_hex(hash) == export.sha256),
            read => hash.update(&piece[..read]),
        }
    }
}

pub(crate) fn in_hex(hash: Sha256) -> String {
    hex(&hash.finalize())
}

/// What is written, and its hash.
struct Hashed {
    file: BufWriter<File>,
    hash: Sha256,
}

impl Write for Hashed {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.file.write(bytes)?;
        self.hash.update(&bytes[..written]);
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

/// A file of events while it is written: a JSON object a line, compressed.
struct ExportFile {
    folder: PathBuf,
    path: PathBuf,
    newest: Seq,
    lines: GzEncoder<Hashed>,
}

impl ExportFile {
    fn begin(store: &Path, newest: Seq) -> Result<Self, StoreError> {
        let folder = folder(store);
        make_private_folder(&folder)?;
        let path = folder.join("writing");
        let file = private(OpenOptions::new().write(true).create(true).truncate(true)).open(&path);
        let file = file.map_err(|error| StoreError::io("making", &path, error))?;
        let hashed = Hashed { file: BufWriter::new(file), hash: Sha256::new() };
        Ok(Self { folder, path, newest, lines: GzEncoder::new(hashed, Compression::default()) })
    }

    fn write(&mut self, Linked { row, checksum, .. }: &Linked<'_>) -> Result<(), StoreError> {
        let Row { seq, at_ms, task, attempt, noun, event, version, body } = row;
        let number = |number: &Option<i64>| number.map_or("null".to_owned(), |n| n.to_string());
        let checksum = hex(&checksum.0);
        // The event stands there as it was recorded, to the letter; the names are ours.
        writeln!(
            self.lines,
            r#"{{"seq":{seq},"at_ms":{at_ms},"task":{},"attempt":{},"noun":"{noun}","event":"{event}","version":{version},"checksum":"{checksum}","body":{body}}}"#,
            number(task),
            number(attempt),
        )
        .map_err(|error| StoreError::io("writing", &self.path, error))
    }

    /// Brings it to the disk and gives it its name.
    fn end(self, moment: Timestamp, hear: &mut dyn FnMut()) -> Result<Export, StoreError> {
        let Self { folder, path, newest, lines } = self;
        let failed = |error| StoreError::io("writing", &path, error);
        let Hashed { file, hash } = lines.finish().map_err(failed)?;
        let file = file.into_inner().map_err(|error| failed(error.into_error()))?;
        file.sync_all().map_err(failed)?;
        hear();
        let name = format!("{}-{}.jsonl.gz", date(moment), newest.0);
        let to = folder.join(&name);
        fs::rename(&path, &to).map_err(failed)?;
        let folder = File::open(&folder).and_then(|folder| folder.sync_all());
        folder.map_err(|error| StoreError::io("writing", &to, error))?;
        hear();
        Ok(Export { name, sha256: in_hex(hash) })
    }
}

/// The day of a moment, as `2026-11-29`.
fn date(moment: Timestamp) -> String {
    let moment = i64::try_from(moment.0).ok().and_then(|ms| Moment::from_millisecond(ms).ok());
    moment.unwrap_or_default().strftime("%F").to_string()
}
