//! The ledger beside the journal. What is decided goes to the journal in the order of the
//! decisions, and who decides next does not wait until it is on the disk: so many decisions share
//! one sync.
//!
//! For as long as a commit takes, the ledger is ahead of the journal by what it takes away, and
//! behind it by what it gives back: money that is set aside is gone at once, money that is free
//! again is free once that is on the disk. So whatever becomes of each commit, no account is over
//! its limit. If one fails, the ledger is read anew from the journal as soon as none is on its way,
//! and a bill that it was to record is remembered.

use std::collections::hash_map::Entry;
use std::collections::{BTreeSet, HashMap, HashSet};
use std::pin::pin;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use sha2::{Digest, Sha256};
use tenfold_domain::{
    AccessToken, AccountId, AttemptId, Basis, Denied, Fact, LedgerEvent, NanoUsd, Refusal,
    ReservationId, Spend, StepEvent, TaskId, Timestamp,
};
use tenfold_ledger::{AccessTokens, Ledger};
use tokio::sync::{Mutex, MutexGuard, Notify};

use crate::compact::in_hex;
use crate::{Store, StoreError};

/// The ledger, and what of it is on its way to the journal.
#[derive(Debug)]
pub struct Books {
    store: Arc<Store>,
    /// The access tokens as they are on the disk, for who can't wait.
    tokens: RwLock<Arc<Tokens>>,
    sheet: Mutex<Sheet>,
    /// Commits that are on their way.
    open: AtomicUsize,
    /// Whether one of them failed, so that the ledger holds what the journal does not.
    is_wrong: AtomicBool,
    /// Told when one has come to its end.
    closed: Notify,
    /// How often something was decided by which somebody may spend less.
    lowered: AtomicU64,
    /// The latest moment at which anything was decided, in milliseconds since 1970.
    latest: AtomicU64,
}

/// The ledger, and what it does not know itself.
#[derive(Debug, Default)]
pub struct Sheet {
    ledger: Ledger,
    /// Reservations whose end is on its way.
    ending: HashSet<ReservationId>,
    /// Which attempt of this engine's asked for what is set aside.
    asked_by: HashMap<ReservationId, AttemptId>,
    /// How much money that is for each task.
    held: HashMap<TaskId, NanoUsd>,
    /// Bills that could not be recorded, and how they were known.
    owed: HashMap<ReservationId, (Spend, Basis)>,
}

impl Sheet {
    /// The ledger as it is, but for what gives back and is on its way.
    pub fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    /// The money that is set aside for a task.
    pub fn held_for(&self, task: TaskId) -> NanoUsd {
        self.held.get(&task).copied().unwrap_or_default()
    }

    fn asked(&mut self, reservation: ReservationId, by: AttemptId) {
        let amount = amount(&self.ledger, reservation);
        *self.held.entry(by.task).or_default() += amount.money;
        self.asked_by.insert(reservation, by);
    }

    /// Holds that nothing ends twice.
    fn ends_once(&self, events: &[LedgerEvent]) -> Result<(), Refusal> {
        let twice = events.iter().filter_map(ended).find(|id| self.ending.contains(id));
        twice.map_or(Ok(()), |id| Err(Refusal::NoReservation(id)))
    }

    /// Takes up what was handed in, but for what gives money back.
    fn hand_in(&mut self, facts: &[Fact]) {
        for fact in facts {
            match fact {
                Fact::Ledger { event } => match ended(event) {
                    Some(id) => drop(self.ending.insert(id)),
                    None => self.ledger.evolve(event),
                },
                Fact::Step {
                    attempt,
                    event: StepEvent::Intent { reservation: Some(id), .. },
                    ..
                } => self.asked(*id, *attempt),
                _ => {}
            }
        }
    }

    /// Takes up what gives money back, once it is on the disk. True if a bill was higher than what
    /// was set aside for it.
    fn recorded(&mut self, events: &[LedgerEvent]) -> bool {
        let mut is_over = false;
        for event in events {
            let Some(id) = ended(event) else { continue };
            if let LedgerEvent::Settled { bill, .. } = event {
                let cost = bill.iter().fold(Spend::NONE, |sum, charge| sum + charge.spend);
                is_over |= !cost.fits(amount(&self.ledger, id));
            }
            if let Some(by) = self.asked_by.remove(&id)
                && let Entry::Occupied(mut held) = self.held.entry(by.task)
            {
                let amount = amount(&self.ledger, id);
                *held.get_mut() = held.get().saturating_sub(amount.money);
                if *held.get() == NanoUsd::ZERO {
                    held.remove();
                }
            }
            self.ledger.evolve(event);
            self.ending.remove(&id);
            self.owed.remove(&id);
        }
        is_over
    }

