//! The picture as a file, for whoever asked for one.

use std::path::Path;

use super::{Plot, svg};
use crate::exit::Exit;
use crate::terminal::{self, one_line};
use crate::trouble::Trouble;

/// Writes a picture of a plot, and says so.
pub(crate) fn write(file: &Path, plot: &Plot) -> Result<(), Trouble> {
    std::fs::write(file, svg(plot)).map_err(|error| {
        Trouble::new(Exit::Store, format!("could not write {}: {error}", file.display()))
    })?;
    terminal::note(&format!("wrote {}", one_line(&file.display().to_string(), 200)));
    Ok(())
}
