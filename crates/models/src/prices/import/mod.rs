//! Taking in the prices of others: LiteLLM's JSON, and models.dev's TOML and JSON.
//!
//! What they say is compared with the book and never believed at once: an [`Importer`] is given
//! row by row and ends in an [`Import`], which says what would change, what is refused and why,
//! and what is left alone. It holds what changes, and of all else only counts, so that a file
//! with a million rows needs no more memory than one with a thousand.

mod doubt;
mod exact;
mod json;
mod litellm;
mod models_dev;
mod seller;
mod source;

use std::collections::hash_map::DefaultHasher;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::hash::{Hash, Hasher};

use tenfold_domain::Timestamp;

pub use json::{Json, JsonReader};
pub use seller::{is_sold, sellers};
pub use source::{Fetching, ImportSource, Read};

use super::book::IMPORTED;
use super::{Dated, ModelName, PriceBook, PriceList};
use crate::Price;
use doubt::{Peers, Uniform};

/// So many refused rows are told one by one; of more, the number.
const REFUSED_TOLD: usize = 200;

/// Which models are taken.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Wanted {
    /// Those of these providers, as the book calls them. None: those that the book knows, with
    /// what they sell themselves.
    pub providers: Vec<String>,
    /// Those of every provider.
    pub all: bool,
}

/// A price that would be added.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// Of which model.
    pub name: ModelName,
    /// What holds now; none if the model is new.
    pub before: Option<Price>,
    /// What would hold.
    pub after: PriceList,
}

/// A row that is not taken, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// The model, or what stands in its place.
    pub row: String,
    /// What is wrong with it.
    pub why: String,
}

/// What an import would do.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Import {
    /// By provider and model.
    pub changes: Vec<Change>,
    /// The first of those that are refused.
    pub refused: Vec<Refused>,
    /// How many are refused.
    pub refused_count: u64,
    /// Models whose price you have written yourself: it stays.
    pub left_alone: Vec<ModelName>,
    /// How many rows there were.
    pub rows: u64,
    /// How many say what the book says already.
    pub same: u64,
    /// How many have no price that can be counted.
    pub unpriced: u64,
    /// How many are of providers that are not wanted.
    pub unwanted: u64,
}

/// How much one import is.
#[derive(Debug, Clone, Copy)]
struct Bounds {
    /// The most rows.
    rows: u64,
    /// The most prices that it changes.
    changes: usize,
}

impl Default for Bounds {
    fn default() -> Self {
        Self { rows: 2_000_000, changes: 20_000 }
    }
}

/// Compares what others say with a book.
#[derive(Debug)]
pub struct Importer<'a> {
    bounds: Bounds,
    book: &'a PriceBook,
    at: Timestamp,
    wanted: Wanted,
    known_providers: BTreeSet<&'a str>,
    peers: Peers,
    uniform: Uniform,
    /// Hashes of the keys that were there.
    seen: HashSet<u64>,
    /// Of each model that was there, by the hash of its name, the hash of its price.
    said: HashMap<u64, u64>,
    changes: BTreeMap<ModelName, Change>,
    import: Import,
}

impl<'a> Importer<'a> {
    /// Against a book as it is at a moment.
    pub fn new(book: &'a PriceBook, at: Timestamp, wanted: Wanted) -> Self {
        Self {
            bounds: Bounds::default(),
            book,
            at,
            wanted,
            known_providers: book.models().map(|name| name.provider.as_str()).collect(),
            peers: Peers::of(book, at),
            uniform: Uniform::default(),
            seen: HashSet::new(),
            said: HashMap::new(),
            changes: BTreeMap::new(),
            import: Import::default(),
        }
    }

