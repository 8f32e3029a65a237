//! What model time costs, in integers: there is no float between a price and a bill.

use std::fmt;
use std::sync::Arc;

use tenfold_domain::{Bytes, Millis, NanoUsd, Tokens, Usage};

use crate::{PriceList, Service, TokenPrices};

/// One kilowatt-hour in watt-milliseconds.
const KWH_IN_WATT_MS: u64 = 1_000 * 3_600 * 1_000;

/// What calls of a model cost.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Price {
    /// Nothing, because somebody has said so.
    Free,
    /// The electricity that this machine draws while the model works: an estimate.
    Electricity(Electricity),
    /// So much for each token, request or second.
    Listed(Arc<PriceList>),
}

/// The power that this machine draws at work, and what it costs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Electricity {
    /// Watts at work.
    pub watts: u32,
    /// The price of a kilowatt-hour.
    pub per_kwh: NanoUsd,
}

impl Price {
    /// So much for each token, and nothing else.
    pub fn of_tokens(prices: TokenPrices) -> Self {
        PriceList::of_tokens(prices).into()
    }

    /// The price of one call, or of one batch, that used `usage` and took `wall`. Rounded up.
    pub fn cost(&self, usage: Usage, wall: Millis) -> NanoUsd {
        match self {
            Self::Free => NanoUsd::ZERO,
            Self::Electricity(power) => power.cost(wall),
            Self::Listed(list) => list.cost(usage, wall),
        }
    }

    /// The most that a call can cost which computes `prompt` and generates `output` tokens and
    /// is stopped after `longest`. For a batch hand in the sums over its sequences.
    pub fn worst_case(&self, prompt: Tokens, output: Tokens, longest: Millis) -> NanoUsd {
        match self {
            Self::Free => NanoUsd::ZERO,
            Self::Electricity(power) => power.cost(longest),
            Self::Listed(list) => list.worst_case(prompt, output, longest),
        }
    }

    /// The price of calls at some service; `None` if it isn't offered. What is paid for no list
    /// costs the same at each.
    #[must_use]
    pub fn at(&self, service: Service) -> Option<Self> {
        match self {
            Self::Free | Self::Electricity(_) => Some(self.clone()),
            Self::Listed(list) => list.at(service).map(Self::from),
        }
    }

    /// Whether time is billed by somebody.
    pub fn is_by_the_second(&self) -> bool {
        matches!(self, Self::Listed(list) if list.per_second > NanoUsd::ZERO)
    }

    /// Whether a token of reasoning costs otherwise than one that is said.
    pub fn is_reasoning_apart(&self) -> bool {
        match self {
            Self::Free | Self::Electricity(_) => false,
            Self::Listed(list) => list.is_reasoning_apart(),
        }
    }

    /// Whether this is an estimate, and has to be marked as one wherever it is shown.
    pub const fn is_estimate(&self) -> bool {
        matches!(self, Self::Electricity(_))
    }
}

/// A list in which nothing costs anything is still no word that it is free.
impl From<PriceList> for Price {
    fn from(list: PriceList) -> Self {
        Self::Listed(Arc::new(list))
    }
}

impl Electricity {
    /// The price of so much model time, rounded up to a nano-dollar.
    pub fn cost(self, wall: Millis) -> NanoUsd {
        self.per_kwh.per(KWH_IN_WATT_MS, wall.0.saturating_mul(u64::from(self.watts)))
    }
}

/// `about $0.0135 an hour (estimate: 45 W at $0.30 per kWh)`, or the prices of a million
/// tokens.
impl fmt::Display for Price {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Electricity(power) => write!(
                f,
                "about {} an hour (estimate: {} W at {} per kWh)",
                power.cost(Millis(3_600_000)),
                power.watts,
                power.per_kwh
            ),
            Self::Free => f.write_str("free"),
            Self::Listed(list) => list.fmt(f),
        }
    }
}

/// The speeds below which a call of a model is given up. They bound its time, and so its price.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Slowest {
    /// Milliseconds for each prompt token.
    pub ms_per_prompt_token: u32,
    /// Milliseconds for each generated token.
    pub ms_per_output_token: u32,
}

/// Part of every call's longest time: a model may have to be read from the disk first.
const START: Millis = Millis(60_000);

