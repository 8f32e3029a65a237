//! What may be decided: each looks at the ledger and says which event comes of it, or why none
//! does. Nothing here changes anything.

use tenfold_domain::{
    AccessToken, AccountChange, AccountId, AccountKind, Allowance, AllowanceId, Charge, FromGift,
    Granted, Held, LedgerEvent, Measure, Quantity, Refusal, ReservationId, Scope, Short, Spend,
    Spender, Timestamp, TokenId,
};

use crate::meter::Meter;
use crate::{Ledger, permit};

const DEFAULT_NAME: &str = "default";
const LONGEST_NAME: usize = 64;

/// What is to be set aside for a call, or for many.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wanted<'a> {
    /// Who pays.
    pub account: AccountId,
    /// The worst case.
    pub amount: Spend,
    /// The model that is asked; `None` if that was or will be looked at apart.
    pub model: Option<&'a str>,
    /// Who spends it.
    pub spender: Option<Spender>,
    /// The time; one before the latest decision counts as that.
    pub at: Timestamp,
}

impl Ledger {
    /// Opens [`AccountId::DEFAULT`]; `None` if it is there already.
    pub fn open_default(&self) -> Option<LedgerEvent> {
        let account = AccountId::DEFAULT;
        self.tree.get(account).is_none().then(|| LedgerEvent::Opened {
            account,
            parent: None,
            name: DEFAULT_NAME.to_owned(),
            kind: AccountKind::Organisation,
            by: String::new(),
        })
    }

    /// Opens an account below `parent`, without an allowance of its own.
    ///
    /// # Errors
    /// [`Refusal::NoAccount`] if there is no such parent; [`Refusal::BadName`].
    pub fn open(
        &self,
        parent: AccountId,
        (name, kind): (&str, AccountKind),
        by: &str,
    ) -> Result<(AccountId, LedgerEvent), Refusal> {
        self.open_one(parent)?;
        self.is_free(Some(parent), name)?;
        let (account, parent) = (self.tree.next_id(), Some(parent));
        let (name, by) = (name.to_owned(), by.to_owned());
        Ok((account, LedgerEvent::Opened { account, parent, name, kind, by }))
    }

    /// The events by which what a person wants comes about, all of them or none.
    ///
    /// # Errors
    /// As each of them by itself.
    pub fn change(
        &self,
        change: &AccountChange,
        (by, at): (&str, Timestamp),
    ) -> Result<Vec<LedgerEvent>, Refusal> {
        Ok(vec![match change {
            AccountChange::Open { parent, name, kind, allowances, models } => {
                let (account, opened) = self.open(*parent, (name, *kind), by)?;
                let granted = (self.last_allowance + 1..).zip(allowances).map(|(id, terms)| {
                    let (allowance, terms, by) = (AllowanceId(id), *terms, by.to_owned());
                    LedgerEvent::Granted { allowance, account, terms, by }
                });
                let permitted = models.clone().map(|models| {
                    let (models, by) = (Some(models), by.to_owned());
                    LedgerEvent::Permitted { account, models, by }
                });
                return Ok(std::iter::once(opened).chain(granted).chain(permitted).collect());
            }
            AccountChange::Grant { account, terms } => self.grant(*account, *terms, by)?.1,
            AccountChange::Withdraw { allowance } => self.withdraw(*allowance, by)?,
            AccountChange::Give { from, to, amount } => {
                self.give((*from, *to), *amount, (by, at))?
            }
            AccountChange::Permit { account, models } => {
                self.permit(*account, models.clone(), by)?
            }
            AccountChange::Rename { account, name } => self.rename(*account, name, by)?,
            AccountChange::Move { account, to } => self.move_below(*account, *to, by)?,
            AccountChange::Close { account } => return self.close(*account, by),
            AccountChange::Issue(token) => {
                self.issue(AccessToken { by: by.to_owned(), ..token.clone() })?.1
            }
            AccountChange::Revoke { token } => self.revoke(*token, by)?,
            AccountChange::PutClockRight => self.put_clock_right(by, at)?,
        }])
    }

