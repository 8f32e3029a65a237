//! What each estimator says of one agent and one task, and how far off each says it may be.

use crate::cure::fit::Fitted;
use crate::cure::prior::Prior;
use crate::cure::{Effect, PARAMETERS, Shape, chance};
use crate::{Estimator, Incidence, LogLinear, Trial};

/// No estimate is taken to be surer than this.
const SUREST: f64 = 0.01;
/// Chances are held this far from certainty where their odds are taken.
const CERTAIN: f64 = 1e-6;

/// An estimate of a chance with its standard deviation.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Estimate {
    pub chance: f64,
    pub off: f64,
}

/// All that estimates of an agent are made from.
#[derive(Debug, Clone)]
pub(super) struct Fits {
    /// One curve for all tasks.
    pub one: Fitted,
    /// With what is known of each task.
    pub by_task: Fitted,
    /// What is known of tasks like those that it tried.
    pub typical: Vec<Effect>,
    /// What was seen, where anything was, and the line through it.
    pub seen: Option<Incidence>,
    pub line: Option<LogLinear>,
}

impl Fits {
    /// Of an agent that nothing is known of.
    pub(super) fn unseen(priors: &[Prior; 2]) -> Self {
        let [one, by_task] = priors.each_ref().map(Fitted::unseen);
        Self { one, by_task, typical: vec![Effect::default()], seen: None, line: None }
    }

    /// Takes in what was seen.
    pub(super) fn see(&mut self, trials: &[Trial]) {
        self.seen = Incidence::of(trials).ok();
        self.line = self.seen.as_ref().and_then(|seen| LogLinear::of(seen).ok());
    }

    /// Makes an estimator ready to tell the chance of success by a log spend, for trials that are
    /// known not to have ended at `spent`. `None` where it has nothing to go by.
    pub(super) fn ready(
        &self,
        by: Estimator,
        log_spend: f64,
        spent: Option<f64>,
    ) -> Option<Ready<'_>> {
        let one = || curve(&self.one, Effect::default(), log_spend, spent);
        let how = match by {
            Estimator::Flat => How::Alike(self.as_seen(Incidence::flat, log_spend, spent)?),
            Estimator::LogLinear => {
                let line = self.line?;
                How::Alike(self.as_seen(|_, spend| line.by(spend), log_spend, spent)?)
            }
            Estimator::Cure => How::Alike(one()),
            Estimator::CureByTask => How::ByTask,
            Estimator::Blend => {
                let all = Typical::of(&self.by_task.shape, &self.typical, log_spend, spent);
                How::Blend(Level::of(one(), &all))
            }
        };
        Some(Ready { by_task: &self.by_task, log_spend, spent, how })
    }

    /// The chance that an attempt is neither solved nor given up at a log spend, as the curves
    /// have it, given that it wasn't at `spent`.
    pub(super) fn open(&self, effect: Effect, log_spend: f64, spent: Option<f64>) -> f64 {
        let open = |fitted: &Fitted, effect: Effect| {
            let at = |log_spend: f64| fitted.shape.open_at(log_spend, effect);
            at(log_spend) / spent.map_or(1.0, at).max(1e-300)
        };
        let known = effect.known * open(&self.by_task, effect);
        (known + (1.0 - effect.known) * open(&self.one, Effect::default())).min(1.0)
    }

    fn as_seen(
        &self,
        share: impl Fn(&Incidence, f64) -> f64,
        log_spend: f64,
        spent: Option<f64>,
    ) -> Option<Estimate> {
        let seen = self.seen.as_ref()?;
        let by = share(seen, log_spend.exp());
        let chance = match spent.map(f64::exp) {
            None => by,
            Some(spent) => {
                let open = seen.open(spent).max(CERTAIN);
                ((by - share(seen, spent)) / open).clamp(0.0, 1.0)
            }
        };
        Some(Estimate { chance, off: (chance * (1.0 - chance) / seen.trials() as f64).sqrt() })
    }
}

/// An estimator that has all it needs but the task.
pub(super) struct Ready<'a> {
    by_task: &'a Fitted,
    log_spend: f64,
    spent: Option<f64>,
    how: How,
}

enum How {
    /// All tasks are alike to it.
    Alike(Estimate),
    ByTask,
    Blend(Level),
}

impl Ready<'_> {
    /// The chance for a task.
    pub(super) fn of(&self, effect: Effect) -> Estimate {
        let task = || curve(self.by_task, effect, self.log_spend, self.spent);
        let estimate = match &self.how {
            How::Alike(estimate) => *estimate,
            How::ByTask => task(),
            How::Blend(level) => level.blend(effect, task()),
        };
        Estimate { off: estimate.off.max(SUREST), ..estimate }
    }
}

