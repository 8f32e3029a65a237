//! `tenfold store`: whether the records are sound, copies of them, and what to do when they are
//! not.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use serde::Serialize;
use tenfold_engine::{Copied, back_up, restore};
use tenfold_store::{EngineLock, Sound, Store, StoreError};

use crate::arguments::Format;
use crate::context::Context;
use crate::exit::Exit;
use crate::report::field;
use crate::terminal;
use crate::trouble::Trouble;

/// Check, copy and mend the records of all tasks
#[derive(Debug, Args)]
pub(crate) struct StoreArgs {
    #[command(subcommand)]
    command: StoreCommand,
}

#[derive(Debug, Subcommand)]
enum StoreCommand {
    /// Read all of the records, and see whether they are what was recorded
    Check(Format),
    /// Make the lists anew from the journal
    Rebuild(Format),
    /// Copy the records and the files that they speak of into a new folder
    ///
    /// Tasks that are at work go on.
    Backup(CopyArgs),
    /// Put a backup in the place of the records; what is there is kept beside it
    Restore(CopyArgs),
    /// Go on with records that have lost their end
    ///
    /// What they lost is lost, money that was spent then included. `tenfold store check` says
    /// whether that is so.
    AcceptLoss(Format),
}

#[derive(Debug, Args)]
struct CopyArgs {
    /// The folder of the backup
    folder: PathBuf,
    #[command(flatten)]
    format: Format,
}

#[derive(Debug, Serialize)]
struct CheckJson {
    path: String,
    #[serde(flatten)]
    sound: Sound,
}

/// Performs the command.
pub(crate) fn run(context: &Context, args: StoreArgs) -> Result<Exit, Trouble> {
    match args.command {
        StoreCommand::Check(format) => check(context, format),
        StoreCommand::Rebuild(format) => rebuild(context, format),
        StoreCommand::Backup(args) => {
            let copied = back_up(&context.places, &args.folder)?;
            let head = format!("copied to {}", args.folder.display());
            say_copied(&head, &copied, args.format)
        }
        StoreCommand::Restore(args) => {
            let copied = restore(&context.places, &args.folder)?;
            let head = format!("put back from {}", args.folder.display());
            say_copied(&head, &copied, args.format)
        }
        StoreCommand::AcceptLoss(format) => {
            let _lock = EngineLock::acquire(&context.places.data)?;
            Store::accept_loss(&context.places.store_file())?;
            check(context, format)
        }
    }
}

fn check(context: &Context, format: Format) -> Result<Exit, Trouble> {
    let path = context.places.store_file();
    let sound = Store::read_only(&path)?.view()?.check()?;
    if format.json {
        terminal::print_json(&CheckJson { path: path.display().to_string(), sound })?;
    } else {
        terminal::print(&format!("sound: {} at {}", counted(&sound), path.display()))?;
    }
    Ok(Exit::Done)
}

fn rebuild(context: &Context, format: Format) -> Result<Exit, Trouble> {
    // The engine at work keeps the lists itself.
    let _lock = EngineLock::acquire(&context.places.data)?;
    let path = context.places.store_file();
    if !path.exists() {
        // Opening it for writing would make it.
        return Err(StoreError::Missing { path }.into());
    }
    Store::open(&path)?.rebuild()?;
    check(context, format)
}

fn say_copied(head: &str, copied: &Copied, format: Format) -> Result<Exit, Trouble> {
    if format.json {
        terminal::print_json(copied)?;
        return Ok(Exit::Done);
    }
    let mut text = format!("{head}\n");
    field(&mut text, "records", &format!("{}, each read again", counted(&copied.sound)));
    let size = format!("{} MB", copied.bytes.div_ceil(1_000_000));
    field(&mut text, "files", &format!("{} of workspaces, {size}", copied.files));
    for kept in &copied.kept {
        field(&mut text, "kept", &kept.display().to_string());
    }
    terminal::print(&text)?;
    Ok(Exit::Done)
}

fn counted(sound: &Sound) -> String {
    format!("{} events, {} tasks, {} attempts", sound.events, sound.tasks, sound.attempts)
}
