//! Money in whole nano-dollars. There is no float on the way from a price to a bill.

use std::fmt;
use std::iter::Sum;
use std::ops::{Add, AddAssign};
use std::str::FromStr;

use serde::{Deserialize, Serialize};

const NANOS_PER_DOLLAR: u64 = 1_000_000_000;

/// Why a text is not an amount of money.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MoneyError {
    /// The text does not read as a number of dollars.
    #[error("'{0}' is not an amount: write dollars, as in 0.50, $2 or 12.345678901")]
    Malformed(String),
    /// More than about 18 billion dollars.
    #[error("'{0}' is more money than can be counted here (18 billion dollars)")]
    TooLarge(String),
}

/// An amount of money in billionths of a US dollar; never negative.
///
/// Addition saturates: a sum that can't be held is the largest amount there is, which no
/// budget covers, so that an overflow refuses rather than allows.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(transparent)]
pub struct NanoUsd(pub u64);

impl NanoUsd {
    /// Nothing.
    pub const ZERO: Self = Self(0);
    /// The largest amount that can be held; used for "no limit".
    pub const MAX: Self = Self(u64::MAX);

    /// Whole dollars; saturates.
    pub const fn dollars(dollars: u64) -> Self {
        Self(dollars.saturating_mul(NANOS_PER_DOLLAR))
    }

    /// What is left when `other` is taken away; nothing if `other` is larger.
    pub const fn saturating_sub(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }

    /// This amount `count` times; saturates.
    pub const fn times(self, count: u64) -> Self {
        Self(self.0.saturating_mul(count))
    }

    /// This amount as a price per `unit`, for `count` of them, rounded up to a whole
    /// nano-dollar: a bill is never less than what was used.
    pub fn per(self, unit: u64, count: u64) -> Self {
        let total = u128::from(self.0) * u128::from(count);
        let rounded = total.div_ceil(u128::from(unit.max(1)));
        Self(u64::try_from(rounded).unwrap_or(u64::MAX))
    }
}

impl Add for NanoUsd {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl AddAssign for NanoUsd {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl Sum for NanoUsd {
    fn sum<I: Iterator<Item = Self>>(amounts: I) -> Self {
        amounts.fold(Self::ZERO, Add::add)
    }
}

/// Dollars with as many decimals as the amount has, two at the least: `$0.50`, `$0.000012`.
impl fmt::Display for NanoUsd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let dollars = self.0 / NANOS_PER_DOLLAR;
        let nanos = format!("{:09}", self.0 % NANOS_PER_DOLLAR);
        let kept = nanos.trim_end_matches('0').len().max(2);
        f.pad(&format!("${dollars}.{}", &nanos[..kept]))
    }
}

impl FromStr for NanoUsd {
    type Err = MoneyError;

    fn from_str(text: &str) -> Result<Self, MoneyError> {
        let malformed = || MoneyError::Malformed(text.to_owned());
        let number = text.trim();
        let number = number.strip_prefix('$').unwrap_or(number);
        let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
        let digits = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
        if !digits(whole) || !digits(fraction) || fraction.len() > 9 {
            return Err(malformed());
        }
        if whole.is_empty() && fraction.is_empty() {
            return Err(malformed());
        }
        let too_large = |_| MoneyError::TooLarge(text.to_owned());
        let dollars: u64 = format!("0{whole}").parse().map_err(too_large)?;
        let nanos: u64 = format!("{fraction:0<9}").parse().map_err(too_large)?;
        dollars
            .checked_mul(NANOS_PER_DOLLAR)
            .and_then(|n| n.checked_add(nanos))
            .map(Self)
            .ok_or_else(|| MoneyError::TooLarge(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn amounts_read_as_people_write_them() {
        for (text, nanos) in [
            ("0", 0),
            ("$2", 2_000_000_000),
            ("0.50", 500_000_000),
            (".5", 500_000_000),
            ("0.000000001", 1),
            (" $12.345678901 ", 12_345_678_901),
        ] {
            assert_eq!(text.parse(), Ok(NanoUsd(nanos)), "{text}");
        }
    }

    #[test]
    fn what_is_no_amount_is_refused() {
        for text in ["", "$", ".", "-1", "1e3", "1,000", "0.0000000001", "NaN", "١"] {
            assert!(matches!(text.parse::<NanoUsd>(), Err(MoneyError::Malformed(_))), "{text}");
        }
        assert!(matches!("18446744074".parse::<NanoUsd>(), Err(MoneyError::TooLarge(_))));
    }

    #[test]
    fn a_bill_is_rounded_up() {
        assert_eq!(NanoUsd(3).per(1_000_000, 1), NanoUsd(1));
        assert_eq!(NanoUsd(3_000_000).per(1_000_000, 7), NanoUsd(21));
        assert_eq!(NanoUsd(5).per(1_000_000, 0), NanoUsd(0));
        assert_eq!(NanoUsd::MAX.per(1, 2), NanoUsd::MAX);
    }

    proptest! {
        #[test]
        fn every_amount_reads_back(nanos in any::<u64>()) {
            let amount = NanoUsd(nanos);
            prop_assert_eq!(amount.to_string().parse::<NanoUsd>(), Ok(amount));
        }

        #[test]
        fn no_text_panics(text in ".*") {
            let _ = text.parse::<NanoUsd>();
        }
    }
}
