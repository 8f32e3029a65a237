//! What all requests share: the bank and its blocks, the models and their names, the way to
//! providers, the counters.

use std::sync::Arc;

use tokio::sync::Semaphore;

use crate::again::Kept;
use crate::blocks::Blocks;
use crate::far::Client;
use crate::metrics::Metrics;
use crate::names::Names;
use crate::{Bank, Gate, Terms};

pub(crate) struct House {
    pub(crate) bank: Arc<dyn Bank>,
    pub(crate) gate: Arc<dyn Gate>,
    pub(crate) blocks: Blocks,
    pub(crate) names: Names,
    pub(crate) terms: Terms,
    pub(crate) client: Client,
    pub(crate) metrics: Metrics,
    pub(crate) kept: Kept,
    /// Room for the bodies of requests, in kilobytes.
    pub(crate) room: Arc<Semaphore>,
}
