//! What the server promises whoever connects to it, and what it refuses.

#![allow(clippy::unwrap_used, reason = "what a test unwraps is what it asserts")]

mod door;
