//! A lock on a file's name, held while the file is fetched, replaced or deleted, so that two
//! processes never do so at once. It is gone with the process that holds it, however it ends.

use std::fs::{self, File, TryLockError};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use crate::{Cancel, ModelsError};

/// How often a held lock is tried again.
const RETRY: Duration = Duration::from_millis(100);

/// A held lock.
#[derive(Debug)]
pub(crate) struct Lock {
    path: PathBuf,
    _file: File,
}

impl Lock {
    /// Takes the lock on `target`, or nothing if another holds it.
    pub(crate) fn try_take(target: &Path) -> Result<Option<Self>, ModelsError> {
        let path = with_suffix(target, ".lock");
        loop {
            let file = File::options()
                .create(true)
                .truncate(false)
                .write(true)
                .open(&path)
                .map_err(ModelsError::io("create", &path))?;
            match file.try_lock() {
                Ok(()) => {}
                Err(TryLockError::WouldBlock) => return Ok(None),
                Err(TryLockError::Error(error)) => {
                    return Err(ModelsError::io("lock", &path)(error));
                }
            }
            // The one who held it before has deleted it: what is locked has to be what others
            // will find under the name.
            let ours = file.metadata().map_err(ModelsError::io("read", &path))?;
            if fs::metadata(&path).is_ok_and(|there| there.ino() == ours.ino()) {
                return Ok(Some(Self { path, _file: file }));
            }
        }
    }

    /// Takes the lock on `target`; calls `waiting` once if another holds it, and waits.
    pub(crate) fn take(
        target: &Path,
        cancel: &Cancel,
        mut waiting: impl FnMut(),
    ) -> Result<Self, ModelsError> {
        if let Some(lock) = Self::try_take(target)? {
            return Ok(lock);
        }
        waiting();
        loop {
            if cancel.is_cancelled() {
                return Err(ModelsError::Cancelled);
            }
            if let Some(lock) = Self::try_take(target)? {
                return Ok(lock);
            }
            thread::sleep(RETRY);
        }
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.path);
    }
}

/// `path` with `suffix` behind its last component.
pub(crate) fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_at_a_time_and_nothing_is_left() {
        let dir = tempfile::tempdir().unwrap();
        let target = dir.path().join("model.gguf");
        let held = Lock::try_take(&target).unwrap().unwrap();
        assert!(Lock::try_take(&target).unwrap().is_none());
        let cancel = Cancel::new();
        let stop = cancel.clone();
        let waited = Lock::take(&target, &cancel, || stop.cancel());
        assert!(matches!(waited, Err(ModelsError::Cancelled)));
        drop(held);
        drop(Lock::take(&target, &Cancel::new(), || panic!("nobody holds it")).unwrap());
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);
    }
}
