//! What people and programs ask the ledger: who there is, what each may still use and has used.

use tenfold_domain::{
    AccountBalance, AccountId, AccountKind, Allowance, AllowanceId, CommonBalances, Granted, Held,
    Measure, NanoUsd, ReservationId, Spend, Timestamp, Tokens, Unclear,
};

use crate::meter::Meter;
use crate::{AccessTokens, Ledger};

/// How an account stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    /// The account above it; none for the root.
    pub parent: Option<AccountId>,
    /// Its name, for people.
    pub name: String,
    /// What it stands for.
    pub kind: AccountKind,
    /// Whether it, or one above it, was closed.
    pub closed: bool,
    /// What it and all below it have used.
    pub spent: Spend,
    /// What is set aside for calls that have not been billed yet.
    pub held: Spend,
    /// What is left of what it was given.
    pub gifts: Spend,
    /// The models that it may ask, as far as it says itself; `None` for all.
    pub models: Option<Vec<String>>,
    /// What holds for it, its own first.
    pub allowances: Vec<Use>,
    /// The allowances that each person below it has.
    pub each: Vec<Granted>,
}

/// How far an allowance is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Use {
    /// Which.
    pub allowance: AllowanceId,
    /// Who granted it: the account itself, or one above that grants it to each.
    pub of: AccountId,
    /// What it says.
    pub terms: Allowance,
    /// What was used of it in the present period, in the unit of its measure.
    pub used: u64,
    /// What of it is set aside.
    pub held: u64,
    /// What is left, with what was carried over and without gifts.
    pub left: u64,
    /// When it begins anew; `None` if never.
    pub renews: Option<Timestamp>,
}

/// What an account may still use now, by its own allowances and those above; `None` for as much as
/// there is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Left {
    /// Money.
    pub money: Option<NanoUsd>,
    /// Tokens.
    pub tokens: Option<Tokens>,
    /// Requests.
    pub requests: Option<u64>,
    /// When the allowance of money that is the tightest begins anew.
    pub renews: Option<Timestamp>,
    /// Of each measure the allowance that is the tightest, whose it is what is left of.
    pub limits: [Option<Allowance>; 3],
}

impl Ledger {
    /// The latest moment at which anything was decided: what is decided at an earlier one counts as
    /// then.
    pub fn latest(&self) -> Timestamp {
        self.latest
    }

    /// How an account stands at a moment; `None` if there is no such account.
    pub fn statement(&self, account: AccountId, at: Timestamp) -> Option<Statement> {
        let known = self.tree.get(account)?;
        let path = self.tree.path(account);
        let at = at.max(self.latest);
        let allowances = self.meters(&path, 0).into_iter().map(|granted| {
            let meter = self.meter_at(account, &granted, at);
            let (used, held) = meter.used_and_held();
            let amount = |sum: u128| u64::try_from(sum).unwrap_or(u64::MAX);
            let Granted { allowance, account: of, terms, .. } = granted;
            let left = amount(meter.room(&terms));
            let (used, held, renews) = (amount(used), amount(held), meter.renews(&terms));
            Use { allowance, of, terms, used, held, left, renews }
        });
        Some(Statement {
            parent: known.parent,
            name: known.name.to_string(),
            kind: known.kind,
            closed: self.tree.upwards(account).any(|(_, account)| account.closed),
            spent: known.spent.shown(),
            held: known.held.shown(),
            gifts: known.gifts.shown(),
            models: known.models.clone(),
            allowances: allowances.collect(),
            each: known.each.iter().filter_map(|id| self.allowances.get(id)).copied().collect(),
        })
    }

    /// The most that [`Ledger::reserve`] would grant this account now; `None` if there is no such
    /// account.
    pub fn left(&self, account: AccountId, at: Timestamp) -> Option<Left> {
        self.tree.get(account)?;
        if self.tree.upwards(account).any(|(_, account)| account.closed) {
            let (money, tokens) = (Some(NanoUsd::ZERO), Some(Tokens(0)));
            return Some(Left { money, tokens, requests: Some(0), ..Left::default() });
        }
        let (path, at) = (self.tree.path(account), at.max(self.latest));
        let (mut left, mut limits, mut renews) = ([None::<u64>; 3], [None; 3], None);
        for (place, id) in path.iter().enumerate() {
            let gifts = self.tree.get(*id).map(|account| account.gifts).unwrap_or_default();
            for granted in self.meters(&path, place) {
                let meter = self.meter_at(*id, &granted, at);
                let measure = granted.terms.most.measure();
                let debt = meter.beyond(&granted.terms, 0);
                let room = meter.room(&granted.terms) + gifts.of(measure).saturating_sub(debt);
                let room = u64::try_from(room).unwrap_or(u64::MAX);
                let least = &mut left[measure as usize];
                if least.is_none_or(|least| room < least) {
                    *least = Some(room);
                    limits[measure as usize] = Some(granted.terms);
                    if measure == Measure::Money {
                        renews = meter.renews(&granted.terms);
                    }
                }
            }
        }
        let [money, tokens, requests] = left;
        let (money, tokens) = (money.map(NanoUsd), tokens.map(Tokens));
        Some(Left { money, tokens, requests, renews, limits })
    }