    /// Grants an account an allowance, or each person below it one. What it may use of the same
    /// measure in such a period already changes to that, and what was used of it stays used.
    ///
    /// # Errors
    /// [`Refusal::NoAccount`] if there is no such account.
    pub fn grant(
        &self,
        account: AccountId,
        terms: Allowance,
        by: &str,
    ) -> Result<(AllowanceId, LedgerEvent), Refusal> {
        let known = self.open_one(account)?;
        let present = known.own.iter().chain(&known.each).filter_map(|id| self.allowances.get(id));
        let same = present.into_iter().find(|granted| terms.takes_the_place_of(granted.terms));
        let new = AllowanceId(self.last_allowance.saturating_add(1));
        let allowance = same.map_or(new, |granted| granted.allowance);
        Ok((allowance, LedgerEvent::Granted { allowance, account, terms, by: by.to_owned() }))
    }

    /// Withdraws an allowance.
    ///
    /// # Errors
    /// [`Refusal::NoAllowance`] if there is none, or it was withdrawn.
    pub fn withdraw(&self, allowance: AllowanceId, by: &str) -> Result<LedgerEvent, Refusal> {
        match self.allowances.contains_key(&allowance) {
            true => Ok(LedgerEvent::Withdrawn { allowance, by: by.to_owned() }),
            false => Err(Refusal::NoAllowance(allowance)),
        }
    }

    /// Gives an account so much, which it may use once beyond its allowances; out of what another
    /// may use in its present periods, or from nobody. Those above both are where they were.
    ///
    /// # Errors
    /// [`Refusal::NoAccount`]; [`Refusal::ToItself`]; [`Refusal::Short`] if the giver, or one
    /// above who is not above the taker, does not have it.
    pub fn give(
        &self,
        (from, to): (Option<AccountId>, AccountId),
        amount: Quantity,
        (by, at): (&str, Timestamp),
    ) -> Result<LedgerEvent, Refusal> {
        let taker = self.open_one(to)?;
        if let Some(from) = from {
            self.open_one(from)?;
            if from == to {
                return Err(Refusal::ToItself(taker.name.to_string()));
            }
        }
        let at = at.max(self.latest);
        let (path, _) = self.apart(from, to);
        let gifts = self.covered(&path, amount.alone(), at)?;
        Ok(LedgerEvent::Given { from, to, amount, at, gifts, by: by.to_owned() })
    }

    /// Says which models an account and all below it may ask; `None` for all.
    ///
    /// # Errors
    /// [`Refusal::NoAccount`] if there is no such account.
    pub fn permit(
        &self,
        account: AccountId,
        models: Option<Vec<String>>,
        by: &str,
    ) -> Result<LedgerEvent, Refusal> {
        self.known(account)?;
        Ok(LedgerEvent::Permitted { account, models, by: by.to_owned() })
    }

    /// Calls an account otherwise.
    ///
    /// # Errors
    /// [`Refusal::NoAccount`]; [`Refusal::Closed`]; [`Refusal::BadName`].
    pub fn rename(&self, account: AccountId, name: &str, by: &str) -> Result<LedgerEvent, Refusal> {
        let known = self.open_one(account)?;
        self.is_free(known.parent, name)?;
        Ok(LedgerEvent::Renamed { account, name: name.to_owned(), by: by.to_owned() })
    }

