//! Getting a model's file: source after source, each going on where the last one stopped,
//! until the SHA-256 is right. What has come stays in `<file>.part` whatever happens, unless
//! it is proven wrong; the file gets its name when it is whole, and not before.

mod http;
mod partial;
mod parts;
mod pip;
mod wheel;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use nix::sys::statvfs::statvfs;
use tenfold_domain::Bytes;

use crate::lock::{Lock, with_suffix};
use crate::verify::remember;
use crate::{
    Cancel, Depth, Entry, ModelDirs, ModelsError, Place, Progress, Sha256Sum, Source, Tried, verify,
};
use partial::Partial;

pub use pip::PipCommand;

/// Room that a download leaves on the disk.
const MARGIN: u64 = 64 << 20;

/// How long sources are waited for, and how `pip` is called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PullOptions {
    /// The longest that looking up a host's name, and connecting to it, may each take.
    pub connect: Duration,
    /// The longest that a connection may be silent.
    pub stall: Duration,
    /// The longest that `pip` may bring nothing.
    pub pip_stall: Duration,
    /// How `pip` may be called; the first that answers is used.
    pub pip: Vec<PipCommand>,
}

impl Default for PullOptions {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(3),
            stall: Duration::from_secs(10),
            pip_stall: Duration::from_secs(30),
            pip: PipCommand::usual(),
        }
    }
}

/// What a source works with.
struct Job<'a> {
    options: &'a PullOptions,
    progress: &'a mut dyn FnMut(Progress),
    cancel: &'a Cancel,
}

/// Why a source gave no file.
enum Setback {
    /// For a reason of its own: the next source may do better.
    Source(String),
    /// For a reason that holds for every source.
    Stop(ModelsError),
}

impl From<ModelsError> for Setback {
    fn from(error: ModelsError) -> Self {
        Self::Stop(error)
    }
}

impl Job<'_> {
    fn check_cancelled(&self) -> Result<(), ModelsError> {
        if self.cancel.is_cancelled() { Err(ModelsError::Cancelled) } else { Ok(()) }
    }
}

/// Gets the file of `entry` if it is not here yet, and returns its path. A model that a person
/// added with a path is only looked at.
///
/// # Errors
/// [`ModelsError::NoSource`] if no source gave the right file, with each one's reason;
/// [`ModelsError::NoRoom`], [`ModelsError::Io`] and [`ModelsError::Cancelled`] as they say. For
/// a person's own file, those of [`verify`].
pub fn pull(
    entry: &Entry,
    dirs: &ModelDirs,
    options: &PullOptions,
    progress: &mut dyn FnMut(Progress),
    cancel: &Cancel,
) -> Result<PathBuf, ModelsError> {
    let here = verify(entry, dirs, Depth::Remembered, progress, cancel);
    if matches!(entry.place, Place::Own(_)) || !is_missing_or_wrong(&here) {
        return here;
    }
    create_dir(dirs.cache())?;
    let target = entry.path(dirs);
    let _lock = Lock::take(&target, cancel, || progress(Progress::Waiting))?;
    // Another process may have brought it while this one waited.
    let here = verify(entry, dirs, Depth::Remembered, progress, cancel);
    if !is_missing_or_wrong(&here) {
        return here;
    }
    let mut job = Job { options, progress, cancel };
    fetch(entry, dirs, &target, &mut job)?;
    remember(entry, dirs);
    Ok(target)
}

fn is_missing_or_wrong(verified: &Result<PathBuf, ModelsError>) -> bool {
    use ModelsError::{Absent, WrongHash, WrongSize};
    matches!(verified, Err(Absent { .. } | WrongSize { .. } | WrongHash { .. }))
}

/// Goes through the sources until one has given the file.
fn fetch(
    entry: &Entry,
    dirs: &ModelDirs,
    target: &Path,
    job: &mut Job<'_>,
) -> Result<(), ModelsError> {
    let mut partial = Partial::open(target, job)?;
    if partial.len() > entry.bytes.0 {
        partial.restart()?;
    }
    // The last try may have been stopped with everything here but the name.
    if partial.len() == entry.bytes.0 && finish(&mut partial, entry, target)?.is_none() {
        return Ok(());
    }
    let mut tried = Tried::default();
    let mut sources = entry.sources.iter().peekable();
    if let Some(first) = sources.peek() {
        (job.progress)(Progress::Trying { source: first.describe() });
    }
    while let Some(source) = sources.next() {
        check_room(entry, dirs, source, partial.len())?;
        match fetch_from(source, entry, target, &mut partial, job) {
            Ok(()) => return Ok(()),
            Err(Setback::Stop(error)) => return Err(no_room_or(error, entry, dirs, &partial)),
            Err(Setback::Source(why)) => {
                let from = source.describe();
                if let Some(next) = sources.peek() {
                    let (from, why) = (from.clone(), why.clone());
                    (job.progress)(Progress::GoingOn { from, why, next: next.describe() });
                }
                tried.0.push((from, why));
            }
        }
    }
    Err(ModelsError::NoSource {
        name: entry.name.clone(),
        file: file_name(target),
        dir: dirs.cache().to_owned(),
        tried,
    })
}

