//! The book itself: prices by model and date, and what held when.
//!
//! Apart from how it is written, since this is what a bill hangs on. It reads no clock and no
//! file; whoever asks says as of when.

use std::collections::BTreeMap;
use std::fmt;

use tenfold_domain::Timestamp;

use super::raw;
use crate::Price;

/// A model as one provider sells it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ModelName {
    /// The provider, as the book calls it.
    pub provider: String,
    /// What the provider calls the model.
    pub model: String,
}

/// `openai/gpt-4o`.
impl fmt::Display for ModelName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&format!("{}/{}", self.provider, self.model))
    }
}

/// A price, and from when it holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dated {
    /// The first moment at which it holds.
    pub from: Timestamp,
    /// Whether it may have held some time before that: it was seen first then.
    pub is_by: bool,
    /// Since when it is known. What is asked of a moment before that does not see it.
    pub known: Timestamp,
    /// Who says so.
    pub source: String,
    /// Whether the person's own book says so.
    pub own: bool,
    /// The price.
    pub price: Price,
}

/// How the source of a price begins that was taken in from others.
pub(super) const IMPORTED: &str = "imported from ";

impl Dated {
    /// Whether the person has written this price, and has not taken it in from others. Such a
    /// price holds until they write another: it is a contract's, whatever lists say later.
    pub fn is_written(&self) -> bool {
        self.own && !self.source.starts_with(IMPORTED)
    }
}

/// Dated prices of models.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PriceBook {
    /// Hosts of addresses, and whose they are.
    hosts: BTreeMap<String, String>,
    /// By date, and what became known later behind what it corrects.
    models: BTreeMap<ModelName, Vec<Dated>>,
}

impl PriceBook {
    /// Reads a text of the form that docs/prices.md explains; `own` says whose it is.
    ///
    /// # Errors
    /// What is wrong with it, and where.
    pub fn parse(text: &str, own: bool) -> Result<Self, String> {
        raw::read(text, own)
    }

    /// Takes in another book. What both say of one day holds as the other one has it.
    pub fn add(&mut self, other: Self) {
        self.hosts.extend(other.hosts);
        for (name, prices) in other.models {
            for price in prices {
                self.insert(name.clone(), price);
            }
        }
    }

    /// Puts a price in its place: behind those that hold from before, or were known before.
    pub fn insert(&mut self, name: ModelName, dated: Dated) {
        let prices = self.models.entry(name).or_default();
        let place =
            prices.partition_point(|there| (there.from, there.known) <= (dated.from, dated.known));
        prices.insert(place, dated);
    }

    pub(super) fn insert_host(&mut self, host: String, provider: String) {
        self.hosts.insert(host, provider);
    }

    /// What held for a model at a moment, by what was known then; none if nothing was.
    pub fn as_of(&self, name: &ModelName, at: Timestamp) -> Option<&Dated> {
        let seen = |dated: &&Dated| dated.from <= at && dated.known <= at;
        let history = || self.history(name).iter().rev().filter(seen);
        let own = history().find(|dated| dated.own).filter(|own| own.is_written());
        own.or_else(|| history().next())
    }

    /// All prices of a model, the oldest first; a correction comes behind what it corrects.
    pub fn history(&self, name: &ModelName) -> &[Dated] {
        self.models.get(name).map_or(&[], Vec::as_slice)
    }

    /// The prices of a model that were in force at some time, by what was known at `at`, the
    /// oldest first: without what was corrected, and without words that changed nothing.
    pub fn in_force(&self, name: &ModelName, at: Timestamp) -> Vec<&Dated> {
        let mut kept: Vec<&Dated> = Vec::new();
        let mut is_written = false;
        for dated in self.history(name).iter().filter(|dated| dated.known <= at) {
            if is_written && !dated.own {
                continue;
            }
            is_written = dated.is_written();
            if kept.last().is_some_and(|last| last.from == dated.from) {
                kept.pop();
            }
            if kept.last().is_none_or(|last| last.price != dated.price) {
                kept.push(dated);
            }
        }
        kept
    }

    /// Every model, by provider and name.
    pub fn models(&self) -> impl Iterator<Item = &ModelName> {
        self.models.keys()
    }

    /// The models that a person may mean: `provider/model`, or a name that several providers
    /// may have.
    pub fn named(&self, text: &str) -> Vec<&ModelName> {
        let is_meant = |name: &&ModelName| {
            name.model == text
                || text.split_once('/').is_some_and(|(provider, model)| {
                    name.provider == provider && name.model == model
                })
        };
        self.models().filter(is_meant).collect()
    }

    /// The models whose names have most in common with a text, at most so many.
    pub fn like(&self, text: &str, most: usize) -> Vec<&ModelName> {
        let text = text.to_ascii_lowercase();
        let holds = |name: &&ModelName| name.to_string().to_ascii_lowercase().contains(&text);
        let mut alike: Vec<&ModelName> = self.models().filter(holds).collect();
        alike.sort_by_key(|name| name.model.len());
        alike.truncate(most);
        alike
    }

