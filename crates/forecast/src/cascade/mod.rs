//! Which rung next, given what failed: the cheapest sequence of models, each with a cap on what an
//! attempt may cost, that is worth most or that is as good as the best of them.
//!
//! A cascade is a fold: what it knows is what it was told by [`Cascade::learn`], a task at a time.
//! The same tasks and questions in the same order make the same choices; the tasks alone make it
//! believe the same, as near as the search for what is likeliest comes. It learns how strong each rung is,
//! what its attempts cost, how much tasks differ, and so what the failure of one rung says of the
//! next. Then, for each task, it draws what the rungs may be from what is believed of them, and
//! takes the sequence that is best if they are so (Thompson, "On the likelihood that one unknown
//! probability exceeds another in view of the evidence of two samples", 1933). So a rung is tried
//! as often as it is likely to be of use: a new one some times, one that proved weak no more.
//!
//! A check that lets a part of wrong work through ends a task with wrong work: a weak rung then
//! costs more than its price, and the chance that what passed is right is part of every choice.

mod aim;
mod belief;
mod bought;
mod fit;
mod once;
mod plan;
mod spend;
#[cfg(test)]
mod tests;
mod why;

use std::collections::VecDeque;

use jiff::civil::Date;
use tenfold_domain::Seed;

use crate::{End, Refusal};
use aim::Aim;
use belief::{Belief, Eases, Known};
pub use bought::{Bought, Rung};
pub use once::{Answerer, once};
use plan::{Capped, Offer, Step};
pub use why::{Hope, Why};

/// So many tasks are remembered; what is believed comes from them. Models and work change, and
/// what is known of a rung that is seldom tried should last.
pub const REMEMBERED: usize = 6_000;

/// What is wanted.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Goal {
    /// The most of value × chance − cost, where a solved task is worth so many dollars. Under a
    /// budget in which a dollar is worth 1 + λ, hand in the value divided by that.
    Value(f64),
    /// As many tasks solved as the best single rung would solve, for the least money.
    AsBest,
}

/// How a cascade chooses.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Settings {
    /// What is wanted.
    pub goal: Goal,
    /// The share of wrong work that the check lets pass, from 0 to 1:
    /// [`CheckError::wrong_passed`](crate::record::CheckError) of what people found.
    pub leak: f64,
    /// What all chance is drawn from.
    pub seed: Seed,
}

/// What to do next at a task.
#[derive(Debug, Clone, PartialEq)]
pub enum Choice {
    /// Buy an attempt.
    Try {
        /// The name of the rung.
        rung: String,
        /// The dollars at which the attempt is cut off; `None` where it may go on.
        cap: Option<f64>,
        /// Why.
        why: Why,
    },
    /// Buy nothing more.
    Stop {
        /// Why.
        why: Why,
    },
}

/// What chooses the rungs.
#[derive(Debug, Clone)]
pub struct Cascade {
    settings: Settings,
    belief: Belief,
    tasks: VecDeque<Vec<Bought>>,
    learned: u64,
    /// How many tasks had been learned when what is believed was last brought up to date.
    fitted: u64,
    world: Option<World>,
}

/// How the rungs are taken to be for one task.
#[derive(Debug, Clone)]
struct World {
    /// After so many tasks, for these rungs.
    learned: u64,
    rungs: Vec<Rung>,
    drawn: Vec<Known>,
    aim: Aim,
    /// The place of a rung that may be the best, and the share of tasks on which it is tried first.
    scout: Option<(usize, f64)>,
}

impl Cascade {
    /// One that knows nothing yet.
    ///
    /// # Errors
    ///
    /// Refuses a leak that is no share, and a value that is negative or not finite.
    pub fn new(settings: Settings) -> Result<Self, Refusal> {
        let leak = settings.leak;
        if !(0.0..=1.0).contains(&leak) {
            return Err(Refusal::Nonsense {
                what: "the share of wrong work that passes",
                number: leak,
            });
        }
        sound(settings.goal)?;
        let (belief, tasks) = (Belief::new(leak), VecDeque::new());
        Ok(Self { settings, belief, tasks, learned: 0, fitted: 0, world: None })
    }

    /// Chooses by another goal from now on, with all that was learned.
    ///
    /// # Errors
    ///
    /// Refuses a value that is negative or not finite, and keeps the goal that it had.
    pub fn aim_at(&mut self, goal: Goal) -> Result<(), Refusal> {
        sound(goal)?;
        if goal != self.settings.goal {
            (self.settings.goal, self.world) = (goal, None);
        }
        Ok(())
    }

    /// Learns from a task for which nothing more is bought: its attempts in their order. Costs
    /// nothing; what is believed is brought up to date when the next choice is asked for.
    ///
    /// # Errors
    ///
    /// Refuses a task with a cost that can't be, and learns nothing from it.
    pub fn learn(&mut self, task: &[Bought]) -> Result<(), Refusal> {
        if let Some(refusal) = task.iter().find_map(Bought::nonsense) {
            return Err(refusal);
        }
        self.learned += 1;
        if self.tasks.len() == REMEMBERED {
            self.tasks.pop_front();
        }
        self.tasks.push_back(task.to_vec());
        Ok(())
    }

