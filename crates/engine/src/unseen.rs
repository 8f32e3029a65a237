//! Accepting work that no person has seen, where their policy says that it may be earned and the
//! track record says that it is. Off unless the person turns it on.

use tenfold_domain::{Accepted, Progress, ProposalEvent, TaskId, TaskState};
use tenfold_forecast::record::Record;
use tenfold_store::{AttemptRow, TaskRow, View};

use crate::EngineError;
use crate::engine::{Engine, blocking};
use crate::learned::work;
use crate::pasts::REMEMBERED;

impl Engine {
    /// Accepts the proposal of a task as a branch, if its check passed and work of its kind (its
    /// role, repository and model) is right often enough for the person's rule. What can't be
    /// accepted so, because it adds a secret or does not fit, waits for the person as ever.
    pub(crate) async fn accept_unseen(&self, task: TaskId) -> Result<(), EngineError> {
        let Some(over) = self.policy().accept_unseen_over() else { return Ok(()) };
        let row = self.row(task)?;
        let waits = row.proposal().filter(|_| row.state == TaskState::ToReview);
        let Some(attempt) = waits.filter(|row| row.verified).map(|row| row.attempt) else {
            return Ok(());
        };
        let store = std::sync::Arc::clone(&self.store);
        let record = blocking(move || -> Result<_, EngineError> {
            let view = store.view()?;
            let of = view.attempt(attempt)?.ok_or(EngineError::NoAttempt(attempt))?;
            record(&view, &row, &of)
        });
        let record = record.await?;
        if !record.earns(over, true) {
            return Ok(());
        }
        let earned = ProposalEvent::Earned { bound: record.odds_if_passed().low, over };
        let text = match self.accept_own(task, earned).await {
            Ok(Accepted::Branch { branch, .. }) => {
                format!(
                    "accepted unseen as {branch}, by your policy; `tenfold undo {task}` takes it back"
                )
            }
            Ok(Accepted::InPlace { .. }) => "accepted unseen, by your policy".to_owned(),
            Err(why) => {
                format!("it waits for you, though your policy would have it accepted: {why}")
            }
        };
        self.floor.teller().tell(Progress::Note { task, text });
        Ok(())
    }
}

/// The track record of work like that of an attempt.
fn record(view: &View, task: &TaskRow, like: &AttemptRow) -> Result<Record, EngineError> {
    let mut done = Vec::new();
    view.newest_attempts(REMEMBERED, |other, attempts| {
        if other.role == task.role && other.workspace == task.workspace {
            let alike = attempts.iter().rev();
            let alike = alike.filter(|row| row.model == like.model && row.id != like.id);
            done.extend(alike.filter_map(|row| work(other, row)));
        }
    })?;
    // The newest come first, and a record is kept in the order of time.
    let mut record = Record::default();
    for work in done.into_iter().rev() {
        // A chance that was recorded is one.
        let _ = record.add(work);
    }
    Ok(record)
}
