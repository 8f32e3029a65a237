//! What the next dollar is likely to buy, and how right that was.
//!
//! Apart and pure: it does no IO, reads no clock, and draws no random number but from a seed that
//! it is handed. It knows no journal and no task; whoever asks puts the past before it as
//! [`Trial`]s. Numbers here are `f64`: chances, logarithms and estimates, never what is paid, which
//! is the ledger's, in whole nano-dollars; only a [`plan`], which has a budget to keep, has those
//! too.
//!
//! [`Past`] is where to begin: trials are added to it one at a time, and it tells, for a task and
//! whoever is to try it ([`About`]), the chance of success by any spend ([`Forecast`]), which
//! estimator says so, and how far that was off on the past at hand.
//!
//! Beside it stand what more samples buy ([`sampling`]), what the minutes that a task takes a person
//! say of it ([`horizon`]), how a budget is best spread over many tasks ([`plan`]), and what may be
//! accepted unseen because of what came right before ([`record`]).
//!
//! What it does not know it says: an answer is an [`Interval`], or a [`Refusal`] with its reason.

mod about;
pub mod audit;
pub mod cascade;
mod cure;
mod forecast;
pub mod horizon;
mod incidence;
mod interval;
pub mod level;
mod log_linear;
mod normal;
mod past;
pub mod plan;
pub mod read;
pub mod record;
mod refusal;
pub mod sampling;
pub mod score;
pub mod told;
mod trial;

pub use about::About;
pub use forecast::{Estimator, Forecast, Grounds};
pub use incidence::{Incidence, Step};
pub use interval::{COVERED, Interval};
pub use log_linear::LogLinear;
pub use normal::normal;
pub use past::{Past, Tried, Unit};
pub use refusal::Refusal;
pub use trial::{End, Trial};
