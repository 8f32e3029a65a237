//! What models cost, and what they have cost, by the shipped book of prices with the person's own
//! laid over it, and what the prices of others would change in it. None of it asks a provider.

mod card;
pub mod import;
pub mod level;

use tenfold_domain::{NanoUsd, Timestamp};
use tenfold_models::{Dated, ModelName, Price, PriceBook};

use crate::plain::one_line;
use crate::{DeskError, House};

pub use card::{DatedPrice, PriceCard, RateStep, RatesCard, TokenRates};

/// So many models are named to somebody who named one that isn't there.
const LIKE: usize = 8;
/// The most models of one history: more can't be told apart.
pub const MODELS_MAX: usize = 8;

impl House {
    /// The shipped book of prices with the person's own.
    ///
    /// # Errors
    /// If the person's own does not read.
    pub fn prices(&self) -> Result<PriceBook, DeskError> {
        Ok(PriceBook::load(&self.model_dirs.prices_file())?)
    }
}

/// Which prices are told.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Only models of these providers, if any.
    pub providers: Vec<String>,
    /// Only models with all of these in their name.
    pub words: Vec<String>,
    /// Only prices of the person's own book.
    pub own: bool,
    /// The cheapest first, by their output; else by name.
    pub cheapest: bool,
}

impl Filter {
    fn takes(&self, name: &ModelName) -> bool {
        let text = name.to_string().to_ascii_lowercase();
        let is_there = |word: &String| text.contains(&word.to_ascii_lowercase());
        (self.providers.is_empty() || self.providers.contains(&name.provider))
            && self.words.iter().all(is_there)
    }
}

/// The models that are meant by a name; at least one.
///
/// # Errors
/// If there is none.
pub fn named<'a>(book: &'a PriceBook, text: &str) -> Result<Vec<&'a ModelName>, DeskError> {
    let named = book.named(text);
    if !named.is_empty() {
        return Ok(named);
    }
    let shown = one_line(text, 100);
    let missing = DeskError::not_found(format!("the price book has no model '{shown}'"));
    let alike = book.like(text, LIKE).into_iter().map(|name| one_line(&name.to_string(), 100));
    Err(match alike.collect::<Vec<_>>().as_slice() {
        [] => missing.advise("`tenfold prices list` shows those there are"),
        alike => missing.advise(format!("there are {}", alike.join(", "))),
    })
}

/// What held at a moment, by what was known then.
pub fn held<'b>(
    book: &'b PriceBook,
    at: Timestamp,
    filter: &Filter,
) -> Vec<(&'b ModelName, &'b Dated)> {
    let mut held: Vec<(&ModelName, &Dated)> = book
        .models()
        .filter(|name| filter.takes(name))
        .filter_map(|name| Some((name, book.as_of(name, at)?)))
        .filter(|(_, dated)| dated.own || !filter.own)
        .collect();
    if filter.cheapest {
        held.sort_by_key(|(_, dated)| output(&dated.price));
    }
    held
}

/// What held at a moment of the models that are meant by a name.
///
/// # Errors
/// If there is no such model, or nobody knew a price of it then.
pub fn held_of<'b>(
    book: &'b PriceBook,
    model: &str,
    at: Timestamp,
) -> Result<Vec<(&'b ModelName, &'b Dated)>, DeskError> {
    let mut held = Vec::new();
    for name in named(book, model)? {
        held.extend(book.as_of(name, at).map(|dated| (name, dated)));
    }
    if held.is_empty() {
        let model = one_line(model, 100);
        return Err(DeskError::not_found(format!("nobody knew a price of '{model}' then"))
            .advise(format!("`tenfold prices history {model}` shows when")));
    }
    Ok(held)
}

/// The models that are meant by several names, each once.
///
/// # Errors
/// If one is not there, or there are more than a history has.
pub fn of_history<'b>(
    book: &'b PriceBook,
    models: &[String],
) -> Result<Vec<&'b ModelName>, DeskError> {
    let mut names: Vec<&ModelName> = Vec::new();
    for model in models {
        names.extend(named(book, model)?);
    }
    names.sort();
    names.dedup();
    if names.len() > MODELS_MAX {
        let why = format!("these are {} models, and a history has {MODELS_MAX}", names.len());
        return Err(DeskError::usage(why).advise("name their provider too, as in openai/gpt-4o"));
    }
    Ok(names)
}

/// All prices that models have had, as they are told.
pub fn history(book: &PriceBook, names: &[&ModelName]) -> Vec<DatedPrice> {
    let of = |name: &&ModelName| {
        book.history(name).iter().map(|dated| DatedPrice::of(name, dated)).collect::<Vec<_>>()
    };
    names.iter().flat_map(of).collect()
}

/// Prices, as they are told.
pub fn cards(held: &[(&ModelName, &Dated)]) -> Vec<DatedPrice> {
    held.iter().map(|(name, dated)| DatedPrice::of(name, dated)).collect()
}

fn output(price: &Price) -> NanoUsd {
    match price {
        Price::Listed(list) => list.usual.base.output,
        Price::Free | Price::Electricity(_) => NanoUsd::ZERO,
    }
}
