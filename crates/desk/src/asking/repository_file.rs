//! A file at the top of a repository that asks something of Tenfold: read with care, because
//! anybody may have written it.

use std::io::Read;
use std::path::Path;

use crate::DeskError;

/// Its text, if it is there. Only a plain file is opened, and no more of it than `bytes_max`.
pub(super) fn read(root: &Path, name: &str, bytes_max: u64) -> Result<Option<String>, DeskError> {
    let path = root.join(name);
    // A repository may hold a link out of it, or a pipe.
    match path.symlink_metadata() {
        Ok(meta) if meta.is_file() => {}
        Ok(_) => return Err(wrong(name, "it is no plain file")),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(wrong(name, &error.to_string())),
    }
    let mut text = String::new();
    std::fs::File::open(&path)
        .and_then(|file| file.take(bytes_max + 1).read_to_string(&mut text))
        .map_err(|error| wrong(name, &error.to_string()))?;
    if text.len() as u64 > bytes_max {
        return Err(wrong(name, &format!("it is larger than {} KiB", bytes_max / 1024)));
    }
    Ok(Some(text))
}

/// It can't be used.
pub(super) fn wrong(name: &str, why: &str) -> DeskError {
    DeskError::usage(format!("the repository's {name} can't be used: {why}"))
        .advise("correct it, or go on without it with --no-config")
}
