//! Tests that start real programs: one binary, a module for each concern.

// Outside of functions marked as tests the lint does not see that it is in a test.
#![allow(clippy::unwrap_used)]

mod probes;
mod tracer;
