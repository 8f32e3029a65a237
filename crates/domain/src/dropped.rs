//! What is taken out of the journal again, where it went, and what stays known of it.

use serde::{Deserialize, Serialize};

use crate::{AccountId, Millis, NanoUsd, ReservationId, Timestamp, Usage};

/// What happens to the journal itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub enum JournalEvent {
    /// Events were taken out of it; a file has them.
    Dropped {
        /// How many.
        events: u64,
        /// Where they are.
        export: Export,
    },
}

/// A file of events that were taken out of the journal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Export {
    /// Its name in the folder `dropped`, beside the store.
    pub name: String,
    /// SHA-256 of the file, in hexadecimal.
    pub sha256: String,
}

/// What the steps of an attempt came to, as it is listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Worked {
    /// What the model used.
    pub usage: Usage,
    /// What it cost.
    pub cost: NanoUsd,
    /// How long it worked.
    pub wall: Millis,
    /// When it was last heard of while it worked.
    pub seen_at: Timestamp,
    /// How many effects came to an end, well or not.
    pub steps: u64,
    /// How many runs of the check, or of parts of it, were begun.
    pub checks: u64,
}

/// All that a ledger knows at one moment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Balances {
    /// Every account, in the order of opening.
    pub accounts: Vec<AccountBalance>,
    /// Every reservation that is open, oldest first.
    pub holds: Vec<Held>,
    /// The reservation that was made last; zero if none was.
    pub last_reservation: ReservationId,
}

/// An account as it stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountBalance {
    /// Which.
    pub account: AccountId,
    /// The account above it; none for the root.
    pub parent: Option<AccountId>,
    /// Its name, for people.
    pub name: String,
    /// What it and all below it may spend and reserve, together, ever.
    pub limit: NanoUsd,
    /// What it and all below it have spent.
    pub spent: NanoUsd,
}

/// Money that is set aside.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Held {
    /// The reservation.
    pub reservation: ReservationId,
    /// The account that will pay.
    pub account: AccountId,
    /// The worst case.
    pub amount: NanoUsd,
}
