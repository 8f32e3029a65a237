//! Opening the file: creating it private to this user, and setting SQLite up so that a commit
//! is on the disk when it returns. Apart from `schema`, which says what is in the file.

use std::fs::{self, OpenOptions};
use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};

use crate::StoreError;
use crate::error::Doing;

/// How long to wait for another process that has locked the file.
const BUSY_TIMEOUT: Duration = Duration::from_secs(2);

/// How much of the file whoever writes keeps in memory, in KiB. Each task at work has pages of its
/// own in every index; what is pushed out within a transaction is written twice.
const CACHE_KIB: i64 = 64 << 10;

/// How many pages of 4 KiB are written to the log before they are carried over into the file. The
/// pages of tasks at work change again and again, and are carried over once.
const WAL_PAGES: i64 = 16 << 10;

/// How SQLite is set up for whoever writes, by the names of its pragmas, beside `journal_mode = wal`:
/// `synchronous = 2` (full) has a commit on the disk before anybody is told of it.
pub const SETTINGS: [(&str, i64); 3] =
    [("cache_size", -CACHE_KIB), ("wal_autocheckpoint", WAL_PAGES), ("synchronous", 2)];

/// How many prepared statements a connection keeps.
const STATEMENTS_KEPT: usize = 64;

/// Opens the file for writing; makes it and its folder if they are not there.
pub(crate) fn open_for_writing(path: &Path) -> Result<Connection, StoreError> {
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        make_private_folder(folder)?;
    }
    private(OpenOptions::new().write(true).create(true).truncate(false))
        .open(path)
        .map_err(|error| StoreError::io("opening", path, error))?;
    let connection = open(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    let doing = "setting up the journal";
    let mode: String = connection
        .pragma_update_and_check(None, "journal_mode", "wal", |row| row.get(0))
        .doing(&connection, doing)?;
    if mode != "wal" {
        return Err(StoreError::NoJournal { path: path.to_owned(), mode });
    }
    for (pragma, value) in SETTINGS {
        connection.pragma_update(None, pragma, value).doing(&connection, doing)?;
    }
    Ok(connection)
}

/// Opens the file for reading only.
pub(crate) fn open_for_reading(path: &Path) -> Result<Connection, StoreError> {
    match fs::File::open(path) {
        Ok(_) => open(path, OpenFlags::SQLITE_OPEN_READ_ONLY),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            Err(StoreError::Missing { path: path.to_owned() })
        }
        Err(error) => Err(StoreError::io("opening", path, error)),
    }
}

/// Makes a folder, and those above it, that only this user can enter.
pub(crate) fn make_private_folder(folder: &Path) -> Result<(), StoreError> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder).map_err(|error| StoreError::io("making the folder", folder, error))
}

/// A file that this makes can be read and written by this user only.
pub(crate) fn private(options: &mut OpenOptions) -> &mut OpenOptions {
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(options, 0o600);
    options
}

fn open(path: &Path, flags: OpenFlags) -> Result<Connection, StoreError> {
    // The flags leave out URI on purpose: a path is never read as anything but a path.
    let connection = Connection::open_with_flags(path, flags | OpenFlags::SQLITE_OPEN_NO_MUTEX)
        .map_err(|error| StoreError::sql("opening", path, error))?;
    connection.busy_timeout(BUSY_TIMEOUT).doing(&connection, "setting the timeout")?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS_KEPT);
    Ok(connection)
}
