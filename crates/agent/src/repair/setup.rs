//! What an attempt of the repair strategy starts from.

use serde::{Deserialize, Serialize};
use tenfold_domain::{Millis, Seed};

/// All that an attempt starts from; recorded in its first event.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Setup {
    /// What to do, in the person's words; empty: make the check pass.
    pub text: String,
    /// The top of the workspace, as the check sees it.
    pub root: String,
    /// The check; empty if there is none, and then nothing can be verified.
    pub check: String,
    /// The longest that one run of the check may take.
    pub check_timeout: Millis,
    /// From which all random choices come.
    pub seed: Seed,
    /// When to stop, counted from the start of the attempt.
    pub time: Millis,
    /// The most candidates that are checked.
    pub candidates: u32,
    /// How many checks may run at a time.
    pub parallel: u32,
    /// Whether the model fills gaps and scores texts.
    pub infill: bool,
    /// Whether the model chats.
    pub chat: bool,
}
