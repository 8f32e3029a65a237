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

    /// The curve by task, moved so that over all tasks as many are solved as it and the one curve
    /// have it in the mean. What is little known of a task is told from that level alone.
    fn blend(&self, effect: Effect, log_spend: f64, spent: Option<f64>) -> Estimate {
        let one = curve(self.one, Effect::default(), log_spend, spent);
        let task = curve(self.by_task, effect, log_spend, spent);
        let all = Typical::of(&self.by_task.shape, self.typical, log_spend, spent);
        let level = f64::midpoint(one.chance, all.mean(0.0));
        let unknown = chance(odds(level) + effect.ease);
        let told = chance(odds(task.chance) + all.moved_to(level));
        let apart = (one.chance - all.mean(0.0)) / 2.0;
        let off = f64::midpoint(one.off.powi(2), task.off.powi(2)) + apart.powi(2);
        let mixed = effect.known * told + (1.0 - effect.known) * unknown;
        Estimate { chance: mixed, off: off.sqrt() }
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
