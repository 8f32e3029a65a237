//! What an account may use: how much, of what, and in which period.

use std::fmt;
use std::ops::{Add, AddAssign};
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::{MoneyError, NanoUsd, Tokens};

/// What a call takes of what accounts may use, in each of the three ways that it is measured.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Spend {
    /// What it costs.
    pub money: NanoUsd,
    /// The tokens that are read and written, also those that a cache has.
    #[serde(default, skip_serializing_if = "is_none")]
    pub tokens: Tokens,
    /// How many requests it is.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub requests: u64,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands it over so")]
fn is_none(tokens: &Tokens) -> bool {
    *tokens == Tokens(0)
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands it over so")]
fn is_zero(number: &u64) -> bool {
    *number == 0
}

impl Spend {
    /// Nothing.
    pub const NONE: Self = Self { money: NanoUsd::ZERO, tokens: Tokens(0), requests: 0 };

    /// Money alone.
    pub const fn of_money(money: NanoUsd) -> Self {
        Self { money, ..Self::NONE }
    }

    /// As much of one measure as it takes, in its smallest unit.
    pub const fn of(self, measure: Measure) -> u64 {
        match measure {
            Measure::Money => self.money.0,
            Measure::Tokens => self.tokens.0,
            Measure::Requests => self.requests,
        }
    }

    /// The same, with this much of one measure.
    #[must_use]
    pub const fn with(self, measure: Measure, amount: u64) -> Self {
        match measure {
            Measure::Money => Self { money: NanoUsd(amount), ..self },
            Measure::Tokens => Self { tokens: Tokens(amount), ..self },
            Measure::Requests => Self { requests: amount, ..self },
        }
    }

    /// What is left of each measure when `other` is taken away; nothing where that is larger.
    #[must_use]
    pub const fn saturating_sub(self, other: Self) -> Self {
        Self {
            money: self.money.saturating_sub(other.money),
            tokens: self.tokens.saturating_sub(other.tokens),
            requests: self.requests.saturating_sub(other.requests),
        }
    }

    /// Whether all of it is there in `room`.
    pub const fn fits(self, room: Self) -> bool {
        self.money.0 <= room.money.0
            && self.tokens.0 <= room.tokens.0
            && self.requests <= room.requests
    }

    /// The smaller of each measure.
    #[must_use]
    pub fn at_most(self, other: Self) -> Self {
        Self {
            money: self.money.min(other.money),
            tokens: self.tokens.min(other.tokens),
            requests: self.requests.min(other.requests),
        }
    }

    /// This so many times; saturates.
    #[must_use]
    pub const fn times(self, count: u64) -> Self {
        Self {
            money: self.money.times(count),
            tokens: Tokens(self.tokens.0.saturating_mul(count)),
            requests: self.requests.saturating_mul(count),
        }
    }
}

impl Add for Spend {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            money: self.money + other.money,
            tokens: self.tokens + other.tokens,
            requests: self.requests.saturating_add(other.requests),
        }
    }
}

impl AddAssign for Spend {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

/// A way to measure what is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Measure {
    /// In nano-dollars.
    Money,
    /// In tokens.
    Tokens,
    /// In requests.
    Requests,
}

impl Measure {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Money, Self::Tokens, Self::Requests];

    /// So much of it.
    pub const fn quantity(self, amount: u64) -> Quantity {
        match self {
            Self::Money => Quantity::Money(NanoUsd(amount)),
            Self::Tokens => Quantity::Tokens(Tokens(amount)),
            Self::Requests => Quantity::Requests(amount),
        }
    }
}

/// So much of one measure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Quantity {
    /// Money.
    Money(NanoUsd),
    /// Tokens.
    Tokens(Tokens),
    /// Requests.
    Requests(u64),
}

impl Quantity {
    /// How it is measured.
    pub const fn measure(self) -> Measure {
        match self {
            Self::Money(_) => Measure::Money,
            Self::Tokens(_) => Measure::Tokens,
            Self::Requests(_) => Measure::Requests,
        }
    }

    /// How much, in nano-dollars, tokens or requests.
    pub const fn amount(self) -> u64 {
        match self {
            Self::Money(money) => money.0,
            Self::Tokens(tokens) => tokens.0,
            Self::Requests(requests) => requests,
        }
    }

    /// It alone, of all that may be used.
    pub const fn alone(self) -> Spend {
        Spend::NONE.with(self.measure(), self.amount())
    }
}

/// `$5.00`, `200.0k tokens`, `100 requests`.
impl fmt::Display for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&match self {
            Self::Money(money) => money.to_string(),
            Self::Tokens(tokens) => format!("{tokens} tokens"),
            Self::Requests(1) => "1 request".to_owned(),
            Self::Requests(requests) => format!("{requests} requests"),
        })
    }
}

/// Why a text is no quantity.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum QuantityError {
    /// Without a unit it is money, and does not read as that.
    #[error(transparent)]
    Money(#[from] MoneyError),
    /// A number of tokens or requests that does not read.
    #[error(
        "'{0}' is not a quantity: write dollars, as in $5, or whole tokens or requests, as in \
         '200k tokens' or '100 requests'"
    )]
    Malformed(String),
}

impl FromStr for Quantity {
    type Err = QuantityError;

    fn from_str(text: &str) -> Result<Self, QuantityError> {
        let text = text.trim();
        let units = [("tokens", Measure::Tokens), ("token", Measure::Tokens)]
            .into_iter()
            .chain([("requests", Measure::Requests), ("request", Measure::Requests)]);
        for (unit, measure) in units {
            if let Some(number) = text.strip_suffix(unit) {
                let amount = whole(number.trim());
                let malformed = || QuantityError::Malformed(text.to_owned());
                return amount.map(|amount| measure.quantity(amount)).ok_or_else(malformed);
            }
        }
        Ok(Self::Money(text.parse()?))
    }
}

