//! A price list: all that one model's calls may cost, as one provider has it. Integers only.
//!
//! Apart from the book, because a person's catalogue has such lists too, and because what must
//! never be wrong is here: no call costs more than its worst case.

use std::fmt;

use tenfold_domain::{Millis, NanoUsd, Tokens, Usage};

/// Prices of tokens are given for so many of them.
const MILLION: u64 = 1_000_000;
/// Prices of time are given for so many milliseconds.
const SECOND_MS: u64 = 1_000;
/// What kinds of tokens, requests and time are rounded up apart on a bill, but for the two that
/// the worst case rounds up itself.
const ROUNDING: NanoUsd = NanoUsd(5);

/// Prices of a million tokens.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct TokenPrices {
    /// For prompt tokens that are computed.
    pub prompt: NanoUsd,
    /// For prompt tokens that are found in a cache.
    pub cached: NanoUsd,
    /// For prompt tokens that are put into a cache, for as short a time as can be had.
    pub written: NanoUsd,
    /// For prompt tokens that are put into a cache for an hour.
    pub written_hour: NanoUsd,
    /// For prompt tokens that are put into a cache for twelve hours.
    pub written_half_day: NanoUsd,
    /// For generated tokens.
    pub output: NanoUsd,
    /// For tokens that are generated to reason.
    pub reasoning: NanoUsd,
}

/// Prices that rise with the length of the prompt.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rates {
    /// The prices of a short prompt.
    pub base: TokenPrices,
    /// The prices above some lengths, the shortest first.
    pub steps: Vec<Step>,
}

/// The prices above a length of the prompt: all tokens of such a call have them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Step {
    /// They hold for prompts of more tokens than this, wherever these come from.
    pub above: Tokens,
    /// The prices.
    pub prices: TokenPrices,
}

/// How fast a provider is to answer, where that has a price.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Service {
    /// As usual.
    Usual,
    /// Within a day.
    Batch,
    /// When there is room.
    Flex,
    /// Before others.
    Priority,
}

/// All that the calls of one model cost.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PriceList {
    /// What tokens cost.
    pub usual: Rates,
    /// What tokens of a batch cost, if there is such a thing.
    pub batch: Option<Rates>,
    /// What tokens cost when there is room, if there is such a thing.
    pub flex: Option<Rates>,
    /// What tokens cost before others, if there is such a thing.
    pub priority: Option<Rates>,
    /// What each request costs, whatever else it does.
    pub per_request: NanoUsd,
    /// What a second costs while the model works.
    pub per_second: NanoUsd,
}

impl TokenPrices {
    /// These two, and nothing said of caches or of reasoning: each costs as the like does.
    pub const fn of(prompt: NanoUsd, output: NanoUsd) -> Self {
        Self {
            prompt,
            cached: prompt,
            written: prompt,
            written_hour: prompt,
            written_half_day: prompt,
            output,
            reasoning: output,
        }
    }

    /// What so much costs, each kind rounded up apart.
    fn cost(self, usage: Usage) -> NanoUsd {
        [
            (self.prompt, usage.prompt),
            (self.cached, usage.cached),
            (self.written, usage.written),
            (self.written_hour, usage.written_hour),
            (self.written_half_day, usage.written_half_day),
            (self.output, usage.output),
            (self.reasoning, usage.reasoning),
        ]
        .into_iter()
        .map(|(price, tokens)| price.per(MILLION, tokens.0))
        .sum()
    }

    /// The dearest that a token of a prompt can be.
    fn dearest_read(self) -> NanoUsd {
        let written = self.written.max(self.written_hour).max(self.written_half_day);
        self.prompt.max(self.cached).max(written)
    }

    /// The dearest that a generated token can be.
    fn dearest_said(self) -> NanoUsd {
        self.output.max(self.reasoning)
    }
}

impl Rates {
    /// These prices, however long a prompt is.
    pub const fn flat(base: TokenPrices) -> Self {
        Self { base, steps: Vec::new() }
    }

    /// The prices of a call with so many tokens of prompt.
    pub fn at(&self, prompt: Tokens) -> TokenPrices {
        let reached = self.steps.iter().filter(|step| step.above < prompt);
        reached.max_by_key(|step| step.above).map_or(self.base, |step| step.prices)
    }

    /// All prices that a call with so many tokens of prompt at the most can come to.
    fn within(&self, prompt: Tokens) -> impl Iterator<Item = TokenPrices> {
        let reached = self.steps.iter().filter(move |step| step.above < prompt);
        reached.map(|step| step.prices).chain([self.base])
    }

    fn cost(&self, usage: Usage) -> NanoUsd {
        self.at(usage.read()).cost(usage)
    }

    fn worst_case(&self, prompt: Tokens, output: Tokens) -> NanoUsd {
        // A provider may count fewer tokens than were feared, and shorter prompts may be dearer.
        let read = self.within(prompt).map(TokenPrices::dearest_read).max().unwrap_or_default();
        let said = self.within(prompt).map(TokenPrices::dearest_said).max().unwrap_or_default();
        read.per(MILLION, prompt.0) + said.per(MILLION, output.0)
    }
}

