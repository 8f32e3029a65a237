//! What the next dollar is likely to buy, and how right that was.
//!
//! Apart and pure: it does no IO, reads no clock, and draws no random number but from a seed that
//! it is handed. It knows no journal and no task; whoever asks puts the past before it as
//! [`Trial`]s. Numbers here are `f64`: chances, logarithms and estimates, never what is paid, which
//! is the ledger's, in whole nano-dollars.
//!
//! What it does not know it says: an answer is an [`Interval`], or a [`Refusal`] with its reason.

pub mod cascade;
mod interval;
pub mod read;
mod refusal;
pub mod score;
mod trial;

pub use interval::{COVERED, Interval};
pub use refusal::Refusal;
pub use trial::{End, Trial};