/// A whole number, with `k` or `M` behind it for thousands or millions.
fn whole(text: &str) -> Option<u64> {
    let (digits, times) = match text.strip_suffix('k') {
        Some(digits) => (digits, 1_000),
        None => text.strip_suffix('M').map_or((text, 1), |digits| (digits, 1_000_000)),
    };
    let is_number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| digits.parse::<u64>().ok()?.checked_mul(times)).flatten()
}

/// How long an allowance is for, until it begins anew. Periods are those of the calendar, in UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Period {
    /// From one full hour to the next.
    Hour,
    /// From midnight to midnight.
    Day,
    /// From Monday to Monday.
    Week,
    /// From the first of a month to the first of the next.
    Month,
    /// For ever.
    Once,
}

impl Period {
    /// All of them, the shortest first.
    pub const ALL: [Self; 5] = [Self::Hour, Self::Day, Self::Week, Self::Month, Self::Once];

    /// As it is written on the command line and in JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Hour => "hour",
            Self::Day => "day",
            Self::Week => "week",
            Self::Month => "month",
            Self::Once => "once",
        }
    }
}

impl FromStr for Period {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL.into_iter().find(|period| period.name() == text).ok_or_else(|| {
            let known = Self::ALL.map(Self::name).join(", ");
            format!("'{text}' is no period: there are {known}")
        })
    }
}

/// An allowance, which never changes: another takes its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Allowance {
    /// The most that may be used in a period.
    pub most: Quantity,
    /// How long that is.
    pub per: Period,
    /// How many periods' worth of what was not used is carried over at the most.
    #[serde(default, skip_serializing_if = "is_no_period")]
    pub carry: u32,
    /// Whether it is one for each person below the account, those who come later too; else it is
    /// the account's own, for it and all below it together.
    #[serde(default, skip_serializing_if = "is_false")]
    pub each: bool,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands it over so")]
fn is_no_period(periods: &u32) -> bool {
    *periods == 0
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands it over so")]
fn is_false(yes: &bool) -> bool {
    !*yes
}

impl Allowance {
    /// So much, once.
    pub const fn once(most: Quantity) -> Self {
        Self { most, per: Period::Once, carry: 0, each: false }
    }

    /// Whether another one is about the same, so that it takes its place.
    pub fn takes_the_place_of(self, other: Self) -> bool {
        self.most.measure() == other.most.measure()
            && self.per == other.per
            && self.each == other.each
    }
}

/// `$5.00 a month`, `$5.00 in all`, `200.0k tokens a day for each person`.
impl fmt::Display for Allowance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let most = self.most;
        let mut text = match self.per {
            Period::Once => format!("{most} in all"),
            Period::Hour => format!("{most} an hour"),
            period => format!("{most} a {}", period.name()),
        };
        if self.carry > 0 {
            text += &format!(", up to {} carried over", most.measure().quantity(self.carried()));
        }
        if self.each {
            text += ", for each person";
        }
        f.pad(&text)
    }
}

impl Allowance {
    /// The most that is carried over, in the unit of its measure.
    pub const fn carried(self) -> u64 {
        self.most.amount().saturating_mul(self.carry as u64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn quantities_read_as_people_write_them() {
        for (text, quantity, again) in [
            ("$5", Quantity::Money(NanoUsd::dollars(5)), "$5.00"),
            ("0.25", Quantity::Money(NanoUsd(250_000_000)), "$0.25"),
            ("200k tokens", Quantity::Tokens(Tokens(200_000)), "200.0k tokens"),
            ("3Mtokens", Quantity::Tokens(Tokens(3_000_000)), "3.0M tokens"),
            ("100 requests", Quantity::Requests(100), "100 requests"),
            ("1 request", Quantity::Requests(1), "1 request"),
        ] {
            assert_eq!(text.parse(), Ok(quantity), "{text}");
            assert_eq!(quantity.to_string(), again);
        }
        for text in
            ["", "tokens", "-5", "1.5k tokens", "k tokens", "5 apples", "99999999999999M tokens"]
        {
            assert!(text.parse::<Quantity>().is_err(), "{text}");
        }
    }

    #[test]
    fn allowances_read_as_a_sentence() {
        let most = Quantity::Money(NanoUsd::dollars(5));
        let month = Allowance { most, per: Period::Month, carry: 2, each: true };
        assert_eq!(month.to_string(), "$5.00 a month, up to $10.00 carried over, for each person");
        assert_eq!(Allowance::once(most).to_string(), "$5.00 in all");
        let hour = Allowance { per: Period::Hour, ..Allowance::once(Quantity::Requests(9)) };
        assert_eq!(hour.to_string(), "9 requests an hour");
    }

    proptest! {
        #[test]
        fn a_quantity_is_a_part_of_what_is_spent(money: u64, tokens: u64, requests: u64) {
            let spend = Spend { money: NanoUsd(money), tokens: Tokens(tokens), requests };
            let parts = Measure::ALL.map(|measure| measure.quantity(spend.of(measure)).alone());
            prop_assert_eq!(parts[0] + parts[1] + parts[2], spend);
            prop_assert!(parts[0].fits(spend) && Spend::NONE.fits(spend));
            prop_assert_eq!(spend.saturating_sub(spend), Spend::NONE);
        }
    }
}
