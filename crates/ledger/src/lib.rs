//! Accounts, allowances, and reserve, settle, release: who may spend what, and who has.
//!
//! The ledger is a fold of [`LedgerEvent`](tenfold_domain::LedgerEvent)s. Deciding and
//! evolving are two functions: a decision looks at the ledger and returns an event without
//! changing anything; whoever keeps the journal makes that event durable and only then
//! evolves the ledger by it. So the ledger never knows of money that the journal does not.
//!
//! It is pure: it does no IO, reads no clock, knows no prices, and keeps nothing that the
//! events do not say. What depends on the time of a decision says that time in its event.

mod access;
mod calendar;
mod decide;
mod ledger;
mod meter;
mod permit;
mod read;
mod tree;

pub use access::AccessTokens;
pub use calendar::day;
pub use decide::Wanted;
pub use ledger::Ledger;
pub use permit::allows;
pub use read::{Left, Statement, Use};

#[cfg(test)]
mod tests;