    /// Puts an account, with all below it, below another: what is set aside from now on is set
    /// aside there. What was used stays where it was used.
    ///
    /// # Errors
    /// [`Refusal::NoAccount`]; [`Refusal::Closed`]; [`Refusal::Topmost`];
    /// [`Refusal::BelowItself`]; [`Refusal::BadName`] if there is one of its name;
    /// [`Refusal::UnderWay`] as long as anything is set aside that it pays.
    pub fn move_below(
        &self,
        account: AccountId,
        to: AccountId,
        by: &str,
    ) -> Result<LedgerEvent, Refusal> {
        let (known, above) = (self.open_one(account)?, self.open_one(to)?);
        let name = known.name.to_string();
        if known.parent.is_none() {
            return Err(Refusal::Topmost(name));
        }
        if self.tree.path(to).contains(&account) {
            return Err(Refusal::BelowItself { name, to: above.name.to_string() });
        }
        self.is_free(Some(to), &known.name)?;
        if Measure::ALL.into_iter().any(|measure| known.held.of(measure) > 0) {
            return Err(Refusal::UnderWay(name));
        }
        Ok(LedgerEvent::Moved { account, parent: to, by: by.to_owned() })
    }

    /// Closes an account and all below it for ever, and revokes their access tokens.
    ///
    /// # Errors
    /// [`Refusal::NoAccount`]; [`Refusal::Closed`]; [`Refusal::Topmost`].
    pub fn close(&self, account: AccountId, by: &str) -> Result<Vec<LedgerEvent>, Refusal> {
        let known = self.open_one(account)?;
        if known.parent.is_none() {
            return Err(Refusal::Topmost(known.name.to_string()));
        }
        let is_theirs = |token: &&AccessToken| self.tree.path(token.account).contains(&account);
        let tokens = self.tokens.iter().filter(|(_, is_revoked)| !is_revoked);
        let revoked = tokens.map(|(token, _)| token).filter(is_theirs);
        let revoked =
            revoked.map(|token| LedgerEvent::Revoked { token: token.token, by: by.to_owned() });
        let closed = LedgerEvent::Closed { account, by: by.to_owned() };
        Ok(std::iter::once(closed).chain(revoked).collect())
    }

    /// Issues an access token of which this is the hash; its number is looked up here.
    ///
    /// # Errors
    /// [`Refusal::NoAccount`] if there is no such account; [`Refusal::Closed`];
    /// [`Refusal::BadScopes`] if it is for nothing, or for the numbers of all accounts and of one
    /// that does not see them.
    pub fn issue(&self, token: AccessToken) -> Result<(TokenId, LedgerEvent), Refusal> {
        self.open_one(token.account)?;
        let scopes = token.scopes();
        if scopes.is_empty() {
            return Err(Refusal::BadScopes("it is to be for ask, look or metrics"));
        }
        if scopes.contains(&Scope::Metrics) && token.account != AccountId::DEFAULT {
            let why = "metrics are of all accounts, and only for a token of the topmost";
            return Err(Refusal::BadScopes(why));
        }
        let id = self.tokens.next_id();
        Ok((id, LedgerEvent::Issued(AccessToken { token: id, ..token })))
    }

    /// Revokes an access token, for ever.
    ///
    /// # Errors
    /// [`Refusal::NoToken`] if there is none, or it was revoked.
    pub fn revoke(&self, token: TokenId, by: &str) -> Result<LedgerEvent, Refusal> {
        match self.tokens.holds(token) {
            true => Ok(LedgerEvent::Revoked { token, by: by.to_owned() }),
            false => Err(Refusal::NoToken(token)),
        }
    }

    /// Goes by a clock again that is behind what was decided. Who was given a period's allowance
    /// before it began has it again when it does: so that is for a person to decide.
    ///
    /// # Errors
    /// [`Refusal::ClockIsRight`] if nothing was decided later than at this moment.
    pub fn put_clock_right(&self, by: &str, at: Timestamp) -> Result<LedgerEvent, Refusal> {
        match self.latest > at {
            true => Ok(LedgerEvent::ClockPutRight { at, by: by.to_owned() }),
            false => Err(Refusal::ClockIsRight),
        }
    }

