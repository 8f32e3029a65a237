//! The tree of accounts and the sums it carries, apart from what the sums mean: every account
//! holds what it and all below it have used and set aside, so that a question costs one walk up
//! to the root. It never decides whether anything may be spent.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use tenfold_domain::{
    AccountBalance, AccountId, AccountKind, AllowanceId, Measure, NanoUsd, Spend, Tokens,
};

use crate::meter::Meter;

/// A sum of each measure, wider than the amounts that go into it, so that it never saturates.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Sums([u128; 3]);

impl Sums {
    pub(crate) fn of(&self, measure: Measure) -> u128 {
        self.0[measure as usize]
    }

    pub(crate) fn add(&mut self, spend: Spend) {
        for measure in Measure::ALL {
            self.0[measure as usize] += u128::from(spend.of(measure));
        }
    }

    fn join(&mut self, other: Self) {
        for measure in Measure::ALL {
            self.0[measure as usize] += other.of(measure);
        }
    }

    pub(crate) fn take(&mut self, spend: Spend) {
        for measure in Measure::ALL {
            let sum = &mut self.0[measure as usize];
            *sum = sum.saturating_sub(u128::from(spend.of(measure)));
        }
    }

    /// As amounts; one that is too large for an amount reads as the largest.
    pub(crate) fn shown(&self) -> Spend {
        let amount = |measure| u64::try_from(self.of(measure)).unwrap_or(u64::MAX);
        Spend {
            money: NanoUsd(amount(Measure::Money)),
            tokens: Tokens(amount(Measure::Tokens)),
            requests: amount(Measure::Requests),
        }
    }

    /// As amounts, if they are not too large for that.
    fn recorded(&self) -> Option<Spend> {
        self.0.iter().all(|sum| *sum <= u128::from(u64::MAX)).then(|| self.shown())
    }
}

impl From<Spend> for Sums {
    fn from(spend: Spend) -> Self {
        let mut sums = Self::default();
        sums.add(spend);
        sums
    }
}

/// One account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Account {
    pub(crate) parent: Option<AccountId>,
    pub(crate) name: Arc<str>,
    pub(crate) kind: AccountKind,
    pub(crate) spent: Sums,
    pub(crate) held: Sums,
    /// What is left of what it was given.
    pub(crate) gifts: Sums,
    /// What of it is set aside.
    pub(crate) gifts_held: Sums,
    /// The models that it may ask.
    pub(crate) models: Option<Vec<String>>,
    /// Its own allowances.
    pub(crate) own: BTreeSet<AllowanceId>,
    /// Those of which each person below it has one.
    pub(crate) each: BTreeSet<AllowanceId>,
    /// How far the allowances that hold for it are used, as far as they were.
    pub(crate) meters: Vec<Meter>,
    /// Whether it was closed.
    pub(crate) closed: bool,
}

impl Account {
    /// How far an allowance is used; `None` if it was not yet.
    pub(crate) fn meter(&self, allowance: AllowanceId) -> Option<&Meter> {
        self.meters.iter().find(|meter| meter.allowance == allowance)
    }

    /// The same, to be changed; what there is not is begun.
    pub(crate) fn meter_or(&mut self, new: Meter) -> &mut Meter {
        let known = self.meters.iter().position(|meter| meter.allowance == new.allowance);
        let place = known.unwrap_or_else(|| {
            self.meters.push(new);
            self.meters.len() - 1
        });
        &mut self.meters[place]
    }
}

/// All accounts. Ids are handed out from one without gaps, so that an id is an index. An account
/// is opened after its parent and moved below none that is below it, so that there are no circles.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Tree {
    accounts: Vec<Account>,
    names: HashMap<(Option<AccountId>, Arc<str>), AccountId>,
}

impl Tree {
    /// The id that the next account gets.
    pub(crate) fn next_id(&self) -> AccountId {
        AccountId(u32::try_from(self.accounts.len()).map_or(u32::MAX, |n| n.saturating_add(1)))
    }

    /// Adds an account. Does nothing if the id is not the next one, the parent does not exist or
    /// has one of that name: none of it is in a journal that this crate's decisions wrote.
    pub(crate) fn open(
        &mut self,
        id: AccountId,
        parent: Option<AccountId>,
        (name, kind): (&str, AccountKind),
    ) {
        let is_no_parent = parent.is_some_and(|parent| self.get(parent).is_none());
        if id != self.next_id() || is_no_parent || self.named(parent, name).is_some() {
            return;
        }
        let name: Arc<str> = name.into();
        self.names.insert((parent, Arc::clone(&name)), id);
        self.push(parent, name, kind);
    }

