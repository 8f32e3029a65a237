//! Reconciliation: what the journal says and what is there are made to agree, for all that nobody
//! works on. Each of it can be done at any time, and twice: at the beginning, after a task's work
//! broke, and now and then.

use std::sync::atomic::AtomicBool;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use tenfold_domain::{AttemptId, Basis, Charge, Energy, Held, Spender, TaskId, TaskState};
use tenfold_store::{Sheet, TaskQuery, TaskRow};
use tokio::sync::Mutex;
use tokio::time::Instant;

use crate::engine::blocking;
use crate::{Engine, EngineError};

/// How often an engine that stays looks around, and measures what it takes on the disk at most.
const EVERY: Duration = Duration::from_secs(60);

/// What an engine that keeps house has to remember.
#[derive(Debug, Default)]
pub(crate) struct House {
    /// Held while something is settled that nobody works on; nobody begins to work then.
    settling: Mutex<()>,
    /// When it was last measured what is taken on the disk.
    measured: std::sync::Mutex<Option<Instant>>,
    /// Whether it was said that no more room can be made.
    pub(crate) is_too_full: AtomicBool,
}

impl House {
    /// Waits until what is being settled is settled.
    pub(crate) async fn is_left_alone(&self) {
        drop(self.settling.lock().await);
    }

    /// Whether it is time to measure what is taken on the disk; if so, it counts as measured.
    pub(crate) fn is_to_measure(&self) -> bool {
        let mut measured = self.measured.lock().unwrap_or_else(PoisonError::into_inner);
        let is_due = measured.is_none_or(|last| last.elapsed() >= EVERY);
        if is_due {
            *measured = Some(Instant::now());
        }
        is_due
    }
}

impl Engine {
    /// After an engine that died: there is no other one now, and nothing is at work yet.
    pub(crate) async fn settle_in(&self) -> Result<(), EngineError> {
        self.sweep(true).await?;
        self.close_leases().await?;
        self.close_what_died().await
    }

    /// Looks around now and then, for as long as the engine is there.
    pub fn keep_house(self: &Arc<Self>) {
        let engine = Arc::downgrade(self);
        tokio::spawn(async move {
            loop {
                tokio::time::sleep(EVERY).await;
                let Some(engine) = engine.upgrade() else { return };
                engine.look_around().await;
            }
        });
    }

    /// Makes the journal and what is there agree, without touching what is at work: folders and
    /// commands that nobody works with, money that is set aside for nobody, what was being written
    /// for the person and was cut short, and how much is taken on the disk. What fails is tried
    /// again the next time.
    pub async fn look_around(&self) {
        if let Err(why) = self.sweep(false).await {
            tracing::warn!("removing what nobody works with: {why}");
        }
        if let Err(why) = self.close_what_is_left().await {
            tracing::warn!("closing what nobody works on: {why}");
        }
        if let Err(why) = self.wake_parked().await {
            tracing::warn!("waking what was parked: {why}");
        }
        if let Err(why) = self.settle_cut_short().await {
            tracing::warn!("settling what was cut short: {why}");
        }
        self.stay_within(self.floor.at_work().first().copied()).await;
    }

    /// Closes the steps of attempts that nobody works on any more and that money is still set
    /// aside for: what was to be recorded at their end could not be.
    async fn close_what_is_left(&self) -> Result<(), EngineError> {
        // Who begins to work from now on waits, so that what is not at work stays so.
        let _settling = self.house.settling.lock().await;
        for attempt in self.books.holders().await? {
            if self.floor.wanted(attempt.task).is_none() {
                self.close_open(attempt, Vec::new()).await?;
            }
        }
        Ok(())
    }

    /// Counts as spent what a gateway that died had leased ahead and did not settle: nobody knows
    /// how much of it was spent.
    async fn close_leases(&self) -> Result<(), EngineError> {
        let now = self.around.now();
        let open = self.books.look(|sheet| {
            let held = sheet.ledger().holds().into_iter();
            let leased = held.filter(|held| matches!(held.spender, Some(Spender::Token(_))));
            leased.cloned().collect::<Vec<_>>()
        });
        for Held { reservation, model, amount: spend, .. } in open.await? {
            let (model, energy) = (model.unwrap_or_default(), Energy::NONE);
            let charge = Charge { model, spend, basis: Basis::Bound, energy };
            let settle = |sheet: &Sheet| {
                Ok(((), vec![sheet.ledger().settle(reservation, vec![charge.clone()], now)?]))
            };
            self.books.record(settle, |()| Vec::new()).await?;
        }
        Ok(())
    }

    /// Settles what was being written for the person and could not be brought to its end.
    async fn settle_cut_short(&self) -> Result<(), EngineError> {
        // Whoever writes comes to an end first.
        let _writing = self.writing.lock().await;
        let (journal, places) = (Arc::clone(&self.store), self.config.places.clone());
        let settled = blocking(move || crate::hand::settle_all(&journal, &places)).await?;
        settled.iter().for_each(|told| tracing::warn!("{told}"));
        Ok(())
    }

    /// Closes the steps of attempts that an engine left in the midst of them: what they may have
    /// cost counts as spent from now on, rather than as set aside for ever.
    async fn close_what_died(&self) -> Result<(), EngineError> {
        if !self.books.has_holds().await {
            return Ok(());
        }
        // Those that wait for the person had nothing under way.
        let states = vec![TaskState::Working];
        let mut query = TaskQuery { states, ..TaskQuery::default() };
        loop {
            let page = self.store.view()?.tasks(&query)?;
            let is_last = page.len() < query.limit as usize;
            query.past = page.last().map(|row| row.id);
            for row in page {
                self.close_steps(&row).await?;
            }
            if is_last {
                return Ok(());
            }
        }
    }

    /// The same for one task, whose work broke.
    pub(crate) async fn close_broken(&self, task: TaskId) -> Result<(), EngineError> {
        self.close_steps(&self.row(task)?).await
    }

    async fn close_steps(&self, row: &TaskRow) -> Result<(), EngineError> {
        for number in &row.running {
            self.close_open(AttemptId { task: row.id, number: *number }, Vec::new()).await?;
        }
        Ok(())
    }
}