    /// Sets the worst case of a call aside, in the account and in all above it. Asking twice
    /// without evolving in between returns the same reservation twice.
    ///
    /// # Errors
    /// [`Refusal::Short`] names the first account, from the payer upwards, with an allowance that
    /// does not cover it; [`Refusal::NotPermitted`]; [`Refusal::NoAccount`].
    pub fn reserve(&self, wanted: &Wanted<'_>) -> Result<(ReservationId, LedgerEvent), Refusal> {
        let Wanted { account, amount, spender, .. } = *wanted;
        self.open_one(account)?;
        if let Some(model) = wanted.model {
            self.may_ask(account, model)?;
        }
        let at = wanted.at.max(self.latest);
        let gifts = self.covered(&self.tree.path(account), amount, at)?;
        let reservation = ReservationId(self.last_reservation.saturating_add(1));
        let model = wanted.model.map(str::to_owned);
        let held = Held { reservation, account, amount, at, model, spender, gifts };
        Ok((reservation, LedgerEvent::Reserved(held)))
    }

    /// Books a bill of what was used beyond all that was set aside for it: it is paid in full,
    /// for the money is gone. The account may then be over its allowance.
    ///
    /// # Errors
    /// [`Refusal::NoAccount`] if there is no such account.
    pub fn overrun(
        &self,
        (account, spender): (AccountId, Spender),
        bill: Vec<Charge>,
        at: Timestamp,
    ) -> Result<Vec<LedgerEvent>, Refusal> {
        self.known(account)?;
        let reservation = ReservationId(self.last_reservation.saturating_add(1));
        let at = at.max(self.latest);
        let (amount, gifts) = (Spend::NONE, Vec::new());
        let (model, spender) = (bill.first().map(|charge| charge.model.clone()), Some(spender));
        let held = Held { reservation, account, amount, at, model, spender, gifts };
        let settled = LedgerEvent::Settled { reservation, bill, at };
        Ok(vec![LedgerEvent::Reserved(held), settled])
    }

    /// Whether an account may ask a model.
    ///
    /// # Errors
    /// [`Refusal::NotPermitted`]
    pub fn may_ask(&self, account: AccountId, model: &str) -> Result<(), Refusal> {
        let forbids =
            |account: &crate::tree::Account| !permit::allows(account.models.as_deref(), model);
        match self.tree.upwards(account).find(|(_, account)| forbids(account)) {
            None => Ok(()),
            Some((_, account)) => Err(Refusal::NotPermitted {
                name: account.name.to_string(),
                model: model.to_owned(),
                allowed: permit::shown(account.models.as_deref().unwrap_or_default()),
            }),
        }
    }

    /// The lists of models that an account has to keep to: its own, and those of all above.
    pub fn lists(&self, account: AccountId) -> Vec<Vec<String>> {
        self.tree.upwards(account).filter_map(|(_, account)| account.models.clone()).collect()
    }

    /// What comes out of whose gifts if so much is used by all of them.
    fn covered(
        &self,
        path: &[AccountId],
        amount: Spend,
        at: Timestamp,
    ) -> Result<Vec<FromGift>, Refusal> {
        let mut gifts = Vec::new();
        for (place, account) in path.iter().enumerate() {
            let from_gift = self.covered_by(path, place, amount, at)?;
            if from_gift != Spend::NONE {
                gifts.push(FromGift { account: *account, amount: from_gift });
            }
        }
        Ok(gifts)
    }

    fn covered_by(
        &self,
        path: &[AccountId],
        place: usize,
        amount: Spend,
        at: Timestamp,
    ) -> Result<Spend, Refusal> {
        let mut from_gift = Spend::NONE;
        let Some(account) = path.get(place).and_then(|id| self.tree.get(*id)) else {
            return Ok(from_gift);
        };
        for granted in self.meters(path, place) {
            let (terms, measure) = (granted.terms, granted.terms.most.measure());
            let new = || Meter::new(granted.allowance, &terms, at);
            let meter = account.meter(granted.allowance).copied().unwrap_or_else(new);
            let meter = meter.at(&terms, at);
            let asked = amount.of(measure);
            let beyond = meter.beyond(&terms, asked);
            if beyond > account.gifts.of(measure) {
                let short = (path[place], account.name.to_string(), granted);
                return Err(short_of(short, meter, (account.gifts.of(measure), asked)));
            }
            let most = from_gift.of(measure);
            let beyond = u64::try_from(beyond).unwrap_or(u64::MAX).min(asked);
            from_gift = from_gift.with(measure, most.max(beyond));
        }
        Ok(from_gift)
    }

