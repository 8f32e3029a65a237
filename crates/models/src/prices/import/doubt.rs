//! What no price can be, by what is known of the model and of its like: a slip of a unit or a
//! currency is to be seen before anybody pays by it. A doubt refuses; a person who knows better
//! writes the price into their book.

use std::collections::BTreeMap;

use tenfold_domain::{NanoUsd, Timestamp};

use crate::{ModelName, Price, PriceBook, PriceList, TokenPrices};

/// A price of one model that has grown or shrunk by this is no price change: the largest ones
/// known were by ten.
const FAR: u64 = 100;
/// A price so many times off from what others cost at the median is none.
const FAR_FROM_PEERS: u64 = 1_000;
/// So many models of a provider make a median.
const PEERS_LEAST: usize = 3;
/// Prices that all change by one factor of at least so many percent are another unit's.
const UNIFORM_PERCENT: u64 = 200;
/// So many models are many, and if most of a provider change by one factor of more than so many
/// percent, it is asked whether that is another currency's.
const MANY: usize = 5;
const MANY_PERCENT: u64 = 5;
/// What differs by no more than so many percent is one factor.
const UNIFORM_SPREAD_PERCENT: u64 = 2;

/// What a million tokens cost at the median, by provider, and over all.
#[derive(Debug, Default)]
pub(super) struct Peers {
    of: BTreeMap<String, [NanoUsd; 2]>,
    all: Option<[NanoUsd; 2]>,
}

impl Peers {
    /// By a book at a moment.
    pub(super) fn of(book: &PriceBook, at: Timestamp) -> Self {
        let mut by: BTreeMap<String, Vec<TokenPrices>> = BTreeMap::new();
        for name in book.models() {
            let Some(Price::Listed(list)) = book.as_of(name, at).map(|dated| &dated.price) else {
                continue;
            };
            by.entry(name.provider.clone()).or_default().push(list.usual.base);
        }
        let all: Vec<TokenPrices> = by.values().flatten().copied().collect();
        let of = by.into_iter().filter_map(|(name, prices)| Some((name, medians(&prices)?)));
        Self { of: of.collect(), all: medians(&all) }
    }

    fn at(&self, provider: &str) -> Option<[NanoUsd; 2]> {
        self.of.get(provider).copied().or(self.all)
    }
}

/// The medians of prompt and output, of what costs something.
fn medians(prices: &[TokenPrices]) -> Option<[NanoUsd; 2]> {
    let median = |of: fn(&TokenPrices) -> NanoUsd| {
        let mut all: Vec<NanoUsd> = prices.iter().map(of).filter(|price| price.0 > 0).collect();
        all.sort_unstable();
        (all.len() >= PEERS_LEAST).then(|| all[all.len() / 2])
    };
    Some([median(|prices| prices.prompt)?, median(|prices| prices.output)?])
}

/// Why a price can't be; none if it can.
pub(super) fn of(
    name: &ModelName,
    list: &PriceList,
    known: Option<&Price>,
    peers: &Peers,
) -> Option<String> {
    let base = list.usual.base;
    let now = [("prompt", base.prompt), ("output", base.output)];
    if let Some(Price::Listed(known)) = known {
        let before = [known.usual.base.prompt, known.usual.base.output];
        for ((kind, now), before) in now.into_iter().zip(before) {
            if before.0 > 0 && now.0 == 0 {
                return Some(format!("its {kind} costs {before}, and would cost nothing"));
            }
            if let Some(off) = far(now, before, FAR) {
                return Some(format!(
                    "its {kind} would be {now} for a million tokens, {off} what is known \
                     ({before}): a slip of the unit?"
                ));
            }
        }
        return steps_doubt(list);
    }
    let [prompt, output] = peers.at(&name.provider)?;
    for ((kind, now), peers) in now.into_iter().zip([prompt, output]) {
        if let Some(off) = far(now, peers, FAR_FROM_PEERS) {
            return Some(format!(
                "its {kind} would be {now} for a million tokens, {off} what other models cost \
                 ({peers} at the median): a slip of the unit?"
            ));
        }
    }
    steps_doubt(list)
}

/// Prices within one list that can't both be.
fn steps_doubt(list: &PriceList) -> Option<String> {
    let base = list.usual.base;
    let is_paid_apart = list.per_request.0 > 0 || list.per_second.0 > 0;
    if base.prompt.0 == 0 && !is_paid_apart {
        return Some("its prompt would cost nothing, and other things of it do".to_owned());
    }
    if base.output.0 > 0 && base.output.times(2) < base.prompt {
        return Some(format!(
            "its output would be {}, and its prompt {}: are the two mixed up?",
            base.output, base.prompt
        ));
    }
    let services = [&list.batch, &list.flex, &list.priority].into_iter().flatten();
    let others = services
        .flat_map(|rates| rates.steps.iter().map(|step| step.prices).chain([rates.base]))
        .chain(list.usual.steps.iter().map(|step| step.prices));
    for prices in others {
        for (now, usual) in [(prices.prompt, base.prompt), (prices.output, base.output)] {
            if let Some(off) = far(now, usual, FAR) {
                return Some(format!(
                    "one of its prices is {now} for a million tokens, {off} another ({usual})"
                ));
            }
        }
    }
    let caches = [base.cached, base.written, base.written_hour, base.written_half_day];
    caches.into_iter().find_map(|cache| {
        let off = far(cache, base.prompt, FAR).filter(|_| cache > base.prompt)?;
        Some(format!("a token of its cache is {cache} for a million, {off} its prompt"))
    })
}

