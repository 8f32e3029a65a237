//! The journal and its projections: what was recorded, kept in one SQLite file.
//!
//! Facts are appended and never changed. A [`Store`] owns the file for writing: one thread
//! writes, and appends that arrive while it syncs share the next transaction. A [`View`] is
//! one consistent moment of the file, from which everything is read. The rows that people
//! list (tasks, attempts, approvals) are folds of the events, kept in the same transaction
//! as the events, and can be built anew from them at any time.
//!
//! All SQL of the workspace is in this crate. It decides nothing: who may spend, what runs
//! next and what a person may do are for others.

mod backup;
mod balances;
mod blob;
mod books;
mod chain;
mod check;
mod columns;
mod compact;
mod connection;
mod error;
mod fate;
mod fold;
mod head;
mod journal;
mod lease;
mod lists;
mod lock;
mod project;
mod query;
mod rows;
mod schema;
mod spending;
mod store;
mod swap;
mod upcast;
mod view;
mod wait;
mod writer;

pub use blob::{BLOB_BYTES_MAX, BlobHash, BlobHashError};
pub use books::{Admitted, Books, BooksError, Sheet, hash_of};
pub use check::Sound;
pub use compact::{Compacted, Compaction};
pub use connection::SETTINGS;
pub use error::StoreError;
pub use fate::{Befalls, Clock, Fate, Moment, Surroundings, Writes};
pub use journal::{About, Changed, EVENT_BYTES_MAX, EventQuery, PAGE_BYTES};
pub use lock::{EngineLock, Holder};
pub use query::TaskQuery;
pub use rows::{AttemptRow, Ending, ProposalRow, ProposalState, Question, TaskRow};
pub use store::{Appended, AttemptStart, Handed, Store};
pub use swap::Swap;
pub use view::{Events, Reader, View};
