//! Taking in the prices of others: what they would change is told first, and nothing is taken in
//! but what was told.

use serde::{Deserialize, Serialize};
use tenfold_domain::Timestamp;
use tenfold_models::{
    Cancel, Change, Import, ImportSource, Importer, Price, PriceBook, PriceList, Read, Wanted,
};
use tenfold_store::hash_of;
use utoipa::ToSchema;

use super::PriceCard;
use crate::{DeskError, House};

/// Whose prices, and which of them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[schema(as = PricesToImport)]
pub struct ImportTerms {
    /// The file, the folder of models.dev's, or an http(s) address of either.
    pub from: String,
    /// Only models of these providers, as the book calls them; those that the book knows, if there
    /// are none.
    #[serde(default)]
    pub providers: Vec<String>,
    /// Models of providers that the book does not know, too.
    #[serde(default)]
    pub all: bool,
}

/// What others' prices would change in the book, or have changed.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[schema(as = ImportedPrices)]
pub struct ImportCard {
    /// Whether they were taken in.
    pub taken: bool,
    /// How many rows there were.
    pub rows: u64,
    /// What would change, by provider and model; perhaps only the first.
    pub changes: Vec<ChangeCard>,
    /// How many prices would change.
    pub changes_count: u64,
    /// Stands for all that would change: who takes it in says what they saw.
    pub seen: String,
    /// How many are as the book has them.
    pub same: u64,
    /// Models whose price the person has written: it stays.
    pub left_alone: Vec<String>,
    /// The first of those that are refused.
    pub refused: Vec<RefusedCard>,
    /// How many are refused.
    pub refused_count: u64,
    /// How many have no price that can be counted.
    pub unpriced: u64,
    /// How many are of providers that are not looked for.
    pub unwanted: u64,
}

/// A price that would be added.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[schema(as = ChangedPrice)]
pub struct ChangeCard {
    /// Who sells it.
    pub provider: String,
    /// What its provider calls it.
    pub model: String,
    /// What holds now; nothing if the model is new.
    pub before: Option<PriceCard>,
    /// What would hold.
    pub after: PriceCard,
    /// What else is other than a token of the prompt and of the answer, in words.
    pub also: Vec<&'static str>,
}

/// A row that is not taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = RefusedPrice)]
pub struct RefusedCard {
    /// The model, or what stands in its place.
    pub row: String,
    /// What is wrong with it.
    pub why: String,
}

/// What the prices of others would change in a book, from a moment on. Reading them may take
/// minutes: `progress` is told how far it is, and `cancel` ends it.
///
/// # Errors
/// If they are not there, do not read, or are more than an import takes; or if it was cancelled.
pub fn compare(
    book: &PriceBook,
    terms: &ImportTerms,
    at: Timestamp,
    progress: &mut dyn FnMut(Read),
    cancel: &Cancel,
) -> Result<Import, DeskError> {
    let source = ImportSource::open(&terms.from)?;
    let wanted = Wanted { providers: terms.providers.clone(), all: terms.all };
    Ok(source.import(Importer::new(book, at, wanted), progress, cancel)?)
}

/// Takes in what an import would change: it holds from a moment on, in the person's own book.
///
/// # Errors
/// If their book does not read or can't be written; then it is as it was.
pub fn take_in(
    house: &House,
    terms: &ImportTerms,
    import: &Import,
    at: Timestamp,
) -> Result<(), DeskError> {
    let entries = import.entries(&ImportSource::shown(&terms.from), at);
    PriceBook::append(&house.model_dirs.prices_file(), &entries, &Cancel::new())?;
    Ok(())
}

impl ImportCard {
    /// All of an import, as it is told.
    ///
    /// # Panics
    /// Never: prices are written as JSON whatever they are.
    pub fn of(import: &Import, taken: bool) -> Self {
        let changes: Vec<ChangeCard> = import.changes.iter().map(ChangeCard::from).collect();
        let seen = serde_json::to_string(&changes).expect("prices are written as JSON");
        let refused = import.refused.iter();
        let refused = refused.map(|one| RefusedCard { row: one.row.clone(), why: one.why.clone() });
        Self {
            taken,
            rows: import.rows,
            changes_count: changes.len() as u64,
            changes,
            seen: hash_of(&seen),
            same: import.same,
            left_alone: import.left_alone.iter().map(ToString::to_string).collect(),
            refused: refused.collect(),
            refused_count: import.refused_count,
            unpriced: import.unpriced,
            unwanted: import.unwanted,
        }
    }
}

impl From<&Change> for ChangeCard {
    fn from(change: &Change) -> Self {
        let also = listed(change).map_or_else(Vec::new, |before| also(before, &change.after));
        Self {
            provider: change.name.provider.clone(),
            model: change.name.model.clone(),
            before: change.before.as_ref().map(PriceCard::from),
            after: PriceCard::from(&change.after.clone().into()),
            also,
        }
    }
}

/// The prices that a change takes the place of, where there are any.
pub fn listed(change: &Change) -> Option<&PriceList> {
    match &change.before {
        Some(Price::Listed(list)) => Some(list),
        _ => None,
    }
}

/// What is other, in words, beside a token of the prompt and of the answer.
pub fn also(before: &PriceList, after: &PriceList) -> Vec<&'static str> {
    let (then, now) = (before.usual.base, after.usual.base);
    let caches = [
        (then.cached, now.cached),
        (then.written, now.written),
        (then.written_hour, now.written_hour),
        (then.written_half_day, now.written_half_day),
    ];
    let is_apart = (before.per_request, before.per_second) != (after.per_request, after.per_second);
    [
        ("cache", caches.iter().any(|(then, now)| then != now)),
        ("reasoning", then.reasoning != now.reasoning),
        ("lengths", before.usual.steps != after.usual.steps),
        ("batch", before.batch != after.batch),
        ("flex", before.flex != after.flex),
        ("priority", before.priority != after.priority),
        ("requests and seconds", is_apart),
    ]
    .into_iter()
    .filter_map(|(word, is_other)| is_other.then_some(word))
    .collect()
}
