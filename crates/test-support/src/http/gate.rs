//! A gate in front of an answer's pieces: a test lets them through, one by one or all, and
//! learns what went through and whether the client is still there.
//!
//! It is apart because it is the one place where a test and the server's threads meet; it
//! knows nothing of HTTP.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// How long a test waits for what should come at once. Only a test that fails waits so long.
const PATIENCE: Duration = Duration::from_secs(30);

/// Holds back the pieces of the answers that go through it until a test releases them.
///
/// A piece is one event of an answer that is streamed, and the whole of one that is not. The
/// status and the headers of a streamed answer are sent before the first piece.
///
/// The waits block their thread, as those of the server do: a test that also runs the client
/// gives it another, `#[tokio::test(flavor = "multi_thread")]`.
#[derive(Debug, Clone, Default)]
pub struct Gate(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    released: usize,
    sent: usize,
    open: bool,
    hung_up: bool,
}

impl Gate {
    /// A gate that is shut.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Lets this many more pieces through.
    pub fn release(&self, pieces: usize) {
        self.state().released += pieces;
        self.0.changed.notify_all();
    }

    /// Lets everything through from now on.
    pub fn open(&self) {
        self.state().open = true;
        self.0.changed.notify_all();
    }

    /// Waits until this many pieces were sent, of all answers that go through this gate.
    ///
    /// # Panics
    /// If they are not sent within half a minute.
    pub fn wait_sent(&self, pieces: usize) {
        self.wait("the pieces were not sent", |state| state.sent >= pieces);
    }

    /// Waits until a client has hung up on an answer at this gate.
    ///
    /// # Panics
    /// If none does within half a minute.
    pub fn wait_hung_up(&self) {
        self.wait("the client did not hang up", |state| state.hung_up);
    }

    fn wait(&self, otherwise: &str, until: impl Fn(&State) -> bool) {
        let waited = self.0.changed.wait_timeout_while(self.state(), PATIENCE, |s| !until(s));
        let (state, timeout) = waited.unwrap_or_else(PoisonError::into_inner);
        assert!(!timeout.timed_out(), "{otherwise}: {state:?}");
    }

    /// Waits until the next piece may be sent; false if nobody is there to take it.
    pub(super) fn pass(&self) -> bool {
        let shut = |state: &mut State| !state.open && state.released == 0 && !state.hung_up;
        let waited = self.0.changed.wait_while(self.state(), shut);
        let mut state = waited.unwrap_or_else(PoisonError::into_inner);
        if state.hung_up {
            return false;
        }
        state.released = state.released.saturating_sub(1);
        true
    }

    pub(super) fn sent(&self) {
        self.state().sent += 1;
        self.0.changed.notify_all();
    }

    pub(super) fn hung_up(&self) {
        self.state().hung_up = true;
        self.0.changed.notify_all();
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
