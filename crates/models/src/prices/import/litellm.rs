//! Rows of LiteLLM's list: dollars for one token, with the kind, the length and the service in
//! the name of each number.

use std::collections::BTreeMap;

use tenfold_domain::{NanoUsd, Tokens};

use super::exact::nanos;
use super::json::Json;
use super::seller;
use crate::{ModelName, PriceList, Rates, Service, Step, TokenPrices};

/// What a token is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Prompt,
    Cached,
    Written,
    WrittenHour,
    WrittenHalfDay,
    Output,
    Reasoning,
}

const KINDS: [(&str, Kind); 7] = [
    ("input_cost_per_token", Kind::Prompt),
    ("cache_read_input_token_cost", Kind::Cached),
    ("cache_creation_input_token_cost", Kind::Written),
    ("cache_creation_input_token_cost_above_1hr", Kind::WrittenHour),
    ("cache_creation_input_token_cost_above_12hr", Kind::WrittenHalfDay),
    ("output_cost_per_token", Kind::Output),
    ("output_cost_per_reasoning_token", Kind::Reasoning),
];

/// What is billed by the token, by the request or by the second, and by nothing else that we
/// know of.
const MODES: [&str; 7] =
    ["chat", "completion", "responses", "embedding", "rerank", "audio_transcription", "moderation"];

/// A price of each kind, as far as there are any.
type Said = BTreeMap<Kind, NanoUsd>;

/// What a row says: the model and its prices; none if it is no model, or is not billed by what
/// can be counted.
///
/// # Errors
/// What is wrong with it, if it can't be.
pub(super) fn row(key: &str, row: &Json) -> Result<Option<(ModelName, PriceList)>, String> {
    let Json::Object(fields) = row else { return Err("it is no object".into()) };
    let provider = row.get("litellm_provider").and_then(Json::text);
    let Some(provider) = provider.filter(|name| !name.contains(' ')) else { return Ok(None) };
    if let Some(mode) = row.get("mode").and_then(Json::text)
        && !MODES.contains(&mode)
    {
        return Ok(None);
    }
    super::check_currency(row)?;
    let name = seller::of_litellm(provider, key);
    let mut all: BTreeMap<(Service, u64), Said> = BTreeMap::new();
    let (mut per_request, mut per_second) = (NanoUsd::ZERO, NanoUsd::ZERO);
    for (field, value) in fields {
        let number = match value {
            Json::Number(number) => number,
            // Some write their numbers in quotes.
            Json::Text(text) if field.contains("cost") => text,
            _ => continue,
        };
        let wrong = |why| format!("{field}: {why}");
        match field.as_str() {
            "input_cost_per_request" | "input_cost_per_query" => {
                per_request += nanos(number, 0).map_err(wrong)?;
            }
            "input_cost_per_second" | "output_cost_per_second" => {
                per_second += nanos(number, 0).map_err(wrong)?;
            }
            _ => {
                let Some((kind, above, service)) = meaning(field) else { continue };
                let price = nanos(number, 6).map_err(wrong)?;
                all.entry((service, above)).or_default().insert(kind, price);
            }
        }
    }
    tiers(row, &mut all)?;
    let list = PriceList {
        usual: rates(&all, Service::Usual)?.unwrap_or_default(),
        batch: rates(&all, Service::Batch)?,
        flex: rates(&all, Service::Flex)?,
        priority: rates(&all, Service::Priority)?,
        per_request,
        per_second,
    };
    Ok((!list.is_nothing()).then_some((name, list)))
}

/// What the name of a number means: the kind of token, above which length of the prompt, and the
/// service. None if it is no price of a token that we know of.
fn meaning(field: &str) -> Option<(Kind, u64, Service)> {
    let services =
        [("_batches", Service::Batch), ("_flex", Service::Flex), ("_priority", Service::Priority)];
    let found =
        services.iter().find_map(|(end, service)| Some((field.strip_suffix(end)?, *service)));
    let (field, service) = found.unwrap_or((field, Service::Usual));
    let kind = |field: &str| KINDS.iter().find(|(name, _)| *name == field).map(|(_, kind)| *kind);
    if let Some(kind) = kind(field) {
        return Some((kind, 0, service));
    }
    let (field, length) = field.strip_suffix("k_tokens")?.rsplit_once("_above_")?;
    let thousands: u64 = length.parse().ok().filter(|thousands| *thousands <= 1_000_000)?;
    Some((kind(field)?, thousands * 1_000, service))
}

