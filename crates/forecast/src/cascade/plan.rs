//! Which sequence of rungs, each with a cap, is worth most: value × chance − cost.

use super::belief::{Belief, EASES, Eases, Known};

/// Where caps are tried: so many standard deviations from the middle of what costs what is solved.
const CAPS: [f64; 7] = [-0.7, 0.0, 0.5, 1.0, 1.5, 2.2, f64::INFINITY];
/// A change has to help by so many dollars, or rounding would go in circles.
const HELPS: f64 = 1e-9;

/// What an attempt with a cap comes to, for each ease.
#[derive(Debug, Clone, Copy)]
pub(super) struct Capped {
    /// In dollars; infinite where there is none.
    pub(super) cap: f64,
    right: Eases,
    /// Whether it passes the check, right or wrong: nothing is bought after it.
    passes: Eases,
    paid: Eases,
}

/// A rung with the caps that are worth a thought.
#[derive(Debug, Clone)]
pub(super) struct Offer(pub(super) Vec<Capped>);

/// A step of a sequence: the place of an offer, and the place of one of its caps.
pub(super) type Step = (usize, usize);

/// What something is expected to come to.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Worth {
    /// The chance that it ends in work that passes and is right.
    pub(super) right: f64,
    /// What is paid, in dollars.
    pub(super) dollars: f64,
}

impl Worth {
    /// What is gained by it, at so many dollars for what is right.
    pub(super) fn gain(&self, value: f64) -> f64 {
        value * self.right - self.dollars
    }
}

impl Offer {
    /// What can be bought of a rung with no more than `left` dollars.
    pub(super) fn new(belief: &Belief, known: &Known, left: f64) -> Self {
        let mut caps =
            CAPS.map(|sds| (known.solved.mean + sds * known.solved.sd).exp().min(left)).to_vec();
        caps.dedup();
        Self(caps.into_iter().map(|cap| Capped::new(belief, known, cap)).collect())
    }

    /// The same without a cap.
    pub(super) fn whole(&self) -> Option<&Capped> {
        self.0.last()
    }
}

impl Capped {
    /// What an attempt of a rung comes to that is cut off at `cap` dollars.
    pub(super) fn new(belief: &Belief, known: &Known, cap: f64) -> Self {
        let leaks = belief.leak * known.failed.ended_by(cap);
        let lost = known.failed.paid(cap);
        let [mut right, mut passes, mut paid] = [[0.0; EASES]; 3];
        for (place, chance) in belief.chances(known.strength).into_iter().enumerate() {
            let solved = belief.solved_at(known, place);
            right[place] = chance * solved.ended_by(cap);
            passes[place] = right[place] + (1.0 - chance) * leaks;
            paid[place] = chance * solved.paid(cap) + (1.0 - chance) * lost;
        }
        Self { cap, right, passes, paid }
    }

    /// What it comes to where `open` says how likely each ease is and that nothing passed before.
    pub(super) fn worth(&self, open: &Eases) -> Worth {
        let mut worth = Worth::default();
        for (open, (right, paid)) in open.iter().zip(self.right.iter().zip(&self.paid)) {
            worth.right += open * right;
            worth.dollars += open * paid;
        }
        worth
    }

    /// Takes out of `open` what passes.
    pub(super) fn close(&self, open: &mut Eases) {
        for (open, passes) in open.iter_mut().zip(&self.passes) {
            *open *= 1.0 - passes;
        }
    }
}

/// What a sequence comes to, for tasks of these eases.
pub(super) fn worth(offers: &[Offer], eases: &Eases, steps: &[Step]) -> Worth {
    let mut open = *eases;
    let mut all = Worth::default();
    for &(offer, cap) in steps {
        let capped = &offers[offer].0[cap];
        let one = capped.worth(&open);
        all.right += one.right;
        all.dollars += one.dollars;
        capped.close(&mut open);
    }
    all
}

/// The best sequence that is found at a value in dollars of what is right.
///
/// It begins in the order of the index `z = v − c/p` (Weitzman, "Optimal search for the best
/// alternative", 1979): what costs least for each that it solves goes first, as long as `z` is
/// above zero. That is the best order where rungs are independent. They are not, so chances are
/// those given that all before failed, and then the one change that helps most is made until none
/// helps: a step put in, taken out or moved, or its cap changed.
pub(super) fn best(offers: &[Offer], eases: &Eases, value: f64) -> Vec<Step> {
    let mut steps = by_index(offers, eases, value);
    let mut most = worth(offers, eases, &steps).gain(value);
    loop {
        let mut better: Option<Vec<Step>> = None;
        changes(offers, &steps, &mut |other| {
            let gain = worth(offers, eases, other).gain(value);
            if gain > most + HELPS {
                most = gain;
                better = Some(other.to_vec());
            }
        });
        match better {
            Some(other) => steps = other,
            None => return steps,
        }
    }
}

fn by_index(offers: &[Offer], eases: &Eases, value: f64) -> Vec<Step> {
    let mut open = *eases;
    let mut steps: Vec<Step> = Vec::new();
    loop {
        let index = |offer: usize| {
            let worths = offers[offer].0.iter().map(|capped| capped.worth(&open)).enumerate();
            let by_gain = |a: &Worth, b: &Worth| a.gain(value).total_cmp(&b.gain(value));
            let (cap, worth) = worths.max_by(|a, b| by_gain(&a.1, &b.1))?;
            (worth.gain(value) > HELPS).then(|| (worth.dollars / worth.right, (offer, cap)))
        };
        let next = unused(offers, &steps).filter_map(index).min_by(|a, b| a.0.total_cmp(&b.0));
        let Some((_, step)) = next else { return steps };
        offers[step.0].0[step.1].close(&mut open);
        steps.push(step);
    }
}

fn unused(offers: &[Offer], steps: &[Step]) -> impl Iterator<Item = usize> {
    (0..offers.len()).filter(|offer| steps.iter().all(|step| step.0 != *offer))
}

/// Shows every sequence that is one change away.
fn changes(offers: &[Offer], steps: &[Step], show: &mut impl FnMut(&[Step])) {
    let mut other = steps.to_vec();
    for place in 0..steps.len() {
        let step = other.remove(place);
        show(&other);
        for to in (0..steps.len()).filter(|to| *to != place) {
            other.insert(to, step);
            show(&other);
            other.remove(to);
        }
        for cap in 0..offers[step.0].0.len() {
            other.insert(place, (step.0, cap));
            show(&other);
            other.remove(place);
        }
        other.insert(place, step);
    }
    for offer in unused(offers, steps) {
        for place in 0..=steps.len() {
            for cap in 0..offers[offer].0.len() {
                other.insert(place, (offer, cap));
                show(&other);
                other.remove(place);
            }
        }
    }
}
