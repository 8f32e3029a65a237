//! Ledgers that are made up, with an observation planted in them as true, as false, or in too few
//! rows to tell: what an audit must find in them is known. Everything is drawn from a seed.

use jiff::Span;
use jiff::civil::{Date, date};
use tenfold_domain::{Draws, Seed};

use super::Verdict;
use crate::read::runs::{Noted, Run};

/// What is planted an observation of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Subject {
    /// Success over the logarithm of spend.
    Spend,
    /// Success over the logarithm of training.
    Training,
    /// The price of a level.
    Price,
    /// Use, as the price falls.
    Growth,
    /// Value over capability.
    Value,
}

impl Subject {
    /// All of them.
    pub const ALL: [Self; 5] =
        [Self::Spend, Self::Training, Self::Price, Self::Growth, Self::Value];

    /// Where in an audit its verdict stands: the observation, and the finding in it.
    pub fn place(self) -> (usize, usize) {
        match self {
            Self::Spend => (0, 0),
            Self::Training => (0, 1),
            Self::Price => (1, 0),
            Self::Growth => (1, 1),
            Self::Value => (2, 0),
        }
    }
}

/// How it is planted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Planted {
    /// As the claim has it.
    True,
    /// In one of several other ways, by turns.
    False,
    /// As the claim has it, in too few rows to tell.
    TooSmall,
}

impl Planted {
    /// All three.
    pub const ALL: [Self; 3] = [Self::True, Self::False, Self::TooSmall];

    /// The verdict that is right.
    pub fn verdict(self) -> Verdict {
        match self {
            Self::True => Verdict::Supported,
            Self::False => Verdict::NotSupported,
            Self::TooSmall => Verdict::NotEnough,
        }
    }
}

/// The ledger of one seed.
pub fn ledger(subject: Subject, planted: Planted, seed: u64) -> Vec<Run> {
    let mut draws = Seed(seed).child(subject.place().0 as u64 * 3 + planted as u64).draws();
    let turn = seed as usize;
    match subject {
        Subject::Spend => spend(planted, turn, &mut draws),
        Subject::Training => training(planted, turn, &mut draws),
        Subject::Price => price(planted, turn, &mut draws),
        Subject::Growth => growth(planted, &mut draws),
        Subject::Value => value(planted, turn, &mut draws),
    }
}

fn run(day: i64, model: &str, task: usize, solved: bool, dollars: f64) -> Run {
    Run {
        date: date(2023, 1, 1).saturating_add(Span::new().days(day)),
        model: model.to_owned(),
        task: format!("task {task}"),
        solved,
        dollars: Some(dollars),
        steps: None,
        noted: Noted::default(),
    }
}

/// A number between two, evenly.
fn between(draws: &mut Draws, low: f64, high: f64) -> f64 {
    low + (high - low) * draws.unit()
}

/// Roughly a standard normal number: twelve even ones, added up.
fn normal(draws: &mut Draws) -> f64 {
    (0..12).map(|_| draws.unit()).sum::<f64>() - 6.0
}

/// Three models of 400 runs, whose costs are two powers of ten apart; by turns of a spend that was
/// chosen, and of runs that end when their task is solved or given up.
fn spend(planted: Planted, turn: usize, draws: &mut Draws) -> Vec<Run> {
    let (models, runs) = if planted == Planted::TooSmall { (1, 24) } else { (3, 400) };
    let mut all = Vec::new();
    for model in 0..models {
        let (low, high) = (between(draws, 0.02, 0.2), between(draws, 0.6, 0.9));
        let cheapest = 10_f64.powf(between(draws, -3.0, -1.0));
        let name = format!("model {model}");
        for task in 0..runs {
            let far = draws.unit();
            let cost = |far: f64| cheapest * 100_f64.powf(far);
            let (solved, far) = match (planted, turn % 4) {
                // Spend was chosen, and the share grows with its logarithm.
                (Planted::True | Planted::TooSmall, 0 | 1) => {
                    (draws.unit() < low + (high - low) * far, far)
                }
                // A task takes what it takes, evenly on the logarithm; who fails goes on for long.
                (Planted::True | Planted::TooSmall, _) | (Planted::False, 3) => {
                    let solved = draws.unit() < high;
                    // Planted as false: evenly in dollars.
                    let evenly = (far * 99.0 + 1.0).ln() / 100_f64.ln();
                    let took = if planted == Planted::False { evenly } else { far };
                    (solved, if solved { took } else { 1.0 })
                }
                // It doesn't matter.
                (Planted::False, 0) => (draws.unit() < (low + high) / 2.0, far),
                // It grows in proportion.
                (Planted::False, 1) => {
                    (draws.unit() < 0.05 + (high - 0.05) * 100_f64.powf(far - 1.0), far)
                }
                // The first dollars buy nearly all that can be had.
                (Planted::False, _) => {
                    let share = high * (1.0 - (-100_f64.powf(far) / 3.0).exp());
                    (draws.unit() < share, far)
                }
            };
            all.push(run(model * 30, &name, task, solved, cost(far)));
        }
    }
    all
}