/// How many tasks are solved in all: what the curves by task say of it is moved to the mean of
/// that and of what the one curve says.
struct Level {
    one: Estimate,
    mean: f64,
    /// How far either is from the mean.
    apart: f64,
    /// What is added to the log odds of each task.
    moved: f64,
}

impl Level {
    fn of(one: Estimate, all: &Typical) -> Self {
        let by_task = all.mean(0.0);
        let mean = f64::midpoint(one.chance, by_task);
        Self { one, mean, apart: (one.chance - by_task) / 2.0, moved: all.moved_to(mean) }
    }

    /// One task's chance. What is little known of is told from the level alone.
    fn blend(&self, effect: Effect, task: Estimate) -> Estimate {
        let told = chance(odds(task.chance) + self.moved);
        let unknown = chance(odds(self.mean) + effect.ease);
        let chance = effect.known * told + (1.0 - effect.known) * unknown;
        let variance = f64::midpoint(self.one.off.powi(2), task.off.powi(2)) + self.apart.powi(2);
        Estimate { chance, off: variance.sqrt() }
    }
}

/// The log odds of success of typical tasks, each with how likely it is that it is still open.
struct Typical(Vec<(f64, f64)>);

impl Typical {
    fn of(shape: &Shape, effects: &[Effect], log_spend: f64, spent: Option<f64>) -> Self {
        let task = |effect: &Effect| {
            let open = spent.map_or(1.0, |spent| shape.open_at(spent, *effect).max(1e-300));
            (odds(going_on(shape, *effect, log_spend, spent)), open)
        };
        Self(effects.iter().map(task).collect())
    }

    /// The mean chance, if all odds are moved by so much.
    fn mean(&self, by: f64) -> f64 {
        let (mut solved, mut all) = (0.0, 0.0);
        for (odds, open) in &self.0 {
            solved += open * chance(odds + by);
            all += open;
        }
        solved / all
    }

    /// By how much all odds have to be moved for that mean chance; found by halving.
    fn moved_to(&self, mean: f64) -> f64 {
        const HALVINGS: usize = 16;
        let (mut low, mut high) = (-8.0, 8.0);
        for _ in 0..HALVINGS {
            let middle = f64::midpoint(low, high);
            if self.mean(middle) < mean { low = middle } else { high = middle }
        }
        f64::midpoint(low, high)
    }
}

fn odds(chance: f64) -> f64 {
    let chance = chance.clamp(CERTAIN, 1.0 - CERTAIN);
    (chance / (1.0 - chance)).ln()
}

/// The chance that a shape gives, and its standard deviation by the delta method.
fn curve(fitted: &Fitted, effect: Effect, log_spend: f64, spent: Option<f64>) -> Estimate {
    const MOVED: f64 = 1e-4;
    let at = |shape: &Shape| going_on(shape, effect, log_spend, spent);
    let chance = at(&fitted.shape);
    let mut slopes = crate::cure::Vector::zeros();
    for number in 0..PARAMETERS {
        let mut moved = fitted.shape;
        moved.0[number] += MOVED;
        slopes[number] = (at(&moved) - chance) / MOVED;
    }
    let variance = slopes.dot(&(fitted.spread * slopes));
    Estimate { chance, off: if variance > 0.0 { variance.sqrt().min(1.0) } else { 0.0 } }
}

/// The chance of success by a log spend given that it hadn't ended at another.
fn going_on(shape: &Shape, effect: Effect, log_spend: f64, spent: Option<f64>) -> f64 {
    let by = shape.solved_by(log_spend, effect);
    let Some(spent) = spent else { return by };
    let open = shape.open_at(spent, effect).max(1e-300);
    ((by - shape.solved_by(spent, effect)) / open).clamp(0.0, 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_blend_solves_as_many_as_its_two_parts_in_the_mean() {
        let tasks = [-3.0, -0.5, 0.0, 2.0];
        let all = Typical(tasks.map(|odds| (odds, 1.0)).to_vec());
        let by_task = all.mean(0.0);
        let one = Estimate { chance: 0.8, off: 0.1 };
        let level = Level::of(one, &all);
        let known = |odds| {
            let task = Estimate { chance: chance(odds), off: 0.1 };
            level.blend(Effect { known: 1.0, ..Effect::default() }, task)
        };
        let told = tasks.iter().map(|odds| known(*odds).chance).sum::<f64>() / 4.0;
        assert!((told - f64::midpoint(0.8, by_task)).abs() < 1e-3);
        assert!(known(0.0).off > 0.1, "that they differ makes it less sure");
    }

    #[test]
    fn of_a_task_that_nothing_is_known_of_the_level_is_told() {
        let all = Typical(vec![(-2.0, 1.0), (2.0, 1.0)]);
        let level = Level::of(Estimate { chance: 0.7, off: 0.1 }, &all);
        let told = level.blend(Effect::default(), Estimate { chance: 0.1, off: 0.1 });
        assert!((told.chance - 0.6).abs() < 1e-9);
    }
}
