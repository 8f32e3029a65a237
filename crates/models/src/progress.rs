//! What long work says while it goes on, and how it is stopped.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tenfold_domain::Bytes;

/// Something to show to a person who waits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Progress {
    /// Another process works on the same file; this one waits until it is done.
    Waiting,
    /// A source is asked from now on.
    Trying {
        /// Its name, for people.
        source: String,
    },
    /// A source failed; the next one goes on where it stopped.
    GoingOn {
        /// The source that failed.
        from: String,
        /// Why.
        why: String,
        /// The source that is asked now.
        next: String,
    },
    /// What has come so far was not part of the right file; it is fetched again from its start.
    StartingOver {
        /// Why.
        why: String,
    },
    /// So much of the file is here.
    Received {
        /// Bytes here, those of earlier tries included.
        done: Bytes,
        /// Bytes of the whole file.
        total: Bytes,
    },
    /// So much of a file has been hashed.
    Hashed {
        /// Bytes read.
        done: Bytes,
        /// Bytes of the whole file.
        total: Bytes,
    },
}

/// A switch that stops long work from another thread, within a second.
#[derive(Debug, Clone, Default)]
pub struct Cancel(Arc<AtomicBool>);

impl Cancel {
    /// A switch that nobody has thrown.
    pub fn new() -> Self {
        Self::default()
    }

    /// Stops the work that holds this switch or a clone of it.
    pub fn cancel(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Whether the work is to stop.
    pub fn is_cancelled(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

impl From<Arc<AtomicBool>> for Cancel {
    fn from(flag: Arc<AtomicBool>) -> Self {
        Self(flag)
    }
}
