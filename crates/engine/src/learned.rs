//! What came of attempts, as forecasts learn from it: from the rows of tasks and attempts to trials,
//! and what chooses attempts, as the engine keeps it; the past itself is in [`pasts`](crate::pasts). A forecast itself, and how it is made, is in
//! `crates/forecast`.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tenfold_domain::{AttemptOutcome, Forecast, NanoUsd, Odds, Seed, Strategy, TaskId};
use tenfold_forecast::cascade::{Cascade, Goal, Settings};
use tenfold_forecast::record::{Record, Review, Work};
use tenfold_forecast::{About, End, Trial, Unit};
use tenfold_store::{AttemptRow, ProposalState, Store, TaskRow, View};

use crate::EngineError;
use crate::choosing::bought;
use crate::engine::{Engine, blocking};
use crate::pasts::{Pasts, REMEMBERED};

/// From what all that the cascade draws comes. What it draws depends besides on how many tasks it
/// has learned from, so that the journal says all of it.
const SEED: Seed = Seed(1);
/// Of a forecast that is recorded, so many odds are kept.
const ODDS: usize = 12;
const NANO: f64 = 1e9;

/// An amount in dollars, for estimates.
pub fn dollars(money: NanoUsd) -> f64 {
    money.0 as f64 / NANO
}

/// The nearest amount; more than there can be is all there can be.
pub fn nano_usd(dollars: f64) -> NanoUsd {
    NanoUsd((dollars.max(0.0) * NANO).round() as u64)
}

/// How an attempt ended, as far as it says something of the task: `None` while it is at work, if
/// nobody knows whether it was right, and if the check was at fault.
pub fn end(task: &TaskRow, attempt: &AttemptRow) -> Option<End> {
    match attempt.ended.as_ref()?.outcome {
        AttemptOutcome::Finished => {
            let proposal = task.proposals.iter().find(|row| row.attempt == attempt.id)?;
            // What a person says goes before what the check says.
            let is_rejected = matches!(proposal.state, ProposalState::Rejected { .. });
            match proposal.verified || proposal.state.is_accepted() {
                _ if is_rejected || proposal.taken_back => Some(End::Failed),
                true => Some(End::Solved),
                false => None,
            }
        }
        AttemptOutcome::GaveUp | AttemptOutcome::LimitSteps | AttemptOutcome::Stuck => {
            Some(End::Failed)
        }
        AttemptOutcome::LimitTime
        | AttemptOutcome::LimitMoney
        | AttemptOutcome::LimitShare
        | AttemptOutcome::LimitQuota
        | AttemptOutcome::Stopped
        | AttemptOutcome::ProviderFailed => Some(End::Cut),
        AttemptOutcome::NothingToDo | AttemptOutcome::CheckBroken | AttemptOutcome::CheckFlaky => {
            None
        }
    }
}

/// An attempt as a trial; `None` as for [`end`], if it took nothing of what is counted, and if it
/// went on from another one, whose spend is not its own.
pub fn trial(task: &TaskRow, attempt: &AttemptRow, unit: Unit) -> Option<Trial> {
    let spend = match unit {
        Unit::Dollars => dollars(attempt.cost),
        Unit::Steps => attempt.steps as f64,
        Unit::Samples => attempt.checks as f64,
        Unit::Seconds => attempt.wall.0 as f64 / 1_000.0,
    };
    let is_whole = spend > 0.0 && !attempt.forked;
    end(task, attempt).filter(|_| is_whole).map(|end| Trial { spend, end })
}

/// An attempt as a piece of work on a track record: `None` if it is not over, or came to nothing
/// that its check could judge.
pub fn work(task: &TaskRow, attempt: &AttemptRow) -> Option<Work> {
    attempt.ended.as_ref()?;
    let chosen = attempt.choice.as_ref().map(|choice| choice.chance);
    let foreseen = || Some(attempt.foreseen.as_ref()?.odds.last()?.likely);
    let told = chosen.or_else(foreseen);
    let Some(proposal) = task.proposals.iter().find(|row| row.attempt == attempt.id) else {
        // It is known from such work how often the check is right to refuse.
        let failed = end(task, attempt) == Some(End::Failed);
        return failed.then_some(Work { told, passed: Some(false), review: None });
    };
    let review = match &proposal.state {
        _ if proposal.taken_back => Some(Review::Reverted),
        ProposalState::Rejected { .. } => Some(Review::Rejected),
        // Nobody has looked at what was accepted unseen.
        state if state.is_accepted() && !proposal.unseen => Some(Review::Accepted),
        _ => None,
    };
    Some(Work { told, passed: proposal.verified.then_some(true), review })
}

/// What is known of a task and of who would try it. `names` has the texts that have no place in
/// a row.
pub fn about<'a>(
    task: &'a TaskRow,
    names: &'a Names,
    model: &'a str,
    strategy: &'a str,
) -> About<'a> {
    let survey = task.survey.as_ref();
    About {
        task: &names.task,
        model,
        strategy,
        role: task.role.as_deref().unwrap_or_default(),
        area: &names.area,
        language: survey.and_then(|survey| survey.language.as_deref()).unwrap_or_default(),
        labels: task.standing.labels.iter().map(String::as_str).collect(),
        text_bytes: Some(task.text.len() as u64),
        repository_files: survey.map(|survey| survey.files),
        human_minutes: task.standing.minutes.map(f64::from),
    }
}

