//! Counts that carry their unit in their type.

use std::fmt;
use std::iter::Sum;
use std::ops::{Add, AddAssign};
use std::time::SystemTime;

use serde::{Deserialize, Serialize};

macro_rules! count {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(
            Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
        )]
        #[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
        #[serde(transparent)]
        pub struct $name(pub u64);

        impl $name {
            /// What is left when `other` is taken away; zero if `other` is larger.
            pub const fn saturating_sub(self, other: Self) -> Self {
                Self(self.0.saturating_sub(other.0))
            }
        }

        impl Add for $name {
            type Output = Self;

            fn add(self, other: Self) -> Self {
                Self(self.0.saturating_add(other.0))
            }
        }

        impl AddAssign for $name {
            fn add_assign(&mut self, other: Self) {
                *self = *self + other;
            }
        }

        impl Sum for $name {
            fn sum<I: Iterator<Item = Self>>(counts: I) -> Self {
                counts.fold(Self(0), Add::add)
            }
        }
    };
}

count!(
    /// A number of model tokens.
    Tokens
);
count!(
    /// A length of time in milliseconds.
    Millis
);
count!(
    /// A size in bytes.
    Bytes
);

impl From<std::time::Duration> for Millis {
    fn from(duration: std::time::Duration) -> Self {
        Self(u64::try_from(duration.as_millis()).unwrap_or(u64::MAX))
    }
}

impl From<Millis> for std::time::Duration {
    fn from(millis: Millis) -> Self {
        Self::from_millis(millis.0)
    }
}

/// `0.4 s`, `12.3 s`, `4 min 05 s`, `2 h 03 min`.
impl fmt::Display for Millis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.0 / 1_000;
        let text = match seconds {
            0..60 => format!("{seconds}.{} s", self.0 % 1_000 / 100),
            60..3_600 => format!("{} min {:02} s", seconds / 60, seconds % 60),
            _ => format!("{} h {:02} min", seconds / 3_600, seconds % 3_600 / 60),
        };
        f.pad(&text)
    }
}

/// `640 B`, `12.3 kB`, `4.5 MB`, `6.7 GB`.
impl fmt::Display for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let in_unit = |unit: u64| format!("{}.{}", self.0 / unit, self.0 % unit / (unit / 10));
        let text = match self.0 {
            n @ 0..1_000 => format!("{n} B"),
            1_000..1_000_000 => format!("{} kB", in_unit(1_000)),
            1_000_000..1_000_000_000 => format!("{} MB", in_unit(1_000_000)),
            _ => format!("{} GB", in_unit(1_000_000_000)),
        };
        f.pad(&text)
    }
}

/// `640`, `12.3k`, `4.5M`.
impl fmt::Display for Tokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = match self.0 {
            n @ 0..1_000 => n.to_string(),
            n @ 1_000..1_000_000 => format!("{}.{}k", n / 1_000, n % 1_000 / 100),
            n => format!("{}.{}M", n / 1_000_000, n % 1_000_000 / 100_000),
        };
        f.pad(&text)
    }
}

/// A moment: milliseconds since 1970-01-01 00:00 UTC.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(transparent)]
pub struct Timestamp(pub u64);

impl Timestamp {
    /// The time from `earlier` to this moment; zero if the clock went back.
    pub const fn since(self, earlier: Self) -> Millis {
        Millis(self.0.saturating_sub(earlier.0))
    }

    /// The moment so much time after this one; the last that there is, if that is past it.
    pub const fn after(self, time: Millis) -> Self {
        Self(self.0.saturating_add(time.0))
    }
}

/// `2026-12-01 00:00 UTC`; a moment that no calendar reaches as its milliseconds.
impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let moment = i64::try_from(self.0).ok();
        let moment = moment.and_then(|ms| jiff::Timestamp::from_millisecond(ms).ok());
        match moment {
            Some(moment) => f.pad(&moment.strftime("%F %H:%M UTC").to_string()),
            None => write!(f, "{} ms", self.0),
        }
    }
}