    /// Takes up what the journal says, with nothing on its way.
    fn read(&mut self, store: &Store) -> Result<(), BooksError> {
        self.ledger = store.view()?.ledger()?;
        self.ending.clear();
        self.held.clear();
        for (id, by) in std::mem::take(&mut self.asked_by) {
            if self.ledger.hold(id).is_some() {
                self.asked(id, by);
            }
        }
        self.owed.retain(|id, _| self.ledger.hold(*id).is_some());
        Ok(())
    }
}

/// What is set aside in a reservation; nothing if it is not open.
fn amount(ledger: &Ledger, reservation: ReservationId) -> Spend {
    ledger.hold(reservation).map_or(Spend::NONE, |held| held.amount)
}

/// The reservation that an event ends.
fn ended(event: &LedgerEvent) -> Option<ReservationId> {
    match event {
        LedgerEvent::Settled { reservation, .. } | LedgerEvent::Released { reservation, .. } => {
            Some(*reservation)
        }
        LedgerEvent::Opened { .. }
        | LedgerEvent::Granted { .. }
        | LedgerEvent::Withdrawn { .. }
        | LedgerEvent::Given { .. }
        | LedgerEvent::Permitted { .. }
        | LedgerEvent::Renamed { .. }
        | LedgerEvent::Moved { .. }
        | LedgerEvent::Closed { .. }
        | LedgerEvent::Issued(_)
        | LedgerEvent::Revoked { .. }
        | LedgerEvent::Reserved(_)
        | LedgerEvent::ClockPutRight { .. }
        | LedgerEvent::Balanced(_) => None,
    }
}

/// Whether somebody may spend less than before by an event, or something else.
fn lowers(event: &LedgerEvent) -> bool {
    match event {
        LedgerEvent::Granted { .. }
        | LedgerEvent::Withdrawn { .. }
        | LedgerEvent::Permitted { .. }
        | LedgerEvent::Moved { .. }
        | LedgerEvent::Closed { .. }
        | LedgerEvent::Revoked { .. }
        | LedgerEvent::ClockPutRight { .. } => true,
        LedgerEvent::Given { from, .. } => from.is_some(),
        LedgerEvent::Opened { .. }
        | LedgerEvent::Renamed { .. }
        | LedgerEvent::Issued(_)
        | LedgerEvent::Reserved(_)
        | LedgerEvent::Settled { .. }
        | LedgerEvent::Released { .. }
        | LedgerEvent::Balanced(_) => false,
    }
}

/// Why something is not in the books.
#[derive(Debug, Clone, thiserror::Error)]
pub enum BooksError {
    /// The ledger says no.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The journal.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Books {
    /// The books of a store, in which there is the default account from now on. There are no
    /// others of it at the same time: who writes to a store is one.
    ///
    /// # Errors
    /// What the store says.
    pub async fn open(store: Arc<Store>) -> Result<Self, StoreError> {
        let mut ledger = store.view()?.ledger()?;
        if let Some(event) = ledger.open_default() {
            store.append_async(vec![Fact::Ledger { event: event.clone() }]).await?;
            ledger.evolve(&event);
        }
        let (open, is_wrong) = (AtomicUsize::new(0), AtomicBool::new(false));
        let tokens = RwLock::new(Arc::new(Tokens::of(&ledger)));
        let latest = AtomicU64::new(ledger.latest().0);
        let sheet = Mutex::new(Sheet { ledger, ..Sheet::default() });
        let (closed, lowered) = (Notify::new(), AtomicU64::new(0));
        Ok(Self { store, tokens, sheet, open, is_wrong, closed, lowered, latest })
    }

    /// The access token with this secret, with what is decided of it and of its account up to now.
    /// One that has expired stays so when the clock is set back: a time before the latest decision
    /// counts as that. Never waits.
    ///
    /// # Errors
    /// Why it does not hold.
    pub fn admit(&self, secret: &str, now: Timestamp) -> Result<Admitted, Denied> {
        self.admit_by(&hash_of(secret), now)
    }

