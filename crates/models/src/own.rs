//! The models that a person adds and removes: changes of their own `models.toml`, in which
//! everything that they wrote by hand stays as it is.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::path::{Path, PathBuf};

use tenfold_domain::Bytes;
use toml_edit::{ArrayOfTables, DocumentMut, Item, Table};

use crate::catalogue::read_user_file;
use crate::entry::{check_file_name, check_name};
use crate::lock::Lock;
use crate::memory;
use crate::pull::{create_dir, download, leftovers};
use crate::raw::{RawHosted, RawModel, RawSource};
use crate::raw_price::RawPrice;
use crate::verify::{forget, remember};
use crate::whole::write_whole;
use crate::{
    Cancel, Catalogue, Entry, GgufHeader, Hosted, Model, ModelDirs, ModelsError, Place, Price,
    Progress, PullOptions, SHIPPED, Sha256Sum, hash_file, read_header,
};

/// What [`remove`] did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Removed {
    /// Whether the model is gone from the catalogue; one that ships with Tenfold stays, and can
    /// be pulled again.
    pub forgotten: bool,
    /// The files that were deleted; never one that the person brought.
    pub deleted: Vec<PathBuf>,
    /// How much room that made.
    pub freed: Bytes,
}

/// Adds a GGUF file, or one at an `http://` or `https://` address, to the person's catalogue.
/// A file stays where it is and is only read; what is at an address is downloaded into the
/// cache. Its header is read, and its hash is remembered. Without a `name` it is called as the
/// file is.
///
/// # Errors
/// [`ModelsError::BadName`], [`ModelsError::NotAddable`] or [`ModelsError::Gguf`] if it can't
/// be added; [`ModelsError::Catalogue`] if the person's catalogue does not read; those of the
/// file system, the disk and the network; [`ModelsError::Cancelled`].
pub fn add(
    dirs: &ModelDirs,
    file_or_url: &OsStr,
    name: Option<&str>,
    options: &PullOptions,
    progress: &mut dyn FnMut(Progress),
    cancel: &Cancel,
) -> Result<Entry, ModelsError> {
    let catalogue = Catalogue::load(SHIPPED, &dirs.user_file())?;
    let url = file_or_url
        .to_str()
        .filter(|text| text.starts_with("http://") || text.starts_with("https://"));
    let model = match url {
        Some(url) => from_url(&catalogue, dirs, url, name, options, progress, cancel)?,
        None => from_file(&catalogue, Path::new(file_or_url), name, progress, cancel)?,
    };
    let name = model.name.clone();
    append(dirs, "model", &model, cancel)?;
    let catalogue = Catalogue::load(SHIPPED, &dirs.user_file())?;
    let entry = catalogue.get(&name)?;
    remember(entry, dirs);
    Ok(entry.clone())
}

/// Adds a model that a provider hosts to the person's catalogue.
///
/// # Errors
/// [`ModelsError::BadName`] if there is one of that name; [`ModelsError::NotAddable`] if its
/// price has steps or services; [`ModelsError::Catalogue`] if what is said of it can't be; those
/// of the file system.
pub fn connect(dirs: &ModelDirs, hosted: &Hosted) -> Result<(), ModelsError> {
    check_free(&Catalogue::load(SHIPPED, &dirs.user_file())?, &hosted.name)?;
    let price = hosted.price.as_ref().map(|price| written(&hosted.name, price)).transpose()?;
    let raw = RawHosted {
        name: hosted.name.clone(),
        protocol: hosted.protocol.name().to_owned(),
        address: hosted.address.clone(),
        model: hosted.model.clone(),
        key_variable: hosted.key.clone(),
        context_tokens: hosted.context.0,
        requests_per_minute: hosted.limits.requests_per_minute,
        tokens_per_minute: hosted.limits.tokens_per_minute.map(|tokens| tokens.0),
        at_once: hosted.limits.at_once,
        price,
    };
    append(dirs, "hosted", &raw, &Cancel::new())
}

