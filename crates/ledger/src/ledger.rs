//! The machine: what may be decided, and what an event changes. Apart from the tree, which
//! only adds up. It never makes anything durable: that is the journal's work.

use std::collections::HashMap;

use tenfold_domain::{AccountId, Balances, Held, LedgerEvent, NanoUsd, Refusal, ReservationId};

use crate::tree::{Balance, Tree};

/// The account that exists in every ledger: the root, which pays when no other is named.
pub const DEFAULT_ACCOUNT: AccountId = AccountId(1);

const DEFAULT_NAME: &str = "default";

/// Money set aside that has been neither settled nor released.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hold {
    /// The account that will pay.
    pub account: AccountId,
    /// The worst case.
    pub amount: NanoUsd,
}

/// All accounts and all open reservations. Every operation costs one walk from an account
/// up to the root, however many accounts and reservations there are.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ledger {
    tree: Tree,
    holds: HashMap<ReservationId, Hold>,
    last_reservation: u64,
}

impl Ledger {
    /// The ledger after these events, in their order.
    pub fn replay<'a>(events: impl IntoIterator<Item = &'a LedgerEvent>) -> Self {
        let mut ledger = Self::default();
        for event in events {
            ledger.evolve(event);
        }
        ledger
    }

    /// Changes the ledger by what was recorded. It never fails: what was recorded has
    /// happened. An event that does not fit (of an account or a reservation that there is
    /// not) changes nothing.
    pub fn evolve(&mut self, event: &LedgerEvent) {
        match event {
            LedgerEvent::Opened { account, parent, name } => {
                self.tree.open(*account, *parent, name);
            }
            LedgerEvent::Limited { account, limit } => self.tree.limit(*account, *limit),
            LedgerEvent::Reserved { reservation, account, amount } => {
                self.put_aside(*reservation, Hold { account: *account, amount: *amount });
            }
            LedgerEvent::Settled { reservation, cost } => self.end(*reservation, *cost),
            LedgerEvent::Released { reservation } => self.end(*reservation, NanoUsd::ZERO),
            LedgerEvent::Balanced(balances) => *self = Self::standing(balances),
        }
    }

    /// The ledger that stands so.
    fn standing(balances: &Balances) -> Self {
        let last_reservation = balances.last_reservation.0;
        let mut ledger =
            Self { tree: Tree::standing(&balances.accounts), last_reservation, ..Self::default() };
        for Held { reservation, account, amount } in &balances.holds {
            ledger.put_aside(*reservation, Hold { account: *account, amount: *amount });
        }
        ledger
    }

    /// All that it knows, from which it can be made anew without the events before; `None` if an
    /// account has spent more than an amount can say.
    pub fn balances(&self) -> Option<Balances> {
        let held = |(reservation, Hold { account, amount })| Held { reservation, account, amount };
        Some(Balances {
            accounts: self.tree.balances()?,
            holds: self.holds().into_iter().map(held).collect(),
            last_reservation: ReservationId(self.last_reservation),
        })
    }

    fn put_aside(&mut self, reservation: ReservationId, hold: Hold) {
        if self.tree.get(hold.account).is_none() || self.holds.contains_key(&reservation) {
            return;
        }
        self.tree.reserve(hold.account, hold.amount);
        self.holds.insert(reservation, hold);
        self.last_reservation = self.last_reservation.max(reservation.0);
    }

    fn end(&mut self, reservation: ReservationId, cost: NanoUsd) {
        if let Some(hold) = self.holds.remove(&reservation) {
            self.tree.settle(hold.account, hold.amount, cost);
        }
    }

    /// Opens [`DEFAULT_ACCOUNT`], without a limit; `None` if it is there already.
    pub fn open_default(&self) -> Option<LedgerEvent> {
        self.tree.get(DEFAULT_ACCOUNT).is_none().then(|| LedgerEvent::Opened {
            account: DEFAULT_ACCOUNT,
            parent: None,
            name: DEFAULT_NAME.to_owned(),
        })
    }

    /// Opens an account below `parent`, without a limit of its own.
    ///
    /// # Errors
    /// [`Refusal::NoAccount`] if there is no such parent.
    pub fn open(&self, parent: AccountId, name: &str) -> Result<(AccountId, LedgerEvent), Refusal> {
        self.known(parent)?;
        let account = self.tree.next_id();
        let event = LedgerEvent::Opened { account, parent: Some(parent), name: name.to_owned() };
        Ok((account, event))
    }

    /// Limits what an account and all below it may spend, ever; [`NanoUsd::MAX`] lifts the
    /// limit. It may be less than what has been spent and set aside already: then nothing
    /// more can be set aside, and what was promised is kept.
    ///
    /// # Errors
    /// [`Refusal::NoAccount`] if there is no such account.
    pub fn limit(&self, account: AccountId, limit: NanoUsd) -> Result<LedgerEvent, Refusal> {
        self.known(account)?;
        Ok(LedgerEvent::Limited { account, limit })
    }

    /// Sets money aside for one call, at its worst case. Asking twice without evolving in
    /// between returns the same reservation twice.
    ///
    /// # Errors
    /// [`Refusal::OverLimit`] names the first account, from the payer upwards, whose limit
    /// this would pass; [`Refusal::NoAccount`] if there is no such payer.
    pub fn reserve(
        &self,
        account: AccountId,
        amount: NanoUsd,
    ) -> Result<(ReservationId, LedgerEvent), Refusal> {
        self.known(account)?;
        if let Some((id, short)) = self.tree.upwards(account).find(|(_, a)| !a.covers(amount)) {
            let Balance { limit, spent, reserved } = short.balance();
            let name = short.name.clone();
            return Err(Refusal::OverLimit {
                account: id,
                name,
                limit,
                spent,
                reserved,
                asked: amount,
            });
        }
        let reservation = ReservationId(self.last_reservation.saturating_add(1));
        Ok((reservation, LedgerEvent::Reserved { reservation, account, amount }))
    }

    /// Books the bill of a call that was made. A bill above what was set aside is booked in
    /// full, for the money is gone; the account may then be over its limit, and setting
    /// aside more is refused.
    ///
    /// # Errors
    /// [`Refusal::NoReservation`] if it was ended already or never made.
    pub fn settle(
        &self,
        reservation: ReservationId,
        cost: NanoUsd,
    ) -> Result<LedgerEvent, Refusal> {
        self.held(reservation)?;
        Ok(LedgerEvent::Settled { reservation, cost })
    }

    /// Frees what was set aside for a call that was not made.
    ///
    /// # Errors
    /// [`Refusal::NoReservation`] if it was ended already or never made.
    pub fn release(&self, reservation: ReservationId) -> Result<LedgerEvent, Refusal> {
        self.held(reservation)?;
        Ok(LedgerEvent::Released { reservation })
    }

    /// What an account may spend, has spent and has set aside, with all below it; `None` if
    /// there is no such account.
    pub fn balance(&self, account: AccountId) -> Option<Balance> {
        self.tree.get(account).map(|account| account.balance())
    }

    /// The most that [`Ledger::reserve`] would grant this account now; `None` if there is no
    /// such account.
    pub fn free(&self, account: AccountId) -> Option<NanoUsd> {
        self.tree.upwards(account).map(|(_, account)| account.balance().free()).min()
    }

    /// The account's name, for people; `None` if there is no such account.
    pub fn name(&self, account: AccountId) -> Option<&str> {
        self.tree.get(account).map(|account| account.name.as_str())
    }

    /// The account and all above it, the root last; empty if there is no such account.
    pub fn path(&self, account: AccountId) -> Vec<AccountId> {
        self.tree.upwards(account).map(|(id, _)| id).collect()
    }

    /// Every account, in the order of opening.
    pub fn accounts(&self) -> impl Iterator<Item = AccountId> {
        self.tree.ids()
    }

    /// An open reservation; `None` if it was ended already or never made.
    pub fn hold(&self, reservation: ReservationId) -> Option<Hold> {
        self.holds.get(&reservation).copied()
    }

    /// Whether any reservation is open.
    pub fn has_holds(&self) -> bool {
        !self.holds.is_empty()
    }

    /// Every open reservation, oldest first.
    pub fn holds(&self) -> Vec<(ReservationId, Hold)> {
        let mut holds: Vec<_> = self.holds.iter().map(|(id, hold)| (*id, *hold)).collect();
        holds.sort_unstable_by_key(|(id, _)| *id);
        holds
    }

    fn known(&self, account: AccountId) -> Result<(), Refusal> {
        self.tree.get(account).map(|_| ()).ok_or(Refusal::NoAccount(account))
    }

    fn held(&self, reservation: ReservationId) -> Result<(), Refusal> {
        match self.holds.contains_key(&reservation) {
            true => Ok(()),
            false => Err(Refusal::NoReservation(reservation)),
        }
    }
}

#[cfg(test)]
mod tests;