    /// As [`Books::admit`], by the [hash](hash_of) of the secret.
    ///
    /// # Errors
    /// Why it does not hold.
    pub fn admit_by(&self, hash: &str, now: Timestamp) -> Result<Admitted, Denied> {
        let tokens = Arc::clone(&self.tokens.read().unwrap_or_else(PoisonError::into_inner));
        let now = now.max(Timestamp(self.latest.load(Ordering::Acquire)));
        let token = tokens.all.admit(hash, now)?.clone();
        let (name, lists) = tokens.accounts.get(&token.account).cloned().unwrap_or_default();
        let models = token.models.iter().cloned().chain(lists).collect();
        Ok(Admitted { token, name, models })
    }

    /// How often something was decided or billed by which somebody may spend less than before: who
    /// has set money aside to spend it later asks again when this has changed. Never waits.
    pub fn lowered(&self) -> u64 {
        self.lowered.load(Ordering::Acquire)
    }

    /// What somebody sees of it who can't wait; `None` if somebody else is at it just now.
    pub fn peek<T>(&self, see: impl FnOnce(&Sheet) -> T) -> Option<T> {
        self.sheet.try_lock().ok().map(|sheet| see(&sheet))
    }

    /// What somebody sees of it as it is now.
    pub async fn look<T>(&self, see: impl FnOnce(&Sheet) -> T) -> Result<T, BooksError> {
        Ok(see(&*self.right().await?))
    }

    /// Whether anything is set aside.
    pub async fn has_holds(&self) -> bool {
        self.sheet.lock().await.ledger.has_holds()
    }

    /// What is set aside in a reservation that is open; nothing if it is not.
    pub async fn held(&self, reservation: ReservationId) -> Spend {
        amount(&self.sheet.lock().await.ledger, reservation)
    }

    /// What counts as the bill of a call of which the journal has no result: the bill itself, if
    /// it came and could not be recorded; else all that was set aside.
    pub async fn bill(&self, reservation: ReservationId) -> (Spend, Basis) {
        let owed = self.sheet.lock().await.owed.get(&reservation).copied();
        match owed {
            Some(bill) => bill,
            None => (self.held(reservation).await, Basis::Bound),
        }
    }

    /// Remembers bills that could not be recorded.
    pub async fn owe(&self, bills: impl IntoIterator<Item = (ReservationId, (Spend, Basis))>) {
        self.sheet.lock().await.owed.extend(bills);
    }

    /// The attempts that money is set aside for, of those that this engine worked on.
    pub async fn holders(&self) -> Result<BTreeSet<AttemptId>, BooksError> {
        let sheet = self.right().await?;
        Ok(sheet.asked_by.values().copied().collect())
    }

    /// Records what `decide` makes of the ledger as it is, together with other facts; both are on
    /// the disk when it returns. A decision that is refused for want of money is made again as
    /// long as money that is free again is on its way.
    pub async fn record<T>(
        &self,
        decide: impl Fn(&Sheet) -> Result<(T, Vec<LedgerEvent>), Refusal>,
        also: impl FnOnce(&T) -> Vec<Fact>,
    ) -> Result<T, BooksError> {
        let (value, events, entry, handed) = {
            let (mut sheet, value, events) = self.decided(decide).await?;
            let event = |event: &LedgerEvent| Fact::Ledger { event: event.clone() };
            let mut facts: Vec<Fact> = events.iter().map(event).collect();
            facts.extend(also(&value));
            sheet.hand_in(&facts);
            self.latest.store(sheet.ledger.latest().0, Ordering::Release);
            let entry = OnItsWay::open(self);
            // In the order of the decisions, since the ledger is held.
            let handed = self.store.hand_in(facts).await?;
            (value, events, entry, handed)
        };
        handed.durable().await?;
        let ends = events.iter().any(|event| ended(event).is_some());
        let is_over = ends && self.sheet.lock().await.recorded(&events);
        let is_of_tokens = |event: &LedgerEvent| {
            matches!(
                event,
                LedgerEvent::Issued(_)
                    | LedgerEvent::Revoked { .. }
                    | LedgerEvent::Permitted { .. }
                    | LedgerEvent::Renamed { .. }
                    | LedgerEvent::Moved { .. }
            )
        };
        if events.iter().any(is_of_tokens) {
            let tokens = Arc::new(Tokens::of(&self.sheet.lock().await.ledger));
            *self.tokens.write().unwrap_or_else(PoisonError::into_inner) = tokens;
        }
        if is_over || events.iter().any(lowers) {
            self.lowered.fetch_add(1, Ordering::AcqRel);
        }
        entry.close();
        Ok(value)
    }

