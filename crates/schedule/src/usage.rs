//! What an account has used of late, in money that is forgotten by half-lives, and the order
//! of accounts that follows. Apart, because it is the only place with real numbers. It never
//! bills anybody: that is the ledger's.

use std::cmp::Ordering;

use tenfold_domain::{Millis, NanoUsd, Timestamp};

/// Decayed usage: a number and the moment for which it holds.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Usage {
    nano_usd: f64,
    at: Timestamp,
}

impl Usage {
    /// Adds what was used now.
    pub(crate) fn add(&mut self, nano_usd: f64, now: Timestamp, half_life: Millis) {
        self.nano_usd = self.now(now, half_life) + nano_usd;
        self.at = now;
    }

    /// Takes back what is left of something that was added at `then`.
    pub(crate) fn take_back(
        &mut self,
        nano_usd: f64,
        then: Timestamp,
        now: Timestamp,
        half_life: Millis,
    ) {
        let left = nano_usd * decay(now.since(then), half_life);
        self.nano_usd = (self.now(now, half_life) - left).max(0.0);
        self.at = now;
    }

    fn now(&self, now: Timestamp, half_life: Millis) -> f64 {
        self.nano_usd * decay(now.since(self.at), half_life)
    }

    /// The place of the account in the order. All usage decays by the same factor in the same
    /// time, so that the order of two accounts changes only when one of them uses something:
    /// this is the logarithm of what the usage would have been grown to at one common moment.
    pub(crate) fn share(&self, weight: u32, half_life: Millis) -> Share {
        let per_weight = self.nano_usd / f64::from(weight.max(1));
        Share(per_weight.log2() + self.at.0 as f64 / half_life.0.max(1) as f64)
    }
}

/// How much of a number is left after this long.
fn decay(age: Millis, half_life: Millis) -> f64 {
    (-(age.0 as f64) / half_life.0.max(1) as f64).exp2()
}

/// What work counts as: the money for models, and the time of cores at a price; something
/// even for nothing, so that the next one is another account's.
pub(crate) fn charge(cost: NanoUsd, wall: Millis, millicores: u64, core_hour: NanoUsd) -> f64 {
    const MILLICORES_MS_PER_CORE_HOUR: f64 = 1_000.0 * 3_600_000.0;
    let core_hours = millicores as f64 * wall.0 as f64 / MILLICORES_MS_PER_CORE_HOUR;
    (cost.0 as f64 + core_hours * core_hour.0 as f64).max(1.0)
}

/// The place of an account in the order between accounts; who has used less goes first.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Share(f64);

impl PartialEq for Share {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Share {}

impl PartialOrd for Share {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Share {
    fn cmp(&self, other: &Self) -> Ordering {
        self.0.total_cmp(&other.0)
    }
}
