//! The workspace against real repositories, folders and git programs. One binary.

// Helpers of tests may unwrap as the tests do.
#![allow(clippy::unwrap_used)]

mod accept;
mod bad_input;
mod escape;
mod fixture;
mod killed;
mod objects;
mod own;
mod put_back;
mod round_trip;
mod snapshot;
mod sought;
