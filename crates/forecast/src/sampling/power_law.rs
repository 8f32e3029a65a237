//! The share solved as a power law: −ln of it falls as a power of the samples, −ln s(k) = a·k^−b
//! (Brown et al., "Large Language Monkeys", 2024). It holds where the chances of the problems thin
//! out towards none as a power (Schaeffer et al., "How Do Large Language Monkeys Get Their Power
//! (Laws)?", 2025), and asks for nothing else about them.

use super::tally::Counted;
use super::unbiased;

/// How many points of the curve a line is laid through, evenly spaced in the logarithm.
const POINTS: u32 = 25;
/// The first point, as a share of the last. The curve bends where the easy problems are solved
/// by one sample or two, which says nothing of the hard ones that more samples are for.
const FIRST: f64 = 0.03;
/// So many samples make a line.
const ENOUGH: u64 = 8;

/// A line in ln k and ln(−ln s).
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct PowerLaw {
    at_one: f64,
    slope: f64,
}

impl PowerLaw {
    /// By least squares through the unbiased curve up to `drawn` samples; `None` if they are too
    /// few, or if all or nothing is solved on the way.
    pub(super) fn fitted(counted: &[Counted], drawn: u64) -> Option<Self> {
        if drawn < ENOUGH {
            return None;
        }
        let first = (FIRST * drawn as f64).max(1.0).ln();
        let step = ((drawn as f64).ln() - first) / f64::from(POINTS - 1);
        let mut samples: Vec<u64> = (0..POINTS)
            .map(|point| (first + step * f64::from(point)).exp().round() as u64)
            .map(|samples| samples.clamp(1, drawn))
            .collect();
        samples.dedup();
        let points = samples.into_iter().filter_map(|k| {
            let share = unbiased::mean(counted, k);
            (share > 1e-12 && share < 1.0 - 1e-12).then(|| ((k as f64).ln(), (-share.ln()).ln()))
        });
        Self::through(&points.collect::<Vec<_>>())
    }

    fn through(points: &[(f64, f64)]) -> Option<Self> {
        if points.len() < 3 {
            return None;
        }
        let count = points.len() as f64;
        let x = points.iter().map(|point| point.0).sum::<f64>() / count;
        let y = points.iter().map(|point| point.1).sum::<f64>() / count;
        let wide: f64 = points.iter().map(|point| (point.0 - x).powi(2)).sum();
        let both: f64 = points.iter().map(|point| (point.0 - x) * (point.1 - y)).sum();
        // More samples never solve less, whatever rounding says.
        let slope = (both / wide).min(0.0);
        Some(Self { at_one: y - slope * x, slope })
    }

    /// The share that k samples solve.
    pub(super) fn at(self, k: f64) -> f64 {
        (-(self.at_one + self.slope * k.ln()).exp()).exp()
    }
}
