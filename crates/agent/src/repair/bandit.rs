//! Which generator gets the next samples is decided by what has worked: a bandit with one
//! arm for each generator, whose chance to mend a fault that it is pointed at has a beta
//! distribution. A draw from each (Thompson, "On the likelihood that one unknown probability
//! exceeds another", Biometrika 1933) weighs the moves.

use serde::{Deserialize, Serialize};
use tenfold_domain::Draws;

/// A generator's chance, as far as it is known.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(super) struct Arm {
    won: f64,
    lost: f64,
}

impl Arm {
    /// A chance of which nothing is known but a guess, worth `weight` observations.
    pub(super) fn guess(chance: f64, weight: f64) -> Self {
        Self { won: chance * weight, lost: (1.0 - chance) * weight }
    }

    /// The same, with observations that count `weight` each.
    pub(super) fn observe(&mut self, won: f64, lost: f64) {
        self.won += won;
        self.lost += lost;
    }

    /// The expected chance.
    pub(super) fn mean(self) -> f64 {
        self.won / (self.won + self.lost)
    }

    /// A draw from the distribution of the chance.
    pub(super) fn draw(self, draws: &mut Draws) -> f64 {
        let won = gamma(self.won, draws);
        let lost = gamma(self.lost, draws);
        if won + lost > 0.0 { won / (won + lost) } else { self.mean() }
    }
}

/// A draw from the gamma distribution with this shape and scale one (Marsaglia and Tsang,
/// "A simple method for generating gamma variables", ACM TOMS 2000).
fn gamma(shape: f64, draws: &mut Draws) -> f64 {
    if shape < 1.0 {
        let boost = draws.unit().max(f64::MIN_POSITIVE).powf(1.0 / shape.max(1e-3));
        return gamma(shape + 1.0, draws) * boost;
    }
    let d = shape - 1.0 / 3.0;
    let c = 1.0 / (9.0 * d).sqrt();
    // The first draw is taken nineteen times of twenty; the bound only keeps this total.
    for _ in 0..64 {
        let x = normal(draws);
        let v = (1.0 + c * x).powi(3);
        if v > 0.0 && draws.unit().ln() < 0.5 * x * x + d - d * v + d * v.ln() {
            return d * v;
        }
    }
    d
}

/// A draw from the standard normal distribution (Box and Muller, 1958).
fn normal(draws: &mut Draws) -> f64 {
    let radius = (-2.0 * draws.unit().max(f64::MIN_POSITIVE).ln()).sqrt();
    radius * (std::f64::consts::TAU * draws.unit()).cos()
}

#[cfg(test)]
mod tests {
    use super::*;
    use tenfold_domain::Seed;

    #[test]
    fn draws_have_the_mean_of_the_arm_and_narrow_with_evidence() {
        let spread = |arm: Arm| {
            let mut draws = Seed(3).draws();
            let values: Vec<f64> = (0..4_000).map(|_| arm.draw(&mut draws)).collect();
            let mean = values.iter().sum::<f64>() / values.len() as f64;
            assert!((mean - arm.mean()).abs() < 0.02, "{mean} against {}", arm.mean());
            values.iter().map(|v| (v - mean).powi(2)).sum::<f64>()
        };
        let little = Arm::guess(0.3, 2.0);
        let mut much = little;
        much.observe(30.0, 70.0);
        assert!(spread(much) < spread(little) / 10.0);
    }
}
