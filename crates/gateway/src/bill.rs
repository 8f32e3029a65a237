//! What a request may cost, and what it did: the worst case before it is sent, the bill after.
//!
//! It is apart because it is all of the arithmetic of money here, in integers. It decides how far
//! an answer's own word on what it used is believed; it takes nothing out of any account.

use std::borrow::Cow;

use tenfold_domain::{Energy, Millis, NanoUsd, Tokens, Usage};
use tenfold_models::{Price, Service, Slowest};

use crate::scan::Sketch;
use crate::usage::Seen;
use crate::{Basis, Spend, Tier};

/// The most tokens that an image comes to, at any of the large providers.
pub const IMAGE_TOKENS_MAX: u64 = 16_384;
/// What a provider may put before a conversation: how tools are called, the marks of its turns.
pub const UNSEEN_TOKENS_MAX: u64 = 1_024;
/// A token is this many bytes of a text at the most, by and large; who says that there were fewer
/// tokens is not believed,
const BYTES_PER_TOKEN_MAX: u64 = 32;
/// and is counted a token for so many bytes, which is more than there were.
const BYTES_PER_TOKEN_COUNTED: u64 = 3;
/// Nor is who says that there were so many times the tokens that the model takes at all.
const BEYOND_BELIEF: u64 = 10;
/// Tokens that were written at the provider, and not seen here when an answer is cut off.
const UNDER_WAY_TOKENS: u64 = 256;

/// What a model's calls cost here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tariff {
    /// Its price.
    pub price: Price,
    /// How slow it may be, where its price is one of time.
    pub slowest: Option<Slowest>,
    /// The longest conversation that it takes.
    pub context: Tokens,
}

/// The bounds of a request, which are paid for before it is sent.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Bound {
    /// Tokens to be read, at the most.
    pub prompt: Tokens,
    /// Tokens to be written, at the most.
    pub output: Tokens,
    /// Bytes of text that have to be read.
    pub text: u64,
    /// How quickly an answer is asked for.
    pub tier: Tier,
    /// Whether what is kept of the prompt is kept for half a day.
    pub keeps_long: bool,
    /// What that costs, at the most.
    pub spend: Spend,
}

/// What a request comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bill {
    /// What it takes of the account.
    pub spend: Spend,
    /// What was used, as far as that is known.
    pub usage: Usage,
    /// How it came about.
    pub basis: Basis,
    /// What it took of this machine's energy.
    pub energy: Energy,
}

/// How an answer ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// Its stream came to an end, or it came in one piece.
    Whole,
    /// The connection to the provider broke, or its stream was none.
    Cut,
    /// Who asked went away.
    Left,
}

impl Tariff {
    /// The bounds of a request whose body is so many tokens at the most: its bytes, if no
    /// tokenizer is closer; answered as quickly as is asked for. No conversation is longer than
    /// what the model takes.
    #[must_use]
    pub fn bound(&self, body: Tokens, of: (&Sketch, Tier), output: Tokens) -> Bound {
        let (sketch, _) = of;
        let images = sketch.images.saturating_mul(IMAGE_TOKENS_MAX);
        let read = body.0.saturating_add(images).saturating_add(UNSEEN_TOKENS_MAX);
        let read = if sketch.unbounded { self.context.0 } else { read.min(self.context.0) };
        self.counted(Tokens(read), of, output)
    }

    /// The bounds of a request of which it is known how many tokens are read at the most.
    #[must_use]
    pub fn counted(&self, prompt: Tokens, of: (&Sketch, Tier), output: Tokens) -> Bound {
        let (sketch, tier) = of;
        let output = Tokens(output.0.saturating_mul(sketch.answers.max(1)));
        // Whatever of the prompt is kept, for an hour even, is in the worst case of the price.
        let money = self.worst(prompt, output, tier);
        let spend = Spend { money, tokens: prompt + output, requests: 1 };
        Bound { prompt, output, text: sketch.text, tier, keeps_long: sketch.keeps_long, spend }
    }

    /// Of all services that may answer, the dearest.
    fn worst(&self, prompt: Tokens, output: Tokens, tier: Tier) -> NanoUsd {
        let longest = self.slowest.map_or(Millis(0), |slowest| slowest.longest(prompt, output));
        let others = tier.others().iter().filter_map(|service| self.price.at(*service));
        let others = others.map(|price| price.worst_case(prompt, output, longest));
        others.fold(self.price.worst_case(prompt, output, longest), NanoUsd::max)
    }

    /// Whether it is known what a request costs that asks for an answer so quickly.
    #[must_use]
    pub fn has(&self, tier: Tier) -> bool {
        tier != Tier::Priority || self.price.at(Service::Priority).is_some()
    }

