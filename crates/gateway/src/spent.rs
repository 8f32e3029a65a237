//! What was spent, by how that was known: kept apart from the first request on, so that the ledger
//! can say how much of a sum is a bound only.

use tenfold_domain::Energy;

use crate::{Basis, Spend};

/// Sums, one for each way of knowing; of each, what it took of this machine's energy.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Spent([(Spend, Energy); Basis::ALL.len()]);

impl Spent {
    /// Nothing.
    pub const NONE: Self = Self([(Spend::NONE, Energy::NONE); Basis::ALL.len()]);

    /// So much, known so.
    #[must_use]
    pub fn of(basis: Basis, spend: Spend) -> Self {
        let mut all = Self::NONE;
        all.add(basis, spend, Energy::NONE);
        all
    }

    /// So much more, known so.
    pub fn add(&mut self, basis: Basis, spend: Spend, energy: Energy) {
        let (sum, all) = &mut self.0[basis as usize];
        *sum += spend;
        *all += energy;
    }

    /// All of this more.
    pub fn join(&mut self, more: &Self) {
        more.each().for_each(|(basis, spend, energy)| self.add(basis, spend, energy));
    }

    /// All of it.
    #[must_use]
    pub fn sum(&self) -> Spend {
        self.0.iter().fold(Spend::NONE, |sum, (spend, _)| sum + *spend)
    }

    /// What there is of each.
    pub fn each(&self) -> impl Iterator<Item = (Basis, Spend, Energy)> {
        let all = Basis::ALL.into_iter().zip(self.0);
        all.filter(|(_, (spend, _))| *spend != Spend::NONE)
            .map(|(basis, (spend, energy))| (basis, spend, energy))
    }
}
