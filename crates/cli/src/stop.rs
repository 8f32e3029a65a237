//! Ctrl-C, and the other signals that ask a program to end. The first one stops the command's
//! work in good order; a second one ends the process at once, which the journal survives.

use tenfold_models::Cancel;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;

use crate::exit::Exit;
use crate::trouble::Trouble;

/// What the person, or the system, wants of this process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wanted {
    /// That it goes on.
    Nothing,
    /// That what it does now is stopped: Ctrl-C.
    Stop,
    /// That it ends with all that it does: it is terminated, or its terminal is gone.
    End,
}

/// Tells when an end is wanted.
#[derive(Debug, Clone)]
pub(crate) struct Stop {
    wanted: watch::Receiver<Wanted>,
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
        let (sender, wanted) = watch::channel(Wanted::Nothing);
        tokio::spawn(forward(signals, sender));
        Ok(Self { wanted })
    }

    /// Does long work on a thread of its own, and cancels it when the person wants an end.
    pub(crate) async fn cancels<T: Send + 'static, E: Send + 'static>(
        &self,
        work: impl FnOnce(&Cancel) -> Result<T, E> + Send + 'static,
    ) -> Result<T, Trouble>
    where
        Trouble: From<E>,
    {
        let cancel = Cancel::new();
        let for_work = cancel.clone();
        let mut working = tokio::task::spawn_blocking(move || work(&for_work));
        let outcome = tokio::select! {
            outcome = &mut working => outcome,
            () = self.stopped() => {
                cancel.cancel();
                working.await
            }
        };
        let broke = |error| Trouble::internal(format!("it broke off: {error}"));
        Ok(outcome.map_err(broke)??)
    }

    /// Whether the person wants an end.
    pub(crate) fn is_wanted(&self) -> bool {
        *self.wanted.borrow() != Wanted::Nothing
    }

    /// Whether the whole process is to end, and not only what it does for its own person.
    pub(crate) fn is_end(&self) -> bool {
        *self.wanted.borrow() == Wanted::End
    }

    /// Waits until the person wants an end; if they never do, for ever.
    pub(crate) async fn stopped(&self) {
        let mut wanted = self.wanted.clone();
        if wanted.wait_for(|wanted| *wanted != Wanted::Nothing).await.is_err() {
            std::future::pending::<()>().await;
        }
    }

    /// What to say when nothing was begun yet.
    pub(crate) fn trouble() -> Trouble {
        Trouble::new(Exit::Stopped, "stopped")
    }
}

async fn forward([mut first, mut second, mut third]: [Signal; 3], sender: watch::Sender<Wanted>) {
    loop {
        let wanted = tokio::select! {
            _ = first.recv() => Wanted::Stop,
            _ = second.recv() => Wanted::End,
            _ = third.recv() => Wanted::End,
        };
        if sender.send_replace(wanted) != Wanted::Nothing {
            // Helpers end with this process: each watches for its end.
            std::process::exit(i32::from(Exit::Stopped.code()));
        }
    }
}
