//! What a browser is told while it looks: that a task, the ledger or more has changed. How it goes
//! with work that is under way is [`Progress`](tenfold_domain::Progress), as it is.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::task::Card;

/// A task is another: `event: task`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct TaskChanged {
    /// The event of the journal by which that is so.
    pub seq: u64,
    /// As it stands now.
    pub card: Card,
}

/// Something else is another, and has to be read again where it is shown: the ledger, who may sign
/// in, or all of it (`event: ledger`, `people`, `reset`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Changed {
    /// The event of the journal by which that is so.
    pub seq: u64,
}