impl Slowest {
    /// What is usual for a model of this size: reading the weights bounds the speed of the
    /// output (so far below what two cores reach as the shipped figures are), and a prompt
    /// goes five times as fast.
    pub(crate) fn of_size(bytes: Bytes) -> Self {
        let ms = |per_shipped: u64| {
            let ms = (u128::from(bytes.0) * u128::from(per_shipped)).div_ceil(1_117_320_768);
            u32::try_from(ms).unwrap_or(u32::MAX).max(1)
        };
        Self { ms_per_prompt_token: ms(50), ms_per_output_token: ms(250) }
    }

    /// The longest that a call may take which computes `prompt` and generates `output` tokens.
    /// For a batch hand in the sums over its sequences: together they are never slower than
    /// one after the other.
    pub fn longest(self, prompt: Tokens, output: Tokens) -> Millis {
        let of = |tokens: Tokens, ms: u32| Millis(tokens.0.saturating_mul(u64::from(ms)));
        START + of(prompt, self.ms_per_prompt_token) + of(output, self.ms_per_output_token)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const POWER: Price =
        Price::Electricity(Electricity { watts: 45, per_kwh: NanoUsd(300_000_000) });
    fn tokens() -> Price {
        Price::of_tokens(TokenPrices {
            cached: NanoUsd(10_000_000),
            written: NanoUsd(125_000_000),
            ..TokenPrices::of(NanoUsd(100_000_000), NanoUsd(400_000_000))
        })
    }

    fn usage(prompt: u64, cached: u64, output: u64) -> Usage {
        Usage {
            prompt: Tokens(prompt),
            cached: Tokens(cached),
            output: Tokens(output),
            ..Usage::default()
        }
    }

    #[test]
    fn an_hour_of_power_costs_what_the_tariff_says() {
        let cost = |ms| POWER.cost(usage(9, 9, 9), Millis(ms));
        assert_eq!(cost(3_600_000), "0.0135".parse().unwrap());
        assert_eq!(cost(0), NanoUsd::ZERO);
        // 3.75 nano-dollars a millisecond, rounded up.
        assert_eq!(cost(1), NanoUsd(4));
        assert_eq!(cost(1_000), NanoUsd(3_750));
        assert!(POWER.is_estimate());
    }

    #[test]
    fn tokens_cost_what_each_kind_costs() {
        let cost = tokens().cost(usage(1_000_000, 1_000_000, 1_000_000), Millis(5));
        assert_eq!(cost, "0.51".parse().unwrap());
        assert!(!tokens().is_estimate());
    }

    #[test]
    fn prices_read_at_a_glance() {
        assert_eq!(POWER.to_string(), "about $0.0135 an hour (estimate: 45 W at $0.30 per kWh)");
        assert_eq!(Price::Free.to_string(), "free");
        assert_eq!(tokens().to_string(), "per million tokens: $0.10 in, $0.01 cached, $0.40 out");
    }

    proptest! {
        #[test]
        fn no_call_costs_more_than_its_worst_case(
            (computed, cached, output) in (0..9_999_999u64, 0..9_999_999u64, 0..9_999_999u64),
            early in 0..1_000_000u64,
        ) {
            let slowest = Slowest { ms_per_prompt_token: 50, ms_per_output_token: 250 };
            let (prompt, out) = (Tokens(computed + cached), Tokens(output));
            let longest = slowest.longest(prompt, out);
            let wall = longest.saturating_sub(Millis(early));
            for price in [POWER, tokens(), Price::Free] {
                let most = price.worst_case(prompt, out, longest);
                prop_assert!(price.cost(usage(computed, cached, output), wall) <= most);
            }
        }

        #[test]
        fn no_numbers_overflow(prompt: u64, output: u64, wall: u64) {
            let slowest = Slowest { ms_per_prompt_token: u32::MAX, ms_per_output_token: u32::MAX };
            let longest = slowest.longest(Tokens(prompt), Tokens(output));
            for price in [POWER, tokens(), Price::Free] {
                price.worst_case(Tokens(prompt), Tokens(output), longest);
                price.cost(usage(prompt, prompt, output), Millis(wall));
            }
        }
    }
}
