//! How far one allowance is used at one account: what was used and what is set aside in the
//! present period, and what was carried over into it. What a period is stands in `calendar`;
//! what else may be used, because it was given, in `ledger`.
//!
//! What is set aside counts in the period in which that was done. If the bill comes in a later one,
//! all of it stays counted there, and what it is too much counts in the later. What was used beyond
//! an allowance is carried over, too, where anything is.

use tenfold_domain::{Allowance, AllowanceId, MeterBalance, Timestamp};

use crate::calendar;

/// The sums are wider than the amounts that go into them, so that they never saturate: what was
/// added can always be taken away again, to the last of its units.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Meter {
    pub(crate) allowance: AllowanceId,
    period: u64,
    used: u128,
    held: u128,
    /// Below zero if more was used than might be.
    carried: i128,
}

/// The bill for what was set aside, as far as an allowance pays it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bill {
    pub(crate) held: u64,
    pub(crate) used: u64,
    /// When it was set aside.
    pub(crate) from: Timestamp,
    /// When it came.
    pub(crate) at: Timestamp,
}

impl Meter {
    /// Of which nothing is used yet.
    pub(crate) fn new(allowance: AllowanceId, terms: &Allowance, at: Timestamp) -> Self {
        let period = calendar::number(terms.per, at);
        Self { allowance, period, used: 0, held: 0, carried: 0 }
    }

    /// As it stands at a moment. A moment before the present period counts as in it.
    #[must_use]
    pub(crate) fn at(self, terms: &Allowance, at: Timestamp) -> Self {
        let period = calendar::number(terms.per, at);
        let Some(later @ 1..) = period.checked_sub(self.period) else { return self };
        let carried = match terms.carry {
            0 => 0,
            _ => {
                let idle = i128::from(terms.most.amount()).saturating_mul((later - 1).into());
                self.rest(terms).saturating_add(idle).min(terms.carried().into())
            }
        };
        Self { period, used: 0, held: 0, carried, ..self }
    }

    /// Counts what was used in a period that has not begun yet in the one at hand. What is set
    /// aside is counted anew by who calls this.
    pub(crate) fn go_back_to(&mut self, terms: &Allowance, at: Timestamp) {
        self.period = self.period.min(calendar::number(terms.per, at));
        self.held = 0;
    }

    /// What is left of it with what was carried over; below zero if that is passed.
    fn rest(&self, terms: &Allowance) -> i128 {
        let gone = i128::try_from(self.used + self.held).unwrap_or(i128::MAX);
        i128::from(terms.most.amount()).saturating_add(self.carried).saturating_sub(gone)
    }

    /// What is left of it, with what was carried over.
    pub(crate) fn room(&self, terms: &Allowance) -> u128 {
        u128::try_from(self.rest(terms)).unwrap_or(0)
    }

    /// By how much this amount more would pass it, and what has passed it already.
    pub(crate) fn beyond(&self, terms: &Allowance, amount: u64) -> u128 {
        let beyond = i128::from(amount).saturating_sub(self.rest(terms));
        u128::try_from(beyond).unwrap_or(0)
    }

    /// What was used and what is set aside in the present period.
    pub(crate) fn used_and_held(&self) -> (u128, u128) {
        (self.used, self.held)
    }

    /// When it begins anew; `None` if it never does.
    pub(crate) fn renews(&self, terms: &Allowance) -> Option<Timestamp> {
        calendar::begins(terms.per, self.period.checked_add(1)?)
    }

    /// Sets so much aside that was decided at this moment; nothing if its period is over.
    pub(crate) fn hold(&mut self, terms: &Allowance, amount: u64, at: Timestamp) {
        *self = self.at(terms, at);
        if calendar::number(terms.per, at) == self.period {
            self.held += u128::from(amount);
        }
    }

    /// Uses so much without setting it aside.
    pub(crate) fn use_up(&mut self, terms: &Allowance, amount: u64, at: Timestamp) {
        *self = self.at(terms, at);
        self.used += u128::from(amount);
    }

    /// Books the bill for what was set aside. It may be heard of a little late, when the next
    /// period has begun here, and comes to the same.
    pub(crate) fn settle(&mut self, terms: &Allowance, bill: Bill) {
        let [from, at] =
            [bill.from, bill.at.max(bill.from)].map(|at| calendar::number(terms.per, at));
        // What comes in a later period leaves the one before as it was.
        let used = if from == at { bill.used } else { bill.held };
        if from == self.period {
            self.held = self.held.saturating_sub(bill.held.into());
            self.used += u128::from(used);
        } else if terms.carry > 0 {
            let back = i128::from(bill.held) - i128::from(used);
            self.carried = (self.carried + back).min(terms.carried().into());
        }
        if from != at && bill.used > bill.held {
            self.use_up(terms, bill.used - bill.held, bill.at);
        }
    }

    /// In numbers that are recorded, beside what is set aside; `None` if they are too large.
    pub(crate) fn balance(&self) -> Option<MeterBalance> {
        let (used, carried) = (self.used.try_into().ok()?, self.carried.try_into().ok()?);
        Some(MeterBalance { allowance: self.allowance, period: self.period, used, carried })
    }

    /// As it was recorded.
    pub(crate) fn standing(balance: &MeterBalance) -> Self {
        let MeterBalance { allowance, period, used, carried } = *balance;
        let (used, carried) = (u128::from(used), i128::from(carried));
        Self { allowance, period, used, held: 0, carried }
    }
}
