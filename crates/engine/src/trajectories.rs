//! Attempts as they went, kept for who reads them again: whoever looks at a task at work reads it
//! several times a second, and then only what was recorded since has to be read. It is apart from
//! reading one because it is memory, and so is bounded; nothing here is beside the journal, since
//! each answer is what reading anew would say.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use hashlink::LruCache;
use tenfold_domain::AttemptId;
use tenfold_store::View;

use crate::EngineError;
use crate::trajectory::{Folded, Trajectory};

/// So much is kept, in bytes of the events that were read.
const BYTES_MAX: usize = 64 << 20;
/// What an attempt takes beside its events.
const BYTES_EACH: usize = 4 << 10;

/// The attempts that were read last.
pub struct Trajectories {
    kept: Mutex<Kept>,
    bytes_max: usize,
    events_read: AtomicU64,
}

struct Kept {
    places: LruCache<AttemptId, Place>,
    bytes: usize,
}

#[derive(Default)]
struct Place {
    /// None until it was read, and while somebody reads on.
    folded: Arc<Mutex<Option<Folded>>>,
    bytes: usize,
}

impl Default for Trajectories {
    fn default() -> Self {
        Self::within(BYTES_MAX)
    }
}

impl Trajectories {
    /// Keeps about so many bytes.
    pub fn within(bytes_max: usize) -> Self {
        let kept = Mutex::new(Kept { places: LruCache::new_unbounded(), bytes: 0 });
        Self { kept, bytes_max, events_read: AtomicU64::new(0) }
    }

    /// What an attempt comes to in a view, at least: it may have been read in a newer one already.
    /// Others who ask for the same attempt wait meanwhile.
    ///
    /// # Errors
    /// As for [`trajectory`](crate::trajectory()).
    pub fn ask<T>(
        &self,
        view: &View,
        attempt: AttemptId,
        answer: impl FnOnce(&Trajectory) -> T,
    ) -> Result<T, EngineError> {
        let place = self.place(attempt);
        let mut held = place.lock().unwrap_or_else(PoisonError::into_inner);
        // It is out of its place meanwhile, so that what can't be read to its end is not kept.
        let known = held.take().map_or_else(|| Folded::begun(view, attempt), Ok);
        let read = known.and_then(|mut folded| Ok((folded.go_on(view)?, folded)));
        let (events, folded) = match read {
            Ok(read) => read,
            Err(error) => {
                self.forget(attempt);
                return Err(error);
            }
        };
        self.events_read.fetch_add(events, Ordering::Relaxed);
        let (answer, bytes) = (answer(folded.trajectory()), folded.bytes());
        *held = Some(folded);
        drop(held);
        self.weigh(attempt, bytes);
        Ok(answer)
    }

    /// How many events were read for all answers so far.
    pub fn events_read(&self) -> u64 {
        self.events_read.load(Ordering::Relaxed)
    }

    fn place(&self, attempt: AttemptId) -> Arc<Mutex<Option<Folded>>> {
        let mut kept = self.kept();
        let place = kept.places.entry(attempt).or_insert_with(Place::default);
        Arc::clone(&place.folded)
    }

    fn forget(&self, attempt: AttemptId) {
        let mut kept = self.kept();
        let gone = kept.places.remove(&attempt).map_or(0, |place| place.bytes);
        kept.bytes -= gone;
    }

    /// Notes how much an attempt takes, and lets go of those that nobody has read for longest. One
    /// that was let go of while it was read is gone already.
    fn weigh(&self, attempt: AttemptId, bytes: usize) {
        let mut kept = self.kept();
        let Kept { places, bytes: all } = &mut *kept;
        let Some(place) = places.get_mut(&attempt) else { return };
        let was = std::mem::replace(&mut place.bytes, bytes + BYTES_EACH);
        *all = *all - was + place.bytes;
        while *all > self.bytes_max
            && let Some((_, gone)) = places.remove_lru()
        {
            *all -= gone.bytes;
        }
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
