//! The share solved by k samples within what was drawn: no assumption, and no word on more.

use statrs::function::factorial::ln_binomial;

use super::Tally;
use super::tally::Counted;

/// The chance that k samples, taken at random of those that were drawn, hold a right one: the
/// unbiased pass@k (Chen et al., "Evaluating large language models trained on code", 2021). For k
/// beyond what was drawn it is that of all of them, which is too little.
pub fn solved_by(tally: Tally, samples: u64) -> f64 {
    let wrong = tally.drawn.saturating_sub(tally.right);
    let samples = samples.min(tally.drawn);
    if tally.right == 0 || samples == 0 {
        return 0.0;
    }
    // Of fewer wrong ones than that there is no way to choose: the logarithm of none.
    -(ln_binomial(wrong, samples) - ln_binomial(tally.drawn, samples)).exp_m1()
}

/// Its mean over all problems.
pub(super) fn mean(counted: &[Counted], samples: u64) -> f64 {
    let problems: f64 = counted.iter().map(|one| one.problems).sum();
    let solved = counted.iter().map(|one| one.problems * solved_by(one.tally, samples));
    (solved.sum::<f64>() / problems).clamp(0.0, 1.0)
}
