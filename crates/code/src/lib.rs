//! Pure reading of code: what a failing check says, where functions begin and end, which of
//! them are suspect, how a check is narrowed to some tests, and how a text is changed.
//!
//! Everything here is a function of its arguments. Nothing here does IO, reads a clock, draws
//! a random number or talks to a model; nothing panics, whatever it is given, and the time
//! taken is linear in the input, or nearly so.

pub mod coverage;
pub mod edit;
mod error;
pub mod failure;
mod language;
pub mod reply;
pub mod runner;
pub mod suspects;
pub mod syntax;
mod tracer;

pub use coverage::Spectrum;
pub use edit::Edit;
pub use error::CodeError;
pub use failure::{FailedTest, Failure, Frame, Trouble, TroubleKind};
pub use language::Language;
pub use runner::Runner;
pub use suspects::Suspect;
pub use syntax::{Function, Syntax, Use};
