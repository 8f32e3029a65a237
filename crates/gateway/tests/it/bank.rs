//! A bank in memory, which holds that no more is ever leased than there is, and forgets nothing.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard};

use tenfold_domain::{
    AccountId, Allowance, Energy, Millis, NanoUsd, Period, Quantity, Timestamp, TokenId, Tokens,
};
use tenfold_gateway::{
    Bank, Buyer, Denied, Later, Lease, Left, NotRecorded, Payer, Refused, Scope, Spend, Spent,
    Unbilled,
};

/// The account of every test that needs one only.
pub(crate) const ADA: AccountId = AccountId(1);
/// As she is asked for money.
pub(crate) const ADAS: Buyer = Buyer { account: ADA, token: TokenId(1) };
pub(crate) const ADAS_TOKEN: &str = "tf-ada";
/// When its allowance renews: the first day of 2100.
pub(crate) const RENEWS: Timestamp = Timestamp(4_102_444_800_000);

/// Who pays by her token.
pub(crate) fn adas() -> Payer {
    Payer {
        account: ADA,
        name: "ada".to_owned(),
        token: TokenId(1),
        scopes: vec![Scope::Ask, Scope::Look],
        models: Vec::new(),
    }
}

/// Accounts, each for itself.
#[derive(Default)]
pub(crate) struct Books(Mutex<State>);

#[derive(Default)]
struct State {
    payers: HashMap<String, Result<Arc<Payer>, Denied>>,
    accounts: HashMap<AccountId, Account>,
    open: HashMap<u64, Lease>,
    number: u64,
    leases: u64,
    lowered: u64,
    is_broken: bool,
    is_closed: bool,
    /// How often it was asked who pays.
    looked: u64,
}

#[derive(Debug, Clone, Copy, Default)]
struct Account {
    limit: Spend,
    /// Leased, and not settled.
    leased: Spend,
    spent: Spent,
}

impl Books {
    /// One account, Ada's, which may spend so much.
    pub(crate) fn of_ada(money: NanoUsd) -> Arc<Self> {
        let books = Arc::new(Self::default());
        books.open(ADA, money);
        books.know(ADAS_TOKEN, Ok(adas()));
        books
    }

    pub(crate) fn open(&self, account: AccountId, money: NanoUsd) {
        let limit = Spend { money, tokens: Tokens(u64::MAX), requests: u64::MAX };
        self.state().accounts.insert(account, Account { limit, ..Account::default() });
    }

    /// What an account's requests have taken of this machine's energy.
    pub(crate) fn energy(&self, account: AccountId) -> Energy {
        let mut all = Energy::NONE;
        self.state().accounts[&account].spent.each().for_each(|(_, _, energy)| all += energy);
        all
    }

    pub(crate) fn know(&self, secret: &str, payer: Result<Payer, Denied>) {
        self.state().payers.insert(secret.to_owned(), payer.map(Arc::new));
    }

    /// From now on an account may spend no more than this.
    pub(crate) fn lower(&self, account: AccountId, money: NanoUsd) {
        let mut state = self.state();
        state.accounts.get_mut(&account).expect("an account").limit.money = money;
        state.lowered += 1;
    }

    /// From now on nothing can be recorded,
    pub(crate) fn break_down(&self) {
        self.state().is_broken = true;
    }

    /// and now it can again.
    pub(crate) fn mend(&self) {
        self.state().is_broken = false;
    }

    /// From now on every account is closed.
    pub(crate) fn close(&self) {
        self.state().is_closed = true;
    }

    /// How often it was asked who pays.
    pub(crate) fn looked(&self) -> u64 {
        self.state().looked
    }

    /// What was billed, all leases settled.
    pub(crate) fn spent(&self, account: AccountId) -> Spend {
        self.spent_by(account).sum()
    }

    /// The same, by how it was known.
    pub(crate) fn spent_by(&self, account: AccountId) -> Spent {
        self.state().accounts[&account].spent
    }

