//! `tenfold store`: whether the records are sound, copies of them, and what to do when they are
//! not.

use std::path::PathBuf;
use std::time::SystemTime;

use clap::{Args, Subcommand};
use serde::Serialize;
use tenfold_desk::duration;
use tenfold_desk::room::COMPACT_KEEP;
use tenfold_domain::Millis;
use tenfold_engine::{CompactTerms, Copied, back_up, restore, would_compact};
use tenfold_store::{Compacted, EngineLock, Sound, Store, StoreError};

use crate::arguments::Format;
use crate::context::Context;
use crate::exit::Exit;
use crate::report::field;
use crate::terminal::{self, visible};
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
    /// Take the steps of old work out of the journal, into a file beside it
    ///
    /// Goes: the steps of tasks that you accepted or rejected, or that ended without anything to
    /// review, and what the ledger added up long ago. Stays: all that is listed, shown and
    /// counted, what was asked, proposed and decided, and every step of work that waits for you.
    /// No task may be at work.
    Compact(CompactArgs),
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

#[derive(Debug, Args)]
struct CompactArgs {
    /// Leave what you were done with less long ago than this (30d)
    #[arg(long, value_name = "TIME", value_parser = duration::parse, conflicts_with = "all")]
    older_than: Option<Millis>,
    /// However lately you were done with it
    #[arg(long)]
    all: bool,
    /// Also of tasks that were stopped or came to a limit; they can't be gone on with then
    #[arg(long)]
    unfinished: bool,
    /// Only say what would go
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    format: Format,
}

/// What went, for programs.
#[derive(Debug, Serialize)]
struct CompactJson {
    dry_run: bool,
    #[serde(flatten)]
    compacted: Compacted,
}

#[derive(Debug, Serialize)]
struct CheckJson {
    path: String,
    #[serde(flatten)]
    sound: Sound,
    /// Files of what was taken out of the journal that are gone, or are not what they were.
    missing_exports: Vec<String>,
}

/// Performs the command.
pub(crate) fn run(context: &Context, args: StoreArgs) -> Result<Exit, Trouble> {
    match args.command {
        StoreCommand::Check(format) => check(context, format),
        StoreCommand::Rebuild(format) => rebuild(context, format),
        StoreCommand::Compact(args) => compact(context, &args),
        StoreCommand::Backup(args) => {
            let copied = back_up(&context.house.places, &args.folder)?;
            let head = format!("copied to {}", args.folder.display());
            say_copied(&head, &copied, args.format)
        }
        StoreCommand::Restore(args) => {
            let copied = restore(&context.house.places, &args.folder)?;
            let head = format!("put back from {}", args.folder.display());
            say_copied(&head, &copied, args.format)
        }
        StoreCommand::AcceptLoss(format) => {
            let _lock = EngineLock::acquire(&context.house.places.data)?;
            Store::accept_loss(&context.house.places.store_file())?;
            check(context, format)
        }
    }
}

fn check(context: &Context, format: Format) -> Result<Exit, Trouble> {
    let path = context.house.places.store_file();
    let view = Store::read_only(&path)?.view()?;
    let (sound, missing_exports) = (view.check()?, view.missing_exports()?);
    if format.json {
        let path = path.display().to_string();
        terminal::print_json(&CheckJson { path, sound, missing_exports })?;
    } else {
        let mut text = format!("sound: {} at {}\n", counted(&sound), path.display());
        for export in &missing_exports {
            let why = format!(
                "dropped/{} is gone, or is not what it was: the steps in it can't be read any \
                 more; nothing else is lost",
                visible(export)
            );
            field(&mut text, "WARNING", &why);
        }
        terminal::print(text.trim_end())?;
    }
    Ok(Exit::Done)
}

fn compact(context: &Context, args: &CompactArgs) -> Result<Exit, Trouble> {
    let older_than = if args.all { Millis(0) } else { args.older_than.unwrap_or(COMPACT_KEEP) };
    let terms = CompactTerms { older_than, unfinished: args.unfinished };
    let now = SystemTime::now().into();
    let path = context.house.places.store_file();
    let compacted = match args.dry_run {
        true => would_compact(&Store::read_only(&path)?.view()?, terms, now)?,
        false => tenfold_engine::compact(&context.house.places, terms, now)?,
    };
    if args.format.json {
        terminal::print_json(&CompactJson { dry_run: args.dry_run, compacted })?;
    } else {
        terminal::print(compact_text(&compacted, args.dry_run).trim_end())?;
    }
    Ok(Exit::Done)
}

fn compact_text(compacted: &Compacted, is_dry: bool) -> String {
    let Compacted { attempts, events, bytes, export, before, after, not_smaller } = compacted;
    let of = format!("{events} events of {bytes}, with the steps of {attempts} attempts");
    let mut text = match (events, is_dry) {
        (0, _) => "nothing to take out of the journal\n".to_owned(),
        (_, true) => format!("would take out {of}\n"),
        (_, false) => format!("took out {of}\n"),
    };
    if let Some(export) = export {
        field(&mut text, "kept", &visible(&export.display().to_string()));
    }
    match is_dry {
        true => field(&mut text, "store", &format!("{before} now")),
        false => field(&mut text, "store", &format!("{before} before, {after} now")),
    }
    if let Some(why) = not_smaller {
        let why = format!("{}; later records fill the room within it", visible(why));
        field(&mut text, "WARNING", &why);
    }
    text
}

fn rebuild(context: &Context, format: Format) -> Result<Exit, Trouble> {
    // The engine at work keeps the lists itself.
    let _lock = EngineLock::acquire(&context.house.places.data)?;
    let path = context.house.places.store_file();
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
    let Sound { events, dropped, tasks, attempts, .. } = sound;
    let dropped = match dropped {
        0 => String::new(),
        dropped => format!(" ({dropped} more were taken out)"),
    };
    format!("{events} events{dropped}, {tasks} tasks, {attempts} attempts")
}
