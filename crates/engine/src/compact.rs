//! Which records may be taken out of the journal: the steps of work that a person is done with, and
//! what the ledger came to long ago. How it is done is for the store.
//!
//! Apart from the engine, since it is done when there is none.

use tenfold_domain::{AttemptId, LedgerEvent, Millis, TaskState, Timestamp};
use tenfold_store::{
    Compacted, Compaction, EngineLock, ProposalState, Store, StoreError, TaskQuery, TaskRow, View,
};

use crate::room::reviewed_at;
use crate::{EngineError, Places};

/// What may be taken out of the journal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CompactTerms {
    /// Only of work that was done with at least so long ago.
    pub older_than: Millis,
    /// Also of work that was stopped or came to a limit, and could be gone on with.
    pub unfinished: bool,
}

/// Takes out of the journal what these terms say; a file beside it has it then.
///
/// # Errors
/// If an engine is at work; what the store says. All is in the journal then.
pub fn compact(
    places: &Places,
    terms: CompactTerms,
    now: Timestamp,
) -> Result<Compacted, EngineError> {
    let _lock = EngineLock::acquire(&places.data)?;
    let path = places.store_file();
    if !path.exists() {
        // Opening it for writing would make it.
        return Err(StoreError::Missing { path }.into());
    }
    let store = Store::open(&path)?;
    let what = compaction(&store.view()?, terms, now)?;
    Ok(store.compact(what, &mut || {})?)
}

/// What that would be. Nothing is changed.
///
/// # Errors
/// What the store says.
pub fn would_compact(
    view: &View,
    terms: CompactTerms,
    now: Timestamp,
) -> Result<Compacted, EngineError> {
    Ok(view.would_compact(&compaction(view, terms, now)?)?)
}

fn compaction(view: &View, terms: CompactTerms, now: Timestamp) -> Result<Compaction, EngineError> {
    let balances = view.balances()?;
    let before = Timestamp(now.0.saturating_sub(terms.older_than.0));
    let ledger = balances.map(|balances| (before, LedgerEvent::Balanced(Box::new(balances))));
    Ok(Compaction { at: now, attempts: attempts(view, terms, now)?, ledger })
}

/// The attempts of tasks that a person is done with, the oldest task first.
fn attempts(
    view: &View,
    terms: CompactTerms,
    now: Timestamp,
) -> Result<Vec<AttemptId>, EngineError> {
    let states = vec![TaskState::Accepted, TaskState::Rejected, TaskState::NeedsYou];
    let mut query = TaskQuery { states, newest_first: false, ..TaskQuery::default() };
    let mut found = Vec::new();
    loop {
        let rows = view.tasks(&query)?;
        let Some(last) = rows.last() else { return Ok(found) };
        query.past = Some(last.id);
        for row in &rows {
            let since = done_with(row, terms.unfinished);
            if since.is_some_and(|since| now.since(since) >= terms.older_than) {
                let whole = view.attempts(row.id)?.into_iter();
                found.extend(whole.filter(|row| row.steps_dropped.is_none()).map(|row| row.id));
            }
        }
    }
}

/// Since when a person is done with a task: it was reviewed, or it ended without anything to
/// review. If work on it could be gone on with, only if that counts as `unfinished`.
fn done_with(row: &TaskRow, unfinished: bool) -> Option<Timestamp> {
    if let Some(since) = reviewed_at(row) {
        return Some(since);
    }
    let is_open = !row.running.is_empty() || row.paused || row.question.is_some();
    let waits = |state: &ProposalState| *state == ProposalState::ToReview || state.is_under_way();
    let is_to_review = row.proposals.iter().any(|proposal| waits(&proposal.state));
    let last = row.last.as_ref().filter(|_| row.state == TaskState::NeedsYou)?;
    let goes_on = last.outcome.goes_on() && !unfinished;
    (!is_open && !is_to_review && !goes_on).then_some(last.at)
}

#[cfg(test)]
mod tests {
    use tempfile::TempDir;
    use tenfold_domain::{
        AttemptEvent, AttemptOutcome, Budget, Fact, NanoUsd, ProposalEvent, Seed, StepId, Strategy,
        TaskSpec,
    };
    use tenfold_store::AttemptStart;

