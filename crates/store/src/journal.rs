//! The journal's rows: how a fact is written down and read back, and the questions that can
//! be asked of the journal. It does not know what the facts mean.

use std::collections::BTreeSet;

use rusqlite::{Connection, OptionalExtension, Row, ToSql};
use serde::Deserialize;
use tenfold_domain::{AttemptId, Event, Fact, Seq, TaskId, TaskSpec, Timestamp};

use crate::StoreError;
use crate::chain::{self, Checksum};
use crate::error::Doing;
use crate::head::Head;
use crate::upcast::{Recorded, UPCASTERS};

/// The largest event that can be recorded, as JSON, in bytes (16 MiB). What may be larger
/// goes into a blob, and its hash into the event.
pub const EVENT_BYTES_MAX: usize = 16 << 20;

/// About how many bytes of JSON one page of events holds at most (8 MiB): a page ends early
/// with the event that passes this.
pub const PAGE_BYTES: usize = 8 << 20;

/// How many events a page holds unless the query says otherwise.
const PAGE_EVENTS: u32 = 1_000;

/// What events are about.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum About {
    /// Anything.
    #[default]
    Everything,
    /// One task, its attempts, their steps and proposals.
    Task(TaskId),
    /// One attempt, its steps and its proposal.
    Attempt(AttemptId),
    /// Money.
    Ledger,
    /// What people decided of accounts, and no calls.
    Accounts,
    /// The journal itself.
    Journal,
    /// Repositories.
    Repositories,
    /// Who may sign in.
    People,
    /// What people did on the page.
    Deeds,
}

/// Which events to read. The default is the first page of all of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EventQuery {
    /// What they are about.
    pub about: About,
    /// Only events after this one; zero for all.
    pub after: Seq,
    /// At most this many.
    pub limit: u32,
}

impl Default for EventQuery {
    fn default() -> Self {
        Self { about: About::default(), after: Seq(0), limit: PAGE_EVENTS }
    }
}

impl From<About> for EventQuery {
    fn from(about: About) -> Self {
        Self { about, ..Self::default() }
    }
}

/// The newest event, and its moment; zeros if there is none.
pub(crate) fn newest(connection: &Connection) -> Result<(Head, Timestamp), StoreError> {
    connection
        .prepare_cached("SELECT seq, checksum, at_ms FROM event ORDER BY seq DESC LIMIT 1")
        .and_then(|mut query| {
            query.query_row([], |row| {
                let head = Head { seq: Seq(number(row, 0)?), checksum: checksum(row, 1)? };
                Ok((head, Timestamp(number(row, 2)?)))
            })
        })
        .optional()
        .doing(connection, "reading the newest event")
        .map(Option::unwrap_or_default)
}

/// What some events have changed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Changed {
    /// The last of these events; the one that was asked from if there are none.
    pub newest: Seq,
    /// How many they are.
    pub events: u32,
    /// The tasks that they are about.
    pub tasks: BTreeSet<TaskId>,
    /// The attempts that took steps, or went on from them.
    pub stepped: BTreeSet<AttemptId>,
    /// The attempts of which anything else is told: they began or ended, or their work was judged.
    pub turned: BTreeSet<AttemptId>,
    /// Whether one is about money.
    pub ledger: bool,
    /// Whether one is about who may sign in, or who did.
    pub people: bool,
}

/// The heads of the events after `?1`, at most `?2` of them.
pub(crate) const CHANGED: &str =
    "SELECT seq, task, noun, attempt, event FROM event WHERE seq > ?1 ORDER BY seq LIMIT ?2";

