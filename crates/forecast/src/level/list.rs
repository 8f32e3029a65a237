//! List prices, and what a change of one makes of a model's old result.
//!
//! The price of a level falls too when a model that has reached it gets cheaper. A benchmark's run
//! isn't repeated for that; its cost is followed by the list price of the same model instead.

use std::collections::HashMap;

use jiff::civil::Date;

use super::{Offer, later};
use crate::read::benchmark::Entry;

/// Tokens of prompts per token of output where nobody counted them: three to one, as price
/// comparisons commonly blend them.
const PROMPT_PER_OUTPUT: f64 = 3.0;

/// A price that is raised or taken back within so many days was a mistake of the list.
const STANDS_DAYS: i64 = 7;

/// What a provider asks for a model from a day on.
#[derive(Debug, Clone, PartialEq)]
pub struct ListPrice {
    /// The day.
    pub date: Date,
    /// The model, as the list calls it.
    pub model: String,
    /// Who sells it, as the list calls them.
    pub provider: String,
    /// Dollars for a million tokens of prompts; above zero.
    pub input: f64,
    /// Dollars for a million tokens of output; above zero.
    pub output: f64,
}

impl ListPrice {
    /// Dollars for a million tokens, of which so many are of prompts for each one of output.
    pub fn blended(&self, prompt_per_output: f64) -> f64 {
        (self.input * prompt_per_output + self.output) / (prompt_per_output + 1.0)
    }
}

/// The offers of a benchmark's whole run that changes of list prices have made after the run: the
/// run's cost, times the new price over the one at the day of the run, of the same model at the
/// same provider. Runs that no list knows, or not yet on that day, give none.
///
/// A name that a provider moves on to its next model is taken as one model, so that its quality
/// may have risen in the meantime.
pub fn after_the_run(entries: &[Entry], prices: &[ListPrice]) -> Vec<Offer> {
    let lists = by_name(prices);
    let mut offers = Vec::new();
    for entry in entries {
        let Some((dollars, listed)) = entry.dollars.zip(entry.listed.as_deref()) else { continue };
        let blend = entry.prompt_per_output.unwrap_or(PROMPT_PER_OUTPUT);
        for list in lists.get(listed).into_iter().flatten() {
            let Some(then) = list.iter().rfind(|price| price.date <= entry.date) else { continue };
            let then = then.blended(blend);
            offers.extend(list.iter().filter(|price| price.date > entry.date).map(|price| {
                let dollars = dollars * price.blended(blend) / then;
                let (date, model) = (price.date, entry.model.clone());
                Offer { date, model, quality: entry.quality, dollars }
            }));
        }
    }
    offers
}

/// Offers of a million tokens at list price, three of prompts for each one of output, of models
/// whose quality a benchmark has told: from the day of the run or of the price on, whichever is
/// later. How many tokens a model takes for its work is not in it.
pub fn at_list_price(entries: &[Entry], prices: &[ListPrice]) -> Vec<Offer> {
    let lists = by_name(prices);
    let mut offers = Vec::new();
    for entry in entries {
        let Some(listed) = entry.listed.as_deref() else { continue };
        for list in lists.get(listed).into_iter().flatten() {
            let at_run = list.iter().rposition(|price| price.date <= entry.date).unwrap_or(0);
            offers.extend(list[at_run..].iter().map(|price| {
                let (date, model) = (price.date.max(entry.date), entry.model.clone());
                let dollars = price.blended(PROMPT_PER_OUTPUT);
                Offer { date, model, quality: entry.quality, dollars }
            }));
        }
    }
    offers
}

/// The prices of each model at each provider in order of their days, by all names they may be
/// asked for: as listed, and without what stands before the model.
fn by_name(prices: &[ListPrice]) -> HashMap<String, Vec<Vec<&ListPrice>>> {
    let mut series: HashMap<(&str, &str), Vec<&ListPrice>> = HashMap::new();
    for price in prices {
        series.entry((&price.model, &price.provider)).or_default().push(price);
    }
    let mut names: HashMap<String, Vec<Vec<&ListPrice>>> = HashMap::new();
    let mut series: Vec<_> = series.into_iter().collect();
    series.sort_by_key(|(key, _)| *key);
    for ((model, provider), mut list) in series {
        list.sort_by_key(|price| price.date);
        let list = without_mistakes(list);
        let bare = model.strip_prefix(provider).and_then(|rest| rest.strip_prefix('/'));
        let qualified = if bare.is_none() { Some(format!("{provider}/{model}")) } else { None };
        let names_of = [Some(model.to_owned()), bare.map(str::to_owned), qualified];
        for name in names_of.into_iter().flatten() {
            names.entry(name).or_default().push(list.clone());
        }
    }
    names
}

/// The prices that were not raised again at once.
fn without_mistakes(list: Vec<&ListPrice>) -> Vec<&ListPrice> {
    let raised = |(price, next): (&&ListPrice, &&ListPrice)| {
        next.date <= later(price.date, STANDS_DAYS) && next.blended(3.0) > price.blended(3.0)
    };
    let next = list.iter().skip(1).map(Some).chain([None]);
    let kept = list.iter().zip(next);
    kept.filter(|(price, next)| !next.is_some_and(|next| raised((price, next))))
        .map(|(price, _)| *price)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn price(date: &str, input: f64, output: f64) -> ListPrice {
        let (model, provider) = ("vendor/a".to_owned(), "vendor".to_owned());
        ListPrice { date: date.parse().unwrap(), model, provider, input, output }
    }

    fn entry(listed: &str) -> Entry {
        Entry {
            date: "2025-03-01".parse().unwrap(),
            model: "A".into(),
            listed: Some(listed.into()),
            quality: 0.6,
            dollars: Some(10.0),
            prompt_per_output: Some(1.0),
        }
    }

    #[test]
    fn a_cut_makes_an_old_result_cheaper() {
        let prices = [price("2025-02-01", 4.0, 8.0), price("2025-06-01", 1.0, 2.0)];
        for name in ["vendor/a", "a"] {
            let offers = after_the_run(&[entry(name)], &prices);
            assert_eq!(offers.len(), 1);
            assert_eq!((offers[0].dollars, offers[0].quality), (2.5, 0.6));
            assert_eq!(offers[0].date.to_string(), "2025-06-01");
        }
        assert!(after_the_run(&[entry("b")], &prices).is_empty());
        assert!(
            after_the_run(&[entry("a")], &prices[1..]).is_empty(),
            "none on the day of the run"
        );
    }

    #[test]
    fn a_price_that_is_taken_back_at_once_was_a_mistake() {
        let mut prices = vec![price("2025-02-01", 4.0, 8.0), price("2025-06-01", 0.1, 0.1)];
        prices.push(price("2025-06-03", 4.0, 8.0));
        let offers = after_the_run(&[entry("a")], &prices);
        assert_eq!(offers.iter().map(|offer| offer.dollars).collect::<Vec<_>>(), [10.0]);
    }

    #[test]
    fn a_list_price_counts_once_the_quality_is_known() {
        let prices = [price("2025-01-01", 8.0, 8.0), price("2025-02-01", 4.0, 8.0)];
        let offers = at_list_price(&[entry("a")], &prices);
        assert_eq!(offers.len(), 1, "what it cost before the run doesn't count");
        assert_eq!((offers[0].dollars, offers[0].date), (5.0, entry("a").date));
    }
}
