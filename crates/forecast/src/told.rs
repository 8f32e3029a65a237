//! How right forecasts were that were given beforehand and recorded, when some of what came is not
//! known, because it was cut off.
//!
//! To leave out what was cut off would count too few that were not solved by a spend: of two
//! attempts that would take long, the one that is cut off is forgotten. So what is known counts for
//! what is not: each attempt weighs as many times more as it was unlikely to be watched for so long
//! (inverse probability of censoring: Graf, Schmoor, Sauerbrei and Schumacher, "Assessment and
//! comparison of prognostic classification schemes for survival data", 1999; the chance to be
//! watched by Kaplan and Meier, "Nonparametric estimation from incomplete observations", 1958).

use crate::{End, Interval, Trial};

/// What was told of an attempt, and what came.
#[derive(Debug, Clone, PartialEq)]
pub struct Told {
    /// The chance that it is solved by each spend, by rising spend.
    pub odds: Vec<(f64, Interval)>,
    /// What came of it.
    pub came: Trial,
}

impl Told {
    /// What was told of a spend: between two spends what holds between them, before the first
    /// what is told of that, as far as it goes; `None` beyond the last.
    pub fn at(&self, spend: f64) -> Option<Interval> {
        let after = self.odds.partition_point(|odds| odds.0 < spend);
        let (to, high) = *self.odds.get(after)?;
        let (from, low) = match after.checked_sub(1) {
            Some(before) => self.odds[before],
            None => (0.0, Interval { low: 0.0, likely: 0.0, high: high.high }),
        };
        let share = if to > from { (spend - from) / (to - from) } else { 1.0 };
        let between = |a: f64, b: f64| a + (b - a) * share;
        Some(Interval::new(
            between(low.low, high.low),
            between(low.likely, high.likely),
            between(low.high, high.high),
        ))
    }
}

/// How right what was told of one spend was.
#[derive(Debug, Clone, PartialEq)]
pub struct Score {
    /// The spend.
    pub by: f64,
    /// Of how many attempts it is known whether they were solved by then.
    pub known: usize,
    /// Of how many something was told of it.
    pub told: usize,
    /// The mean of what was told, with the mean of both ends.
    pub said: Interval,
    /// The share that came.
    pub came: f64,
    /// The mean squared distance from what came; less is better.
    pub brier: f64,
    /// The same, if the share that came had been told of each: what who knows nothing of single
    /// attempts gets, afterwards.
    pub base: f64,
    /// The mean of −ln of the chance that was given to what came, in nats.
    pub log_loss: f64,
    /// In five equal bins: the mean of what was told, the share that came, and how many are known.
    pub calibration: Vec<(f64, f64, usize)>,
}

/// How right what was told of a spend was; `None` if of no attempt it is known. The order of
/// attempts doesn't matter.
pub fn score(all: &[Told], by: f64) -> Option<Score> {
    let watched = Watched::of(all.iter().map(|told| told.came));
    let of_spend: Vec<(Interval, Trial)> =
        all.iter().filter_map(|told| Some((told.at(by)?, told.came))).collect();
    let mut known = Vec::new();
    for &(said, came) in &of_spend {
        let (solved, until) = match came.end {
            _ if came.spend > by => (false, by),
            End::Solved => (true, came.spend),
            End::Failed => (false, came.spend),
            End::Cut => continue,
        };
        known.push((said, solved, 1.0 / watched.for_longer_than(until)));
    }
    let weight: f64 = known.iter().map(|one| one.2).sum();
    if known.is_empty() || !weight.is_finite() || weight <= 0.0 {
        return None;
    }
    let mean = |of: &dyn Fn(Interval, f64) -> f64| {
        let sum: f64 =
            known.iter().map(|&(said, solved, weight)| weight * of(said, indicator(solved))).sum();
        sum / weight
    };
    let came = mean(&|_, solved| solved);
    Some(Score {
        by,
        known: known.len(),
        told: of_spend.len(),
        said: Interval::new(
            mean(&|said, _| said.low),
            mean(&|said, _| said.likely),
            mean(&|said, _| said.high),
        ),
        came,
        brier: mean(&|said, solved| (said.likely - solved).powi(2)),
        base: mean(&|_, solved| (came - solved).powi(2)),
        log_loss: mean(&|said, solved| {
            let likely = said.likely.clamp(1e-6, 1.0 - 1e-6);
            -(solved * likely.ln() + (1.0 - solved) * (1.0 - likely).ln())
        }),
        calibration: bins(&known),
    })
}

