//! Who answers a request that is asked once: nobody checks the answer, so nothing is learned from it,
//! and no other rung follows where it is poor.
//!
//! It is apart from the rest of the cascade because there is no sequence to find and nothing to be
//! drawn: what is worth most now comes first. What is known of a model comes from tasks that were
//! checked, which is the nearest there is.

use std::fmt;

use super::why::Dollars;

/// A good answer is worth so many times what the dearest model would cost for it: a tenth more
/// chance of one is worth the whole price of that model.
const WORTH: f64 = 10.0;

/// A model that can answer.
#[derive(Debug, Clone, PartialEq)]
pub struct Answerer {
    /// Its name.
    pub name: String,
    /// The chance that its answer is good enough; `None` as long as the past says nothing.
    pub chance: Option<f64>,
    /// How many of its own attempts that is known from.
    pub attempts: usize,
    /// What the answer is likely to cost, in dollars.
    pub dollars: f64,
}

/// In which order they are asked, the first first: by chance × worth − cost, or the cheapest first
/// as long as nothing is known. With it the reason, in a line.
pub fn once(answerers: &[Answerer]) -> (Vec<usize>, String) {
    let dearest = answerers.iter().map(|model| model.dollars).fold(0.0, f64::max);
    let worth = if dearest > 0.0 { WORTH * dearest } else { 1.0 };
    let gain = |model: &Answerer| model.chance.map_or(0.0, |chance| chance * worth) - model.dollars;
    let mut order: Vec<usize> = (0..answerers.len()).collect();
    order.sort_by(|a, b| gain(&answerers[*b]).total_cmp(&gain(&answerers[*a])));
    let why = match order.as_slice() {
        [] => "no model can take it".to_owned(),
        [first, rest @ ..] if answerers[*first].chance.is_none() => {
            let among = if rest.is_empty() { "the only one" } else { "the cheapest" };
            let why = "nothing is known yet of how often models are right";
            format!("{among} that takes the request; {why}")
        }
        [first] => format!("the only one that takes the request: {}", answerers[*first]),
        [first, next, ..] => {
            format!("worth most: {}; then {}", answerers[*first], answerers[*next])
        }
    };
    (order, why)
}

impl fmt::Display for Answerer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, chance, attempts, dollars } = self;
        let percent = 100.0 * chance.unwrap_or_default();
        write!(f, "{name} is right in {percent:.0} % of tasks, {} a request", Dollars(*dollars))?;
        match attempts {
            0 => f.write_str(", as far as can be guessed from other models"),
            1 => f.write_str(" (known from 1 attempt)"),
            _ => write!(f, " (known from {attempts} attempts)"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn model(name: &str, chance: Option<f64>, dollars: f64) -> Answerer {
        Answerer { name: name.to_owned(), chance, attempts: 9, dollars }
    }

    fn order(models: &[Answerer]) -> Vec<&str> {
        once(models).0.into_iter().map(|place| &*models[place].name).collect()
    }

    #[test]
    fn a_model_is_worth_its_price_if_it_is_right_so_much_oftener() {
        let large = model("large", Some(0.9), 0.1);
        let small = |chance| model("small", Some(chance), 0.001);
        assert_eq!(order(&[large.clone(), small(0.85)]), ["small", "large"]);
        assert_eq!(order(&[large.clone(), small(0.75)]), ["large", "small"]);
        let (_, why) = once(&[large, small(0.75)]);
        assert_eq!(
            why,
            "worth most: large is right in 90 % of tasks, $0.10 a request (known from 9 \
             attempts); then small is right in 75 % of tasks, $0.0010 a request (known from 9 \
             attempts)"
        );
    }

    #[test]
    fn of_models_that_cost_nothing_the_best_comes_first() {
        assert_eq!(order(&[model("a", Some(0.2), 0.0), model("b", Some(0.3), 0.0)]), ["b", "a"]);
    }

    #[test]
    fn as_long_as_nothing_is_known_the_cheapest_comes_first_and_it_is_said() {
        let models = [model("large", None, 0.1), model("small", None, 0.001)];
        assert_eq!(order(&models), ["small", "large"]);
        assert!(once(&models).1.contains("nothing is known yet"));
    }
}
