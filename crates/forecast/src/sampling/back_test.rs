//! How far off the forecast was, had it been asked earlier: a tenth of the samples at hand
//! foretells what all of them came to.
//!
//! No samples are drawn for it: of each problem every number of right ones that a tenth could hold
//! counts as often as it would come up, so that the answer is the same each time.

use statrs::function::factorial::ln_binomial;

use super::tally::{Counted, put_together};
use super::{Estimates, Sampling, Tally, unbiased};

/// How many times fewer samples are shown than are foretold.
const FEWER: u64 = 10;
/// So many samples of each problem it takes.
const ENOUGH: u64 = 20;

/// No more are foretold than this, however many there are.
const MOST: u64 = 10_000;

/// What a part of the samples foretold, and what all of them came to.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BackTest {
    /// How many samples of each problem were shown.
    pub shown: u64,
    /// How many were foretold.
    pub foretold: u64,
    /// The share that they solved.
    pub came: f64,
    /// What each estimator had said.
    pub said: Estimates,
}

impl BackTest {
    /// How far what was told lay from what came.
    pub fn error(&self) -> f64 {
        (self.said.together - self.came).abs()
    }
}

pub(super) fn run(counted: &[Counted], least: u64) -> Option<BackTest> {
    if least < ENOUGH {
        return None;
    }
    let foretold = least.min(MOST);
    let shown = foretold / FEWER;
    let said = Sampling::fitted(thinned(counted, shown)).estimates(foretold).ok()?;
    Some(BackTest { shown, foretold, came: unbiased::mean(counted, foretold), said })
}

/// The tallies as they are on average when so few samples of each problem are kept
/// (hypergeometric).
fn thinned(counted: &[Counted], kept: u64) -> Vec<Counted> {
    let mut problems = vec![0.0; kept as usize + 1];
    for one in counted {
        let (drawn, right) = (one.tally.drawn, one.tally.right);
        let all = ln_binomial(drawn, kept);
        let from = kept.saturating_sub(drawn - right);
        for here in from..=kept.min(right) {
            let ways = ln_binomial(right, here) + ln_binomial(drawn - right, kept - here);
            problems[here as usize] += one.problems * (ways - all).exp();
        }
    }
    let thinned = problems.into_iter().zip(0..).filter(|(problems, _)| *problems > 1e-9);
    put_together(
        thinned
            .map(|(problems, right)| Counted { tally: Tally { drawn: kept, right }, problems })
            .collect(),
    )
}
