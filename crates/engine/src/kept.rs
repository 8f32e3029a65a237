//! Folds of events, kept for who reads them again: whoever looks at a task at work reads it several
//! times a second, and then only what was recorded since has to be read. It is apart from what is
//! folded because it is memory, and so is bounded; nothing here is beside the journal, since each
//! answer is what reading anew would say.

use std::hash::Hash;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use hashlink::LruCache;
use tenfold_store::View;

use crate::EngineError;

/// So much is kept, in bytes of the events that were read.
const BYTES_MAX: usize = 64 << 20;
/// What a fold takes beside its events.
const BYTES_EACH: usize = 4 << 10;

/// What is made of the events about something, one after another.
pub trait Folded: Sized {
    /// About what.
    type Of: Copy + Eq + Hash;

    /// Nothing of it yet.
    ///
    /// # Errors
    /// If it is not there; what the store says.
    fn begun(view: &View, of: Self::Of) -> Result<Self, EngineError>;

    /// Reads what was recorded since, and says how many events that were. After an error it is of
    /// no more use.
    ///
    /// # Errors
    /// What the store says, or that a record can't be read.
    fn go_on(&mut self, view: &View) -> Result<u64, EngineError>;

    /// How long the events are that are in, as JSON: about as much as they take here.
    fn bytes(&self) -> usize;
}

/// Those that were asked for last.
pub struct Kept<F: Folded> {
    places: Mutex<Places<F>>,
    bytes_max: usize,
    events_read: AtomicU64,
}

struct Places<F: Folded> {
    of: LruCache<F::Of, Place<F>>,
    bytes: usize,
}

struct Place<F> {
    /// None until it was read, and while somebody reads on.
    folded: Arc<Mutex<Option<F>>>,
    bytes: usize,
}

impl<F: Folded> Default for Kept<F> {
    fn default() -> Self {
        Self::within(BYTES_MAX)
    }
}

impl<F: Folded> Kept<F> {
    /// Keeps about so many bytes.
    pub fn within(bytes_max: usize) -> Self {
        let places = Mutex::new(Places { of: LruCache::new_unbounded(), bytes: 0 });
        Self { places, bytes_max, events_read: AtomicU64::new(0) }
    }

    /// What something comes to in a view, at least: it may have been read in a newer one already.
    /// Others who ask for the same wait meanwhile.
    ///
    /// # Errors
    /// As for [`Folded::begun`] and [`Folded::go_on`].
    pub fn ask<T>(
        &self,
        view: &View,
        of: F::Of,
        answer: impl FnOnce(&F) -> T,
    ) -> Result<T, EngineError> {
        let place = self.place(of);
        let mut held = place.lock().unwrap_or_else(PoisonError::into_inner);
        // It is out of its place meanwhile, so that what can't be read to its end is not kept.
        let known = held.take().map_or_else(|| F::begun(view, of), Ok);
        let read = known.and_then(|mut folded| Ok((folded.go_on(view)?, folded)));
        let (events, folded) = match read {
            Ok(read) => read,
            Err(error) => {
                self.forget(of);
                return Err(error);
            }
        };
        self.events_read.fetch_add(events, Ordering::Relaxed);
        let (answer, bytes) = (answer(&folded), folded.bytes());
        *held = Some(folded);
        drop(held);
        self.weigh(of, bytes);
        Ok(answer)
    }

    /// How many events were read for all answers so far.
    pub fn events_read(&self) -> u64 {
        self.events_read.load(Ordering::Relaxed)
    }

    fn place(&self, of: F::Of) -> Arc<Mutex<Option<F>>> {
        let mut places = self.places();
        let empty = || Place { folded: Arc::default(), bytes: 0 };
        Arc::clone(&places.of.entry(of).or_insert_with(empty).folded)
    }

    fn forget(&self, of: F::Of) {
        let mut places = self.places();
        let gone = places.of.remove(&of).map_or(0, |place| place.bytes);
        places.bytes -= gone;
    }

    /// Notes how much something takes, and lets go of those that nobody has read for longest. One
    /// that was let go of while it was read is gone already.
    fn weigh(&self, of: F::Of, bytes: usize) {
        let mut places = self.places();
        let Places { of: each, bytes: all } = &mut *places;
        let Some(place) = each.get_mut(&of) else { return };
        let was = std::mem::replace(&mut place.bytes, bytes + BYTES_EACH);
        *all = *all - was + place.bytes;
        while *all > self.bytes_max
            && let Some((_, gone)) = each.remove_lru()
        {
            *all -= gone.bytes;
        }
    }

    fn places(&self) -> MutexGuard<'_, Places<F>> {
        self.places.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
