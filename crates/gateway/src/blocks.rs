//! Blocks: money that the bank has leased ahead, spent here in memory, request by request.
//!
//! A request never waits for a commit in the usual case: the next block is leased before the one
//! at hand runs out. No more than was leased is ever set aside, whatever becomes of a request: what
//! is dropped without a bill counts in full, and a bill above all that was leased is paid in full
//! too, past the blocks. Nothing here knows of HTTP or prices.

mod purse;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tenfold_domain::{AccountId, Energy, NanoUsd, TokenId, Tokens};
use tokio::time::Instant;

use crate::bank::{Bank, Buyer, Lease, Refused};
use crate::{Basis, Left, Spend};
use purse::{Purse, Usable};

/// How blocks are cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BlockTerms {
    /// A block is leased for so many requests like the one that wants it,
    pub requests: u64,
    /// but for no more money than this, unless one request alone wants more.
    pub money_max: NanoUsd,
    /// After so long without a request a block is given back.
    pub idle: Duration,
    /// The longest that a request takes. A block that ends sooner is not begun with.
    pub request_max: Duration,
}

impl Default for BlockTerms {
    fn default() -> Self {
        Self {
            requests: 16,
            money_max: NanoUsd(1_000_000_000),
            idle: Duration::from_secs(30),
            request_max: Duration::from_secs(1_800),
        }
    }
}

/// How often others' unused blocks may be given back because somebody has nothing left.
const RECLAIM_EVERY: Duration = Duration::from_secs(1);

/// By who pays, with which access token, for which model.
type Purses = HashMap<AccountId, HashMap<TokenId, HashMap<Arc<str>, Arc<Purse>>>>;

/// All blocks of this gateway.
pub struct Blocks {
    shared: Arc<Shared>,
}

/// Kept by the work that must come to its end though nobody waits for it: a lease that was given
/// and forgotten would count as spent.
struct Shared {
    bank: Arc<dyn Bank>,
    terms: BlockTerms,
    purses: Mutex<Purses>,
    reclaimed: Mutex<Option<Instant>>,
}

/// Money set aside for one request, out of a block. Dropped without a bill it counts as spent.
#[derive(Debug)]
pub struct Hold {
    purse: Arc<Purse>,
    lease: u64,
    amount: Spend,
    /// What the request took of this machine's.
    energy: Energy,
    open: bool,
}

/// What settling came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settled {
    /// What was taken of the block.
    pub spent: Spend,
    /// What the bill says beyond what could be taken: the worst case was none. It is billed apart.
    pub over: Spend,
}

impl Hold {
    /// What is set aside.
    #[must_use]
    pub fn amount(&self) -> Spend {
        self.amount
    }

    /// It took so much of this machine's energy.
    pub fn took(&mut self, energy: Energy) {
        self.energy = energy;
    }

    /// Takes the bill out of the block, and frees the rest. Of a bill above what was set aside, as
    /// much is taken as the block has; what is over is billed by itself, at once.
    pub fn settle(mut self, bill: Spend, basis: Basis) -> Settled {
        self.open = false;
        self.purse.settle(self.lease, self.amount, (bill, basis, self.energy))
    }

    /// Frees all of it: nothing was sent.
    pub fn release(self) {
        self.settle(Spend::NONE, Basis::Told);
    }
}

/// A hold that nobody has sent anything for.
struct Fresh(Option<Hold>);

impl Drop for Fresh {
    fn drop(&mut self) {
        if let Some(hold) = self.0.take() {
            hold.release();
        }
    }
}

impl Drop for Hold {
    fn drop(&mut self) {
        if self.open {
            let bill = (self.amount, Basis::Bound, self.energy);
            self.purse.settle(self.lease, self.amount, bill);
        }
    }
}

impl Blocks {
    /// No blocks yet. To be used within a runtime, which leases ahead.
    #[must_use]
    pub fn new(bank: Arc<dyn Bank>, terms: BlockTerms) -> Self {
        let shared = Shared { bank, terms, purses: Mutex::default(), reclaimed: Mutex::default() };
        Self { shared: Arc::new(shared) }
    }

    /// Sets aside the worst case of a request.
    ///
    /// # Errors
    /// [`Refused`] as the bank says it, once blocks that nobody uses were given back.
    pub async fn hold(&self, buyer: Buyer, model: &str, worst: Spend) -> Result<Hold, Refused> {
        let shared = &self.shared;
        let purse = shared.purse(buyer, model);
        let usable = shared.usable();
        if let Some((hold, low)) = purse.hold(worst, usable) {
            if low {
                purse.lease_ahead(|| shared.block(worst, purse.scale()));
            }
            return Ok(hold);
        }
        // One at a time: who waits here finds the block that another has leased.
        let _turn = purse.turn().await;
        if let Some((hold, _)) = purse.hold(worst, shared.usable()) {
            return Ok(hold);
        }
        let (shared, there, model) = (Arc::clone(shared), Arc::clone(&purse), model.to_owned());
        let leasing = tokio::spawn(async move {
            // Before it is decided, so that what is lowered meanwhile holds for it too.
            let lowered = shared.bank.lowered();
            let lease = shared.lease(buyer, &model, worst).await?;
            Ok(Fresh(Some(there.begin((lease, lowered), worst))))
        });
        let ended = || Refused::NotRecorded { why: "the program ends".to_owned() };
        let mut fresh = leasing.await.map_err(|_| ended())??;
        fresh.0.take().ok_or_else(ended)
    }

