//! The tools that an agent calls: list, search, read, edit, write, run, output and kill; and
//! those that MCP servers offer ([`mcp`]).
//!
//! An agent's files are not a folder but a commit ([`Tree`]), read and written through
//! [`tenfold_workspace::Workspace`]. A tool that changes files makes a new commit on top and
//! says which ([`Done::at`]); so a crash loses nothing, and every step can be gone back to.
//!
//! One tool, one file; [`mod@call`] is the registry. What goes wrong for the model (no such file,
//! a text that is there twice) is an answer in words that it can act on, never an error.
//! Nothing here runs a command: `run`, `output` and `kill` are only described here, and the
//! engine performs them.

mod arguments;
pub mod call;
pub mod edit;
mod endings;
mod files;
#[cfg(test)]
mod ground;
mod hits;
pub mod kill;
pub mod list;
pub mod mcp;
mod near;
mod numbered;
pub mod output;
mod path;
pub mod read;
pub mod replace;
mod reply;
pub mod run;
mod schema;
mod scope;
pub mod search;
mod secret;
pub mod shell;
mod shown;
mod squeezed;
pub mod stream;
mod tree;
pub mod write;

pub use call::{Call, FileCall, in_words, specs};
pub use path::place;
pub use reply::MAX_REPLY_BYTES;
pub use run::MAX_OUTPUT_BYTES;
pub use tree::{Done, Tree};
