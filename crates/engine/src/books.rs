//! The ledger beside the journal. What is decided goes to the journal in the order of the
//! decisions, and who decides next does not wait until it is on the disk: so many decisions share
//! one sync.
//!
//! For as long as a commit takes, the ledger is ahead of the journal. That is safe, because nobody
//! acts on a decision before its own commit, and no commit overtakes an earlier one. If one fails,
//! the ledger is read anew from the journal as soon as none is on its way.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use tenfold_domain::{Fact, LedgerEvent, Refusal, ReservationId};
use tenfold_ledger::{Hold, Ledger};
use tenfold_store::Store;
use tokio::sync::{Mutex, MutexGuard, Notify};

use crate::EngineError;

/// The ledger, and what of it is on its way to the journal.
#[derive(Debug)]
pub(crate) struct Books {
    ledger: Mutex<Ledger>,
    /// Commits that are on their way.
    open: AtomicUsize,
    /// Whether one of them failed, so that the ledger holds what the journal does not.
    is_wrong: AtomicBool,
    /// Told when one has come to its end.
    closed: Notify,
}

impl Books {
    pub(crate) fn new(ledger: Ledger) -> Self {
        let (open, is_wrong) = (AtomicUsize::new(0), AtomicBool::new(false));
        Self { ledger: Mutex::new(ledger), open, is_wrong, closed: Notify::new() }
    }

    /// What is set aside in a reservation, if it is open.
    pub(crate) async fn hold(&self, reservation: ReservationId) -> Option<Hold> {
        self.ledger.lock().await.hold(reservation)
    }

    /// All that is set aside.
    pub(crate) async fn holds(&self) -> Vec<(ReservationId, Hold)> {
        self.ledger.lock().await.holds()
    }

    /// Records what `decide` makes of the ledger as it is, together with other facts; both are on
    /// the disk when it returns.
    pub(crate) async fn record<T>(
        &self,
        store: &Store,
        decide: impl FnOnce(&Ledger) -> Result<(T, Vec<LedgerEvent>), Refusal>,
        also: impl FnOnce(&T) -> Vec<Fact>,
    ) -> Result<T, EngineError> {
        let (value, entry, handed) = {
            let mut ledger = self.right(store).await?;
            let (value, events) = decide(&ledger)?;
            let event = |event: &LedgerEvent| Fact::Ledger { event: event.clone() };
            let mut facts: Vec<Fact> = events.iter().map(event).collect();
            facts.extend(also(&value));
            // In the order of the decisions, since the ledger is held.
            let handed = store.hand_in(facts).await?;
            let entry = Entry::open(self);
            events.iter().for_each(|event| ledger.evolve(event));
            (value, entry, handed)
        };
        handed.durable().await?;
        entry.close();
        Ok(value)
    }

    /// The ledger as the journal will have it.
    async fn right(&self, store: &Store) -> Result<MutexGuard<'_, Ledger>, EngineError> {
        loop {
            let closed = self.closed.notified();
            tokio::pin!(closed);
            // From now on it hears, so that no end is missed between the look and the waiting.
            closed.as_mut().enable();
            let mut ledger = self.ledger.lock().await;
            if !self.is_wrong.load(Ordering::Acquire) {
                return Ok(ledger);
            }
            if self.open.load(Ordering::Acquire) == 0 {
                *ledger = Ledger::replay(&store.view()?.ledger_events()?);
                self.is_wrong.store(false, Ordering::Release);
                return Ok(ledger);
            }
            drop(ledger);
            closed.await;
        }
    }
}

/// A commit on its way. Dropped before it is closed, it has failed, or nobody knows.
struct Entry<'b> {
    books: &'b Books,
    is_recorded: bool,
}

impl<'b> Entry<'b> {
    fn open(books: &'b Books) -> Self {
        books.open.fetch_add(1, Ordering::AcqRel);
        Self { books, is_recorded: false }
    }

    fn close(mut self) {
        self.is_recorded = true;
    }
}

impl Drop for Entry<'_> {
    fn drop(&mut self) {
        if !self.is_recorded {
            self.books.is_wrong.store(true, Ordering::Release);
        }
        self.books.open.fetch_sub(1, Ordering::AcqRel);
        self.books.closed.notify_waiters();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use tenfold_domain::NanoUsd;
    use tenfold_ledger::DEFAULT_ACCOUNT;
    use tenfold_store::{Moment, StoreError, Surroundings};

    use super::*;

    fn books(store: &Store) -> Books {
        let mut ledger = Ledger::replay([]);
        let events = [ledger.open_default().unwrap(), {
            ledger.evolve(&ledger.open_default().unwrap());
            ledger.limit(DEFAULT_ACCOUNT, NanoUsd(100)).unwrap()
        }];
        ledger.evolve(&events[1]);
        store.append(events.map(|event| Fact::Ledger { event }).to_vec()).unwrap();
        Books::new(ledger)
    }

    async fn reserve(
        books: &Books,
        store: &Store,
        amount: u64,
    ) -> Result<ReservationId, EngineError> {
        let decide = |ledger: &Ledger| {
            let (id, event) = ledger.reserve(DEFAULT_ACCOUNT, NanoUsd(amount))?;
            Ok((id, vec![event]))
        };
        books.record(store, decide, |_| Vec::new()).await
    }

    #[tokio::test]
    async fn many_decisions_share_a_commit_and_pass_no_limit() {
        let dir = tempfile::tempdir().unwrap();
        let (held, free) = std::sync::mpsc::channel::<()>();
        let surroundings = Surroundings::default().with_fate(move |moment| {
            // The second commit waits until all have been handed in.
            if moment == Moment::Before {
                let _ = free.recv();
            }
            Ok(())
        });
        held.send(()).unwrap();
        let store = Arc::new(Store::open_in(&dir.path().join("s.db"), surroundings).unwrap());
        let books = Arc::new(books(&store));
        let before = store.transactions();
        let all: Vec<_> = (0..30)
            .map(|_| {
                let (books, store) = (Arc::clone(&books), Arc::clone(&store));
                tokio::spawn(async move { reserve(&books, &store, 10).await.is_ok() })
            })
            .collect();
        while books.open.load(Ordering::Acquire) < 10 {
            tokio::task::yield_now().await;
        }
        drop(held);
        let mut passed = 0;
        for one in all {
            passed += u64::from(one.await.unwrap());
        }
        assert_eq!(passed, 10, "a hundred nano-dollars, ten at a time");
        assert!(store.transactions() - before <= 2, "{}", store.transactions() - before);
    }

    #[tokio::test]
    async fn what_could_not_be_recorded_was_never_decided() {
        let dir = tempfile::tempdir().unwrap();
        let mut left = 2;
        let surroundings = Surroundings::default().with_fate(move |moment| {
            left -= i32::from(moment == Moment::Before);
            match left {
                // The commit after the first.
                0 => Err(StoreError::DiskFull { path: "there".into() }),
                _ => Ok(()),
            }
        });
        let store = Store::open_in(&dir.path().join("s.db"), surroundings).unwrap();
        let books = books(&store);
        assert!(reserve(&books, &store, 60).await.is_err());
        reserve(&books, &store, 60).await.unwrap();
        assert!(reserve(&books, &store, 60).await.is_err(), "now it is over the limit");
        assert_eq!(books.holds().await.len(), 1);
    }
}