    /// A decision that stands, with the ledger that it was made of.
    async fn decided<T>(
        &self,
        decide: impl Fn(&Sheet) -> Result<(T, Vec<LedgerEvent>), Refusal>,
    ) -> Result<(MutexGuard<'_, Sheet>, T, Vec<LedgerEvent>), BooksError> {
        loop {
            let mut closed = pin!(self.closed.notified());
            // From now on it hears, so that no end is missed between the look and the waiting.
            closed.as_mut().enable();
            let sheet = self.right().await?;
            match decide(&sheet) {
                Err(Refusal::Short(_) | Refusal::OverBudget { .. }) if !sheet.ending.is_empty() => {
                    drop(sheet);
                    closed.await;
                }
                decided => {
                    let (value, events) = decided?;
                    sheet.ends_once(&events)?;
                    return Ok((sheet, value, events));
                }
            }
        }
    }

    /// The ledger as the journal will have it.
    async fn right(&self) -> Result<MutexGuard<'_, Sheet>, BooksError> {
        loop {
            let mut closed = pin!(self.closed.notified());
            closed.as_mut().enable();
            let mut sheet = self.sheet.lock().await;
            if !self.is_wrong.load(Ordering::Acquire) {
                return Ok(sheet);
            }
            if self.open.load(Ordering::Acquire) == 0 {
                // What nobody waits for any more may still be on its way; this comes after it.
                self.store.append_async(Vec::new()).await?;
                sheet.read(&self.store)?;
                self.is_wrong.store(false, Ordering::Release);
                return Ok(sheet);
            }
            drop(sheet);
            closed.await;
        }
    }
}

/// What is kept of an access token's secret: SHA-256, in hexadecimal. Who guesses at hashes learns
/// nothing of the secret from how long it takes to look one up.
pub fn hash_of(secret: &str) -> String {
    in_hex(Sha256::new_with_prefix(secret))
}

/// An access token that holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Admitted {
    /// The token.
    pub token: AccessToken,
    /// Whose it is, as it can be written.
    pub name: String,
    /// The lists of models, each of which has to name the one that is asked: the token's own, its
    /// account's, and those of all above.
    pub models: Vec<Vec<String>>,
}

/// The access tokens, and what their accounts are called and may ask.
#[derive(Debug)]
struct Tokens {
    all: AccessTokens,
    accounts: HashMap<AccountId, (String, Vec<Vec<String>>)>,
}

impl Tokens {
    fn of(ledger: &Ledger) -> Self {
        let all = ledger.tokens().clone();
        let account = |(token, _): (&AccessToken, bool)| {
            let account = token.account;
            (account, (ledger.shown(account), ledger.lists(account)))
        };
        Self { accounts: all.iter().map(account).collect(), all }
    }
}

/// A commit on its way. Dropped before it is closed, it has failed, or nobody knows.
struct OnItsWay<'b> {
    books: &'b Books,
    is_recorded: bool,
}

impl<'b> OnItsWay<'b> {
    fn open(books: &'b Books) -> Self {
        books.open.fetch_add(1, Ordering::AcqRel);
        Self { books, is_recorded: false }
    }

    fn close(mut self) {
        self.is_recorded = true;
    }
}

impl Drop for OnItsWay<'_> {
    fn drop(&mut self) {
        if !self.is_recorded {
            self.books.is_wrong.store(true, Ordering::Release);
        }
        self.books.open.fetch_sub(1, Ordering::AcqRel);
        self.books.closed.notify_waiters();
    }
}

#[cfg(test)]
mod tests {
    use std::future::Future;

    use crate::{Moment, Surroundings};
    use tenfold_domain::{AccountChange, Allowance, Charge, Energy, Quantity, TokenId};
    use tenfold_ledger::Wanted;

    use super::*;

    async fn books(store: &Arc<Store>) -> Books {
        let mut ledger = Ledger::replay([]);
        let events = [ledger.open_default().unwrap(), {
            ledger.evolve(&ledger.open_default().unwrap());
            let hundred = Allowance::once(Quantity::Money(NanoUsd(100)));
            ledger.grant(AccountId::DEFAULT, hundred, "").unwrap().1
        }];
        ledger.evolve(&events[1]);
        store.append(events.map(|event| Fact::Ledger { event }).to_vec()).unwrap();
        Books::open(Arc::clone(store)).await.unwrap()
    }

