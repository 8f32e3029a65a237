//! The store, for whoever writes to it: opening it, and handing work to the thread that
//! writes. Reading is in `view`.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::{self, JoinHandle};

use tenfold_domain::{
    AttemptEvent, AttemptId, CommitId, Fact, Seed, Seq, Strategy, TaskEvent, TaskId, TaskSpec,
    Timestamp,
};
use tokio::sync::{mpsc, oneshot, watch};

use crate::blob::{self, BLOB_BYTES_MAX, BlobHash};
use crate::connection::open_for_writing;
use crate::fate::{Surroundings, Writes};
use crate::head::HeadFile;
use crate::journal::Draft;
use crate::lists::Lists;
use crate::schema::{MIGRATIONS, migrate};
use crate::view::{Reader, View};
use crate::wait::wait;
use crate::writer::{Asked, Job, QUEUE_JOBS, Writer, Writing};
use crate::{EngineLock, StoreError, check, compact, journal, lease, project, swap};

/// The journal, open for writing. Dropping it waits until all that was handed in is
/// recorded, if a thread of its own writes. Whoever shares it puts it into an [`Arc`].
///
/// Every method that writes has two forms: one blocks this thread until the facts are
/// durable, on any thread, and one is asynchronous, on any runtime. If the asynchronous form
/// is dropped after it was polled, the facts may be recorded or not.
#[derive(Debug)]
pub struct Store {
    path: PathBuf,
    reader: Reader,
    queue: Option<mpsc::Sender<Box<dyn Job>>>,
    thread: Option<JoinHandle<()>>,
    transactions: Arc<AtomicU64>,
    newest: watch::Receiver<Seq>,
}

/// Where facts were recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Appended {
    /// The place of the first fact; the others follow without a gap. If there were no facts,
    /// the place of the next one.
    pub first: Seq,
    /// When they were recorded; never before an earlier event.
    pub at: Timestamp,
}

/// Facts that were handed in. Dropped, they are recorded all the same, if they can be.
#[derive(Debug)]
pub struct Handed(oneshot::Receiver<Result<Appended, StoreError>>);

impl Handed {
    /// Waits until they are on the disk.
    ///
    /// # Errors
    /// As for [`Store::append`]; then none of them is recorded.
    pub async fn durable(self) -> Result<Appended, StoreError> {
        self.0.await.map_err(|_| StoreError::Closed)?
    }
}

/// How an attempt begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AttemptStart {
    /// How it works.
    pub strategy: Strategy,
    /// With which model.
    pub model: String,
    /// From which all its random choices come.
    pub seed: Seed,
    /// The person's files as they were, in Tenfold's own git directory.
    pub base: CommitId,
}

