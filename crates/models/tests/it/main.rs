//! What this crate does with real files, sockets and processes. The servers and the `pip` that
//! these tests meet are their own, on this machine.

// What a test can't set up, it fails by.
#![allow(clippy::unwrap_used)]

mod gguf;
mod guide;
mod http;
mod import;
mod own;
mod parts;
mod provider;
mod real;
mod sample;
mod server;
mod verify;