    /// What is left of an account, with what its blocks here still hold.
    #[must_use]
    pub fn left(&self, account: AccountId) -> Left {
        let shared = &self.shared;
        let mut left = shared.bank.left(account);
        let held = match lock(&shared.purses).get(&account) {
            Some(purses) => purses
                .values()
                .flat_map(HashMap::values)
                .fold(Spend::NONE, |sum, one| sum + one.free()),
            None => Spend::NONE,
        };
        left.money = left.money.map(|money| money + held.money);
        left.tokens = left.tokens.map(|Tokens(tokens)| Tokens(tokens) + held.tokens);
        left.requests = left.requests.map(|requests| requests.saturating_add(held.requests));
        left
    }

    /// Gives back the blocks that were idle for long, that are used up, whose time is over, or that
    /// are from before a limit was lowered. To be called every few seconds.
    pub async fn sweep(&self) {
        let shared = Arc::clone(&self.shared);
        let idle = shared.terms.idle;
        let sweep = async move { shared.give_back(|_| true, |unused| unused >= idle).await };
        // Who waits for it may go; what was taken out is settled all the same.
        let _ = tokio::spawn(sweep).await;
    }

    /// Gives back all that no request holds, at the end of the program.
    pub async fn close(&self) {
        let shared = Arc::clone(&self.shared);
        let close = async move { shared.give_back(|_| true, |_| true).await };
        let _ = tokio::spawn(close).await;
    }
}

impl Shared {
    /// A lease that this request fits in.
    async fn lease(&self, buyer: Buyer, model: &str, worst: Spend) -> Result<Lease, Refused> {
        match self.bank.lease(buyer, self.block(worst, 1), model).await {
            Err(Refused::OverLimit { .. }) => self.lease_least(buyer, model, worst).await,
            other => other,
        }
    }

    /// Leases for this one request alone, then again without the blocks that nobody uses.
    async fn lease_least(&self, buyer: Buyer, model: &str, worst: Spend) -> Result<Lease, Refused> {
        match self.bank.lease(buyer, worst, model).await {
            Err(Refused::OverLimit { .. }) => {}
            other => return other,
        }
        self.give_back(|of| of == buyer.account, |_| true).await;
        match self.bank.lease(buyer, worst, model).await {
            Err(Refused::OverLimit { .. }) if self.may_reclaim() => {}
            other => return other,
        }
        // Another account's block may hold what is left of an account above both.
        self.give_back(|_| true, |_| true).await;
        self.bank.lease(buyer, worst, model).await
    }

    fn may_reclaim(&self) -> bool {
        let now = Instant::now();
        let mut last = lock(&self.reclaimed);
        let may = last.is_none_or(|last| now.duration_since(last) >= RECLAIM_EVERY);
        if may {
            *last = Some(now);
        }
        may
    }

    /// What is asked of the bank for requests like this one, so many times the usual.
    fn block(&self, worst: Spend, scale: u64) -> Spend {
        let many = worst.times(self.terms.requests.max(1).saturating_mul(scale));
        let fits = |money: NanoUsd| money <= self.terms.money_max;
        if fits(many.money) {
            return many;
        }
        let count = self.terms.money_max.0 / worst.money.0.max(1);
        worst.times(count.max(1))
    }

    async fn give_back(&self, of: impl Fn(AccountId) -> bool, after: impl Fn(Duration) -> bool) {
        let purses: Vec<_> = {
            let all = lock(&self.purses);
            let ours = all.iter().filter(|(account, _)| of(**account));
            ours.flat_map(|(_, purses)| purses.values().flat_map(HashMap::values).cloned())
                .collect()
        };
        let lowered = self.bank.lowered();
        for purse in purses {
            purse.bill_over().await;
            for (lease, spent) in purse.take_unused(lowered, &after) {
                if let Err(why) = self.bank.settle(lease, spent).await {
                    tracing::warn!("{why}");
                }
            }
        }
        let unused = |purse: &Arc<Purse>| Arc::strong_count(purse) == 1 && purse.is_empty();
        lock(&self.purses).retain(|_, purses| {
            purses.retain(|_, purses| {
                purses.retain(|_, purse| !unused(purse));
                !purses.is_empty()
            });
            !purses.is_empty()
        });
    }

    fn usable(&self) -> Usable {
        Usable { request_max: self.terms.request_max, lowered: self.bank.lowered() }
    }

    fn purse(&self, buyer: Buyer, model: &str) -> Arc<Purse> {
        let mut all = lock(&self.purses);
        let purses = all.entry(buyer.account).or_default().entry(buyer.token).or_default();
        if let Some(purse) = purses.get(model) {
            return Arc::clone(purse);
        }
        let model: Arc<str> = model.into();
        let bank = Arc::clone(&self.bank);
        let purse = Arc::new(Purse::new(bank, buyer, Arc::clone(&model)));
        purses.insert(model, Arc::clone(&purse));
        purse
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