    /// A row of LiteLLM's list.
    ///
    /// # Errors
    /// If there are more rows, or more changes, than an import has.
    pub fn litellm(&mut self, key: &str, row: &Json) -> Result<(), String> {
        self.count()?;
        if !self.is_first(key) {
            self.refuse(key, "it is there twice".into());
            return Ok(());
        }
        match litellm::row(key, row) {
            Ok(Some((name, list))) => self.offered(name, list),
            Ok(None) => {
                self.import.unpriced += 1;
                Ok(())
            }
            Err(why) => {
                self.refuse(key, why);
                Ok(())
            }
        }
    }

    /// A model of models.dev's.
    ///
    /// # Errors
    /// If there are more rows, or more changes, than an import has.
    pub fn models_dev(&mut self, provider: &str, model: &str, row: &Json) -> Result<(), String> {
        self.count()?;
        let name = seller::of_models_dev(provider, model);
        match models_dev::list(row) {
            Ok(Some(list)) => self.offered(name, list),
            Ok(None) => {
                self.import.unpriced += 1;
                Ok(())
            }
            Err(why) => {
                self.refuse(&name.to_string(), why);
                Ok(())
            }
        }
    }

    /// A model of models.dev's, as its file has it.
    ///
    /// # Errors
    /// As for [`Importer::models_dev`].
    pub fn models_dev_toml(
        &mut self,
        provider: &str,
        model: &str,
        text: &str,
    ) -> Result<(), String> {
        match models_dev::from_toml(text) {
            Ok(row) => self.models_dev(provider, model, &row),
            Err(why) => {
                self.count()?;
                self.refuse(&format!("{provider}/{model}"), why);
                Ok(())
            }
        }
    }

    /// How many rows there were so far.
    pub fn rows(&self) -> u64 {
        self.import.rows
    }

    /// What the import would do.
    pub fn end(self) -> Import {
        let Self { mut import, mut changes, uniform, wanted, .. } = self;
        let is_named = |provider: &str| wanted.providers.iter().any(|named| named == provider);
        for (provider, why) in uniform.suspects(is_named) {
            let of_it = |name: &ModelName| name.provider == provider;
            let refused: Vec<ModelName> =
                changes.keys().filter(|name| of_it(name)).cloned().collect();
            for name in refused {
                changes.remove(&name);
                refuse(&mut import, &name.to_string(), why.clone());
            }
        }
        import.changes = changes.into_values().collect();
        import.left_alone.sort();
        import.left_alone.dedup();
        import
    }

    fn count(&mut self) -> Result<(), String> {
        self.import.rows += 1;
        match self.import.rows > self.bounds.rows {
            true => Err(format!("it has more than {} rows", self.bounds.rows)),
            false => Ok(()),
        }
    }

    /// Whether this was not there before. A hash of each name is kept, and not the name.
    fn is_first(&mut self, key: &str) -> bool {
        self.seen.insert(hash(key))
    }

    fn refuse(&mut self, row: &str, why: String) {
        refuse(&mut self.import, row, why);
    }

    fn is_wanted(&self, name: &ModelName) -> bool {
        match self.wanted.providers.is_empty() {
            true if self.wanted.all => true,
            // A provider that sells what others make has only its own here, as what ships has.
            true if seller::is_seller(&name.provider) => is_sold(name),
            true => self.known_providers.contains(name.provider.as_str()),
            false => self.wanted.providers.contains(&name.provider),
        }
    }

