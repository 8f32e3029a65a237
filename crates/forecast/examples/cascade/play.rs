//! Tasks in an order drawn from a seed, bought one attempt at a time. A buyer sees what it has
//! bought, and nothing else of the table.

use std::time::{Duration, Instant};

use jiff::civil::Date;
use tenfold_domain::{Draws, Seed};
use tenfold_forecast::cascade::{Bought, Cascade, Choice, Rung};
use tenfold_forecast::{End, Trial};

use crate::hindsight::Worth;
use crate::table::{Table, shuffled};

/// Who decides what is bought next.
pub(crate) trait Buyer {
    /// Of the models on sale, by their places, and the dollars at which to cut off; `None` to stop.
    fn next(&mut self, on_sale: usize, tried: &[(usize, Trial)]) -> Option<(usize, f64)>;
    /// A task is over.
    fn learn(&mut self, tried: &[(usize, Trial)]);
}

/// One day on which all tasks come once.
pub(crate) struct Day<'a> {
    pub(crate) table: &'a Table,
    pub(crate) date: Date,
    /// The share of wrong work that passes: which does is drawn for each model and task.
    pub(crate) leak: f64,
    pub(crate) seed: Seed,
}

impl Day<'_> {
    /// What becomes of all tasks.
    pub(crate) fn play(&self, buyer: &mut impl Buyer) -> Worth {
        let on_sale = self.table.on(self.date).len();
        let (mut right, mut dollars) = (0, 0.0);
        for task in shuffled(self.table.tasks, self.seed) {
            let mut tried: Vec<(usize, Trial)> = Vec::new();
            while let Some((model, cap)) = buyer.next(on_sale, &tried) {
                let cell = self.table.models[model].cells[task];
                let end =
                    if cell.solved || self.slips(model, task) { End::Solved } else { End::Failed };
                let trial = Trial { spend: cell.dollars, end }.seen_until(cap);
                dollars += trial.spend;
                tried.push((model, trial));
                if trial.end == End::Solved {
                    right += usize::from(cell.solved);
                    break;
                }
            }
            buyer.learn(&tried);
        }
        let tasks = self.table.tasks as f64;
        Worth { rate: right as f64 / tasks, dollars: dollars / tasks }
    }

    /// Whether wrong work of that model at that task passes.
    fn slips(&self, model: usize, task: usize) -> bool {
        self.seed.child(model as u64 + 1).child(task as u64).draws().unit() < self.leak
    }
}

/// The cascade, on one of the days.
pub(crate) struct Learned<'a> {
    pub(crate) cascade: &'a mut Cascade,
    pub(crate) rungs: Vec<Rung>,
    pub(crate) date: Date,
    /// What it learned on that day.
    pub(crate) learned: Vec<Vec<Bought>>,
    /// How many choices it made, and how long they took together.
    pub(crate) choices: u32,
    pub(crate) took: Duration,
}

impl<'a> Learned<'a> {
    pub(crate) fn new(cascade: &'a mut Cascade, table: &Table, date: Date) -> Self {
        let models = table.models.iter();
        let rungs = models
            .map(|model| Rung { name: model.name.clone(), date: model.date, dollars: None })
            .collect();
        Self { cascade, rungs, date, learned: Vec::new(), choices: 0, took: Duration::ZERO }
    }

    fn bought(&self, tried: &[(usize, Trial)]) -> Vec<Bought> {
        let name = |model: usize| self.rungs[model].name.clone();
        tried
            .iter()
            .map(|&(model, trial)| Bought { rung: name(model), trial, right: None })
            .collect()
    }
}

impl Buyer for Learned<'_> {
    fn next(&mut self, _: usize, tried: &[(usize, Trial)]) -> Option<(usize, f64)> {
        // All rungs are shown, also those that are not on sale yet: it has to leave them alone.
        let bought = self.bought(tried);
        let began = Instant::now();
        let choice = self.cascade.next(&bought, &self.rungs, self.date, None);
        self.took += began.elapsed();
        self.choices += 1;
        match choice {
            Choice::Try { rung, cap, .. } => {
                let model = self.rungs.iter().position(|one| one.name == rung)?;
                Some((model, cap.unwrap_or(f64::INFINITY)))
            }
            Choice::Stop { .. } => None,
        }
    }

    fn learn(&mut self, tried: &[(usize, Trial)]) {
        let bought = self.bought(tried);
        assert!(self.cascade.learn(&bought).is_ok(), "costs were read as numbers from 0 up");
        self.learned.push(bought);
    }
}

/// Models by what they cost in the mean, as far as it has bought them, without caps; the next one
/// when the check fails, until `depth` were tried. What it never bought counts as free.
#[derive(Debug, Clone)]
pub(crate) struct CheapestFirst {
    /// Dollars and attempts of each model.
    bought: Vec<(f64, f64)>,
    depth: usize,
}

impl CheapestFirst {
    pub(crate) fn new(table: &Table, depth: usize) -> Self {
        Self { bought: vec![(0.0, 0.0); table.models.len()], depth }
    }
}

impl Buyer for CheapestFirst {
    fn next(&mut self, on_sale: usize, tried: &[(usize, Trial)]) -> Option<(usize, f64)> {
        if tried.len() == self.depth {
            return None;
        }
        let mean = |model: &usize| self.bought[*model].0 / self.bought[*model].1.max(1.0);
        let free = (0..on_sale).filter(|model| tried.iter().all(|one| one.0 != *model));
        free.min_by(|a, b| mean(a).total_cmp(&mean(b))).map(|model| (model, f64::INFINITY))
    }

    fn learn(&mut self, tried: &[(usize, Trial)]) {
        for (model, trial) in tried {
            self.bought[*model].0 += trial.spend;
            self.bought[*model].1 += 1.0;
        }
    }
}

/// Any model that was not tried, without caps, until one passes.
pub(crate) struct Random(pub(crate) Draws);

impl Buyer for Random {
    fn next(&mut self, on_sale: usize, tried: &[(usize, Trial)]) -> Option<(usize, f64)> {
        let free: Vec<usize> =
            (0..on_sale).filter(|model| tried.iter().all(|one| one.0 != *model)).collect();
        (!free.is_empty()).then(|| (free[self.0.below(free.len())], f64::INFINITY))
    }

    fn learn(&mut self, _: &[(usize, Trial)]) {}
}
