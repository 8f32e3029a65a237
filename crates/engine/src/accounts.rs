//! What people decide of the accounts, and what that means for tasks that have spent too much, or
//! were parked and wait for money, or for their provider. What may be decided is for
//! `crates/ledger`.

use std::collections::HashMap;

use tenfold_domain::{
    AccountChange, AccountId, Fact, LedgerEvent, Parked, Spend, TaskEvent, TaskId, TaskState,
    Timestamp,
};
use tenfold_ledger::{Ledger, Wanted};
use tenfold_store::{Sheet, TaskQuery, TaskRow};

use crate::EngineError;
use crate::engine::Engine;
use crate::floor::Will;

impl Engine {
    /// Changes accounts as `by` wants, all of it or nothing; returns what was recorded. Tasks that
    /// there is money for by that are woken.
    ///
    /// # Errors
    /// [`EngineError::Money`] says why not; what the store says.
    pub async fn change_accounts(
        &self,
        change: &AccountChange,
        by: &str,
    ) -> Result<Vec<LedgerEvent>, EngineError> {
        let now = self.around.now();
        let decide = |sheet: &Sheet| {
            let events = sheet.ledger().change(change, (by, now))?;
            Ok((events.clone(), events))
        };
        let events = self.books.record(decide, |_| Vec::new()).await?;
        self.wake_parked().await?;
        Ok(events)
    }

    /// Wakes those tasks that were parked and may be gone on with, the oldest first, and of those
    /// that wait for money no more than their accounts have it for. Returns when the next of
    /// those is woken whose provider has said when it lets something through, and which it is.
    pub(crate) async fn wake_parked(&self) -> Result<Option<(Timestamp, TaskId)>, EngineError> {
        let now = self.around.now();
        let mut lifts = None;
        let mut query = TaskQuery {
            states: vec![TaskState::Parked],
            newest_first: false,
            ..TaskQuery::default()
        };
        let mut promised = HashMap::new();
        loop {
            let page = self.store.view()?.tasks(&query)?;
            let Some(last) = page.last() else { return Ok(lifts) };
            query.past = Some(last.id);
            let told = |row: &TaskRow| Some((row.parked?.lifts()?, row.id));
            let next = page.iter().filter_map(told).filter(|(at, _)| *at > now);
            lifts = lifts.into_iter().chain(next).min();
            let woken = self.books.look(|sheet| {
                let is_over = |row: &&TaskRow| is_over(sheet.ledger(), row, &mut promised, now);
                page.iter().filter(is_over).map(|row| row.id).collect::<Vec<TaskId>>()
            });
            let woken = woken.await?;
            if !woken.is_empty() {
                let woken = woken.iter().map(|task| {
                    let (task, event) = (*task, TaskEvent::Woken);
                    Fact::Task { task, event }
                });
                self.store.append_async(woken.collect()).await?;
                self.backlog.stir();
            }
        }
    }

    /// Cuts off what accounts pay for that have spent more than they may.
    ///
    /// # Errors
    /// What the store says.
    pub async fn stop_overrun(&self) -> Result<(), EngineError> {
        let now = self.around.now();
        let view = self.store.view()?;
        for task in self.floor.at_work() {
            let Some(row) = view.task(task)? else { continue };
            let wanted = wanted(row.account, Spend::NONE, now);
            let is_over = self.books.look(|sheet| sheet.ledger().reserve(&wanted).is_err());
            if is_over.await? {
                self.floor.want(task, Will::Park);
            }
        }
        Ok(())
    }
}

/// Whether what a parked task waits for is there, beside what others were promised.
fn is_over(
    ledger: &Ledger,
    row: &TaskRow,
    promised: &mut HashMap<AccountId, Spend>,
    now: Timestamp,
) -> bool {
    let wanted_more = match row.parked {
        None => return false,
        Some(Parked::Quota { until, .. }) => return until <= now,
        Some(Parked::Money { amount, .. }) => amount,
    };
    let so_far = promised.entry(row.account).or_default();
    let amount = *so_far + wanted_more;
    let has_money = ledger.reserve(&wanted(row.account, amount, now)).is_ok();
    if has_money {
        *so_far = amount;
    }
    has_money
}

fn wanted(account: AccountId, amount: Spend, at: Timestamp) -> Wanted<'static> {
    Wanted { account, amount, model: None, spender: None, at }
}
