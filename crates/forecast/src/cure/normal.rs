//! The standard normal distribution, right far out in its tails too, where a chance is nothing
//! that a number holds but its logarithm still is.

use std::f64::consts::{FRAC_1_SQRT_2, PI};

use statrs::function::erf::erfc;

/// Beyond so many standard deviations all is taken to be as far: the tail is 10⁻¹⁹⁷ there.
const FAR: f64 = 30.0;

/// A number held to where the tails can be computed.
pub(super) fn near(z: f64) -> f64 {
    z.clamp(-FAR, FAR)
}

/// The chance of no more than `z`.
pub(super) fn below(z: f64) -> f64 {
    0.5 * erfc(-near(z) * FRAC_1_SQRT_2)
}

/// The logarithm of the density at `z`.
pub(super) fn log_density(z: f64) -> f64 {
    -0.5 * (z * z + (2.0 * PI).ln())
}

/// The logarithm of the chance of more than `z`.
pub(super) fn log_above(z: f64) -> f64 {
    below(-z).ln()
}

/// The density at `z` by the chance of more: how soon it ends now that it has lasted so long.
pub(super) fn hazard(z: f64) -> f64 {
    let z = near(z);
    (log_density(z) - log_above(z)).exp()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tails_are_those_of_tables() {
        assert!((below(1.644_853_627) - 0.95).abs() < 1e-9);
        // Mills' ratio: far out the hazard is z + 1/z, a little less.
        assert!((hazard(20.0) - 20.049_8).abs() < 1e-3);
        assert!((log_above(10.0) - -53.231_285).abs() < 1e-5);
        assert!(log_above(f64::MAX).is_finite() && hazard(-1e9) >= 0.0);
    }
}
