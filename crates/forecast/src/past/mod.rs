//! All trials that are known, and forecasts from them.
//!
//! Two things are kept apart by how often they change. What a trial says of its task is a sum to
//! which each new one is added at once ([`tasks`]). What trials say of an agent, and agents of one
//! another, is fitted, and fitted anew now and then ([`refit`]). A forecast looks at one agent's
//! shapes and one task's sums, so it takes as long among a hundred thousand trials as among ten.

mod agent;
mod back_test;
mod estimate;
mod names;
mod refit;
mod tasks;
#[cfg(test)]
mod tests;

use std::collections::HashMap;

use crate::cure::prior::Prior;
use crate::cure::{ABILITY, Effect};
use crate::forecast::{Estimator, Forecast, Grounds, Point};
use crate::incidence::sound;
use crate::{About, End, Interval, Refusal, Trial};

use agent::{Agent, Kept};
use back_test::{FURTHER, Tests};
use names::Names;
use tasks::{Cell, Kind};

/// So many trials have to have ended by themselves before anything is told.
const NEED: usize = 5;
/// It is due for fitting again when trials have grown by this part.
const GROWN: f64 = 0.1;
/// A curve has so many points, this far apart in log spend.
const POINTS: usize = 49;
const APART: f64 = 0.2;

/// What spend is counted in. One past has one unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Unit {
    /// US dollars.
    Dollars,
    /// Requests to a model.
    Steps,
    /// Independent samples.
    Samples,
    /// Seconds of the clock.
    Seconds,
}

impl Unit {
    /// What it is called, in the plural.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Dollars => "dollars",
            Self::Steps => "steps",
            Self::Samples => "samples",
            Self::Seconds => "seconds",
        }
    }
}

/// A trial of the task at hand that is not in the past, by whoever made it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Tried<'a> {
    /// The model that made it.
    pub model: &'a str,
    /// How.
    pub strategy: &'a str,
    /// What came of it.
    pub trial: Trial,
}

/// All that is known of one task.
#[derive(Debug, Clone, Default)]
struct Task {
    name: u32,
    cells: Vec<Cell>,
    kinds: Vec<u32>,
    trials: usize,
}

/// Trials of tasks by agents, an agent being a model with a strategy.
#[derive(Debug, Clone)]
pub struct Past {
    unit: Unit,
    names: Names,
    task_numbers: HashMap<u32, u32>,
    agent_numbers: HashMap<[u32; 2], u32>,
    kind_numbers: HashMap<String, u32>,
    tasks: Vec<Task>,
    agents: Vec<Agent>,
    kinds: Vec<Kind>,
    trials: usize,
    ended: usize,
    /// The smallest and largest log spend.
    range: (f64, f64),
    /// How many trials there were when it was fitted, and how many of them had ended by themselves.
    fitted: usize,
    fitted_ended: usize,
    /// What all agents say of one more: of the shape for all tasks, and of that by task.
    priors: [Prior; 2],
    tests: Tests,
}

impl Past {
    /// One without trials.
    pub fn new(unit: Unit) -> Self {
        let prior = Prior::shipped(0.0);
        Self {
            unit,
            names: Names::default(),
            task_numbers: HashMap::new(),
            agent_numbers: HashMap::new(),
            kind_numbers: HashMap::new(),
            tasks: Vec::new(),
            agents: Vec::new(),
            kinds: Vec::new(),
            trials: 0,
            ended: 0,
            range: (f64::INFINITY, f64::NEG_INFINITY),
            fitted: 0,
            fitted_ended: 0,
            priors: [prior.clone(), prior],
            tests: Tests::default(),
        }
    }

    /// Adds a trial that is over. Takes the same short time however many there are: it counts for
    /// its task at once, and for its agent when it is next fitted ([`Past::refit`]).
    ///
    /// # Errors
    ///
    /// Refuses a spend that is not a number above zero.
    pub fn add(&mut self, about: &About<'_>, trial: Trial) -> Result<(), Refusal> {
        let trial = sound(trial)?;
        let agent = self.agent_number(about.model, about.strategy);
        let task = self.task_number(about);
        let log_spend = trial.spend.ln();
        self.agents[agent as usize].add(Kept { task, trial });
        self.tasks[task as usize].trials += 1;
        self.weigh(agent, task, trial);
        self.trials += 1;
        self.ended += usize::from(trial.end != End::Cut);
        self.range = (self.range.0.min(log_spend), self.range.1.max(log_spend));
        Ok(())
    }

    /// How many trials are known.
    pub fn trials(&self) -> usize {
        self.trials
    }

