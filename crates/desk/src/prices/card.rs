//! Prices as they are told: amounts in whole nano-dollars, moments as a price book writes them.

use serde::Serialize;
use tenfold_domain::{NanoUsd, Tokens};
use tenfold_models::{Dated, ModelName, Price, PriceList, Rates, Service, TokenPrices, written};
use utoipa::ToSchema;

/// A price of a model from some moment on.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct DatedPrice {
    /// Who sells it.
    pub provider: String,
    /// What its provider calls it.
    pub model: String,
    /// The first moment at which it holds: a day, or a time in RFC 3339.
    pub from: String,
    /// Whether it may have held some time before that.
    pub by: bool,
    /// Since when it is known.
    pub known: String,
    /// Who says so.
    pub source: String,
    /// Whether the person's own book says so.
    pub own: bool,
    /// The price.
    pub price: PriceCard,
}

/// A price. One that is free has nothing else.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct PriceCard {
    /// Whether nothing is taken.
    pub free: bool,
    /// What is taken usually.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub usual: Option<RatesCard>,
    /// What is taken for what may wait.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub batch: Option<RatesCard>,
    /// What is taken for what may be slow.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub flex: Option<RatesCard>,
    /// What is taken for what comes first.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub priority: Option<RatesCard>,
    /// For each request.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub nano_usd_per_request: Option<NanoUsd>,
    /// For each second.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub nano_usd_per_second: Option<NanoUsd>,
}

/// What tokens cost.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct RatesCard {
    /// For a million tokens.
    pub nano_usd_per_million: TokenRates,
    /// What holds for longer prompts.
    pub above: Vec<RateStep>,
}

/// What tokens cost where the prompt is longer than so many.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct RateStep {
    /// So many.
    pub above_prompt_tokens: Tokens,
    /// For a million tokens.
    pub nano_usd_per_million: TokenRates,
}

/// What a million tokens of each kind cost, in nano-dollars.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, ToSchema)]
pub struct TokenRates {
    /// Of the prompt.
    pub prompt: NanoUsd,
    /// Of a prompt that the provider has in its cache.
    pub cached: NanoUsd,
    /// Of a prompt that is put into its cache.
    pub written: NanoUsd,
    /// For an hour.
    pub written_hour: NanoUsd,
    /// For half a day.
    pub written_half_day: NanoUsd,
    /// Of the answer.
    pub output: NanoUsd,
    /// Of what the model thinks.
    pub reasoning: NanoUsd,
}

impl DatedPrice {
    /// A dated price of a model.
    pub fn of(name: &ModelName, dated: &Dated) -> Self {
        Self {
            provider: name.provider.clone(),
            model: name.model.clone(),
            from: written(dated.from),
            by: dated.is_by,
            known: written(dated.known),
            source: dated.source.clone(),
            own: dated.own,
            price: PriceCard::from(&dated.price),
        }
    }
}

impl From<&Price> for PriceCard {
    fn from(price: &Price) -> Self {
        match price {
            Price::Listed(list) => list_card(list),
            Price::Free | Price::Electricity(_) => Self {
                free: true,
                usual: None,
                batch: None,
                flex: None,
                priority: None,
                nano_usd_per_request: None,
                nano_usd_per_second: None,
            },
        }
    }
}

fn list_card(list: &PriceList) -> PriceCard {
    let rates = |service| {
        let rates = list.rates(service).filter(|rates| **rates != Rates::default());
        rates.map(RatesCard::from)
    };
    PriceCard {
        free: false,
        usual: rates(Service::Usual),
        batch: rates(Service::Batch),
        flex: rates(Service::Flex),
        priority: rates(Service::Priority),
        nano_usd_per_request: Some(list.per_request),
        nano_usd_per_second: Some(list.per_second),
    }
}

impl From<&Rates> for RatesCard {
    fn from(rates: &Rates) -> Self {
        let steps = rates.steps.iter().map(|step| RateStep {
            above_prompt_tokens: step.above,
            nano_usd_per_million: step.prices.into(),
        });
        Self { nano_usd_per_million: rates.base.into(), above: steps.collect() }
    }
}

impl From<TokenPrices> for TokenRates {
    fn from(prices: TokenPrices) -> Self {
        Self {
            prompt: prices.prompt,
            cached: prices.cached,
            written: prices.written,
            written_hour: prices.written_hour,
            written_half_day: prices.written_half_day,
            output: prices.output,
            reasoning: prices.reasoning,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_price_by_the_token_has_its_rates_and_one_that_is_free_has_nothing() {
        let free = serde_json::to_string(&PriceCard::from(&Price::Free)).unwrap();
        assert_eq!(free, r#"{"free":true}"#);
        let price = Price::of_tokens(TokenPrices::of(NanoUsd(2), NanoUsd(8)));
        let listed = serde_json::to_value(PriceCard::from(&price)).unwrap();
        let usual = &listed["usual"]["nano_usd_per_million"];
        assert_eq!((usual["prompt"].as_u64(), usual["output"].as_u64()), (Some(2), Some(8)));
        assert_eq!((listed["free"].as_bool(), listed.get("batch")), (Some(false), None));
    }
}