    fn offered(&mut self, name: ModelName, list: PriceList) -> Result<(), String> {
        if !self.is_wanted(&name) {
            self.import.unwanted += 1;
            return Ok(());
        }
        if let Err(why) = super::raw::check_name("model", &name.model)
            .and_then(|()| super::raw::check_name("provider", &name.provider))
        {
            self.refuse(&name.to_string(), why);
            return Ok(());
        }
        let says = hash(&format!("{list:?}"));
        if let Some(said) = self.said.insert(hash(&name.to_string()), says) {
            // Of two that contradict each other nobody knows which is right.
            if said != says {
                self.changes.remove(&name);
                self.refuse(&name.to_string(), "another row has another price for it".into());
            }
            return Ok(());
        }
        let before = self.book.as_of(&name, self.at);
        if before.is_some_and(Dated::is_written) {
            self.import.left_alone.push(name);
            return Ok(());
        }
        let before = before.map(|before| &before.price);
        if matches!(before, Some(Price::Listed(known)) if **known == list) {
            self.uniform.unchanged(&name);
            self.import.same += 1;
            return Ok(());
        }
        if let Some(why) = doubt::of(&name, &list, before, &self.peers) {
            self.refuse(&name.to_string(), why);
            return Ok(());
        }
        if self.changes.len() >= self.bounds.changes {
            let most = self.bounds.changes;
            return Err(format!(
                "it would change more than {most} prices; take fewer, with --provider"
            ));
        }
        self.uniform.changed(&name, &list, before);
        let before = before.cloned();
        self.changes.insert(name.clone(), Change { name, before, after: list });
        Ok(())
    }
}

fn hash(text: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    hasher.finish()
}

fn refuse(import: &mut Import, row: &str, why: String) {
    import.refused_count += 1;
    if import.refused.len() < REFUSED_TOLD {
        let row = row.chars().take(200).collect();
        import.refused.push(Refused { row, why });
    }
}

impl Import {
    /// The entries that a person's book gets: they hold from a moment, and are known then.
    pub fn entries(&self, from: &str, at: Timestamp) -> Vec<(ModelName, Dated)> {
        let from: String = from.chars().filter(|c| !c.is_control()).take(100).collect();
        let entry = |change: &Change| {
            let price = change.after.clone().into();
            let source = format!("{IMPORTED}{from}");
            let dated = Dated { from: at, is_by: true, known: at, source, own: true, price };
            (change.name.clone(), dated)
        };
        self.changes.iter().map(entry).collect()
    }
}

