//! What all requests share: the bank and its blocks, the models and their names, the way to
//! providers, the counters.

use std::sync::{Arc, PoisonError, RwLock};

use crate::again::Kept;
use crate::blocks::Blocks;
use crate::far::Client;
use crate::metrics::Metrics;
use crate::names::Names;
use crate::room::Room;
use crate::{Bank, Chooser, Gate, Terms, Traces};

pub(crate) struct House {
    pub(crate) bank: Arc<dyn Bank>,
    pub(crate) gate: Arc<dyn Gate>,
    pub(crate) chooser: Arc<dyn Chooser>,
    pub(crate) traces: Arc<dyn Traces>,
    pub(crate) blocks: Blocks,
    /// The names as they are now.
    pub(crate) names: RwLock<Arc<Names>>,
    /// The bounds as they are now.
    pub(crate) terms: RwLock<Terms>,
    pub(crate) client: Client,
    pub(crate) metrics: Metrics,
    pub(crate) kept: Kept,
    /// Room for the bodies of requests.
    pub(crate) room: Arc<Room>,
}

impl House {
    /// What is offered now. A request asks once, and goes on with that.
    pub(crate) fn names(&self) -> Arc<Names> {
        Arc::clone(&self.names.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// The bounds of now.
    pub(crate) fn terms(&self) -> Terms {
        *self.terms.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Goes by other bounds from now on.
    pub(crate) fn set(&self, terms: Terms) {
        *self.terms.write().unwrap_or_else(PoisonError::into_inner) = terms;
    }

    /// Offers something else from now on.
    pub(crate) fn rename(&self, names: Names) {
        *self.names.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(names);
    }
}
