//! Who may sign in, what each may do, and who is signed in: a fold of what people decided.
//!
//! [`People`] is a fold of [`PeopleEvent`](tenfold_domain::PeopleEvent)s. Deciding and evolving
//! are two functions, as in the ledger: a decision looks at the people and returns events without
//! changing anything; whoever keeps the journal makes them durable and only then evolves.
//!
//! Pure: salts, secrets and the time are handed in. Of a password and of a session's secret only
//! hashes are ever in an event, and of a passkey what is public of it.

mod decide;
mod name;
mod passkey;
mod password;
mod people;
mod refusal;
mod sign_in;
mod view;

pub use decide::By;
pub use people::{People, Person, Signed};
pub use refusal::Refusal;
pub use sign_in::{Claim, Proof, SESSION, hash};

#[cfg(test)]
mod tests;
