//! A budget spread over a backlog by what each next dollar buys.
//!
//! Of each task's curve the upper concave hull is taken, and the steps of all hulls are bought in
//! the order of what they gain for a dollar. As long as a step may be cut that is the best there
//! is (Fox, "Discrete optimization via marginal analysis", 1966; Sinha and Zoltners, "The
//! multiple-choice knapsack problem", 1979), and a whole plan is less than one step below it.
//! Nothing is ever spent beyond the budget, and more budget never plans for less.
//!
//! It plans by what is likely. It starts nothing and holds no money: that is the schedule's and
//! the ledger's.

mod hull;
#[cfg(test)]
mod tests;

use tenfold_domain::NanoUsd;

use hull::{Point, Step};

use crate::{Interval, Refusal};

/// A task as a plan sees it.
#[derive(Debug, Clone, PartialEq)]
pub struct Task<K> {
    /// Its name to who asks; no two are alike.
    pub key: K,
    /// What it is worth if it is solved: in dollars, or in any unit that all tasks share. From
    /// zero up.
    pub value: f64,
    /// The chance that it is solved by each spend that it may get. Between them, money buys
    /// nothing. The order does not matter.
    pub curve: Vec<(NanoUsd, Interval)>,
}

impl<K> Task<K> {
    /// A task whose curve is in dollars, as a forecast draws it. Spends are rounded up to whole
    /// nano-dollars.
    ///
    /// # Errors
    ///
    /// Refuses a spend that is negative, not finite, or more than an amount can hold.
    pub fn in_dollars(
        key: K,
        value: f64,
        curve: impl IntoIterator<Item = (f64, Interval)>,
    ) -> Result<Self, Refusal> {
        let amount = |dollars: f64| {
            let nanos = (dollars * 1e9).ceil();
            if (0.0..u64::MAX as f64).contains(&nanos) {
                Ok(NanoUsd(nanos as u64))
            } else {
                Err(Refusal::Nonsense { what: "a spend", number: dollars })
            }
        };
        let curve = curve.into_iter().map(|(spend, chance)| Ok((amount(spend)?, chance)));
        Ok(Self { key, value, curve: curve.collect::<Result<_, _>>()? })
    }
}

/// What is to be had as much as possible of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Goal {
    /// Value.
    #[default]
    Value,
    /// Tasks solved, whatever they are worth.
    Solved,
}

/// What a task is worth whose worth grows as a power of how capable one has to be for it:
/// `worth × capability^exponent`. Who knows no better leaves the exponent at 1: that value grows
/// faster than that is not shown by any data here, so it is never assumed.
///
/// # Errors
///
/// Refuses what is negative, and what comes to no number.
pub fn value(worth: f64, capability: f64, exponent: f64) -> Result<f64, Refusal> {
    let parts = [("worth", worth), ("capability", capability), ("exponent", exponent)];
    for (what, number) in parts {
        if !(number.is_finite() && number >= 0.0) {
            return Err(Refusal::Nonsense { what, number });
        }
    }
    let number = worth * capability.powf(exponent);
    if number.is_finite() {
        Ok(number)
    } else {
        Err(Refusal::Nonsense { what: "the value of a task", number })
    }
}

/// One task that a plan gives money.
#[derive(Debug, Clone, PartialEq)]
pub struct Funded<K> {
    /// The task.
    pub task: K,
    /// How much it gets.
    pub spend: NanoUsd,
    /// The chance that it is solved by that.
    pub chance: Interval,
    /// The likely chance by its value.
    pub value: f64,
    /// What a dollar of its best step gains: tasks stand in the order of that.
    pub price: f64,
}

/// One task that a plan gives nothing.
#[derive(Debug, Clone, PartialEq)]
pub struct LeftOut<K> {
    /// The task.
    pub task: K,
    /// A budget with which it is in, for certain; `None` if no budget is, because it is worth
    /// nothing, has no chance, or gains less for a dollar than is asked for.
    pub in_at: Option<NanoUsd>,
}