    fn push(&mut self, parent: Option<AccountId>, name: Arc<str>, kind: AccountKind) {
        self.accounts.push(Account {
            parent,
            name,
            kind,
            spent: Sums::default(),
            held: Sums::default(),
            gifts: Sums::default(),
            gifts_held: Sums::default(),
            models: None,
            own: BTreeSet::new(),
            each: BTreeSet::new(),
            meters: Vec::new(),
            closed: false,
        });
    }

    /// Calls an account otherwise, and puts it below another. Does nothing if one of that name is
    /// there, or it would be below itself.
    pub(crate) fn place(&mut self, id: AccountId, parent: Option<AccountId>, name: &str) {
        let Some(account) = self.get(id) else { return };
        let is_circle = parent.is_some_and(|parent| self.path(parent).contains(&id));
        let is_no_parent = parent.is_some_and(|parent| self.get(parent).is_none());
        if is_circle || is_no_parent || self.named(parent, name).is_some() {
            return;
        }
        let (was, name): (_, Arc<str>) = ((account.parent, Arc::clone(&account.name)), name.into());
        self.names.remove(&was);
        self.names.insert((parent, Arc::clone(&name)), id);
        if let Some(account) = self.get_mut(id) {
            (account.parent, account.name) = (parent, name);
        }
    }

    /// Closes an account; another may have its name.
    pub(crate) fn close(&mut self, id: AccountId) {
        let Some(account) = self.get_mut(id) else { return };
        account.closed = true;
        let name = (account.parent, Arc::clone(&account.name));
        if self.names.get(&name) == Some(&id) {
            self.names.remove(&name);
        }
    }

    /// Adds an account as it was recorded, with nothing set aside. The one above it may come later,
    /// where it was moved.
    pub(crate) fn restore(&mut self, balance: &AccountBalance) {
        let AccountBalance { parent, name, kind, spent, gifts, models, meters, closed } = balance;
        let (id, name): (_, Arc<str>) = (self.next_id(), name.as_str().into());
        if !closed {
            self.names.insert((*parent, Arc::clone(&name)), id);
        }
        self.push(*parent, name, *kind);
        if let Some(opened) = self.get_mut(id) {
            opened.spent = (*spent).into();
            opened.gifts = (*gifts).into();
            opened.models.clone_from(models);
            opened.closed = *closed;
            opened.meters = meters.iter().map(Meter::standing).collect();
        }
    }

    /// An account as it stands, beside what is set aside; `None` if there is none, or one of its
    /// sums is more than an amount can say.
    pub(crate) fn balance(&self, id: AccountId) -> Option<AccountBalance> {
        let account = self.get(id)?;
        let Account { parent, name, kind, spent, models, meters, closed, .. } = account;
        // What is set aside is put aside again out of them.
        let mut gifts = account.gifts;
        gifts.join(account.gifts_held);
        Some(AccountBalance {
            closed: *closed,
            parent: *parent,
            name: name.to_string(),
            kind: *kind,
            spent: spent.recorded()?,
            gifts: gifts.recorded()?,
            models: models.clone(),
            meters: meters.iter().map(Meter::balance).collect::<Option<_>>()?,
        })
    }

    /// The account with this id.
    pub(crate) fn get(&self, id: AccountId) -> Option<&Account> {
        self.accounts.get(index(id)?)
    }

    /// The same, to be changed.
    pub(crate) fn get_mut(&mut self, id: AccountId) -> Option<&mut Account> {
        self.accounts.get_mut(index(id)?)
    }

    /// All of them, to be changed.
    pub(crate) fn iter_mut(&mut self) -> impl Iterator<Item = &mut Account> {
        self.accounts.iter_mut()
    }

    /// The account of this name below a parent, or the root.
    pub(crate) fn named(&self, parent: Option<AccountId>, name: &str) -> Option<AccountId> {
        self.names.get(&(parent, Arc::from(name))).copied()
    }

    /// The account and all above it, the root last; empty if there is no such account.
    pub(crate) fn upwards(&self, from: AccountId) -> impl Iterator<Item = (AccountId, &Account)> {
        let first = self.get(from).map(|account| (from, account));
        std::iter::successors(first, |(_, account)| {
            let parent = account.parent?;
            self.get(parent).map(|account| (parent, account))
        })
    }

    /// The same, without the accounts themselves.
    pub(crate) fn path(&self, from: AccountId) -> Vec<AccountId> {
        self.upwards(from).map(|(id, _)| id).collect()
    }

    /// Every id, in the order of opening.
    pub(crate) fn ids(&self) -> impl Iterator<Item = AccountId> + use<> {
        (1..self.next_id().0).map(AccountId)
    }
}

fn index(id: AccountId) -> Option<usize> {
    usize::try_from(id.0.checked_sub(1)?).ok()
}
