//! What each model did at each task, whether anybody has bought it or not: only the simulator and
//! the search in hindsight see it.

use std::collections::BTreeMap;
use std::path::Path;

use jiff::ToSpan;
use jiff::civil::{Date, date};
use tenfold_domain::{Draws, Seed};
use tenfold_forecast::read::runs::{self, Run};

/// What one run of a model at a task came to.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Cell {
    pub(crate) solved: bool,
    pub(crate) dollars: f64,
}

/// All runs of one model, one for each task.
#[derive(Debug, Clone)]
pub(crate) struct Model {
    pub(crate) name: String,
    pub(crate) date: Date,
    pub(crate) cells: Vec<Cell>,
}

impl Model {
    /// The share of tasks that it solves.
    pub(crate) fn rate(&self) -> f64 {
        self.cells.iter().filter(|cell| cell.solved).count() as f64 / self.cells.len() as f64
    }

    /// What it costs, in dollars a task.
    pub(crate) fn dollars(&self) -> f64 {
        self.cells.iter().map(|cell| cell.dollars).sum::<f64>() / self.cells.len() as f64
    }
}

/// The models in the order of their dates, each with a cell for each of the same tasks.
#[derive(Debug, Clone)]
pub(crate) struct Table {
    pub(crate) models: Vec<Model>,
    pub(crate) tasks: usize,
}

impl Table {
    /// Of runs that were read: the tasks that every model was given, and whose costs are known.
    fn of(runs: &[Run]) -> Self {
        let mut models: BTreeMap<(Date, &str), BTreeMap<&str, Cell>> = BTreeMap::new();
        for run in runs {
            let Some(dollars) = run.dollars else { continue };
            let cells = models.entry((run.date, run.model.as_str())).or_default();
            cells.insert(run.task.as_str(), Cell { solved: run.solved, dollars });
        }
        let mut tasks: Vec<&str> =
            models.values().next().into_iter().flat_map(|cells| cells.keys().copied()).collect();
        tasks.retain(|task| models.values().all(|cells| cells.contains_key(task)));
        let model = |((date, name), cells): (&(Date, &str), &BTreeMap<&str, Cell>)| Model {
            name: (*name).to_owned(),
            date: *date,
            cells: tasks.iter().map(|task| cells[task]).collect(),
        };
        Self { models: models.iter().map(model).collect(), tasks: tasks.len() }
    }

    /// Of all files in a directory whose names begin with `agent_runs`; `None` if there is none.
    pub(crate) fn read(dir: &Path) -> Result<Option<Self>, Box<dyn std::error::Error>> {
        let mut all = Vec::new();
        for file in std::fs::read_dir(dir)? {
            let path = file?.path();
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            if name.starts_with("agent_runs") && name.ends_with(".csv") {
                let text = std::fs::read_to_string(&path)?;
                all.extend(runs::read(&text).map_err(|e| format!("{name}: {e}"))?);
            }
        }
        Ok((!all.is_empty()).then(|| Self::of(&all)))
    }

    /// Drawn from a seed: eight models that come one a month, stronger and cheaper by chance, at
    /// 400 tasks of two kinds. Each model is better at some tasks than its strength says, a share
    /// of tasks nothing solves, and hard tasks cost more.
    pub(crate) fn synthetic(seed: Seed) -> Self {
        const TASKS: usize = 400;
        let mut draws = seed.draws();
        let task = |draws: &mut Draws| {
            let hopeless = draws.unit() < 0.12;
            if hopeless { -9.0 } else { 1.2 * tenfold_forecast::normal(draws) }
        };
        let eases: Vec<f64> = (0..TASKS).map(|_| task(&mut draws)).collect();
        let model = |nth: i32, draws: &mut Draws| {
            let strength = 0.15 * f64::from(nth) + 0.7 * tenfold_forecast::normal(draws);
            let price = (0.1_f64).ln() + 0.8 * strength + tenfold_forecast::normal(draws);
            let cell = |ease: &f64, draws: &mut Draws| {
                let solved = strength + ease + 0.8 * tenfold_forecast::normal(draws) > 0.0;
                let longer = if solved { -0.3 * ease } else { 0.5 };
                let dollars =
                    (price + longer + 0.7 * tenfold_forecast::normal(draws)).exp().min(5.0);
                Cell { solved, dollars }
            };
            let cells = eases.iter().map(|ease| cell(ease, draws)).collect();
            let date = date(2025, 1, 1) + nth.months();
            Model { name: format!("model {}", nth + 1), date, cells }
        };
        let models = (0..8).map(|nth| model(nth, &mut draws)).collect();
        Self { models, tasks: TASKS }
    }

    /// Only so many of the models, drawn from a seed.
    pub(crate) fn thinned(mut self, count: usize, seed: Seed) -> Self {
        let mut draws = seed.draws();
        while self.models.len() > count.max(1) {
            self.models.remove(draws.below(self.models.len()));
        }
        self
    }

    /// The same models with their dates dealt anew from a seed.
    pub(crate) fn redated(mut self, seed: Seed) -> Self {
        let places = shuffled(self.models.len(), seed);
        let dates: Vec<Date> = places.iter().map(|place| self.models[*place].date).collect();
        self.models.iter_mut().zip(dates).for_each(|(model, date)| model.date = date);
        self.models.sort_by(|a, b| (a.date, &a.name).cmp(&(b.date, &b.name)));
        self
    }

    /// The days on which a model appears.
    pub(crate) fn dates(&self) -> Vec<Date> {
        let mut dates: Vec<Date> = self.models.iter().map(|model| model.date).collect();
        dates.dedup();
        dates
    }

    /// The models that there are on a day.
    pub(crate) fn on(&self, date: Date) -> &[Model] {
        &self.models[..self.models.partition_point(|model| model.date <= date)]
    }

    /// The one that solves most on that day.
    pub(crate) fn best(&self, date: Date) -> &Model {
        let best = self.on(date).iter().max_by(|a, b| a.rate().total_cmp(&b.rate()));
        best.unwrap_or(&self.models[0])
    }
}

/// The numbers below `count` in an order drawn from a seed (Durstenfeld, "Algorithm 235: random
/// permutation", 1964).
pub(crate) fn shuffled(count: usize, seed: Seed) -> Vec<usize> {
    let mut order: Vec<usize> = (0..count).collect();
    let mut draws = seed.draws();
    for place in (1..count).rev() {
        order.swap(place, draws.below(place + 1));
    }
    order
}
