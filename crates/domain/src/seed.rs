//! Recorded randomness: every random choice comes from a seed that is written down.

use serde::{Deserialize, Serialize};

/// The number from which all random choices of an attempt are drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(transparent)]
pub struct Seed(pub u64);

impl Seed {
    /// A seed of its own for the `n`-th thing below this one.
    pub fn child(self, n: u64) -> Self {
        let mut draws = Draws { state: self.0 ^ n.wrapping_mul(0xD6E8_FEB8_6659_FD93) };
        Self(draws.next_u64())
    }

    /// The draws from this seed, in their order.
    pub fn draws(self) -> Draws {
        Draws { state: self.0 }
    }
}

/// A stream of draws: SplitMix64 (Steele, Lea and Flood, "Fast splittable pseudorandom
/// number generators", OOPSLA 2014). Written here because a library's generator may change
/// between its releases, and a recorded seed has to mean the same for ever.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Draws {
    state: u64,
}

impl Draws {
    /// The next 64 random bits.
    pub fn next_u64(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// A number in `[0, 1)`.
    pub fn unit(&mut self) -> f64 {
        (self.next_u64() >> 11) as f64 / (1u64 << 53) as f64
    }

    /// A number in `0..bound`; zero if `bound` is zero.
    pub fn below(&mut self, bound: usize) -> usize {
        ((u128::from(self.next_u64()) * bound as u128) >> 64) as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_means_the_same_for_ever() {
        let mut draws = Seed(0).draws();
        assert_eq!(draws.next_u64(), 0xE220_A839_7B1D_CDAF);
        assert_eq!(draws.next_u64(), 0x6E78_9E6A_A1B9_65F4);
    }

    #[test]
    fn draws_stay_within_their_bounds() {
        let mut draws = Seed(7).draws();
        assert!((0..1_000).all(|_| draws.below(3) < 3 && (0.0..1.0).contains(&draws.unit())));
        assert_eq!(draws.below(0), 0);
    }
}