fn indicator(solved: bool) -> f64 {
    f64::from(u8::from(solved))
}

fn bins(known: &[(Interval, bool, f64)]) -> Vec<(f64, f64, usize)> {
    const BINS: usize = 5;
    let mut sums = [(0.0, 0.0, 0.0, 0_usize); BINS];
    for &(said, solved, weight) in known {
        let bin = &mut sums[((said.likely * BINS as f64) as usize).min(BINS - 1)];
        *bin = (
            bin.0 + weight,
            bin.1 + weight * said.likely,
            bin.2 + weight * indicator(solved),
            bin.3 + 1,
        );
    }
    let some = sums.into_iter().filter(|bin| bin.3 > 0);
    some.map(|(weight, said, came, n)| (said / weight, came / weight, n)).collect()
}

/// The chance that an attempt is not cut off by a spend.
struct Watched {
    /// By rising spend: where something was cut off, and the chance to be watched beyond.
    steps: Vec<(f64, f64)>,
}

impl Watched {
    fn of(trials: impl Iterator<Item = Trial>) -> Self {
        let mut trials: Vec<Trial> = trials.collect();
        // What ends where another is cut off was watched until there.
        trials.sort_by(|a, b| {
            a.spend.total_cmp(&b.spend).then_with(|| (a.end == End::Cut).cmp(&(b.end == End::Cut)))
        });
        let (mut steps, mut chance) = (Vec::new(), 1.0);
        for (place, trial) in trials.iter().enumerate() {
            let left = (trials.len() - place) as f64;
            if trial.end == End::Cut && left > 1.0 {
                chance *= (left - 1.0) / left;
                steps.push((trial.spend, chance));
            }
        }
        Self { steps }
    }

    /// The chance to be watched for longer than `spend`: what is cut off there was watched there.
    fn for_longer_than(&self, spend: f64) -> f64 {
        let before = self.steps.partition_point(|step| step.0 < spend);
        before.checked_sub(1).map_or(1.0, |last| self.steps[last].1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(likely: f64, spend: f64, end: End) -> Told {
        let odds = [(1.0, likely / 2.0), (4.0, likely)];
        let odds = odds.map(|(by, likely)| (by, Interval { low: 0.0, likely, high: 1.0 })).to_vec();
        Told { odds, came: Trial { spend, end } }
    }

    #[test]
    fn without_cuts_it_is_the_plain_score() {
        let all =
            [told(0.8, 1.0, End::Solved), told(0.4, 2.0, End::Failed), told(0.6, 9.0, End::Solved)];
        let score = score(&all, 4.0).unwrap();
        assert_eq!((score.known, score.told), (3, 3));
        assert!((score.came - 1.0 / 3.0).abs() < 1e-12, "what was solved later was not by then");
        assert!((score.brier - (0.04 + 0.16 + 0.36) / 3.0).abs() < 1e-12);
        assert!((score.said.likely - 0.6).abs() < 1e-12);
        assert!((score.base - 2.0 / 9.0).abs() < 1e-12);
    }

    #[test]
    fn what_was_cut_off_counts_by_those_that_were_watched_for_longer() {
        // Half of all would be solved at two, half never; every other one is cut off at one.
        let mut all = Vec::new();
        for number in 0..400 {
            let (spend, end) =
                if number % 2 == 0 { (2.0, End::Solved) } else { (3.0, End::Failed) };
            let cut = number % 4 < 2;
            all.push(told(0.5, if cut { 1.0 } else { spend }, if cut { End::Cut } else { end }));
        }
        let at = score(&all, 4.0).unwrap();
        assert_eq!(at.known, 200);
        assert!((at.came - 0.5).abs() < 1e-9, "{}", at.came);
        // What is solved early is known of more of them; that must not make it more.
        for (number, told) in all.iter_mut().enumerate() {
            if number % 2 == 0 {
                told.came = Trial { spend: 0.5, end: End::Solved };
            }
        }
        let at = score(&all, 4.0).unwrap();
        assert_eq!(at.known, 300);
        assert!((at.came - 0.5).abs() < 0.01, "{}", at.came);
    }

    #[test]
    fn what_nothing_is_known_of_has_no_score() {
        assert_eq!(score(&[], 1.0), None);
        assert_eq!(score(&[told(0.5, 1.0, End::Cut)], 4.0), None);
        assert_eq!(score(&[told(0.5, 1.0, End::Solved)], 5.0), None, "nothing was told of it");
        let early = told(0.5, 1.0, End::Solved).at(0.5).unwrap();
        assert!((early.likely - 0.125).abs() < 1e-12);
    }
}
