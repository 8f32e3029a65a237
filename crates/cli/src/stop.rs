//! Ctrl-C, and the other signals that ask a program to end. The first one stops the work in
//! good order; a second one ends the process at once, which the journal survives.

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;

use crate::exit::Exit;
use crate::trouble::Trouble;

/// Turns true once, when the person wants an end.
#[derive(Debug, Clone)]
pub(crate) struct Stop {
    wanted: watch::Receiver<bool>,
}

impl Stop {
    /// Listens from now on. To be called within the runtime.
    pub(crate) fn listen() -> Result<Self, Trouble> {
        let listening = |kind| {
            signal(kind).map_err(|error| Trouble::internal(format!("no signal handler: {error}")))
        };
        let signals = [
            listening(SignalKind::interrupt())?,
            listening(SignalKind::terminate())?,
            listening(SignalKind::hangup())?,
        ];
        let (sender, wanted) = watch::channel(false);
        tokio::spawn(forward(signals, sender));
        Ok(Self { wanted })
    }

    /// For whoever looks now and then.
    pub(crate) fn signal(&self) -> watch::Receiver<bool> {
        self.wanted.clone()
    }

    /// Whether the person wants an end.
    pub(crate) fn is_wanted(&self) -> bool {
        *self.wanted.borrow()
    }

    /// Waits until the person wants an end; if they never do, for ever.
    pub(crate) async fn stopped(&self) {
        let mut wanted = self.wanted.clone();
        if wanted.wait_for(|wanted| *wanted).await.is_err() {
            std::future::pending::<()>().await;
        }
    }

    /// What to say when nothing was begun yet.
    pub(crate) fn trouble() -> Trouble {
        Trouble::new(Exit::Stopped, "stopped")
    }
}

async fn forward([mut first, mut second, mut third]: [Signal; 3], sender: watch::Sender<bool>) {
    loop {
        tokio::select! {
            _ = first.recv() => {}
            _ = second.recv() => {}
            _ = third.recv() => {}
        }
        if sender.send_replace(true) {
            // Helpers end with this process: each watches for its end.
            std::process::exit(i32::from(Exit::Stopped.code()));
        }
    }
}