    /// What to do next at a task at which that was `tried`, with the rungs that there are, of which
    /// only those are bought that can be had `today`, and `left` dollars; `None` where money has no
    /// end.
    pub fn next(
        &mut self,
        tried: &[Bought],
        rungs: &[Rung],
        today: Date,
        left: Option<f64>,
    ) -> Choice {
        let left = left.unwrap_or(f64::INFINITY);
        if tried.last().is_some_and(|bought| bought.trial.end == End::Solved) {
            return Choice::Stop { why: Why::Passed };
        }
        if left.is_nan() || left <= 0.0 {
            return Choice::Stop { why: Why::NoMoney };
        }
        let rungs: Vec<Rung> = rungs.iter().filter(|rung| rung.date <= today).cloned().collect();
        let fresh = |rung: &Rung| tried.iter().all(|bought| bought.rung != rung.name);
        let free: Vec<usize> = (0..rungs.len()).filter(|place| fresh(&rungs[*place])).collect();
        if free.is_empty() {
            return Choice::Stop { why: Why::AllTried };
        }
        let mut draws = self.settings.seed.child(self.learned).child(1).draws();
        let world = self.world(rungs);
        let value = if draws.unit() < world.aim.share { world.aim.high } else { world.aim.low };
        let scout = world.scout.filter(|(_, part)| tried.is_empty() && draws.unit() < *part);
        let offers: Vec<Offer> =
            free.iter().map(|&place| Offer::new(&self.belief, &world.drawn[place], left)).collect();
        let names: Vec<&Rung> = free.iter().map(|&place| &world.rungs[place]).collect();
        let task = Task { belief: &self.belief, rungs: &names, open: self.belief.after(tried) };
        task.choose(&offers, value, scout.map(|(place, _)| place))
    }

    /// Draws how the rungs are, if it was not drawn for this task already; then what is believed
    /// is brought up to date if it has fallen behind.
    fn world(&mut self, rungs: Vec<Rung>) -> World {
        /// What is believed may be this many tasks behind, and a sixteenth of all that are known.
        const BEHIND: u64 = 16;
        if let Some(world) = &self.world
            && world.learned == self.learned
            && world.rungs == rungs
        {
            return world.clone();
        }
        let behind = self.learned >= self.fitted + (self.learned / BEHIND).clamp(1, BEHIND);
        if behind {
            self.belief.refit(self.tasks.iter().map(Vec::as_slice));
            self.fitted = self.learned;
        }
        let known: Vec<Known> = rungs.iter().map(|rung| self.belief.of(rung)).collect();
        let last = self.world.take();
        let aim = match (self.settings.goal, &last) {
            (Goal::Value(value), _) => Aim::at(value),
            (Goal::AsBest, Some(last)) if !behind && last.rungs == rungs => last.aim,
            (Goal::AsBest, last) => {
                Aim::as_best(&self.belief, &known, last.as_ref().map(|last| last.aim))
                    .unwrap_or(Aim::at(0.0))
            }
        };
        let mut draws = self.settings.seed.child(self.learned).draws();
        let drawn: Vec<Known> = known.iter().map(|known| known.drawn(&mut draws)).collect();
        let scout = match self.settings.goal {
            Goal::Value(_) => None,
            Goal::AsBest => aim::scout(&self.belief, &known, &drawn, aim),
        };
        let world = World { learned: self.learned, rungs, drawn, aim, scout };
        self.world = Some(world.clone());
        world
    }
}

/// Refuses what can't be wanted.
fn sound(goal: Goal) -> Result<(), Refusal> {
    match goal {
        Goal::Value(value) if !(value.is_finite() && value >= 0.0) => {
            Err(Refusal::Nonsense { what: "the value of a solved task", number: value })
        }
        _ => Ok(()),
    }
}

/// A task at which a choice is made.
struct Task<'a> {
    belief: &'a Belief,
    /// The rungs that were not tried.
    rungs: &'a [&'a Rung],
    /// How easy it is, given what failed.
    open: Eases,
}

impl Task<'_> {
    fn choose(&self, offers: &[Offer], value: f64, scout: Option<usize>) -> Choice {
        // Nothing was tried yet where one is scouted, so that places are those of all rungs.
        if let Some(place) = scout
            && let Some(whole) = offers[place].whole()
        {
            return self.buy(place, whole.cap, Why::Scout(self.hope(place, whole.cap, &self.open)));
        }
        let steps = plan::best(offers, &self.open, value);
        let capped = |step: &Step| -> &Capped { &offers[step.0].0[step.1] };
        if let Some(first) = steps.first() {
            let mut open = self.open;
            capped(first).close(&mut open);
            belief::normalise(&mut open);
            let then = steps.get(1).map(|step| self.hope(step.0, capped(step).cap, &open));
            let hope = self.hope(first.0, capped(first).cap, &self.open);
            return self.buy(first.0, capped(first).cap, Why::Best { hope, then, value });
        }
        let all = (0..offers.len())
            .flat_map(|place| (0..offers[place].0.len()).map(move |cap| (place, cap)));
        let gain = |step: &Step| capped(step).worth(&self.open).gain(value);
        match all.max_by(|a, b| gain(a).total_cmp(&gain(b))) {
            Some(step) => {
                let hope = self.hope(step.0, capped(&step).cap, &self.open);
                Choice::Stop { why: Why::NotWorth { hope, value } }
            }
            None => Choice::Stop { why: Why::AllTried },
        }
    }

    fn buy(&self, place: usize, cap: f64, why: Why) -> Choice {
        let cap = (cap.is_finite()).then_some(cap);
        Choice::Try { rung: self.rungs[place].name.clone(), cap, why }
    }

    /// What is believed of a rung, not what was drawn: people are told what is known.
    fn hope(&self, place: usize, cap: f64, open: &Eases) -> Hope {
        let rung = self.rungs[place];
        let known = self.belief.of(rung);
        let worth = Capped::new(self.belief, &known, cap).worth(open);
        let (chance, dollars) = (worth.right, worth.dollars);
        Hope { rung: rung.name.clone(), chance, dollars, attempts: known.attempts }
    }
}