/// Twenty models whose training is three powers of ten apart, of 200 runs each.
fn training(planted: Planted, turn: usize, draws: &mut Draws) -> Vec<Run> {
    let models: i64 = if planted == Planted::TooSmall { 5 } else { 20 };
    let mut all = Vec::new();
    for model in 0..models {
        let far = model as f64 / (models - 1) as f64;
        let share = match (planted, turn % 3) {
            (Planted::True | Planted::TooSmall, _) => 0.1 + 0.7 * far,
            (Planted::False, 0) => 0.5,
            (Planted::False, 1) => 0.05 + 0.85 * 1e3_f64.powf(far - 1.0),
            (Planted::False, _) => 0.85 * (1.0 - (-1e3_f64.powf(far) / 2.0).exp()),
        };
        let share = share + 0.02 * normal(draws);
        for task in 0..200 {
            let mut run = run(model, &format!("model {model}"), task, draws.unit() < share, 0.1);
            run.noted.training_flop = Some(1e22 * 1e3_f64.powf(far));
            all.push(run);
        }
    }
    all
}

/// Two and a half years with a new model about every three weeks, of 60 runs each, some of them
/// dearer than need be.
fn price(planted: Planted, turn: usize, draws: &mut Draws) -> Vec<Run> {
    let times: f64 = match (planted, turn % 4) {
        (Planted::True | Planted::TooSmall, _) => 10.0,
        (Planted::False, 0) => 1.0,
        (Planted::False, 1) => 2.0,
        (Planted::False, 2) => 50.0,
        (Planted::False, _) => 100.0,
    };
    let models = if planted == Planted::TooSmall { 8 } else { 44 };
    let mut all = Vec::new();
    for model in 0..models {
        let day = model * 21 + draws.below(9) as i64;
        let mean = times.powf(-(day as f64) / 365.25) * 10_f64.powf(between(draws, 0.0, 0.5));
        let share = between(draws, 0.55, 0.7);
        for task in 0..60 {
            let dollars = mean * (0.5 * normal(draws)).exp();
            all.push(run(day, &format!("model {model}"), task, draws.unit() < share, dollars));
        }
    }
    all
}

/// Two and a half years of a ledger, whose price falls in steps; use follows it or doesn't.
fn growth(planted: Planted, draws: &mut Draws) -> Vec<Run> {
    let months = if planted == Planted::TooSmall { 7 } else { 30 };
    let elasticity = if planted == Planted::False { 0.0 } else { -1.0 };
    let (mut log_price, mut all) = (0.0_f64, Vec::new());
    let mut model = 0;
    for month in 0..months {
        if month > 0 && draws.unit() < 0.3 {
            log_price -= between(draws, 0.3, 0.8);
            model += 1;
        }
        let usual = 3.8 + 0.01 * f64::from(month) + 0.07 * normal(draws);
        let runs = (usual + elasticity * log_price).exp().min(20_000.0) as usize;
        let first = date(2023, 1, 1).saturating_add(Span::new().months(month));
        for task in 0..runs {
            let dollars = (log_price + 0.2 * normal(draws)).exp();
            let mut run = run(0, &format!("model {model}"), task, draws.unit() < 0.6, dollars);
            run.date = on_day(first, task);
            all.push(run);
        }
    }
    all
}

/// One of the first 28 days of a month, in turn.
fn on_day(first: Date, turn: usize) -> Date {
    first.saturating_add(Span::new().days((turn % 28) as i64))
}

/// Twenty-four models of 200 runs; by turns with a capability that is told, and without.
fn value(planted: Planted, turn: usize, draws: &mut Draws) -> Vec<Run> {
    let models: i64 = if planted == Planted::TooSmall { 5 } else { 24 };
    let mut all = Vec::new();
    for model in 0..models {
        let able = 0.1 + 0.8 * (model as f64 + 0.5) / models as f64;
        let worth = match (planted, turn / 2 % 3) {
            (Planted::True | Planted::TooSmall, _) => (6.0 * able * able).exp(),
            (Planted::False, 0) => able,
            (Planted::False, 1) => able * able,
            (Planted::False, _) => (4.0 * able).exp(),
        };
        for task in 0..200 {
            let solved = draws.unit() < able;
            let mut run = run(model, &format!("model {model}"), task, solved, 0.1);
            run.noted.value = Some(20.0 * worth / able * (0.3 * normal(draws)).exp());
            run.noted.capability = turn.is_multiple_of(2).then_some(100.0 + 40.0 * able);
            all.push(run);
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::super::{Known, audit};
    use super::*;

    /// Of twenty seeds, the share of verdicts that are right.
    fn right(subject: Subject, planted: Planted) -> f64 {
        let (observation, finding) = subject.place();
        let verdict = |seed: u64| {
            let runs = ledger(subject, planted, seed);
            let audit = audit(Known { runs: &runs, ..Known::default() });
            audit.observations[observation].findings[finding].verdict
        };
        let right = (500..520).filter(|seed| verdict(*seed) == planted.verdict()).count();
        right as f64 / 20.0
    }

    #[test]
    fn what_is_planted_is_found() {
        for subject in Subject::ALL {
            for planted in Planted::ALL {
                let share = right(subject, planted);
                assert!(share >= 0.9, "{subject:?} planted as {planted:?}: {share}");
            }
        }
    }
}