    fn meter_at(&self, account: AccountId, granted: &Granted, at: Timestamp) -> Meter {
        let known = self.tree.get(account).and_then(|known| known.meter(granted.allowance));
        let new = || Meter::new(granted.allowance, &granted.terms, at);
        known.copied().unwrap_or_else(new).at(&granted.terms, at)
    }

    /// The account that is called so: by its name, if no other has it that is not closed; by the names from below the
    /// root to it, with slashes between them; or by its number, with a `#` in front.
    ///
    /// # Errors
    /// [`Unclear`] if there is none, or several.
    pub fn find(&self, name: &str) -> Result<AccountId, Unclear> {
        let none = || Unclear::None(name.to_owned());
        if let Some(number) = name.strip_prefix('#') {
            let id = number.parse().map(AccountId).ok();
            return id.filter(|id| self.tree.get(*id).is_some()).ok_or_else(none);
        }
        let root = (name != self.shown(AccountId::DEFAULT)).then_some(AccountId::DEFAULT);
        let by_path = match root {
            None => Some(AccountId::DEFAULT),
            Some(root) => {
                name.split('/').try_fold(root, |above, name| self.tree.named(Some(above), name))
            }
        };
        if let Some(found) = by_path {
            return Ok(found);
        }
        let is_called =
            |id: &AccountId| self.tree.get(*id).is_some_and(|known| &*known.name == name);
        let is_closed = |id: &AccountId| self.tree.get(*id).is_some_and(|known| known.closed);
        let called = || self.tree.ids().filter(is_called);
        let mut all = called().filter(|id| !is_closed(id)).peekable();
        if all.peek().is_none() {
            // Of one that is closed, history is left.
            return called().last().ok_or_else(none);
        }
        let found = all.next().ok_or_else(none)?;
        let mut others = all.take(3).peekable();
        if others.peek().is_none() {
            return Ok(found);
        }
        let paths = std::iter::once(found).chain(others).map(|id| self.shown(id)).collect();
        Err(Unclear::Several { name: name.to_owned(), paths })
    }

    /// An account as it can be written: the names from below the root to it.
    pub fn shown(&self, account: AccountId) -> String {
        let mut names: Vec<&str> =
            self.tree.upwards(account).map(|(_, account)| &*account.name).collect();
        if names.len() > 1 {
            names.pop();
        }
        names.reverse();
        names.join("/")
    }

    /// The account and all above it, the root last; empty if there is no such account.
    pub fn path(&self, account: AccountId) -> Vec<AccountId> {
        self.tree.path(account)
    }

    /// Every account, in the order of opening.
    pub fn accounts(&self) -> impl Iterator<Item = AccountId> + use<> {
        self.tree.ids()
    }

    /// An allowance that holds; `None` if it was withdrawn or never granted.
    pub fn allowance(&self, allowance: AllowanceId) -> Option<Granted> {
        self.allowances.get(&allowance).copied()
    }

    /// The access tokens.
    pub fn tokens(&self) -> &AccessTokens {
        &self.tokens
    }

    /// An open reservation; `None` if it was ended already or never made.
    pub fn hold(&self, reservation: ReservationId) -> Option<&Held> {
        self.holds.get(&reservation)
    }

    /// Whether any reservation is open.
    pub fn has_holds(&self) -> bool {
        !self.holds.is_empty()
    }

    /// Every open reservation, oldest first.
    pub fn holds(&self) -> Vec<&Held> {
        let mut holds: Vec<_> = self.holds.values().collect();
        holds.sort_unstable_by_key(|held| held.reservation);
        holds
    }

    /// An account in a form that is recorded, from which [`Ledger::restored`] makes it anew;
    /// `None` if there is none, or it has used more than an amount can say.
    pub fn balance(&self, account: AccountId) -> Option<AccountBalance> {
        self.tree.balance(account)
    }

    /// What it knows beside its accounts, in the same form.
    pub fn common(&self) -> CommonBalances {
        let revoked = self.tokens.iter().filter(|(_, is_revoked)| *is_revoked);
        CommonBalances {
            allowances: self.allowances.values().copied().collect(),
            last_allowance: self.last_allowance,
            tokens: self.tokens.iter().map(|(token, _)| token.clone()).collect(),
            revoked: revoked.map(|(token, _)| token.token).collect(),
            holds: self.holds().into_iter().cloned().collect(),
            last_reservation: self.last_reservation,
            latest: self.latest,
        }
    }
}
