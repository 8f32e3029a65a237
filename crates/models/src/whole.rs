//! A person's file is changed whole or not at all: whoever is killed meanwhile has left the old one.
//! Apart because their models and their prices are both kept so.

use std::fs::{self, File};
use std::io::Write;
use std::path::Path;

use crate::ModelsError;
use crate::lock::with_suffix;

/// Writes beside the file, and puts that into its place once it is on the disk.
///
/// # Errors
/// [`ModelsError`] if it can't be written; the file is as it was then.
pub(crate) fn write_whole(path: &Path, text: &str) -> Result<(), ModelsError> {
    let beside = with_suffix(path, ".new");
    let written = File::create(&beside).and_then(|mut file| {
        file.write_all(text.as_bytes())?;
        file.sync_all()
    });
    written.map_err(ModelsError::io("write", &beside))?;
    fs::rename(&beside, path).map_err(ModelsError::io("write", path))
}
