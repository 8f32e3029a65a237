//! What the ledger knows, and what an event changes of it. Apart from the tree, which only adds
//! up, and from what is decided. It never makes anything durable: that is the journal's work.

use std::collections::{BTreeMap, HashMap};

use tenfold_domain::{
    AccountId, AccountKind, AllowanceId, Balances, Charge, CommonBalances, FromGift, Granted, Held,
    LedgerEvent, Measure, ReservationId, Spend, Timestamp,
};

use crate::access::AccessTokens;
use crate::meter::{Bill, Meter};
use crate::tree::{Account, Tree};

/// All accounts, their allowances, access tokens and open reservations. Reserving and settling
/// cost one walk from an account up to the root, however many accounts and reservations there are.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ledger {
    pub(crate) tree: Tree,
    pub(crate) allowances: BTreeMap<AllowanceId, Granted>,
    pub(crate) last_allowance: u32,
    pub(crate) tokens: AccessTokens,
    pub(crate) holds: HashMap<ReservationId, Held>,
    pub(crate) last_reservation: u64,
    /// The latest moment at which anything was decided.
    pub(crate) latest: Timestamp,
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
            LedgerEvent::Opened { account, parent, name, kind, .. } => {
                self.tree.open(*account, *parent, (name, *kind));
            }
            LedgerEvent::Granted { allowance, account, terms, .. } => {
                let since = ReservationId(self.last_reservation);
                let (allowance, account, terms) = (*allowance, *account, *terms);
                self.grant_it(Granted { allowance, account, terms, since });
            }
            LedgerEvent::Withdrawn { allowance, .. } => self.withdraw_it(*allowance),
            LedgerEvent::Given { from, to, amount, at, gifts, .. } => {
                self.latest = self.latest.max(*at);
                self.give_it(*from, *to, amount.alone(), gifts);
            }
            LedgerEvent::Permitted { account, models, .. } => {
                if let Some(account) = self.tree.get_mut(*account) {
                    account.models.clone_from(models);
                }
            }
            LedgerEvent::Renamed { account, name, .. } => {
                let parent = self.tree.get(*account).and_then(|known| known.parent);
                self.tree.place(*account, parent, name);
            }
            LedgerEvent::Moved { account, parent, .. } => {
                let known = self.tree.get(*account).map(|known| known.name.clone());
                self.tree.place(*account, Some(*parent), &known.unwrap_or_default());
            }
            LedgerEvent::Closed { account, .. } => self.tree.close(*account),
            LedgerEvent::Issued(token) => self.tokens.issue(token.clone()),
            LedgerEvent::Revoked { token, .. } => self.tokens.revoke(*token),
            LedgerEvent::Reserved(held) => self.put_aside(held.clone()),
            LedgerEvent::Settled { reservation, bill, at } => self.end(*reservation, bill, *at),
            LedgerEvent::Released { reservation, at } => self.end(*reservation, &[], *at),
            LedgerEvent::ClockPutRight { at, .. } => self.go_back_to(*at),
            LedgerEvent::Balanced(balances) => *self = Self::standing(balances),
        }
    }

    /// The ledger that stands so.
    pub fn standing(balances: &Balances) -> Self {
        Self::restored(&balances.accounts, &balances.common)
    }

    /// The ledger with these accounts, in the order of opening, and what it knows beside them.
    pub fn restored<'a>(
        accounts: impl IntoIterator<Item = &'a tenfold_domain::AccountBalance>,
        common: &CommonBalances,
    ) -> Self {
        let CommonBalances { allowances, tokens, revoked, holds, .. } = common;
        let mut ledger = Self::default();
        for account in accounts {
            ledger.tree.restore(account);
        }
        for granted in allowances {
            ledger.grant_it(*granted);
        }
        for token in tokens {
            ledger.tokens.issue(token.clone());
        }
        revoked.iter().for_each(|token| ledger.tokens.revoke(*token));
        for held in holds {
            ledger.put_aside(held.clone());
        }
        ledger.last_allowance = common.last_allowance;
        ledger.last_reservation = common.last_reservation;
        ledger.latest = common.latest;
        ledger
    }

    /// An allowance with a number that is known changes what it says, and keeps what was used.
    fn grant_it(&mut self, granted: Granted) {
        let Some(account) = self.tree.get_mut(granted.account) else { return };
        self.last_allowance = self.last_allowance.max(granted.allowance.0);
        if let Some(known) = self.allowances.get_mut(&granted.allowance) {
            let is_same = known.account == granted.account;
            if is_same && granted.terms.takes_the_place_of(known.terms) {
                known.terms = granted.terms;
            }
            return;
        }
        self.allowances.insert(granted.allowance, granted);
        match granted.terms.each {
            true => account.each.insert(granted.allowance),
            false => account.own.insert(granted.allowance),
        };
    }

    /// Looks at every account if the allowance was for each: that is seldom.
    fn withdraw_it(&mut self, allowance: AllowanceId) {
        let Some(granted) = self.allowances.remove(&allowance) else { return };
        if let Some(account) = self.tree.get_mut(granted.account) {
            account.own.remove(&allowance);
            account.each.remove(&allowance);
        }
        let forget = |account: &mut Account| {
            account.meters.retain(|meter| meter.allowance != allowance);
        };
        match granted.terms.each {
            true => self.tree.iter_mut().for_each(forget),
            false => self.tree.get_mut(granted.account).into_iter().for_each(forget),
        }
    }

    /// What was decided after this moment counts as decided at it.
    fn go_back_to(&mut self, at: Timestamp) {
        self.latest = self.latest.min(at);
        let allowances = &self.allowances;
        for meter in self.tree.iter_mut().flat_map(|account| &mut account.meters) {
            if let Some(granted) = allowances.get(&meter.allowance) {
                meter.go_back_to(&granted.terms, at);
            }
        }
        let mut holds = std::mem::take(&mut self.holds);
        for held in holds.values_mut() {
            held.at = held.at.min(at);
            self.hold_by_allowances(held);
        }
        self.holds = holds;
    }

    /// What is given is less for all who are above the giver only, and more for all who are above
    /// the taker only: for those above both it stays where it was.
    fn give_it(
        &mut self,
        from: Option<AccountId>,
        to: AccountId,
        amount: Spend,
        gifts: &[FromGift],
    ) {
        let (path_from, path_to) = self.apart(from, to);
        let at = self.latest;
        for (place, id) in path_from.iter().enumerate() {
            let from_gift = from_gift(gifts, *id);
            let meters = self.meters(&path_from, place);
            let Some(account) = self.tree.get_mut(*id) else { continue };
            account.gifts.take(from_gift);
            for Granted { allowance, terms, .. } in meters {
                let measure = terms.most.measure();
                let used = amount.of(measure) - from_gift.of(measure).min(amount.of(measure));
                let new = Meter::new(allowance, &terms, at);
                account.meter_or(new).use_up(&terms, used, at);
            }
        }
        for id in path_to {
            if let Some(account) = self.tree.get_mut(id) {
                account.gifts.add(amount);
            }
        }
    }

    /// The ways up from two accounts, as far as they don't have in common; of a gift from nobody,
    /// the one who gets it.
    pub(crate) fn apart(
        &self,
        from: Option<AccountId>,
        to: AccountId,
    ) -> (Vec<AccountId>, Vec<AccountId>) {
        let mut theirs = self.tree.path(to);
        let Some(from) = from else {
            theirs.truncate(1);
            return (Vec::new(), theirs);
        };
        let mut ours = self.tree.path(from);
        while ours.last().is_some() && ours.last() == theirs.last() {
            ours.pop();
            theirs.pop();
        }
        (ours, theirs)
    }

    /// The allowances that hold for the account at this place of a way up: its own, and for a
    /// person those that each below an account further up has.
    pub(crate) fn meters(&self, path: &[AccountId], place: usize) -> Vec<Granted> {
        let account = |id: &AccountId| self.tree.get(*id);
        let Some(here) = path.get(place).and_then(account) else { return Vec::new() };
        let is_person = here.kind == AccountKind::Person;
        let above = path.iter().skip(place + 1).filter(|_| is_person).filter_map(account);
        let each = above.flat_map(|above: &Account| &above.each);
        let all = here.own.iter().chain(each);
        all.filter_map(|id| self.allowances.get(id)).copied().collect()
    }

    fn put_aside(&mut self, held: Held) {
        if self.tree.get(held.account).is_none() || self.holds.contains_key(&held.reservation) {
            return;
        }
        let path = self.tree.path(held.account);
        for id in &path {
            let from_gift = from_gift(&held.gifts, *id);
            let Some(account) = self.tree.get_mut(*id) else { continue };
            account.held.add(held.amount);
            account.gifts.take(from_gift);
            account.gifts_held.add(from_gift);
        }
        self.hold_by_allowances(&held);
        self.latest = self.latest.max(held.at);
        self.last_reservation = self.last_reservation.max(held.reservation.0);
        self.holds.insert(held.reservation, held);
    }

    /// Counts what is set aside and does not come out of gifts, in the period of each allowance.
    fn hold_by_allowances(&mut self, held: &Held) {
        let path = self.tree.path(held.account);
        for (place, id) in path.iter().enumerate() {
            let from_gift = from_gift(&held.gifts, *id);
            let meters = self.meters(&path, place);
            let Some(account) = self.tree.get_mut(*id) else { continue };
            let rest = held.amount.saturating_sub(from_gift);
            for Granted { allowance, terms, since, .. } in meters {
                if since < held.reservation {
                    let new = Meter::new(allowance, &terms, held.at);
                    let amount = rest.of(terms.most.measure());
                    account.meter_or(new).hold(&terms, amount, held.at);
                }
            }
        }
    }

    fn end(&mut self, reservation: ReservationId, bill: &[Charge], at: Timestamp) {
        let Some(held) = self.holds.remove(&reservation) else { return };
        self.latest = self.latest.max(at);
        let cost = bill.iter().fold(Spend::NONE, |sum, charge| sum + charge.spend);
        let path = self.tree.path(held.account);
        for (place, id) in path.iter().enumerate() {
            let from_gift = from_gift(&held.gifts, *id);
            let meters = self.meters(&path, place);
            let Some(account) = self.tree.get_mut(*id) else { continue };
            account.held.take(held.amount);
            account.spent.add(cost);
            let mut back = Spend::NONE;
            let mut by_allowance = cost;
            for measure in Measure::ALL {
                let (amount, gift) = (held.amount.of(measure), from_gift.of(measure));
                // Allowances pay first, then what was given, and what passes both is theirs again.
                let beyond = cost.of(measure).saturating_sub(amount.saturating_sub(gift));
                let paid = beyond.min(gift);
                back = back.with(measure, gift - paid);
                by_allowance = by_allowance.with(measure, cost.of(measure) - paid);
            }
            account.gifts_held.take(from_gift);
            account.gifts.add(back);
            let rest = held.amount.saturating_sub(from_gift);
            for Granted { allowance, terms, since, .. } in meters {
                let measure = terms.most.measure();
                let (held_here, used) = (rest.of(measure), by_allowance.of(measure));
                let known = account.meters.iter_mut().find(|meter| meter.allowance == allowance);
                if let Some(meter) = known.filter(|_| since < reservation) {
                    meter.settle(&terms, Bill { held: held_here, used, from: held.at, at });
                }
            }
        }
    }
}

/// What of it comes out of an account's gifts.
fn from_gift(gifts: &[FromGift], account: AccountId) -> Spend {
    gifts.iter().find(|gift| gift.account == account).map_or(Spend::NONE, |gift| gift.amount)
}