/// What a budget is best spent on.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan<K> {
    /// What may be spent.
    pub budget: NanoUsd,
    /// What is, if each task takes all that it gets; never more than the budget.
    pub spent: NanoUsd,
    /// Which tasks, in this order, with how much each.
    pub funded: Vec<Funded<K>>,
    /// The others: first those that come in first.
    pub left_out: Vec<LeftOut<K>>,
    /// The value to be expected.
    pub value: f64,
    /// Its standard deviation, tasks being solved or not independently of each other.
    pub deviation: f64,
    /// How many tasks are to be expected to be solved.
    pub solved: f64,
    /// What the next dollar beyond the budget would gain (value, or tasks): zero if nothing
    /// would.
    pub price: f64,
}

/// Tasks, made ready to be planned for any budget.
#[derive(Debug, Clone)]
pub struct Backlog<K> {
    tasks: Vec<Ready<K>>,
    /// The steps of all hulls, best first.
    steps: Vec<Step>,
    /// What all steps up to each cost together.
    costs: Vec<u128>,
    least: f64,
}

#[derive(Debug, Clone)]
struct Ready<K> {
    key: K,
    value: f64,
    points: Vec<Point>,
}

impl<K: Ord + Clone> Backlog<K> {
    /// Tasks and what is to be had. What gains less than `least` for a dollar is left: with values
    /// in dollars, 1 leaves what costs more than it is likely to be worth, and 0 nothing. The
    /// order of the tasks does not matter.
    ///
    /// # Errors
    ///
    /// Refuses a value that is negative or not finite, a chance that is none, and a `least` that
    /// is no number from zero up.
    pub fn new(mut tasks: Vec<Task<K>>, goal: Goal, least: f64) -> Result<Self, Refusal> {
        if !(least.is_finite() && least >= 0.0) {
            return Err(Refusal::Nonsense { what: "what a dollar has to gain", number: least });
        }
        tasks.sort_by(|a, b| a.key.cmp(&b.key));
        let (mut ready, mut steps) = (Vec::with_capacity(tasks.len()), Vec::<Step>::new());
        for (place, task) in tasks.into_iter().enumerate() {
            let unit = if goal == Goal::Value { task.value } else { 1.0 };
            let points = hull::points(&task, unit)?;
            steps
                .extend(hull::steps(place, &points).into_iter().filter(|one| one.price() >= least));
            ready.push(Ready { key: task.key, value: task.value, points });
        }
        // Alike ones in the order of the tasks; a task's own fall, and so stay in theirs.
        steps.sort_by(|a, b| b.price().total_cmp(&a.price()).then(a.task.cmp(&b.task)));
        let costs = steps.iter().scan(0, |sum, step| {
            *sum += u128::from(step.cost);
            Some(*sum)
        });
        let costs = costs.collect();
        Ok(Self { tasks: ready, steps, costs, least })
    }

    /// What a budget is best spent on. For a what-if, ask again with another: a backlog of ten
    /// thousand tasks takes milliseconds.
    pub fn plan(&self, budget: NanoUsd) -> Plan<K> {
        let whole = self.costs.partition_point(|cost| *cost <= u128::from(budget.0));
        let mut reached = vec![0; self.tasks.len()];
        for step in &self.steps[..whole] {
            reached[step.task] = step.to;
        }
        let spent = whole.checked_sub(1).map_or(0, |last| self.costs[last]);
        // All whole steps cost no more than the budget, which is a u64.
        let left = budget.0 - u64::try_from(spent).unwrap_or(budget.0);
        self.spend_rest(&mut reached, whole, left);
        self.told(budget, whole, &reached)
    }

    /// The value (or the tasks solved) to be expected at each budget where a step is whole; on the
    /// lines between them, which only ever get flatter, it would be with steps that can be cut.
    /// No plan is above it.
    pub fn curve(&self) -> Vec<(NanoUsd, f64)> {
        let mut worth = self.tasks.iter().map(|task| task.points[0].worth).sum::<f64>();
        let mut curve = vec![(NanoUsd::ZERO, worth)];
        for (step, cost) in self.steps.iter().zip(&self.costs) {
            worth += step.gain;
            curve.push((nanos(*cost), worth));
        }
        curve
    }