    /// The bill for what was seen of an answer that took `wall`.
    #[must_use]
    pub fn bill(&self, bound: &Bound, seen: &Seen, end: End, wall: Millis) -> Bill {
        let told = seen.usage.filter(|usage| self.can_be(*usage));
        let used = if seen.broken > 0 { None } else { believed(bound, seen, told, end) };
        let service = seen.service.unwrap_or(bound.tier.unsaid());
        // What there is when there is room is never dearer than usual, and may have no price.
        let price = match service {
            Service::Usual => Some(Cow::Borrowed(&self.price)),
            Service::Priority => self.price.at(service).map(Cow::Owned),
            _ => Some(self.price.at(service).map_or(Cow::Borrowed(&self.price), Cow::Owned)),
        };
        let (Some((usage, basis)), Some(price)) = (used, price) else {
            let usage = told.unwrap_or_default();
            let (basis, energy) = (Basis::Bound, seen.energy);
            return Bill { spend: bound.spend, usage, basis, energy };
        };
        let usage = apart(usage, seen.reasoning, &price);
        let usage = kept(usage, seen.keeps_long.unwrap_or(bound.keeps_long));
        let money = price.cost(usage, wall);
        let spend = Spend { money, tokens: usage.total(), requests: 1 };
        Bill { spend, usage, basis, energy: seen.energy }
    }

    /// Whether an answer can have used so much. A little more than the model takes it can: what is
    /// known of that is a person's word.
    fn can_be(&self, usage: Usage) -> bool {
        let most = self.context.0.saturating_mul(BEYOND_BELIEF);
        (1..=most).contains(&usage.total().0)
    }
}

/// How far an answer's word on what it used is taken; `None` if nobody knows.
fn believed(bound: &Bound, seen: &Seen, told: Option<Usage>, end: End) -> Option<(Usage, Basis)> {
    match (told.map(|told| corrected(bound, seen, told)), end) {
        (Some((usage, basis)), End::Whole) => Some((usage, basis)),
        // Who leaves pays for what was read, and for what was written until then.
        (told, End::Left) => {
            let prompt = bound.prompt;
            let read = told.map_or(Usage { prompt, ..Usage::default() }, |(told, _)| told);
            let counted = match seen.is_exact {
                true => Tokens(0),
                false => Tokens(seen.bytes.saturating_add(UNDER_WAY_TOKENS)),
            };
            let output = counted.max(read.output).min(bound.output);
            Some((Usage { output, ..read }, Basis::Counted))
        }
        (None, End::Whole) | (_, End::Cut) => None,
    }
}

/// The word of an answer, put right where it says less than was sent, or than it wrote.
fn corrected(bound: &Bound, seen: &Seen, told: Usage) -> (Usage, Basis) {
    let counted = |bytes: u64| Tokens(bytes.div_ceil(BYTES_PER_TOKEN_COUNTED));
    let mut usage = told;
    // Where a conversation is longer than the model takes, some leave a part of it out.
    if told.read() < Tokens(bound.text / BYTES_PER_TOKEN_MAX).min(bound.prompt) {
        let read = counted(bound.text).min(bound.prompt);
        usage.prompt += Tokens(read.0.saturating_sub(told.read().0));
    }
    if told.output < Tokens(seen.bytes / BYTES_PER_TOKEN_MAX) {
        usage.output = told.output.max(counted(seen.bytes));
    }
    (usage, if usage == told { Basis::Told } else { Basis::Counted })
}

/// The same, with what was thought apart where that has a price of its own.
fn apart(usage: Usage, reasoning: Tokens, price: &Price) -> Usage {
    if !price.is_reasoning_apart() {
        return usage;
    }
    let reasoning = reasoning.min(usage.output);
    Usage { output: Tokens(usage.output.0 - reasoning.0), reasoning, ..usage }
}

