//! What a solved task has to be worth, so that as many are solved as the best single rung would
//! solve: the price at which money and solved tasks are exchanged is searched, and not asked for.

use super::belief::{Belief, EASES, Known};
use super::plan::{self, Capped, Offer};

/// The best rung is taken to be stronger than is likely, by so many standard deviations of what is
/// believed of it: as many as it solves are wanted, and not as many as it is thought to solve.
const CAUTION: f64 = 1.0;
/// What is spent on knowing how good the best is, when its rate is unsure by [`UNSURE`]: this part
/// of what tasks cost. It grows and falls with the square of that.
const SCOUTING: f64 = 0.2;
const UNSURE: f64 = 0.05;
/// At a rate that is this sure nothing more is spent on knowing it.
const SURE: f64 = 0.02;
/// No more than every other task begins with what is not known yet.
const OFTEN: f64 = 0.5;
/// Values that are looked at, in dollars.
const VALUES: (f64, f64) = (1e-4, 1e4);
/// How often the range of the value is halved, on a logarithmic scale.
const HALVINGS: usize = 5;

/// At which value sequences are chosen.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Aim {
    /// One value, which solves too few, and one that solves enough.
    pub(super) low: f64,
    pub(super) high: f64,
    /// The share of tasks for which it is the higher one, so that together they solve just enough.
    pub(super) share: f64,
}

impl Aim {
    /// With that value for every task.
    pub(super) fn at(value: f64) -> Self {
        Self { low: value, high: value, share: 1.0 }
    }

    /// So that as many are solved as by the best of the rungs. The value is looked for near that
    /// of `last`.
    pub(super) fn as_best(belief: &Belief, known: &[Known], last: Option<Self>) -> Option<Self> {
        let best = &known[best(belief, known)?];
        let target = belief.chance(best.strength + CAUTION * best.strength_sd, &belief.eases);
        let offers: Vec<Offer> =
            known.iter().map(|one| Offer::new(belief, one, f64::INFINITY)).collect();
        Some(search(belief, &offers, target, last.map_or(1.0, |last| last.high)))
    }
}

/// The place of the rung that is tried first, and on what share of tasks, because it is not known
/// how good it is, and it is the best if rungs are as `drawn`.
pub(super) fn scout(
    belief: &Belief,
    known: &[Known],
    drawn: &[Known],
    aim: Aim,
) -> Option<(usize, f64)> {
    let place = best(belief, drawn)?;
    let unsure = known[place].strength_sd * slope(belief, &known[place]);
    if unsure < SURE {
        return None;
    }
    let offers: Vec<Offer> =
        known.iter().map(|one| Offer::new(belief, one, f64::INFINITY)).collect();
    let steps = plan::best(&offers, &belief.eases, aim.high);
    let dollars = plan::worth(&offers, &belief.eases, &steps).dollars;
    let whole = Capped::new(belief, &known[place], f64::INFINITY).worth(&belief.eases).dollars;
    Some((place, (SCOUTING * (unsure / UNSURE).powi(2) * dollars / whole).min(OFTEN)))
}

/// The place of the rung that solves most.
fn best(belief: &Belief, known: &[Known]) -> Option<usize> {
    let rate = |place: &usize| belief.chance(known[*place].strength, &belief.eases);
    (0..known.len()).max_by(|a, b| rate(a).total_cmp(&rate(b)))
}

/// By how much the rate of a rung rises with its strength.
fn slope(belief: &Belief, known: &Known) -> f64 {
    let chances = belief.chances(known.strength);
    (0..EASES).map(|place| belief.eases[place] * chances[place] * (1.0 - chances[place])).sum()
}

/// The value at which so many are solved, from one at which it was so before.
fn search(belief: &Belief, offers: &[Offer], target: f64, around: f64) -> Aim {
    let rate = |value: f64| {
        let steps = plan::best(offers, &belief.eases, value);
        plan::worth(offers, &belief.eases, &steps).right
    };
    let (mut low, mut high) = (around / 2.0, around * 2.0);
    let (mut few, mut enough) = (rate(low), rate(high));
    while enough < target && high < VALUES.1 {
        (low, few) = (high, enough);
        high *= 4.0;
        enough = rate(high);
    }
    while few >= target && low > VALUES.0 {
        (high, enough) = (low, few);
        low /= 4.0;
        few = rate(low);
    }
    if enough < target || few >= target {
        return Aim::at(if enough < target { high } else { low });
    }
    for _ in 0..HALVINGS {
        let middle = (low * high).sqrt();
        let some = rate(middle);
        if some < target {
            (low, few) = (middle, some);
        } else {
            (high, enough) = (middle, some);
        }
    }
    let share = if enough > few { (target - few) / (enough - few) } else { 1.0 };
    Aim { low, high, share }
}
