//! One try at one task, as the estimators see it.

/// How a trial ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum End {
    /// It was solved, at the spend that stands beside it.
    Solved,
    /// It ended by itself at that spend, and was not solved: going on was not for sale.
    Failed,
    /// It was cut off at that spend, by a budget, a person or a cascade. What would have become of
    /// it is not known; to count it as a failure would make every budget look wise.
    Cut,
}

/// How much one try has taken, and how it ended.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Trial {
    /// What it took, in the unit that all trials of one forecast share: dollars, steps, samples
    /// or seconds. Above zero.
    pub spend: f64,
    /// How it ended.
    pub end: End,
}

impl Trial {
    /// The same trial as it would have been seen if it had been cut off at `spend`: it is known
    /// only to have gone on for so long, unless it had ended by then.
    #[must_use]
    pub fn seen_until(self, spend: f64) -> Self {
        if self.spend <= spend { self } else { Self { spend, end: End::Cut } }
    }

    /// Whether it was solved at `spend` or before.
    pub fn solved_by(self, spend: f64) -> bool {
        self.end == End::Solved && self.spend <= spend
    }
}