/// The same, with what was kept at its price for half a day, if that is how long.
fn kept(usage: Usage, keeps_long: bool) -> Usage {
    if !keeps_long {
        return usage;
    }
    let written_half_day = usage.written_half_day + usage.written;
    Usage { written: Tokens(0), written_half_day, ..usage }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use tenfold_models::{PriceList, Rates, TokenPrices};

    use super::*;

    fn tariff() -> Tariff {
        let price = Price::of_tokens(TokenPrices {
            cached: NanoUsd(300_000_000),
            written: NanoUsd(3_750_000_000),
            written_hour: NanoUsd(6_000_000_000),
            ..TokenPrices::of(NanoUsd(3_000_000_000), NanoUsd(15_000_000_000))
        });
        Tariff { price, slowest: None, context: Tokens(200_000) }
    }

    /// The same, with prices of flex, half of the usual, and of priority, twice that.
    fn tiered() -> Tariff {
        let of = |prompt, output| {
            let prices = TokenPrices::of(NanoUsd::dollars(prompt), NanoUsd::dollars(output));
            Rates::flat(TokenPrices { reasoning: NanoUsd::dollars(3 * output), ..prices })
        };
        let list = PriceList {
            usual: of(2, 10),
            flex: Some(of(1, 5)),
            priority: Some(of(4, 20)),
            ..PriceList::default()
        };
        Tariff { price: list.into(), ..tariff() }
    }

    fn seen(output: u64, bytes: u64) -> Seen {
        let usage = Usage { prompt: Tokens(100), output: Tokens(output), ..Usage::default() };
        Seen { usage: Some(usage), bytes, ended: true, ..Seen::default() }
    }

    fn billed(seen: &Seen, end: End) -> (u64, Basis) {
        let bound = tariff().bound(Tokens(1_000), (&Sketch::default(), Tier::Any), Tokens(4_000));
        let bill = tariff().bill(&bound, seen, end, Millis(5));
        (bill.spend.money.0, bill.basis)
    }

    #[test]
    fn the_answers_word_is_taken_as_long_as_it_can_be_true() {
        assert_eq!(billed(&seen(10, 40), End::Whole), (450_000, Basis::Told));
        // 3,000 bytes are no ten tokens.
        assert_eq!(billed(&seen(10, 3_000), End::Whole), (15_300_000, Basis::Counted));
        assert_eq!(billed(&Seen::default(), End::Whole).1, Basis::Bound);
        assert_eq!(billed(&seen(10, 40), End::Cut).1, Basis::Bound);
        // Cut by who asked: what was read is known, of what was written a bound is.
        assert_eq!(billed(&seen(1, 44), End::Left), (300_000 + 300 * 15_000, Basis::Counted));
    }

    #[test]
    fn who_says_to_have_read_less_than_was_sent_is_not_believed() {
        let billed = |text: u64, prompt: u64| {
            let sketch = Sketch { text, ..Sketch::default() };
            let bound = tariff().bound(Tokens(text + 50), (&sketch, Tier::Any), Tokens(4_000));
            let usage = Usage { prompt: Tokens(prompt), output: Tokens(1), ..Usage::default() };
            let seen = Seen { usage: Some(usage), bytes: 4, ended: true, ..Seen::default() };
            let bill = tariff().bill(&bound, &seen, End::Whole, Millis(5));
            (bill.usage.prompt.0, bill.basis)
        };
        assert_eq!(billed(32_000, 1_000), (1_000, Basis::Told));
        assert_eq!(billed(32_000, 999), (10_667, Basis::Counted));
        assert_eq!(billed(32_000, 0), (10_667, Basis::Counted));
        // Of 32 million bytes the model has not read more than it takes.
        assert_eq!(billed(32_000_000, 3), (200_000, Basis::Counted));
        assert_eq!(billed(32_000_000, 200_000), (200_000, Basis::Told));
    }

    #[test]
    fn what_nobody_can_know_costs_the_bound() {
        let bound = tariff()
            .bound(Tokens(1_000), (&Sketch::default(), Tier::Any), Tokens(4_000))
            .spend
            .money
            .0;
        let broken = Seen { broken: 1, ..seen(10, 40) };
        assert_eq!(billed(&broken, End::Whole), (bound, Basis::Bound));
        assert_eq!(billed(&broken, End::Left), (bound, Basis::Bound));
        assert_eq!(billed(&seen(2_000_000, 40), End::Whole), (bound, Basis::Bound));
        // Above what was set aside, and not beyond belief.
        assert_eq!(billed(&seen(5_000, 40), End::Whole), (75_300_000, Basis::Told));
    }

    #[test]
    fn who_has_answered_is_paid_and_the_dearest_that_may_is_set_aside() {
        let bound = |tier| tiered().bound(Tokens(0), (&Sketch::default(), tier), Tokens(1_000));
        let read = UNSEEN_TOKENS_MAX * 1_000;
        let [usual, priority] = [2, 4].map(|times| NanoUsd(times * read + times * 15_000_000 + 5));
        assert_eq!(bound(Tier::Usual).spend.money, usual);
        assert_eq!(bound(Tier::Flex).spend.money, usual, "it may be answered as usual");
        assert_eq!(bound(Tier::Priority).spend.money, priority);
        assert_eq!(bound(Tier::Any).spend.money, priority, "the project may be set to it");
        let billed = |tier, service| {
            let seen = Seen { service, ..seen(10, 0) };
            tiered().bill(&bound(tier), &seen, End::Whole, Millis(5)).spend.money.0
        };
        assert_eq!(billed(Tier::Any, Some(Service::Priority)), 600_000);
        assert_eq!(billed(Tier::Priority, Some(Service::Usual)), 300_000);
        assert_eq!(billed(Tier::Flex, Some(Service::Flex)), 150_000);
        for (tier, unsaid) in
            [(Tier::Any, 300_000), (Tier::Flex, 300_000), (Tier::Priority, 600_000)]
        {
            assert_eq!(billed(tier, None), unsaid, "{tier:?}");
        }
        assert!(tiered().has(Tier::Priority) && !tariff().has(Tier::Priority));
        let unpriced = Seen { service: Some(Service::Priority), ..seen(10, 40) };
        assert_eq!(self::billed(&unpriced, End::Whole).1, Basis::Bound);
    }

    #[test]
    fn what_is_thought_has_its_own_price_where_there_is_one() {
        let seen = Seen { reasoning: Tokens(6), ..seen(10, 0) };
        let bound = tiered().bound(Tokens(0), (&Sketch::default(), Tier::Any), Tokens(1_000));
        let bill = tiered().bill(&bound, &seen, End::Whole, Millis(5));
        assert_eq!((bill.usage.output, bill.usage.reasoning), (Tokens(4), Tokens(6)));
        assert_eq!(bill.spend.money, NanoUsd(100 * 2_000 + 4 * 10_000 + 6 * 30_000));
        assert_eq!(bill.spend.tokens, Tokens(110));
        assert_eq!(billed(&seen, End::Whole), (450_000, Basis::Told), "else it is output");
    }

    #[test]
    fn what_is_kept_for_half_a_day_has_the_price_of_that() {
        let prices = TokenPrices {
            written: NanoUsd::dollars(3),
            written_half_day: NanoUsd::dollars(7),
            ..TokenPrices::of(NanoUsd::dollars(2), NanoUsd::dollars(10))
        };
        let tariff = Tariff { price: Price::of_tokens(prices), ..tariff() };
        let billed = |asked: bool, told: Option<bool>| {
            let sketch = Sketch { keeps_long: asked, ..Sketch::default() };
            let bound = tariff.bound(Tokens(1_000), (&sketch, Tier::Any), Tokens(10));
            let usage = Usage { prompt: Tokens(10), written: Tokens(90), ..Usage::default() };
            let seen = Seen { usage: Some(usage), keeps_long: told, ..seen(0, 0) };
            tariff.bill(&bound, &seen, End::Whole, Millis(5)).spend.money.0
        };
        let (short, long) = (10 * 2_000 + 90 * 3_000, 10 * 2_000 + 90 * 7_000);
        assert_eq!((billed(false, None), billed(true, None)), (short, long));
        // Who answers knows it best.
        assert_eq!((billed(true, Some(false)), billed(false, Some(true))), (short, long));
    }

    #[test]
    fn what_has_no_bound_of_its_own_has_the_models() {
        let bound = |sketch| tariff().bound(Tokens(500), (&sketch, Tier::Any), Tokens(10)).prompt;
        assert_eq!(bound(Sketch::default()), Tokens(1_524));
        assert_eq!(bound(Sketch { images: 2, ..Sketch::default() }), Tokens(1_524 + 32_768));
        assert_eq!(bound(Sketch { unbounded: true, ..Sketch::default() }), Tokens(200_000));
        assert_eq!(bound(Sketch { images: 999, ..Sketch::default() }), Tokens(200_000));
    }

    proptest! {
        #[test]
        fn who_keeps_to_the_bounds_is_never_billed_above_them(
            bytes in 0..300_000u64, cuts in proptest::array::uniform3(0..200_000u64),
            output in 0..4_000u64, text in 0..200_000u64, sent in 0..300_000u64, left: bool,
            thought in 0..5_000u64, tier in 0..4usize, service in 0..4usize,
        ) {
            let tier = [Tier::Any, Tier::Usual, Tier::Flex, Tier::Priority][tier];
            let sketch = Sketch { text: sent.min(bytes), ..Sketch::default() };
            let bound = tiered().bound(Tokens(bytes), (&sketch, tier), Tokens(4_000));
            let said = tier.others().get(service).copied().or(Some(Service::Usual));
            let service = said.filter(|_| service < 3);
            // What is read is from no cache, from one, or kept in one for a moment or an hour.
            let mut rest = bound.prompt.0;
            let [prompt, cached, written] = cuts.map(|cut| {
                let part = cut.min(rest);
                rest -= part;
                Tokens(part)
            });
            let usage = Usage {
                prompt, cached, written, written_hour: Tokens(rest), output: Tokens(output),
                ..Usage::default()
            };
            let text = text.min(output * 32);
            let reasoning = Tokens(thought);
            let usage = Some(usage);
            let seen = Seen { usage, bytes: text, reasoning, service, ended: true, ..Seen::default() };
            let end = if left { End::Left } else { End::Whole };
            let bill = tiered().bill(&bound, &seen, end, Millis(1));
            prop_assert!(bill.spend.fits(bound.spend), "{bill:?} of {bound:?}");
        }
    }
}
