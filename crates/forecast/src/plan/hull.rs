//! A task's curve as a plan needs it: what each step up costs and gains, best first.

use super::Task;
use crate::{Interval, Refusal};

/// A spend that a task may get, in nano-dollars, and what it is worth there.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Point {
    pub(super) spend: u64,
    pub(super) chance: Interval,
    /// What the plan adds up: the chance by the value, or alone.
    pub(super) worth: f64,
}

/// A step from one point of a task to a later one.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Step {
    pub(super) task: usize,
    pub(super) from: usize,
    pub(super) to: usize,
    pub(super) cost: u64,
    pub(super) gain: f64,
}

impl Step {
    pub(super) fn between(task: usize, points: &[Point], from: usize, to: usize) -> Self {
        let cost = points[to].spend - points[from].spend;
        Self { task, from, to, cost, gain: points[to].worth - points[from].worth }
    }

    /// What a dollar of it gains.
    pub(super) fn price(&self) -> f64 {
        self.gain / (self.cost as f64 / 1e9)
    }
}

/// The points of a task from nothing spent on. One with a lower chance than a cheaper one is
/// never bought.
pub(super) fn points<K>(task: &Task<K>, unit: f64) -> Result<Vec<Point>, Refusal> {
    let nonsense = |what, number| Err(Refusal::Nonsense { what, number });
    if !(task.value.is_finite() && task.value >= 0.0) {
        return nonsense("the value of a task", task.value);
    }
    let none = Interval { low: 0.0, likely: 0.0, high: 0.0 };
    let mut curve: Vec<(u64, Interval)> = task.curve.iter().map(|one| (one.0.0, one.1)).collect();
    curve.sort_by(|a, b| a.0.cmp(&b.0).then(a.1.likely.total_cmp(&b.1.likely)));
    let mut points = vec![Point { spend: 0, chance: none, worth: 0.0 }];
    for (spend, chance) in curve {
        for number in [chance.low, chance.likely, chance.high] {
            if !(0.0..=1.0).contains(&number) {
                return nonsense("a chance", number);
            }
        }
        let point = Point { spend, chance, worth: unit * chance.likely };
        // Of several at one spend the likeliest is the last.
        if points.last().is_some_and(|last| last.spend == spend) {
            points.pop();
        }
        points.push(point);
    }
    Ok(points)
}

/// The steps along the upper concave hull of the points: each one gains less for a dollar than the
/// one before, and no point lies above them.
pub(super) fn steps(task: usize, points: &[Point]) -> Vec<Step> {
    let mut corners: Vec<usize> = vec![0];
    for to in 1..points.len() {
        while let [.., before, last] = corners[..] {
            let bent = Step::between(task, points, before, last).price()
                > Step::between(task, points, last, to).price();
            if bent {
                break;
            }
            corners.pop();
        }
        corners.push(to);
    }
    let steps = corners.windows(2).map(|pair| Step::between(task, points, pair[0], pair[1]));
    steps.filter(|step| step.gain > 0.0).collect()
}
