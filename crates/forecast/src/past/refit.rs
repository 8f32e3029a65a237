//! Fitting anew on all that is known: each agent's shapes, what they say of one another, what is
//! known of each task, and how right it all would have been.
//!
//! It is done in the order in which one thing needs the other: shapes for all tasks alike, from
//! which the tasks' effects come, from which the shapes by task come, from which the tests. No
//! agent's own trials go into the effects that its shape is fitted with.

use crate::cure::fit::Fitted;
use crate::cure::prior::Prior;
use crate::cure::{Effect, Row, Vector};

use super::Past;
use super::agent::{Agent, Kept, ROWS, typical};
use super::back_test::{self, Subject, Tests};

/// Agents with fewer trials that ended by themselves say nothing of other agents.
const TELLING: usize = 10;

/// How much a trial counts against the prior where one curve is fitted for all tasks. Half: tasks
/// differ, so that trials are not as the shape has them, and a likelihood that is taken at its
/// word is surer than it should be (Grünwald, "The safe Bayesian", 2012; Bissiri, Holmes and
/// Walker, "A general framework for updating belief distributions", 2016).
pub(super) const ONE_CURVE: f64 = 0.5;

impl Past {
    /// Fits anew on all that is known; [`Past::is_due`] says when that is worth it. What was
    /// added meanwhile counts in forecasts already as far as it says something of its task.
    ///
    /// Takes time in proportion to agents and trials, up to a bound for each agent: for twenty
    /// agents and a hundred thousand trials a second, so it is not for a thread that others wait
    /// for.
    pub fn refit(&mut self) {
        self.put_in_order();
        let middle = self.middle();
        let plain: Vec<Vec<Row>> =
            self.agents.iter().map(|agent| agent.rows(ROWS, |_| Effect::default())).collect();
        let alone = self.shapes(&plain, middle);
        self.priors[0] = Prior::pooled(&told(&alone, None), middle);
        for (which, rows) in plain.iter().enumerate() {
            let prior = self.prior(0, &alone, which, middle);
            self.agents[which].fits.one = Fitted::of(rows, &prior, ONE_CURVE);
        }
        self.weigh_tasks();
        let rows: Vec<Vec<Row>> = (0..self.agents.len())
            .map(|which| {
                let agent = &self.agents[which];
                agent.rows(ROWS, |task| self.others_effect(task, which))
            })
            .collect();
        let by_task = self.shapes(&rows, middle);
        self.priors[1] = Prior::pooled(&told(&by_task, None), middle);
        for (which, rows) in rows.iter().enumerate() {
            let prior = self.prior(1, &by_task, which, middle);
            let agent = &mut self.agents[which];
            agent.fits.by_task = Fitted::of(rows, &prior, 1.0);
            agent.fits.typical = typical(rows);
            agent.fits.see(&agent.trials.iter().map(|kept| kept.trial).collect::<Vec<_>>());
        }
        self.tests = Tests::run(&self.subjects(&alone, &by_task, middle));
        (self.fitted, self.fitted_ended) = (self.trials, self.ended);
    }

    /// Orders agents and their trials by name, so that whatever order they came in all sums are
    /// the same to the last digit.
    fn put_in_order(&mut self) {
        let Self { names, tasks, agents, agent_numbers, .. } = self;
        agents.sort_by_cached_key(|agent| agent.name.map(|name| names.name(name).to_owned()));
        for (number, agent) in agents.iter_mut().enumerate() {
            agent_numbers.insert(agent.name, number as u32);
            let task = |kept: &Kept| names.name(tasks[kept.task as usize].name);
            agent.trials.sort_by(|a, b| {
                let spend = a.trial.spend.total_cmp(&b.trial.spend);
                spend.then(a.trial.end.cmp(&b.trial.end)).then_with(|| task(a).cmp(task(b)))
            });
        }
    }

    /// The middle of all log spends, where a shape that nothing is known of is looked for.
    fn middle(&self) -> f64 {
        let all = self.agents.iter().flat_map(|agent| &agent.trials);
        crate::score::mean(all.map(|kept| kept.trial.spend.ln())).unwrap_or(0.0)
    }

    /// Each agent's shape as its own trials have it; none where they are too few to tell others.
    fn shapes(&self, rows: &[Vec<Row>], middle: f64) -> Vec<Option<Vector>> {
        let shape = |(agent, rows): (&Agent, &Vec<Row>)| {
            let telling = agent.ended >= TELLING;
            let when = crate::score::mean(rows.iter().map(|row| row.log_spend)).unwrap_or(middle);
            telling.then(|| Fitted::of(rows, &Prior::shipped(when), 1.0).shape.0)
        };
        self.agents.iter().zip(rows).map(shape).collect()
    }

    /// What the other agents say of one. Of so many that one makes no difference, what all say.
    fn prior(&self, of: usize, shapes: &[Option<Vector>], which: usize, middle: f64) -> Prior {
        const MANY: usize = 100;
        if shapes.len() > MANY {
            return self.priors[of].clone();
        }
        Prior::pooled(&told(shapes, Some(which)), middle)
    }

    fn subjects(
        &self,
        alone: &[Option<Vector>],
        by_task: &[Option<Vector>],
        middle: f64,
    ) -> Vec<Subject> {
        let mut tested: Vec<usize> = (0..self.agents.len())
            .filter(|which| {
                let agent = &self.agents[*which];
                agent.ended >= back_test::ENDED && agent.cut_share() < 0.5
            })
            .collect();
        tested.sort_by_key(|which| std::cmp::Reverse(self.agents[*which].trials.len()));
        tested.truncate(back_test::AGENTS);
        let subject = |which: usize| Subject {
            rows: self.agents[which].rows(back_test::ROWS, |task| self.others_effect(task, which)),
            priors: [alone, by_task]
                .map(|shapes| Prior::pooled(&told(shapes, Some(which)), middle)),
        };
        tested.into_iter().map(subject).collect()
    }
}

/// The shapes that there are, but for one agent's.
fn told(shapes: &[Option<Vector>], without: Option<usize>) -> Vec<Vector> {
    let others = shapes.iter().enumerate().filter(|(which, _)| Some(*which) != without);
    others.filter_map(|(_, shape)| *shape).collect()
}