/// Says what a model of the person's own catalogue costs, in place of what was said before.
///
/// # Errors
/// [`ModelsError::Unknown`] if there is none of this name in it; [`ModelsError::NotAddable`] if
/// the price has steps or services; [`ModelsError::Catalogue`] if such a model can't have it;
/// those of the file system.
pub fn set_price(dirs: &ModelDirs, name: &str, price: &Price) -> Result<(), ModelsError> {
    /// A price alone.
    #[derive(serde::Serialize)]
    struct Priced {
        price: RawPrice,
    }
    let catalogue = Catalogue::load(SHIPPED, &dirs.user_file())?;
    let list = match catalogue.model(name)? {
        Model::Hosted(_) => "hosted",
        Model::Embedded(entry) if !entry.shipped => "model",
        Model::Embedded(_) => {
            let why = "it ships with Tenfold, and costs electricity; say at which price with \
                       [electricity] in your catalogue";
            return Err(ModelsError::NotAddable { what: name.to_owned(), why: why.to_owned() });
        }
    };
    let priced = Priced { price: written(name, price)? };
    let priced = document_of(dirs, &priced)?;
    edit(dirs, &Cancel::new(), |document| {
        let models = document.get_mut(list).and_then(Item::as_array_of_tables_mut);
        let is_it = |model: &&mut Table| model.get("name").and_then(Item::as_str) == Some(name);
        if let Some(model) = models.and_then(|models| models.iter_mut().find(is_it))
            && let Some(price) = in_blocks(priced.as_table().clone()).remove("price")
        {
            model.insert("price", price);
        }
    })
}

/// A price as it is written in a catalogue.
fn written(name: &str, price: &Price) -> Result<RawPrice, ModelsError> {
    RawPrice::of(price).map_err(|why| {
        let (what, why) = (name.to_owned(), why.to_owned());
        ModelsError::NotAddable { what, why }
    })
}

/// Forgets a model that a person added, and deletes what Tenfold downloaded of it, finished or
/// not. Of a model that ships with Tenfold only the files go.
///
/// # Errors
/// [`ModelsError::Unknown`] if there is none of this name; [`ModelsError::Busy`] if it is being
/// downloaded; those of the file system.
pub fn remove(dirs: &ModelDirs, name: &str) -> Result<Removed, ModelsError> {
    let catalogue = Catalogue::load(SHIPPED, &dirs.user_file())?;
    let mut removed = Removed::default();
    if let Model::Hosted(_) = catalogue.model(name)? {
        forget_entry(dirs, "hosted", name)?;
        removed.forgotten = true;
        return Ok(removed);
    }
    let entry = catalogue.get(name)?;
    if matches!(entry.place, Place::Cached(_)) && dirs.cache().is_dir() {
        let path = entry.path(dirs);
        let Some(_lock) = Lock::try_take(&path)? else {
            return Err(ModelsError::Busy { path });
        };
        for path in leftovers(&path).into_iter().chain([path.clone()]) {
            delete(&path, &mut removed)?;
        }
    }
    forget(entry, dirs);
    if !entry.shipped {
        forget_entry(dirs, "model", name)?;
        removed.forgotten = true;
    }
    Ok(removed)
}

/// Takes a model out of one of the lists of the person's catalogue.
fn forget_entry(dirs: &ModelDirs, list: &str, name: &str) -> Result<(), ModelsError> {
    edit(dirs, &Cancel::new(), |document| {
        if let Some(models) = document.get_mut(list).and_then(Item::as_array_of_tables_mut) {
            models.retain(|model| model.get("name").and_then(Item::as_str) != Some(name));
        }
        // A default that is gone would make the whole file useless.
        if document.get("default").and_then(Item::as_str) == Some(name) {
            document.remove("default");
        }
    })
}

