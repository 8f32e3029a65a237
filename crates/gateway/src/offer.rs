//! What is offered: models, the names for them, and which models are known and held back. It is
//! handed in whole, as often as it changes; a request goes on with what held when it came.

use std::sync::Arc;

use crate::names::Aliases;
use crate::offered::Offered;

/// All that is offered at a moment.
#[derive(Debug, Clone, Default)]
pub struct Offer {
    /// The models that can be asked.
    pub models: Vec<Arc<Offered>>,
    /// Those that are known and can't be.
    pub withheld: Vec<Withheld>,
    /// A person's own names.
    pub aliases: Aliases,
}

impl Offer {
    /// These models, by these names, and nothing held back.
    #[must_use]
    pub fn of(models: Vec<Offered>, aliases: &Aliases) -> Self {
        let models = models.into_iter().map(Arc::new).collect();
        Self { models, withheld: Vec::new(), aliases: aliases.clone() }
    }
}

/// A model that is known and not offered: it has no price, no key, or no file here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Withheld {
    /// Its name.
    pub name: String,
    /// Why, and what to do about it: whoever asks for it reads this.
    pub why: String,
}
