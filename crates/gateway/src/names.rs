//! What a name stands for: a model, or an order of models of which the first that can answers.
//!
//! It is apart because it is the one place that knows virtual names.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use tenfold_domain::{NanoUsd, Tokens};

use crate::trouble::Trouble;
use crate::{Offer, Offered, Withheld};

/// The models in the order of what they are likely to be worth for a request, or in a person's own.
pub const AUTO: &str = "tenfold/auto";
/// All models, the cheapest first.
pub const CHEAPEST: &str = "tenfold/cheapest";

/// A person's own names.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Aliases {
    /// The order of [`AUTO`]; without one it is chosen for each request.
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
    /// In the order in which they are listed.
    listed: Vec<String>,
    orders: HashMap<String, Order>,
    /// Whether a person has said what [`AUTO`] is.
    has_own_auto: bool,
}

/// What a name stands for.
#[derive(Debug, Default)]
struct Order {
    models: Vec<Arc<Offered>>,
    /// The first that it stands for and that is held back.
    withheld: Option<Withheld>,
}

impl Names {
    pub(crate) fn new(offer: &Offer) -> Result<Self, NamesError> {
        let Offer { models, withheld, aliases } = offer;
        let mut orders = HashMap::new();
        for model in models {
            let order = Order { models: vec![Arc::clone(model)], withheld: None };
            orders.insert(model.name().to_owned(), order);
        }
        for model in withheld {
            let order = Order { models: Vec::new(), withheld: Some(model.clone()) };
            orders.entry(model.name.clone()).or_insert(order);
        }
        let mut cheapest = models.clone();
        cheapest.sort_by_key(|model| usual_cost(model));
        let first = withheld.first();
        let all = |models| Order { models, withheld: first.cloned() };
        let auto = match aliases.auto.is_empty() {
            true => all(cheapest.clone()),
            false => find(offer, AUTO, &aliases.auto)?,
        };
        orders.insert(AUTO.to_owned(), auto);
        orders.insert(CHEAPEST.to_owned(), all(cheapest));
        for (alias, names) in &aliases.aliases {
            if names.is_empty() {
                return Err(NamesError::Empty(alias.clone()));
            }
            if alias.starts_with("tenfold/") || orders.contains_key(alias) {
                return Err(NamesError::Taken(alias.clone()));
            }
            orders.insert(alias.clone(), find(offer, alias, names)?);
        }
        let own = [AUTO, CHEAPEST].into_iter().chain(aliases.aliases.keys().map(String::as_str));
        let listed = models.iter().map(|model| model.name()).chain(own).map(str::to_owned);
        let (listed, has_own_auto) = (listed.collect(), !aliases.auto.is_empty());
        Ok(Self { listed, orders, has_own_auto })
    }

    /// The models that a name stands for, in their order; one at the least.
    ///
    /// # Errors
    /// [`Trouble::NoModel`] if it stands for nothing; [`Trouble::Withheld`] if all that it stands
    /// for is held back.
    pub(crate) fn order(&self, name: &str) -> Result<&[Arc<Offered>], Trouble> {
        let no_model = || Trouble::NoModel { name: name.to_owned() };
        let order = self.orders.get(name).ok_or_else(no_model)?;
        match &order.withheld {
            _ if !order.models.is_empty() => Ok(&order.models),
            Some(model) => Err(Trouble::Withheld(model.clone())),
            None => Err(no_model()),
        }
    }

    /// Whether the order of this name is chosen for each request.
    pub(crate) fn is_chosen(&self, name: &str) -> bool {
        name == AUTO && !self.has_own_auto
    }

    /// All names that can be asked for, with the models behind each.
    pub(crate) fn all(&self) -> impl Iterator<Item = (&str, &[Arc<Offered>])> {
        self.listed.iter().filter_map(|name| Some((name.as_str(), self.order(name).ok()?)))
    }
}

/// The models that a person's own name stands for.
fn find(offer: &Offer, alias: &str, names: &[String]) -> Result<Order, NamesError> {
    let mut order = Order::default();
    for name in names {
        if let Some(model) = offer.models.iter().find(|model| model.name() == name) {
            order.models.push(Arc::clone(model));
        } else if let Some(model) = offer.withheld.iter().find(|model| model.name == *name) {
            order.withheld.get_or_insert(model.clone());
        } else {
            let (alias, model) = (alias.to_owned(), name.clone());
            return Err(NamesError::NoModel { alias, model });
        }
    }
    Ok(order)
}

/// What tells the cheaper model: a call of usual shape, three tokens read for each written. One
/// that is priced by time is taken to need half a minute.
fn usual_cost(model: &Offered) -> NanoUsd {
    model.likely_cost(Tokens(3_000), Tokens(1_000))
}

#[cfg(test)]
mod tests {
    use tenfold_domain::NanoUsd;
    use tenfold_models::{Hosted, Price, PriceList, Protocol, RequestLimits, TokenPrices};

    use super::*;
    use crate::{Settings, Terms};

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
        let settings = Settings::read(toml, Terms::default()).unwrap();
        let mut offer = Offer::of(models, &settings.aliases);
        let (name, why) = ("poor".to_owned(), "nobody has said what it costs".to_owned());
        offer.withheld.push(Withheld { name, why });
        Names::new(&offer)
    }

    fn order(names: &Names, name: &str) -> Vec<String> {
        let order = names.order(name).unwrap_or_default();
        order.iter().map(|model| model.name().to_owned()).collect()
    }

    #[test]
    fn names_stand_for_orders_of_models() {
        let all = names("").unwrap();
        assert_eq!(order(&all, CHEAPEST), ["cheap", "middle", "dear"]);
        assert!(all.is_chosen(AUTO) && !all.is_chosen(CHEAPEST));
        assert_eq!(order(&all, AUTO), order(&all, CHEAPEST), "what is chosen from");
        assert_eq!(order(&all, "dear"), ["dear"]);
        assert!(matches!(all.order("other"), Err(Trouble::NoModel { .. })));
        let own = "auto = ['middle', 'dear']\n[aliases]\nfast = ['cheap', 'middle']";
        let all = names(own).unwrap();
        assert!(!all.is_chosen(AUTO));
        assert_eq!(order(&all, AUTO), ["middle", "dear"]);
        assert_eq!(order(&all, "fast"), ["cheap", "middle"]);
    }

    #[test]
    fn what_is_held_back_is_left_out_and_says_why_where_nothing_else_is_left() {
        let all = names("[aliases]\nfast = ['poor', 'cheap']\nwell = ['poor']").unwrap();
        assert_eq!(order(&all, "fast"), ["cheap"]);
        for name in ["poor", "well"] {
            let refused = all.order(name).unwrap_err().to_string();
            assert!(refused.contains("'poor'") && refused.contains("costs"), "{refused}");
        }
        let listed: Vec<&str> = all.all().map(|(name, _)| name).collect();
        assert_eq!(listed, ["dear", "cheap", "middle", AUTO, CHEAPEST, "fast"]);
    }

    #[test]
    fn what_is_paid_by_the_second_is_not_taken_for_free() {
        let mut by_time = model("by-time", 0);
        // Half a minute is thirty dollars: between four thousand tokens at a dollar for a million
        // and at nine thousand.
        by_time.tariff.price = PriceList::of_time(NanoUsd::dollars(1)).into();
        let models = vec![by_time, model("dear", 9_000), model("cheap", 1)];
        let all = Names::new(&Offer::of(models, &Aliases::default())).unwrap();
        assert_eq!(order(&all, CHEAPEST), ["cheap", "by-time", "dear"]);
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
