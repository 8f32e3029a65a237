//! The JSON of prices: amounts in whole nano-dollars, moments as a price book writes them.

use serde_json::{Map, Value, json};
use tenfold_domain::NanoUsd;
use tenfold_models::{Dated, ModelName, Price, PriceList, Rates, Service, TokenPrices, written};

/// A dated price of a model.
pub(super) fn dated(name: &ModelName, dated: &Dated) -> Value {
    json!({
        "provider": name.provider,
        "model": name.model,
        "from": written(dated.from),
        "by": dated.is_by,
        "known": written(dated.known),
        "source": dated.source,
        "own": dated.own,
        "price": price(&dated.price),
    })
}

/// A price.
pub(super) fn price(price: &Price) -> Value {
    match price {
        Price::Listed(list) => list_json(list),
        Price::Free | Price::Electricity(_) => json!({ "free": true }),
    }
}

fn list_json(list: &PriceList) -> Value {
    let mut object = Map::new();
    object.insert("free".into(), false.into());
    let services = [
        ("usual", Service::Usual),
        ("batch", Service::Batch),
        ("flex", Service::Flex),
        ("priority", Service::Priority),
    ];
    for (key, service) in services {
        if let Some(rates) = list.rates(service).filter(|rates| **rates != Rates::default()) {
            object.insert(key.into(), rates_json(rates));
        }
    }
    object.insert("nano_usd_per_request".into(), list.per_request.0.into());
    object.insert("nano_usd_per_second".into(), list.per_second.0.into());
    Value::Object(object)
}

fn rates_json(rates: &Rates) -> Value {
    let steps = rates.steps.iter().map(|step| {
        json!({
            "above_prompt_tokens": step.above.0,
            "nano_usd_per_million": prices_json(step.prices),
        })
    });
    json!({
        "nano_usd_per_million": prices_json(rates.base),
        "above": steps.collect::<Vec<_>>(),
    })
}

fn prices_json(prices: TokenPrices) -> Value {
    let NanoUsd(prompt) = prices.prompt;
    json!({
        "prompt": prompt,
        "cached": prices.cached.0,
        "written": prices.written.0,
        "written_hour": prices.written_hour.0,
        "written_half_day": prices.written_half_day.0,
        "output": prices.output.0,
        "reasoning": prices.reasoning.0,
    })
}