/// Prices in another currency are nobody's here.
fn check_currency(row: &Json) -> Result<(), String> {
    match row.get("currency").and_then(Json::text) {
        Some(currency) if !currency.eq_ignore_ascii_case("usd") => {
            Err(format!("it is priced in {currency}, and the book is in US dollars"))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::prices::moment;

    const BOOK: &str = r#"
        provider = "acme"
        [[price]]
        model = "one"
        from = 2024-01-01
        source = "s"
        usd_per_million = { prompt = "2.50", output = "10.00" }
        [[price]]
        model = "two"
        from = 2024-01-01
        source = "s"
        usd_per_million = { prompt = "1.00", output = "4.00" }
        [[price]]
        model = "three"
        from = 2024-01-01
        source = "s"
        usd_per_million = { prompt = "0.10", output = "0.30" }
    "#;

    fn import_into(book: &PriceBook, rows: &[(&str, &str)]) -> Import {
        let at = moment("2025-01-01").unwrap();
        let mut importer = Importer::new(book, at, Wanted::default());
        for (key, fields) in rows {
            let text = format!("{{\"litellm_provider\": \"acme\", {fields}}}");
            let row = JsonReader::new(text.as_bytes(), 1 << 20).value().unwrap();
            importer.litellm(key, &row).unwrap();
        }
        importer.end()
    }

    fn import(rows: &[(&str, &str)]) -> Import {
        import_into(&PriceBook::parse(BOOK, false).unwrap(), rows)
    }

    fn cost(prompt: &str, output: &str) -> String {
        format!("\"input_cost_per_token\": {prompt}, \"output_cost_per_token\": {output}")
    }

    #[test]
    fn what_is_new_or_other_is_a_change_and_what_is_known_is_not() {
        let (same, cut, new) = (cost("2.5e-6", "1e-5"), cost("5e-7", "2e-6"), cost("1e-6", "3e-6"));
        let import = import(&[("acme/one", &same), ("acme/two", &cut), ("acme/new", &new)]);
        let names: Vec<String> = import.changes.iter().map(|c| c.name.to_string()).collect();
        assert_eq!(names, ["acme/new", "acme/two"]);
        assert_eq!((import.rows, import.same, import.refused_count), (3, 1, 0));
        assert!(import.changes[0].before.is_none() && import.changes[1].before.is_some());
        let entries = import.entries("a list", Timestamp(5));
        assert_eq!(entries[0].1.source, "imported from a list");
        assert!(entries.iter().all(|(_, dated)| dated.is_by && dated.known == Timestamp(5)));
    }

    #[test]
    fn nonsense_is_refused_with_its_reason() {
        for (fields, why) in [
            (cost("-2.5e-6", "1e-5"), "below zero"),
            (cost("NaN", "1e-5"), "no number"),
            (cost("2.5e-3", "1e-2"), "1000 times"),
            (cost("2.5", "10"), "1000000 times"),
            (cost("2.5e-9", "1e-8"), "1000th"),
            (cost("0", "1e-5"), "nothing"),
            (cost("2e-6", "5e-7"), "mixed up"),
            (format!("{}, \"currency\": \"CNY\"", cost("1e-6", "1e-6")), "US dollars"),
        ] {
            let import = import(&[("acme/one", &fields)]);
            assert!(import.changes.is_empty(), "{fields}");
            assert!(import.refused[0].why.contains(why), "{why}: {}", import.refused[0].why);
        }
        // A price of nothing at every length is none.
        let long = ["input", "output"]
            .map(|kind| format!("\"{kind}_cost_per_token_above_128k_tokens\": 0"));
        let none = format!("{}, {}", cost("0", "0"), long.join(", "));
        assert_eq!(import(&[("acme/new", &none)]).unpriced, 1);
        // Of a model that nobody knows, its peers tell.
        let import = import(&[("acme/new", &cost("2.5", "10"))]);
        assert!(import.refused[0].why.contains("other models"), "{}", import.refused[0].why);
    }

    #[test]
    fn all_of_a_provider_by_one_factor_is_another_currency_or_unit() {
        let rows = [
            ("acme/one", cost("17.75e-6", "71e-6")),
            ("acme/two", cost("7.1e-6", "28.4e-6")),
            ("acme/three", cost("0.71e-6", "2.13e-6")),
            ("acme/new", cost("3e-6", "5e-6")),
        ];
        let rows: Vec<(&str, &str)> = rows.iter().map(|(k, v)| (*k, v.as_str())).collect();
        let all = import(&rows);
        assert!(all.changes.is_empty() && all.refused_count == 4);
        assert!(all.refused[0].why.contains("currency"), "{}", all.refused[0].why);
        // One that stays as it was shows that the unit is the same.
        let same = cost("1e-6", "4e-6");
        let some = import(&[rows[0], ("acme/two", &same), rows[2]]);
        assert_eq!((some.changes.len(), some.refused_count), (2, 0));
    }

    #[test]
    fn many_of_a_provider_by_one_small_factor_are_asked_about() {
        let models = ["a", "b", "c", "d", "e", "f"];
        let entry = |(place, model): (usize, &&str)| {
            let prompt = place + 1;
            format!(
                "[[price]]\nmodel = '{model}'\nfrom = 2024-01-01\nsource = 's'\n\
                 usd_per_million = {{ prompt = '{prompt}', output = '{}' }}\n",
                4 * prompt
            )
        };
        let entries: String = models.iter().enumerate().map(entry).collect();
        let book = PriceBook::parse(&format!("provider = 'acme'\n{entries}"), false).unwrap();
        // How many models come to what share of what they did, in percent; the rest stays.
        let import = |many: usize, percent: usize, wanted: Wanted| {
            let mut importer = Importer::new(&book, moment("2025-01-01").unwrap(), wanted);
            for (place, model) in models.iter().enumerate() {
                let percent = if place < many { percent } else { 100 };
                let price = percent * (place + 1);
                let fields = cost(&format!("{price}e-8"), &format!("{}e-8", 4 * price));
                let text = format!("{{\"litellm_provider\": \"acme\", {fields}}}");
                let row = JsonReader::new(text.as_bytes(), 1 << 20).value().unwrap();
                importer.litellm(&format!("acme/{model}"), &row).unwrap();
            }
            importer.end()
        };
        let usual = Wanted::default;
        let euros = import(6, 86, usual());
        assert!(euros.changes.is_empty(), "{:?}", euros.changes);
        let why = &euros.refused[0].why;
        assert!(why.contains("0.860 times") && why.contains("--provider acme"), "{why}");
        // One that stays as it was says nothing against it, as it would of a factor of ten.
        assert_eq!(import(5, 115, usual()).refused_count, 5);
        // Who has looked, and names the provider, has it taken.
        let named = Wanted { providers: vec!["acme".to_owned()], all: false };
        assert_eq!(import(6, 86, named).changes.len(), 6);
        // Few models, or a few percent, are a change of prices.
        for (many, percent) in [(4, 86), (6, 96), (6, 104)] {
            let taken = import(many, percent, usual());
            assert_eq!((taken.changes.len(), taken.refused_count), (many, 0), "{percent} %");
        }
    }

    #[test]
    fn a_key_that_is_there_twice_is_refused_and_two_rows_agree_or_both_go() {
        let (one, other) = (cost("5e-7", "2e-6"), cost("6e-7", "2e-6"));
        let twice = import(&[("acme/two", &one), ("acme/two", &one)]);
        assert_eq!((twice.changes.len(), twice.refused[0].why.as_str()), (1, "it is there twice"));
        let unlike = import(&[("acme/two", &one), ("two", &other)]);
        assert!(unlike.refused[0].why.contains("another row"), "{:?}", unlike.refused);
        assert!(unlike.changes.is_empty());
        let alike = import(&[("acme/two", &one), ("two", &one)]);
        assert_eq!((alike.changes.len(), alike.refused_count), (1, 0));
        // Nor is the one right that says what is known already.
        let same = import(&[("acme/two", &cost("1e-6", "4e-6")), ("two", &other)]);
        assert!(same.changes.is_empty() && same.refused_count == 1);
    }

    #[test]
    fn what_the_person_wrote_is_left_alone_and_what_was_taken_in_is_not() {
        let mut book = PriceBook::parse(BOOK, false).unwrap();
        let own = |model: &str, source: &str| {
            format!(
                "[[price]]\nprovider = 'acme'\nmodel = '{model}'\nfrom = 2024-06-01\n\
                 source = '{source}'\nusd_per_million = {{ prompt = '2', output = '3' }}\n"
            )
        };
        let text = own("one", "our contract") + &own("two", "imported from a list");
        book.add(PriceBook::parse(&text, true).unwrap());
        let row = cost("2.5e-6", "1e-5");
        let import = import_into(&book, &[("acme/one", &row), ("acme/two", &row)]);
        assert_eq!(import.left_alone.len(), 1);
        assert_eq!(import.changes.len(), 1);
        assert_eq!(import.changes[0].name.model, "two");
    }

    #[test]
    fn models_of_strangers_are_not_wanted_unless_said() {
        let book = PriceBook::parse(BOOK, false).unwrap();
        let text = "{\"litellm_provider\": \"other\", \"input_cost_per_token\": 1e-6}";
        let row = JsonReader::new(text.as_bytes(), 99).value().unwrap();
        let changes = |wanted| {
            let mut importer = Importer::new(&book, Timestamp(1 << 42), wanted);
            importer.litellm("other/x", &row).unwrap();
            importer.end().changes.len()
        };
        assert_eq!(changes(Wanted::default()), 0);
        assert_eq!(changes(Wanted { all: true, ..Wanted::default() }), 1);
        assert_eq!(changes(Wanted { providers: vec!["other".into()], all: false }), 1);
        assert_eq!(changes(Wanted { providers: vec!["acme".into()], all: true }), 0);
    }
}
