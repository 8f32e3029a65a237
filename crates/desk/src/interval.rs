//! An estimate with its range, as it is told everywhere.

use serde::{Deserialize, Serialize};
use tenfold_domain::Odds;
use utoipa::ToSchema;

/// An estimate: nine times in ten what comes is between the two ends.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Interval {
    /// One time in twenty it is lower.
    pub low: f64,
    /// The estimate.
    pub likely: f64,
    /// One time in twenty it is higher.
    pub high: f64,
}

impl From<tenfold_forecast::Interval> for Interval {
    fn from(told: tenfold_forecast::Interval) -> Self {
        let tenfold_forecast::Interval { low, likely, high } = told;
        Self { low, likely, high }
    }
}

impl From<&Odds> for Interval {
    fn from(Odds { low, likely, high, .. }: &Odds) -> Self {
        Self { low: *low, likely: *likely, high: *high }
    }
}