    use super::*;

    /// A task with an attempt, which these events follow.
    fn task(store: &Store, events: Vec<Fact>, ends: Option<AttemptOutcome>) -> AttemptId {
        let budget = Budget { money: NanoUsd(1), time: Millis(1), attempts: 1 };
        let task = store.new_task(TaskSpec::new("mend", "/w", "m", budget)).unwrap();
        let base = "b".repeat(40).parse().unwrap();
        let (strategy, model) = (Strategy::Loop, "m".to_owned());
        let start = AttemptStart { strategy, model, seed: Seed(1), base };
        let attempt = store.new_attempt(task, start).unwrap();
        let of = |fact| match fact {
            Fact::Proposal { event, .. } => Fact::Proposal { attempt, event },
            Fact::Attempt { event, .. } => Fact::Attempt { attempt, event },
            fact => fact,
        };
        let end = |outcome| AttemptEvent::Ended { outcome, note: String::new() };
        let (mut facts, later): (Vec<Fact>, Vec<Fact>) =
            events.into_iter().map(of).partition(|fact| {
                matches!(fact, Fact::Proposal { event: ProposalEvent::Made { .. }, .. })
            });
        facts.extend(ends.map(|outcome| Fact::Attempt { attempt, event: end(outcome) }));
        store.append(facts.into_iter().chain(later).collect()).unwrap();
        attempt
    }

    fn proposal(events: Vec<ProposalEvent>) -> Vec<Fact> {
        let attempt = AttemptId { task: tenfold_domain::TaskId::new(1).unwrap(), number: 1 };
        let commit = "c".repeat(40).parse().unwrap();
        let made = ProposalEvent::Made { commit, evidence: None };
        let all = std::iter::once(made).chain(events);
        all.map(|event| Fact::Proposal { attempt, event }).collect()
    }

    #[test]
    fn only_what_a_person_is_done_with_goes_and_what_goes_on_only_if_they_say_so() {
        use AttemptOutcome::{CheckFlaky, Finished, GaveUp, LimitMoney, Stopped};
        let folder = TempDir::new().unwrap();
        let store = Store::open(&folder.path().join("s.db")).unwrap();
        let rejected = || ProposalEvent::Rejected { reason: String::new() };
        let branch = || ProposalEvent::AcceptedAsBranch { branch: "b".into(), commit: "c".into() };
        let asks = Fact::Attempt {
            attempt: AttemptId { task: tenfold_domain::TaskId::new(1).unwrap(), number: 1 },
            event: AttemptEvent::Asked { step: StepId(1), question: "which?".into(), call: None },
        };
        let done = [
            task(&store, proposal(vec![branch()]), Some(Finished)),
            task(&store, proposal(vec![rejected()]), Some(Finished)),
            task(&store, Vec::new(), Some(GaveUp)),
            task(&store, Vec::new(), Some(CheckFlaky)),
        ];
        let unfinished =
            [Stopped, LimitMoney].map(|outcome| task(&store, Vec::new(), Some(outcome)));
        // To review, once accepted and taken back, being written, at work, and asking.
        task(&store, proposal(Vec::new()), Some(Finished));
        task(&store, proposal(vec![branch(), ProposalEvent::Undone]), Some(Finished));
        task(&store, proposal(vec![branch(), ProposalEvent::TakingBack]), Some(Finished));
        task(&store, Vec::new(), None);
        task(&store, vec![asks], None);

        let view = store.view().unwrap();
        let now = Timestamp::from(std::time::SystemTime::now());
        let terms = |older_than, unfinished| CompactTerms { older_than, unfinished };
        let soon = terms(Millis(0), false);
        assert_eq!(attempts(&view, soon, now).unwrap(), done);
        let all = [&done[..], &unfinished].concat();
        assert_eq!(attempts(&view, terms(Millis(0), true), now).unwrap(), all);
        let late = terms(Millis(60_000), true);
        assert_eq!(attempts(&view, late, now).unwrap(), []);
    }
}