    async fn reserve(books: &Books, amount: u64) -> Result<ReservationId, BooksError> {
        let decide = |sheet: &Sheet| {
            let amount = Spend::of_money(NanoUsd(amount));
            let (account, at) = (AccountId::DEFAULT, Timestamp(1));
            let wanted = Wanted { account, amount, model: None, spender: None, at };
            let (id, event) = sheet.ledger().reserve(&wanted)?;
            Ok((id, vec![event]))
        };
        books.record(decide, |_| Vec::new()).await
    }

    async fn settle(books: &Books, (id, cost): (ReservationId, u64)) -> Result<(), BooksError> {
        let spend = Spend::of_money(NanoUsd(cost));
        let bill =
            vec![Charge { model: "m".into(), spend, basis: Basis::Told, energy: Energy::NONE }];
        let settle = |sheet: &Sheet| sheet.ledger().settle(id, bill.clone(), Timestamp(1));
        let decide = |sheet: &Sheet| Ok(((), vec![settle(sheet)?]));
        books.record(decide, |()| Vec::new()).await
    }

    /// A store whose commits after the first two wait until they are told what becomes of them.
    fn told(dir: &std::path::Path) -> (Arc<Store>, std::sync::mpsc::Sender<bool>) {
        let (tell, told) = std::sync::mpsc::channel::<bool>();
        let mut before = 0;
        let surroundings = Surroundings::default().with_fate(move |moment| {
            before += u32::from(moment == Moment::Before);
            match moment == Moment::Before && before > 2 && !told.recv().unwrap_or(true) {
                true => Err(StoreError::DiskFull { path: "there".into() }),
                false => Ok(()),
            }
        });
        (Arc::new(Store::open_in(&dir.join("s.db"), surroundings).unwrap()), tell)
    }

    /// What the journal says.
    fn journal(store: &Store) -> Ledger {
        store.view().unwrap().ledger().unwrap()
    }

    #[tokio::test]
    async fn what_expired_stays_so_when_the_clock_is_set_back_until_it_is_put_right() {
        let dir = tempfile::tempdir().unwrap();
        let store = Arc::new(Store::open(&dir.path().join("s.db")).unwrap());
        let books = books(&store).await;
        let decided = async |change: AccountChange, at: u64| {
            let by = ("me", Timestamp(at));
            let decide = |sheet: &Sheet| Ok(((), sheet.ledger().change(&change, by)?));
            books.record(decide, |()| Vec::new()).await.unwrap();
        };
        let token = AccessToken {
            token: TokenId(0),
            account: AccountId::DEFAULT,
            label: String::new(),
            hash: hash_of("secret"),
            expires: Some(Timestamp(1_000)),
            models: None,
            scopes: None,
            by: String::new(),
        };
        decided(AccountChange::Issue(token), 1).await;
        let admitted = || books.admit("secret", Timestamp(999)).map(drop);
        assert_eq!(admitted(), Ok(()));
        let (to, amount) = (AccountId::DEFAULT, Quantity::Requests(1));
        decided(AccountChange::Give { from: None, to, amount }, 5_000).await;
        assert_eq!(admitted(), Err(Denied::Expired(Timestamp(1_000))));
        decided(AccountChange::PutClockRight, 999).await;
        assert_eq!(admitted(), Ok(()), "it was the clock that was wrong");
    }

    #[tokio::test]
    async fn many_decisions_share_a_commit_and_pass_no_limit() {
        let dir = tempfile::tempdir().unwrap();
        let (held, free) = std::sync::mpsc::channel::<()>();
        let surroundings = Surroundings::default().with_fate(move |moment| {
            // The second commit waits until all have been handed in.
            if moment == Moment::Before {
                let _ = free.recv();
            }
            Ok(())
        });
        held.send(()).unwrap();
        let store = Arc::new(Store::open_in(&dir.path().join("s.db"), surroundings).unwrap());
        let books = Arc::new(books(&store).await);
        let before = store.transactions();
        let all: Vec<_> = (0..30)
            .map(|_| {
                let books = Arc::clone(&books);
                tokio::spawn(async move { reserve(&books, 10).await.is_ok() })
            })
            .collect();
        while books.open.load(Ordering::Acquire) < 10 {
            tokio::task::yield_now().await;
        }
        drop(held);
        let mut passed = 0;
        for one in all {
            passed += u64::from(one.await.unwrap());
        }
        assert_eq!(passed, 10, "a hundred nano-dollars, ten at a time");
        assert!(store.transactions() - before <= 2, "{}", store.transactions() - before);
    }

