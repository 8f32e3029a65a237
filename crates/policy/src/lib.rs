//! Allow, ask or deny: what a coworker may do, decided by rules that a person can read.
//!
//! A [`Policy`] is the built-in one (`built_in.toml`) with a person's own file laid over it.
//! [`Policy::decide`] answers one [`Request`] with a [`Decision`] that says which rules matched
//! and which of them decided, so that it can be recorded and shown. Of all rules that match,
//! the strictest wins; where none does, the default of that subject does.
//!
//! It is pure: it does no IO, starts nothing, asks nobody. And it is no boundary: it says what
//! is wanted, while the sandbox says what is possible. Where it can't tell what a command does,
//! rules that ask or deny match, and rules that allow do not.

mod command;
mod decision;
mod error;
mod host;
mod path;
mod policy;
mod raw;
mod request;
mod rule;
mod terms;
mod test_case;
mod wildcard;

pub use decision::{Decision, Matched, Unattended};
pub use error::PolicyError;
pub use policy::{Defaults, MAX_FILE_BYTES, MAX_PATTERNS, MAX_RULES, MAX_TESTS, Origin, Policy};
pub use request::{Access, Request, Touch};
pub use tenfold_domain::Verdict;
pub use terms::{AddressSaid, Credential, HostTerms};
pub use test_case::TestResult;