    /// Books the bill of a call that was made. A bill above what was set aside is booked in
    /// full, for the money is gone; the account may then be over its allowance, and setting
    /// aside more is refused.
    ///
    /// # Errors
    /// [`Refusal::NoReservation`] if it was ended already or never made.
    pub fn settle(
        &self,
        reservation: ReservationId,
        bill: Vec<Charge>,
        at: Timestamp,
    ) -> Result<LedgerEvent, Refusal> {
        self.is_held(reservation)?;
        Ok(LedgerEvent::Settled { reservation, bill, at: at.max(self.latest) })
    }

    /// Frees what was set aside for a call that was not made.
    ///
    /// # Errors
    /// [`Refusal::NoReservation`] if it was ended already or never made.
    pub fn release(
        &self,
        reservation: ReservationId,
        at: Timestamp,
    ) -> Result<LedgerEvent, Refusal> {
        self.is_held(reservation)?;
        Ok(LedgerEvent::Released { reservation, at: at.max(self.latest) })
    }

    fn known(&self, account: AccountId) -> Result<&crate::tree::Account, Refusal> {
        self.tree.get(account).ok_or(Refusal::NoAccount(account))
    }

    /// An account that is not closed, and none above it is.
    fn open_one(&self, account: AccountId) -> Result<&crate::tree::Account, Refusal> {
        let closed = self.tree.upwards(account).find(|(_, account)| account.closed);
        match closed {
            Some((_, closed)) => Err(Refusal::Closed(closed.name.to_string())),
            None => self.known(account),
        }
    }

    /// Whether an account can be called so there.
    fn is_free(&self, parent: Option<AccountId>, name: &str) -> Result<(), Refusal> {
        let bad = |why| Refusal::BadName { name: name.to_owned(), why };
        fits(name).map_err(bad)?;
        match self.tree.named(parent, name) {
            Some(_) => Err(bad("there is an account of that name below the same one")),
            None => Ok(()),
        }
    }

    fn is_held(&self, reservation: ReservationId) -> Result<(), Refusal> {
        match self.holds.contains_key(&reservation) {
            true => Ok(()),
            false => Err(Refusal::NoReservation(reservation)),
        }
    }
}

/// Why an allowance does not cover what is asked for, of which gifts cover so much.
fn short_of(
    (account, name, granted): (AccountId, String, Granted),
    meter: Meter,
    (gifts, asked): (u128, u64),
) -> Refusal {
    let (terms, measure) = (granted.terms, granted.terms.most.measure());
    let amount = |sum: u128| measure.quantity(u64::try_from(sum).unwrap_or(u64::MAX));
    let whole = u128::from(terms.most.amount()) + u128::from(terms.carried()) + gifts;
    let renews = meter.renews(&terms).filter(|_| u128::from(asked) <= whole);
    let left = amount(meter.room(&terms).saturating_add(gifts));
    let asked = measure.quantity(asked);
    Refusal::Short(Box::new(Short { account, name, terms, left, asked, renews }))
}

/// Whether an account can be called so; if not, why.
fn fits(name: &str) -> Result<(), &'static str> {
    if name.is_empty() || name.trim() != name {
        return Err("it is empty, or has spaces at its ends");
    }
    if name.chars().count() > LONGEST_NAME {
        return Err("it is longer than 64 characters");
    }
    if name.chars().any(|c| c == '/' || c.is_control()) {
        return Err(
            "a name has no slash, which stands between the names of a path, and no control \
             characters",
        );
    }
    match name.starts_with('#') {
        true => Err("with a # in front it would be a number"),
        false => Ok(()),
    }
}
