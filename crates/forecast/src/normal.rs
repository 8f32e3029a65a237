//! Numbers from the normal distribution, drawn from a seed.

use tenfold_domain::Draws;

/// A number from the standard normal distribution (Box and Muller, "A note on the generation of
/// random normal deviates", 1958).
pub fn normal(draws: &mut Draws) -> f64 {
    let (one, two) = (1.0 - draws.unit(), draws.unit());
    (-2.0 * one.ln()).sqrt() * (std::f64::consts::TAU * two).cos()
}
