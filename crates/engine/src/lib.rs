//! Performs effects, recovers, supervises, runs checks: the one place where strategies,
//! ledger, store, models, sandbox and workspace meet. Never presents anything: what people
//! see is made from the journal, and from [`Progress`] while it happens.

mod approval;
mod attempt;
mod checks;
mod commands;
mod effects;
mod engine;
mod error;
mod inference;
mod layers;
mod meter;
mod places;
mod progress;
mod reading;
mod recovery;
mod replay;
mod review;
mod setup;
mod tooling;
mod trajectory;
mod work;

pub use approval::POLICY_FILE;
pub use engine::{Engine, EngineConfig, Outcome, WorkOptions};
pub use error::{EngineError, ErrorKind};
pub use places::Places;
pub use progress::{Progress, Totals};
pub use reading::resolved;
pub use replay::{ReplayReport, replay};
pub use review::{Accept, Accepted, Undone};
pub use trajectory::{Change, CheckedFor, Effort, Happening, Moment, Told, Trajectory, trajectory};
