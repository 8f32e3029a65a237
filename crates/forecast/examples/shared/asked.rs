//! What a bench was asked for, and the files that it was given.

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};

/// The arguments of a bench.
pub(crate) struct Asked {
    pub(crate) data: Option<PathBuf>,
    pub(crate) seed: u64,
    pub(crate) json: bool,
}

impl Asked {
    /// Reads `[--data DIR] [--seed N] [--json]`.
    pub(crate) fn read() -> Result<Self, Box<dyn Error>> {
        use lexopt::prelude::*;
        let mut asked = Self { data: None, seed: 1, json: false };
        let mut parser = lexopt::Parser::from_env();
        while let Some(word) = parser.next()? {
            match word {
                Long("data") => asked.data = Some(parser.value()?.into()),
                Long("seed") => asked.seed = parser.value()?.parse()?,
                Long("json") => asked.json = true,
                other => return Err(other.unexpected().into()),
            }
        }
        Ok(asked)
    }
}

/// The texts of all files of a folder whose names begin and end so, in the order of their names.
pub(crate) fn texts(
    folder: &Path,
    begins: &str,
    ends: &str,
) -> Result<Vec<(String, String)>, Box<dyn Error>> {
    let mut found = Vec::new();
    for file in fs::read_dir(folder)? {
        let name = file?.file_name().to_string_lossy().into_owned();
        if name.starts_with(begins) && name.ends_with(ends) {
            let text = fs::read_to_string(folder.join(&name))?;
            found.push((name, text));
        }
    }
    found.sort();
    Ok(found)
}
