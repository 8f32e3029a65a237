//! The tree of accounts and the sums it carries, apart from what the sums mean: every
//! account holds what it and all below it have spent and set aside, so that a question
//! costs one walk up to the root. It never decides whether money may be spent.

use tenfold_domain::{AccountBalance, AccountId, NanoUsd};

/// What an account may spend, has spent and has set aside; each with all accounts below it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Balance {
    /// The most that may be spent and set aside, together; [`NanoUsd::MAX`] is "no limit".
    pub limit: NanoUsd,
    /// What was billed.
    pub spent: NanoUsd,
    /// What is set aside for calls that have not been billed yet.
    pub reserved: NanoUsd,
}

impl Balance {
    /// What could still be set aside here, were there no account above; nothing if the
    /// account is over its limit.
    pub fn free(&self) -> NanoUsd {
        match self.limit {
            NanoUsd::MAX => NanoUsd::MAX,
            limit => limit.saturating_sub(self.spent).saturating_sub(self.reserved),
        }
    }
}

/// One account.
///
/// The sums are wider than the amounts that go into them, so that they never saturate:
/// what was added can always be taken away again, to the last nano-dollar.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Account {
    parent: Option<AccountId>,
    pub(crate) name: String,
    pub(crate) limit: NanoUsd,
    spent: u128,
    reserved: u128,
}

impl Account {
    /// Whether `amount` more, spent or set aside, stays within this account's own limit.
    pub(crate) fn covers(&self, amount: NanoUsd) -> bool {
        self.limit == NanoUsd::MAX
            || self.spent + self.reserved + u128::from(amount.0) <= u128::from(self.limit.0)
    }

    /// Its sums as amounts; one that is too large for an amount reads as the largest.
    pub(crate) fn balance(&self) -> Balance {
        let amount = |sum: u128| NanoUsd(u64::try_from(sum).unwrap_or(u64::MAX));
        Balance { limit: self.limit, spent: amount(self.spent), reserved: amount(self.reserved) }
    }
}

/// All accounts. Ids are handed out from one without gaps, so that an id is an index, and
/// an account is always opened after its parent, so that there are no circles.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Tree {
    accounts: Vec<Account>,
}

impl Tree {
    /// The id that the next account gets.
    pub(crate) fn next_id(&self) -> AccountId {
        AccountId(u32::try_from(self.accounts.len()).map_or(u32::MAX, |n| n.saturating_add(1)))
    }

    /// Adds an account without a limit. Does nothing if the id is not the next one or the
    /// parent does not exist: neither is in a journal that this crate's decisions wrote.
    pub(crate) fn open(&mut self, id: AccountId, parent: Option<AccountId>, name: &str) {
        if id != self.next_id() || parent.is_some_and(|parent| self.get(parent).is_none()) {
            return;
        }
        self.accounts.push(Account {
            parent,
            name: name.to_owned(),
            limit: NanoUsd::MAX,
            spent: 0,
            reserved: 0,
        });
    }

    /// The tree with these accounts, and nothing set aside.
    pub(crate) fn standing(accounts: &[AccountBalance]) -> Self {
        let mut tree = Self::default();
        for AccountBalance { account, parent, name, limit, spent } in accounts {
            tree.open(*account, *parent, name);
            if let Some(opened) = index(*account).and_then(|index| tree.accounts.get_mut(index)) {
                (opened.limit, opened.spent) = (*limit, u128::from(spent.0));
            }
        }
        tree
    }

    /// Every account as it stands, but for what is set aside; `None` if one has spent more than
    /// an amount can say.
    pub(crate) fn balances(&self) -> Option<Vec<AccountBalance>> {
        let standing = |(account, of): (AccountId, &Account)| {
            let Account { parent, name, limit, spent, .. } = of;
            let spent = NanoUsd(u64::try_from(*spent).ok()?);
            let (parent, name, limit) = (*parent, name.clone(), *limit);
            Some(AccountBalance { account, parent, name, limit, spent })
        };
        self.ids().zip(&self.accounts).map(standing).collect()
    }

    /// The account with this id.
    pub(crate) fn get(&self, id: AccountId) -> Option<&Account> {
        self.accounts.get(index(id)?)
    }

    /// Changes the limit of an account; nothing if there is none.
    pub(crate) fn limit(&mut self, id: AccountId, limit: NanoUsd) {
        if let Some(account) = index(id).and_then(|index| self.accounts.get_mut(index)) {
            account.limit = limit;
        }
    }

    /// The account and all above it, the root last; empty if there is no such account.
    pub(crate) fn upwards(&self, from: AccountId) -> impl Iterator<Item = (AccountId, &Account)> {
        let first = self.get(from).map(|account| (from, account));
        std::iter::successors(first, |(_, account)| {
            let parent = account.parent?;
            self.get(parent).map(|account| (parent, account))
        })
    }

    /// Every id, in the order of opening.
    pub(crate) fn ids(&self) -> impl Iterator<Item = AccountId> {
        (1..self.next_id().0).map(AccountId)
    }

    /// Sets `amount` aside in the account and in all above it.
    pub(crate) fn reserve(&mut self, from: AccountId, amount: NanoUsd) {
        self.change_upwards(from, |account| account.reserved += u128::from(amount.0));
    }

    /// Takes back `amount` that was set aside, and books `cost` as spent, in the account and
    /// in all above it.
    pub(crate) fn settle(&mut self, from: AccountId, amount: NanoUsd, cost: NanoUsd) {
        self.change_upwards(from, |account| {
            account.reserved = account.reserved.saturating_sub(u128::from(amount.0));
            account.spent += u128::from(cost.0);
        });
    }

    fn change_upwards(&mut self, from: AccountId, change: impl Fn(&mut Account)) {
        let mut next = Some(from);
        while let Some(account) =
            next.and_then(index).and_then(|index| self.accounts.get_mut(index))
        {
            change(account);
            next = account.parent;
        }
    }
}

fn index(id: AccountId) -> Option<usize> {
    usize::try_from(id.0.checked_sub(1)?).ok()
}
