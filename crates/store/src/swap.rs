//! How a backup takes the place of what is there: all of it or nothing, whoever is killed meanwhile.
//! What is to be renamed is written down first; from then on it happens, for whoever takes the lock
//! or reads next goes on with it.

use std::fs::{self, File, OpenOptions};
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::connection::private;
use crate::{EngineLock, StoreError};

/// The file in which the moves are written down, in the folder that they are made in.
const PLAN: &str = "restoring.json";

/// What belongs to a store, after its name; the store itself moves last.
const PARTS: [&str; 4] = ["-wal", "-shm", "-head", ""];

/// Files and folders of one folder that are to take the places of others there.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Swap {
    /// Old name and new name, in their order. No new name is there when it is its turn.
    moves: Vec<(String, String)>,
}

impl Swap {
    /// Has a store take the place of another, each with all that belongs to it. Returns where what
    /// is there will be kept.
    pub fn store(&mut self, folder: &Path, new: &str, old: &str) -> Option<PathBuf> {
        self.replace(folder, (new, old), &PARTS)
    }

    /// The same, of a file that is nothing but that, or a folder.
    pub fn folder(&mut self, folder: &Path, new: &str, old: &str) -> Option<PathBuf> {
        self.replace(folder, (new, old), &[""])
    }

    fn replace(
        &mut self,
        folder: &Path,
        (new, old): (&str, &str),
        parts: &[&str],
    ) -> Option<PathBuf> {
        let is_there = |name: &str| folder.join(name).exists();
        let aside = (1..)
            .map(|number| format!("{old}-before-restore-{number}"))
            .find(|aside| !is_there(aside))
            .expect("there are more numbers than files");
        for (from, to) in [(old, &*aside), (new, old)] {
            let there = parts.iter().filter(|part| is_there(&format!("{from}{part}")));
            self.moves.extend(there.map(|part| (format!("{from}{part}"), format!("{to}{part}"))));
        }
        is_there(old).then(|| folder.join(aside))
    }

    /// Does it. The lock says that nobody else does anything there.
    ///
    /// # Errors
    /// [`StoreError::Io`] and the like. If it was not written down, nothing has changed; else it
    /// is gone on with by whoever comes next.
    pub fn carry_out(&self, folder: &Path, _lock: &EngineLock) -> Result<(), StoreError> {
        let (plan, part) = (folder.join(PLAN), folder.join(format!("{PLAN}.part")));
        let failed = |error| StoreError::io("writing", &plan, error);
        let json = serde_json::to_vec(self).map_err(StoreError::unwritable)?;
        let mut file = private(OpenOptions::new().write(true).create(true).truncate(true))
            .open(&part)
            .map_err(failed)?;
        file.write_all(&json).and_then(|()| file.sync_all()).map_err(failed)?;
        fs::rename(&part, &plan).and_then(|()| sync(folder)).map_err(failed)?;
        finish(folder)
    }
}

/// Whether one was begun in this folder and has not come to its end.
pub(crate) fn is_cut_short(folder: &Path) -> bool {
    folder.join(PLAN).exists()
}

/// Goes on with one that was cut short, if there is one.
pub(crate) fn finish(folder: &Path) -> Result<(), StoreError> {
    let plan = folder.join(PLAN);
    let failed = |path: &Path, error| StoreError::io("putting back", path, error);
    let json = match fs::read(&plan) {
        Ok(json) => json,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(StoreError::io("reading", &plan, error)),
    };
    let swap: Swap = serde_json::from_slice(&json)
        .map_err(|error| StoreError::Corrupt { path: plan.clone(), detail: error.to_string() })?;
    for (from, to) in swap.moves {
        let (from, to) = (folder.join(from), folder.join(to));
        // Where there is something already, that is what it was moved for.
        if from.exists() && !to.exists() {
            fs::rename(&from, &to).map_err(|error| failed(&from, error))?;
        }
    }
    sync(folder).map_err(|error| failed(folder, error))?;
    fs::remove_file(&plan).and_then(|()| sync(folder)).map_err(|error| failed(&plan, error))
}

fn sync(folder: &Path) -> std::io::Result<()> {
    File::open(folder)?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A folder with an old store and folder, and new ones.
    fn ground() -> (tempfile::TempDir, Swap) {
        let dir = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| fs::write(dir.path().join(name), text).unwrap();
        for part in ["", "-wal", "-head"] {
            write(&format!("a.db{part}"), "old");
        }
        for part in ["", "-head"] {
            write(&format!("a.db-restoring{part}"), "new");
        }
        for (name, text) in [("files", "old"), ("files-restoring", "new")] {
            fs::create_dir(dir.path().join(name)).unwrap();
            write(&format!("{name}/x"), text);
        }
        let mut swap = Swap::default();
        let kept = swap.store(dir.path(), "a.db-restoring", "a.db");
        assert_eq!(kept, Some(dir.path().join("a.db-before-restore-1")));
        assert!(swap.folder(dir.path(), "files-restoring", "files").is_some());
        assert_eq!(swap.folder(dir.path(), "none-restoring", "none"), None);
        (dir, swap)
    }

    /// All that is there, and what is in it.
    fn found(dir: &Path) -> Vec<(String, String)> {
        let mut found = Vec::new();
        for entry in fs::read_dir(dir).unwrap() {
            let entry = entry.unwrap();
            let name = entry.file_name().into_string().unwrap();
            let file = if entry.path().is_dir() { entry.path().join("x") } else { entry.path() };
            found.push((name, fs::read_to_string(file).unwrap()));
        }
        found.retain(|(name, _)| name != "engine.lock");
        found.sort();
        found
    }

    #[test]
    fn whenever_it_is_cut_short_whoever_comes_next_goes_on_with_it() {
        let whole = {
            let (dir, swap) = ground();
            swap.carry_out(dir.path(), &EngineLock::acquire(dir.path()).unwrap()).unwrap();
            found(dir.path())
        };
        let of =
            |name: &str| whole.iter().find(|(known, _)| known == name).map(|(_, text)| &**text);
        assert_eq!(
            (of("a.db"), of("a.db-head"), of("files")),
            (Some("new"), Some("new"), Some("new"))
        );
        assert_eq!(of("a.db-wal"), None);
        assert_eq!(of("a.db-before-restore-1-wal"), Some("old"));
        assert_eq!(of("files-before-restore-1"), Some("old"));

        let moves = ground().1.moves.len();
        for done in 0..=moves {
            let (dir, swap) = ground();
            let path = |name: &str| dir.path().join(name);
            for (from, to) in &swap.moves[..done] {
                fs::rename(path(from), path(to)).unwrap();
            }
            fs::write(path(PLAN), serde_json::to_vec(&swap).unwrap()).unwrap();
            assert!(is_cut_short(dir.path()));
            drop(EngineLock::acquire(dir.path()).unwrap());
            assert_eq!(found(dir.path()), whole, "after {done} of {moves}");
        }
    }
}
