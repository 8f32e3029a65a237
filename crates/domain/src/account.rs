//! Accounts, and what the ledger records of them.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{Balances, NanoUsd};

/// Someone who may spend: an organisation, a team, a person or a task.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct AccountId(pub u32);

impl fmt::Display for AccountId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Money set aside before a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ReservationId(pub u64);

impl fmt::Display for ReservationId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A change of the ledger. Balances are a fold of these.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub enum LedgerEvent {
    /// An account was opened.
    Opened {
        /// The new account.
        account: AccountId,
        /// The account above it; none for the root.
        parent: Option<AccountId>,
        /// Its name, for people.
        name: String,
    },
    /// An account may spend this much in all from now on; [`NanoUsd::MAX`] is "no limit".
    Limited {
        /// The account.
        account: AccountId,
        /// What it and all below it may spend and reserve, together, ever.
        limit: NanoUsd,
    },
    /// Money was set aside, in this account and in all above it.
    Reserved {
        /// The new reservation.
        reservation: ReservationId,
        /// The account that will pay.
        account: AccountId,
        /// The worst case.
        amount: NanoUsd,
    },
    /// The call was made and billed; what was set aside beyond the bill is free again.
    Settled {
        /// The reservation, which is gone by this.
        reservation: ReservationId,
        /// The bill.
        cost: NanoUsd,
    },
    /// The call was not made; all that was set aside is free again.
    Released {
        /// The reservation, which is gone by this.
        reservation: ReservationId,
    },
    /// All of it was counted: this is how it stands, whatever was recorded before and is not
    /// there any more.
    Balanced(Balances),
}

/// Why the ledger says no.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Reserving would pass a limit.
    #[error(
        "account '{name}' can't set aside {asked}: of its {limit} it has spent {spent} and \
         reserved {reserved}"
    )]
    OverLimit {
        /// The account whose limit would be passed: the payer or one above it.
        account: AccountId,
        /// Its name.
        name: String,
        /// Its limit.
        limit: NanoUsd,
        /// What it has spent.
        spent: NanoUsd,
        /// What it has set aside already.
        reserved: NanoUsd,
        /// What was asked for.
        asked: NanoUsd,
    },
    /// There is no such account.
    #[error("there is no account {0}")]
    NoAccount(AccountId),
    /// There is no such reservation, or it has been settled or released.
    #[error("there is no open reservation {0}")]
    NoReservation(ReservationId),
}
