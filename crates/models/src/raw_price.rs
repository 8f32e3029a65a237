//! A price in a catalogue, as it is written: a table of amounts, or the one word for nothing.
//! Apart from the catalogue, since models here and models at providers are priced alike.

use std::fmt;

use serde::de::value::MapAccessDeserializer;
use serde::de::{Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use tenfold_domain::NanoUsd;

use crate::raw::amount;
use crate::{Price, PriceList, Rates, TokenPrices};

/// What is written for nothing.
const FREE: &str = "free";

/// A price.
#[derive(Debug)]
pub(crate) enum RawPrice {
    /// In so many words.
    Free,
    /// Amounts.
    Table(Box<RawAmounts>),
}

/// Dollars. What is not said of caches costs as the prompt does, reasoning as the output.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawAmounts {
    #[serde(skip_serializing_if = "Option::is_none")]
    usd_per_million_prompt: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    usd_per_million_cached: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    usd_per_million_written: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    usd_per_million_written_hour: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    usd_per_million_written_half_day: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    usd_per_million_output: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    usd_per_million_reasoning: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    usd_per_request: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    usd_per_second: Option<String>,
}

impl RawPrice {
    /// A price that is known, as it is written. Steps and services have no place in a catalogue,
    /// and a price without them would be another one.
    pub(crate) fn of(price: &Price) -> Result<Self, &'static str> {
        let Price::Listed(list) = price else { return Ok(Self::Free) };
        let services = [&list.batch, &list.flex, &list.priority];
        if !list.usual.steps.is_empty() || services.iter().any(|rates| rates.is_some()) {
            return Err("its price has steps or services; put it into your price book");
        }
        let text = |price: NanoUsd| price.to_string().trim_start_matches('$').to_owned();
        let unlike = |price: NanoUsd, usual: NanoUsd| (price != usual).then(|| text(price));
        let base = list.usual.base;
        let has_tokens = list.usual != Rates::default();
        Ok(Self::Table(Box::new(RawAmounts {
            usd_per_million_prompt: has_tokens.then(|| text(base.prompt)),
            usd_per_million_cached: has_tokens.then(|| text(base.cached)),
            usd_per_million_written: has_tokens.then(|| text(base.written)),
            usd_per_million_written_hour: unlike(base.written_hour, base.written),
            usd_per_million_written_half_day: unlike(base.written_half_day, base.written_hour),
            usd_per_million_output: has_tokens.then(|| text(base.output)),
            usd_per_million_reasoning: unlike(base.reasoning, base.output),
            usd_per_request: unlike(list.per_request, NanoUsd::ZERO),
            usd_per_second: unlike(list.per_second, NanoUsd::ZERO),
        })))
    }

    /// The price of a model on this machine. One of nothing has to be said in so many words.
    pub(crate) fn resolve_here(self) -> Result<Price, String> {
        let Self::Table(amounts) = self else { return Ok(Price::Free) };
        let list = amounts.resolve()?;
        if list.is_nothing() {
            return Err("its price is nothing; if that is meant, write price = \"free\"".into());
        }
        Ok(list.into())
    }

    /// The price of a model at a provider. A call of it has no longest time, and so none by the
    /// second.
    pub(crate) fn resolve_there(self) -> Result<Price, String> {
        let Self::Table(amounts) = self else { return Ok(Price::Free) };
        let list = amounts.resolve()?;
        if list.per_second > NanoUsd::ZERO {
            return Err("'usd_per_second' is for models on this machine: nobody knows how long a \
                        provider takes, and so what a call may cost"
                .into());
        }
        Ok(list.into())
    }
}