/// As [`View::changed`](crate::View::changed).
pub(crate) fn changed(
    connection: &Connection,
    after: Seq,
    limit: u32,
) -> Result<Changed, StoreError> {
    let doing = "reading what has changed";
    let mut query = connection.prepare_cached(CHANGED).doing(connection, doing)?;
    let mut rows = query.query((integer(after.0), limit)).doing(connection, doing)?;
    let mut changed = Changed { newest: after, ..Changed::default() };
    while let Some(row) = rows.next().doing(connection, doing)? {
        changed.newest = Seq(number(row, 0).doing(connection, doing)?);
        changed.events += 1;
        let task: Option<i64> = row.get(1).doing(connection, doing)?;
        let task = task.and_then(|task| TaskId::new(u64::try_from(task).ok()?));
        changed.tasks.extend(task);
        let text = |column| row.get_ref(column).and_then(|text| Ok(text.as_str()?));
        let noun = text(2).doing(connection, doing)?;
        let attempt: Option<u32> = row.get(3).doing(connection, doing)?;
        if let (Some(task), Some(number)) = (task, attempt) {
            let is_step = !matches!(noun, "attempt" | "proposal")
                || text(4).doing(connection, doing)? == "advanced";
            let attempts = if is_step { &mut changed.stepped } else { &mut changed.turned };
            attempts.insert(AttemptId { task, number });
        }
        changed.ledger |= noun == "ledger";
        changed.people |= noun == "people";
    }
    Ok(changed)
}

/// The checksum of an event; `None` if there is no such event.
pub(crate) fn checksum_of(
    connection: &Connection,
    seq: Seq,
) -> Result<Option<Checksum>, StoreError> {
    connection
        .prepare_cached("SELECT checksum FROM event WHERE seq = ?1")
        .and_then(|mut query| query.query_row([integer(seq.0)], |row| checksum(row, 0)))
        .optional()
        .doing(connection, "reading the checksum of an event")
}

fn checksum(row: &rusqlite::Row<'_>, column: usize) -> rusqlite::Result<Checksum> {
    let bytes = row.get_ref(column)?.as_blob_or_null()?.unwrap_or_default();
    // One that is none matches no event, and the journal is said to be damaged there.
    Ok(Checksum::read(bytes).unwrap_or_default())
}

/// A row as it stands in the journal.
pub(crate) struct Linked<'a> {
    pub(crate) row: chain::Row<'a>,
    /// The checksum that it has.
    pub(crate) checksum: Checksum,
    /// That of the event before, where this one was taken out of the journal.
    pub(crate) bridge: Option<Checksum>,
}

/// Every row, in the order of recording.
pub(crate) const ALL_ROWS: &str = "SELECT seq, at_ms, task, attempt, noun, event, version, body, \
                                   checksum, bridge FROM event ORDER BY seq";

