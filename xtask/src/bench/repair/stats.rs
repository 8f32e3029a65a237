//! The few statistics that the report needs. Pure arithmetic, nothing of tasks.

/// A number of successes among a number of tries.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Rate {
    pub(super) solved: usize,
    pub(super) of: usize,
}

impl Rate {
    /// Counts those for which `solved` is true.
    pub(super) fn count(each: impl Iterator<Item = bool>) -> Self {
        each.fold(Self::default(), |rate, solved| Self {
            solved: rate.solved + usize::from(solved),
            of: rate.of + 1,
        })
    }

    /// 0 to 1; zero if there were no tries.
    pub(super) fn share(self) -> f64 {
        if self.of == 0 { 0.0 } else { self.solved as f64 / self.of as f64 }
    }

    /// The 95 % interval of Wilson (1927), as shares; all of 0 to 1 if there were no tries.
    pub(super) fn wilson(self) -> (f64, f64) {
        if self.of == 0 {
            return (0.0, 1.0);
        }
        let z2 = 1.959_964_f64.powi(2);
        let n = self.of as f64;
        let p = self.share();
        let middle = p + z2 / (2.0 * n);
        let reach = (z2 * (p * (1.0 - p) / n + z2 / (4.0 * n * n))).sqrt();
        let scale = 1.0 + z2 / n;
        (((middle - reach) / scale).max(0.0), ((middle + reach) / scale).min(1.0))
    }
}

/// The value below which this share of the values lies, by the nearest rank; none of none.
pub(super) fn quantile(values: &[u64], share: f64) -> Option<u64> {
    let mut sorted = values.to_vec();
    sorted.sort_unstable();
    let rank = (share * sorted.len() as f64).ceil().max(1.0) as usize;
    sorted.get(rank - 1).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wilson_agrees_with_the_published_example() {
        // Newcombe, "Two-sided confidence intervals for the single proportion" (1998): 81
        // of 263 gives 0.2553 to 0.3662, and 0 of 20 gives 0 to 0.1611.
        let (low, high) = Rate { solved: 81, of: 263 }.wilson();
        assert!((low - 0.2553).abs() < 1e-4 && (high - 0.3662).abs() < 1e-4, "{low} {high}");
        let (low, high) = Rate { solved: 0, of: 20 }.wilson();
        assert!(low.abs() < 1e-9 && (high - 0.1611).abs() < 1e-4, "{low} {high}");
    }

    #[test]
    fn the_median_and_the_ninetieth_percentile_are_values_that_occurred() {
        let values: Vec<u64> = (1..=10).rev().collect();
        assert_eq!((quantile(&values, 0.5), quantile(&values, 0.9)), (Some(5), Some(9)));
        assert_eq!((quantile(&[7], 0.9), quantile(&[], 0.5)), (Some(7), None));
    }
}
