//! `tenfold man`: writes the manual's pages, one for each command.

use std::path::PathBuf;

use clap::{Args, CommandFactory};

use crate::arguments::{self, Arguments};
use crate::exit::Exit;
use crate::terminal;
use crate::trouble::Trouble;

/// Write the manual's pages into a folder
#[derive(Debug, Args)]
pub(crate) struct ManArgs {
    /// The folder, which is made if it is not there
    dir: PathBuf,
}

/// Performs the command.
pub(crate) fn run(args: &ManArgs) -> Result<Exit, Trouble> {
    let dir = &args.dir;
    let failed = |error: std::io::Error| {
        Trouble::new(Exit::Store, format!("could not write to {}: {error}", dir.display()))
    };
    std::fs::create_dir_all(dir).map_err(failed)?;
    clap_mangen::generate_to(arguments::complete(Arguments::command()), dir).map_err(failed)?;
    terminal::note(&format!("wrote the pages into {}: `man -l FILE` shows one", dir.display()));
    Ok(Exit::Done)
}
