//! Copies of all that must not be lost: the store, the git directories of workspaces, which hold
//! the files that it speaks of, and what was taken out of it. Apart from the engine, since a copy is made beside one, and
//! put back only when there is none.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::Serialize;
use tenfold_store::{EngineLock, Sound, Store, Swap};
use tenfold_workspace::Own;

use crate::{EngineError, Places};

/// The name of the store, in a backup as in Tenfold's own folder.
const STORE: &str = "tenfold.db";
/// The folders of a backup, as they are called in Tenfold's own: files of workspaces, and of what
/// was taken out of the journal.
const FOLDERS: [&str; 2] = ["workspaces", "dropped"];
/// What their names end with until they take their places.
const RESTORING: &str = "-restoring";

/// What was copied.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Copied {
    /// What the journal holds, all of which was read again.
    pub sound: Sound,
    /// How many files of workspaces, and of what was taken out of the journal, were copied.
    pub files: u64,
    /// How many bytes they have.
    pub bytes: u64,
    /// Where that is which was there before, if it was put away.
    pub kept: Vec<PathBuf>,
}

/// Copies everything into a new folder; an engine that is at work goes on.
///
/// # Errors
/// [`EngineError::Io`] if the folder is there already or can't be written; what the store says.
pub fn back_up(places: &Places, to: &Path) -> Result<Copied, EngineError> {
    fs::create_dir(to)
        .map_err(|e| EngineError::io(format!("making the folder {}", to.display()), e))?;
    // Nothing that the journal speaks of now is removed before it is copied.
    let _used = Own::all(&places.workspaces())?
        .iter()
        .map(|dir| Own::untouched(dir))
        .collect::<Result<Vec<_>, _>>()?;
    // What the journal speaks of is recorded after its files are there, so it goes first.
    let sound = Store::back_up(&places.store_file(), &to.join(STORE))?;
    let (files, bytes) = copy_folders(&places.data, to, "")?;
    Ok(Copied { sound, files, bytes, kept: Vec::new() })
}

/// Puts a backup in the place of what is there, which is kept under other names beside it.
///
/// # Errors
/// If an engine is at work, or the backup is not whole and sound: nothing is changed then.
pub fn restore(places: &Places, from: &Path) -> Result<Copied, EngineError> {
    let lock = EngineLock::acquire(&places.data)?;
    let data = &places.data;
    let restoring = |name: &str| format!("{name}{RESTORING}");
    let remove_new = || FOLDERS.iter().try_for_each(|name| remove(&data.join(restoring(name))));
    remove_new()?;
    let (files, bytes) = copy_folders(from, data, RESTORING)?;
    let sound = match Store::prepare(&from.join(STORE), &data.join(restoring(STORE))) {
        Ok(sound) => sound,
        Err(error) => {
            remove_new()?;
            return Err(error.into());
        }
    };
    let mut swap = Swap::default();
    let mut kept: Vec<PathBuf> = swap.store(data, &restoring(STORE), STORE).into_iter().collect();
    kept.extend(FOLDERS.iter().filter_map(|name| swap.folder(data, &restoring(name), name)));
    swap.carry_out(data, &lock)?;
    Ok(Copied { sound, files, bytes, kept })
}

/// Copies the folders of a backup, each with something after its name; and how many files they
/// have, and how large these are.
fn copy_folders(from: &Path, to: &Path, after: &str) -> Result<(u64, u64), EngineError> {
    let (mut files, mut bytes) = (0, 0);
    for name in FOLDERS {
        let copied = copy(&from.join(name), &to.join(format!("{name}{after}")))?;
        files += copied.0;
        bytes += copied.1;
    }
    Ok((files, bytes))
}

/// Copies the files below a folder, and how many and how large they are. What git makes for a
/// moment and takes away again may be gone by then; links are not followed.
fn copy(from: &Path, to: &Path) -> Result<(u64, u64), EngineError> {
    let failed =
        |doing: &str, path: &Path, e| EngineError::io(format!("{doing} {}", path.display()), e);
    fs::create_dir_all(to).map_err(|e| failed("making the folder", to, e))?;
    let entries = match fs::read_dir(from) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok((0, 0)),
        Err(error) => return Err(failed("reading the folder", from, error)),
    };
    let (mut files, mut bytes) = (0, 0);
    for entry in entries {
        let entry = entry.map_err(|e| failed("reading the folder", from, e))?;
        let (path, target) = (entry.path(), to.join(entry.file_name()));
        let kind = entry.file_type().map_err(|e| failed("reading", &path, e))?;
        if kind.is_dir() {
            let below = copy(&path, &target)?;
            files += below.0;
            bytes += below.1;
        } else if kind.is_file() {
            match fs::copy(&path, &target) {
                Ok(size) => {
                    files += 1;
                    bytes += size;
                }
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(failed("copying", &path, error)),
            }
        }
    }
    Ok((files, bytes))
}

fn remove(folder: &Path) -> Result<(), EngineError> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(EngineError::io(format!("removing the folder {}", folder.display()), error))
        }
        _ => Ok(()),
    }
}
