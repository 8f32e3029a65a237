//! What is told of tasks, from stores and folders that are there. One binary.

// Helpers of tests may unwrap as the tests do.
#![allow(clippy::unwrap_used)]

mod cards;
mod change;
mod dial;
mod home;
mod page;
mod schema;
mod steps;
mod whatever;
