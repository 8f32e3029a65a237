//! Reading: one consistent moment of the store, from which every question is answered.
//! Nothing here writes.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use rusqlite::Connection;
use tenfold_domain::{
    ApprovedCheck, AttemptId, Balances, Event, Seq, Spending, TaskId, TaskSpec, TaskState,
};
use tenfold_ledger::Ledger;
use tenfold_schedule::Turn;

use crate::blob::{self, BlobHash};
use crate::connection::open_for_reading;
use crate::error::Doing;
use crate::journal::{self, Changed, EventQuery};
use crate::query::{self, TaskQuery};
use crate::rows::{AttemptRow, TaskRow};
use crate::{StoreError, balances, columns, project, schema, spending};

/// How many connections are kept open for the next view.
const CONNECTIONS_KEPT: usize = 4;

/// Opens views of a store, beside whoever writes to it, in this process or another.
#[derive(Debug, Clone)]
pub struct Reader {
    pool: Arc<Pool>,
}

#[derive(Debug)]
struct Pool {
    path: PathBuf,
    idle: Mutex<Vec<Connection>>,
}

impl Reader {
    pub(crate) fn open(path: &Path) -> Result<Self, StoreError> {
        let pool = Pool { path: path.to_owned(), idle: Mutex::default() };
        let reader = Self { pool: Arc::new(pool) };
        reader.view()?;
        Ok(reader)
    }

    /// The store as it is now.
    ///
    /// # Errors
    /// As for [`Store::read_only`](crate::Store::read_only).
    pub fn view(&self) -> Result<View, StoreError> {
        let idle = self.pool.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let connection = match idle {
            Some(connection) => connection,
            None => open_for_reading(&self.pool.path)?,
        };
        connection
            .prepare_cached("BEGIN")
            .and_then(|mut begin| begin.execute([]))
            .doing(&connection, "beginning to read")?;
        let view = View { connection: Some(connection), pool: Arc::clone(&self.pool) };
        // The first read fixes the moment. A newer engine may have changed the format since
        // the connection was opened.
        schema::expect_current(view.connection())?;
        project::expect_current(view.connection())?;
        Ok(view)
    }

    /// Closes the connections that no view uses.
    pub(crate) fn close_idle(&self) {
        self.pool.idle.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
}

/// One moment of the store: what is recorded later does not show in it. Hold it for as long
/// as a question takes and no longer, for the file can't give space back meanwhile.
#[derive(Debug)]
pub struct View {
    connection: Option<Connection>,
    pool: Arc<Pool>,
}

impl Drop for View {
    fn drop(&mut self) {
        let Some(connection) = self.connection.take() else { return };
        let mut idle = self.pool.idle.lock().unwrap_or_else(PoisonError::into_inner);
        let ended = connection.prepare_cached("ROLLBACK").and_then(|mut end| end.execute([]));
        if ended.is_ok() && idle.len() < CONNECTIONS_KEPT {
            idle.push(connection);
        }
    }
}

/// Every method fails with [`StoreError::Corrupt`] if the file is damaged where it reads.
impl View {
    pub(crate) fn path(&self) -> &Path {
        &self.pool.path
    }

    pub(crate) fn connection(&self) -> &Connection {
        self.connection.as_ref().expect("only dropping takes the connection")
    }

    /// One page of events in the order of recording. A page may be shorter than its limit
    /// (see [`PAGE_BYTES`](crate::PAGE_BYTES)): only an empty page means that there are no
    /// more.
    ///
    /// # Errors
    /// [`StoreError::Unreadable`] and [`StoreError::NewerEvent`] name the event.
    pub fn events(&self, query: &EventQuery) -> Result<Vec<Event>, StoreError> {
        journal::page(self.connection(), query)
    }

    /// All events of a query, fetched page by page; its limit is the size of a page.
    pub fn each_event(&self, query: EventQuery) -> Events<'_> {
        Events { view: self, query, page: Vec::new().into_iter(), ended: false }
    }

    /// What people did on the page before a place in the journal: the newest first, and at most so
    /// many.
    ///
    /// # Errors
    /// As for [`View::events`].
    pub fn deeds_before(&self, before: Seq, limit: u32) -> Result<Vec<Event>, StoreError> {
        journal::deeds_before(self.connection(), before, limit)
    }

    /// The place of the newest event; zero if there is none.
    ///
    /// # Errors
    /// Only those of every method.
    pub fn newest(&self) -> Result<Seq, StoreError> {
        Ok(journal::newest(self.connection())?.0.seq)
    }

    /// The ledger after all that was recorded.
    ///
    /// # Errors
    /// As for [`View::events`].
    pub fn ledger(&self) -> Result<Ledger, StoreError> {
        balances::ledger(self.connection())
    }

    /// All that the ledger knows, and what was spent on what; `None` if an account has used more
    /// than an amount can say.
    ///
    /// # Errors
    /// As for [`View::events`].
    pub fn balances(&self) -> Result<Option<Balances>, StoreError> {
        balances::balances(self.connection())
    }

    /// What was spent on which day, by whom, on which model.
    ///
    /// # Errors
    /// As for [`View::events`].
    pub fn spending(&self) -> Result<Vec<Spending>, StoreError> {
        let folded = balances::folded(self.connection())?;
        spending::all(self.connection(), &folded.spent)
    }

    /// One page of tasks.
    ///
    /// # Errors
    /// Only those of every method.
    pub fn tasks(&self, query: &TaskQuery) -> Result<Vec<TaskRow>, StoreError> {
        query::tasks(self.connection(), query)
    }

