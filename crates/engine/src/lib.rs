//! Performs effects, recovers, supervises, runs checks: the one place where strategies,
//! ledger, store, models, sandbox and workspace meet. Never presents anything: what people
//! see is made from the journal, and from [`Progress`](tenfold_domain::Progress) while it
//! happens.

mod added;
mod approval;
mod asking;
mod attempt;
mod background;
mod backlog;
mod backup;
mod best;
mod books;
mod branch;
mod checks;
mod commands;
mod effects;
mod egress;
mod engine;
mod error;
mod floor;
mod fork;
mod gate;
mod hand;
mod in_place;
mod inference;
mod layers;
mod meter;
mod outlived;
mod places;
mod proposed;
mod queue;
mod reading;
mod reconcile;
mod recovery;
mod redaction;
mod replay;
mod review;
mod room;
mod servers;
mod setup;
mod snapshots;
mod supervise;
mod surroundings;
mod tooling;
mod trajectory;
mod work;

pub use added::{AddedSecret, added_secrets};
pub use approval::POLICY_FILE;
pub use asking::request_name;
pub use backlog::why_not_begun;
pub use backup::{Copied, back_up, restore};
pub use engine::{Engine, EngineConfig};
pub use error::EngineError;
pub use floor::Watching;
pub use fork::Fork;
pub use places::{Places, Socket};
pub use reading::resolved;
pub use redaction::redactor;
pub use replay::{ReplayReport, replay};
pub use room::{taken, would_make_room};
pub use servers::{Offered, try_server};
pub use supervise::How;
pub use surroundings::{Clock, Providers, Surroundings};
pub use tenfold_tools::in_words;
pub use trajectory::{Change, CheckedFor, Effort, Happening, Moment, Told, Trajectory, trajectory};
