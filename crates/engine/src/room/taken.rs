//! How much Tenfold's files take on the disk.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use tenfold_domain::{Bytes, Taken};

use crate::Places;

/// The unit in which the system counts what a file takes, in bytes.
const BLOCK_BYTES: u64 = 512;

/// What Tenfold's files take on the disk now, by kind. What can't be looked into is not counted.
pub fn taken(places: &Places) -> Taken {
    let all = |dir: &Path| below(dir, &[]);
    let journal = fs::read_dir(&places.data).into_iter().flatten().flatten();
    let journal = journal
        .filter(|entry| is_journal(&entry.file_name().to_string_lossy()))
        .map(|entry| all(&entry.path()))
        .sum();
    let (workspaces, setups) = (places.workspaces(), places.setups());
    let work = all(&places.runtime);
    let known = [&workspaces, &setups, &places.runtime, &places.models];
    let known: Vec<&Path> = known.into_iter().map(|path| path.as_path()).collect();
    let data = below(&places.data, &known);
    let cache = match places.cache.starts_with(&places.data) {
        true => Bytes(0),
        false => below(&places.cache, &known),
    };
    Taken {
        journal,
        workspaces: all(&workspaces),
        work,
        setups: all(&setups),
        other: (data + cache).saturating_sub(journal),
        models: all(&places.models),
    }
}

/// The store's file, what SQLite and the store keep beside it, and what was taken out of it; not
/// what a restore put away.
fn is_journal(name: &str) -> bool {
    if name == "dropped" {
        return true;
    }
    let rest = name.strip_prefix("tenfold.db");
    rest.is_some_and(|rest| matches!(rest, "" | "-wal" | "-shm" | "-journal" | "-head"))
}

/// What a file takes, or a folder with all that is in it but for these. Links are not followed.
pub(crate) fn below(path: &Path, but: &[&Path]) -> Bytes {
    let Ok(meta) = fs::symlink_metadata(path) else { return Bytes(0) };
    if but.contains(&path) {
        return Bytes(0);
    }
    let own = Bytes(meta.blocks().saturating_mul(BLOCK_BYTES));
    if !meta.is_dir() {
        return own;
    }
    let entries = fs::read_dir(path).into_iter().flatten().flatten();
    own + entries.map(|entry| below(&entry.path(), but)).sum()
}