impl PriceList {
    /// These prices of tokens, and nothing else.
    pub fn of_tokens(base: TokenPrices) -> Self {
        Self { usual: Rates::flat(base), ..Self::default() }
    }

    /// So much for each second, and nothing else.
    pub fn of_time(per_second: NanoUsd) -> Self {
        Self { per_second, ..Self::default() }
    }

    /// The prices of tokens at some service; none if it isn't offered.
    pub const fn rates(&self, service: Service) -> Option<&Rates> {
        match service {
            Service::Usual => Some(&self.usual),
            Service::Batch => self.batch.as_ref(),
            Service::Flex => self.flex.as_ref(),
            Service::Priority => self.priority.as_ref(),
        }
    }

    /// The list as it is for calls at some service: its usual prices are then that service's.
    /// None if it isn't offered.
    #[must_use]
    pub fn at(&self, service: Service) -> Option<Self> {
        let usual = self.rates(service)?.clone();
        Some(Self { usual, ..self.clone() })
    }

    /// Whether a token of reasoning costs otherwise than one that is said, at any length.
    pub fn is_reasoning_apart(&self) -> bool {
        let steps = self.usual.steps.iter().map(|step| step.prices);
        steps.chain([self.usual.base]).any(|prices| prices.reasoning != prices.output)
    }

    /// Whether a call at the usual service costs nothing, however long it is.
    pub fn is_nothing(&self) -> bool {
        let steps = self.usual.steps.iter().map(|step| step.prices);
        let mut tokens = steps.chain([self.usual.base]);
        tokens.all(|prices| prices == TokenPrices::default())
            && self.per_request == NanoUsd::ZERO
            && self.per_second == NanoUsd::ZERO
    }

    /// The price of one call that used `usage` and took `wall`. Rounded up.
    pub fn cost(&self, usage: Usage, wall: Millis) -> NanoUsd {
        self.usual.cost(usage) + self.per_request + self.per_second.per(SECOND_MS, wall.0)
    }

    /// The most that a call can cost which reads `prompt` tokens and generates `output` at the
    /// most, and is stopped after `longest`.
    pub fn worst_case(&self, prompt: Tokens, output: Tokens, longest: Millis) -> NanoUsd {
        self.usual.worst_case(prompt, output)
            + self.per_request
            + self.per_second.per(SECOND_MS, longest.0)
            + ROUNDING
    }
}

/// `per million tokens: $0.10 in, $0.01 cached, $0.40 out`, with what else there is behind it.
impl fmt::Display for PriceList {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let base = self.usual.base;
        let mut said = Vec::new();
        if self.usual != Rates::default() {
            said.push(format!(
                "per million tokens: {} in, {} cached, {} out",
                base.prompt, base.cached, base.output
            ));
            if base.reasoning != base.output {
                said.push(format!("{} reasoning", base.reasoning));
            }
        }
        let steps = self.usual.steps.iter();
        said.extend(steps.map(|Step { above, prices }| {
            format!("{} in, {} out above {above} tokens", prices.prompt, prices.output)
        }));
        if self.per_request > NanoUsd::ZERO {
            said.push(format!("{} a request", self.per_request));
        }
        if self.per_second > NanoUsd::ZERO {
            said.push(format!("{} a second", self.per_second));
        }
        if said.is_empty() {
            return f.write_str("nothing");
        }
        f.write_str(&said.join("; "))
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use proptest::prelude::*;

    fn dollars(text: &str) -> NanoUsd {
        text.parse().unwrap()
    }

    fn any_prices() -> impl Strategy<Value = TokenPrices> {
        proptest::array::uniform7(0..100_000_000_000u64).prop_map(|all| {
            let [prompt, cached, written, written_hour, written_half_day, output, reasoning] =
                all.map(NanoUsd);
            TokenPrices {
                prompt,
                cached,
                written,
                written_hour,
                written_half_day,
                output,
                reasoning,
            }
        })
    }

    fn any_rates() -> impl Strategy<Value = Rates> {
        let steps = proptest::collection::vec((0..1_000_000u64, any_prices()), 0..4);
        (any_prices(), steps).prop_map(|(base, mut steps)| {
            steps.sort_by_key(|(above, _)| *above);
            let steps = steps.into_iter();
            let steps = steps.map(|(above, prices)| Step { above: Tokens(above), prices });
            Rates { base, steps: steps.collect() }
        })
    }

    /// Lists of every shape, for what has to hold of all.
    pub(crate) fn any_list() -> impl Strategy<Value = PriceList> {
        let more = || proptest::option::of(any_rates());
        let apart = (0..1_000_000_000u64, 0..1_000_000_000u64);
        (any_rates(), more(), more(), more(), apart).prop_map(
            |(usual, batch, flex, priority, (request, second))| PriceList {
                usual,
                batch,
                flex,
                priority,
                per_request: NanoUsd(request),
                per_second: NanoUsd(second),
            },
        )
    }

