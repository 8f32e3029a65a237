//! How long a task may take a person for a model to solve it: the chance of success as a logistic
//! in the binary logarithm of the minutes (Kwa et al., "Measuring AI ability to complete long
//! tasks", METR, 2025), as a prior for tasks of which nothing else is known.
//!
//! Models share what a doubling of the minutes does, and have an offset each; so have families of
//! tasks, because one takes people long for other reasons than another, and so has each task in
//! its family, because many runs of it still tell of one task. What is told of a task is
//! an average over what tasks of its family are like, and what families are like if it was never
//! seen; its interval holds what they differ by.

mod cells;
mod curvature;
mod fit;
mod lines;
#[cfg(test)]
mod tests;

use std::collections::HashMap;

use cells::{COMMON, Cells};
use fit::Fit;
use lines::{Lines, Spread};
use nalgebra::DVector;

use crate::read::minutes::TimedRun;
use crate::{Interval, Refusal};

/// How many times longer than the longest task that was tried, or shorter than the shortest, an
/// answer goes.
const REACH: f64 = 4.0;

/// What is asked about: a task before it is tried. A model or a family that was never seen is
/// fine, and so is not saying which.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Ask<'a> {
    /// Who is to try.
    pub model: Option<&'a str>,
    /// What the task is one of.
    pub family: Option<&'a str>,
    /// How many minutes the task takes a person.
    pub minutes: f64,
}

/// What a line tells the chance of.
enum Of<'a> {
    /// One task, of a family if that is known.
    Task(Option<&'a str>),
    /// The middle of all families and of their tasks.
    Middle,
}

/// What runs of tasks that people were timed at say about others.
#[derive(Debug, Clone)]
pub struct Horizon {
    fit: Fit,
    models: HashMap<String, usize>,
    families: HashMap<String, usize>,
    middle: f64,
    /// The shortest and the longest task, in minutes.
    known: (f64, f64),
}

impl Horizon {
    /// From runs, whose order does not matter.
    ///
    /// # Errors
    ///
    /// Refuses no runs, and minutes that are not above zero and finite.
    pub fn of(runs: &[TimedRun]) -> Result<Self, Refusal> {
        if runs.is_empty() {
            return Err(Refusal::TooFew { of: "runs of timed tasks", have: 0, need: 1 });
        }
        let mut known = (f64::INFINITY, 0.0_f64);
        for run in runs {
            let minutes = checked(run.minutes)?;
            known = (known.0.min(minutes), known.1.max(minutes));
        }
        let cells = Cells::of(runs);
        let fit = Fit::of(&cells);
        let Cells { models, families, middle, .. } = cells;
        Ok(Self { fit, models, families, middle, known })
    }

    /// The chance that a task is solved. Longer tasks are never likelier.
    ///
    /// # Errors
    ///
    /// Refuses tasks more than four times as long as any that was tried, and minutes that are not
    /// above zero and finite.
    pub fn chance(&self, ask: Ask<'_>) -> Result<Interval, Refusal> {
        let most = REACH * self.known.1;
        if checked(ask.minutes)? > most {
            return Err(Refusal::Beyond { asked: ask.minutes, known: most, unit: "minutes" });
        }
        let length = ask.minutes.max(self.known.0 / REACH).log2() - self.middle;
        Ok(self.lines(ask.model, &Of::Task(ask.family)).chance(length))
    }

    /// How many minutes a task takes a person that the model solves with this chance, if the task is
    /// in the middle of its family and that of all: its 50 % horizon, for a chance of 0.5.
    ///
    /// # Errors
    ///
    /// Refuses a model that was never seen, a chance that is not between 0 and 1, runs of which
    /// the long ones were solved as often, and an answer more than four times beyond the tasks
    /// that were tried.
    pub fn minutes_at(&self, model: &str, chance: f64) -> Result<Interval, Refusal> {
        if !(chance > 0.0 && chance < 1.0) {
            return Err(Refusal::Nonsense { what: "the chance", number: chance });
        }
        if !self.models.contains_key(model) {
            return Err(Refusal::TooFew { of: "runs of this model", have: 0, need: 1 });
        }
        let slope = self.fit.common[1];
        if slope >= -f64::EPSILON {
            return Err(Refusal::Alike("longer tasks were solved as often, so no length is one"));
        }
        let wanted = (chance / (1.0 - chance)).ln();
        let level = self.fit.common[0] + self.fit.common[COMMON + self.models[model]];
        let minutes = |length: f64| (self.middle + length).exp2();
        let (least, most) = (self.known.0 / REACH, self.known.1 * REACH);
        let asked = minutes((wanted - level) / slope);
        if asked < least || asked > most {
            let known = if asked < least { least } else { most };
            return Err(Refusal::Beyond { asked, known, unit: "minutes" });
        }
        let (low, high) = self.lines(Some(model), &Of::Middle).crossing(wanted);
        // Further out than an answer goes its ends don't go either.
        let held = |length: f64| minutes(length).clamp(least, most);
        Ok(Interval::new(held(low), asked, held(high)))
    }

    /// The models that were seen, in the order of their names.
    pub fn models(&self) -> Vec<&str> {
        let mut names: Vec<&str> = self.models.keys().map(String::as_str).collect();
        names.sort_unstable();
        names
    }

    /// The lines that may be true for a model.
    fn lines(&self, model: Option<&str>, of: &Of<'_>) -> Lines {
        let fit = &self.fit;
        let (mut level, mut level_variance) = (fit.common[0], 0.0);
        let mut weights = DVector::zeros(fit.common.len());
        weights[0] = 1.0;
        match model.and_then(|model| self.models.get(model)) {
            Some(place) => {
                weights[COMMON + place] = 1.0;
                level += fit.common[COMMON + place];
            }
            None => level_variance += fit.spreads.models,
        }
        if let Of::Task(family) = of {
            level_variance += fit.spreads.tasks;
            match family.and_then(|family| self.families.get(family)) {
                Some(place) => {
                    level += fit.families[*place];
                    let tie = &fit.ties[*place];
                    weights += &tie.weights;
                    level_variance += tie.own;
                }
                None => level_variance += fit.spreads.families,
            }
        }
        let mut slope = DVector::zeros(fit.common.len());
        slope[1] = 1.0;
        Lines::of(&Spread {
            level,
            slope: fit.common[1],
            level_variance: level_variance + fit.covariance_of(&weights, &weights),
            slope_variance: fit.covariance_of(&slope, &slope),
            covariance: fit.covariance_of(&weights, &slope),
        })
    }
}

fn checked(minutes: f64) -> Result<f64, Refusal> {
    if minutes.is_finite() && minutes > 0.0 {
        return Ok(minutes);
    }
    Err(Refusal::Nonsense { what: "the number of minutes", number: minutes })
}
