//! How fast a record low falls: a gamma process, with a prior that is told as time spent watching.
//!
//! A record only ever falls, mostly not at all, and now and then by much. Powers of ten by which
//! it falls are therefore taken as a gamma process (Moran, "The theory of storage", 1959; for
//! wear that is only ever added to: van Noortwijk, "A survey of the application of gamma
//! processes in maintenance", 2009): what falls in different times is independent, and in `t`
//! years gamma distributed with shape `k·t`. Its levels are as autocorrelated as real ones, so
//! that no residual has to be taken as independent, and little of the past matters: how far it
//! fell, in how long, and how roughly. The scale has an inverse gamma prior, its conjugate, so that
//! all answers are quantiles of a gamma or a beta distribution, and nothing is drawn by chance.

use statrs::distribution::{Beta, ContinuousCDF, Gamma};

use crate::Interval;

/// What is taken to have been seen before the first datum.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Prior {
    /// Powers of ten a year.
    pub decades_per_year: f64,
    /// For how many years they are taken to have been watched.
    pub years: f64,
    /// The shape of a year's fall: the larger, the smaller and steadier its steps.
    pub steps_per_year: f64,
    /// For how many quarters of a year that counts, against those that are looked at.
    pub quarters: f64,
}

impl Prior {
    /// Tenfold a year, watched for three years. So it is claimed (Altman, "Three observations",
    /// 2025; Appenzeller, "LLMflation", 2024), and its 90 % interval, 2.8 to 1,050 times a year, is
    /// about as wide as what was measured, 9 to 900 times a year by benchmark (Cottier et al., "LLM
    /// inference prices have fallen rapidly but unequally across tasks", Epoch AI, 2025). One step
    /// a year is a rough fall: most months bring nothing, and one in the year brings most of it; a
    /// year of other quarters outweighs that.
    pub const TENFOLD: Self =
        Self { decades_per_year: 1.0, years: 3.0, steps_per_year: 1.0, quarters: 4.0 };

    /// The fall, after a price was watched. How many steps a year it takes is by the moments of its
    /// quarters, mean² over variance, drawn towards the prior's. Where a quarter that fell far is
    /// followed by one that fell little, the sum of both is surer than each, so that the variance
    /// is the long-run one (Newey and West, "A simple, positive semi-definite, heteroskedasticity
    /// and autocorrelation consistent covariance matrix", 1987, with one lag).
    pub fn having_watched(self, watched: &Watched) -> Fall {
        let n = watched.quarters.len() as f64;
        let mean = watched.decades / n.max(1.0);
        let off: f64 = watched.quarters.iter().map(|fall| (fall - mean).powi(2)).sum();
        let pairs = watched.quarters.windows(2);
        let next: f64 = pairs.map(|pair| (pair[0] - mean) * (pair[1] - mean)).sum();
        let long_run = (off + next).max(off / 4.0);
        let expected = 4.0 * mean * mean / self.steps_per_year;
        let variance = (long_run + self.quarters * expected) / (n - 1.0 + self.quarters).max(1.0);
        let steps = if variance > 0.0 { 4.0 * mean * mean / variance } else { self.steps_per_year };
        let rough = Self { steps_per_year: steps.clamp(0.5, 50.0), ..self };
        rough.having_seen(watched.decades, watched.years)
    }

    /// The fall, after so many powers of ten were seen in so many years. What isn't finite or is
    /// below zero counts as nothing seen. Its middle is what all of it adds up to: the powers of
    /// ten of the prior and those seen, over the years of both.
    pub fn having_seen(self, decades: f64, years: f64) -> Fall {
        let sound = |number: f64| if number.is_finite() { number.max(0.0) } else { 0.0 };
        let steps = sound(self.steps_per_year).clamp(0.01, 1e3);
        Fall {
            steps,
            // A gamma distribution's median is a third below its shape.
            shape: steps * (sound(self.years) + sound(years)) + 1.0 / 3.0,
            rate: (sound(self.years) * sound(self.decades_per_year) + sound(decades)).max(1e-9),
        }
    }
}

/// How a price was seen to fall.
#[derive(Debug, Clone, PartialEq)]
pub struct Watched {
    /// By how many powers of ten.
    pub decades: f64,
    /// In how many years.
    pub years: f64,
    /// By how many powers of ten in each of the quarters that they are divided into, each as near
    /// to three months as goes.
    pub quarters: Vec<f64>,
}

/// How a price falls: what is known of it, and how much that leaves open.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Fall {
    /// The shape of a year's fall.
    steps: f64,
    /// Of the gamma distribution of one over the scale: `steps` for each year, and a third.
    shape: f64,
    /// Of the same: the powers of ten that were seen.
    rate: f64,
}

impl Fall {
    /// How many times cheaper in a year, in the long run: 10 is tenfold.
    pub fn times_per_year(&self) -> Interval {
        let decades = |share: f64| self.decades_per_year(share);
        let [low, likely, high] = [0.05, 0.5, 0.95].map(|share| 10_f64.powf(decades(share)));
        Interval::new(low, likely, high)
    }

    /// The powers of ten a year, in the long run, below which it is with this chance.
    pub fn decades_per_year(&self, chance: f64) -> f64 {
        let chance = chance.clamp(1e-6, 1.0 - 1e-6);
        let over = Gamma::new(self.shape, 1.0).map_or(f64::NAN, |g| g.inverse_cdf(1.0 - chance));
        (self.steps * self.rate / over).min(300.0)
    }

