//! Waiting on this thread for something asynchronous, without a runtime. Apart, because the
//! runtime's own ways of blocking panic on a thread that a runtime owns, and a caller should
//! not have to know whose thread it is on. Nothing here spawns or sleeps.

use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

/// Blocks this thread until the future is ready.
pub(crate) fn wait<F: Future>(future: F) -> F::Output {
    // On a runtime's thread a channel may claim to be pending until its task yields, which
    // it can't while this waits: hence unconstrained.
    let mut future = pin!(tokio::task::unconstrained(future));
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    let mut context = Context::from_waker(&waker);
    loop {
        match future.as_mut().poll(&mut context) {
            Poll::Ready(output) => return output,
            Poll::Pending => thread::park(),
        }
    }
}
