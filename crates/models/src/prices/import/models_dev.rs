//! Models of models.dev: dollars for a million tokens, in TOML, one file a model, and in one JSON
//! of all.

use tenfold_domain::Tokens;
use toml_edit::{DocumentMut, Item, TableLike, Value};

use super::exact::nanos;
use super::json::Json;
use crate::{PriceList, Rates, Step, TokenPrices};

/// The one length that has a name of its own.
const LONG: u64 = 200_000;

/// The prices of a model, as its JSON or TOML has them; none if it has none, or they are nothing.
///
/// # Errors
/// What is wrong with it, if it can't be.
pub(super) fn list(model: &Json) -> Result<Option<PriceList>, String> {
    super::check_currency(model)?;
    let Some(cost) = model.get("cost") else { return Ok(None) };
    super::check_currency(cost)?;
    let Some(base) = prices(cost)? else { return Ok(None) };
    let mut steps = Vec::new();
    if let Some(long) = cost.get("context_over_200k") {
        let prices = prices(long)?.ok_or("context_over_200k has no price")?;
        steps.push(Step { above: Tokens(LONG), prices });
    }
    if let Some(Json::List(tiers)) = cost.get("tiers") {
        for tier in tiers {
            let Some(Json::Number(size)) = tier.get("tier").and_then(|tier| tier.get("size"))
            else {
                return Err("a tier that does not say from which length on".into());
            };
            let above = Tokens(nanos(size, -9)?.0);
            let prices = prices(tier)?.ok_or("a tier without a price")?;
            if steps.iter().all(|step: &Step| step.above != above) {
                steps.push(Step { above, prices });
            }
        }
    }
    if steps.len() > 16 {
        return Err("it has more than 16 lengths".into());
    }
    steps.sort_by_key(|step| step.above);
    let list = PriceList { usual: Rates { base, steps }, ..PriceList::default() };
    Ok((!list.is_nothing()).then_some(list))
}

fn prices(cost: &Json) -> Result<Option<TokenPrices>, String> {
    let read = |key: &str| match cost.get(key) {
        None | Some(Json::Null) => Ok(None),
        Some(Json::Number(number)) => {
            nanos(number, 0).map(Some).map_err(|why| format!("{key}: {why}"))
        }
        Some(_) => Err(format!("{key} is no number")),
    };
    let (Some(prompt), Some(output)) = (read("input")?, read("output")?) else { return Ok(None) };
    // A cache that costs nothing is one of which nothing is said.
    let or = |price: Option<tenfold_domain::NanoUsd>, usual| {
        price.filter(|price| price.0 > 0).unwrap_or(usual)
    };
    let written = or(read("cache_write")?, prompt);
    Ok(Some(TokenPrices {
        cached: or(read("cache_read")?, prompt),
        written,
        written_hour: written,
        written_half_day: written,
        reasoning: or(read("reasoning")?, output),
        ..TokenPrices::of(prompt, output)
    }))
}

/// A model's file in TOML, with its numbers as they are written.
///
/// # Errors
/// If it is no TOML.
pub(super) fn from_toml(text: &str) -> Result<Json, String> {
    let document: DocumentMut =
        text.parse().map_err(|error: toml_edit::TomlError| error.to_string())?;
    Ok(table(document.as_table()))
}

fn table(table: &dyn TableLike) -> Json {
    let fields = table.iter().map(|(key, item)| (key.to_owned(), item_json(item)));
    Json::Object(fields.collect())
}

fn item_json(item: &Item) -> Json {
    match item {
        Item::None => Json::Null,
        Item::Value(value) => value_json(value),
        Item::Table(of) => table(of),
        Item::ArrayOfTables(tables) => Json::List(tables.iter().map(|of| table(of)).collect()),
    }
}

fn value_json(value: &Value) -> Json {
    match value {
        Value::String(text) => Json::Text(text.value().clone()),
        Value::Integer(number) => Json::Number(plain(&number.display_repr())),
        Value::Float(number) => Json::Number(plain(&number.display_repr())),
        Value::Boolean(yes) => Json::Bool(*yes.value()),
        Value::Datetime(at) => Json::Text(at.value().to_string()),
        Value::Array(values) => Json::List(values.iter().map(value_json).collect()),
        Value::InlineTable(of) => table(of),
    }
}

/// TOML lets numbers be written in more ways than JSON.
fn plain(number: &str) -> String {
    number.trim().trim_start_matches('+').replace('_', "")
}

#[cfg(test)]
mod tests {
    use super::*;
    use tenfold_domain::NanoUsd;

    fn read(text: &str) -> Result<Option<PriceList>, String> {
        list(&from_toml(text)?)
    }

    #[test]
    fn a_file_says_what_a_million_tokens_cost() {
        let text = "name = 'One'\n[limit]\ncontext = 1_000_000\n[cost]\ninput = 1.25\n\
                    output = 1_0.00\ncache_read = 0.125\nreasoning = 12\n\
                    [cost.context_over_200k]\ninput = 2.5\noutput = 15\n";
        let list = read(text).unwrap().unwrap();
        let base = list.usual.base;
        assert_eq!((base.prompt, base.cached), (NanoUsd(1_250_000_000), NanoUsd(125_000_000)));
        assert_eq!((base.output, base.reasoning), (NanoUsd::dollars(10), NanoUsd::dollars(12)));
        assert_eq!(list.usual.steps[0].above, Tokens(200_000));
        assert_eq!(list.usual.steps[0].prices.output, NanoUsd::dollars(15));
    }

    #[test]
    fn what_is_no_price_is_told_from_what_is_a_wrong_one() {
        assert_eq!(read("name = 'x'"), Ok(None));
        assert_eq!(read("[cost]\ninput = 0\noutput = 0.0"), Ok(None));
        for (wrong, why) in [
            ("[cost]\ninput = -1\noutput = 1", "below zero"),
            ("[cost]\ninput = nan\noutput = 1", "no number"),
            ("[cost]\ninput = inf\noutput = 1", "no number"),
            ("[cost]\ninput = '1'\noutput = 1", "no number"),
            ("[cost]\ncurrency = 'EUR'\ninput = 1\noutput = 1", "EUR"),
            ("[cost]\ninput = 1\ninput = 2", "duplicate key"),
        ] {
            let error = read(wrong).unwrap_err();
            assert!(error.contains(why), "{why}: {error}");
        }
    }
}