/// Prices in a list of ranges, as some rows have them.
fn tiers(row: &Json, all: &mut BTreeMap<(Service, u64), Said>) -> Result<(), String> {
    let Some(Json::List(tiers)) = row.get("tiered_pricing") else { return Ok(()) };
    for tier in tiers {
        let (Json::Object(fields), Some(Json::List(range))) = (tier, tier.get("range")) else {
            return Err("tiered_pricing: a tier without a range".into());
        };
        let Some(Json::Number(from)) = range.first() else {
            return Err("tiered_pricing: a range without a beginning".into());
        };
        let wrong = |why| format!("tiered_pricing: {why}");
        // A whole number may be written as 32000.0 or 3.2e4.
        let above = nanos(from, -9).map_err(wrong)?.0;
        for (field, value) in fields {
            let (Some((kind, 0, service)), Json::Number(number)) = (meaning(field), value) else {
                continue;
            };
            let price = nanos(number, 6).map_err(wrong)?;
            all.entry((service, above)).or_default().insert(kind, price);
        }
    }
    Ok(())
}

/// The prices of one service; none if it has none.
fn rates(all: &BTreeMap<(Service, u64), Said>, service: Service) -> Result<Option<Rates>, String> {
    let Some(base) = all.get(&(service, 0)).filter(|said| said.contains_key(&Kind::Prompt)) else {
        return Ok(None);
    };
    let usual = all.get(&(Service::Usual, 0));
    // What a service says nothing of costs as usual, and never less for not being said.
    let base = prices(base, usual.filter(|_| service != Service::Usual));
    let steps = all
        .range((service, 1)..=(service, u64::MAX))
        .filter(|(_, said)| said.contains_key(&Kind::Prompt) || said.contains_key(&Kind::Output))
        .map(|((_, above), said)| {
            let prices = step_prices(said, base);
            Step { above: Tokens(*above), prices }
        });
    let steps: Vec<Step> = steps.collect();
    if steps.len() > 16 {
        return Err("it has more than 16 lengths".into());
    }
    Ok(Some(Rates { base, steps }))
}

/// Prices from what is said; `usual` has what is not. A cache that costs nothing is one of which
/// nothing is said.
fn prices(said: &Said, usual: Option<&Said>) -> TokenPrices {
    let get = |kind: Kind| {
        let price = said.get(&kind).filter(|price| **price > NanoUsd::ZERO);
        price.or_else(|| usual.and_then(|usual| usual.get(&kind))).copied()
    };
    let some = |kind: Kind| get(kind).filter(|price| *price > NanoUsd::ZERO);
    let (prompt, output) =
        (get(Kind::Prompt).unwrap_or_default(), get(Kind::Output).unwrap_or_default());
    let written = some(Kind::Written).unwrap_or(prompt);
    let written_hour = some(Kind::WrittenHour).unwrap_or(written);
    TokenPrices {
        prompt,
        cached: some(Kind::Cached).unwrap_or(prompt),
        written,
        written_hour,
        written_half_day: some(Kind::WrittenHalfDay).unwrap_or(written_hour),
        output,
        reasoning: some(Kind::Reasoning).unwrap_or(output),
    }
}

