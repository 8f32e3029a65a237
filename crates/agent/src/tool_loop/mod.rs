//! The loop strategy: a model that calls tools works on the task until it says that it is
//! done; then the whole check runs on what it changed, and if that fails it is told so and
//! goes on.
//!
//! It is for models that can be trusted with a task of more than a few lines. Its files are a
//! commit, and a tool that changes them makes the next one, so an attempt can go on after a
//! crash, or from any of its steps, with the files as they were there.
//!
//! [`ToolLoop`] is a fold of its [`Event`]s; `decide` says what follows from what, `words` and
//! `own` hold all that the model is told.

mod decide;
mod event;
mod guidance;
mod own;
mod proposed;
mod recall;
mod state;
#[cfg(test)]
mod tests;
mod words;

pub use event::{Event, Wish};
pub use proposed::ProposedCheck;
pub use state::{Setup, ToolLoop};
