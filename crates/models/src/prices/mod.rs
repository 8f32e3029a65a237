//! The price book: what models cost and have cost, each price with the day from which it held.
//!
//! Lookups are pure, and integers only. What is said at a moment uses only what was known
//! then; a price that holds from a day holds until the next one of the same model. The list
//! that ships with Tenfold is text that people can read (`crates/models/prices`), and a person's
//! own book only ever adds to it. Nothing here asks a provider, and nothing guesses.

mod book;
mod import;
mod list;
mod moment;
mod own;
mod raw;
mod shipped;

pub use book::{Dated, ModelName, PriceBook};
pub use import::{
    Change, Fetching, Import, ImportSource, Importer, Json, JsonReader, Read, Refused, Wanted,
    is_sold, sellers,
};
pub use list::{PriceList, Rates, Service, Step, TokenPrices};
pub use moment::{moment, written};
pub use raw::book_text;
