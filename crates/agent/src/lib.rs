//! Strategies as pure state machines: what an attempt does next, given what it has seen.
//!
//! A [`Machine`] decides which events follow from an input, and evolves over events; what it
//! wants done is read off its state. Recovery only evolves over recorded events, so a newer
//! release never reads an old attempt differently, and replaying an attempt's recorded
//! inputs gives its events again, byte for byte. Nothing here does IO, reads a clock, or
//! draws a random number that was not handed in as a seed.

mod agent;
pub mod effect;
pub mod repair;
pub mod tool_loop;

use tenfold_domain::StepId;

pub use agent::{Agent, Event, Setup};

/// A strategy.
pub trait Machine: Sized {
    /// What comes in: the result of an effect.
    type Input;
    /// What is recorded.
    type Event;
    /// What the machine wants done.
    type Effect;

    /// The events that follow from an input. The state does not change by this.
    fn decide(&self, input: Self::Input) -> Vec<Self::Event>;

    /// The state after an event.
    fn evolve(&mut self, event: &Self::Event);

    /// The effects that are wanted and have no result yet, in the order in which they were
    /// asked for. They are a function of the state: after a crash the same ones are wanted
    /// again.
    fn wants(&self) -> Vec<(StepId, Self::Effect)>;
}
