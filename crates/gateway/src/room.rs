//! Room for the bodies of requests, of which no account has more than its share.
//!
//! It is apart because it is what keeps slow clients from having the memory of all: room is taken
//! as bytes come, not for what a client says will come. Nothing here reads a body.
//!
//! A body that is here in part waits for room while it holds some, so all might wait for each
//! other. They don't: as much as one body takes is left for the one that began first, of each
//! account and of all.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tenfold_domain::AccountId;
use tokio::sync::oneshot;

use crate::Terms;

/// An account has a part of the room that is so many times smaller than the whole.
const SHARES: usize = 4;

/// The room of all bodies.
#[derive(Debug, Default)]
pub(crate) struct Room(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    /// Bytes of all bodies.
    taken: usize,
    /// Of bodies that are here, in part or whole, their bytes.
    bodies: HashMap<u64, usize>,
    /// Bodies that are not whole yet, in the order in which they began.
    coming: BTreeSet<u64>,
    accounts: HashMap<AccountId, Of>,
    /// Accounts of which a body waits.
    waits: BTreeSet<AccountId>,
    begun: u64,
}

/// What an account has of it.
#[derive(Debug, Default)]
struct Of {
    taken: usize,
    bodies: usize,
    coming: BTreeSet<u64>,
    /// Bodies that wait, the first of them first.
    waiting: BTreeMap<u64, Waiting>,
}

/// Bytes that have come and that there is no room for.
#[derive(Debug)]
struct Waiting {
    bytes: usize,
    bounds: Bounds,
    go_on: oneshot::Sender<()>,
}

/// How much there is, in bytes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bounds {
    /// For all bodies,
    all: usize,
    /// for those of one account,
    share: usize,
    /// for one.
    each: usize,
}

impl Bounds {
    pub(crate) fn of(terms: &Terms) -> Self {
        let (all, each) = (terms.bodies_bytes_max, terms.body_bytes_max);
        Self { all: all.max(each), share: (all / SHARES).max(each), each }
    }
}

/// What one body has of it. Dropped, it is free again.
#[derive(Debug)]
pub(crate) struct Part {
    room: Arc<Room>,
    account: AccountId,
    number: u64,
}