fn from_file(
    catalogue: &Catalogue,
    path: &Path,
    name: Option<&str>,
    progress: &mut dyn FnMut(Progress),
    cancel: &Cancel,
) -> Result<RawModel, ModelsError> {
    let no = |why: &str| ModelsError::NotAddable {
        what: path.display().to_string(),
        why: why.to_owned(),
    };
    let path = fs::canonicalize(path).map_err(|error| no(&error.to_string()))?;
    if !fs::metadata(&path).is_ok_and(|metadata| metadata.is_file()) {
        return Err(no("it is not a file"));
    }
    let Some(text) = path.to_str() else {
        return Err(no("its path is not UTF-8, and a catalogue is; give it another name"));
    };
    let name = match name {
        Some(name) => name.to_owned(),
        None => name_of(path.file_stem().unwrap_or_default()),
    };
    check_free(catalogue, &name)?;
    let place = Place::Own(path.clone());
    if let Some(entry) = catalogue.entries().iter().find(|entry| entry.place == place) {
        return Err(no(&format!("it is there already, as '{}'", entry.name)));
    }
    let header = usable_header(&path)?;
    let (sum, bytes) = hash_file(&path, progress, cancel)?;
    Ok(RawModel { path: Some(text.to_owned()), ..describe(name, &header, sum, bytes) })
}

fn from_url(
    catalogue: &Catalogue,
    dirs: &ModelDirs,
    url: &str,
    name: Option<&str>,
    options: &PullOptions,
    progress: &mut dyn FnMut(Progress),
    cancel: &Cancel,
) -> Result<RawModel, ModelsError> {
    let last = url.split(['?', '#']).next().and_then(|path| path.rsplit('/').next());
    let stem = last.unwrap_or_default().trim_end_matches(".gguf");
    let name = name.map_or_else(|| name_of(OsStr::new(stem)), str::to_owned);
    check_free(catalogue, &name)?;
    // Under its own name it can't be taken for the file of another model.
    let file = format!("{name}.gguf");
    check_file_name(&file).map_err(|why| ModelsError::BadName { name: name.clone(), why })?;
    let target = dirs.cache().join(&file);
    create_dir(dirs.cache())?;
    let _lock = Lock::take(&target, cancel, || progress(Progress::Waiting))?;
    if target.exists() {
        return Err(ModelsError::NotAddable {
            what: url.to_owned(),
            why: format!(
                "{} is there already; add that file, or give another name with --name",
                target.display()
            ),
        });
    }
    let (sum, bytes) = download(url, &target, options, progress, cancel)?;
    let header = usable_header(&target).inspect_err(|_| {
        // What came is no model: nothing is lost with it.
        let _ = fs::remove_file(&target);
    })?;
    Ok(RawModel {
        file: Some(file),
        source: vec![RawSource::of_url(url)],
        ..describe(name, &header, sum, bytes)
    })
}

/// The header of a file, if it is a model that can be run.
fn usable_header(path: &Path) -> Result<GgufHeader, ModelsError> {
    let file = File::open(path).map_err(ModelsError::io("open", path))?;
    let size = file.metadata().map_err(ModelsError::io("read", path))?.len();
    let header =
        read_header(file).map_err(|source| ModelsError::Gguf { path: path.to_owned(), source })?;
    let no = |why: String| Err(ModelsError::NotAddable { what: path.display().to_string(), why });
    if header.split_count > 1 {
        return no(format!(
            "it is one of {} files; join them with llama.cpp's `llama-gguf-split --merge`",
            header.split_count
        ));
    }
    if header.kind != "model" {
        return no(format!("it is no model of its own but of the kind '{}'", header.kind));
    }
    if size <= header.at_least.0 {
        return no(format!(
            "it has {size} bytes, and its last tensor begins at byte {}: it has not been copied \
             whole",
            header.at_least.0
        ));
    }
    Ok(header)
}

fn describe(name: String, header: &GgufHeader, sum: Sha256Sum, bytes: Bytes) -> RawModel {
    RawModel {
        title: header.name.clone().filter(|title| !title.is_empty()),
        name,
        bytes: bytes.0,
        sha256: sum.to_string(),
        licence: header.licence.clone().filter(|licence| !licence.is_empty()),
        context_tokens: header.context.map(|context| context.0),
        memory_bytes: Some(memory::needed(header, bytes).0),
        chat_template: header.chat_template,
        infill: header.infill,
        ..RawModel::default()
    }
}

/// A name made of a file's: small letters, and a dash for whatever a name can't hold.
fn name_of(stem: &OsStr) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() || "._-".contains(c) { c } else { '-' };
    let name: String = stem.to_string_lossy().to_lowercase().chars().map(plain).collect();
    name.trim_matches(['.', '-', '_']).chars().take(64).collect()
}

