//! Layers that setup commands have made, kept for later runs of one workspace. Each is found
//! by a key that says what it depends on, built beside its place, moved there whole once it
//! is known to be good, and only read from then on.
//!
//! A file beside each layer is locked: by whoever builds it alone, by those who use it
//! together. The kernel gives a lock back when its holder dies, so what is half built and
//! held by nobody is left over, and is removed by the next who wants it.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use serde::{Deserialize, Serialize};
use tenfold_domain::{CommitId, Millis, Timestamp};

use crate::EngineError;

/// Layers that are kept of one workspace: its branches may want different ones by turns.
const KEPT: usize = 3;
/// Says of a layer how it came about; a layer without it is none.
const MADE_FILE: &str = "made.json";

/// How a layer came about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Made {
    /// The command.
    pub(crate) command: String,
    /// The files that it was run on.
    pub(crate) base: CommitId,
    /// When.
    pub(crate) at: Timestamp,
    /// How long it took.
    pub(crate) wall: Millis,
}

/// The layers of a workspace.
#[derive(Debug, Clone)]
pub(crate) struct Layers {
    dir: PathBuf,
}

/// A layer that is kept. As long as this lives nobody removes it.
#[derive(Debug)]
pub(crate) struct Layer {
    /// What belongs below the files of the workspace.
    pub(crate) path: PathBuf,
    pub(crate) made: Made,
    _used: File,
}

/// The right to build a layer.
#[derive(Debug)]
pub(crate) struct Building {
    /// A folder of its own, empty.
    pub(crate) place: PathBuf,
    kept: PathBuf,
    lock: File,
}

/// What is there under a key.
#[derive(Debug)]
pub(crate) enum Found {
    /// It was built before.
    Kept(Layer),
    /// Nothing, and nobody else builds it now.
    Absent(Building),
    /// Someone builds it just now.
    Busy,
}

impl Building {
    /// Where the layer grows.
    pub(crate) fn layer(&self) -> PathBuf {
        self.place.join("layer")
    }

    /// Moves the layer to its place.
    pub(crate) fn keep(self, made: Made) -> Result<Layer, EngineError> {
        let text = serde_json::to_vec_pretty(&made).unwrap_or_default();
        let file = self.place.join(MADE_FILE);
        fs::write(&file, text).map_err(failed("writing", &file))?;
        touch(&self.place, made.at);
        fs::rename(&self.place, &self.kept).map_err(failed("keeping", &self.kept))?;
        self.lock.lock_shared().map_err(failed("locking", &self.kept))?;
        Ok(Layer { path: self.kept.join("layer"), made, _used: self.lock })
    }
}

impl Layers {
    pub(crate) fn new(dir: PathBuf) -> Self {
        Self { dir }
    }

    /// Looks for a layer, which counts as used `now`. `remove` takes away a folder that commands
    /// have written to.
    pub(crate) fn find(
        &self,
        key: &str,
        now: Timestamp,
        remove: &dyn Fn(&Path),
    ) -> Result<Found, EngineError> {
        let mut folder = fs::DirBuilder::new();
        folder
            .recursive(true)
            .mode(0o700)
            .create(&self.dir)
            .map_err(failed("making", &self.dir))?;
        let (kept, file) = (self.dir.join(key), self.dir.join(format!("{key}.lock")));
        let lock = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&file)
            .map_err(failed("opening", &file))?;
        if kept.join(MADE_FILE).is_file() {
            if !taken(lock.try_lock_shared(), &file)? {
                return Ok(Found::Busy);
            }
            if let Some(made) = read(&kept) {
                touch(&kept, now);
                return Ok(Found::Kept(Layer { path: kept.join("layer"), made, _used: lock }));
            }
            lock.unlock().map_err(failed("unlocking", &file))?;
        }
        if !taken(lock.try_lock(), &file)? {
            return Ok(Found::Busy);
        }
        if read(&kept).is_some() {
            // It was finished between the two looks.
            return Ok(Found::Busy);
        }
        let place = self.dir.join(format!("{key}.new"));
        remove(&place);
        remove(&kept);
        fs::create_dir(&place).map_err(failed("making", &place))?;
        Ok(Found::Absent(Building { place, kept, lock }))
    }

    /// Removes the layers that were not used for longest, but for a few and for those in use.
    /// Returns their keys.
    pub(crate) fn sweep(&self, remove: &dyn Fn(&Path)) -> Vec<String> {
        let mut known = self.kept();
        known.truncate(known.len().saturating_sub(KEPT));
        known.retain(|(_, key)| self.remove(key, remove));
        known.into_iter().map(|(_, key)| key).collect()
    }

    /// Those of all workspaces, below the folder that they are in.
    pub(crate) fn all(setups: &Path) -> Vec<Self> {
        let entries = fs::read_dir(setups).into_iter().flatten().flatten();
        entries.map(|entry| Self::new(entry.path())).collect()
    }

    /// The keys of the layers that are kept, and when each was used last; that one first which
    /// was not used for longest.
    pub(crate) fn kept(&self) -> Vec<(Timestamp, String)> {
        let entries = fs::read_dir(&self.dir).into_iter().flatten().flatten();
        let mut known: Vec<(Timestamp, String)> = entries
            .filter_map(|entry| {
                let used = fs::metadata(entry.path().join(MADE_FILE)).ok()?.modified().ok()?;
                Some((used.into(), entry.file_name().into_string().ok()?))
            })
            .filter(|(_, name)| !name.contains('.'))
            .collect();
        known.sort();
        known
    }

    /// Where the layer of a key is, with what belongs to it.
    pub(crate) fn place(&self, key: &str) -> PathBuf {
        self.dir.join(key)
    }

    /// Removes a layer, unless it is in use; says whether it did.
    pub(crate) fn remove(&self, key: &str, remove: &dyn Fn(&Path)) -> bool {
        let lock = OpenOptions::new().write(true).open(self.dir.join(format!("{key}.lock")));
        let Ok(lock) = lock else { return false };
        let free = lock.try_lock().is_ok();
        if free {
            remove(&self.place(key));
        }
        free
    }
}