    /// Whether a tenth has been added since it was last fitted.
    pub fn is_due(&self) -> bool {
        self.trials as f64 > self.fitted as f64 * (1.0 + GROWN)
    }

    /// Which estimator is used where none is asked for, and how right each was when it was
    /// last fitted: the mean over agents of how far the share solved by four times the spend
    /// that was seen was from what was told.
    pub fn tested(&self) -> (Estimator, Vec<(Estimator, f64)>) {
        let error = |by| Some((by, self.tests.of(by)?.error));
        (self.tests.best(), Estimator::ALL.into_iter().filter_map(error).collect())
    }

    /// The chance that an attempt at a task that begins now is solved by each spend, given what
    /// is in the past and what was tried besides, `so_far`.
    ///
    /// # Errors
    ///
    /// Refuses if fewer than five trials of the past ended by themselves when it was last fitted,
    /// since nothing is known then of what anything takes; and a spend in `so_far` that is not a
    /// number above zero.
    pub fn forecast(&self, about: &About<'_>, so_far: &[Tried<'_>]) -> Result<Forecast, Refusal> {
        self.forecast_by(self.tests.best(), about, so_far, None)
    }

    /// The same of an attempt by the same agent that has taken `spent` already and goes on: the
    /// chances are by what it has taken in all. What is in the past of its own trials of this
    /// task that were cut off is taken to be this attempt.
    ///
    /// # Errors
    ///
    /// As [`Past::forecast`]; and refuses a `spent` that is not a number above zero.
    pub fn going_on(
        &self,
        about: &About<'_>,
        so_far: &[Tried<'_>],
        spent: f64,
    ) -> Result<Forecast, Refusal> {
        self.forecast_by(self.tests.best(), about, so_far, Some(spent))
    }

    /// Either of the two by an estimator that is asked for; where that has nothing to go by, by
    /// the blend.
    ///
    /// # Errors
    ///
    /// As [`Past::going_on`].
    pub fn forecast_by(
        &self,
        by: Estimator,
        about: &About<'_>,
        so_far: &[Tried<'_>],
        spent: Option<f64>,
    ) -> Result<Forecast, Refusal> {
        if self.fitted_ended < NEED {
            let of = "trials that ended by themselves";
            return Err(Refusal::TooFew { of, have: self.fitted_ended, need: NEED });
        }
        let spent = spent.map(|spend| sound(Trial { spend, end: End::Cut })).transpose()?;
        let spent = spent.map(|trial| trial.spend.ln());
        let so_far: Vec<Tried<'_>> = so_far
            .iter()
            .map(|tried| Ok(Tried { trial: sound(tried.trial)?, ..*tried }))
            .collect::<Result<_, Refusal>>()?;
        let unseen = Agent::new([0, 0], &self.priors);
        let agent = self.known_agent(about.model, about.strategy);
        let effect = self.effect(about, &so_far, agent.filter(|_| spent.is_some()));
        let agent = agent.map_or(&unseen, |number| &self.agents[number as usize]);
        let known = agent.fits.ready(by, 0.0, spent).is_some();
        let by = if known { by } else { Estimator::Blend };
        let points = self.points(agent, by, effect, spent);
        let by = (by, self.tests.of(by).map(|tested| tested.error));
        let grounds = Grounds {
            by_agent: agent.trials.len(),
            of_task: so_far.len() + self.known_task(about).map_or(0, |task| task.trials),
            in_all: self.trials + so_far.len(),
        };
        let spent = spent.map_or(0.0, f64::exp);
        Ok(Forecast::new(points, spent, by, grounds, self.unit.as_str()))
    }

    fn points(
        &self,
        agent: &Agent,
        by: Estimator,
        effect: Effect,
        spent: Option<f64>,
    ) -> Vec<Point> {
        let (reach, fits) = (self.reach(agent), &agent.fits);
        let stretch = self.tests.stretch(by);
        let at = |point: usize| reach - APART * (POINTS - 1 - point) as f64;
        let point = |log_spend: f64| {
            let one = fits.ready(by, log_spend, spent)?.of(effect);
            let off = stretch * one.off;
            let solved = Interval::new(one.chance - off, one.chance, one.chance + off);
            Some(Point { log_spend, solved, open: fits.open(effect, log_spend, spent) })
        };
        // What goes on has not been solved by what it has taken.
        let solved = Interval { low: 0.0, likely: 0.0, high: 0.0 };
        let begun = spent.map(|log_spend| Point { log_spend, solved, open: 1.0 });
        let ahead = (0..POINTS).map(at).filter(|log| spent.is_none_or(|spent| *log > spent));
        begun.into_iter().chain(ahead.filter_map(point)).collect()
    }

    /// The log spend up to which something is told of an agent: as much further than it was seen
    /// as the tests go; further than anyone was seen, if it was hardly.
    fn reach(&self, agent: &Agent) -> f64 {
        let seen = agent.fits.seen.as_ref().filter(|_| agent.ended >= NEED);
        seen.map_or(self.range.1, |seen| seen.seen().ln()) + FURTHER.ln()
    }

    /// What is known of a task. If an agent goes on with an attempt, what of its own was cut off
    /// is left out.
    fn effect(&self, about: &About<'_>, so_far: &[Tried<'_>], goes_on: Option<u32>) -> Effect {
        let task = self.known_task(about);
        let mut cells: Vec<(f64, Cell)> = Vec::new();
        for cell in task.map_or(&[][..], |task| &task.cells) {
            let own = goes_on == Some(cell.agent);
            cells.push((self.ability(cell.agent), if own { cell.without_cut() } else { *cell }));
        }
        for tried in so_far {
            let agent = self.known_agent(tried.model, tried.strategy);
            let shape = agent.map_or(crate::cure::Shape(self.priors[0].mean), |number| {
                self.agents[number as usize].fits.one.shape
            });
            let mut cell = Cell::default();
            cell.add(&shape, tried.trial.spend.ln(), tried.trial.end);
            cells.push((shape.0[ABILITY], cell));
        }
        let kinds = about.kinds();
        let kinds = kinds.iter().filter_map(|kind| self.kind_numbers.get(kind));
        tasks::effect(&cells, kinds.map(|kind| &self.kinds[*kind as usize]))
    }

    /// What others' trials say of a task to one agent.
    fn others_effect(&self, task: u32, agent: usize) -> Effect {
        let task = &self.tasks[task as usize];
        let others = task.cells.iter().filter(|cell| cell.agent as usize != agent);
        let cells: Vec<(f64, Cell)> =
            others.map(|cell| (self.ability(cell.agent), *cell)).collect();
        tasks::effect(&cells, task.kinds.iter().map(|kind| &self.kinds[*kind as usize]))
    }

    fn ability(&self, agent: u32) -> f64 {
        self.agents[agent as usize].fits.one.shape.0[ABILITY]
    }

    /// Adds what a trial says of its task.
    fn weigh(&mut self, agent: u32, task: u32, trial: Trial) {
        let shape = &self.agents[agent as usize].fits.one.shape;
        let task = &mut self.tasks[task as usize];
        let cell = match task.cells.iter_mut().position(|cell| cell.agent == agent) {
            Some(place) => &mut task.cells[place],
            None => task.cells.push_mut(Cell::of(agent)),
        };
        let pull = cell.add(shape, trial.spend.ln(), trial.end);
        for kind in &task.kinds {
            self.kinds[*kind as usize].add(pull);
        }
    }

    /// What all trials say of their tasks, from the shapes as they are now.
    fn weigh_tasks(&mut self) {
        self.kinds.fill(Kind::default());
        for task in &mut self.tasks {
            task.cells.clear();
        }
        for agent in 0..self.agents.len() {
            for place in 0..self.agents[agent].trials.len() {
                let Kept { task, trial } = self.agents[agent].trials[place];
                self.weigh(agent as u32, task, trial);
            }
        }
    }

    fn agent_number(&mut self, model: &str, strategy: &str) -> u32 {
        let name = [model, strategy].map(|name| self.names.number(name));
        *self.agent_numbers.entry(name).or_insert_with(|| {
            self.agents.push(Agent::new(name, &self.priors));
            self.agents.len() as u32 - 1
        })
    }

    fn task_number(&mut self, about: &About<'_>) -> u32 {
        let name = self.names.number(about.task);
        if let Some(number) = self.task_numbers.get(&name) {
            return *number;
        }
        let kinds = about.kinds().into_iter().map(|kind| {
            *self.kind_numbers.entry(kind).or_insert_with(|| {
                self.kinds.push(Kind::default());
                self.kinds.len() as u32 - 1
            })
        });
        let kinds = kinds.collect();
        let number = self.tasks.len() as u32;
        self.tasks.push(Task { name, kinds, ..Task::default() });
        self.task_numbers.insert(name, number);
        number
    }

    fn known_agent(&self, model: &str, strategy: &str) -> Option<u32> {
        let name = [self.names.known(model)?, self.names.known(strategy)?];
        self.agent_numbers.get(&name).copied()
    }

    fn known_task(&self, about: &About<'_>) -> Option<&Task> {
        let number = self.task_numbers.get(&self.names.known(about.task)?)?;
        Some(&self.tasks[*number as usize])
    }
}
