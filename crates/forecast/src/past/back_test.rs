//! How right each estimator would have been about agents that are known, had it seen of each only
//! what was cheap, and had it fitted nothing else on that agent.

use crate::cure::fit::Fitted;
use crate::cure::prior::Prior;
use crate::cure::{Effect, Row};
use crate::score::Told;
use crate::{COVERED, End, Estimator, Trial, score};

use super::agent::typical;
use super::estimate::{Estimate, Fits, Ready};
use super::refit::ONE_CURVE;

/// An agent is tested if this many of its trials ended by themselves.
pub(super) const ENDED: usize = 40;
/// At most so many agents are, those with most trials, on so many rows of each.
pub(super) const AGENTS: usize = 16;
pub(super) const ROWS: usize = 500;
/// The shares of its trials that have ended at the spends up to which it is seen.
const SEEN: [f64; 3] = [0.15, 0.3, 0.6];
/// What is told is how many are solved by so much more.
pub(super) const FURTHER: f64 = 4.0;
/// Below so many agents a test says nothing of how wide an interval is to be.
const ENOUGH: usize = 5;
/// What is taken then: half again what the normal distribution says.
const STRETCH: f64 = 2.5;

/// What a test of one estimator came to.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Tested {
    pub by: Estimator,
    /// The mean over agents of how far the share solved was from what was told.
    pub error: f64,
    /// The mean squared error of what was told of each trial that wasn't over.
    pub brier: f64,
    /// By how many of its own standard deviations an interval reaches to either side.
    pub stretch: f64,
}

/// All tests, and which estimator is to be used.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Tests {
    tested: Vec<Tested>,
    agents: usize,
}

/// One estimator's error and standard deviation for one agent and spend.
#[derive(Debug, Clone, Copy)]
struct Case {
    agent: usize,
    by: Estimator,
    error: f64,
    off: f64,
    brier: f64,
}

/// One agent, as the test takes it.
pub(super) struct Subject {
    /// Its trials with what others' trials say of their tasks.
    pub rows: Vec<Row>,
    /// What the other agents' shapes say.
    pub priors: [Prior; 2],
}

impl Tests {
    pub(super) fn run(subjects: &[Subject]) -> Self {
        let mut cases: Vec<Case> = Vec::new();
        for (agent, subject) in subjects.iter().enumerate() {
            for shown in SEEN.into_iter().filter_map(|share| Shown::of(agent, subject, share)) {
                cases.extend(Estimator::ALL.into_iter().filter_map(|by| shown.case(by)));
            }
        }
        let agents = subjects.len();
        let tested = Estimator::ALL.into_iter().filter_map(|by| tested(&cases, by, agents));
        Self { tested: tested.collect(), agents }
    }

    pub(super) fn of(&self, by: Estimator) -> Option<&Tested> {
        self.tested.iter().find(|tested| tested.by == by)
    }

    pub(super) fn stretch(&self, by: Estimator) -> f64 {
        self.of(by).filter(|_| self.agents >= ENOUGH).map_or(STRETCH, |tested| tested.stretch)
    }

    /// The blend, unless another was clearly better where there were enough agents to tell.
    pub(super) fn best(&self) -> Estimator {
        const CLEARLY: f64 = 0.8;
        let blend = self.of(Estimator::Blend).filter(|_| self.agents >= ENOUGH);
        let Some(blend) = blend else { return Estimator::Blend };
        let better = self.tested.iter().filter(|one| one.brier < CLEARLY * blend.brier);
        let best = better.min_by(|a, b| a.brier.total_cmp(&b.brier));
        best.map_or(Estimator::Blend, |one| one.by)
    }
}

fn tested(cases: &[Case], by: Estimator, agents: usize) -> Option<Tested> {
    let mine: Vec<&Case> = cases.iter().filter(|case| case.by == by).collect();
    let of = |agent| mine.iter().filter(move |case| case.agent == agent);
    let brier = score::mean(mine.iter().map(|case| case.brier))?;
    let errors = (0..agents).filter_map(|agent| score::mean(of(agent).map(|case| case.error)));
    let error = score::mean(errors)?;
    // As conformal prediction has it with residuals by their expected size (Papadopoulos and
    // others, "Inductive confidence machines for regression", 2002), where cases of one agent
    // are alike, so that it is agents that count (Dunn, Wasserman and Ramdas, "Distribution-free
    // prediction sets for two-layer hierarchical models", 2022).
    let mut far: Vec<f64> = mine.iter().map(|case| case.error / case.off).collect();
    far.sort_by(f64::total_cmp);
    let each = far.len() as f64 / agents as f64;
    let rank = (COVERED * (agents + 1) as f64 * each).ceil() as usize;
    let most = far.last().copied()?;
    let stretch = far.get(rank.saturating_sub(1)).copied().unwrap_or(most.max(STRETCH));
    Some(Tested { by, error, brier, stretch })
}

