//! How many connections each address has open.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use super::Peer;

type All = Arc<Mutex<HashMap<Peer, usize>>>;

/// All that are open, by where they come from.
pub(crate) struct Connections {
    each: usize,
    all: All,
}

/// One of them.
pub(crate) struct Open {
    peer: Peer,
    all: All,
}

impl Connections {
    pub(crate) fn new(each: usize) -> Self {
        Self { each, all: All::default() }
    }

    /// One more, unless there are too many.
    pub(crate) fn open(&self, peer: Peer) -> Option<Open> {
        let mut all = self.all.lock().unwrap_or_else(PoisonError::into_inner);
        let open = all.entry(peer).or_default();
        if *open >= self.each {
            return None;
        }
        *open += 1;
        Some(Open { peer, all: Arc::clone(&self.all) })
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        let mut all = self.all.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(open) = all.get_mut(&self.peer) {
            *open = open.saturating_sub(1);
            if *open == 0 {
                all.remove(&self.peer);
            }
        }
    }
}
