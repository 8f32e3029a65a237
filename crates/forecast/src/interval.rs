//! An estimate that says how far off it may be.

/// How much of its distribution an [`Interval`] holds.
pub const COVERED: f64 = 0.9;

/// An estimate with the interval that holds what is estimated nine times in ten:
/// `low <= likely <= high`, all finite.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Interval {
    /// One time in twenty it is lower.
    pub low: f64,
    /// The estimate.
    pub likely: f64,
    /// One time in twenty it is higher.
    pub high: f64,
}

impl Interval {
    /// Of three numbers, of which the first and last give way to the middle one.
    pub fn new(low: f64, likely: f64, high: f64) -> Self {
        debug_assert!(low.is_finite() && likely.is_finite() && high.is_finite());
        Self { low: low.min(likely), likely, high: high.max(likely) }
    }

    /// Whether a number lies within it, its ends included.
    pub fn holds(&self, number: f64) -> bool {
        (self.low..=self.high).contains(&number)
    }

    /// The same, as chances: all three brought within 0 and 1.
    #[must_use]
    pub fn chance(self) -> Self {
        let within = |number: f64| number.clamp(0.0, 1.0);
        Self { low: within(self.low), likely: within(self.likely), high: within(self.high) }
    }
}
