//! `tenfold models`: which models there are, getting their files, adding others.

use std::ffi::OsString;
use std::io::Read;

use clap::{Args, Subcommand};
use tenfold_desk::models::{self, CONTEXT_TOKENS, NewHosted, NewPrice};
use tenfold_domain::NanoUsd;
use tenfold_models::{
    Cancel, Catalogue, Hosted, Listed, ModelDirs, Place, Presence, Price, Progress, Protocol,
    PullOptions,
};

use crate::arguments::Format;
use crate::context::Context;
use crate::exit::Exit;
use crate::pull;
use crate::table::table;
use crate::terminal::{self, one_line, visible};
use crate::trouble::Trouble;

/// The longest key, in bytes.
const KEY_BYTES_MAX: u64 = 16 << 10;

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
        #[command(flatten)]
        price: PriceArgs,
    },
    /// Add a model that a provider hosts; nothing is sent
    Connect(Box<ConnectArgs>),
    /// Say what a model of yours costs, in place of what was said before
    #[command(group = clap::ArgGroup::new("what").required(true).multiple(true)
        .args(["price_prompt", "price_second", "free"]))]
    Price {
        /// The model
        name: String,
        #[command(flatten)]
        price: PriceArgs,
    },
    /// Put the key of a provider into this machine's keyring, or take it out again
    ///
    /// It is asked for, or read from standard input, and found under the same name as a variable;
    /// a variable that is set goes before it.
    Key {
        /// Its name, as in OPENAI_API_KEY
        #[arg(value_name = "VARIABLE")]
        name: String,
        /// Take it out
        #[arg(long)]
        forget: bool,
    },
    /// Remove a model that you added, or the files of one that ships with Tenfold
    Rm {
        /// The model
        name: String,
    },
}

/// What a model costs, if it is said.
#[derive(Debug, Clone, Copy, Args)]
struct PriceArgs {
    /// Dollars for a million tokens of prompt; without any price, a model at a provider has that of
    /// the price book, and one on this machine costs electricity
    #[arg(long, value_name = "USD", requires = "price_output", conflicts_with = "free")]
    price_prompt: Option<NanoUsd>,
    /// Dollars for a million tokens of prompt that are in a cache; as any other prompt, if not
    /// given
    #[arg(long, value_name = "USD", requires = "price_prompt", conflicts_with = "free")]
    price_cached: Option<NanoUsd>,
    /// Dollars for a million tokens of prompt that are put into a cache; as any other prompt, if
    /// not given
    #[arg(long, value_name = "USD", requires = "price_prompt", conflicts_with = "free")]
    price_written: Option<NanoUsd>,
    /// Dollars for a million tokens of output
    #[arg(long, value_name = "USD", requires = "price_prompt", conflicts_with = "free")]
    price_output: Option<NanoUsd>,
    /// Dollars for each second that a model on this machine works
    #[arg(long, value_name = "USD", conflicts_with_all = ["free", "price_prompt"])]
    price_second: Option<NanoUsd>,
    /// It costs nothing
    #[arg(long)]
    free: bool,
}

#[derive(Debug, Args)]
struct ConnectArgs {
    /// How to call it here
    name: String,
    /// How its provider is spoken to: openai (as Ollama, vLLM, llama-server and OpenRouter do
    /// too), openai-responses, anthropic or gemini
    #[arg(long)]
    protocol: Protocol,
    /// What the provider calls it; as NAME, if not given
    #[arg(long, value_name = "NAME")]
    model: Option<String>,
    /// Where the provider is, with the version, as in http://127.0.0.1:11434/v1; the
    /// protocol's own company, if not given
    #[arg(long, value_name = "URL")]
    address: Option<String>,
    /// The variable that holds the key; the protocol's usual one, if not given
    #[arg(long, value_name = "VARIABLE", conflicts_with = "no_key")]
    key_variable: Option<String>,
    /// The provider wants no key
    #[arg(long)]
    no_key: bool,
    /// The longest conversation that it takes, in tokens
    #[arg(long, value_name = "TOKENS", default_value_t = CONTEXT_TOKENS)]
    context: u64,
    #[command(flatten)]
    price: PriceArgs,
    /// The most requests to the provider under way at once, over all tasks
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    at_once: Option<u32>,
    /// The most requests to the provider in any minute
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    requests_per_minute: Option<u32>,
    /// The most tokens that the provider reads and writes in any minute
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    tokens_per_minute: Option<u64>,
}

/// Performs the command.
pub(crate) async fn run(context: &Context, args: ModelsArgs) -> Result<Exit, Trouble> {
    match args.command {
        ModelsCommand::List(format) => list(context, format)?,
        ModelsCommand::Pull { name } => get(context, name.as_deref()).await?,
        ModelsCommand::Add { from, name, price } => add(context, (from, name), &price).await?,
        ModelsCommand::Price { name, price } => set_price(context, &name, &price)?,
        ModelsCommand::Connect(args) => connect(context, *args)?,
        ModelsCommand::Key { name, forget } => key(&name, forget)?,
        ModelsCommand::Rm { name } => remove(context, &name)?,
    }
    Ok(Exit::Done)
}

fn list(context: &Context, format: Format) -> Result<(), Trouble> {
    if format.json {
        return terminal::print_json(&models::models(&context.house)?);
    }
    let catalogue = context.catalogue()?;
    let listed = catalogue.list(&context.house.model_dirs);
    let heads = ["name", "here", "size", "memory", "can", "licence", "price"];
    let there = catalogue.hosted().iter().map(|hosted| hosted_cells(hosted, &catalogue));
    let rows = listed.iter().map(cells).chain(there);
    terminal::print(&table(&heads, rows.map(|row| row.into_iter().map(Into::into).collect())))
}

