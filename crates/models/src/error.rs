//! Why something about a model could not be done, and what the person can do about it.
//! Apart, because the edge turns these, and only these, into hints and exit codes.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use tenfold_domain::Bytes;

use crate::{GgufError, Sha256Sum};

/// The one error of this crate.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ModelsError {
    /// Neither a home directory nor a variable says where files may lie.
    #[error(
        "there is no place for the files of models: HOME is not set; set HOME, or \
         TENFOLD_MODELS_DIR and XDG_CONFIG_HOME"
    )]
    NoHome,
    /// A file could not be read or written.
    #[error("could not {doing} {path}: {source}")]
    Io {
        /// What was tried, as a verb: "read", "create".
        doing: &'static str,
        /// Which file or directory.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A catalogue file does not read.
    #[error("{file} can't be used: {why}; correct it, or move it away to go on without it")]
    Catalogue {
        /// The file, or "the shipped catalogue".
        file: String,
        /// What is wrong with it, and where.
        why: String,
    },
    /// A price book does not read.
    #[error("{file} can't be used: {why}; correct it, or move it away to go on without it")]
    Prices {
        /// The file.
        file: String,
        /// What is wrong with it, and where.
        why: String,
    },
    /// Prices can't be taken in.
    #[error("the prices in {what} can't be taken: {why}; nothing was")]
    NotImportable {
        /// The file or address.
        what: String,
        /// Why not, and what to do.
        why: String,
    },
    /// There is no model of this name.
    #[error("there is no model '{name}'; there are: {known}; `tenfold models add` adds another")]
    Unknown {
        /// What was asked for.
        name: String,
        /// All names, with commas.
        known: String,
    },
    /// The model has no file here.
    #[error(
        "'{name}' runs at its provider: it has no file to get or to check, and the repair \
         strategy can't look into it; work with it by --strategy loop"
    )]
    Elsewhere {
        /// The model.
        name: String,
    },
    /// The key of a model's provider is not there.
    #[error(
        "the model '{name}' wants a key, and {variable} is neither set nor in the keyring: \
         `export {variable}=…`, or `tenfold models key {variable}`"
    )]
    NoKey {
        /// The model.
        name: String,
        /// The variable.
        variable: String,
    },
    /// There is no keyring here, or it can't be opened.
    #[error(
        "the keyring can't be used ({why}): unlock it or start one (gnome-keyring, KWallet), or \
         `export {variable}=…` instead"
    )]
    NoKeyring {
        /// The key's name.
        variable: String,
        /// What the keyring says.
        why: String,
    },
    /// Nobody has said what a model at a provider costs.
    #[error(
        "nobody has said what '{name}' costs, and what has no price can't keep to a budget: say it \
         in dollars for a million tokens, with `tenfold models price {name} --price-prompt USD \
         --price-output USD`, or with --free; or bring the price book a price for '{model}' with \
         `tenfold prices import FILE`"
    )]
    Unpriced {
        /// The model.
        name: String,
        /// What its provider calls it.
        model: String,
    },
    /// There is no way to a model's provider.
    #[error("the model '{name}' can't be reached: {why}")]
    Unreachable {
        /// The model.
        name: String,
        /// Why.
        why: String,
    },
    /// The name can't be given to a model.
    #[error("'{name}' can't be the name of a model: {why}; give another with --name")]
    BadName {
        /// What was asked for.
        name: String,
        /// Why not.
        why: &'static str,
    },
    /// What was to be added can't be: not a file, not an address, not a model.
    #[error("{what} can't be added: {why}")]
    NotAddable {
        /// The file or address.
        what: String,
        /// Why not, and what to do.
        why: String,
    },
    /// A file's header is not that of a GGUF model.
    #[error("{path} is not a model that can be used: {source}")]
    Gguf {
        /// The file.
        path: PathBuf,
        /// What is wrong with its header.
        source: GgufError,
    },
    /// A model's file is not there.
    #[error("the file of model '{name}' is not here ({path}); {hint}")]
    Absent {
        /// The model.
        name: String,
        /// Where it was looked for.
        path: PathBuf,
        /// What to do.
        hint: String,
    },
    /// A model's file is shorter or longer than it should be.
    #[error("{path} has {have} bytes and not {want}: it is not all of '{name}', or another file; {hint}", have = have.0, want = want.0)]
    WrongSize {
        /// The model.
        name: String,
        /// Its file.
        path: PathBuf,
        /// The size found.
        have: Bytes,
        /// The size it should have.
        want: Bytes,
        /// What to do.
        hint: String,
    },
    /// A model's file has the right size and the wrong content.
    #[error(
        "{path} is damaged or another file: its SHA-256 is {have}, and not that of '{name}'; \
         {hint}"
    )]
    WrongHash {
        /// The model.
        name: String,
        /// Its file.
        path: PathBuf,
        /// The hash found.
        have: Sha256Sum,
        /// What to do.
        hint: String,
    },
    /// The disk has too little room for a download.
    #[error(
        "{dir} has room for {free} MB and {needed} MB are needed to get '{name}'; make room, or \
         set TENFOLD_MODELS_DIR to a directory on another disk (what came so far is kept)",
        free = free.0 / 1_000_000, needed = needed.0.div_ceil(1_000_000)
    )]
    NoRoom {
        /// The model.
        name: String,
        /// The directory of the models.
        dir: PathBuf,
        /// What is needed.
        needed: Bytes,
        /// What is free.
        free: Bytes,
    },
    /// No source gave the file.
    #[error(
        "could not get '{name}': {tried}. Check the network or the proxy (HTTPS_PROXY) and try \
         again, it goes on where it stopped; or get the file {file} by other means and put it \
         into {dir}"
    )]
    NoSource {
        /// The model.
        name: String,
        /// Its file's name.
        file: String,
        /// The directory of the models.
        dir: PathBuf,
        /// Each source, and why it failed.
        tried: Tried,
    },
    /// The person stopped it.
    #[error("stopped; what came so far is kept, and the next try goes on from there")]
    Cancelled,
    /// Another process is getting, adding or removing this model just now.
    #[error("another tenfold works on {path} just now; wait for it, or stop it, and try again")]
    Busy {
        /// What is being worked on.
        path: PathBuf,
    },
}

impl ModelsError {
    pub(crate) fn io(
        doing: &'static str,
        path: impl AsRef<Path>,
    ) -> impl FnOnce(io::Error) -> Self {
        let path = path.as_ref().to_owned();
        move |source| Self::Io { doing, path, source }
    }
}

/// The sources that were tried, each with the reason why it failed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tried(pub Vec<(String, String)>);

impl fmt::Display for Tried {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return f.write_str("no source is known for it");
        }
        for (n, (source, why)) in self.0.iter().enumerate() {
            let join = if n == 0 { "" } else { "; " };
            write!(f, "{join}{source}: {why}")?;
        }
        Ok(())
    }
}
