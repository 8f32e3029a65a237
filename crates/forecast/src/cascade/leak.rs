//! How much wrong work a check lets pass, from what people found when they looked.

use statrs::distribution::{Beta, ContinuousCDF};

use crate::{COVERED, Interval};

/// Before anybody has looked, a check is thought to let one in twenty pass, with the weight of ten
/// pieces of wrong work.
const PRIOR: [f64; 2] = [0.5, 9.5];

/// What became of work that was checked.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Checked {
    /// How much passed the check.
    pub passed: u64,
    /// How much of that people have looked at and found right.
    pub right: u64,
    /// How much of that people have looked at and found wrong: rejected, or accepted and reverted.
    pub wrong: u64,
    /// How much the check did not let pass.
    pub failed: u64,
}

/// The share of wrong work that the check lets pass.
///
/// People look only at work that passed, and not at all of it: so of the work that failed as large
/// a part is put beside what they found as they have looked at of what passed.
pub fn leak(checked: Checked) -> Interval {
    let looked = checked.right.saturating_add(checked.wrong) as f64;
    let part = if checked.passed == 0 { 0.0 } else { (looked / checked.passed as f64).min(1.0) };
    let (passed, held) = (PRIOR[0] + checked.wrong as f64, PRIOR[1] + part * checked.failed as f64);
    let likely = passed / (passed + held);
    let tail = (1.0 - COVERED) / 2.0;
    match Beta::new(passed, held) {
        Ok(beta) => Interval::new(beta.inverse_cdf(tail), likely, beta.inverse_cdf(1.0 - tail)),
        Err(_) => Interval::new(0.0, likely, 1.0),
    }
    .chance()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_nobody_looked_at_says_nothing() {
        let unseen = leak(Checked { passed: 1_000, failed: 1_000, ..Checked::default() });
        assert_eq!(unseen, leak(Checked::default()));
        assert!(unseen.low < 0.01 && unseen.high > 0.15, "{unseen:?}");
    }

    #[test]
    fn a_part_that_was_looked_at_stands_for_the_whole() {
        // Of 1,000 that were wrong 200 passed; people looked at a quarter of what passed.
        let some = leak(Checked { passed: 1_000, right: 200, wrong: 50, failed: 800 });
        assert!(some.holds(0.2) && (some.likely - 0.2).abs() < 0.02, "{some:?}");
        let all = leak(Checked { passed: 1_000, right: 800, wrong: 200, failed: 800 });
        assert!(all.high - all.low < some.high - some.low, "who looks at more knows more");
    }
}