/// The prices above a length: what is not said there is as below it, but never less than what
/// its like costs there.
fn step_prices(said: &Said, base: TokenPrices) -> TokenPrices {
    let get = |kind: Kind, below: NanoUsd| said.get(&kind).copied().unwrap_or(below);
    let (prompt, output) = (get(Kind::Prompt, base.prompt), get(Kind::Output, base.output));
    let grown = |below: NanoUsd, base: NanoUsd, here: NanoUsd| match below == base {
        true => here,
        false => below.max(NanoUsd(
            u64::try_from(u128::from(below.0) * u128::from(here.0) / u128::from(base.0.max(1)))
                .unwrap_or(u64::MAX),
        )),
    };
    let cached = get(Kind::Cached, grown(base.cached, base.prompt, prompt));
    let written = get(Kind::Written, grown(base.written, base.prompt, prompt));
    let written_hour = get(Kind::WrittenHour, grown(base.written_hour, base.prompt, prompt));
    TokenPrices {
        prompt,
        cached,
        written,
        written_hour,
        written_half_day: get(
            Kind::WrittenHalfDay,
            grown(base.written_half_day, base.prompt, prompt),
        ),
        output,
        reasoning: get(Kind::Reasoning, grown(base.reasoning, base.output, output)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::prices::import::json::JsonReader;

    fn read(text: &str) -> Result<Option<(ModelName, PriceList)>, String> {
        let value = JsonReader::new(text.as_bytes(), 1 << 20).value()?;
        row("gemini/one", &value)
    }

    fn dollars(text: &str) -> NanoUsd {
        text.parse().unwrap()
    }

    #[test]
    fn a_row_has_its_lengths_its_services_and_its_caches() {
        let (name, list) = read(
            r#"{"litellm_provider": "gemini", "mode": "chat", "input_cost_per_token": 1.25e-06,
                "output_cost_per_token": 1e-05, "cache_read_input_token_cost": 1.25e-07,
                "cache_creation_input_token_cost": 0.0,
                "cache_creation_input_token_cost_above_1hr": 4e-6,
                "input_cost_per_token_above_200k_tokens": 2.5e-06,
                "output_cost_per_token_above_200k_tokens": 1.5e-05,
                "output_cost_per_reasoning_token": 2e-5,
                "input_cost_per_token_batches": 6.25e-07, "output_cost_per_token_batches": 5e-06,
                "input_cost_per_token_above_200k_tokens_batches": 1.25e-06,
                "input_cost_per_token_ultrafast": 1, "input_cost_per_request": 0.005,
                "max_input_tokens": 1048576, "supports_vision": true, "source": "a page"}"#,
        )
        .unwrap()
        .unwrap();
        assert_eq!(name.to_string(), "google/one");
        let base = list.usual.base;
        assert_eq!((base.prompt, base.cached), (dollars("1.25"), dollars("0.125")));
        assert_eq!((base.written, base.written_hour), (dollars("1.25"), dollars("4")));
        assert_eq!((base.output, base.reasoning), (dollars("10"), dollars("20")));
        let step = list.usual.steps[0];
        assert_eq!(step.above, Tokens(200_000));
        // Nothing is said of the cache there: it has grown as the prompt has.
        assert_eq!((step.prices.prompt, step.prices.cached), (dollars("2.5"), dollars("0.25")));
        assert_eq!((step.prices.output, step.prices.reasoning), (dollars("15"), dollars("30")));
        let batch = list.batch.unwrap();
        assert_eq!((batch.base.prompt, batch.base.output), (dollars("0.625"), dollars("5")));
        assert_eq!(batch.base.cached, dollars("0.125"));
        assert_eq!(batch.steps[0].prices.prompt, dollars("1.25"));
        assert_eq!((list.flex, list.per_request), (None, dollars("0.005")));
    }

    #[test]
    fn ranges_are_lengths() {
        let (_, list) = read(
            r#"{"litellm_provider": "dashscope", "tiered_pricing": [
                {"range": [0, 32000.0], "input_cost_per_token": 1e-6, "output_cost_per_token": 5e-6},
                {"range": [3.2e4, 128000], "input_cost_per_token": 2e-6,
                 "output_cost_per_token": 6e-6}]}"#,
        )
        .unwrap()
        .unwrap();
        assert_eq!(list.usual.base.prompt, dollars("1"));
        assert_eq!(list.usual.steps[0].above, Tokens(32_000));
        assert_eq!(list.usual.steps[0].prices.output, dollars("6"));
    }

    #[test]
    fn what_is_no_price_is_told_from_what_is_a_wrong_one() {
        for none in [
            r#"{"litellm_provider": "one of these", "input_cost_per_token": 1e-6}"#,
            r#"{"litellm_provider": "x", "mode": "image_generation", "output_cost_per_image": 1}"#,
            r#"{"litellm_provider": "x", "input_cost_per_token": 0, "output_cost_per_token": 0}"#,
            r#"{"mode": "chat"}"#,
        ] {
            assert_eq!(read(none), Ok(None), "{none}");
        }
        for (wrong, why) in [
            (r#"{"litellm_provider": "x", "input_cost_per_token": -1e-6}"#, "below zero"),
            (r#"{"litellm_provider": "x", "input_cost_per_token": NaN}"#, "no number"),
            (r#"{"litellm_provider": "x", "input_cost_per_token": "free"}"#, "no number"),
            (r#"{"litellm_provider": "x", "currency": "CNY"}"#, "CNY"),
            ("3", "no object"),
        ] {
            let error = read(wrong).unwrap_err();
            assert!(error.contains(why), "{error}");
        }
    }
}
