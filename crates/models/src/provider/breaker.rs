//! Holding back from a provider that fails: after some failures in a row requests go one at a
//! time, until one succeeds ("circuit breaker", Nygard, Release It!, 2007).

use std::sync::atomic::{AtomicU32, Ordering};

use tokio::sync::{Mutex, MutexGuard};

/// Failures in a row, over all who ask, after which requests go one at a time.
const ROW: u32 = 3;

/// How one provider does.
#[derive(Debug, Default)]
pub(super) struct Breaker {
    failures: AtomicU32,
    single: Mutex<()>,
}

impl Breaker {
    /// Waits for leave to ask; hold what it returns until the answer is there, the pause after
    /// a failure included.
    pub(super) async fn pass(&self) -> Option<MutexGuard<'_, ()>> {
        if self.failures.load(Ordering::Relaxed) < ROW {
            return None;
        }
        let turn = self.single.lock().await;
        // Whoever went before may have found that all is well again.
        (self.failures.load(Ordering::Relaxed) >= ROW).then_some(turn)
    }

    pub(super) fn well(&self) {
        self.failures.store(0, Ordering::Relaxed);
    }

    pub(super) fn badly(&self) {
        self.failures.fetch_add(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn after_failures_in_a_row_requests_go_one_at_a_time_until_one_succeeds() {
        let breaker = Breaker::default();
        assert!(breaker.pass().await.is_none());
        (0..ROW).for_each(|_| breaker.badly());
        let held = breaker.pass().await;
        assert!(held.is_some());
        let mut waiting = std::pin::pin!(breaker.pass());
        assert!(futures_util::poll!(&mut waiting).is_pending());
        breaker.well();
        drop(held);
        assert!(waiting.await.is_none());
    }
}
