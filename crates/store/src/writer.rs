//! The one who writes, a thread or a task. Work that queues up while one transaction syncs shares
//! the next one, so that many who wait are served by one sync. It knows how to record facts and
//! nothing of what they mean.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use rusqlite::Connection;
use tenfold_domain::{Event, Seq, Timestamp};
use tokio::sync::{mpsc, oneshot, watch};

use crate::error::Doing;
use crate::fate::{Clock, Fate, Moment};
use crate::head::{Head, HeadFile};
use crate::journal::Draft;
use crate::lists::Lists;
use crate::{Appended, StoreError, journal, lease, project};

/// How many pieces of work may wait; more wait outside until there is room.
pub(crate) const QUEUE_JOBS: usize = 1_024;

/// How many pieces of work share a transaction at most, so that none waits long for others.
const BATCH_JOBS: usize = 256;

/// A transaction that is being written.
pub(crate) struct Writing<'c> {
    connection: &'c Connection,
    lists: &'c mut Lists,
    clock: &'c Clock,
    newest: Head,
    at: Timestamp,
    /// Whether the work under way has written anything.
    has_written: bool,
}

impl Writing<'_> {
    /// For reading what is there.
    pub(crate) fn reading(&mut self) -> Result<&Connection, StoreError> {
        self.lists.file(self.connection)?;
        Ok(self.connection)
    }

    /// For writing what is no event.
    pub(crate) fn writing(&mut self) -> &Connection {
        self.has_written = true;
        self.connection
    }

    /// Builds all that is listed anew.
    pub(crate) fn rebuild(&mut self) -> Result<(), StoreError> {
        self.has_written = true;
        project::rebuild(self.connection, &mut |_| ())?;
        self.lists.forget();
        Ok(())
    }

    /// Records facts, one after another and all at one moment, and changes the rows that
    /// people list.
    pub(crate) fn record(&mut self, facts: Vec<Draft>) -> Result<Appended, StoreError> {
        self.has_written = true;
        // The clock of a machine may be set back; the journal's order never is.
        self.at = (self.clock)().max(self.at);
        let first = Seq(self.newest.seq.0 + 1);
        for draft in facts {
            let (seq, at) = (Seq(self.newest.seq.0 + 1), self.at);
            let checksum =
                journal::insert(self.connection, (seq, at), &draft, self.newest.checksum)?;
            self.lists.apply(self.connection, &Event { seq, at, fact: draft.fact })?;
            self.newest = Head { seq, checksum };
        }
        Ok(Appended { first, at: self.at })
    }
}

