//! Chances spread as a beta distribution: which of them there are, and how likely each is before
//! anything is seen.
//!
//! Without the second, a fit runs off where successes are rare: one with no end to its hard
//! problems and one with hardly any explain the same few counts. α is the exponent of the power
//! law that a curve of samples comes to (Schaeffer et al., 2025), and is put around 0.4, twice as
//! much or half being one standard deviation; β, which is about the easy problems, around 10 and
//! four and a half times as far. Both are round numbers and judgement, not fits.

use super::population::{Grid, Spread, ladder, normal};

pub(super) fn spreads(grid: &Grid) -> Vec<Spread> {
    let mut all = Vec::new();
    for alpha in ladder(0.02, 5.0, 20) {
        for beta in ladder(0.3, 500.0, 20) {
            let prior = normal(alpha.ln(), 0.4_f64.ln(), 0.7) + normal(beta.ln(), 10_f64.ln(), 1.5);
            let heights = grid.chances().map(|(yes, no)| alpha * yes + beta * no);
            all.push(Spread::new(heights.collect(), prior));
        }
    }
    all
}
