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

    /// Puts a copy in the place of a store, once all of it was read and found sound. What was
    /// there is kept beside it under the name that is returned. No engine may be at work: hold
    /// the [`EngineLock`](crate::EngineLock).
    ///
    /// # Errors
    /// What [`View::check`](crate::View::check) says of the copy; [`StoreError::Io`] and the
    /// like. The store is as it was then.
    pub fn restore(from: &Path, path: &Path) -> Result<(Sound, Option<PathBuf>), StoreError> {
        // By a copy of its own, which may be of an earlier release.
        let new = with_suffix(path, "-restoring");
        let _ = fs::remove_file(&new);
        fs::copy(from, &new).map_err(|error| StoreError::io("copying", from, error))?;
        let sound = (|| {
            let mut connection = open_for_writing(&new)?;
            migrate(&mut connection, MIGRATIONS)?;
            project::bring_up_to_date(&mut connection, &mut |_| ())?;
            drop(connection);
            let sound = Self::read_only(&new)?.view()?.check()?;
            sync(&new)?;
            Ok(sound)
        })();
        let sound = match sound {
            Ok(sound) => sound,
            Err(error) => {
                remove_all(&new);
                return Err(error);
            }
        };
        let kept = set_aside(path)?;
        fs::rename(&new, path).map_err(|error| StoreError::io("putting back", path, error))?;
        remove_all(&new);
        accept(path)?;
        Ok((sound, kept))
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

/// Renames a store and what belongs to it; nothing if there is none.
fn set_aside(path: &Path) -> Result<Option<PathBuf>, StoreError> {
    if !path.exists() {
        return Ok(None);
    }
    let aside = (1..)
        .map(|number| with_suffix(path, &format!("-before-restore-{number}")))
        .find(|aside| !aside.exists())
        .expect("there are more numbers than files");
    // What was not written into the file itself yet belongs to it.
    for part in ["-wal", "-shm", "-head", ""] {
        let (from, to) = (with_suffix(path, part), with_suffix(&aside, part));
        if from.exists() {
            fs::rename(&from, &to).map_err(|error| StoreError::io("keeping", &from, error))?;
        }
    }
    Ok(Some(aside))
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
