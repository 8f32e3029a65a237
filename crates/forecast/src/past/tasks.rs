//! How easy each task is and how much it takes, from what became of trials of it, whoever made
//! them, and of tasks of its kinds.
//!
//! A task's ease is what best explains who solved it and who didn't, given how able each is, and
//! given that tasks are mostly alike (Rasch, "Probabilistic models for some intelligence and
//! attainment tests", 1960, with a normal prior). Its demand does the same for what trials took
//! before they ended, however they ended: that those which fail take longer is a part of it.

use crate::End;
use crate::cure::{Effect, Row, Shape, chance};

/// How much tasks differ in ease: the variance of its log odds.
const EASE_VARIES: f64 = 4.0;
/// How much tasks differ in what they take: the variance in log spend.
const DEMAND_VARIES: f64 = 0.2;
/// The same of kinds of task, which are more alike.
const KINDS_VARY: [f64; 2] = [0.5, 0.05];
/// In so many steps Newton's method finds an ease to three digits.
const STEPS: usize = 8;

/// What trials say of a task's ease and demand: slopes of their likelihood where both are
/// nothing, and the information on either.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Pull {
    odds: f64,
    odds_known: f64,
    when: f64,
    when_known: f64,
}

impl Pull {
    /// Of one trial by an agent of that shape.
    fn of(shape: &Shape, log_spend: f64, end: End) -> Self {
        let score = shape.score(&Row { log_spend, end, effect: Effect::default() });
        let ever = shape.ever(Effect::default());
        let (mean, variance) = shape.ends();
        let whole = ever * (1.0 - ever);
        if end != End::Cut {
            let when = (log_spend - mean) / variance;
            return Self { odds: score.odds, odds_known: whole, when, when_known: 1.0 / variance };
        }
        // What is missing is taken off (Louis, "Finding the observed information matrix when
        // using the EM algorithm", 1982); of what it takes, about half is known.
        let share = (ever + score.odds).clamp(0.0, 1.0);
        Self {
            odds: score.odds,
            odds_known: (whole - share * (1.0 - share)).max(0.0),
            when: (shape.ends_if_open_at(log_spend) - mean) / variance,
            when_known: 0.5 / variance,
        }
    }

    fn add(&mut self, other: Self) {
        self.odds += other.odds;
        self.odds_known += other.odds_known;
        self.when += other.when;
        self.when_known += other.when_known;
    }
}

/// What one agent's trials say of one task.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Cell {
    pub agent: u32,
    solved: f64,
    failed: f64,
    ended: Pull,
    cut: Pull,
}

impl Cell {
    pub(super) fn of(agent: u32) -> Self {
        Self { agent, ..Self::default() }
    }

    /// Takes one more trial in, and says what it says.
    pub(super) fn add(&mut self, shape: &Shape, log_spend: f64, end: End) -> Pull {
        let pull = Pull::of(shape, log_spend, end);
        match end {
            End::Solved => self.solved += 1.0,
            End::Failed => self.failed += 1.0,
            End::Cut => {}
        }
        if end == End::Cut {
            self.cut.add(pull)
        } else {
            self.ended.add(pull)
        }
        pull
    }

    /// The same without the trials that were cut off.
    pub(super) fn without_cut(self) -> Self {
        Self { cut: Pull::default(), ..self }
    }
}

/// All trials of tasks of one kind.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Kind(Pull);

impl Kind {
    pub(super) fn add(&mut self, pull: Pull) {
        self.0.add(pull);
    }

    fn effect(&self) -> Effect {
        let [ease, demand] = KINDS_VARY;
        Effect {
            ease: self.0.odds / (self.0.odds_known + 1.0 / ease),
            demand: self.0.when / (self.0.when_known + 1.0 / demand),
            known: 0.0,
        }
    }
}

/// What is known of a task: by cells, each with its agent's ability, and by its kinds.
pub(super) fn effect<'a>(cells: &[(f64, Cell)], kinds: impl Iterator<Item = &'a Kind>) -> Effect {
    let (mut like, mut count) = (Effect::default(), 0.0);
    for kind in kinds {
        let effect = kind.effect();
        like.ease += effect.ease;
        like.demand += effect.demand;
        count += 1.0;
    }
    if count > 0.0 {
        // The mean and not the sum: kinds overlap, and say much of the same.
        like.ease /= count;
        like.demand /= count;
    }
    let (mut when, mut when_known) = (like.demand / DEMAND_VARIES, 1.0 / DEMAND_VARIES);
    let mut odds_known = 0.0;
    for (_, cell) in cells {
        when += cell.ended.when + cell.cut.when;
        when_known += cell.ended.when_known + cell.cut.when_known;
        odds_known += cell.ended.odds_known + cell.cut.odds_known;
    }
    let ease = ease(cells, like.ease);
    let known = odds_known / (odds_known + 1.0 / EASE_VARIES);
    Effect { ease, demand: when / when_known, known }
}

fn ease(cells: &[(f64, Cell)], like: f64) -> f64 {
    let mut ease = like;
    for _ in 0..STEPS {
        let (mut slope, mut bend) = ((like - ease) / EASE_VARIES, 1.0 / EASE_VARIES);
        for (ability, cell) in cells {
            let ever = chance(ability + ease);
            let trials = cell.solved + cell.failed;
            slope += cell.solved - trials * ever + cell.cut.odds - cell.cut.odds_known * ease;
            bend += trials * ever * (1.0 - ever) + cell.cut.odds_known;
        }
        ease += (slope / bend).clamp(-1.0, 1.0);
    }
    ease
}
