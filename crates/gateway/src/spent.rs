//! What was spent, by how that was known: kept apart from the first request on, so that the ledger
//! can say how much of a sum is a bound only.

use crate::{Basis, Spend};

/// Sums, one for each way of knowing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Spent([Spend; Basis::ALL.len()]);

impl Spent {
    /// Nothing.
    pub const NONE: Self = Self([Spend::NONE; Basis::ALL.len()]);

    /// So much, known so.
    #[must_use]
    pub fn of(basis: Basis, spend: Spend) -> Self {
        let mut all = Self::NONE;
        all.add(basis, spend);
        all
    }

    /// So much more, known so.
    pub fn add(&mut self, basis: Basis, spend: Spend) {
        self.0[basis as usize] += spend;
    }

    /// All of it.
    #[must_use]
    pub fn sum(&self) -> Spend {
        self.0.iter().fold(Spend::NONE, |sum, spend| sum + *spend)
    }

    /// What there is of each.
    pub fn each(&self) -> impl Iterator<Item = (Basis, Spend)> {
        let all = Basis::ALL.into_iter().zip(self.0);
        all.filter(|(_, spend)| *spend != Spend::NONE)
    }
}
