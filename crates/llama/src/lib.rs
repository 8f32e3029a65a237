//! Embedded inference: llama.cpp in a child process of its own.
//!
//! The child owns the model; if it dies the engine goes on with a new one. This crate is the
//! [`protocol`] between them, the engine's end of it ([`Llama`]), and, with the feature
//! `inference`, the child's ([`serve`]). It knows nothing of tasks.

mod client;
mod grammar;
pub mod protocol;
#[cfg(feature = "inference")]
pub mod serve;
mod turn;

pub use client::{Llama, LlamaConfig, LlamaError, Reply};