    /// The chance that it falls by at most so many powers of ten a year, in the long run.
    pub fn chance_of_at_most(&self, decades_per_year: f64) -> f64 {
        if decades_per_year <= 0.0 {
            return 0.0;
        }
        let over = self.steps * self.rate / decades_per_year;
        Gamma::new(self.shape, 1.0).map_or(f64::NAN, |gamma| gamma.sf(over))
    }

    /// The powers of ten by which the price falls within so many years from now.
    pub fn over(&self, years: f64) -> Interval {
        let [low, likely, high] = [0.05, 0.5, 0.95].map(|share| self.decades_over(years, share));
        Interval::new(low, likely, high)
    }

    /// The powers of ten that the fall within so many years doesn't pass, with this chance.
    pub fn decades_over(&self, years: f64, chance: f64) -> f64 {
        if years.is_nan() || years <= 0.0 {
            return 0.0;
        }
        let chance = chance.clamp(1e-6, 1.0 - 1e-6);
        let share = Beta::new(self.steps * years.min(100.0), self.shape)
            .map_or(f64::NAN, |beta| beta.inverse_cdf(chance));
        (self.rate * share / (1.0 - share)).clamp(0.0, 300.0)
    }

    /// What is expected to be left of the price after so many years, as a share of it.
    pub fn expected_left(&self, years: f64) -> f64 {
        const SLICES: u32 = 100;
        let middle = |slice: u32| (f64::from(slice) + 0.5) / f64::from(SLICES);
        let left = |slice: u32| 10_f64.powf(-self.decades_over(years, middle(slice)));
        (0..SLICES).map(left).sum::<f64>() / f64::from(SLICES)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn nothing_seen_is_tenfold_with_a_wide_interval() {
        let fall = Prior::TENFOLD.having_seen(0.0, 0.0).times_per_year();
        assert!((9.0..11.0).contains(&fall.likely), "{fall:?}");
        assert!((2.5..3.5).contains(&fall.low) && (500.0..2000.0).contains(&fall.high), "{fall:?}");
    }

    #[test]
    fn years_of_watching_take_the_place_of_the_prior() {
        let steady = Prior::TENFOLD.having_seen(50.0 * 2_f64.log10(), 50.0).times_per_year();
        assert!((1.9..2.6).contains(&steady.likely), "{steady:?}");
        let still = Prior::TENFOLD.having_seen(0.0, 50.0).times_per_year();
        assert!(still.high < 1.3, "{still:?}");
    }

    #[test]
    fn a_steady_fall_is_told_more_narrowly_than_a_rough_one() {
        let watched = |quarters: [f64; 8]| Watched {
            decades: quarters.iter().sum(),
            years: 2.0,
            quarters: quarters.to_vec(),
        };
        let steady = Prior::TENFOLD.having_watched(&watched([0.25; 8])).over(1.0);
        let rough = watched([0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0, 0.0]);
        let rough = Prior::TENFOLD.having_watched(&rough).over(1.0);
        assert!(steady.high - steady.low < 0.8 * (rough.high - rough.low), "{steady:?} {rough:?}");
        let nothing = Watched { decades: 0.0, years: 0.0, quarters: Vec::new() };
        let prior = Prior::TENFOLD;
        assert_eq!(prior.having_watched(&nothing), prior.having_seen(0.0, 0.0));
    }

    #[test]
    fn chances_and_quantiles_are_of_one_distribution() {
        let fall = Prior::TENFOLD.having_seen(0.4, 0.7);
        for chance in [0.05, 0.3, 0.5, 0.9] {
            let back = fall.chance_of_at_most(fall.decades_per_year(chance));
            assert!((back - chance).abs() < 1e-6, "{chance} became {back}");
        }
    }

    #[test]
    fn the_fall_over_a_time_is_the_mixture_that_it_is_said_to_be() {
        // The mean of the mixture has a closed form; quantiles must add up to it.
        let fall = Prior { steps_per_year: 6.0, ..Prior::TENFOLD }.having_seen(1.0, 2.0);
        let mean = (0..2000).map(|i| fall.decades_over(1.0, (f64::from(i) + 0.5) / 2000.0));
        let mean = mean.sum::<f64>() / 2000.0;
        let expected = 6.0 * 4.0 / (6.0 * 5.0 + 1.0 / 3.0 - 1.0);
        assert!((mean - expected).abs() < 0.005, "{mean} is not {expected}");
    }

    proptest! {
        #[test]
        fn later_is_never_dearer_and_all_is_finite(
            decades in -1.0..1e3_f64, years in -1.0..1e3_f64, ahead in 0.0..50.0_f64,
        ) {
            let fall = Prior::TENFOLD.having_seen(decades, years);
            let (near, far) = (fall.over(ahead), fall.over(ahead + 0.5));
            prop_assert!(near.low <= far.low + 1e-9 && near.high <= far.high + 1e-9);
            prop_assert!(near.likely <= far.likely + 1e-9 && near.low >= 0.0);
            prop_assert!(fall.times_per_year().high.is_finite());
            prop_assert!((0.0..=1.0).contains(&fall.expected_left(ahead)));
        }
    }
}
