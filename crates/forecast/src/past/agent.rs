//! One agent, which is a model with a strategy: its trials, and the shapes fitted to them.

use crate::cure::prior::Prior;
use crate::cure::{Effect, Row};
use crate::{End, Trial};

use super::estimate::Fits;

/// A fit takes no more rows than this: evenly picked ones say nearly the same as all.
pub(super) const ROWS: usize = 2_000;
/// So many tasks stand for all, where a mean over tasks is taken.
const TYPICAL: usize = 64;

/// One trial, as it is kept.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Kept {
    pub task: u32,
    pub trial: Trial,
}

#[derive(Debug, Clone)]
pub(super) struct Agent {
    pub name: [u32; 2],
    pub trials: Vec<Kept>,
    pub ended: usize,
    pub fits: Fits,
}

impl Agent {
    /// One that nothing is known of.
    pub(super) fn new(name: [u32; 2], priors: &[Prior; 2]) -> Self {
        Self { name, trials: Vec::new(), ended: 0, fits: Fits::unseen(priors) }
    }

    pub(super) fn add(&mut self, kept: Kept) {
        self.trials.push(kept);
        self.ended += usize::from(kept.trial.end != End::Cut);
    }

    /// The share of its trials that were cut off.
    pub(super) fn cut_share(&self) -> f64 {
        1.0 - self.ended as f64 / self.trials.len().max(1) as f64
    }

    /// Its trials as rows, with what `effect` says of their tasks: no more than `most`, picked
    /// evenly, the same whatever order they came in.
    pub(super) fn rows(&self, most: usize, effect: impl Fn(u32) -> Effect) -> Vec<Row> {
        let row = |kept: &Kept| Row {
            log_spend: kept.trial.spend.ln(),
            end: kept.trial.end,
            effect: effect(kept.task),
        };
        let mut rows: Vec<Row> = self.trials.iter().map(row).collect();
        rows.sort_by(|a, b| a.log_spend.total_cmp(&b.log_spend).then(a.end.cmp(&b.end)));
        evenly(&rows, most)
    }
}

/// The effects of a few rows that stand for all of them.
pub(super) fn typical(rows: &[Row]) -> Vec<Effect> {
    let mut effects: Vec<Effect> = rows.iter().map(|row| row.effect).collect();
    effects.sort_by(|a, b| a.ease.total_cmp(&b.ease).then(a.demand.total_cmp(&b.demand)));
    if effects.is_empty() { vec![Effect::default()] } else { evenly(&effects, TYPICAL) }
}

/// As many of them as are asked for, evenly picked from the middle of equal parts.
fn evenly<T: Copy>(all: &[T], most: usize) -> Vec<T> {
    if all.len() <= most {
        return all.to_vec();
    }
    (0..most).map(|i| all[(2 * i + 1) * all.len() / (2 * most)]).collect()
}
