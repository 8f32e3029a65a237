//! The price book as it is written: read here into prices that can't be half said, and
//! written here, so that what one writes the other reads.

use std::fmt::Write as _;
use std::sync::Arc;

use serde::Deserialize;
use tenfold_domain::{NanoUsd, Tokens};
use toml_edit::Value;

use super::book::{Dated, ModelName, PriceBook};
use super::moment::{moment, written};
use super::{PriceList, Rates, Step, TokenPrices};
use crate::Price;

/// The longest name or source, in bytes.
const NAME_BYTES_MAX: usize = 300;
/// The most steps of one price.
const STEPS_MAX: usize = 16;

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawBook {
    /// Whose prices these are, where a price does not say.
    provider: Option<String>,
    #[serde(default)]
    hosts: Vec<String>,
    #[serde(default)]
    price: Vec<RawDated>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawDated {
    provider: Option<String>,
    model: String,
    from: toml::value::Datetime,
    #[serde(default)]
    by: bool,
    known: Option<toml::value::Datetime>,
    source: String,
    #[serde(default)]
    free: bool,
    usd_per_million: Option<RawPrices>,
    #[serde(default)]
    above: Vec<RawStep>,
    batch: Option<RawRates>,
    flex: Option<RawRates>,
    priority: Option<RawRates>,
    usd_per_request: Option<String>,
    usd_per_second: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawRates {
    usd_per_million: RawPrices,
    #[serde(default)]
    above: Vec<RawStep>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawStep {
    prompt_tokens: u64,
    usd_per_million: RawPrices,
}

/// What is not said of caches costs as the prompt does, reasoning as the output.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawPrices {
    prompt: String,
    cached: Option<String>,
    written: Option<String>,
    written_hour: Option<String>,
    written_half_day: Option<String>,
    output: String,
    reasoning: Option<String>,
}

/// Reads a book.
pub(super) fn read(text: &str, own: bool) -> Result<PriceBook, String> {
    let raw: RawBook =
        toml::from_str(text).map_err(|error| error.to_string().trim_end().to_owned())?;
    let mut book = PriceBook::default();
    if let Some(provider) = &raw.provider {
        check_name("provider", provider)?;
        for host in raw.hosts {
            book.insert_host(host, provider.clone());
        }
    } else if !raw.hosts.is_empty() {
        return Err("it has 'hosts', and no 'provider' whose they are".into());
    }
    for price in raw.price {
        let provider = price.provider.clone().or_else(|| raw.provider.clone());
        let Some(provider) = provider else {
            return Err(format!("the price of '{}' says no 'provider'", price.model));
        };
        let name = ModelName { provider, model: price.model.clone() };
        let wrong = |why: String| format!("the price of {name}: {why}");
        let dated = price.resolve(&name, own).map_err(wrong)?;
        book.insert(name, dated);
    }
    Ok(book)
}

pub(super) fn check_name(what: &str, name: &str) -> Result<(), String> {
    let plain = |c: char| c.is_ascii_graphic() || c == ' ';
    if name.is_empty() || name.len() > NAME_BYTES_MAX || !name.chars().all(plain) {
        return Err(format!("'{what}' is empty, too long, or has characters that no name has"));
    }
    Ok(())
}

impl RawDated {
    fn resolve(self, name: &ModelName, own: bool) -> Result<Dated, String> {
        check_name("provider", &name.provider)?;
        check_name("model", &name.model)?;
        if self.source.trim().is_empty() || self.source.len() > NAME_BYTES_MAX {
            return Err("'source' is to say who says so, in a line".into());
        }
        let from = moment(&self.from.to_string())?;
        let known = match &self.known {
            Some(known) => moment(&known.to_string())?,
            None => from,
        };
        let (is_by, source) = (self.by, self.source.clone());
        Ok(Dated { from, is_by, known, source, own, price: self.price()? })
    }

    fn price(self) -> Result<Price, String> {
        let amount_or_zero = |text: Option<&String>| text.map_or(Ok(NanoUsd::ZERO), |t| amount(t));
        let usual = match self.usd_per_million {
            Some(prices) => RawRates { usd_per_million: prices, above: self.above }.resolve()?,
            None if self.above.is_empty() => Rates::default(),
            None => return Err("it has prices 'above' some length, and none below".into()),
        };
        let service = |rates: Option<RawRates>| rates.map(RawRates::resolve).transpose();
        let list = PriceList {
            usual,
            batch: service(self.batch)?,
            flex: service(self.flex)?,
            priority: service(self.priority)?,
            per_request: amount_or_zero(self.usd_per_request.as_ref())?,
            per_second: amount_or_zero(self.usd_per_second.as_ref())?,
        };
        match (self.free, list.is_nothing()) {
            (true, true) => Ok(Price::Free),
            (true, false) => Err("it is 'free', and has a price".into()),
            (false, true) => {
                Err("it costs nothing; if that is so, say it with 'free = true'".into())
            }
            (false, false) => Ok(Price::Listed(Arc::new(list))),
        }
    }
}

impl RawRates {
    fn resolve(self) -> Result<Rates, String> {
        if self.above.len() > STEPS_MAX {
            return Err(format!("it has more than {STEPS_MAX} prices 'above' some length"));
        }
        let mut steps = Vec::with_capacity(self.above.len());
        for step in self.above {
            let above = Tokens(step.prompt_tokens);
            steps.push(Step { above, prices: step.usd_per_million.resolve()? });
        }
        steps.sort_by_key(|step| step.above);
        if steps.windows(2).any(|two| two[0].above == two[1].above) {
            return Err("it has two prices 'above' one length".into());
        }
        Ok(Rates { base: self.usd_per_million.resolve()?, steps })
    }
}

impl RawPrices {
    fn resolve(self) -> Result<TokenPrices, String> {
        let (prompt, output) = (amount(&self.prompt)?, amount(&self.output)?);
        let or = |text: Option<String>, usual: NanoUsd| text.map_or(Ok(usual), |t| amount(&t));
        let written = or(self.written, prompt)?;
        let written_hour = or(self.written_hour, written)?;
        Ok(TokenPrices {
            prompt,
            cached: or(self.cached, prompt)?,
            written,
            written_hour,
            written_half_day: or(self.written_half_day, written_hour)?,
            output,
            reasoning: or(self.reasoning, output)?,
        })
    }
}

fn amount(text: &str) -> Result<NanoUsd, String> {
    text.parse().map_err(|error: tenfold_domain::MoneyError| error.to_string())
}

/// A price as it stands in a book; the provider is left out where the head of the book has it.
pub(crate) fn entry(name: &ModelName, dated: &Dated, with_provider: bool) -> String {
    let quoted = |text: &str| Value::from(text).to_string();
    let mut text = String::from("[[price]]\n");
    if with_provider {
        let _ = writeln!(text, "provider = {}", quoted(&name.provider));
    }
    let _ = writeln!(text, "model = {}", quoted(&name.model));
    let _ = writeln!(text, "from = {}", written(dated.from));
    if dated.is_by {
        text += "by = true\n";
    }
    if dated.known != dated.from {
        let _ = writeln!(text, "known = {}", written(dated.known));
    }
    let _ = writeln!(text, "source = {}", quoted(&dated.source));
    match &dated.price {
        Price::Listed(list) => text += &list_text(list),
        Price::Free | Price::Electricity(_) => text += "free = true\n",
    }
    text
}

fn list_text(list: &PriceList) -> String {
    let mut text = String::new();
    if list.usual != Rates::default() {
        let _ = writeln!(text, "usd_per_million = {}", prices_text(list.usual.base));
        if !list.usual.steps.is_empty() {
            let _ = writeln!(text, "above = {}", steps_text(&list.usual.steps));
        }
    }
    for (service, rates) in
        [("batch", &list.batch), ("flex", &list.flex), ("priority", &list.priority)]
    {
        let Some(rates) = rates else { continue };
        let _ = writeln!(text, "{service}.usd_per_million = {}", prices_text(rates.base));
        if !rates.steps.is_empty() {
            let _ = writeln!(text, "{service}.above = {}", steps_text(&rates.steps));
        }
    }
    for (unit, price) in [("request", list.per_request), ("second", list.per_second)] {
        if price > NanoUsd::ZERO {
            let _ = writeln!(text, "usd_per_{unit} = \"{}\"", bare(price));
        }
    }
    text
}

fn steps_text(steps: &[Step]) -> String {
    let step = |step: &Step| {
        let prices = prices_text(step.prices);
        format!("  {{ prompt_tokens = {}, usd_per_million = {prices} }},\n", step.above.0)
    };
    format!("[\n{}]", steps.iter().map(step).collect::<String>())
}

fn prices_text(prices: TokenPrices) -> String {
    let TokenPrices { prompt, output, written, written_hour, .. } = prices;
    let mut said = vec![("prompt", prompt)];
    for (kind, price, usual) in [
        ("cached", prices.cached, prompt),
        ("written", written, prompt),
        ("written_hour", written_hour, written),
        ("written_half_day", prices.written_half_day, written_hour),
        ("output", output, NanoUsd::MAX),
        ("reasoning", prices.reasoning, output),
    ] {
        if price != usual || kind == "output" {
            said.push((kind, price));
        }
    }
    let said = said.iter().map(|(kind, price)| format!("{kind} = \"{}\"", bare(*price)));
    format!("{{ {} }}", said.collect::<Vec<_>>().join(", "))
}

/// An amount without the sign of its currency, which the key has said.
fn bare(price: NanoUsd) -> String {
    price.to_string().trim_start_matches('$').to_owned()
}

/// A whole book of one provider, by model and date. `head` stands before it.
pub fn book_text(head: &str, book: &PriceBook) -> String {
    let mut text = head.to_owned();
    for name in book.models() {
        for dated in book.history(name) {
            let _ = write!(text, "\n{}", entry(name, dated, false));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::prices::list::tests::any_list;
    use proptest::prelude::*;
    use tenfold_domain::Timestamp;

    const GOOD: &str = "[[price]]\nprovider = 'p'\nmodel = 'm'\nfrom = 2024-01-01\nsource = 's'\n\
                        usd_per_million = { prompt = '1', output = '2' }\n";

    #[test]
    fn what_cannot_be_is_refused_with_the_model_and_the_reason() {
        assert!(read(GOOD, true).is_ok());
        for (from, to, reason) in [
            ("'1'", "'-1'", "not an amount"),
            ("'1'", "'NaN'", "not an amount"),
            ("'1'", "1", "invalid type"),
            ("provider = 'p'\n", "", "says no 'provider'"),
            ("source = 's'", "source = ' '", "who says so"),
            ("2024-01-01", "1066-10-14", "not a day"),
            ("2024-01-01", "10:00:00", "not a day"),
            ("usd_per_million = { prompt = '1', output = '2' }", "", "say it with 'free = true'"),
            ("source", "free = true\nsource", "'free', and has a price"),
            ("usd_per_million", "usd_per_thousand", "usd_per_thousand"),
            ("model = 'm'", "model = ''", "'model' is empty"),
        ] {
            let text = GOOD.replace(from, to);
            let error = read(&text, true).unwrap_err();
            assert!(error.contains(reason), "{reason}: {error}");
        }
        let steps = "above = [{ prompt_tokens = 1, usd_per_million = { prompt = '1', output = '2' } \
                     }, { prompt_tokens = 1, usd_per_million = { prompt = '1', output = '3' } }]";
        let error = read(&format!("{GOOD}{steps}"), true).unwrap_err();
        assert!(error.contains("p/m: it has two prices 'above' one length"), "{error}");
    }

    #[test]
    fn a_price_is_written_as_people_would() {
        let text = "[[price]]\nmodel = \"m\"\nfrom = 2024-01-01\nby = true\n\
                    known = 2024-02-01T10:00:00Z\nsource = \"a page\"\n\
                    usd_per_million = { prompt = \"1.25\", cached = \"0.125\", output = \"10.00\" }\n\
                    above = [\n  { prompt_tokens = 200000, usd_per_million = { prompt = \"2.50\", \
                    output = \"15.00\" } },\n]\n\
                    batch.usd_per_million = { prompt = \"0.50\", output = \"5.00\" }\n\
                    usd_per_request = \"0.01\"\n";
        let book = read(&format!("provider = 'p'\n{text}"), false).unwrap();
        let name = book.models().next().unwrap();
        assert_eq!(entry(name, &book.history(name)[0], false), text);
    }

    proptest! {
        #[test]
        fn every_price_reads_back(
            mut list in any_list(),
            times in (0..4_000_000_000_000u64, 0..4_000_000_000_000u64),
            by: bool,
        ) {
            for rates in [Some(&mut list.usual), list.batch.as_mut(), list.flex.as_mut()] {
                let Some(rates) = rates else { continue };
                rates.steps.dedup_by_key(|step| step.above);
            }
            if let Some(rates) = &mut list.priority {
                rates.steps.dedup_by_key(|step| step.above);
            }
            let name = ModelName { provider: "p".into(), model: "m \"x\"".into() };
            let (from, known) = (Timestamp(times.0), Timestamp(times.1));
            let price = list.into();
            let dated = Dated { from, is_by: by, known, source: "s".into(), own: true, price };
            let book = read(&entry(&name, &dated, true), true).unwrap();
            prop_assert_eq!(book.history(&name), &[dated][..]);
        }

        #[test]
        fn no_text_panics(text in ".*") {
            let _ = read(&text, true);
        }
    }
}
