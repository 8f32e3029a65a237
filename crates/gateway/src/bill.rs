//! What a request may cost, and what it did: the worst case before it is sent, the bill after.
//!
//! It is apart because it is all of the arithmetic of money here, in integers. It decides how far
//! an answer's own word on what it used is believed; it takes nothing out of any account.

use tenfold_domain::{Millis, NanoUsd, Tokens, Usage};
use tenfold_models::{Price, Slowest};

use crate::Spend;
use crate::scan::Sketch;
use crate::usage::Seen;

/// The most tokens that an image comes to, at any of the large providers.
pub const IMAGE_TOKENS_MAX: u64 = 16_384;
/// What a provider may put before a conversation: how tools are called, the marks of its turns.
pub const UNSEEN_TOKENS_MAX: u64 = 1_024;
/// A token is this many bytes of output at the most, by and large; who says that there were fewer
/// tokens is not believed.
const OUTPUT_BYTES_PER_TOKEN_MAX: u64 = 32;
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
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bound {
    /// Tokens to be read, at the most.
    pub prompt: Tokens,
    /// Tokens to be written, at the most.
    pub output: Tokens,
    /// What that costs, at the most.
    pub spend: Spend,
}

/// How a bill came about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Basis {
    /// By what the answer says that it used.
    Told,
    /// By what was counted here: what it says can't be, or it was cut off by the client.
    Counted,
    /// By the bound: nobody said what it used.
    Bound,
}

impl Basis {
    /// As metrics and headers have it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Told => "told",
            Self::Counted => "counted",
            Self::Bound => "bound",
        }
    }
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
    /// tokenizer is closer. No conversation is longer than what the model takes.
    #[must_use]
    pub fn bound(&self, body: Tokens, sketch: &Sketch, output: Tokens) -> Bound {
        let images = sketch.images.saturating_mul(IMAGE_TOKENS_MAX);
        let read = body.0.saturating_add(images).saturating_add(UNSEEN_TOKENS_MAX);
        let read = if sketch.unbounded { self.context.0 } else { read.min(self.context.0) };
        self.counted(Tokens(read), sketch, output)
    }

    /// The bounds of a request of which it is known how many tokens are read at the most.
    #[must_use]
    pub fn counted(&self, prompt: Tokens, sketch: &Sketch, output: Tokens) -> Bound {
        let output = Tokens(output.0.saturating_mul(sketch.answers.max(1)));
        // Whatever of the prompt is kept, for an hour even, is in the worst case of the price.
        let money = self.worst(prompt, output);
        Bound { prompt, output, spend: Spend { money, tokens: prompt + output, requests: 1 } }
    }

    fn worst(&self, prompt: Tokens, output: Tokens) -> NanoUsd {
        let longest = self.slowest.map_or(Millis(0), |slowest| slowest.longest(prompt, output));
        self.price.worst_case(prompt, output, longest)
    }

    /// The bill for what was seen of an answer that took `wall`.
    #[must_use]
    pub fn bill(&self, bound: &Bound, seen: &Seen, end: End, wall: Millis) -> Bill {
        let plausible = Tokens(seen.bytes / OUTPUT_BYTES_PER_TOKEN_MAX);
        let told = seen.usage.filter(|usage| usage.total() > Tokens(0));
        let (usage, basis) = match (told, end) {
            (Some(usage), End::Whole) if usage.output >= plausible => (usage, Basis::Told),
            // It says less than it wrote: a token for each three bytes is more than there were.
            (Some(usage), End::Whole) => {
                let output = usage.output.max(Tokens(seen.bytes.div_ceil(3)));
                (Usage { output, ..usage }, Basis::Counted)
            }
            // Who leaves pays for what was read, and for what was written until then.
            (told, End::Left) => {
                let read = told.unwrap_or(Usage { prompt: bound.prompt, ..Usage::default() });
                let counted = Tokens(seen.bytes.saturating_add(UNDER_WAY_TOKENS));
                let output = counted.max(read.output).min(bound.output);
                (Usage { output, ..read }, Basis::Counted)
            }
            (told, _) => {
                let usage = told.unwrap_or_default();
                return Bill { spend: bound.spend, usage, basis: Basis::Bound };
            }
        };
        let money = self.price.cost(usage, wall);
        Bill { spend: Spend { money, tokens: usage.total(), requests: 1 }, usage, basis }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use tenfold_models::TokenPrices;

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

    fn seen(output: u64, bytes: u64) -> Seen {
        let usage = Usage { prompt: Tokens(100), output: Tokens(output), ..Usage::default() };
        Seen { usage: Some(usage), bytes, ended: true, ..Seen::default() }
    }

    fn billed(seen: &Seen, end: End) -> (u64, Basis) {
        let bound = tariff().bound(Tokens(1_000), &Sketch::default(), Tokens(4_000));
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
    fn what_has_no_bound_of_its_own_has_the_models() {
        let bound = |sketch| tariff().bound(Tokens(500), &sketch, Tokens(10)).prompt;
        assert_eq!(bound(Sketch::default()), Tokens(1_524));
        assert_eq!(bound(Sketch { images: 2, ..Sketch::default() }), Tokens(1_524 + 32_768));
        assert_eq!(bound(Sketch { unbounded: true, ..Sketch::default() }), Tokens(200_000));
        assert_eq!(bound(Sketch { images: 999, ..Sketch::default() }), Tokens(200_000));
    }

    proptest! {
        #[test]
        fn who_keeps_to_the_bounds_is_never_billed_above_them(
            bytes in 0..300_000u64, cuts in proptest::array::uniform3(0..200_000u64),
            output in 0..4_000u64, text in 0..200_000u64, left: bool,
        ) {
            let bound = tariff().bound(Tokens(bytes), &Sketch::default(), Tokens(4_000));
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
            let seen = Seen { usage: Some(usage), bytes: text, ended: true, ..Seen::default() };
            let end = if left { End::Left } else { End::Whole };
            let bill = tariff().bill(&bound, &seen, end, Millis(1));
            prop_assert!(bill.spend.fits(bound.spend), "{bill:?} of {bound:?}");
        }
    }
}