impl Store {
    /// Opens the store at this path for writing, and makes it, with its folder, if there is
    /// none; a file of an earlier release is brought to this one's format. There is to be one
    /// at a time: see [`EngineLock`](crate::EngineLock).
    ///
    /// # Errors
    /// [`StoreError::NotAStore`], [`StoreError::Newer`], [`StoreError::Permission`],
    /// [`StoreError::DiskFull`], [`StoreError::Corrupt`], [`StoreError::NoJournal`],
    /// [`StoreError::Busy`], [`StoreError::Behind`]; the file is left as it was.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        Self::open_in(path, Surroundings::default())
    }

    /// Brings the file of an earlier release to this one's format, as [`Store::open`] does without
    /// a word: `told` how far that is, in percent, rising up to 100; nothing if it is of this
    /// release. It takes some tenths of a millisecond a task. No engine may be at work: hold the
    /// [`EngineLock`](crate::EngineLock).
    ///
    /// # Errors
    /// As for [`Store::open`].
    pub fn bring_up_to_date(path: &Path, mut told: impl FnMut(u8)) -> Result<(), StoreError> {
        let mut connection = open_for_writing(path)?;
        migrate(&mut connection, MIGRATIONS)?;
        project::bring_up_to_date(&mut connection, &mut told)
    }

    /// As [`Store::open`], with a clock of the caller's and whatever is to befall it.
    ///
    /// # Errors
    /// As for [`Store::open`].
    pub fn open_in(path: &Path, surroundings: Surroundings) -> Result<Self, StoreError> {
        let mut connection = open_for_writing(path)?;
        migrate(&mut connection, MIGRATIONS)?;
        project::bring_up_to_date(&mut connection, &mut |_| ())?;
        let (head, known) = HeadFile::open(path)?;
        if let Some(known) = known {
            check::expect(&connection, path, known)?;
        }
        let epoch = lease::take(&connection)?;
        let Surroundings { clock, fate, writes } = surroundings;
        let transactions = Arc::new(AtomicU64::new(0));
        let path = path.to_owned();
        let reader = Reader::open(&path)?;
        let (file, counted) = (path.clone(), transactions.clone());
        let lists = Lists::default();
        let (tell_newest, newest) = watch::channel(reader.view()?.newest()?);
        let writer = Writer {
            connection,
            path: file,
            clock,
            fate,
            epoch,
            head,
            lists,
            transactions: counted,
            newest: tell_newest,
        };
        let (queue, jobs) = mpsc::channel(QUEUE_JOBS);
        let thread = match writes {
            Writes::OnItsThread => {
                let name = "tenfold-store".to_owned();
                let begun = thread::Builder::new().name(name).spawn(|| wait(writer.run(jobs)));
                Some(
                    begun
                        .map_err(|error| StoreError::io("starting the writer of", &path, error))?,
                )
            }
            Writes::AsTask => {
                drop(tokio::spawn(writer.run(jobs)));
                None
            }
        };
        Ok(Self { path, reader, queue: Some(queue), thread, transactions, newest })
    }

    /// Opens a store for reading only, beside an engine that may be running. If a backup was being
    /// put back there when that was cut short, it is put back first.
    ///
    /// # Errors
    /// [`StoreError::Missing`] if there is none, [`StoreError::Older`] and
    /// [`StoreError::Newer`] if another release made it, [`StoreError::NotAStore`],
    /// [`StoreError::Permission`], [`StoreError::Corrupt`].
    pub fn read_only(path: &Path) -> Result<Reader, StoreError> {
        let folder = path.parent().unwrap_or(Path::new("."));
        if swap::is_cut_short(folder) {
            drop(EngineLock::acquire(folder)?);
        }
        Reader::open(path)
    }

    /// Where the store is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The store as it is now, for reading. What was appended before shows in it.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] and the like; none in a sound file.
    pub fn view(&self) -> Result<View, StoreError> {
        self.reader.view()
    }

    /// For those who only read, on any thread, for as long as they like.
    pub fn reader(&self) -> &Reader {
        &self.reader
    }

    /// The place of the newest event, told whenever there are more.
    pub fn newest(&self) -> watch::Receiver<Seq> {
        self.newest.clone()
    }

    /// How many transactions were committed since the store was opened.
    pub fn transactions(&self) -> u64 {
        self.transactions.load(Ordering::Relaxed)
    }

    /// Records facts, all or none. They are on the disk when it returns.
    ///
    /// # Errors
    /// [`StoreError::DiskFull`], [`StoreError::TooLarge`], [`StoreError::Unwritable`] and
    /// what else keeps a file from growing; then none of the facts is recorded.
    pub fn append(&self, facts: Vec<Fact>) -> Result<Appended, StoreError> {
        wait(self.append_async(facts))
    }

    /// As [`Store::append`], without blocking.
    ///
    /// # Errors
    /// As for [`Store::append`].
    pub async fn append_async(&self, facts: Vec<Fact>) -> Result<Appended, StoreError> {
        self.hand_in(facts).await?.durable().await
    }

    /// Hands facts in to be recorded, all or none, after all that was handed in before. They are
    /// on the disk when [`Handed::durable`] says so. Waits only while too much is handed in.
    ///
    /// # Errors
    /// [`StoreError::Closed`]; [`StoreError::TooLarge`] and [`StoreError::Unwritable`] of a fact
    /// that can't be written down.
    pub async fn hand_in(&self, facts: Vec<Fact>) -> Result<Handed, StoreError> {
        let drafts = Draft::all(facts)?;
        Ok(Handed(self.submit(move |writing| writing.record(drafts)).await?))
    }

    /// Gives a task the next number and records that it was asked for.
    ///
    /// # Errors
    /// As for [`Store::append`]; then no number is used up.
    pub fn new_task(&self, spec: TaskSpec) -> Result<TaskId, StoreError> {
        wait(self.new_task_async(spec))
    }

    /// As [`Store::new_task`], without blocking.
    ///
    /// # Errors
    /// As for [`Store::append`].
    pub async fn new_task_async(&self, spec: TaskSpec) -> Result<TaskId, StoreError> {
        let tasks = self.new_tasks_async(move |_| vec![spec]).await?;
        Ok(tasks[0])
    }

    /// As [`Store::new_task_async`], for several, all or none: `make` is told the number of the
    /// first, and the others follow without a gap.
    ///
    /// # Errors
    /// As for [`Store::append`]; then no number is used up.
    pub async fn new_tasks_async(
        &self,
        make: impl FnOnce(TaskId) -> Vec<TaskSpec> + Send + 'static,
    ) -> Result<Vec<TaskId>, StoreError> {
        self.ask(move |writing| {
            let newest = project::newest_task(writing.reading()?)?;
            let after =
                |more| TaskId::new(newest + more).expect("one more than a number is not zero");
            let (mut tasks, mut facts) = (Vec::new(), Vec::new());
            for (more, spec) in (1..).zip(make(after(1))) {
                let task = after(more);
                facts.push(Fact::Task { task, event: TaskEvent::Asked(Box::new(spec)) });
                tasks.push(task);
            }
            writing.record(Draft::all(facts)?)?;
            Ok(tasks)
        })
        .await
    }

    /// Gives a task's next attempt its number and records that it began.
    ///
    /// # Errors
    /// [`StoreError::NoTask`], and as for [`Store::append`].
    pub fn new_attempt(&self, task: TaskId, start: AttemptStart) -> Result<AttemptId, StoreError> {
        wait(self.new_attempt_async(task, start, |_| Vec::new()))
    }

    /// As [`Store::new_attempt`], without blocking, and with further facts in the same commit.
    ///
    /// # Errors
    /// As for [`Store::new_attempt`].
    pub async fn new_attempt_async(
        &self,
        task: TaskId,
        start: AttemptStart,
        also: impl FnOnce(AttemptId) -> Vec<Fact> + Send + 'static,
    ) -> Result<AttemptId, StoreError> {
        self.ask(move |writing| {
            let number = project::newest_attempt(writing.reading()?, task)? + 1;
            let attempt = AttemptId { task, number };
            let AttemptStart { strategy, model, seed, base } = start;
            let event = AttemptEvent::Started { strategy, model, seed, base };
            let mut facts = vec![Fact::Attempt { attempt, event }];
            facts.extend(also(attempt));
            writing.record(Draft::all(facts)?)?;
            Ok(attempt)
        })
        .await
    }

    /// Keeps bytes under their hash; putting the same bytes again changes nothing.
    ///
    /// # Errors
    /// [`StoreError::TooLarge`] above [`BLOB_BYTES_MAX`], and as for [`Store::append`].
    pub fn put_blob(&self, bytes: Vec<u8>) -> Result<BlobHash, StoreError> {
        wait(self.put_blob_async(bytes))
    }

    /// As [`Store::put_blob`], without blocking for the disk; the hash is computed on this
    /// thread.
    ///
    /// # Errors
    /// As for [`Store::put_blob`].
    pub async fn put_blob_async(&self, bytes: Vec<u8>) -> Result<BlobHash, StoreError> {
        if bytes.len() > BLOB_BYTES_MAX {
            let bytes = bytes.len();
            return Err(StoreError::TooLarge { what: "a blob", bytes, most: BLOB_BYTES_MAX });
        }
        let hash = BlobHash::of(&bytes);
        self.ask(move |writing| blob::put(writing.writing(), hash, &bytes)).await?;
        Ok(hash)
    }

    /// Builds everything that is listed anew from the journal. Needed only if a list is
    /// doubted: the lists are kept with every append, and built anew when their form changes.
    ///
    /// # Errors
    /// [`StoreError::Unreadable`] names an event that is damaged; the lists stay as they were.
    pub fn rebuild(&self) -> Result<(), StoreError> {
        wait(self.ask(|writing| writing.rebuild()))
    }

    /// Takes events out of the journal and records what became of them, if nothing was recorded
    /// since `newest`.
    pub(crate) async fn take_out(
        &self,
        newest: Seq,
        places: Vec<i64>,
        facts: Vec<Fact>,
    ) -> Result<Appended, StoreError> {
        let (path, drafts) = (self.path.clone(), Draft::all(facts)?);
        self.ask(move |writing| {
            if journal::newest(writing.reading()?)?.0.seq != newest {
                return Err(StoreError::Busy { path });
            }
            let appended = writing.record(drafts)?;
            compact::remove(writing.writing(), &places)?;
            Ok(appended)
        })
        .await
    }

    async fn ask<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Writing<'_>) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.submit(work).await?.await.map_err(|_| StoreError::Closed)?
    }

    /// Puts work behind all that is there; what came of it is told once it is durable.
    async fn submit<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Writing<'_>) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<oneshot::Receiver<Result<T, StoreError>>, StoreError> {
        let (waiting, outcome) = oneshot::channel();
        let queue = self.queue.as_ref().ok_or(StoreError::Closed)?;
        queue.send(Asked::boxed(work, waiting)).await.map_err(|_| StoreError::Closed)?;
        Ok(outcome)
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        // The connection that closes last tidies the file up, which only a writer can.
        self.reader.close_idle();
        drop(self.queue.take());
        if let Some(thread) = self.thread.take() {
            // If the thread panicked, whoever waited for it has been told already.
            let _ = thread.join();
        }
    }
}