fn hosted_cells(hosted: &Hosted, catalogue: &Catalogue) -> Vec<String> {
    let mark = if catalogue.default_name() == hosted.name { " (default)" } else { "" };
    let at = hosted.address.as_deref().unwrap_or(hosted.protocol.name());
    vec![
        format!("{}{mark}", one_line(&hosted.name, 64)),
        format!("at {}", one_line(at, 60)),
        String::new(),
        String::new(),
        "tools".to_owned(),
        String::new(),
        hosted_price(hosted),
    ]
}

/// What a model at a provider costs, and whether somebody has said so.
fn hosted_price(hosted: &Hosted) -> String {
    let price = hosted.price.as_ref().map(Price::to_string);
    match (price, &hosted.listed) {
        (Some(price), Some(_)) => format!("{price} (price book)"),
        (Some(price), None) => price,
        (None, _) => "unknown; it can't be asked".to_owned(),
    }
}

fn connect(context: &Context, args: ConnectArgs) -> Result<(), Trouble> {
    let price = price(&args.price);
    let new = NewHosted {
        name: args.name,
        protocol: args.protocol.name().to_owned(),
        model: args.model,
        address: args.address,
        key_variable: args.key_variable,
        no_key: args.no_key,
        context_tokens: Some(args.context),
        price,
        at_once: args.at_once,
        requests_per_minute: args.requests_per_minute,
        tokens_per_minute: args.tokens_per_minute,
    };
    let (hosted, unpriced) = models::connect(&context.house, new)?;
    let name = &hosted.name;
    if let Some(unpriced) = unpriced {
        terminal::note(&unpriced.to_string());
    } else if hosted.listed.is_some() {
        terminal::note(&format!("its price is the price book's: {}", hosted_price(&hosted)));
    }
    let key = match &hosted.key {
        Some(variable) => format!("; its key is read from {variable} when it is asked"),
        None => String::new(),
    };
    terminal::print(&format!("connected {name}{key}\n\n  tenfold run --model {name} …"))
}

/// The price that was typed; none if none was.
fn price(args: &PriceArgs) -> Option<NewPrice> {
    if args.free {
        return Some(NewPrice::Free);
    }
    if let Some(second) = args.price_second {
        return Some(NewPrice::Second(second));
    }
    let (prompt, output) = (args.price_prompt?, args.price_output?);
    let (cached, written) = (args.price_cached, args.price_written);
    Some(NewPrice::Tokens { prompt, output, cached, written })
}

fn set_price(context: &Context, name: &str, args: &PriceArgs) -> Result<(), Trouble> {
    let price = price(args).ok_or_else(|| Trouble::usage("no price is given"))?.price();
    tenfold_models::set_price(&context.house.model_dirs, name, &price)?;
    terminal::print(&format!("{name} costs {price}"))
}

fn key(name: &str, forget: bool) -> Result<(), Trouble> {
    if name.is_empty() || !name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') {
        return Err(Trouble::usage(format!("'{name}' is not the name of a variable"))
            .advise("the key itself is asked for, or read from standard input"));
    }
    if forget {
        let told = match tenfold_models::forget_key(name)? {
            true => format!("{name} is no longer in the keyring"),
            false => format!("{name} was not in the keyring"),
        };
        return terminal::print(&told);
    }
    let typed = match terminal::can_ask() {
        true => rpassword::prompt_password(format!("{name}: "))?,
        false => {
            let mut typed = String::new();
            std::io::stdin().take(KEY_BYTES_MAX).read_to_string(&mut typed)?;
            typed
        }
    };
    if typed.trim().is_empty() {
        return Err(Trouble::usage("the key is empty, and nothing was changed"));
    }
    tenfold_models::set_key(name, typed.trim())?;
    terminal::print(&format!(
        "{name} is in the keyring; `tenfold models key {name} --forget` takes it out"
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

fn megabytes(bytes: u64) -> String {
    format!("{} MB", bytes.div_ceil(1_000_000))
}

async fn get(context: &Context, name: Option<&str>) -> Result<(), Trouble> {
    let catalogue = context.catalogue()?;
    let entry = match name {
        Some(name) => catalogue.get(name)?,
        None => catalogue.get(catalogue.default_name())?,
    };
    let path = pull::pull(context, entry, &context.stop()?).await?;
    let path = visible(&path.display().to_string());
    terminal::print(&format!("{} is here, and its hash is right: {path}", entry.name))
}

async fn add(
    context: &Context,
    (from, name): (OsString, Option<String>),
    args: &PriceArgs,
) -> Result<(), Trouble> {
    let work = move |dirs: &ModelDirs, show: &mut dyn FnMut(Progress), cancel: &Cancel| {
        tenfold_models::add(dirs, &from, name.as_deref(), &PullOptions::default(), show, cancel)
    };
    let entry = pull::shown(&context.house.model_dirs, &context.stop()?, work).await?;
    if let Some(price) = price(args) {
        tenfold_models::set_price(&context.house.model_dirs, &entry.name, &price.price())?;
    }
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
    let removed = tenfold_models::remove(&context.house.model_dirs, name)?;
    let freed = megabytes(removed.freed.0);
    let what = match removed.forgotten {
        true => format!("removed {name}"),
        false => format!("removed the files of {name}; `tenfold models pull {name}` gets it again"),
    };
    terminal::print(&format!("{what} ({freed} freed)"))
}
