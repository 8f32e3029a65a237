//! The person's repository: snapshots, checkouts, diffs, accepting and undoing.
//!
//! A [`Workspace`] keeps what it needs in a git directory of Tenfold's own. The person's files
//! are read, byte for byte, by descriptor and without following links; git itself only ever
//! sees objects. So nothing that lies in a work tree or in a configuration (hooks, filters,
//! attributes, monitors, external diffs, nested repositories) can make the host run anything,
//! and the person's index, stash, HEAD and branches stay as they are.
//!
//! Nothing here runs a command but `git`, opens a connection, or prints.

mod branch;
mod checkout;
mod diff;
mod error;
mod folder;
mod git;
mod import;
mod in_place;
mod known;
mod merge;
mod own;
mod patterns;
mod person;
mod place;
mod put_back;
mod rules;
mod seen;
mod snapshot;
mod sought;
mod squash;
mod store;
mod tree;
mod walk;
mod workspace;

pub use branch::AcceptedBranch;
pub use checkout::CHECKOUT_TIME_SECONDS;
pub use diff::{ChangeKind, ChangedFile, ShownLine};
pub use error::{Conflict, ConflictHunk, ConflictReason, WorkspaceError};
pub use in_place::InPlace;
pub use own::{Own, OwnAlone, Untouched};
pub use patterns::{CheckFileGroup, Patterns, check_file_groups};
pub use person::Person;
pub use snapshot::{FileChange, Snapshot};
pub use sought::{Interest, Sighted, Sought};
pub use tree::{FileKind, TreeFile, is_hidden};
pub use workspace::Workspace;
