//! The bank over the books of a store: leases are reservations, and are on the disk before anybody
//! spends of them. It is apart because it alone knows the ledger and the store; what it hands out,
//! `blocks` cuts up.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use tenfold_domain::{
    AccessToken, AccountId, Charge, Energy, Millis, Quantity, Refusal, Short, Spender, Timestamp,
};
use tenfold_ledger::Wanted;
use tenfold_store::{Admitted, Books, BooksError, Sheet};

use crate::{
    Bank, Basis, Buyer, Denied, Later, Lease, Left, NotRecorded, Payer, Refused, Spend, Spent,
    Unbilled,
};

/// The longest that a lease is used.
const LASTS: Millis = Millis(3_600_000);

/// A bank that keeps what it does in a store's journal.
pub struct Till {
    books: Arc<Books>,
    /// Told when somebody has spent more than was set aside.
    overran: Box<dyn Fn() + Send + Sync>,
    /// What accounts had left when somebody last could look.
    seen: Mutex<HashMap<AccountId, Left>>,
}

impl Till {
    /// A bank over these books. `overran` is called when a bill was above what was set aside for
    /// it, once that is recorded: what the account pays for elsewhere may have to be cut off.
    #[must_use]
    pub fn new(books: Arc<Books>, overran: impl Fn() + Send + Sync + 'static) -> Self {
        Self { books, overran: Box::new(overran), seen: Mutex::default() }
    }
}

impl Bank for Till {
    fn payer(&self, secret: &str) -> Result<Arc<Payer>, Denied> {
        let Admitted { token, name, models } = self.books.admit(secret, now()).map_err(denied)?;
        let scopes = token.scopes();
        let AccessToken { token, account, .. } = token;
        Ok(Arc::new(Payer { account, name, token, scopes, models }))
    }

    fn lease<'a>(
        &'a self,
        Buyer { account, token }: Buyer,
        at_least: Spend,
        model: &'a str,
    ) -> Later<'a, Result<Lease, Refused>> {
        Box::pin(async move {
            let wanted = Wanted {
                account,
                amount: at_least,
                model: Some(model),
                spender: Some(Spender::Token(token)),
                at: now(),
            };
            let reserve = |sheet: &Sheet| {
                let (reservation, event) = sheet.ledger().reserve(&wanted)?;
                Ok((reservation, vec![event]))
            };
            let reserved = self.books.record(reserve, |_| Vec::new()).await;
            let id = reserved.map_err(|error| refused(account, error))?.0;
            Ok(Lease { id, account, given: at_least, lasts: LASTS })
        })
    }

    fn settle(&self, lease: Lease, spent: Spent) -> Later<'_, Result<(), NotRecorded>> {
        Box::pin(async move {
            let reservation = tenfold_domain::ReservationId(lease.id);
            let settle = |sheet: &Sheet| {
                let held = sheet.ledger().hold(reservation);
                let model = held.and_then(|held| held.model.clone()).unwrap_or_default();
                let bill = spent.each().map(|one| charge(&model, one)).collect();
                Ok(((), vec![sheet.ledger().settle(reservation, bill, now())?]))
            };
            let settled = self.books.record(settle, |()| Vec::new()).await;
            settled.map_err(|why| NotRecorded { lease: lease.id, why: why.to_string() })
        })
    }

    fn overrun<'a>(
        &'a self,
        Buyer { account, token }: Buyer,
        over: Spent,
        model: &'a str,
    ) -> Later<'a, Result<(), Unbilled>> {
        Box::pin(async move {
            let of = (account, Spender::Token(token));
            let bill: Vec<Charge> = over.each().map(|one| charge(model, one)).collect();
            let overrun =
                |sheet: &Sheet| Ok(((), sheet.ledger().overrun(of, bill.clone(), now())?));
            let billed = self.books.record(overrun, |()| Vec::new()).await;
            billed.map_err(|why| Unbilled { why: why.to_string() })?;
            (self.overran)();
            Ok(())
        })
    }

    fn lowered(&self) -> u64 {
        self.books.lowered()
    }

    fn left(&self, account: AccountId) -> Left {
        let now = now();
        let look = |sheet: &Sheet| sheet.ledger().left(account, now).unwrap_or_default();
        let mut seen = lock(&self.seen);
        match self.books.peek(look) {
            Some(left) => {
                seen.insert(account, left);
                left
            }
            None => seen.get(&account).copied().unwrap_or_default(),
        }
    }
}

fn charge(model: &str, (basis, spend, energy): (Basis, Spend, Energy)) -> Charge {
    Charge { model: model.to_owned(), spend, basis, energy }
}

fn now() -> Timestamp {
    SystemTime::now().into()
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn denied(denied: tenfold_domain::Denied) -> Denied {
    match denied {
        tenfold_domain::Denied::Unknown => Denied::Unknown,
        tenfold_domain::Denied::Revoked => Denied::Revoked,
        tenfold_domain::Denied::Expired(_) => Denied::Expired,
    }
}

fn refused(account: AccountId, error: BooksError) -> Refused {
    match error {
        BooksError::Refused(Refusal::Short(short)) => {
            let Short { account, name, terms, left, renews, .. } = *short;
            let of = Left { renews, limits: [Some(terms), None, None], ..Left::default() };
            let left = match left {
                Quantity::Money(money) => Left { money: Some(money), ..of },
                Quantity::Tokens(tokens) => Left { tokens: Some(tokens), ..of },
                Quantity::Requests(requests) => Left { requests: Some(requests), ..of },
            };
            Refused::OverLimit { account, name, left: Box::new(left) }
        }
        BooksError::Refused(Refusal::NotPermitted { name, .. }) => Refused::Model { account, name },
        BooksError::Refused(Refusal::Closed(name)) => Refused::Closed { name },
        error => Refused::NotRecorded { why: error.to_string() },
    }
}

#[cfg(test)]
mod tests {
    use tenfold_domain::ReservationId;

    use super::*;

    #[test]
    fn an_account_that_was_closed_is_not_taken_for_a_bank_that_is_down() {
        let refused = |refusal: Refusal| refused(AccountId(3), refusal.into());
        let closed = refused(Refusal::Closed("ada".to_owned()));
        assert_eq!(closed, Refused::Closed { name: "ada".to_owned() });
        let lost = refused(Refusal::NoReservation(ReservationId(7)));
        assert!(matches!(lost, Refused::NotRecorded { .. }), "{lost}");
    }
}