fn check_free(catalogue: &Catalogue, name: &str) -> Result<(), ModelsError> {
    let bad = |why| ModelsError::BadName { name: name.to_owned(), why };
    check_name(name).map_err(bad)?;
    if catalogue.model(name).is_ok() {
        return Err(bad("there is a model of that name already"));
    }
    Ok(())
}

fn delete(path: &Path, removed: &mut Removed) -> Result<(), ModelsError> {
    let Ok(metadata) = fs::symlink_metadata(path) else { return Ok(()) };
    let deleted = if metadata.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) };
    deleted.map_err(ModelsError::io("delete", path))?;
    removed.deleted.push(path.to_owned());
    if metadata.is_file() {
        removed.freed += Bytes(metadata.len());
    }
    Ok(())
}

/// Writes a model behind the others of its list in the person's catalogue.
fn append(
    dirs: &ModelDirs,
    list: &str,
    model: &impl serde::Serialize,
    cancel: &Cancel,
) -> Result<(), ModelsError> {
    let as_text = document_of(dirs, model)?;
    edit(dirs, cancel, |document| {
        let table = in_blocks(as_text.as_table().clone());
        if document.get(list).is_none() {
            document.insert(list, Item::ArrayOfTables(ArrayOfTables::new()));
        }
        if let Some(models) = document.get_mut(list).and_then(Item::as_array_of_tables_mut) {
            models.push(table);
        }
    })
}

fn document_of(
    dirs: &ModelDirs,
    model: &impl serde::Serialize,
) -> Result<DocumentMut, ModelsError> {
    toml_edit::ser::to_document(model).map_err(|error| ModelsError::Catalogue {
        file: dirs.user_file().display().to_string(),
        why: error.to_string(),
    })
}

/// Prices and sources are written as blocks of their own, as in the shipped file.
fn in_blocks(mut table: Table) -> Table {
    if let Some(price) = table.remove("price") {
        table.insert("price", price.into_table().map_or_else(|word| word, Item::Table));
    }
    if let Some(sources) = table.remove("source").and_then(|item| item.into_array_of_tables().ok())
    {
        table.insert("source", Item::ArrayOfTables(sources));
    }
    table
}

/// Changes the person's catalogue: under a lock, and in one step, so that no reader ever sees
/// half of it. A link to a file elsewhere stays a link.
fn edit(
    dirs: &ModelDirs,
    cancel: &Cancel,
    change: impl FnOnce(&mut DocumentMut),
) -> Result<(), ModelsError> {
    let path = dirs.user_file();
    if let Some(dir) = path.parent() {
        create_dir(dir)?;
    }
    let path = fs::canonicalize(&path).unwrap_or(path);
    let _lock = Lock::take(&path, cancel, || ())?;
    // What stands in a new file comes before all else, and not behind what is put into it.
    let (head, text) = match read_user_file(&path)? {
        Some(text) => ("", text),
        None => (HEAD, String::new()),
    };
    let mut document: DocumentMut = text.parse().map_err(|error: toml_edit::TomlError| {
        ModelsError::Catalogue { file: path.display().to_string(), why: error.to_string() }
    })?;
    change(&mut document);
    let text = format!("{head}{document}");
    // A file that could not be read again would be worse than the change not made.
    Catalogue::parse(SHIPPED, Some((&path, &text)))?;
    write_whole(&path, &text)
}

/// The beginning of a person's catalogue.
const HEAD: &str = "\
# Models of your own. `tenfold models add` and `tenfold models rm` change this file, and so may
# you; what you write stays. `default = \"NAME\"` and `[electricity]` (watts, usd_per_kwh)
# replace those that ship with Tenfold; `price = \"free\"` or a [price] goes before electricity.
";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_gives_its_model_a_plain_name() {
        for (stem, name) in [
            ("Qwen2.5-Coder-7B_Q4", "qwen2.5-coder-7b_q4"),
            ("My Model (1)", "my-model--1"),
            ("..hidden", "hidden"),
            ("ä", ""),
        ] {
            assert_eq!(name_of(OsStr::new(stem)), name);
        }
    }
}
