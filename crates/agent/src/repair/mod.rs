//! The repair strategy: run the check, localise, make many short candidates, throw away what
//! can't be right, check the rest, and let what worked decide what is made next.
//!
//! It is for small models and for tasks with a failing check. The way through is
//! `baseline → understanding → searching → judging`; each has a file of its own beside the
//! state ([`Repair`]) and the events ([`Event`]) that it is a fold of.

mod bandit;
mod candidates;
mod decide;
mod event;
mod headway;
mod mistakes;
mod moves;
mod names;
mod narrowed;
mod note;
mod pairs;
mod parts;
mod prompts;
mod setup;
mod state;
mod swaps;
mod targets;
#[cfg(test)]
mod tests;
mod twins;
mod windows;

pub use candidates::Candidate;
pub use event::Event;
pub use moves::{Generator, Move};
pub use narrowed::Narrowed;
pub use setup::Setup;
pub use state::{Repair, Winner};
pub use targets::{Target, TargetKind, Unit};
