//! For tests only: a model that says what a script tells it to, and others that do.
//!
//! [`serve`] is the embedded model's process; [`Script`] is what a test writes for it, and
//! [`Asked`] what it can read afterwards. [`http`] is a hosted model's server, and [`provide`] one
//! as a process. [`authenticator`] has passkeys, and
//! [`oidc`] says who somebody is. Nothing here computes, and nothing outside tests uses it.

pub mod authenticator;
pub mod http;
pub mod oidc;
mod provider;
mod script;
mod serve;

pub use provider::{BILLED, provide};
pub use script::{Asked, Fault, Kind, Rule, SCRIPT_VARIABLE, Script, ScriptError};
pub use serve::serve;

/// A program in Python that speaks the Model Context Protocol, over stdio and HTTP, and fails in
/// the ways that its first lines list.
pub const MCP_SERVER: &str = include_str!("mcp_server.py");
