//! Folds of events, kept for who reads them again: whoever looks at a task at work reads it several
//! times a second, and then only what was recorded since has to be read. It is apart from what is
//! folded because it is memory, and so is bounded; nothing here is beside the journal, since each
//! answer is what reading anew would say.

use std::hash::Hash;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use hashlink::LruCache;
use tenfold_domain::{AttemptEvent, Event, Fact, Seq};
use tenfold_store::{About, EventQuery, View};

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

    /// Where its events are.
    fn about(of: Self::Of) -> About;

    /// Takes up the next event.
    ///
    /// # Errors
    /// What the store says, or that the event can't be read.
    fn take(&mut self, view: &View, event: Event) -> Result<(), EngineError>;

    /// Reads again what stands beside the events, once some were taken up.
    ///
    /// # Errors
    /// What the store says.
    fn settle(&mut self, _: &View) -> Result<(), EngineError> {
        Ok(())
    }

    /// How long the events are that are in, as JSON: about as much as they take here.
    fn bytes(&self) -> usize;
}

/// A fold of all events up to a place.
pub(crate) struct Read<F: Folded> {
    of: F::Of,
    pub(crate) folded: F,
    place: Seq,
}

impl<F: Folded> Read<F> {
    /// As for [`Folded::begun`].
    pub(crate) fn begun(view: &View, of: F::Of) -> Result<Self, EngineError> {
        Ok(Self { of, folded: F::begun(view, of)?, place: Seq(0) })
    }

    /// Reads what was recorded since, and says how many events that were. After an error it is of
    /// no more use.
    pub(crate) fn go_on(&mut self, view: &View) -> Result<u64, EngineError> {
        let newest = view.newest()?;
        // A view may be older than the one before.
        if newest <= self.place {
            return Ok(0);
        }
        let query = EventQuery { after: self.place, ..F::about(self.of).into() };
        let mut events = 0;
        for event in view.each_event(query) {
            let event = event?;
            events += 1;
            if self.place > Seq(0) && takes_away(&event.fact) {
                *self = Self::begun(view, self.of)?;
                return Ok(events + self.go_on(view)?);
            }
            self.folded.take(view, event)?;
        }
        if events > 0 {
            self.folded.settle(view)?;
        }
        self.place = newest;
        Ok(events)
    }
}

/// Whether what was read before is in the journal no more.
fn takes_away(fact: &Fact) -> bool {
    matches!(fact, Fact::Attempt { event: AttemptEvent::StepsDropped { .. }, .. })
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

/// None until it was read, and while somebody reads on.
type Slot<F> = Arc<Mutex<Option<Read<F>>>>;

struct Place<F: Folded> {
    read: Slot<F>,
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
    /// As for [`Folded::begun`] and [`Folded::take`].
    pub fn ask<T>(
        &self,
        view: &View,
        of: F::Of,
        answer: impl FnOnce(&F) -> T,
    ) -> Result<T, EngineError> {
        let place = self.place(of);
        let mut held = place.lock().unwrap_or_else(PoisonError::into_inner);
        // It is out of its place meanwhile, so that what can't be read to its end is not kept.
        let known = held.take().map_or_else(|| Read::begun(view, of), Ok);
        let read = known.and_then(|mut read| Ok((read.go_on(view)?, read)));
        let (events, read) = match read {
            Ok(read) => read,
            Err(error) => {
                self.forget(of, &place);
                return Err(error);
            }
        };
        self.events_read.fetch_add(events, Ordering::Relaxed);
        let (answer, bytes) = (answer(&read.folded), read.folded.bytes());
        *held = Some(read);
        drop(held);
        self.weigh((of, &place), bytes);
        Ok(answer)
    }

    /// How many events were read for all answers so far.
    pub fn events_read(&self) -> u64 {
        self.events_read.load(Ordering::Relaxed)
    }

    fn place(&self, of: F::Of) -> Slot<F> {
        let mut places = self.places();
        let empty = || Place { read: Arc::default(), bytes: 0 };
        Arc::clone(&places.of.entry(of).or_insert_with(empty).read)
    }

    /// Lets go of a place, unless it was already, and another has been made for the same since.
    fn forget(&self, of: F::Of, place: &Slot<F>) {
        let mut places = self.places();
        if places.of.peek(&of).is_some_and(|known| Arc::ptr_eq(&known.read, place)) {
            let gone = places.of.remove(&of).map_or(0, |place| place.bytes);
            places.bytes -= gone;
        }
    }

    /// Notes how much something takes, and lets go of those that nobody has read for longest. One
    /// that was let go of while it was read is gone already.
    fn weigh(&self, (of, place): (F::Of, &Slot<F>), bytes: usize) {
        let mut places = self.places();
        let Places { of: each, bytes: all } = &mut *places;
        let known = each.get_mut(&of).filter(|known| Arc::ptr_eq(&known.read, place));
        let Some(place) = known else { return };
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
