//! What can go wrong with the store, and what to do about it. Apart, so that SQLite's codes
//! are read in one place only; no other file looks at them.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rusqlite::{Connection, ErrorCode};
use tenfold_domain::{Bytes, Seq, TaskId, Timestamp};

/// Why the store could not do what it was asked. Where an append fails, none of its facts
/// are recorded.
#[derive(Debug, Clone, thiserror::Error)]
pub enum StoreError {
    /// There is nothing to read yet.
    #[error("there is no store at {path}: nothing has been asked for yet; the first task makes it")]
    Missing {
        /// Where it was looked for.
        path: PathBuf,
    },
    /// The file is something else, or so damaged that it can't be recognised.
    #[error(
        "{path} is not a Tenfold store, or its first page is damaged: move it away, put a copy \
         back, or name another place for the store"
    )]
    NotAStore {
        /// The file.
        path: PathBuf,
    },
    /// A later release wrote it.
    #[error(
        "{path} was written by a newer Tenfold (its format is {found}, this release knows up to \
         {known}): upgrade Tenfold; the store was not touched"
    )]
    Newer {
        /// The file.
        path: PathBuf,
        /// Its format.
        found: u32,
        /// The latest format that this release knows.
        known: u32,
    },
    /// An earlier release wrote it, and it was opened for reading only.
    #[error(
        "{path} was written by an older Tenfold (its format is {found}, this release reads \
         {known}): stop the older engine, then `tenfold store rebuild`, which upgrades it"
    )]
    Older {
        /// The file.
        path: PathBuf,
        /// Its format.
        found: u32,
        /// The format that this release reads.
        known: u32,
    },
    /// The system does not let this user read or write it.
    #[error(
        "no permission for the store at {path}: make the file and its folder readable and \
         writable for this user, or name another place for the store"
    )]
    Permission {
        /// The file or folder.
        path: PathBuf,
    },
    /// The disk has no room left.
    #[error(
        "the disk is full: {path} can't grow, and nothing was recorded; free some space and try \
         again, what was recorded before is safe"
    )]
    DiskFull {
        /// The file.
        path: PathBuf,
    },
    /// The disk does not do what it is asked for.
    #[error(
        "the disk fails under the store at {path} ({detail}): nothing more was recorded, what was \
         before is there if the disk still has it; look at the system's log and at the disk, then \
         `tenfold store check`, and `tenfold store restore` a backup if that finds something"
    )]
    DiskFails {
        /// The file.
        path: PathBuf,
        /// What SQLite said.
        detail: String,
    },
    /// There is not enough room on the disk to begin.
    #[error(
        "the disk of {path} has {free} free, and this takes up to {wanted} for a while: free some \
         space and try again; nothing was changed"
    )]
    TooLittleRoom {
        /// A file on that disk.
        path: PathBuf,
        /// How much is free.
        free: Bytes,
        /// How much is wanted.
        wanted: Bytes,
    },
    /// What is in the file can't be what was written.
    #[error(
        "the store at {path} is damaged ({detail}): keep a copy of it, then put back a backup, or \
         save what can be read with sqlite3's `.recover`"
    )]
    Corrupt {
        /// The file.
        path: PathBuf,
        /// What SQLite or Tenfold found.
        detail: String,
    },
    /// It ends before what was recorded last.
    #[error(
        "the store at {path} ends with event {}, but {} had been recorded: it has lost its end, or \
         is an older copy; put the newer file back (with its -wal, if there is one), or \
         `tenfold store restore` a backup, or go on with what is there by `tenfold store accept-loss`",
        found.0,
        recorded.0
    )]
    Behind {
        /// The file.
        path: PathBuf,
        /// Its last event.
        found: Seq,
        /// What was recorded last.
        recorded: Seq,
    },
    /// Only what is listed is wrong.
    #[error(
        "what the store at {path} lists is not what its journal says ({detail}): `tenfold store \
         rebuild` makes it anew; nothing is lost"
    )]
    Unequal {
        /// The file.
        path: PathBuf,
        /// What was found first.
        detail: String,
    },
    /// Another engine has opened it since.
    #[error(
        "another engine has taken the store at {path} over since this one opened it: nothing was \
         recorded; end this one, and speak to the other"
    )]
    Fenced {
        /// The file.
        path: PathBuf,
    },
    /// The file system can't do what a journal needs.
    #[error(
        "the file system under {path} can't keep a journal (SQLite falls back to mode '{mode}' \
         there): put the store on a local disk"
    )]
    NoJournal {
        /// The file.
        path: PathBuf,
        /// What SQLite falls back to.
        mode: String,
    },
    /// Another process kept it locked.
    #[error(
        "another process has kept the store at {path} locked: end it (a backup, an sqlite3 shell \
         or a second engine) and try again"
    )]
    Busy {
        /// The file.
        path: PathBuf,
    },
    /// Another process is the engine.
    #[error("the engine is running already{}: use it, or stop it first", process(.pid))]
    Held {
        /// The process that holds the lock, if it has said so.
        pid: Option<u32>,
        /// Since when, if it has said so.
        since: Option<Timestamp>,
    },
    /// An event or a blob is above its limit.
    #[error("{what} of {bytes} bytes is too large to record: the limit is {most} bytes")]
    TooLarge {
        /// What was to be recorded.
        what: &'static str,
        /// Its size.
        bytes: usize,
        /// The limit.
        most: usize,
    },
    /// A fact has no form in JSON.
    #[error(
        "a fact can't be written down: {source}; a path in it must be valid UTF-8, so rename or \
         move what it names"
    )]
    Unwritable {
        /// What JSON has no form for.
        source: Arc<serde_json::Error>,
    },
    /// An event does not read as what it claims to be.
    #[error(
        "event {} ({noun} {event}) can't be read: {source}; the store may be damaged: put back a \
         backup, or report this",
        seq.0
    )]
    Unreadable {
        /// Which event.
        seq: Seq,
        /// Its noun, as recorded.
        noun: String,
        /// Its name, as recorded.
        event: String,
        /// What JSON found.
        source: Arc<serde_json::Error>,
    },
    /// An event was recorded by a later release.
    #[error(
        "event {} ({noun} {event}) is of version {version}, which a newer Tenfold wrote: upgrade \
         Tenfold",
        seq.0
    )]
    NewerEvent {
        /// Which event.
        seq: Seq,
        /// Its noun, as recorded.
        noun: String,
        /// Its name, as recorded.
        event: String,
        /// Its version.
        version: u32,
    },
    /// Nobody asked for this task.
    #[error("there is no task {0}: `tenfold list` shows those there are")]
    NoTask(TaskId),
    /// The thread that writes has ended.
    #[error(
        "the store has stopped writing; start the command again: what was recorded before is safe"
    )]
    Closed,
    /// The operating system failed.
    #[error("{doing} {path} failed: {source}")]
    Io {
        /// What was tried.
        doing: &'static str,
        /// On which file or folder.
        path: PathBuf,
        /// Why it failed.
        source: Arc<io::Error>,
    },
    /// SQLite failed in a way that has no name of its own here.
    #[error("{doing} failed in the store at {path}: {source}")]
    Sql {
        /// What was tried.
        doing: &'static str,
        /// The file.
        path: PathBuf,
        /// Why it failed.
        source: Arc<rusqlite::Error>,
    },
}

