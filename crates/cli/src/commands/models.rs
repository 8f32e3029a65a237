//! `tenfold models`: which models there are, getting their files, adding others.

use std::ffi::OsString;

use clap::{Args, Subcommand};
use serde::Serialize;
use tenfold_models::{Cancel, Listed, ModelDirs, Place, Presence, Progress, PullOptions};

use crate::arguments::Format;
use crate::context::Context;
use crate::exit::Exit;
use crate::pull;
use crate::stop::Stop;
use crate::table::table;
use crate::terminal::{self, one_line, visible};
use crate::trouble::Trouble;

/// List, get, add and remove models
#[derive(Debug, Args)]
pub(crate) struct ModelsArgs {
    #[command(subcommand)]
    command: ModelsCommand,
}

#[derive(Debug, Subcommand)]
enum ModelsCommand {
    /// List the models that there are
    List(Format),
    /// Get a model's file; goes on where it stopped
    Pull {
        /// The model; without one, the default
        name: Option<String>,
    },
    /// Add a GGUF file, or one at an address
    Add {
        /// The file, which stays where it is, or its http(s) address
        #[arg(value_name = "FILE|URL")]
        from: OsString,
        /// How to call it; as the file is called, if not given
        #[arg(long)]
        name: Option<String>,
    },
    /// Remove a model that you added, or the files of one that ships with Tenfold
    Rm {
        /// The model
        name: String,
    },
}

#[derive(Debug, Serialize)]
struct ModelJson {
    name: String,
    title: String,
    default: bool,
    present: bool,
    bytes: u64,
    sha256: String,
    licence: Option<String>,
    chat: bool,
    infill: bool,
    memory_bytes: u64,
    price: String,
    price_is_estimate: bool,
    path: String,
}

/// Performs the command.
pub(crate) async fn run(context: &Context, args: ModelsArgs) -> Result<Exit, Trouble> {
    match args.command {
        ModelsCommand::List(format) => list(context, format)?,
        ModelsCommand::Pull { name } => get(context, name.as_deref()).await?,
        ModelsCommand::Add { from, name } => add(context, from, name).await?,
        ModelsCommand::Rm { name } => remove(context, &name)?,
    }
    Ok(Exit::Done)
}

fn list(context: &Context, format: Format) -> Result<(), Trouble> {
    let listed = context.catalogue()?.list(&context.model_dirs);
    if format.json {
        let models: Vec<ModelJson> =
            listed.iter().map(|listed| json(listed, &context.model_dirs)).collect();
        return terminal::print_json(&models);
    }
    let heads = ["name", "here", "size", "memory", "can", "licence", "price"];
    terminal::print(&table(
        &heads,
        listed.iter().map(|listed| cells(listed).into_iter().map(Into::into).collect()),
    ))
}

fn cells(listed: &Listed) -> Vec<String> {
    let entry = &listed.entry;
    let mark = if listed.default { " (default)" } else { "" };
    let here = match listed.presence {
        Presence::Present => "yes".to_owned(),
        Presence::Partly { have } => format!("{} %", have.0 * 100 / entry.bytes.0.max(1)),
        Presence::WrongSize { .. } => "damaged".to_owned(),
        Presence::Absent => "no".to_owned(),
    };
    let can = match (entry.infill, entry.chat_template) {
        (true, true) => "infill, chat",
        (true, false) => "infill",
        (false, true) => "chat",
        (false, false) => "text",
    };
    vec![
        format!("{}{mark}", one_line(&entry.name, 64)),
        here,
        megabytes(entry.bytes.0),
        megabytes(entry.memory.0),
        can.to_owned(),
        one_line(entry.licence.as_deref().unwrap_or("unknown"), 40),
        entry.price.to_string(),
    ]
}

fn json(listed: &Listed, dirs: &ModelDirs) -> ModelJson {
    let entry = &listed.entry;
    ModelJson {
        name: entry.name.clone(),
        title: entry.title.clone(),
        default: listed.default,
        present: listed.presence == Presence::Present,
        bytes: entry.bytes.0,
        sha256: entry.sha256.to_string(),
        licence: entry.licence.clone(),
        chat: entry.chat_template,
        infill: entry.infill,
        memory_bytes: entry.memory.0,
        price: entry.price.to_string(),
        price_is_estimate: entry.price.is_estimate(),
        path: entry.path(dirs).to_string_lossy().into_owned(),
    }
}

fn megabytes(bytes: u64) -> String {
    format!("{} MB", bytes.div_ceil(1_000_000))
}

async fn get(context: &Context, name: Option<&str>) -> Result<(), Trouble> {
    let catalogue = context.catalogue()?;
    let entry = match name {
        Some(name) => catalogue.get(name)?,
        None => catalogue.default_model(),
    };
    let path = pull::pull(context, entry, &Stop::listen()?).await?;
    let path = visible(&path.display().to_string());
    terminal::print(&format!("{} is here, and its hash is right: {path}", entry.name))
}

async fn add(context: &Context, from: OsString, name: Option<String>) -> Result<(), Trouble> {
    let work = move |dirs: &ModelDirs, show: &mut dyn FnMut(Progress), cancel: &Cancel| {
        tenfold_models::add(dirs, &from, name.as_deref(), &PullOptions::default(), show, cancel)
    };
    let entry = pull::shown(&context.model_dirs, &Stop::listen()?, work).await?;
    let place = match entry.place {
        Place::Own(_) => "the file stays where it is",
        Place::Cached(_) => "its file is in the cache",
    };
    terminal::print(&format!(
        "added {}; {place}\n\n  tenfold run --model {} …",
        entry.name, entry.name
    ))
}

fn remove(context: &Context, name: &str) -> Result<(), Trouble> {
    let removed = tenfold_models::remove(&context.model_dirs, name)?;
    let freed = megabytes(removed.freed.0);
    let what = match removed.forgotten {
        true => format!("removed {name}"),
        false => format!("removed the files of {name}; `tenfold models pull {name}` gets it again"),
    };
    terminal::print(&format!("{what} ({freed} freed)"))
}