/// A piece of work for the writer.
pub(crate) trait Job: Send {
    /// Does it, within a transaction that others share. It looks before it writes: if it fails
    /// after it has written, they all fail.
    fn work(&mut self, writing: &mut Writing<'_>) -> Result<(), StoreError>;

    /// Tells whoever waits what came of it, once the transaction has ended.
    fn finish(self: Box<Self>, committed: Result<(), StoreError>);
}

/// A piece of work that returns a value, and whoever waits for it.
pub(crate) struct Asked<W, T> {
    work: Option<W>,
    outcome: Option<Result<T, StoreError>>,
    waiting: oneshot::Sender<Result<T, StoreError>>,
}

impl<W, T> Asked<W, T>
where
    W: FnOnce(&mut Writing<'_>) -> Result<T, StoreError> + Send + 'static,
    T: Send + 'static,
{
    pub(crate) fn boxed(work: W, waiting: oneshot::Sender<Result<T, StoreError>>) -> Box<dyn Job> {
        Box::new(Self { work: Some(work), outcome: None, waiting })
    }
}

impl<W, T> Job for Asked<W, T>
where
    W: FnOnce(&mut Writing<'_>) -> Result<T, StoreError> + Send,
    T: Send,
{
    fn work(&mut self, writing: &mut Writing<'_>) -> Result<(), StoreError> {
        let Some(work) = self.work.take() else { return Ok(()) };
        let outcome = work(writing);
        let done = outcome.as_ref().map(|_| ()).map_err(Clone::clone);
        self.outcome = Some(outcome);
        done
    }

    fn finish(self: Box<Self>, committed: Result<(), StoreError>) {
        let outcome = self.outcome.unwrap_or(Err(StoreError::Closed));
        // Whoever asked may have stopped waiting; the facts are recorded all the same.
        let _ = self.waiting.send(committed.and(outcome));
    }
}

/// The writer's own state.
pub(crate) struct Writer {
    pub(crate) connection: Connection,
    pub(crate) path: PathBuf,
    pub(crate) clock: Clock,
    pub(crate) fate: Fate,
    /// What it was given when it opened the file; if another has opened it since, it may not
    /// write any more.
    pub(crate) epoch: i64,
    /// Where it says what it has recorded last.
    pub(crate) head: HeadFile,
    /// The rows of tasks that are at work.
    pub(crate) lists: Lists,
    /// How many transactions were committed.
    pub(crate) transactions: Arc<AtomicU64>,
    /// Where it is told what was recorded last.
    pub(crate) newest: watch::Sender<Seq>,
}

impl Writer {
    /// Works until nobody can hand in work any more, and all that was handed in is done.
    pub(crate) async fn run(mut self, mut queue: mpsc::Receiver<Box<dyn Job>>) {
        while let Some(first) = queue.recv().await {
            let mut batch = vec![first];
            // At the bound nothing more may be taken out of the queue, for it would be lost.
            while batch.len() < BATCH_JOBS
                && let Ok(next) = queue.try_recv()
            {
                batch.push(next);
            }
            let committed = self.commit(&mut batch).await;
            batch.into_iter().for_each(|job| job.finish(committed.clone()));
            // All has been recorded by then; a head that lags behind is no worse than none.
            let _ = self.head.sync_if_due();
        }
        let _ = self.head.sync();
    }

    /// Does a batch of work in one transaction. Work that fails before it has written fails
    /// alone; after that, as when the disk is full, the whole transaction does.
    async fn commit(&mut self, batch: &mut [Box<dyn Job>]) -> Result<(), StoreError> {
        (self.fate)(Moment::Before).await?;
        self.transact(batch)?;
        (self.fate)(Moment::After).await
    }

    fn transact(&mut self, batch: &mut [Box<dyn Job>]) -> Result<(), StoreError> {
        let committed = self.batch(batch);
        match committed {
            Ok(newest) => {
                let _ = self.head.write(newest);
                self.newest.send_replace(newest.seq);
                self.lists.committed();
            }
            Err(_) => self.lists.forget(),
        }
        let connection = &self.connection;
        if !connection.is_autocommit() {
            // Nothing can be done about a rollback that fails: SQLite undoes what was not
            // committed when it next opens the file.
            let _ = connection.execute_batch("ROLLBACK");
        }
        committed.map(|_| ())
    }

    /// Returns what is recorded last then.
    fn batch(&mut self, batch: &mut [Box<dyn Job>]) -> Result<Head, StoreError> {
        let connection = &self.connection;
        connection.execute_batch("BEGIN IMMEDIATE").doing(connection, "beginning to write")?;
        if lease::epoch(connection)? != self.epoch {
            return Err(StoreError::Fenced { path: self.path.clone() });
        }
        let (newest, at) = journal::newest(connection)?;
        let lists = &mut self.lists;
        let clock = &self.clock;
        let mut writing = Writing { connection, lists, clock, newest, at, has_written: false };
        for job in batch {
            writing.has_written = false;
            let worked = job.work(&mut writing);
            // Of work that has written nothing, only whoever waits for it is told.
            if writing.has_written || connection.is_autocommit() {
                worked?;
            }
        }
        writing.lists.file(connection)?;
        connection
            .execute_batch("COMMIT")
            .map_err(|error| StoreError::sql("committing", &self.path, error))?;
        let newest = writing.newest;
        self.transactions.fetch_add(1, Ordering::Relaxed);
        Ok(newest)
    }
}