/// An agent of which only what was cheap is seen.
struct Shown {
    agent: usize,
    until: f64,
    /// What was seen of each trial, and whether it was solved by the time that is told of.
    trials: Vec<(Row, bool)>,
    came: f64,
    fits: Fits,
}

impl Shown {
    fn of(agent: usize, subject: &Subject, share: f64) -> Option<Self> {
        let rows = &subject.rows;
        let mut ended: Vec<f64> =
            rows.iter().filter(|row| row.end != End::Cut).map(|row| row.log_spend).collect();
        ended.sort_by(f64::total_cmp);
        let until = *ended.get((share * ended.len() as f64) as usize)?;
        let then = until + FURTHER.ln();
        let seen: Vec<Row> = rows.iter().map(|row| until_then(*row, until)).collect();
        let unaware = |row: &Row| Row { effect: Effect::default(), ..*row };
        let plain: Vec<Row> = seen.iter().map(unaware).collect();
        let mut fits = Fits {
            one: Fitted::of(&plain, &subject.priors[0], ONE_CURVE),
            by_task: Fitted::of(&seen, &subject.priors[1], 1.0),
            typical: typical(&seen),
            ..Fits::unseen(&subject.priors)
        };
        let trial = |row: &Row| Trial { spend: row.log_spend.exp(), end: row.end };
        fits.see(&seen.iter().map(trial).collect::<Vec<_>>());
        // What was cut off in between says nothing of what came.
        let trials: Vec<(Row, bool)> = seen
            .into_iter()
            .zip(rows)
            .filter(|(_, row)| row.end != End::Cut || row.log_spend >= then)
            .map(|(seen, row)| (seen, row.end == End::Solved && row.log_spend <= then))
            .collect();
        let came = score::mean(trials.iter().map(|(_, solved)| f64::from(u8::from(*solved))))?;
        Some(Self { agent, until, trials, came, fits })
    }

    fn case(&self, by: Estimator) -> Option<Case> {
        let then = self.until + FURTHER.ln();
        let ready = self.fits.ready(by, then, Some(self.until))?;
        let (told, brier) = told(&ready, &self.trials)?;
        let error = (told.chance - self.came).abs();
        Some(Case { agent: self.agent, by, error, off: told.off, brier })
    }
}

/// The share that an estimator says is solved, of trials of which some are over, and the mean
/// squared error of what it says of each that isn't.
fn told(ready: &Ready<'_>, trials: &[(Row, bool)]) -> Option<(Estimate, f64)> {
    let mut sum = Estimate { chance: 0.0, off: 0.0 };
    let mut each: Vec<Told> = Vec::new();
    for (row, solved) in trials {
        match row.end {
            End::Solved => sum.chance += 1.0,
            End::Failed => {}
            End::Cut => {
                let one = ready.of(row.effect);
                sum.chance += one.chance;
                sum.off += one.off;
                each.push((one.chance, *solved));
            }
        }
    }
    let count = trials.len().max(1) as f64;
    let share = Estimate { chance: sum.chance / count, off: (sum.off / count).max(1e-3) };
    Some((share, score::brier(&each)?))
}

fn until_then(row: Row, until: f64) -> Row {
    if row.log_spend <= until { row } else { Row { log_spend: until, end: End::Cut, ..row } }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tests(agents: usize, brier_of_cure: f64) -> Tests {
        let tested = |by, brier| Tested { by, error: 0.05, brier, stretch: 1.5 };
        let cure = tested(Estimator::Cure, brier_of_cure);
        Tests { tested: vec![cure, tested(Estimator::Blend, 0.15)], agents }
    }

    #[test]
    fn another_is_taken_if_it_was_clearly_better_and_that_can_be_told() {
        assert_eq!(tests(12, 0.11).best(), Estimator::Cure);
        assert_eq!(tests(12, 0.14).best(), Estimator::Blend);
        assert_eq!(tests(4, 0.11).best(), Estimator::Blend);
        assert_eq!(Tests::default().best(), Estimator::Blend);
    }

    #[test]
    fn an_interval_is_as_wide_as_what_was_wrong() {
        let case =
            |agent, error| Case { agent, by: Estimator::Blend, error, off: 0.05, brier: 0.1 };
        // Thirty agents, each as wrong as its number says; nine in ten of one more are within.
        let cases: Vec<Case> = (1..=30).map(|i| case(i - 1, i as f64 / 100.0)).collect();
        let told = tested(&cases, Estimator::Blend, 30).unwrap();
        assert!((told.stretch - 0.28 / 0.05).abs() < 1e-9);
        assert!((told.error - 0.155).abs() < 1e-9);
        assert_eq!(tested(&[], Estimator::Blend, 0), None);
    }

    #[test]
    fn a_few_agents_do_not_make_it_narrow() {
        assert_eq!(tests(4, 0.1).stretch(Estimator::Blend), STRETCH);
        assert_eq!(tests(5, 0.1).stretch(Estimator::Blend), 1.5);
    }
}
