//! Success as a straight line in the logarithm of spend.

use crate::{Incidence, Refusal};

/// How many spends, evenly in their logarithm, the line is laid through.
const POINTS: usize = 16;

/// The line that is nearest to the share solved, by least squares over the part of the spends
/// that trials were solved at: the first of the essay's three observations taken at its word
/// (Altman, "Three Observations", 2025), as Kaplan and others ("Scaling laws for neural language
/// models", 2020) drew it for training.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LogLinear {
    share: f64,
    slope: f64,
}

impl LogLinear {
    /// Laid through the share solved as it was seen.
    ///
    /// # Errors
    ///
    /// Refuses where nothing was seen beyond the first success, since a line takes two points.
    pub fn of(seen: &Incidence) -> Result<Self, Refusal> {
        let steps = seen.steps();
        let few = |have| Refusal::TooFew { of: "spends from the first success on", have, need: 2 };
        let first = steps.iter().find(|step| step.solved > 0.0).ok_or_else(|| few(0))?;
        let (from, to) = (first.spend.ln(), seen.seen().ln());
        if to <= from {
            return Err(few(1));
        }
        let at = |point: usize| from + (to - from) * point as f64 / (POINTS - 1) as f64;
        let points: Vec<(f64, f64)> =
            (0..POINTS).map(at).map(|log| (log, seen.flat(log.exp()))).collect();
        let mean = |of: fn(&(f64, f64)) -> f64| points.iter().map(of).sum::<f64>() / POINTS as f64;
        let (middle, share) = (mean(|point| point.0), mean(|point| point.1));
        let (mut both, mut square) = (0.0, 0.0);
        for (log, solved) in &points {
            both += (log - middle) * (solved - share);
            square += (log - middle) * (log - middle);
        }
        let slope = (both / square).max(0.0);
        Ok(Self { share: share - slope * middle, slope })
    }

    /// The chance of success by a spend above zero.
    pub fn by(&self, spend: f64) -> f64 {
        (self.share + self.slope * spend.ln()).clamp(0.0, 1.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{End, Trial};

    #[test]
    fn a_line_is_found_again() {
        let trials: Vec<Trial> = (1..=1000)
            .map(|i| Trial {
                spend: (f64::from(i) / 200.0).exp(),
                end: if i <= 500 { End::Solved } else { End::Cut },
            })
            .collect();
        let trials: Vec<Trial> = trials.into_iter().map(|trial| trial.seen_until(8.0)).collect();
        let line = LogLinear::of(&Incidence::of(&trials).unwrap()).unwrap();
        assert!((line.by(12.0_f64) - 12.0_f64.ln() / 5.0).abs() < 0.02);
        assert_eq!((line.by(1e-9), line.by(1e9)), (0.0, 1.0));
    }

    #[test]
    fn one_spend_is_no_line() {
        let one = Incidence::of(&[Trial { spend: 1.0, end: End::Solved }]).unwrap();
        assert!(matches!(LogLinear::of(&one), Err(Refusal::TooFew { have: 1, .. })));
    }
}
