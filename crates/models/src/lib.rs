//! The catalogue of models, their files and their prices.
//!
//! A [`Catalogue`] is the models that ship with Tenfold and those that a person has added.
//! [`pull`] gets a model's file, [`verify`] says whether it is the right one, [`add`] and
//! [`remove`] change what the person has added, and an [`Entry`] says what a call costs, how
//! long it may take and how much memory it needs. Whatever a file's source, its SHA-256
//! decides. A [`Hosted`] model is asked
//! through its [`Provider`]. Nothing here runs a model, knows of agents, or writes to the terminal.

mod call;
mod catalogue;
mod current;
mod digest;
mod dirs;
mod energy;
mod entry;
mod error;
mod gguf;
mod hosted;
mod keys;
mod lock;
mod memory;
mod own;
mod price;
mod prices;
mod progress;
mod provider;
mod pull;
mod raw;
mod raw_price;
mod tokens;
mod verify;
mod whole;

pub use call::{Call, Ended, Of, TARGET as CALL_TARGET, traced};
pub use catalogue::{Catalogue, Listed};
pub use current::Current;
pub use digest::{Sha256Sum, hash_file};
pub use dirs::ModelDirs;
pub use energy::{EnergyMeter, Metered, Power};
pub use entry::{Entry, Place, Source};
pub use error::{ModelsError, Tried};
pub use gguf::{GgufError, GgufHeader, read_header};
pub use hosted::{Hosted, Model, Protocol, RequestLimits};
pub use keys::{forget_key, key, set_key};
pub use memory::{Fit, fits};
pub use own::{Removed, add, connect, remove, set_price};
pub use price::{Electricity, Price, Slowest};
pub use prices::{
    Change, Dated, Fetching, Import, ImportSource, Importer, Json, JsonReader, ModelName,
    PriceBook, PriceList, Rates, Read, Refused, Service, Step, TokenPrices, Wanted, book_text,
    is_sold, moment, sellers, written,
};
pub use progress::{Cancel, Progress};
pub use provider::{Answers, Provider, ProviderError, StandIn, Turned};
pub use pull::{PipCommand, PullOptions, pull};
pub use tokens::Tokenizer;
pub use verify::{Depth, Presence, presence, verify};

/// The catalogue that ships with Tenfold, as text.
pub const SHIPPED: &str = include_str!("../models.toml");