fn read(kept: &Path) -> Option<Made> {
    serde_json::from_slice(&fs::read(kept.join(MADE_FILE)).ok()?).ok()
}

/// Remembers that a layer was used then. If that fails it is swept sooner, and made again.
fn touch(kept: &Path, then: Timestamp) {
    let then = SystemTime::UNIX_EPOCH + Duration::from_millis(then.0);
    let _ = File::open(kept.join(MADE_FILE)).and_then(|file| file.set_modified(then));
}

fn taken(tried: Result<(), TryLockError>, file: &Path) -> Result<bool, EngineError> {
    match tried {
        Ok(()) => Ok(true),
        Err(TryLockError::WouldBlock) => Ok(false),
        Err(TryLockError::Error(error)) => Err(failed("locking", file)(error)),
    }
}

fn failed(what: &str, path: &Path) -> impl FnOnce(std::io::Error) -> EngineError {
    let what = format!("{what} {}", path.display());
    move |error| EngineError::io(what, error)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn remove(dir: &Path) {
        let _ = fs::remove_dir_all(dir);
    }

    /// When layers are looked for, long after they were made.
    const NOW: Timestamp = Timestamp(100_000);

    fn made(at: Timestamp) -> Made {
        Made {
            command: "make deps".to_owned(),
            base: "a".repeat(40).parse().unwrap(),
            at,
            wall: Millis(7),
        }
    }

    fn absent(layers: &Layers, key: &str) -> Building {
        match layers.find(key, NOW, &remove).unwrap() {
            Found::Absent(building) => building,
            other => panic!("{other:?}"),
        }
    }

    fn build(layers: &Layers, key: &str, at: Timestamp) -> Layer {
        let building = absent(layers, key);
        fs::create_dir(building.layer()).unwrap();
        fs::write(building.layer().join("made"), key).unwrap();
        building.keep(made(at)).unwrap()
    }

    #[test]
    fn a_layer_is_built_once_and_found_whole() {
        let dir = tempfile::tempdir().unwrap();
        let layers = Layers::new(dir.path().join("w"));
        let building = absent(&layers, "k");
        assert!(matches!(layers.find("k", NOW, &remove).unwrap(), Found::Busy));
        fs::create_dir(building.layer()).unwrap();
        fs::write(building.layer().join("made"), "k").unwrap();
        let first = building.keep(made(Timestamp(5))).unwrap();
        let Found::Kept(second) = layers.find("k", NOW, &remove).unwrap() else { panic!() };
        assert_eq!((&second.path, &second.made), (&first.path, &made(Timestamp(5))));
        assert_eq!(fs::read_to_string(second.path.join("made")).unwrap(), "k");
        assert!(matches!(layers.find("other", NOW, &remove).unwrap(), Found::Absent(_)));
    }

    #[test]
    fn what_was_left_half_built_is_built_anew() {
        let dir = tempfile::tempdir().unwrap();
        let layers = Layers::new(dir.path().join("w"));
        let building = absent(&layers, "k");
        fs::write(building.place.join("half"), "").unwrap();
        drop(building);
        let again = absent(&layers, "k");
        assert!(!again.place.join("half").exists());
    }

    #[test]
    fn the_oldest_go_and_none_that_is_in_use() {
        let dir = tempfile::tempdir().unwrap();
        let layers = Layers::new(dir.path().join("w"));
        // They are not made in the order of their names, and all long ago.
        let used = build(&layers, "a", Timestamp(1));
        for (at, key) in [(3, "d"), (2, "b"), (5, "c"), (4, "e")] {
            drop(build(&layers, key, Timestamp(at)));
        }
        assert_eq!(layers.sweep(&remove), ["b"]);
        assert!(used.path.join("made").exists());
        assert!(matches!(layers.find("b", NOW, &remove).unwrap(), Found::Absent(_)));
        drop(used);
        assert_eq!(layers.sweep(&remove), ["a"]);
        // What is found is used anew.
        assert!(matches!(layers.find("d", NOW, &remove).unwrap(), Found::Kept(_)));
        drop(build(&layers, "f", Timestamp(6)));
        assert_eq!(layers.sweep(&remove), ["e"]);
        let kept = layers.kept();
        assert_eq!(kept.last(), Some(&(NOW, "d".to_owned())));
    }
}
