//! A model server for tests, over HTTP: it says what a script tells it to, in the wire format
//! that it is asked in, fails on demand, and keeps what it was asked.
//!
//! ```
//! use serde_json::json;
//! use tenfold_test_support::http::{Failure, HttpModel, Reply};
//!
//! let server = HttpModel::start(vec![
//!     Reply::calls([("read", json!({ "path": "src/lib.rs" }))]),
//!     Reply::fails(Failure::TooMany { retry_after_s: Some(2) }),
//!     Reply::says("done"),
//! ]);
//! assert!(server.url().starts_with("http://127.0.0.1:"));
//! assert!(server.requests().is_empty());
//! ```
//!
//! It is apart from the scripted embedded model because it plays strangers: what it says and
//! how it fails is copied from what the providers send, not from what we would like. One file
//! per wire format holds all that is said in it; `server` knows none of them, and the
//! formats know no sockets. Nothing here sleeps: what is slow waits for its [`Gate`].

mod anthropic;
mod chat;
mod gate;
mod gemini;
mod openai;
mod reply;
mod request;
mod responses;
mod server;
mod socket;
mod wire;

pub use gate::Gate;
pub use reply::{Failure, Reply, Used};
pub use request::{CacheMark, Format, Request};
pub use server::HttpModel;