/// How many times one is off from another, in words, if that is `limit` at least. What is zero is
/// not compared.
fn far(now: NanoUsd, then: NanoUsd, limit: u64) -> Option<String> {
    let (more, less) = (now.max(then), now.min(then));
    let times = more.0.checked_div(less.0)?;
    (times >= limit).then(|| match now > then {
        true => format!("{times} times"),
        false => format!("the {times}th of"),
    })
}

/// Whether the known models of a provider change by one factor.
#[derive(Debug, Default)]
pub(super) struct Uniform {
    of: BTreeMap<String, Factors>,
}

#[derive(Debug, Default)]
struct Factors {
    /// How many prices have changed by each factor, in thousandths: a model counts twice, for its
    /// prompt and its output.
    changed: BTreeMap<u64, usize>,
    /// How many prices are as they were.
    same: usize,
}

impl Factors {
    /// The one factor of all prices that have changed, if it is so large that it is another unit's.
    /// If a price is as it was, the unit is, too.
    fn of_all(&self) -> Option<u64> {
        let (least, most) = (*self.changed.first_key_value()?.0, *self.changed.last_key_value()?.0);
        let is_large = least >= UNIFORM_PERCENT * 10 || most <= 1_000_000 / (UNIFORM_PERCENT * 10);
        let many: usize = self.changed.values().sum();
        let is_suspect =
            self.same == 0 && most <= spread(least) && is_large && many >= 2 * PEERS_LEAST;
        is_suspect.then_some(least)
    }

    /// The factor of most of the prices that there are, if they are many and it is that of another
    /// currency as well as of a change of prices.
    fn of_most(&self) -> Option<u64> {
        let all = self.same + self.changed.values().sum::<usize>();
        let little = MANY_PERCENT * 10;
        let far = self.changed.keys().filter(|factor| factor.abs_diff(1_000) > little);
        let near = |factor: u64| self.changed.range(factor..=spread(factor)).map(|(_, many)| many);
        let counted = far.map(|factor| (near(*factor).sum::<usize>(), *factor));
        let (many, factor) = counted.max()?;
        (many >= 2 * MANY && many * 2 > all).then_some(factor)
    }
}

/// What differs from a factor by no more than this is the same one.
fn spread(factor: u64) -> u64 {
    factor.saturating_mul(100 + UNIFORM_SPREAD_PERCENT) / 100
}

impl Uniform {
    /// A model whose price is as it was.
    pub(super) fn unchanged(&mut self, name: &ModelName) {
        self.of.entry(name.provider.clone()).or_default().same += 2;
    }

    /// A model whose price is another.
    pub(super) fn changed(&mut self, name: &ModelName, list: &PriceList, before: Option<&Price>) {
        let Some(Price::Listed(before)) = before else { return };
        let (now, then) = (list.usual.base, before.usual.base);
        for (now, then) in [(now.prompt, then.prompt), (now.output, then.output)] {
            if then.0 == 0 {
                continue;
            }
            let factor = u128::from(now.0) * 1_000 / u128::from(then.0);
            let factor = u64::try_from(factor).unwrap_or(u64::MAX);
            let factors = self.of.entry(name.provider.clone()).or_default();
            *factors.changed.entry(factor).or_default() += 1;
        }
    }

    /// Providers whose known models have changed by one factor, and what that says. What may be a
    /// change of prices is not said of those that somebody has named.
    pub(super) fn suspects(&self, is_named: impl Fn(&str) -> bool) -> Vec<(String, String)> {
        let said = |(provider, factors): (&String, &Factors)| {
            let times = |factor: u64| format!("{}.{:03} times", factor / 1_000, factor % 1_000);
            let why = match factors.of_all() {
                Some(factor) => format!(
                    "every known model of {provider} would cost {} what it does: another \
                     currency, or another unit?",
                    times(factor)
                ),
                None => format!(
                    "most models of {provider} would cost {} what they do: another currency? If \
                     it has changed its prices, take them with --provider {provider}",
                    times(factors.of_most().filter(|_| !is_named(provider))?)
                ),
            };
            Some((provider.clone(), why))
        };
        self.of.iter().filter_map(said).collect()
    }
}