    fn stepped() -> PriceList {
        let above = TokenPrices::of(dollars("2.5"), dollars("15"));
        let step = Step { above: Tokens(200_000), prices: above };
        let base = TokenPrices::of(dollars("1.25"), dollars("10"));
        let half = TokenPrices::of(dollars("0.625"), dollars("5"));
        PriceList {
            usual: Rates { base, steps: vec![step] },
            batch: Some(Rates::flat(half)),
            per_request: dollars("0.001"),
            per_second: dollars("0.01"),
            ..PriceList::default()
        }
    }

    #[test]
    fn a_prompt_above_a_step_has_its_prices_for_every_token() {
        let of = |prompt, cached| Usage {
            prompt: Tokens(prompt),
            cached: Tokens(cached),
            output: Tokens(100_000),
            ..Usage::default()
        };
        let list = PriceList { per_request: NanoUsd(0), per_second: NanoUsd(0), ..stepped() };
        let cost = |usage| list.cost(usage, Millis(0));
        assert_eq!(cost(of(200_000, 0)), dollars("1.25"));
        assert_eq!(cost(of(200_000, 1)), dollars("2.0000025"));
        assert_eq!(cost(of(1, 200_000)), dollars("2.0000025"));
    }

    #[test]
    fn requests_and_seconds_are_paid_beside_the_tokens() {
        let cost = |ms| stepped().cost(Usage::default(), Millis(ms));
        assert_eq!(cost(0), dollars("0.001"));
        assert_eq!(cost(2_500), dollars("0.026"));
    }

    #[test]
    fn a_service_that_is_not_offered_has_no_price() {
        let usage = Usage { prompt: Tokens(1_000_000), ..Usage::default() };
        let batch = stepped().at(Service::Batch).unwrap();
        assert_eq!(batch.cost(usage, Millis(0)), dollars("0.626"));
        assert_eq!(stepped().at(Service::Priority), None);
        assert_eq!(stepped().at(Service::Usual), Some(stepped()));
    }

    #[test]
    fn nothing_at_every_length_is_nothing_whatever_a_batch_costs() {
        let step = Step { above: Tokens(9), prices: TokenPrices::default() };
        let usual = Rates { steps: vec![step], ..Rates::default() };
        let batch = stepped().batch;
        assert!(PriceList { usual, batch, ..PriceList::default() }.is_nothing());
        assert!(!stepped().is_nothing() && !PriceList::of_time(NanoUsd(1)).is_nothing());
    }

    #[test]
    fn every_kind_of_token_has_its_price() {
        let [prompt, cached, written, written_hour, written_half_day, output, reasoning] =
            [1, 2, 3, 4, 5, 6, 7].map(NanoUsd::dollars);
        let prices = TokenPrices {
            prompt,
            cached,
            written,
            written_hour,
            written_half_day,
            output,
            reasoning,
        };
        let million = Tokens(1_000_000);
        let usage = Usage {
            prompt: million,
            cached: million,
            written: million,
            written_hour: million,
            written_half_day: million,
            output: million,
            reasoning: million,
        };
        assert_eq!(PriceList::of_tokens(prices).cost(usage, Millis(0)), NanoUsd::dollars(28));
    }

    #[test]
    fn lists_read_at_a_glance() {
        assert_eq!(
            stepped().to_string(),
            "per million tokens: $1.25 in, $1.25 cached, $10.00 out; $2.50 in, $15.00 out above \
             200.0k tokens; $0.001 a request; $0.01 a second"
        );
        assert_eq!(PriceList::of_time(dollars("0.2")).to_string(), "$0.20 a second");
    }

    proptest! {
        #[test]
        fn no_call_costs_more_than_its_worst_case(
            list in any_list(),
            read in proptest::array::uniform5(0..400_000u64),
            said in proptest::array::uniform2(0..400_000u64),
            spare in proptest::array::uniform3(0..100_000u64),
            wall in 0..1_000_000u64,
        ) {
            let [prompt, cached, written, written_hour, written_half_day] = read.map(Tokens);
            let [output, reasoning] = said.map(Tokens);
            let usage = Usage {
                prompt, cached, written, written_hour, written_half_day, output, reasoning,
            };
            let [read_spare, said_spare, wall_spare] = spare;
            let feared = (usage.read() + Tokens(read_spare), output + reasoning + Tokens(said_spare));
            let longest = Millis(wall + wall_spare);
            for service in [Service::Usual, Service::Batch, Service::Flex, Service::Priority] {
                let Some(list) = list.at(service) else { continue };
                let most = list.worst_case(feared.0, feared.1, longest);
                prop_assert!(list.cost(usage, Millis(wall)) <= most);
            }
        }

        #[test]
        fn no_numbers_overflow(list in any_list(), prompt: u64, output: u64, wall: u64) {
            list.worst_case(Tokens(prompt), Tokens(output), Millis(wall));
            let (read, said) = (Tokens(prompt), Tokens(output));
            let usage = Usage { prompt: read, cached: read, output: said, ..Usage::default() };
            list.cost(usage, Millis(wall));
        }
    }
}