    /// Whose host this is, if the book knows.
    pub fn provider_at(&self, host: &str) -> Option<&str> {
        let host = host.split(':').next().unwrap_or(host);
        self.hosts.get(host).map(String::as_str)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::prices::moment;
    use proptest::prelude::*;
    use tenfold_domain::NanoUsd;

    const BOOK: &str = r#"
        provider = "acme"
        hosts = ["api.acme.test"]

        [[price]]
        model = "one"
        from = 2024-01-01
        source = "acme's page"
        usd_per_million = { prompt = "10", output = "30" }

        [[price]]
        model = "one"
        from = 2024-06-01
        source = "acme's page"
        usd_per_million = { prompt = "5", output = "15" }

        # Found out in August: it had been 6 since June.
        [[price]]
        model = "one"
        from = 2024-06-01
        known = 2024-08-01
        source = "a bill"
        usd_per_million = { prompt = "6", output = "15" }
    "#;

    fn one() -> ModelName {
        ModelName { provider: "acme".into(), model: "one".into() }
    }

    fn prompt(book: &PriceBook, day: &str) -> Option<NanoUsd> {
        let dated = book.as_of(&one(), moment(day).unwrap())?;
        match &dated.price {
            Price::Listed(list) => Some(list.usual.base.prompt),
            _ => None,
        }
    }

    #[test]
    fn a_price_holds_until_the_next_and_a_correction_only_once_it_is_known() {
        let book = PriceBook::parse(BOOK, false).unwrap();
        let dollars = |dollars| Some(NanoUsd::dollars(dollars));
        assert_eq!(prompt(&book, "2023-12-31"), None);
        assert_eq!(prompt(&book, "2024-01-01"), dollars(10));
        assert_eq!(prompt(&book, "2024-05-31"), dollars(10));
        assert_eq!(prompt(&book, "2024-06-01"), dollars(5));
        assert_eq!(prompt(&book, "2024-07-31T23:59:59Z"), dollars(5));
        assert_eq!(prompt(&book, "2024-08-01"), dollars(6));
        assert_eq!(prompt(&book, "2026-01-01"), dollars(6));
    }

    #[test]
    fn what_was_in_force_leaves_out_what_was_corrected() {
        let book = PriceBook::parse(BOOK, false).unwrap();
        let in_force = |day| book.in_force(&one(), moment(day).unwrap()).len();
        assert_eq!((in_force("2023-01-01"), in_force("2024-07-01")), (0, 2));
        let later = book.in_force(&one(), moment("2024-09-01").unwrap());
        assert_eq!(
            later.iter().map(|dated| dated.source.as_str()).collect::<Vec<_>>(),
            ["acme's page", "a bill"]
        );
    }

    #[test]
    fn the_persons_word_of_a_day_goes_before_the_shipped_one() {
        let own = r#"
            [[price]]
            provider = "acme"
            model = "one"
            from = 2024-06-01
            source = "our contract"
            usd_per_million = { prompt = "1", output = "2" }
        "#;
        let mut book = PriceBook::parse(BOOK, false).unwrap();
        book.add(PriceBook::parse(own, true).unwrap());
        assert_eq!(prompt(&book, "2024-06-02"), Some(NanoUsd::dollars(1)));
        assert_eq!(prompt(&book, "2024-05-02"), Some(NanoUsd::dollars(10)));
    }

    #[test]
    fn what_the_person_wrote_holds_until_they_write_another() {
        let own = |day: &str, source: &str, prompt: &str| {
            format!(
                "[[price]]\nprovider = 'acme'\nmodel = 'one'\nfrom = {day}\n\
                 source = '{source}'\nusd_per_million = {{ prompt = '{prompt}', output = '1' }}\n"
            )
        };
        let with = |own: String| {
            let mut book = PriceBook::parse(BOOK, false).unwrap();
            book.add(PriceBook::parse(&own, true).unwrap());
            book
        };
        let book = with(own("2024-02-01", "our contract", "1"));
        assert_eq!(prompt(&book, "2026-01-01"), Some(NanoUsd::dollars(1)));
        assert_eq!(book.in_force(&one(), moment("2026-01-01").unwrap()).len(), 2);
        let book = with(own("2024-02-01", "imported from a list", "1"));
        assert_eq!(prompt(&book, "2026-01-01"), Some(NanoUsd::dollars(6)));
        let both = own("2024-02-01", "ours", "1") + &own("2025-01-01", "ours, later", "2");
        assert_eq!(prompt(&with(both), "2026-01-01"), Some(NanoUsd::dollars(2)));
    }

    #[test]
    fn models_are_found_by_name_and_providers_by_host() {
        let book = PriceBook::parse(BOOK, false).unwrap();
        assert_eq!(book.named("one"), [&one()]);
        assert_eq!(book.named("acme/one"), [&one()]);
        assert!(book.named("other/one").is_empty() && book.named("on").is_empty());
        assert_eq!(book.like("ON", 3), [&one()]);
        assert_eq!(book.provider_at("api.acme.test:443"), Some("acme"));
        assert_eq!(book.provider_at("acme.test"), None);
    }

    proptest! {
        /// Whatever order prices are learnt in, nothing that was learnt later is ever seen before.
        #[test]
        fn nothing_is_known_before_its_time(
            prices in proptest::collection::vec((0..50u64, 0..50u64), 1..20),
            at in 0..60u64,
        ) {
            let mut book = PriceBook::default();
            for (number, (from, known)) in prices.iter().enumerate() {
                let price = Price::of_tokens(crate::TokenPrices::of(
                    NanoUsd(number as u64),
                    NanoUsd(0),
                ));
                let (from, known) = (Timestamp(*from), Timestamp(*known));
                let source = number.to_string();
                let dated = Dated { from, is_by: false, known, source, own: false, price };
                book.insert(one(), dated);
            }
            let seen = |from: u64, known: u64| from <= at && known <= at;
            let best = prices.iter().filter(|(from, known)| seen(*from, *known)).max();
            let found = book.as_of(&one(), Timestamp(at));
            prop_assert_eq!(found.map(|dated| (dated.from.0, dated.known.0)), best.copied());
        }
    }
}