fn process(pid: &Option<u32>) -> String {
    pid.map(|pid| format!(" (process {pid})")).unwrap_or_default()
}

impl StoreError {
    /// Names what the operating system said about a file.
    pub(crate) fn io(doing: &'static str, path: &Path, error: io::Error) -> Self {
        let path = path.to_owned();
        match error.kind() {
            io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
                Self::Permission { path }
            }
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Self::DiskFull { path },
            _ => Self::Io { doing, path, source: Arc::new(error) },
        }
    }

    /// Names what SQLite said about a file.
    pub(crate) fn sql(doing: &'static str, path: &Path, error: rusqlite::Error) -> Self {
        let path = path.to_owned();
        match error.sqlite_error_code() {
            Some(ErrorCode::NotADatabase) => Self::NotAStore { path },
            Some(ErrorCode::DatabaseCorrupt) => Self::Corrupt { path, detail: error.to_string() },
            Some(ErrorCode::DiskFull) => Self::DiskFull { path },
            Some(ErrorCode::SystemIoFailure) => Self::DiskFails { path, detail: error.to_string() },
            Some(ErrorCode::PermissionDenied | ErrorCode::ReadOnly) => Self::Permission { path },
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Self::Busy { path },
            _ => Self::Sql { doing, path, source: Arc::new(error) },
        }
    }

    /// A fact or a row that JSON has no form for.
    pub(crate) fn unwritable(source: serde_json::Error) -> Self {
        Self::Unwritable { source: Arc::new(source) }
    }
}

/// Adds to SQLite's error what was tried, and on which file.
pub(crate) trait Doing<T> {
    /// Turns the error into the crate's own.
    fn doing(self, connection: &Connection, what: &'static str) -> Result<T, StoreError>;
}

impl<T> Doing<T> for rusqlite::Result<T> {
    fn doing(self, connection: &Connection, what: &'static str) -> Result<T, StoreError> {
        self.map_err(|error| {
            StoreError::sql(what, Path::new(connection.path().unwrap_or_default()), error)
        })
    }
}

#[cfg(test)]
mod tests {
    use rusqlite::ffi::{Error, SQLITE_FULL, SQLITE_IOERR_FSYNC, SQLITE_IOERR_READ};

    use super::*;

    #[test]
    fn a_disk_that_fails_is_told_from_one_that_is_full_with_what_to_do() {
        let said = |code| {
            let error = rusqlite::Error::SqliteFailure(Error::new(code), None);
            StoreError::sql("recording", Path::new("/there"), error)
        };
        for code in [SQLITE_IOERR_READ, SQLITE_IOERR_FSYNC] {
            let error = said(code);
            assert!(matches!(error, StoreError::DiskFails { .. }), "{error:?}");
            assert!(error.to_string().contains("`tenfold store check`"), "{error}");
        }
        assert!(matches!(said(SQLITE_FULL), StoreError::DiskFull { .. }));
    }
}
