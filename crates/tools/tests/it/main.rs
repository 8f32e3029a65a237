//! The tools as an agent calls them, on a workspace. One binary.

// Helpers of tests may unwrap as the tests do.
#![allow(clippy::unwrap_used)]

mod escape;
