//! What the gateway wants of whoever keeps the accounts: who pays, and money ahead, in leases.
//!
//! It is apart because it is the whole of the border to the ledger and the store: the program
//! puts a durable one here, a test one in memory. Nothing here knows of HTTP or of models.

use std::pin::Pin;
use std::sync::Arc;

use tenfold_domain::{AccountId, Millis, Scope, TokenId};

use crate::{Left, Spend, Spent};

/// An answer that may take a commit to come.
pub type Later<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Keeps accounts, access tokens and leases, durably.
pub trait Bank: Send + Sync + 'static {
    /// Who pays for a request with this access token. Called for each request, so that a token
    /// that was revoked is refused at once: it reads memory, and never waits. Tokens are kept as
    /// hashes and compared in constant time, which is the bank's to do.
    ///
    /// # Errors
    /// [`Denied`] says why it is no token.
    fn payer(&self, secret: &str) -> Result<Arc<Payer>, Denied>;

    /// Sets aside `at_least` so much, through all accounts above, for requests to `model`; the
    /// bank may give more. It is durable when this returns: whatever is not settled when the
    /// lease's time is over, or after a crash, counts as spent.
    ///
    /// # Errors
    /// [`Refused`] if a limit would be passed, or nothing can be recorded.
    fn lease<'a>(
        &'a self,
        buyer: Buyer,
        at_least: Spend,
        model: &'a str,
    ) -> Later<'a, Result<Lease, Refused>>;

    /// Ends a lease: `spent`, which together is never more than was given, is billed, and the rest
    /// is free again. One that was counted as spent meanwhile is put right by this.
    ///
    /// # Errors
    /// [`NotRecorded`]: then the lease counts in full when its time is over.
    fn settle(&self, lease: Lease, spent: Spent) -> Later<'_, Result<(), NotRecorded>>;

    /// Bills what a request came to beyond all that was leased for it, in full: the money is gone.
    /// Who pays may have passed a limit by this, and then nothing more is leased to them.
    ///
    /// # Errors
    /// [`Unbilled`]: it is to be asked again later.
    fn overrun<'a>(
        &'a self,
        buyer: Buyer,
        over: Spent,
        model: &'a str,
    ) -> Later<'a, Result<(), Unbilled>>;

    /// How often something was decided by which somebody may spend less than before. What was
    /// leased before the last time is not begun with any more. Read for each request, and never
    /// waits.
    fn lowered(&self) -> u64;

    /// What an account may still set aside. Told with each answer: it reads memory, and never
    /// waits.
    fn left(&self, account: AccountId) -> Left;
}

/// Who pays.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Payer {
    /// The account.
    pub account: AccountId,
    /// Its name, for people.
    pub name: String,
    /// Which of its access tokens was shown: the id, never the token.
    pub token: TokenId,
    /// What the token is good for.
    pub scopes: Vec<Scope>,
    /// Lists of models, each of which has to name the one that is asked, or how its name begins
    /// with a `*` at the end: the token's, its account's and those of all above.
    pub models: Vec<Vec<String>>,
}

/// Who money is leased for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Buyer {
    /// The account that pays.
    pub account: AccountId,
    /// The access token that it is spent with.
    pub token: TokenId,
}

impl Payer {
    /// The same, as it is asked for money.
    #[must_use]
    pub fn buyer(&self) -> Buyer {
        Buyer { account: self.account, token: self.token }
    }

    /// Whether the token is good for this.
    #[must_use]
    pub fn may(&self, scope: Scope) -> bool {
        self.scopes.contains(&scope)
    }

    /// Whether the token and its accounts are good for this model.
    #[must_use]
    pub fn may_ask(&self, model: &str) -> bool {
        self.models.iter().all(|list| tenfold_ledger::allows(Some(list), model))
    }
}

/// Why a token is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Denied {
    /// None was shown.
    #[error(
        "no access token was sent: put one into the header 'Authorization: Bearer …' or 'x-api-key'"
    )]
    Missing,
    /// Nobody gave it out: made up, or of another installation.
    #[error("this is no access token of this gateway; ask its owner for one")]
    Unknown,
    /// Its time is over.
    #[error("this access token has expired; ask the gateway's owner for a new one")]
    Expired,
    /// It was taken back.
    #[error("this access token was revoked; ask the gateway's owner for a new one")]
    Revoked,
}

/// Money set aside ahead of the requests that it is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lease {
    /// Tells it from the bank's other leases.
    pub id: u64,
    /// The account that pays.
    pub account: AccountId,
    /// How much there is.
    pub given: Spend,
    /// How long it is good for, from when it was given: not a moment, so that a clock that is
    /// changed changes nothing.
    pub lasts: Millis,
}

/// Why nothing was leased.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// A limit would be passed.
    #[error("account '{name}' can't set aside what this request may cost")]
    OverLimit {
        /// The account whose limit it is: the payer or one above it.
        account: AccountId,
        /// Its name.
        name: String,
        /// What is left there, and when it renews.
        left: Box<Left>,
    },
    /// An account does not allow this model.
    #[error("account '{name}' may not ask this model")]
    Model {
        /// The account whose list it is.
        account: AccountId,
        /// Its name.
        name: String,
    },
    /// An account was closed.
    #[error("account '{name}' was closed, and pays nothing any more; ask for a token of another")]
    Closed {
        /// Its name: the payer's or one's above it.
        name: String,
    },
    /// The bank can't record it now.
    #[error("nothing can be set aside now: {why}")]
    NotRecorded {
        /// What went wrong.
        why: String,
    },
}

/// A settlement that could not be recorded.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the end of lease {lease} was not recorded ({why}); it counts as spent in full")]
pub struct NotRecorded {
    /// Which lease.
    pub lease: u64,
    /// What went wrong.
    pub why: String,
}

/// An overrun that could not be recorded.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("what a request came to beyond its lease was not recorded ({why}); it is tried again")]
pub struct Unbilled {
    /// What went wrong.
    pub why: String,
}
