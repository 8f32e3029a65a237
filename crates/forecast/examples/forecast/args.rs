//! What the bench was asked for, and the files that it finds.

use std::path::PathBuf;

use lexopt::{Arg, Parser, ValueExt};

use crate::Failure;

/// How it is called.
pub(crate) const USAGE: &str = "usage: forecast [--data DIR] [--seed N] [--json]";

/// What was asked for.
pub(crate) struct Args {
    /// Where the data lie; without it they are made.
    pub(crate) data: Option<PathBuf>,
    /// What made data and resampling are drawn from.
    pub(crate) seed: u64,
    /// One JSON object instead of tables.
    pub(crate) json: bool,
}

impl Args {
    /// Reads the command line; `None` if it asks for help.
    pub(crate) fn parse() -> Result<Option<Self>, Failure> {
        let mut args = Self { data: None, seed: 1, json: false };
        let mut words = Parser::from_env();
        while let Some(word) = words.next()? {
            match word {
                Arg::Long("data") => args.data = Some(words.value()?.into()),
                Arg::Long("seed") => args.seed = words.value()?.parse()?,
                Arg::Long("json") => args.json = true,
                Arg::Long("help") | Arg::Short('h') => return Ok(None),
                _ => return Err(word.unexpected().into()),
            }
        }
        Ok(Some(args))
    }

    /// The texts of all files in the directory whose names begin and end so, in the order of
    /// their names; none if there is no directory.
    pub(crate) fn texts(&self, begins: &str, ends: &str) -> Result<Vec<String>, Failure> {
        let Some(folder) = &self.data else { return Ok(Vec::new()) };
        let mut paths = Vec::new();
        for entry in std::fs::read_dir(folder)? {
            let path = entry?.path();
            let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            if name.starts_with(begins) && name.ends_with(ends) {
                paths.push(path);
            }
        }
        paths.sort();
        paths.iter().map(|path| Ok(std::fs::read_to_string(path)?)).collect()
    }
}
