//! What a cascade is told: which rungs there are, and what was bought of them.

use jiff::civil::Date;

use crate::{Refusal, Trial};

/// A model with the strategy by which it works: what an attempt can be bought of.
///
/// A second attempt of the same is a rung of its own, under a name of its own.
#[derive(Debug, Clone, PartialEq)]
pub struct Rung {
    /// Its name; what was bought of it is known by it.
    pub name: String,
    /// The day from which it can be had. Before that day nothing of it is tried.
    pub date: Date,
    /// What an attempt is thought to cost in dollars before any was bought, if anybody can say: its
    /// list price times the tokens that attempts take.
    pub dollars: Option<f64>,
}

/// One attempt that was paid for.
#[derive(Debug, Clone, PartialEq)]
pub struct Bought {
    /// The name of the rung.
    pub rung: String,
    /// What was paid in dollars, and how it ended. Solved means here that the check let it pass.
    pub trial: Trial,
    /// Whether it was right, where somebody has looked at it since.
    pub right: Option<bool>,
}

impl Bought {
    /// Why nothing can be learned from it, if its cost can't be.
    pub(super) fn nonsense(&self) -> Option<Refusal> {
        let number = self.trial.spend;
        let sound = number.is_finite() && number >= 0.0;
        (!sound).then_some(Refusal::Nonsense { what: "the cost of an attempt", number })
    }
}
