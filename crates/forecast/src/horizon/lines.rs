//! The lines in log odds that may be true, as many as stand for all of them: what is told is an
//! average over them and the range they are in. Each falls with the length of a task or is level,
//! and so do their average and their range.

use statrs::distribution::{ContinuousCDF, Normal};

use crate::Interval;

/// How many values of the level, and of the slope for each, stand for all.
const EACH: u32 = 24;

/// Lines of log odds over the length of a task, all as likely as each other.
pub(super) struct Lines(Vec<(f64, f64)>);

/// How level and slope are spread: their means, variances and covariance.
pub(super) struct Spread {
    pub(super) level: f64,
    pub(super) slope: f64,
    pub(super) level_variance: f64,
    pub(super) slope_variance: f64,
    pub(super) covariance: f64,
}

impl Lines {
    pub(super) fn of(spread: &Spread) -> Self {
        let normal = Normal::standard();
        let steps: Vec<f64> = (0..EACH)
            .map(|step| normal.inverse_cdf((f64::from(step) + 0.5) / f64::from(EACH)))
            .collect();
        let slope = spread.slope_variance.sqrt();
        let tie = if slope > 0.0 { spread.covariance / slope } else { 0.0 };
        let own = (spread.level_variance - tie * tie).max(0.0).sqrt();
        let mut lines = Vec::new();
        for by in &steps {
            for level in &steps {
                let level = spread.level + tie * by + own * level;
                lines.push((level, (spread.slope + slope * by).min(0.0)));
            }
        }
        Self(lines)
    }

    /// The chance of success at a length: the average of all lines, and where nine tenths are.
    pub(super) fn chance(&self, length: f64) -> Interval {
        let chances = self.0.iter().map(|(level, slope)| {
            let log_odds = level + slope * length;
            1.0 / (1.0 + (-log_odds).exp())
        });
        let chances = sorted(chances);
        let mean = chances.iter().sum::<f64>() / chances.len() as f64;
        Interval::new(quantile(&chances, 0.05), mean, quantile(&chances, 0.95))
    }

    /// Between which lengths nine tenths of the lines cross these log odds; one that is level
    /// never does, and counts as doing so beyond all others.
    pub(super) fn crossing(&self, log_odds: f64) -> (f64, f64) {
        let lengths = sorted(self.0.iter().map(|(level, slope)| {
            let above = level - log_odds;
            if *slope < 0.0 { above / -slope } else { above.signum() * f64::INFINITY }
        }));
        (quantile(&lengths, 0.05), quantile(&lengths, 0.95))
    }
}

fn sorted(numbers: impl Iterator<Item = f64>) -> Vec<f64> {
    let mut numbers: Vec<f64> = numbers.collect();
    numbers.sort_by(f64::total_cmp);
    numbers
}

fn quantile(sorted: &[f64], part: f64) -> f64 {
    sorted[(part * (sorted.len() - 1) as f64).round() as usize]
}
