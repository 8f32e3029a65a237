//! What a request takes of an account: money, tokens, and itself. It is apart because the bank, the
//! blocks and the bill all count in it; it knows none of them, and has no float.

use tenfold_domain::{NanoUsd, Tokens};

/// An amount of what accounts are limited in.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Spend {
    /// In nano-dollars.
    pub money: NanoUsd,
    /// Tokens that are read and tokens that are written.
    pub tokens: Tokens,
    /// How many requests.
    pub requests: u64,
}

impl Spend {
    /// Nothing.
    pub const NONE: Self = Self { money: NanoUsd(0), tokens: Tokens(0), requests: 0 };

    /// Whether all of it is there in `room`.
    #[must_use]
    pub const fn fits(self, room: Self) -> bool {
        self.money.0 <= room.money.0
            && self.tokens.0 <= room.tokens.0
            && self.requests <= room.requests
    }

    /// Both together; saturates, as money does.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self {
            money: self.money + other.money,
            tokens: self.tokens + other.tokens,
            requests: self.requests.saturating_add(other.requests),
        }
    }

    /// What is left of each when `other` is taken away; nothing where `other` is larger.
    #[must_use]
    pub const fn without(self, other: Self) -> Self {
        Self {
            money: self.money.saturating_sub(other.money),
            tokens: self.tokens.saturating_sub(other.tokens),
            requests: self.requests.saturating_sub(other.requests),
        }
    }

    /// The smaller of each.
    #[must_use]
    pub fn at_most(self, other: Self) -> Self {
        Self {
            money: self.money.min(other.money),
            tokens: self.tokens.min(other.tokens),
            requests: self.requests.min(other.requests),
        }
    }

    /// The larger of each.
    #[must_use]
    pub fn at_least(self, other: Self) -> Self {
        Self {
            money: self.money.max(other.money),
            tokens: self.tokens.max(other.tokens),
            requests: self.requests.max(other.requests),
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
