//! What each estimator says of one agent and one task, and how far off each says it may be.

use crate::cure::fit::Fitted;
use crate::cure::{Effect, PARAMETERS, Shape, chance};
use crate::{Estimator, Incidence, LogLinear};

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
pub(super) struct Basis<'a> {
    pub one: &'a Fitted,
    pub by_task: &'a Fitted,
    pub typical: &'a [Effect],
    pub seen: Option<&'a Incidence>,
    pub line: Option<LogLinear>,
}

impl Basis<'_> {
    /// The chance of success by a log spend, for a trial that is known not to have ended at
    /// `spent`. `None` where the estimator has nothing to go by.
    pub(super) fn estimate(
        &self,
        by: Estimator,
        effect: Effect,
        log_spend: f64,
        spent: Option<f64>,
    ) -> Option<Estimate> {
        let estimate = match by {
            Estimator::Flat => self.seen_by(|seen, spend| seen.flat(spend), log_spend, spent)?,
            Estimator::LogLinear => {
                let line = self.line?;
                self.seen_by(|_, spend| line.by(spend), log_spend, spent)?
            }
            Estimator::Cure => curve(self.one, Effect::default(), log_spend, spent),
            Estimator::CureByTask => curve(self.by_task, effect, log_spend, spent),
            Estimator::Blend => self.blend(effect, log_spend, spent),
        };
        Some(Estimate { off: estimate.off.max(SUREST), ..estimate })
    }

    fn seen_by(
        &self,
        share: impl Fn(&Incidence, f64) -> f64,
        log_spend: f64,
        spent: Option<f64>,
    ) -> Option<Estimate> {
        let seen = self.seen?;
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

    /// The mean of two: the curves by task as they are, and the same moved so that in all as many
    /// are solved as the one curve has it. What is little known of a task is left out as far as
    /// it isn't known.
    fn blend(&self, effect: Effect, log_spend: f64, spent: Option<f64>) -> Estimate {
        let one = curve(self.one, Effect::default(), log_spend, spent);
        let task = curve(self.by_task, effect, log_spend, spent);
        let shape = &self.by_task.shape;
        let typical = mean_going_on(shape, self.typical, log_spend, spent);
        let level = f64::midpoint(one.chance, typical);
        let unknown = chance(odds(level) + effect.ease);
        let moved = chance(odds(task.chance) + odds(one.chance) - odds(typical));
        let told = f64::midpoint(task.chance, moved);
        let apart = (task.chance - moved) / 2.0;
        let off = f64::midpoint(one.off.powi(2), task.off.powi(2)) + apart.powi(2);
        let mixed = effect.known * told + (1.0 - effect.known) * unknown;
        Estimate { chance: mixed, off: off.sqrt() }
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

/// The mean over tasks of what [`going_on`] gives, those counting most that are likeliest not to
/// have ended.
fn mean_going_on(shape: &Shape, effects: &[Effect], log_spend: f64, spent: Option<f64>) -> f64 {
    let (mut solved, mut all) = (0.0, 0.0);
    for effect in effects {
        let open = spent.map_or(1.0, |spent| shape.open_at(spent, *effect).max(1e-300));
        solved += open * going_on(shape, *effect, log_spend, spent);
        all += open;
    }
    solved / all
}

/// The chance of success by a log spend given that it hadn't ended at another.
fn going_on(shape: &Shape, effect: Effect, log_spend: f64, spent: Option<f64>) -> f64 {
    let by = shape.solved_by(log_spend, effect);
    let Some(spent) = spent else { return by };
    let open = shape.open_at(spent, effect).max(1e-300);
    ((by - shape.solved_by(spent, effect)) / open).clamp(0.0, 1.0)
}
