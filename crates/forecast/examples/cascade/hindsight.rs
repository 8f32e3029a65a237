//! The cheapest capped sequence that is as good as a target, found by somebody who knows the whole
//! table: what a policy that has to learn is measured against.

use tenfold_domain::{Draws, Seed};

use crate::table::Model;

/// A model and the dollars at which its run is cut off.
pub(crate) type Step = (usize, f64);

/// What a way of buying comes to, a task.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Worth {
    /// The share of tasks that are really solved.
    pub(crate) rate: f64,
    /// What is paid.
    pub(crate) dollars: f64,
}

/// What a sequence comes to when a share `leak` of wrong work passes, in the mean over whether it
/// does. What is cut off passes nothing.
pub(crate) fn worth(models: &[Model], steps: &[Step], leak: f64) -> Worth {
    let tasks = models.first().map_or(0, |model| model.cells.len());
    let mut all = Worth::default();
    for task in 0..tasks {
        let mut open = 1.0;
        for &(model, cap) in steps {
            let cell = models[model].cells[task];
            all.dollars += open * cell.dollars.min(cap);
            if cell.dollars > cap {
                continue;
            }
            if cell.solved {
                all.rate += open;
                break;
            }
            open *= 1.0 - leak;
        }
    }
    Worth { rate: all.rate / tasks as f64, dollars: all.dollars / tasks as f64 }
}

/// The search. From many beginnings, the one change that helps most is made until none helps: a
/// step put in, taken out or moved, or its cap changed. What misses the target loses more than
/// any model asks for the same.
pub(crate) struct Search<'a> {
    models: &'a [Model],
    caps: Vec<Vec<f64>>,
    leak: f64,
    target: f64,
    fine: f64,
}

impl<'a> Search<'a> {
    pub(crate) fn new(models: &'a [Model], leak: f64, target: f64) -> Self {
        /// At so many quantiles of what its runs cost a model is cut off.
        const CAPS: usize = 16;
        let caps = models.iter().map(|model| quantiles(model, CAPS)).collect();
        let dear = models.iter().map(Model::dollars).fold(0.0, f64::max);
        Self { models, caps, leak, target, fine: 1_000.0 * dear }
    }

    /// The best sequence from so many beginnings.
    pub(crate) fn run(&self, seed: Seed, beginnings: usize) -> Vec<Step> {
        let mut draws = seed.draws();
        let found = (0..beginnings).map(|_| self.improve(self.beginning(&mut draws)));
        found.min_by(|a, b| a.1.total_cmp(&b.1)).map(|(steps, _)| steps).unwrap_or_default()
    }

    fn loss(&self, steps: &[Step]) -> f64 {
        let worth = worth(self.models, steps, self.leak);
        worth.dollars + self.fine * (self.target - worth.rate).max(0.0)
    }

    fn beginning(&self, draws: &mut Draws) -> Vec<Step> {
        let mut steps: Vec<Step> = Vec::new();
        for _ in 0..1 + draws.below(4) {
            let model = draws.below(self.models.len());
            if steps.iter().all(|step| step.0 != model) {
                let caps = &self.caps[model];
                steps.push((model, caps[draws.below(caps.len())]));
            }
        }
        steps
    }

    fn improve(&self, mut steps: Vec<Step>) -> (Vec<Step>, f64) {
        let mut loss = self.loss(&steps);
        loop {
            let tried = self.changes(&steps).into_iter().map(|other| (self.loss(&other), other));
            match tried.min_by(|a, b| a.0.total_cmp(&b.0)) {
                Some((less, other)) if less < loss - 1e-9 => (loss, steps) = (less, other),
                _ => return (steps, loss),
            }
        }
    }

    fn changes(&self, steps: &[Step]) -> Vec<Vec<Step>> {
        let mut all = Vec::new();
        for place in 0..steps.len() {
            let mut without = steps.to_vec();
            let (model, _) = without.remove(place);
            for to in 0..=without.len() {
                let mut moved = without.clone();
                moved.insert(to, steps[place]);
                all.push(moved);
            }
            for &cap in &self.caps[model] {
                let mut other = steps.to_vec();
                other[place].1 = cap;
                all.push(other);
            }
            all.push(without);
        }
        let unused = |model: &usize| steps.iter().all(|step| step.0 != *model);
        for model in (0..self.models.len()).filter(unused) {
            for place in 0..=steps.len() {
                for &cap in &self.caps[model] {
                    let mut more = steps.to_vec();
                    more.insert(place, (model, cap));
                    all.push(more);
                }
            }
        }
        all
    }
}

/// Caps worth trying: so many quantiles of what its runs cost, and none at all.
fn quantiles(model: &Model, count: usize) -> Vec<f64> {
    let mut dollars: Vec<f64> = model.cells.iter().map(|cell| cell.dollars).collect();
    dollars.sort_by(f64::total_cmp);
    let mut caps: Vec<f64> =
        (1..count).map(|nth| dollars[nth * (dollars.len() - 1) / count]).collect();
    caps.push(f64::INFINITY);
    caps.dedup();
    caps
}