/// Hands over rows that are selected so, for as long as `take` says true.
pub(crate) fn each_row(
    connection: &Connection,
    (sql, parameters): (&str, &[&dyn ToSql]),
    mut take: impl FnMut(&Linked<'_>) -> Result<bool, StoreError>,
) -> Result<(), StoreError> {
    let doing = "reading the journal";
    let mut query = connection.prepare_cached(sql).doing(connection, doing)?;
    let mut rows = query.query(parameters).doing(connection, doing)?;
    while let Some(row) = rows.next().doing(connection, doing)? {
        let text = |column| row.get_ref(column).and_then(|value| Ok(value.as_str()?));
        let written = chain::Row {
            seq: row.get(0).doing(connection, doing)?,
            at_ms: row.get(1).doing(connection, doing)?,
            task: row.get(2).doing(connection, doing)?,
            attempt: row.get(3).doing(connection, doing)?,
            noun: text(4).doing(connection, doing)?,
            event: text(5).doing(connection, doing)?,
            version: row.get(6).doing(connection, doing)?,
            body: text(7).doing(connection, doing)?,
        };
        let bridge = row.get_ref(9).and_then(|bridge| Ok(bridge.as_blob_or_null()?));
        let bridge = bridge.doing(connection, doing)?.and_then(Checksum::read);
        let checksum = checksum(row, 8).doing(connection, doing)?;
        if !take(&Linked { row: written, checksum, bridge })? {
            break;
        }
    }
    Ok(())
}

/// Gives every event its checksum: those of a format that had none.
pub(crate) fn chain_all(connection: &Connection) -> Result<(), StoreError> {
    let mut before = Checksum::default();
    // In this format there is no gap.
    let sql = ALL_ROWS.replace("bridge", "NULL");
    each_row(connection, (&sql, &[]), |Linked { row, .. }| {
        before = before.then(row);
        connection
            .prepare_cached("UPDATE event SET checksum = ?2 WHERE seq = ?1")
            .and_then(|mut update| update.execute((row.seq, before.0)))
            .doing(connection, "giving events their checksums")
            .map(|_| true)
    })
}

/// A fact as it is to be written down: its JSON is made where it is handed in, so that the one
/// thread that writes need not.
#[derive(Debug)]
pub(crate) struct Draft {
    pub(crate) fact: Fact,
    noun: String,
    event: String,
    body: String,
}

/// The two words by which events are found.
#[derive(Deserialize)]
struct Words {
    noun: String,
    event: String,
}

impl Draft {
    pub(crate) fn new(fact: Fact) -> Result<Self, StoreError> {
        let body = serde_json::to_string(&fact).map_err(StoreError::unwritable)?;
        if body.len() > EVENT_BYTES_MAX {
            let bytes = body.len();
            return Err(StoreError::TooLarge { what: "an event", bytes, most: EVENT_BYTES_MAX });
        }
        let Words { noun, event } = serde_json::from_str(&body).map_err(StoreError::unwritable)?;
        Ok(Self { fact, noun, event, body })
    }

    /// All of them, or what is wrong with the first that can't be written.
    pub(crate) fn all(facts: Vec<Fact>) -> Result<Vec<Self>, StoreError> {
        facts.into_iter().map(Self::new).collect()
    }
}

/// Writes a fact down as the event after the one with this checksum; returns its own.
pub(crate) fn insert(
    connection: &Connection,
    (seq, at): (Seq, Timestamp),
    draft: &Draft,
    before: Checksum,
) -> Result<Checksum, StoreError> {
    let Draft { fact, noun, event, body } = draft;
    let row = chain::Row {
        seq: integer(seq.0),
        at_ms: integer(at.0),
        task: fact.task().map(|task| integer(task.number())),
        attempt: fact.attempt().map(|attempt| i64::from(attempt.number)),
        noun,
        event,
        version: UPCASTERS.version(noun, event),
        body,
    };
    let checksum = before.then(&row);
    connection
        .prepare_cached(
            "INSERT INTO event (seq, at_ms, task, attempt, noun, event, version, body, checksum)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
        )
        .and_then(|mut insert| {
            insert.execute((
                row.seq,
                row.at_ms,
                row.task,
                row.attempt,
                row.noun,
                row.event,
                row.version,
                row.body,
                checksum.0,
            ))
        })
        .doing(connection, "recording an event")
        .map(|_| checksum)
}

/// The columns that make an [`Event`]. The events of a task, of an attempt and of neither
/// are found by an index each.
const COLUMNS: &str = "SELECT seq, at_ms, noun, event, version, body FROM event";

/// The SQL of a query: what it looks for, in the order of recording.
pub(crate) fn sql(about: About) -> String {
    let wanted = match about {
        About::Everything => "",
        About::Task(_) => "task = :task AND",
        About::Attempt(_) => "task = :task AND attempt = :attempt AND",
        About::Ledger => "task IS NULL AND noun = 'ledger' AND",
        About::Accounts => {
            "task IS NULL AND noun = 'ledger' AND
             event NOT IN ('reserved', 'settled', 'released', 'balanced') AND"
        }
        About::Journal => "task IS NULL AND noun = 'journal' AND",
        About::Repositories => "task IS NULL AND noun = 'repository' AND",
        About::People => "task IS NULL AND noun = 'people' AND",
        About::Deeds => "task IS NULL AND noun = 'deed' AND",
    };
    format!("{COLUMNS} WHERE {wanted} seq > :after ORDER BY seq LIMIT :limit")
}

/// One page of events in the order of recording. A page may be shorter than its limit (see
/// [`PAGE_BYTES`]); only an empty one means that there are no more.
pub(crate) fn page(connection: &Connection, query: &EventQuery) -> Result<Vec<Event>, StoreError> {
    let mut events = Vec::new();
    let mut bytes = 0;
    each(connection, query, |event, size| {
        events.push(event);
        bytes += size;
        bytes < PAGE_BYTES
    })?;
    Ok(events)
}

/// What people did, the newest first, as [`View::deeds_before`](crate::View::deeds_before).
pub(crate) fn deeds_before(
    connection: &Connection,
    before: Seq,
    limit: u32,
) -> Result<Vec<Event>, StoreError> {
    let mut events = Vec::new();
    let (before, sql) = (integer(before.0), deeds_before_sql());
    read(connection, &sql, &[(":before", &before), (":limit", &limit)], |event, _| {
        events.push(event);
        true
    })?;
    Ok(events)
}

pub(crate) fn deeds_before_sql() -> String {
    format!(
        "{COLUMNS} WHERE task IS NULL AND noun = 'deed' AND seq < :before ORDER BY seq DESC \
         LIMIT :limit"
    )
}

/// Hands over events, with their size in bytes, for as long as `take` says true.
fn each(
    connection: &Connection,
    query: &EventQuery,
    take: impl FnMut(Event, usize) -> bool,
) -> Result<(), StoreError> {
    let (task, attempt) = match query.about {
        About::Task(task) => (Some(integer(task.number())), None),
        About::Attempt(id) => (Some(integer(id.task.number())), Some(id.number)),
        About::Everything
        | About::Ledger
        | About::Accounts
        | About::Journal
        | About::Repositories
        | About::People
        | About::Deeds => (None, None),
    };
    let (after, limit) = (integer(query.after.0), query.limit);
    let mut parameters: Vec<(&str, &dyn ToSql)> = vec![(":after", &after), (":limit", &limit)];
    parameters.extend(task.as_ref().map(|task| (":task", task as &dyn ToSql)));
    parameters.extend(attempt.as_ref().map(|attempt| (":attempt", attempt as &dyn ToSql)));
    read(connection, &sql(query.about), &parameters, take)
}

/// How many events [`each_by_task`] reads.
pub(crate) fn count_by_task(connection: &Connection) -> Result<u64, StoreError> {
    connection
        .prepare_cached("SELECT count(*) FROM event WHERE task IS NOT NULL")
        .and_then(|mut query| query.query_row([], |row| number(row, 0)))
        .doing(connection, "counting events")
}

/// Hands over every event of every task, task by task, each in the order of recording.
pub(crate) fn each_by_task(
    connection: &Connection,
    mut take: impl FnMut(Event) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    let sql = format!("{COLUMNS} WHERE task IS NOT NULL ORDER BY task, seq");
    let mut outcome = Ok(());
    read(connection, &sql, &[], |event, _| {
        outcome = take(event);
        outcome.is_ok()
    })?;
    outcome
}

fn read(
    connection: &Connection,
    sql: &str,
    parameters: &[(&str, &dyn ToSql)],
    mut take: impl FnMut(Event, usize) -> bool,
) -> Result<(), StoreError> {
    let doing = "reading events";
    let mut query = connection.prepare_cached(sql).doing(connection, doing)?;
    let mut rows = query.query(parameters).doing(connection, doing)?;
    while let Some(row) = rows.next().doing(connection, doing)? {
        let seq = Seq(number(row, 0).doing(connection, doing)?);
        let at = Timestamp(number(row, 1).doing(connection, doing)?);
        let text = |column| row.get_ref(column).and_then(|value| Ok(value.as_str()?));
        let recorded = Recorded {
            seq,
            noun: text(2).doing(connection, doing)?,
            event: text(3).doing(connection, doing)?,
            version: row.get(4).doing(connection, doing)?,
            body: text(5).doing(connection, doing)?,
        };
        let size = recorded.body.len();
        let fact = UPCASTERS.read(&recorded)?;
        if !take(Event { seq, at, fact }, size) {
            break;
        }
    }
    Ok(())
}

/// The task as it was asked for; `None` if it was not.
pub(crate) fn spec(connection: &Connection, task: TaskId) -> Result<Option<TaskSpec>, StoreError> {
    let mut spec = None;
    // A task's first event is that it was asked for.
    let first = EventQuery { limit: 1, ..About::Task(task).into() };
    each(connection, &first, |event, _| {
        if let Fact::Task { event: tenfold_domain::TaskEvent::Asked(asked), .. } = event.fact {
            spec = Some(*asked);
        }
        false
    })?;
    Ok(spec)
}

/// SQLite's integers are signed; no count or moment here comes near their end.
pub(crate) fn integer(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// A column that holds a count or a moment.
pub(crate) fn number(row: &Row<'_>, column: usize) -> rusqlite::Result<u64> {
    let value: i64 = row.get(column)?;
    u64::try_from(value).map_err(|_| rusqlite::Error::IntegralValueOutOfRange(column, value))
}
