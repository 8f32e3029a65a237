//! The gateway, spoken to over HTTP, with scripted models behind it and a bank in memory.

// What a test can't set up, it fails by.
#![allow(clippy::unwrap_used)]

mod bank;
mod blocks;
mod clients;
mod gate;
mod local;
mod odd;
mod offering;
mod passing;
mod paying;
mod place;
mod refusing;
mod talking;
mod telling;
mod translating;
