//! What the scheduler promises, held against examples, against a slow and plain scheduler, and
//! in simulated days: one binary, a module for each concern.

// Outside of functions marked as tests the lint does not see that it is in a test.
#![allow(clippy::unwrap_used)]

mod agreement;
mod gate;
mod limits;
mod made_up;
mod plain;
mod shares;
mod simulation;
mod size;