    /// How many of the tasks that a query asks for are in which state, whatever its page is.
    /// States that no task is in are not among them.
    ///
    /// # Errors
    /// Only those of every method.
    pub fn count(&self, query: &TaskQuery) -> Result<BTreeMap<TaskState, u64>, StoreError> {
        query::count(self.connection(), query)
    }

    /// What has changed by the next events after one, at most so many of them.
    ///
    /// # Errors
    /// Only those of every method.
    pub fn changed(&self, after: Seq, limit: u32) -> Result<Changed, StoreError> {
        journal::changed(self.connection(), after, limit)
    }

    /// A task as it stands; `None` if nobody asked for it.
    ///
    /// # Errors
    /// Only those of every method.
    pub fn task(&self, id: TaskId) -> Result<Option<TaskRow>, StoreError> {
        project::task(self.connection(), id)
    }

    /// A task as it was asked for, with the budget and the check that it has now; `None` if nobody did.
    ///
    /// # Errors
    /// As for [`View::events`].
    pub fn spec(&self, id: TaskId) -> Result<Option<TaskSpec>, StoreError> {
        let Some(mut spec) = journal::spec(self.connection(), id)? else { return Ok(None) };
        if let Some(TaskRow { budget, check, .. }) = self.task(id)? {
            spec.budget = budget;
            if let Some(ApprovedCheck { command, files }) = check {
                spec.check = Some(command);
                spec.check_files = Some(files);
            }
        }
        Ok(Some(spec))
    }

    /// The attempts of a task, in their order.
    ///
    /// # Errors
    /// Only those of every method.
    pub fn attempts(&self, task: TaskId) -> Result<Vec<AttemptRow>, StoreError> {
        project::attempts(self.connection(), task)
    }

    /// Hands over tasks with their attempts in order: the newest tasks first, and at most so many
    /// attempts in all.
    ///
    /// # Errors
    /// Only those of every method.
    pub fn newest_attempts(
        &self,
        most: u32,
        take: impl FnMut(&TaskRow, &[AttemptRow]),
    ) -> Result<(), StoreError> {
        project::newest_attempts(self.connection(), most, take)
    }

    /// An attempt as it stands; `None` if it did not begin.
    ///
    /// # Errors
    /// Only those of every method.
    pub fn attempt(&self, id: AttemptId) -> Result<Option<AttemptRow>, StoreError> {
        project::attempt(self.connection(), id)
    }

    /// The tasks whose proposal is being written into the person's files or taken out of them,
    /// or the process that did so was killed.
    ///
    /// # Errors
    /// Only those of every method.
    pub fn writing(&self) -> Result<Vec<TaskRow>, StoreError> {
        project::writing(self.connection())
    }

    /// The tasks that are queued or at work, here or until an engine died, and come after none
    /// that is not accepted: the next of them beyond `past`, by their turn.
    ///
    /// # Errors
    /// Only those of every method.
    pub fn in_turn(&self, past: Option<Turn>, limit: u32) -> Result<Vec<Turn>, StoreError> {
        columns::in_turn(self.connection(), past, limit)
    }

    /// The tasks that come after this one, beyond `past`.
    ///
    /// # Errors
    /// Only those of every method.
    pub fn after(
        &self,
        before: TaskId,
        past: Option<TaskId>,
        limit: u32,
    ) -> Result<Vec<TaskId>, StoreError> {
        columns::after(self.connection(), before, past, limit)
    }

    /// How many tasks stand where, of this workspace or of all. States that no task is in are
    /// not among them.
    ///
    /// # Errors
    /// Only those of every method.
    pub fn how_many(
        &self,
        workspace: Option<&Path>,
    ) -> Result<BTreeMap<TaskState, u64>, StoreError> {
        columns::how_many(self.connection(), workspace)
    }

    /// All workspaces of which something was approved, or that have tasks; each with how many tasks
    /// it has.
    ///
    /// # Errors
    /// Only those of every method.
    pub fn workspaces(&self) -> Result<Vec<(PathBuf, u64)>, StoreError> {
        columns::workspaces(self.connection())
    }

    /// What was approved last of a workspace: its files, each with its hash.
    ///
    /// # Errors
    /// Only those of every method.
    pub fn all_approved(&self, workspace: &Path) -> Result<Vec<(String, String)>, StoreError> {
        columns::all_approved(self.connection(), workspace)
    }

    /// The hash of a workspace's file (`tenfold.toml`, `src/AGENTS.md`) that was approved last.
    ///
    /// # Errors
    /// Only those of every method.
    pub fn approved(&self, workspace: &Path, file: &str) -> Result<Option<String>, StoreError> {
        project::approved(self.connection(), workspace, file)
    }

    /// The bytes with this hash; `None` if they were never put.
    ///
    /// # Errors
    /// Only those of every method.
    pub fn blob(&self, hash: BlobHash) -> Result<Option<Vec<u8>>, StoreError> {
        blob::get(self.connection(), hash)
    }
}

/// The events of a query, one after another; ends with the first error.
#[derive(Debug)]
pub struct Events<'a> {
    view: &'a View,
    query: EventQuery,
    page: std::vec::IntoIter<Event>,
    ended: bool,
}

impl Iterator for Events<'_> {
    type Item = Result<Event, StoreError>;

    fn next(&mut self) -> Option<Self::Item> {
        if let Some(event) = self.page.next() {
            return Some(Ok(event));
        }
        if self.ended {
            return None;
        }
        match self.view.events(&self.query) {
            Ok(page) => {
                self.ended = page.is_empty();
                self.query.after = page.last().map_or(self.query.after, |event| event.seq);
                self.page = page.into_iter();
                self.page.next().map(Ok)
            }
            Err(error) => {
                self.ended = true;
                Some(Err(error))
            }
        }
    }
}