    #[tokio::test]
    async fn what_could_not_be_recorded_was_never_decided() {
        let dir = tempfile::tempdir().unwrap();
        let mut left = 2;
        let surroundings = Surroundings::default().with_fate(move |moment| {
            left -= i32::from(moment == Moment::Before);
            match left {
                // The commit after the first.
                0 => Err(StoreError::DiskFull { path: "there".into() }),
                _ => Ok(()),
            }
        });
        let store = Arc::new(Store::open_in(&dir.path().join("s.db"), surroundings).unwrap());
        let books = books(&store).await;
        assert!(reserve(&books, 60).await.is_err());
        reserve(&books, 60).await.unwrap();
        assert!(reserve(&books, 60).await.is_err(), "now it is over the limit");
        assert_eq!(journal(&store).holds().len(), 1);
    }

    #[tokio::test]
    async fn money_is_free_again_once_that_is_on_the_disk_and_not_before() {
        for is_recorded in [true, false] {
            let dir = tempfile::tempdir().unwrap();
            let (store, tell) = told(dir.path());
            let books = Arc::new(books(&store).await);
            let first = reserve(&books, 60).await.unwrap();
            let theirs = Arc::clone(&books);
            let settling = tokio::spawn(async move { settle(&theirs, (first, 10)).await.is_ok() });
            while books.open.load(Ordering::Acquire) < 1 {
                tokio::task::yield_now().await;
            }
            assert!(settle(&books, (first, 10)).await.is_err(), "it is settled once");
            let theirs = Arc::clone(&books);
            let second = tokio::spawn(async move { reserve(&theirs, 60).await.is_ok() });
            for _ in 0..100 {
                tokio::task::yield_now().await;
            }
            assert!(!second.is_finished() && books.open.load(Ordering::Acquire) == 1);
            tell.send(is_recorded).unwrap();
            drop(tell);
            assert_eq!(settling.await.unwrap(), is_recorded);
            assert_eq!(second.await.unwrap(), is_recorded, "10 are spent, or 60 set aside");
            let statement = journal(&store).statement(AccountId::DEFAULT, Timestamp(1)).unwrap();
            let all = statement.spent.money + statement.held.money;
            assert!(all <= NanoUsd(100), "{statement:?}");
        }
    }

    #[tokio::test]
    async fn what_nobody_waited_for_is_in_the_ledger_that_is_read_anew() {
        let dir = tempfile::tempdir().unwrap();
        let (store, tell) = told(dir.path());
        let books = books(&store).await;
        tell.send(true).unwrap();
        reserve(&books, 10).await.unwrap();
        {
            // It is handed in, and then nobody waits any more.
            let mut left = std::pin::pin!(reserve(&books, 60));
            let mut context = std::task::Context::from_waker(std::task::Waker::noop());
            assert!(left.as_mut().poll(&mut context).is_pending());
        }
        drop(tell);
        assert!(reserve(&books, 60).await.is_err(), "70 are set aside");
        assert_eq!(journal(&store).holds().len(), 2);
    }

    #[tokio::test]
    async fn a_bill_that_could_not_be_recorded_is_remembered_until_it_is() {
        let dir = tempfile::tempdir().unwrap();
        let (store, tell) = told(dir.path());
        let books = books(&store).await;
        let id = reserve(&books, 60).await.unwrap();
        let nanos = |nanos| Spend::of_money(NanoUsd(nanos));
        assert_eq!(books.bill(id).await, (nanos(60), Basis::Bound), "all that was set aside");
        tell.send(false).unwrap();
        assert!(settle(&books, (id, 70)).await.is_err());
        books.owe([(id, (nanos(70), Basis::Told))]).await;
        drop(tell);
        let (bill, basis) = books.bill(id).await;
        assert_eq!((bill, basis), (nanos(70), Basis::Told), "more than was set aside");
        settle(&books, (id, bill.money.0)).await.unwrap();
        let statement = journal(&store).statement(AccountId::DEFAULT, Timestamp(1)).unwrap();
        assert_eq!(statement.spent, nanos(70));
        assert_eq!(books.bill(id).await.0, Spend::NONE);
    }
}