    /// Spends what is left once the next step is too dear: on the further steps that fit, or on
    /// one move of one task to a point below its hull, whichever gains more. Neither can gain
    /// more than that next step would, so that a budget that is enough for it plans for more.
    fn spend_rest(&self, reached: &mut [usize], whole: usize, left: u64) {
        let (mut rest, mut gain) = (left, 0.0);
        let mut further = Vec::new();
        let mut at: Vec<usize> = reached.to_vec();
        for step in &self.steps[whole..] {
            if step.cost <= rest && at[step.task] == step.from {
                at[step.task] = step.to;
                rest -= step.cost;
                gain += step.gain;
                further.push(step);
            }
        }
        match self.best_move(reached, left) {
            Some(one) if one.gain > gain => reached[one.task] = one.to,
            _ => further.into_iter().for_each(|step| reached[step.task] = step.to),
        }
    }

    /// The move of one task that gains most, of those that cost no more than this.
    fn best_move(&self, reached: &[usize], left: u64) -> Option<Step> {
        let mut best: Option<Step> = None;
        for (place, task) in self.tasks.iter().enumerate() {
            let from = reached[place];
            let fits = |point: &Point| point.spend - task.points[from].spend <= left;
            let to = from + task.points[from..].partition_point(fits) - 1;
            if to == from {
                continue;
            }
            // The farthest is worth most; if it gains too little for a dollar, a nearer one may do.
            let moves =
                (from + 1..=to).rev().map(|to| Step::between(place, &task.points, from, to));
            let fitting = moves.filter(|one| one.gain > 0.0 && one.price() >= self.least);
            for one in fitting {
                let better = best.is_none_or(|best| {
                    one.gain > best.gain || (one.gain == best.gain && one.cost < best.cost)
                });
                if better {
                    best = Some(one);
                }
            }
        }
        best
    }

    fn told(&self, budget: NanoUsd, whole: usize, reached: &[usize]) -> Plan<K> {
        let mut first = vec![None; self.tasks.len()];
        for (place, step) in self.steps.iter().enumerate().rev() {
            first[step.task] = Some(place);
        }
        let (mut funded, mut left_out) = (Vec::new(), Vec::new());
        let (mut value, mut variance, mut solved, mut spent) = (0.0, 0.0, 0.0, NanoUsd::ZERO);
        for ((task, &at), first) in self.tasks.iter().zip(reached).zip(first) {
            let Point { spend, chance, .. } = task.points[at];
            let odds = chance.likely;
            value += task.value * odds;
            variance += task.value * task.value * odds * (1.0 - odds);
            solved += odds;
            spent += NanoUsd(spend);
            let (task, worth) = (task.key.clone(), task.value * odds);
            if spend > 0 {
                let price = first.map_or(0.0, |place| self.steps[place].price());
                let spend = NanoUsd(spend);
                funded.push(Funded { task, spend, chance, value: worth, price });
            } else {
                let in_at = first.map(|place| nanos(self.costs[place]));
                left_out.push(LeftOut { task, in_at });
            }
        }
        // Both sorts are stable: alike ones stay in the order of their keys.
        funded.sort_by(|a, b| b.price.total_cmp(&a.price));
        left_out.sort_by_key(|one| one.in_at.unwrap_or(NanoUsd::MAX));
        let price = self.steps.get(whole).map_or(0.0, Step::price);
        let deviation = variance.sqrt();
        Plan { budget, spent, funded, left_out, value, deviation, solved, price }
    }
}

/// As an amount; what is too large for one reads as the largest.
fn nanos(sum: u128) -> NanoUsd {
    NanoUsd(u64::try_from(sum).unwrap_or(u64::MAX))
}