impl Room {
    /// A body begins to come.
    pub(crate) fn begin(self: &Arc<Self>, account: AccountId) -> Part {
        let mut state = self.state();
        let number = state.begun;
        state.begun += 1;
        state.bodies.insert(number, 0);
        state.coming.insert(number);
        let of = state.accounts.entry(account).or_default();
        of.bodies += 1;
        of.coming.insert(number);
        Part { room: Arc::clone(self), account, number }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Part {
    /// Takes room for bytes of it that have come; waits until there is some.
    pub(crate) async fn take(&self, bytes: usize, bounds: Bounds) {
        let told = {
            let mut state = self.room.state();
            if state.take(self.account, self.number, bytes, bounds) {
                return;
            }
            let (go_on, told) = oneshot::channel();
            state.wait(self.account, self.number, Waiting { bytes, bounds, go_on });
            told
        };
        // It is told or dropped with the part, which is borrowed.
        let _ = told.await;
    }

    /// All of it has come.
    pub(crate) fn is_whole(&self) {
        let mut state = self.room.state();
        state.came(self.account, self.number);
        state.go_on();
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        let mut state = self.room.state();
        state.came(self.account, self.number);
        state.free(self.account, self.number);
        state.go_on();
    }
}

impl State {
    /// Whether there is room for more of a body. What one body takes is left for the first of an
    /// account, and of all.
    fn fits(&self, of: &Of, number: u64, bytes: usize, bounds: Bounds) -> bool {
        let left_for = |first: &BTreeSet<u64>| match first.first() == Some(&number) {
            true => 0,
            false => bounds.each,
        };
        let fits = |taken: usize, most: usize, left: usize| taken + bytes + left <= most;
        fits(of.taken, bounds.share, left_for(&of.coming))
            && fits(self.taken, bounds.all, left_for(&self.coming))
    }

    fn take(&mut self, account: AccountId, number: u64, bytes: usize, bounds: Bounds) -> bool {
        let fits =
            self.accounts.get(&account).is_some_and(|of| self.fits(of, number, bytes, bounds));
        if fits {
            self.taken += bytes;
            *self.bodies.entry(number).or_default() += bytes;
            self.accounts.entry(account).or_default().taken += bytes;
        }
        fits
    }

    fn wait(&mut self, account: AccountId, number: u64, waiting: Waiting) {
        self.waits.insert(account);
        self.accounts.entry(account).or_default().waiting.insert(number, waiting);
    }

    /// A body has come, or comes no more.
    fn came(&mut self, account: AccountId, number: u64) {
        self.coming.remove(&number);
        let Some(of) = self.accounts.get_mut(&account) else { return };
        of.coming.remove(&number);
        of.waiting.remove(&number);
        if of.waiting.is_empty() {
            self.waits.remove(&account);
        }
    }

    fn free(&mut self, account: AccountId, number: u64) {
        let bytes = self.bodies.remove(&number).unwrap_or_default();
        self.taken -= bytes;
        let Some(of) = self.accounts.get_mut(&account) else { return };
        of.taken -= bytes;
        of.bodies -= 1;
        if of.bodies == 0 {
            self.accounts.remove(&account);
        }
    }

    /// Lets those go on for whom there is room now: of each account the first.
    fn go_on(&mut self) {
        for account in self.waits.clone() {
            while self.first_goes_on(account).is_some() {}
        }
    }

    /// Lets the first of an account that waits go on; `None` if none does, or it has to wait still.
    fn first_goes_on(&mut self, account: AccountId) -> Option<()> {
        let waiting = &self.accounts.get(&account)?.waiting;
        let (number, Waiting { bytes, bounds, .. }) = waiting.first_key_value()?;
        let (number, bytes, bounds) = (*number, *bytes, *bounds);
        if !self.take(account, number, bytes, bounds) {
            return None;
        }
        let of = self.accounts.get_mut(&account)?;
        let waited = of.waiting.remove(&number)?;
        if of.waiting.is_empty() {
            self.waits.remove(&account);
        }
        // Who has left meanwhile gives it back with its part.
        let _ = waited.go_on.send(());
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use std::pin::Pin;

    use futures_util::FutureExt;
    use futures_util::future::join_all;

    use super::*;

    const BOUNDS: Bounds = Bounds { all: 400, share: 100, each: 30 };
    const ADA: AccountId = AccountId(2);

    /// Takes, and says whether there was room at once.
    fn takes(part: &Part, bytes: usize) -> bool {
        part.take(bytes, BOUNDS).now_or_never().is_some()
    }

    /// Takes, and waits until there is room.
    fn waits(part: &Part, bytes: usize) -> Pin<Box<impl Future<Output = ()> + use<'_>>> {
        let mut take = Box::pin(part.take(bytes, BOUNDS));
        assert_eq!((&mut take).now_or_never(), None, "there is room");
        take
    }

    #[test]
    fn who_has_its_share_leaves_the_rest_to_others() {
        let room = Arc::new(Room::default());
        let slow: Vec<Part> = (0..50).map(|_| room.begin(ADA)).collect();
        let had = slow.iter().filter(|part| takes(part, 10)).count();
        // And what is left is for the first of hers.
        assert_eq!(had, 7);
        assert!(takes(&slow[0], 20) && !takes(&slow[1], 1));
        assert_eq!(room.state().taken, 90);
        for other in 3..6 {
            let other = room.begin(AccountId(other));
            assert!(takes(&other, 30));
        }
        drop(slow);
        let state = room.state();
        assert_eq!((state.taken, state.accounts.len(), state.bodies.len()), (0, 0, 0));
    }

    #[tokio::test]
    async fn bodies_that_are_here_in_part_do_not_wait_for_each_other() {
        let room = Arc::new(Room::default());
        let bodies = (0..20).map(|number| {
            let part = room.begin(AccountId(number % 5));
            async move {
                for _ in 0..3 {
                    part.take(10, BOUNDS).await;
                    assert!(part.room.state().taken <= BOUNDS.all);
                    // All others have some, too, before it has more.
                    tokio::task::yield_now().await;
                }
                part.is_whole();
            }
        });
        let mut all = std::pin::pin!(join_all(bodies));
        for _ in 0..1_000 {
            if futures_util::poll!(&mut all).is_ready() {
                return;
            }
        }
        panic!("they wait for each other");
    }

    #[test]
    fn who_waited_goes_on_when_there_is_room_again_the_first_first() {
        let room = Arc::new(Room::default());
        let [one, two, three, four, five] = [(); 5].map(|()| room.begin(ADA));
        assert!(takes(&one, 30) && takes(&two, 20) && takes(&three, 20));
        let (mut last, mut first) = (waits(&five, 30), waits(&four, 10));
        one.is_whole();
        assert_eq!((&mut first).now_or_never(), None, "it is here still");
        drop(one);
        assert_eq!((&mut last).now_or_never(), None, "there is no room for both");
        assert_eq!((&mut first).now_or_never(), Some(()));
        // Who leaves while it waits has nothing, and takes nothing with it.
        drop((last, first));
        drop((two, three, four, five));
        let state = room.state();
        assert_eq!((state.taken, state.waits.len()), (0, 0));
    }
}