    /// What counts as spent after a crash.
    pub(crate) fn spent_after_crash(&self, account: AccountId) -> Spend {
        let account = self.state().accounts[&account];
        account.spent.sum() + account.leased
    }

    pub(crate) fn open_leases(&self) -> usize {
        self.state().open.len()
    }

    /// How many leases there ever were.
    pub(crate) fn leases(&self) -> u64 {
        self.state().leases
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap()
    }

    fn lease_now(&self, account: AccountId, at_least: Spend) -> Result<Lease, Refused> {
        let mut state = self.state();
        if state.is_broken {
            return Err(Refused::NotRecorded { why: "the disk is full".to_owned() });
        }
        if state.is_closed {
            return Err(Refused::Closed { name: "ada".to_owned() });
        }
        let there = state.accounts.get_mut(&account).expect("an account");
        let taken = there.spent.sum() + there.leased;
        let room = there.limit.saturating_sub(taken);
        // Who is over a limit, by a bill above what was leased, gets nothing more, not even nothing.
        if !(taken + at_least).fits(there.limit) {
            let left = Left { money: Some(room.money), renews: Some(RENEWS), ..Left::default() };
            let name = "ada".to_owned();
            return Err(Refused::OverLimit { account, name, left: Box::new(left) });
        }
        there.leased += at_least;
        assert!((there.spent.sum() + there.leased).fits(there.limit), "more than there is");
        state.number += 1;
        state.leases += 1;
        let lease = Lease { id: state.number, account, given: at_least, lasts: Millis(3_600_000) };
        state.open.insert(lease.id, lease.clone());
        Ok(lease)
    }

    fn settle_now(&self, lease: &Lease, spent: Spent) {
        let mut state = self.state();
        let given = state.open.remove(&lease.id).expect("a lease is settled once").given;
        assert!(spent.sum().fits(given), "{spent:?} was spent of a lease of {given:?}");
        let there = state.accounts.get_mut(&lease.account).expect("an account");
        there.leased = there.leased.saturating_sub(given);
        there.spent.join(&spent);
    }
}

impl Bank for Books {
    fn payer(&self, secret: &str) -> Result<Arc<Payer>, Denied> {
        let mut state = self.state();
        state.looked += 1;
        state.payers.get(secret).cloned().unwrap_or(Err(Denied::Unknown))
    }

    fn lease<'a>(
        &'a self,
        buyer: Buyer,
        at_least: Spend,
        _: &'a str,
    ) -> Later<'a, Result<Lease, Refused>> {
        Box::pin(async move {
            // As a commit would: others go on meanwhile.
            tokio::task::yield_now().await;
            self.lease_now(buyer.account, at_least)
        })
    }

    fn settle(&self, lease: Lease, spent: Spent) -> Later<'_, Result<(), NotRecorded>> {
        Box::pin(async move {
            tokio::task::yield_now().await;
            self.settle_now(&lease, spent);
            Ok(())
        })
    }

    fn overrun<'a>(
        &'a self,
        buyer: Buyer,
        over: Spent,
        _: &'a str,
    ) -> Later<'a, Result<(), Unbilled>> {
        Box::pin(async move {
            tokio::task::yield_now().await;
            let mut state = self.state();
            if state.is_broken {
                return Err(Unbilled { why: "the disk is full".to_owned() });
            }
            let there = state.accounts.get_mut(&buyer.account).expect("an account");
            there.spent.join(&over);
            state.lowered += 1;
            Ok(())
        })
    }

    fn lowered(&self) -> u64 {
        self.state().lowered
    }

    fn left(&self, account: AccountId) -> Left {
        let account = self.state().accounts[&account];
        let room = account.limit.saturating_sub(account.spent.sum() + account.leased);
        let most = Quantity::Money(account.limit.money);
        let limits = [Some(Allowance { per: Period::Day, ..Allowance::once(most) }), None, None];
        Left { money: Some(room.money), renews: Some(RENEWS), limits, ..Left::default() }
    }
}
