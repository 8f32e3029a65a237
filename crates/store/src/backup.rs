//! Copies of a store: one that is made while an engine is at work, putting one back, and going on
//! with a store that is known to have lost something.

use std::fs::{self, File, OpenOptions};
use std::path::{Path, PathBuf};

use crate::check::Sound;
use crate::connection::{open_for_reading, open_for_writing, private};
use crate::error::Doing;
use crate::head::HeadFile;
use crate::schema::{MIGRATIONS, migrate};
use crate::{Store, StoreError, journal, project};

impl Store {
    /// Copies a store into a new file, as it is at one moment; whoever writes to it goes on.
    /// Says what the copy holds, all of which was read again.
    ///
    /// # Errors
    /// [`StoreError::Io`] if there is such a file; as for [`Store::read_only`] and
    /// [`View::check`](crate::View::check) else. A copy that is not whole is removed.
    pub fn back_up(path: &Path, to: &Path) -> Result<Sound, StoreError> {
        let connection = open_for_reading(path)?;
        // SQLite fills a file that is there and empty, and this one is private.
        private(OpenOptions::new().write(true).create_new(true))
            .open(to)
            .map_err(|error| StoreError::io("making", to, error))?;
        let copied = connection
            .execute("VACUUM INTO ?1", [to.to_string_lossy()])
            .doing(&connection, "copying the store")
            .and_then(|_| sync(to))
            .and_then(|()| Self::read_only(to)?.view()?.check());
        if copied.is_err() {
            let _ = fs::remove_file(to);
        }
        copied
    }

    /// Makes of a copy, which may be of an earlier release, a store that can take the place of
    /// another ([`Swap`](crate::Swap)), once all of it was read and found sound.
    ///
    /// # Errors
    /// What [`View::check`](crate::View::check) says of the copy; [`StoreError::Io`] and the
    /// like. Nothing is left of it then.
    pub fn prepare(from: &Path, to: &Path) -> Result<Sound, StoreError> {
        remove_all(to);
        fs::copy(from, to).map_err(|error| StoreError::io("copying", from, error))?;
        let prepared = (|| {
            let mut connection = open_for_writing(to)?;
            migrate(&mut connection, MIGRATIONS)?;
            project::bring_up_to_date(&mut connection, &mut |_| ())?;
            drop(connection);
            let sound = Self::read_only(to)?.view()?.check()?;
            sync(to)?;
            accept(to)?;
            Ok(sound)
        })();
        if prepared.is_err() {
            remove_all(to);
        }
        prepared
    }

    /// Goes on with a store as it is, though it ends before what was recorded last
    /// ([`StoreError::Behind`]): what is there counts from now on.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] and the like: a store that is damaged can't be gone on with.
    pub fn accept_loss(path: &Path) -> Result<(), StoreError> {
        Self::read_only(path)?.view()?.chain()?;
        accept(path)
    }
}

/// Writes down that the newest event is what was recorded last.
fn accept(path: &Path) -> Result<(), StoreError> {
    let connection = open_for_reading(path)?;
    let (newest, _) = journal::newest(&connection)?;
    let _ = fs::remove_file(HeadFile::path_of(path));
    let (mut head, _) = HeadFile::open(path)?;
    head.write(newest)?;
    head.sync()
}

fn remove_all(path: &Path) {
    for part in ["", "-wal", "-shm", "-head"] {
        let _ = fs::remove_file(with_suffix(path, part));
    }
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(suffix);
    path.with_file_name(name)
}

fn sync(path: &Path) -> Result<(), StoreError> {
    File::open(path)
        .and_then(|file| file.sync_all())
        .map_err(|error| StoreError::io("writing", path, error))
}
