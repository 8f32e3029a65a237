//! The blocks of one access token for one model, and the sums that hold in each: what is set aside
//! and what is spent is never more than was given. Nothing here waits but for a lease.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use tenfold_domain::Energy;
use tokio::time::Instant;

use super::{Hold, Settled, lock};
use crate::bank::{Bank, Buyer, Lease};
use crate::{Basis, Spend, Spent};

/// A block that is used up sooner than this is followed by a larger one,
const SOON: Duration = Duration::from_secs(2);
/// of so many times the usual at the most.
const SCALE_MAX: u64 = 256;

/// The blocks of one access token for one model.
pub(super) struct Purse {
    bank: Arc<dyn Bank>,
    buyer: Buyer,
    model: Arc<str>,
    blocks: Mutex<Vec<Block>>,
    /// What bills came to beyond all that was leased, and is not recorded yet.
    over: Mutex<Spent>,
    /// Held by who leases because there is nothing.
    leasing: tokio::sync::Mutex<()>,
    /// Whether somebody leases ahead.
    ahead: AtomicBool,
    /// How many times the usual the next block is.
    scale: AtomicU64,
}

/// Without the bank, which says nothing of itself.
impl std::fmt::Debug for Purse {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Purse").field("buyer", &self.buyer).finish_non_exhaustive()
    }
}

/// What a block has to be that a request begins with.
#[derive(Debug, Clone, Copy)]
pub(super) struct Usable {
    /// It lasts as long as a request may take,
    pub(super) request_max: Duration,
    /// and nothing was lowered since it was leased.
    pub(super) lowered: u64,
}

/// One lease, as far as it is used.
#[derive(Debug)]
struct Block {
    lease: Lease,
    /// What [`Bank::lowered`] said before it was leased.
    lowered: u64,
    /// What is set aside for requests that are under way, and what is spent.
    taken: Spend,
    spent: Spent,
    /// Requests that hold some of it.
    holds: u64,
    began: Instant,
    used: Instant,
}

impl Block {
    fn room(&self) -> Spend {
        self.lease.given.saturating_sub(self.taken)
    }

    /// Whether a request that is begun now ends before the block does. Of a short lease the first
    /// half is used.
    fn lasts(&self, request_max: Duration) -> bool {
        let lasts = Duration::from(self.lease.lasts);
        self.began.elapsed() < lasts.saturating_sub(request_max).max(lasts / 2)
    }

    /// Whether a request may begin with it now.
    fn is_usable(&self, usable: Usable) -> bool {
        self.lowered == usable.lowered && self.lasts(usable.request_max)
    }

    /// Whether less than a quarter of anything in it is left, or no room for one like this.
    fn is_low(&self, worst: Spend) -> bool {
        let room = self.room();
        !worst.fits(room) || !self.lease.given.fits(room.times(4))
    }
}

impl Purse {
    pub(super) fn new(bank: Arc<dyn Bank>, buyer: Buyer, model: Arc<str>) -> Self {
        Self {
            bank,
            over: Mutex::default(),
            buyer,
            model,
            blocks: Mutex::default(),
            leasing: tokio::sync::Mutex::default(),
            ahead: AtomicBool::new(false),
            scale: AtomicU64::new(1),
        }
    }

    /// Sets aside so much of a block that has it; and whether the next should be leased now.
    pub(super) fn hold(self: &Arc<Self>, worst: Spend, usable: Usable) -> Option<(Hold, bool)> {
        let mut blocks = lock(&self.blocks);
        let fits = |block: &Block| worst.fits(block.room()) && block.is_usable(usable);
        let place = blocks.iter().position(fits)?;
        let hold = self.take(&mut blocks[place], worst);
        let live = blocks.iter().filter(|block| block.is_usable(usable));
        let low = live.clone().all(|block| block.is_low(worst));
        Some((hold, low))
    }

    /// A block that begins with this request, with what was lowered before it was leased.
    pub(super) fn begin(self: &Arc<Self>, lease: (Lease, u64), worst: Spend) -> Hold {
        let mut block = Block::new(lease);
        let hold = self.take(&mut block, worst);
        lock(&self.blocks).push(block);
        hold
    }

    fn take(self: &Arc<Self>, block: &mut Block, worst: Spend) -> Hold {
        block.taken += worst;
        block.holds += 1;
        block.used = Instant::now();
        let (purse, lease, energy) = (Arc::clone(self), block.lease.id, Energy::NONE);
        Hold { purse, lease, amount: worst, energy, open: true }
    }

