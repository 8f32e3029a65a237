//! Strategies as pure state machines.
