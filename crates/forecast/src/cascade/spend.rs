//! What an attempt costs: log-normal, and apart for what is solved and what fails, since what goes
//! on for long rarely ends well. That is why a cap can pay.

use statrs::function::erf::erfc;

use super::Bought;
use crate::End;

/// Below this, in dollars, costs are not told apart: what is free has no logarithm.
pub(super) const LEAST: f64 = 1e-4;

/// Beyond so many standard deviations all is alike, so that nothing is divided by nothing.
const FARTHEST: f64 = 8.0;

/// A log-normal distribution of dollars.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Spend {
    /// The mean of the logarithm.
    pub(super) mean: f64,
    /// Its standard deviation.
    pub(super) sd: f64,
}

impl Spend {
    /// How many standard deviations the logarithm of so many dollars lies above the mean.
    fn z(&self, dollars: f64) -> f64 {
        ((dollars.max(LEAST).ln() - self.mean) / self.sd).clamp(-FARTHEST, FARTHEST)
    }

    /// The chance that an attempt has ended by so many dollars.
    pub(super) fn ended_by(&self, dollars: f64) -> f64 {
        below(self.z(dollars))
    }

    /// How likely it ends just there, per unit of the logarithm.
    pub(super) fn density(&self, dollars: f64) -> f64 {
        bell(self.z(dollars)) / self.sd
    }

    /// What is paid in the mean when it is cut off at `cap` dollars.
    pub(super) fn paid(&self, cap: f64) -> f64 {
        let whole = (self.mean + self.sd * self.sd / 2.0).exp();
        if cap.is_infinite() {
            return whole;
        }
        let z = self.z(cap);
        whole * below(z - self.sd) + cap * below(-z)
    }

    /// The logarithm of what an attempt would have cost and its square, in the mean: as it was, or
    /// of all that is beyond the cut.
    pub(super) fn logarithm(&self, bought: &Bought) -> (f64, f64) {
        if bought.trial.end != End::Cut {
            let log = bought.trial.spend.max(LEAST).ln();
            return (log, log * log);
        }
        let z = self.z(bought.trial.spend);
        let hazard = bell(z) / below(-z);
        let mean = self.mean + self.sd * hazard;
        let variance = self.sd * self.sd * (1.0 + z * hazard - hazard * hazard).max(0.0);
        (mean, variance + mean * mean)
    }
}

/// The share of a standard normal distribution that lies below.
fn below(z: f64) -> f64 {
    0.5 * erfc(-z / std::f64::consts::SQRT_2)
}

/// Its density.
fn bell(z: f64) -> f64 {
    (-z * z / 2.0).exp() / std::f64::consts::TAU.sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Trial;

    const SPEND: Spend = Spend { mean: -1.0, sd: 0.8 };

    /// Costs in the middle of each of many equal shares of the distribution.
    fn costs() -> Vec<f64> {
        use statrs::distribution::{ContinuousCDF, Normal};
        let normal = Normal::new(SPEND.mean, SPEND.sd).unwrap();
        let shares = (0..4_000).map(|nth| (f64::from(nth) + 0.5) / 4_000.0);
        shares.map(|share| normal.inverse_cdf(share).exp()).collect()
    }

    #[test]
    fn a_cap_is_paid_by_what_would_have_cost_more() {
        let costs = costs();
        for cap in [0.05, 0.3, 2.0, f64::INFINITY] {
            let paid: f64 = costs.iter().map(|cost| cost.min(cap)).sum::<f64>() / 4_000.0;
            assert!((SPEND.paid(cap) - paid).abs() < 0.005, "{cap}: {} {paid}", SPEND.paid(cap));
        }
    }

    #[test]
    fn what_was_cut_would_have_cost_what_lies_beyond() {
        let beyond: Vec<f64> =
            costs().into_iter().filter(|cost| *cost > 0.5).map(f64::ln).collect();
        let mean = beyond.iter().sum::<f64>() / beyond.len() as f64;
        let square = beyond.iter().map(|log| log * log).sum::<f64>() / beyond.len() as f64;
        let trial = Trial { spend: 0.5, end: End::Cut };
        let cut = Bought { rung: "a".to_owned(), trial, right: None };
        let (found, squared) = SPEND.logarithm(&cut);
        assert!((found - mean).abs() < 0.01 && (squared - square).abs() < 0.01);
    }
}
