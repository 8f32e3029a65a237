//! Whether a model's file is here and is the right one. Its hash is remembered beside it, with
//! its size and time, so that a start need not read a gigabyte to know what it knew yesterday.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use tenfold_domain::Bytes;

use crate::pull::partial_path;
use crate::{Cancel, Entry, ModelDirs, ModelsError, Place, Progress, Sha256Sum, hash_file};

/// What is here of a model's file, by a glance at its size.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Presence {
    /// It is here, as long as it should be.
    Present,
    /// A download has come so far.
    Partly {
        /// Bytes here.
        have: Bytes,
    },
    /// A file is here that is too short or too long.
    WrongSize {
        /// Its size.
        have: Bytes,
    },
    /// Nothing is here.
    Absent,
}

/// How closely to look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Depth {
    /// At the size only.
    Size,
    /// At the size and at what is remembered; it is hashed if it has changed since, or was
    /// never hashed. Right for every start.
    Remembered,
    /// At every byte.
    Full,
}

/// What is remembered of a file that was hashed.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Memory {
    path: PathBuf,
    bytes: u64,
    modified_s: i64,
    modified_ns: i64,
    sha256: Sha256Sum,
}

/// What is here of the file of `entry`.
pub fn presence(entry: &Entry, dirs: &ModelDirs) -> Presence {
    let path = entry.path(dirs);
    match file_size(&path) {
        Some(size) if size == entry.bytes => Presence::Present,
        Some(have) => Presence::WrongSize { have },
        None if matches!(entry.place, Place::Cached(_)) => match file_size(&partial_path(&path)) {
            Some(have) => Presence::Partly { have },
            None => Presence::Absent,
        },
        None => Presence::Absent,
    }
}

fn file_size(path: &Path) -> Option<Bytes> {
    fs::metadata(path).ok().filter(fs::Metadata::is_file).map(|metadata| Bytes(metadata.len()))
}

/// The path of the file of `entry`, once it has been found to be the right one.
///
/// # Errors
/// [`ModelsError::Absent`], [`ModelsError::WrongSize`] or [`ModelsError::WrongHash`] if it is
/// not, each with what to do; [`ModelsError::Io`] and [`ModelsError::Cancelled`] if that could
/// not be found out.
pub fn verify(
    entry: &Entry,
    dirs: &ModelDirs,
    depth: Depth,
    progress: &mut dyn FnMut(Progress),
    cancel: &Cancel,
) -> Result<PathBuf, ModelsError> {
    let path = entry.path(dirs);
    let (name, hint) = (entry.name.clone(), entry.remedy());
    let Some(have) = file_size(&path) else {
        return Err(ModelsError::Absent { name, path, hint });
    };
    if have != entry.bytes {
        return Err(ModelsError::WrongSize { name, path, have, want: entry.bytes, hint });
    }
    let known = depth == Depth::Remembered && recall(entry, dirs) == Some(entry.sha256);
    if depth == Depth::Size || known {
        return Ok(path);
    }
    // Taken before it is read: if it changes meanwhile, what is remembered won't fit.
    let memory = memory_of(&path, entry.sha256);
    let (have, _) = hash_file(&path, progress, cancel)?;
    if have != entry.sha256 {
        forget(entry, dirs);
        return Err(ModelsError::WrongHash { name, path, have, hint });
    }
    write_down(memory, entry, dirs);
    Ok(path)
}

fn sidecar(entry: &Entry, dirs: &ModelDirs) -> PathBuf {
    dirs.cache().join(format!("{}.verified.toml", entry.name))
}

fn memory_of(path: &Path, sha256: Sha256Sum) -> Option<Memory> {
    let metadata = fs::metadata(path).ok()?;
    Some(Memory {
        path: path.to_owned(),
        bytes: metadata.len(),
        modified_s: metadata.mtime(),
        modified_ns: metadata.mtime_nsec(),
        sha256,
    })
}

/// The hash that the file had when it was last read, if it has not been touched since.
fn recall(entry: &Entry, dirs: &ModelDirs) -> Option<Sha256Sum> {
    let text = fs::read_to_string(sidecar(entry, dirs)).ok()?;
    let memory: Memory = toml::from_str(&text).ok()?;
    (memory_of(&entry.path(dirs), memory.sha256)? == memory).then_some(memory.sha256)
}

/// Notes that the file has the right hash. Where that can't be written down, the next start
/// hashes it again: slower, and no reason to fail.
pub(crate) fn remember(entry: &Entry, dirs: &ModelDirs) {
    write_down(memory_of(&entry.path(dirs), entry.sha256), entry, dirs);
}

fn write_down(memory: Option<Memory>, entry: &Entry, dirs: &ModelDirs) {
    if let Some(text) = memory.and_then(|memory| toml::to_string(&memory).ok())
        && fs::create_dir_all(dirs.cache()).is_ok()
    {
        let _ = fs::write(sidecar(entry, dirs), text);
    }
}

/// Drops what is remembered.
pub(crate) fn forget(entry: &Entry, dirs: &ModelDirs) {
    let _ = fs::remove_file(sidecar(entry, dirs));
}
