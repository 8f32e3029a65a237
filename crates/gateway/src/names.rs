//! What a name stands for: a model, or an order of models of which the first that can answers.
//!
//! It is apart because it is the one place that knows virtual names. In TOML:
//!
//! ```toml
//! # The order of `tenfold/auto`, the cheapest that is good enough first.
//! auto = ["qwen2.5-coder-1.5b", "haiku", "sonnet"]
//!
//! # One's own names: each a model, then what to fall back on.
//! [aliases]
//! fast = ["haiku", "qwen2.5-coder-1.5b"]
//! "gpt-4o" = ["sonnet"]
//! ```

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use serde::Deserialize;
use tenfold_domain::{Tokens, Usage};

use crate::Offered;
use tenfold_models::Price;

/// The order of models that were found good enough, the cheapest first.
pub const AUTO: &str = "tenfold/auto";
/// All models, the cheapest first.
pub const CHEAPEST: &str = "tenfold/cheapest";

/// A person's own names.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Aliases {
    /// The order of [`AUTO`]; without one it is that of [`CHEAPEST`].
    pub auto: Vec<String>,
    /// For each name the models that it stands for, in their order.
    pub aliases: BTreeMap<String, Vec<String>>,
}

/// What is wrong with the names.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NamesError {
    /// An alias stands for a model that there is not.
    #[error(
        "alias '{alias}' names '{model}', and there is no such model; name models of the catalogue"
    )]
    NoModel {
        /// Which alias.
        alias: String,
        /// Which name.
        model: String,
    },
    /// A name is taken.
    #[error("'{0}' can't be an alias: a model or a name of Tenfold's own is called so already")]
    Taken(String),
    /// An alias stands for nothing.
    #[error("alias '{0}' names no model; give it at least one")]
    Empty(String),
}

/// All names.
#[derive(Debug)]
pub(crate) struct Names {
    models: Vec<Arc<Offered>>,
    orders: HashMap<String, Vec<Arc<Offered>>>,
    aliases: Vec<String>,
}

impl Names {
    pub(crate) fn new(models: Vec<Offered>, aliases: &Aliases) -> Result<Self, NamesError> {
        let models: Vec<Arc<Offered>> = models.into_iter().map(Arc::new).collect();
        let mut orders = HashMap::new();
        for model in &models {
            orders.insert(model.name().to_owned(), vec![Arc::clone(model)]);
        }
        let mut cheapest = models.clone();
        cheapest.sort_by_key(|model| usual_cost(model));
        let find = |alias: &str, names: &[String]| {
            let find = |name: &String| {
                let found = models.iter().find(|model| model.name() == name);
                let (alias, model) = (alias.to_owned(), name.clone());
                found.cloned().ok_or(NamesError::NoModel { alias, model })
            };
            names.iter().map(find).collect::<Result<Vec<_>, _>>()
        };
        let auto = match aliases.auto.is_empty() {
            true => cheapest.clone(),
            false => find(AUTO, &aliases.auto)?,
        };
        orders.insert(AUTO.to_owned(), auto);
        orders.insert(CHEAPEST.to_owned(), cheapest);
        for (alias, names) in &aliases.aliases {
            if names.is_empty() {
                return Err(NamesError::Empty(alias.clone()));
            }
            if alias.starts_with("tenfold/") || orders.contains_key(alias) {
                return Err(NamesError::Taken(alias.clone()));
            }
            orders.insert(alias.clone(), find(alias, names)?);
        }
        let aliases = aliases.aliases.keys().cloned().collect();
        Ok(Self { models, orders, aliases })
    }

    /// The models that a name stands for, in their order.
    pub(crate) fn order(&self, name: &str) -> Option<&[Arc<Offered>]> {
        self.orders.get(name).map(Vec::as_slice)
    }

    /// All names that can be asked for, with the models behind each.
    pub(crate) fn all(&self) -> impl Iterator<Item = (&str, &[Arc<Offered>])> {
        let models = self.models.iter().map(|model| model.name());
        let own = [AUTO, CHEAPEST].into_iter().chain(self.aliases.iter().map(String::as_str));
        models.chain(own).filter_map(|name| Some((name, self.order(name)?)))
    }
}

/// What tells the cheaper model: a call of usual shape, three tokens read for each written. One
/// that is priced by time is taken to need half a minute.
fn usual_cost(model: &Offered) -> u64 {
    let usage = Usage { prompt: Tokens(3_000), output: Tokens(1_000), ..Usage::default() };
    let wall = match model.tariff.price {
        Price::Electricity(_) => tenfold_domain::Millis(30_000),
        Price::Free | Price::Listed(_) => tenfold_domain::Millis(0),
    };
    model.tariff.price.cost(usage, wall).0
}

#[cfg(test)]
mod tests {
    use tenfold_domain::NanoUsd;
    use tenfold_models::{Hosted, Protocol, RequestLimits, TokenPrices};

    use super::*;

    fn model(name: &str, dollars: u64) -> Offered {
        let price = NanoUsd::dollars(dollars);
        let hosted = Hosted {
            name: name.to_owned(),
            protocol: Protocol::Openai,
            address: None,
            model: name.to_owned(),
            key: None,
            context: Tokens(8_192),
            price: Some(Price::of_tokens(TokenPrices::of(price, price))),
            listed: None,
            limits: RequestLimits::default(),
        };
        Offered::hosted(&hosted, |_| None).unwrap()
    }

    fn names(toml: &str) -> Result<Names, NamesError> {
        let models = vec![model("dear", 9), model("cheap", 1), model("middle", 3)];
        Names::new(models, &toml::from_str(toml).unwrap())
    }

    fn order(names: &Names, name: &str) -> Vec<String> {
        let order = names.order(name).unwrap_or_default();
        order.iter().map(|model| model.name().to_owned()).collect()
    }

    #[test]
    fn names_stand_for_orders_of_models() {
        let all = names("").unwrap();
        assert_eq!(order(&all, CHEAPEST), ["cheap", "middle", "dear"]);
        assert_eq!(order(&all, AUTO), order(&all, CHEAPEST));
        assert_eq!(order(&all, "dear"), ["dear"]);
        assert!(all.order("other").is_none());
        let own = "auto = ['middle', 'dear']\n[aliases]\nfast = ['cheap', 'middle']";
        let all = names(own).unwrap();
        assert_eq!(order(&all, AUTO), ["middle", "dear"]);
        assert_eq!(order(&all, "fast"), ["cheap", "middle"]);
    }

    #[test]
    fn names_that_stand_for_nothing_or_for_two_things_are_refused() {
        assert!(matches!(names("auto = ['no']"), Err(NamesError::NoModel { .. })));
        assert!(matches!(names("[aliases]\na = []"), Err(NamesError::Empty(_))));
        for taken in ["cheap", "tenfold/mine", "tenfold/auto"] {
            let own = format!("[aliases]\n'{taken}' = ['dear']");
            assert!(matches!(names(&own), Err(NamesError::Taken(_))), "{taken}");
        }
    }
}
