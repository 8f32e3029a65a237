//! Runs real commands in the real sandbox. One binary for all of it. Each attack comes with
//! its control: the same attack without the defence, which must succeed, or the test proves
//! nothing.
#![allow(clippy::unwrap_used, reason = "helpers of tests fail the test that called them")]
#![allow(clippy::print_stderr, reason = "a test that can't run has to say so")]

mod confinement;
mod ending;
mod escape;
mod limits;
mod logs;
mod setup;
mod spares;
mod talk;
mod tiers;
mod toolchains;
mod view;
