//! Reconciliation: what the journal says and what is there are made to agree, for all that nobody
//! works on. Each of it can be done at any time, and twice: at the beginning, after a task's work
//! broke, and now and then.

use std::sync::Arc;
use std::time::Duration;

use tenfold_domain::{AttemptId, TaskId, TaskState};
use tenfold_store::{TaskQuery, TaskRow};

use crate::{Engine, EngineError};

/// How often an engine that stays looks around.
const EVERY: Duration = Duration::from_secs(60);

impl Engine {
    /// After an engine that died: there is no other one now, and nothing is at work yet.
    pub(crate) async fn settle_in(&self) -> Result<(), EngineError> {
        self.sweep(true).await?;
        self.close_what_died().await
    }

    /// Looks around now and then, for as long as the engine is there.
    pub fn keep_house(self: &Arc<Self>) {
        let engine = Arc::downgrade(self);
        tokio::spawn(async move {
            loop {
                tokio::time::sleep(EVERY).await;
                let Some(engine) = engine.upgrade() else { return };
                if let Err(why) = engine.sweep(false).await {
                    tracing::warn!("looking around: {why}");
                }
            }
        });
    }

    /// Closes the steps of attempts that an engine left in the midst of them: what they may have
    /// cost counts as spent from now on, rather than as set aside for ever.
    async fn close_what_died(&self) -> Result<(), EngineError> {
        if self.books.holds().await.is_empty() {
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