    pub(super) async fn turn(&self) -> tokio::sync::MutexGuard<'_, ()> {
        self.leasing.lock().await
    }

    /// How many times the usual the next block should be, by how long the last one was enough for.
    pub(super) fn scale(&self) -> u64 {
        let scale = self.scale.load(Ordering::Relaxed);
        let next = match lock(&self.blocks).last().map(|block| block.began.elapsed()) {
            Some(lasted) if lasted < SOON => (scale * 2).min(SCALE_MAX),
            Some(_) => (scale / 2).max(1),
            None => 1,
        };
        self.scale.store(next, Ordering::Relaxed);
        next
    }

    /// Leases the next block, beside the requests. A refusal is met by who needs it then.
    pub(super) fn lease_ahead(self: &Arc<Self>, block: impl FnOnce() -> Spend) {
        if self.ahead.swap(true, Ordering::AcqRel) {
            return;
        }
        let (purse, block) = (Arc::clone(self), block());
        let lowered = self.bank.lowered();
        tokio::spawn(async move {
            match purse.bank.lease(purse.buyer, block, &purse.model).await {
                Ok(lease) => lock(&purse.blocks).push(Block::new((lease, lowered))),
                Err(why) => {
                    tracing::debug!(account = purse.buyer.account.0, "no block ahead: {why}")
                }
            }
            purse.ahead.store(false, Ordering::Release);
        });
    }

    /// Puts a bill in the place of what was set aside.
    pub(super) fn settle(
        self: &Arc<Self>,
        lease: u64,
        amount: Spend,
        (bill, basis, energy): (Spend, Basis, Energy),
    ) -> Settled {
        let settled = self.take_out(lease, amount, (bill, basis, energy));
        if settled.over != Spend::NONE {
            self.overran(Spent::of(basis, settled.over));
        }
        settled
    }

    fn take_out(
        &self,
        lease: u64,
        amount: Spend,
        (bill, basis, energy): (Spend, Basis, Energy),
    ) -> Settled {
        let mut blocks = lock(&self.blocks);
        let Some(block) = blocks.iter_mut().find(|block| block.lease.id == lease) else {
            // A block is not taken out while a request holds some of it.
            return Settled { spent: Spend::NONE, over: bill };
        };
        block.taken = block.taken.saturating_sub(amount);
        block.holds = block.holds.saturating_sub(1);
        block.used = Instant::now();
        let spent = bill.at_most(block.room());
        block.taken += spent;
        block.spent.add(basis, spent, energy);
        Settled { spent, over: bill.saturating_sub(spent) }
    }

    /// Has it billed, beside the requests.
    fn overran(self: &Arc<Self>, over: Spent) {
        self.owe(over);
        // Without a runtime the program ends; what is over is then billed by who closes.
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            let purse = Arc::clone(self);
            runtime.spawn(async move { purse.bill_over().await });
        }
    }

    fn owe(&self, over: Spent) {
        lock(&self.over).join(&over);
    }

    /// Bills what came to more than was leased. What can't be recorded is there the next time.
    pub(super) async fn bill_over(&self) {
        let over = std::mem::take(&mut *lock(&self.over));
        if over == Spent::NONE {
            return;
        }
        if let Err(why) = self.bank.overrun(self.buyer, over, &self.model).await {
            tracing::warn!(account = self.buyer.account.0, "{why}");
            self.owe(over);
        }
    }

    /// Takes out the blocks that no request holds, and that were unused for long enough, are
    /// over, are from before something was lowered, or are none but the last.
    pub(super) fn take_unused(
        &self,
        lowered: u64,
        after: impl Fn(Duration) -> bool,
    ) -> Vec<(Lease, Spent)> {
        let mut blocks = lock(&self.blocks);
        let last = blocks.last().map(|block| block.lease.id);
        let is_over = |block: &Block| {
            block.holds == 0
                && (after(block.used.elapsed())
                    || !block.is_usable(Usable { request_max: Duration::ZERO, lowered })
                    || (Some(block.lease.id) != last && block.is_low(Spend::NONE)))
        };
        blocks.extract_if(.., |block| is_over(block)).map(|b| (b.lease, b.spent)).collect()
    }

    /// What no request holds.
    pub(super) fn free(&self) -> Spend {
        self.blocks().iter().fold(Spend::NONE, |sum, block| sum + block.room())
    }

    pub(super) fn is_empty(&self) -> bool {
        self.blocks().is_empty()
            && *lock(&self.over) == Spent::NONE
            && !self.ahead.load(Ordering::Acquire)
    }

    fn blocks(&self) -> MutexGuard<'_, Vec<Block>> {
        lock(&self.blocks)
    }
}

impl Block {
    fn new((lease, lowered): (Lease, u64)) -> Self {
        let now = Instant::now();
        Self {
            lease,
            lowered,
            taken: Spend::NONE,
            spent: Spent::NONE,
            holds: 0,
            began: now,
            used: now,
        }
    }
}