/// One source. A wrong hash after a resumed download proves nothing against this source: the
/// beginning may be another's, or may have rotted on the disk. So it is asked once more, for
/// everything.
fn fetch_from(
    source: &Source,
    entry: &Entry,
    target: &Path,
    partial: &mut Partial,
    job: &mut Job<'_>,
) -> Result<(), Setback> {
    loop {
        let resumed = partial.len() > 0;
        match source {
            Source::Http { url } => http::fetch(url, entry.bytes, partial, job)?,
            Source::Parts(parts) => parts::fetch(parts, target, partial, job)?,
        }
        let Some(have) = finish(partial, entry, target)? else { return Ok(()) };
        let why = format!("what it gave has the SHA-256 {have}, not {}", entry.sha256);
        if !resumed {
            return Err(Setback::Source(format!("{why}; it was thrown away")));
        }
        (job.progress)(Progress::StartingOver { why });
    }
}

/// Gives a complete and right file its name. Otherwise throws it away and returns its hash.
fn finish(
    partial: &mut Partial,
    entry: &Entry,
    target: &Path,
) -> Result<Option<Sha256Sum>, ModelsError> {
    let have = partial.sum();
    if have != entry.sha256 {
        partial.restart()?;
        return Ok(Some(have));
    }
    partial.finish(target)?;
    remove_dir(&parts::directory(target));
    Ok(None)
}

/// The file of an unfinished download.
pub(crate) fn partial_path(target: &Path) -> PathBuf {
    with_suffix(target, ".part")
}

/// All that a download may have left beside `target`.
pub(crate) fn leftovers(target: &Path) -> [PathBuf; 3] {
    [partial_path(target), partial::validator_path(target), parts::directory(target)]
}

/// Downloads a file of which nothing is known but its address to `target`, and returns its
/// hash and size. The caller holds the lock.
pub(crate) fn download(
    url: &str,
    target: &Path,
    options: &PullOptions,
    progress: &mut dyn FnMut(Progress),
    cancel: &Cancel,
) -> Result<(Sha256Sum, Bytes), ModelsError> {
    let mut job = Job { options, progress, cancel };
    let mut partial = Partial::open(target, &mut job)?;
    (job.progress)(Progress::Trying { source: crate::entry::host(url).to_owned() });
    match http::fetch_unknown(url, target, &mut partial, &mut job) {
        Ok(()) => {}
        Err(Setback::Stop(error)) => return Err(error),
        Err(Setback::Source(why)) => {
            return Err(ModelsError::NotAddable { what: url.to_owned(), why });
        }
    }
    let found = (partial.sum(), Bytes(partial.len()));
    partial.finish(target)?;
    Ok(found)
}

fn check_room(
    entry: &Entry,
    dirs: &ModelDirs,
    source: &Source,
    have: u64,
) -> Result<(), ModelsError> {
    let rest = entry.bytes.0.saturating_sub(have);
    let on_the_side = match source {
        Source::Http { .. } => 0,
        Source::Parts(parts) => parts::room_on_the_side(parts),
    };
    let needed = Bytes(rest.saturating_add(on_the_side).saturating_add(MARGIN));
    let free = free_space(dirs.cache())?;
    if free < needed {
        return Err(no_room(entry, dirs, needed, free));
    }
    Ok(())
}

/// What a person without special rights may still write.
// The two numbers have other types on other systems.
#[allow(clippy::useless_conversion)]
pub(crate) fn free_space(dir: &Path) -> Result<Bytes, ModelsError> {
    let found = statvfs(dir).map_err(|errno| ModelsError::io("look at", dir)(errno.into()))?;
    let blocks = u64::from(found.blocks_available());
    Ok(Bytes(blocks.saturating_mul(u64::from(found.fragment_size()))))
}

fn no_room(entry: &Entry, dirs: &ModelDirs, needed: Bytes, free: Bytes) -> ModelsError {
    let (name, dir) = (entry.name.clone(), dirs.cache().to_owned());
    ModelsError::NoRoom { name, dir, needed, free }
}

/// Says "no room" where the disk filled up on the way, or the person's quota.
fn no_room_or(
    error: ModelsError,
    entry: &Entry,
    dirs: &ModelDirs,
    partial: &Partial,
) -> ModelsError {
    use io::ErrorKind::{QuotaExceeded, StorageFull};
    match &error {
        ModelsError::Io { source, .. } if matches!(source.kind(), StorageFull | QuotaExceeded) => {
            let needed = Bytes(entry.bytes.0.saturating_sub(partial.len()) + MARGIN);
            no_room(entry, dirs, needed, free_space(dirs.cache()).unwrap_or_default())
        }
        _ => error,
    }
}

pub(crate) fn create_dir(dir: &Path) -> Result<(), ModelsError> {
    fs::create_dir_all(dir).map_err(ModelsError::io("create", dir))
}

/// Deletes a directory of our own; what can't be deleted is left for the next time.
fn remove_dir(dir: &Path) {
    let _ = fs::remove_dir_all(dir);
}

fn file_name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}
