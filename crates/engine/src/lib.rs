//! Performs effects, recovers, supervises, runs checks: the one place where strategies,
//! ledger, store, models, sandbox and workspace meet. Never presents anything: what people
//! see is made from the journal, and from [`Progress`](tenfold_domain::Progress) while it
//! happens.

mod accounts;
mod added;
mod approval;
mod asking;
mod attempt;
mod background;
mod backlog;
mod backup;
mod best;
mod branch;
mod checks;
mod choosing;
mod commands;
mod comments;
mod compact;
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
mod kept;
mod layers;
mod learned;
mod meter;
mod outlived;
mod pasts;
mod people;
mod places;
mod policy_file;
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
mod survey;
mod tooling;
mod trajectory;
mod unseen;
mod work;

pub use added::{AddedSecret, added_secrets};
pub use asking::request_name;
pub use backlog::why_not_begun;
pub use backup::{Copied, back_up, restore};
pub use choosing::{Judged, Next, for_one_answer, judged};
pub use comments::spoken_of;
pub use compact::{CompactTerms, compact, would_compact};
pub use engine::{Engine, EngineConfig};
pub use error::{EngineError, TurnedAway};
pub use floor::Watching;
pub use fork::Fork;
pub use gate::{Leave, Shut};
pub use kept::{Folded, Kept};
pub use learned::{Names, about, dollars, end, nano_usd, trial, work};
pub use pasts::{Fitted, Pasts, REMEMBERED, Taken, Who};
pub use people::{Link, people};
pub use places::{Places, Socket};
pub use policy_file::POLICY_FILE;
pub use reading::resolved;
pub use redaction::redactor;
pub use replay::{ReplayReport, replay};
pub use room::{taken, would_make_room};
pub use servers::{Offered, try_server};
pub use supervise::How;
pub use surroundings::{Clock, Providers, Surroundings};
pub use tenfold_tools::{in_words, specs as tool_specs};
pub use trajectory::{
    Change, CheckedFor, Effort, Happening, Moment, Told, Trajectories, Trajectory, Went,
    json_bytes, trajectory,
};