impl RawAmounts {
    fn resolve(self) -> Result<PriceList, String> {
        let read = |text: &Option<String>| text.as_deref().map(amount).transpose();
        let or =
            |text: &Option<String>, usual: NanoUsd| Ok::<_, String>(read(text)?.unwrap_or(usual));
        let apart =
            (or(&self.usd_per_request, NanoUsd::ZERO)?, or(&self.usd_per_second, NanoUsd::ZERO)?);
        let usual = match (read(&self.usd_per_million_prompt)?, read(&self.usd_per_million_output)?)
        {
            (Some(prompt), Some(output)) => {
                let written = or(&self.usd_per_million_written, prompt)?;
                let written_hour = or(&self.usd_per_million_written_hour, written)?;
                Rates::flat(TokenPrices {
                    cached: or(&self.usd_per_million_cached, prompt)?,
                    written,
                    written_hour,
                    written_half_day: or(&self.usd_per_million_written_half_day, written_hour)?,
                    reasoning: or(&self.usd_per_million_reasoning, output)?,
                    ..TokenPrices::of(prompt, output)
                })
            }
            (None, None) if self.has_no_tokens() => Rates::default(),
            _ => {
                return Err("its price has to say both 'usd_per_million_prompt' and \
                            'usd_per_million_output', or else 'usd_per_second' or \
                            'usd_per_request' alone"
                    .into());
            }
        };
        let (per_request, per_second) = apart;
        Ok(PriceList { usual, per_request, per_second, ..PriceList::default() })
    }

    /// Whether it says something, and nothing of tokens.
    fn has_no_tokens(&self) -> bool {
        let of_tokens = [
            &self.usd_per_million_cached,
            &self.usd_per_million_written,
            &self.usd_per_million_written_hour,
            &self.usd_per_million_written_half_day,
            &self.usd_per_million_reasoning,
        ];
        let is_said = self.usd_per_request.is_some() || self.usd_per_second.is_some();
        is_said && of_tokens.iter().all(|text| text.is_none())
    }
}

impl Serialize for RawPrice {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Free => serializer.serialize_str(FREE),
            Self::Table(amounts) => amounts.serialize(serializer),
        }
    }
}

/// By hand, since of two forms that do not fit serde could name neither's mistake.
impl<'de> Deserialize<'de> for RawPrice {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either;

        impl<'de> Visitor<'de> for Either {
            type Value = RawPrice;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a table of prices, or \"free\"")
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<RawPrice, E> {
                match text {
                    FREE => Ok(RawPrice::Free),
                    _ => {
                        Err(E::custom(format!("a price is a table, or \"free\", and not '{text}'")))
                    }
                }
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<RawPrice, A::Error> {
                let amounts = RawAmounts::deserialize(MapAccessDeserializer::new(map))?;
                Ok(RawPrice::Table(Box::new(amounts)))
            }
        }

        deserializer.deserialize_any(Either)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Deserialize)]
    struct Of {
        price: RawPrice,
    }

    fn here(text: &str) -> Result<Price, String> {
        let of: Of = toml::from_str(text).map_err(|error| error.to_string())?;
        of.price.resolve_here()
    }

    #[test]
    fn nothing_is_only_taken_in_so_many_words() {
        assert_eq!(here("price = 'free'"), Ok(Price::Free));
        let zero = "price = { usd_per_million_prompt = '0', usd_per_million_output = '0' }";
        assert!(here(zero).unwrap_err().contains("price = \"free\""));
        assert!(here("price = { usd_per_second = '0.00' }").unwrap_err().contains("free"));
        for bad in ["price = 'gratis'", "price = 3", "price = {}", "price = { usd = '1' }"] {
            assert!(here(bad).is_err(), "{bad}");
        }
        let half = "price = { usd_per_million_prompt = '1', usd_per_second = '1' }";
        assert!(here(half).unwrap_err().contains("has to say both"));
    }

    #[test]
    fn by_the_second_is_for_models_here() {
        let text = "price = { usd_per_second = '0.0002' }";
        let price = here(text).unwrap();
        let usage = tenfold_domain::Usage::default();
        assert_eq!(price.cost(usage, tenfold_domain::Millis(5_000)), "0.001".parse().unwrap());
        let of: Of = toml::from_str(text).unwrap();
        assert!(of.price.resolve_there().unwrap_err().contains("models on this machine"));
    }
}
