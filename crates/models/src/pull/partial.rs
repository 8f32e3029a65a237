//! The part of a file that has come so far, hashed while it is written.

use std::fs::{self, File, Permissions};
use std::io::{Seek, SeekFrom, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};
use tenfold_domain::Bytes;

use super::{Job, partial_path};
use crate::digest::hash_rest;
use crate::lock::with_suffix;
use crate::{ModelsError, Sha256Sum};

/// `<file>.part`, open for appending.
pub(super) struct Partial {
    path: PathBuf,
    file: File,
    hasher: Sha256,
    len: u64,
}

/// A state to which a file can be set back.
pub(super) struct Mark {
    hasher: Sha256,
    len: u64,
}

impl Partial {
    /// Opens what has come of `target` in earlier tries, and hashes it.
    pub(super) fn open(target: &Path, job: &mut Job<'_>) -> Result<Self, ModelsError> {
        let path = partial_path(target);
        let mut file = File::options()
            .create(true)
            .truncate(false)
            .read(true)
            .write(true)
            .open(&path)
            .map_err(ModelsError::io("create", &path))?;
        let total = Bytes(file.metadata().map_err(ModelsError::io("read", &path))?.len());
        let mut hasher = Sha256::new();
        let len = hash_rest(&mut file, &path, &mut hasher, total, job.progress, job.cancel)?.0;
        Ok(Self { path, file, hasher, len })
    }

    /// How many bytes are here.
    pub(super) fn len(&self) -> u64 {
        self.len
    }

    /// The SHA-256 of what is here.
    pub(super) fn sum(&self) -> Sha256Sum {
        Sha256Sum::of(self.hasher.clone())
    }

    pub(super) fn append(&mut self, bytes: &[u8]) -> Result<(), ModelsError> {
        if let Err(error) = self.file.write_all(bytes) {
            // Some of it may have been written; the file has to be as long as it was hashed.
            let mark = self.mark();
            self.set_back(mark)?;
            return Err(ModelsError::io("write", &self.path)(error));
        }
        self.hasher.update(bytes);
        self.len += bytes.len() as u64;
        Ok(())
    }

    pub(super) fn mark(&self) -> Mark {
        Mark { hasher: self.hasher.clone(), len: self.len }
    }

    /// Drops all that was appended since `mark` was made.
    pub(super) fn set_back(&mut self, mark: Mark) -> Result<(), ModelsError> {
        self.file
            .set_len(mark.len)
            .and_then(|()| self.file.seek(SeekFrom::Start(mark.len)))
            .map_err(ModelsError::io("write", &self.path))?;
        (self.hasher, self.len) = (mark.hasher, mark.len);
        Ok(())
    }

    /// Drops everything.
    pub(super) fn restart(&mut self) -> Result<(), ModelsError> {
        self.set_back(Mark { hasher: Sha256::new(), len: 0 })
    }

    /// Gives the file its name, readable by everyone, and makes sure that it survives a crash.
    pub(super) fn finish(&mut self, target: &Path) -> Result<(), ModelsError> {
        self.file
            .set_permissions(Permissions::from_mode(0o644))
            .and_then(|()| self.file.sync_all())
            .map_err(ModelsError::io("write", &self.path))?;
        fs::rename(&self.path, target).map_err(ModelsError::io("create", target))?;
        let _ = fs::remove_file(validator_path(target));
        // A rename lasts once its directory is written; not every file system can be told so.
        if let Some(dir) = target.parent() {
            let _ = File::open(dir).and_then(|dir| dir.sync_all());
        }
        Ok(())
    }
}

impl Drop for Partial {
    /// An empty part is no part: nothing is to be left of a download that got nothing.
    fn drop(&mut self) {
        if self.len == 0 {
            let _ = fs::remove_file(&self.path);
        }
    }
}

/// Where the mark by which a server knows its file again is kept, for files of unknown hash.
pub(super) fn validator_path(target: &Path) -> PathBuf {
    with_suffix(target, ".part.etag")
}
