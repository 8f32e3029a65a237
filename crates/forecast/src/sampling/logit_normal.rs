//! Chances whose log odds are spread as a normal distribution: which of them there are, and how
//! likely each is before anything is seen.
//!
//! Its hard end is longer than the beta's where that matters, and the samples say which fits. The
//! priors are wide and round: log odds of a typical problem around −4 give or take 4, and a spread
//! around 2.5, a factor of 1.6 being one standard deviation.

use super::population::{Grid, Spread, ladder, normal};

pub(super) fn spreads(grid: &Grid) -> Vec<Spread> {
    let mut all = Vec::new();
    for step in 0..22 {
        let middle = -14.0 + 0.8 * f64::from(step);
        for wide in ladder(0.4, 6.0, 16) {
            let prior = normal(middle, -4.0, 4.0) + normal(wide.ln(), 2.5_f64.ln(), 0.5);
            let heights = grid.odds().map(|odds| normal(odds, middle, wide));
            all.push(Spread::new(heights.collect(), prior));
        }
    }
    all
}
