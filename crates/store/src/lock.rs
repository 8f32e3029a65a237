//! At most one engine: a lock on a file beside the store, which the kernel releases when the
//! process that holds it ends, in whatever way. Apart from the store, which many may read.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{Seek, Write};
use std::path::Path;
use std::time::{Duration, SystemTime};

use tenfold_domain::Timestamp;

use crate::connection::{make_private_folder, private};
use crate::{StoreError, swap};

const FILE_NAME: &str = "engine.lock";

/// Someone who only looks holds the lock for a moment, and an engine that has just begun has
/// not yet said who it is: so a lock that is held is tried again, this often.
const TRIES: u32 = 10;

/// How long between two tries.
const BETWEEN_TRIES: Duration = Duration::from_millis(20);

/// The right to be the engine of a folder; dropping it gives it back.
#[derive(Debug)]
pub struct EngineLock {
    file: File,
}

/// Who the engine is, as far as it has said so.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Holder {
    /// Its process.
    pub pid: Option<u32>,
    /// When it took the lock.
    pub since: Option<Timestamp>,
}

impl EngineLock {
    /// Becomes the engine of this folder, which is made if it is not there. If a backup was being
    /// put back there when that was cut short, it is put back now.
    ///
    /// # Errors
    /// [`StoreError::Held`] if there is an engine; [`StoreError::Permission`],
    /// [`StoreError::DiskFull`] or [`StoreError::Io`] if the lock can't be written.
    pub fn acquire(folder: &Path) -> Result<Self, StoreError> {
        make_private_folder(folder)?;
        let path = folder.join(FILE_NAME);
        let failed = |error| StoreError::io("locking", &path, error);
        let file = private(OpenOptions::new().read(true).write(true).create(true).truncate(false))
            .open(&path)
            .map_err(failed)?;
        let mut tries = 1;
        while let Err(error) = file.try_lock() {
            match error {
                TryLockError::Error(error) => return Err(failed(error)),
                TryLockError::WouldBlock if tries == TRIES => {
                    let Holder { pid, since } = read(&path)?;
                    return Err(StoreError::Held { pid, since });
                }
                TryLockError::WouldBlock => {
                    tries += 1;
                    std::thread::sleep(BETWEEN_TRIES);
                }
            }
        }
        let mut lock = Self { file };
        lock.say_who().map_err(failed)?;
        swap::finish(folder)?;
        Ok(lock)
    }

    /// The engine of this folder; `None` if there is none, and an attempt that has not ended
    /// was interrupted.
    ///
    /// # Errors
    /// [`StoreError::Permission`] or [`StoreError::Io`] if the lock can't be read.
    pub fn holder(folder: &Path) -> Result<Option<Holder>, StoreError> {
        let path = folder.join(FILE_NAME);
        let file = match File::open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(StoreError::io("reading", &path, error)),
        };
        match file.try_lock_shared() {
            Ok(()) => Ok(None),
            Err(TryLockError::WouldBlock) => read(&path).map(Some),
            Err(TryLockError::Error(error)) => Err(StoreError::io("reading", &path, error)),
        }
    }

    fn say_who(&mut self) -> std::io::Result<()> {
        let now = Timestamp::from(SystemTime::now());
        self.file.set_len(0)?;
        self.file.rewind()?;
        writeln!(self.file, "{} {}", std::process::id(), now.0)
    }
}

impl Drop for EngineLock {
    fn drop(&mut self) {
        // A child that was just forked shares the lock until it executes: unlocking frees it
        // for all, closing would not. If it fails, closing the file is what is left.
        let _ = self.file.set_len(0);
        let _ = self.file.unlock();
    }
}

fn read(path: &Path) -> Result<Holder, StoreError> {
    let text = fs::read_to_string(path).map_err(|error| StoreError::io("reading", path, error))?;
    let mut words = text.split_whitespace();
    let pid = words.next().and_then(|word| word.parse().ok());
    let since = words.next().and_then(|word| word.parse().ok()).map(Timestamp);
    Ok(Holder { pid, since })
}