impl From<SystemTime> for Timestamp {
    /// A clock that is set before 1970 counts as 1970.
    fn from(time: SystemTime) -> Self {
        let since = time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        Self(u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
    }
}

/// Energy that work on this machine took.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Energy {
    /// Millijoules.
    pub mj: u64,
    /// Whether any of it was not measured, but is what the machine is said to draw.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_estimate: bool,
}

impl Energy {
    /// None.
    pub const NONE: Self = Self { mj: 0, is_estimate: false };

    /// Whether it is none.
    pub fn is_none(&self) -> bool {
        *self == Self::NONE
    }
}

impl AddAssign for Energy {
    fn add_assign(&mut self, other: Self) {
        self.mj = self.mj.saturating_add(other.mj);
        self.is_estimate = self.is_estimate || other.is_estimate;
    }
}

/// `0.042 Wh`, `about 12.500 Wh` if any of it is an estimate.
impl fmt::Display for Energy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let about = if self.is_estimate { "about " } else { "" };
        // A thousandth of a watt-hour is 3,600 millijoules.
        let thousandths = self.mj.div_ceil(3_600);
        f.pad(&format!("{about}{}.{:03} Wh", thousandths / 1_000, thousandths % 1_000))
    }
}

/// What a model call used.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Usage {
    /// Prompt tokens that were computed.
    pub prompt: Tokens,
    /// Prompt tokens that were found in the model's cache.
    pub cached: Tokens,
    /// Prompt tokens that were computed and put into a cache, where that has a price of its own;
    /// not among `prompt`.
    #[serde(default, skip_serializing_if = "is_none")]
    pub written: Tokens,
    /// As `written`, to be kept for an hour at least; not among `written`.
    #[serde(default, skip_serializing_if = "is_none")]
    pub written_hour: Tokens,
    /// As `written`, to be kept for twelve hours at least; not among the other two.
    #[serde(default, skip_serializing_if = "is_none")]
    pub written_half_day: Tokens,
    /// Tokens that were generated.
    pub output: Tokens,
    /// Tokens that were generated to reason, where that has a price of its own; not among
    /// `output`.
    #[serde(default, skip_serializing_if = "is_none")]
    pub reasoning: Tokens,
}

fn is_none(tokens: &Tokens) -> bool {
    *tokens == Tokens(0)
}

impl Usage {
    /// All tokens, computed, cached and generated.
    pub fn total(self) -> Tokens {
        self.read() + self.output + self.reasoning
    }

    /// All tokens of the prompt, wherever they came from.
    pub fn read(self) -> Tokens {
        let written = self.written + self.written_hour + self.written_half_day;
        self.prompt + self.cached + written
    }
}

impl AddAssign for Usage {
    fn add_assign(&mut self, other: Self) {
        self.prompt += other.prompt;
        self.cached += other.cached;
        self.written += other.written;
        self.written_hour += other.written_hour;
        self.written_half_day += other.written_half_day;
        self.output += other.output;
        self.reasoning += other.reasoning;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_and_tokens_read_at_a_glance() {
        for (millis, text) in
            [(0, "0.0 s"), (12_340, "12.3 s"), (245_000, "4 min 05 s"), (7_380_000, "2 h 03 min")]
        {
            assert_eq!(Millis(millis).to_string(), text);
        }
        for (tokens, text) in [(640, "640"), (12_345, "12.3k"), (4_567_890, "4.5M")] {
            assert_eq!(Tokens(tokens).to_string(), text);
        }
        for (bytes, text) in [
            (640, "640 B"),
            (12_345, "12.3 kB"),
            (4_567_890, "4.5 MB"),
            (20_000_000_000, "20.0 GB"),
        ] {
            assert_eq!(Bytes(bytes).to_string(), text);
        }
    }

    #[test]
    fn a_clock_that_went_back_measures_nothing() {
        assert_eq!(Timestamp(5).since(Timestamp(9)), Millis(0));
    }
}
