//! What answers in the place of a provider, for who tries an engine and not a network.

use std::pin::Pin;
use std::sync::Arc;

use tenfold_domain::Turn;

use super::{Provider, ProviderError, Turned, Way};
use crate::Hosted;

/// What comes of a request, which may take its time.
pub type Answers<'a> = Pin<Box<dyn Future<Output = Result<Turned, ProviderError>> + Send + 'a>>;

/// Answers in the place of a provider.
pub trait StandIn: Send + Sync {
    /// What comes of asking a model, as of [`Provider::turn`].
    fn turn<'a>(&'a self, hosted: &'a Hosted, turn: &'a Turn) -> Answers<'a>;
}

impl Provider {
    /// One that nobody speaks with but what this stands in for. It needs no key.
    pub fn standing_in(hosted: &Hosted, stand_in: Arc<dyn StandIn>) -> Self {
        Self { hosted: hosted.clone(), way: Way::StandIn(stand_in) }
    }
}