/// What a task and the place of its work are called.
#[derive(Debug, Clone)]
pub struct Names {
    task: String,
    area: String,
}

impl Names {
    /// Those of a task.
    pub fn of(task: &TaskRow) -> Self {
        let area = task.workspace.to_string_lossy().into_owned();
        Self { task: task.id.to_string(), area }
    }
}

/// What an engine has learned: read when it is first needed, and again when something is known of
/// an attempt that is in it already. It is held only by threads that may wait.
#[derive(Debug, Default)]
pub(crate) struct Learned {
    /// Knows all tasks but those at work: these it learns when they are done with.
    known: Mutex<Option<Cascade>>,
    /// Whether it is read again before it is used.
    is_stale: AtomicBool,
}

/// What is known, for as long as somebody looks at it.
pub(crate) struct Held<'a>(MutexGuard<'a, Option<Cascade>>);

impl Held<'_> {
    /// What chooses attempts.
    pub(crate) fn cascade(&mut self) -> &mut Cascade {
        self.0.as_mut().expect("who holds it has seen to it that it was read")
    }
}

impl Learned {
    /// What is known is read again before it is used: an attempt goes on, or a person says of a
    /// proposal what the check didn't.
    pub(crate) fn mark_stale(&self) {
        self.is_stale.store(true, Ordering::Release);
    }

    /// What is known, read if it was not before, while these tasks are at work.
    pub(crate) fn held(&self, store: &Store, at_work: &[TaskId]) -> Result<Held<'_>, EngineError> {
        let mut held = self.locked();
        if held.is_none() {
            *held = Some(known(&store.view()?, at_work)?);
        }
        Ok(Held(held))
    }

    fn locked(&self) -> MutexGuard<'_, Option<Cascade>> {
        let mut held = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if self.is_stale.swap(false, Ordering::AcqRel) {
            *held = None;
        }
        held
    }
}

/// The cascade with all that is recorded, but of tasks that are at work or are asked about.
pub(crate) fn known(view: &View, but: &[TaskId]) -> Result<Cascade, EngineError> {
    let (mut record, mut tasks) = (Record::default(), Vec::new());
    view.newest_attempts(REMEMBERED, |task, attempts| {
        let works: Vec<Work> = attempts.iter().filter_map(|row| work(task, row)).collect();
        let is_over = task.running.is_empty() && !but.contains(&task.id);
        tasks.push((works, is_over.then(|| bought(task, attempts))));
    })?;
    // The newest come first, and both are kept in the order of time.
    tasks.reverse();
    for work in tasks.iter().flat_map(|(works, _)| works) {
        // A chance that was recorded is one.
        let _ = record.add(*work);
    }
    let leak = record.check_error().wrong_passed.likely;
    let settings = Settings { goal: Goal::Value(0.0), leak, seed: SEED };
    let mut cascade = Cascade::new(settings).unwrap_or_else(|refusal| {
        unreachable!("a share of wrong work and a value of nothing are sound: {refusal}")
    });
    for bought in tasks.iter().filter_map(|(_, bought)| bought.as_ref()) {
        // What can't be a trial says nothing.
        let _ = cascade.learn(bought);
    }
    Ok(cascade)
}

impl Engine {
    /// What is likely to come of an attempt at a task by a model and a strategy; `None` as long
    /// as the past says nothing.
    pub(crate) async fn foresee(
        &self,
        task: TaskRow,
        (model, strategy): (String, Strategy),
    ) -> Result<Option<Forecast>, EngineError> {
        let (pasts, store) = (Arc::clone(&self.pasts), Arc::clone(&self.store));
        let told = blocking(move || -> Result<_, EngineError> {
            let past = pasts.of(&store.view()?, Unit::Dollars)?.past;
            let (names, strategy) = (Names::of(&task), strategy.to_string());
            Ok(past.forecast(&about(&task, &names, &model, &strategy), &[]))
        });
        Ok(told.await?.ok().and_then(|told| recorded(&told)))
    }

    /// What came of attempts, for all who ask what is likely to come of the next.
    pub fn pasts(&self) -> &Arc<Pasts> {
        &self.pasts
    }

    /// Takes up what came of a task for which no further attempt is made.
    pub(crate) async fn take_up_all(&self, task: TaskId) -> Result<(), EngineError> {
        let (learned, store) = (Arc::clone(&self.learned), Arc::clone(&self.store));
        let taken = blocking(move || -> Result<_, EngineError> {
            let mut held = learned.locked();
            let Some(cascade) = held.as_mut() else { return Ok(()) };
            let view = store.view()?;
            if let Some(row) = view.task(task)? {
                let _ = cascade.learn(&bought(&row, &view.attempts(task)?));
            }
            Ok(())
        });
        taken.await
    }
}

/// A forecast as it is recorded: some of its curve.
fn recorded(told: &tenfold_forecast::Forecast) -> Option<Forecast> {
    let curve: Vec<_> = told.curve().collect();
    let every = curve.len().div_ceil(ODDS).max(1);
    // The last is one of them.
    let kept = curve.iter().rev().step_by(every).collect::<Vec<_>>().into_iter().rev();
    let odds: Vec<Odds> = kept
        .map(|&(spend, chance)| Odds {
            by: nano_usd(spend),
            low: chance.low,
            likely: chance.likely,
            high: chance.high,
        })
        .collect();
    let attempts = told.grounds().in_all as u64;
    (!odds.is_empty()).then(|| Forecast { odds, method: told.by().as_str().to_owned(), attempts })
}
