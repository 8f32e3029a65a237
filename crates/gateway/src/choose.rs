//! Who says in which order the models of `tenfold/auto` are asked. The program puts what was learned
//! of its own work behind this; nothing here knows what that is.

use tenfold_domain::NanoUsd;

/// Orders models for one request.
pub trait Chooser: Send + Sync + 'static {
    /// The order for a request of so many bytes among these models, which all can take it. Called
    /// for each request: it reads memory, and never waits.
    fn order(&self, bytes: u64, candidates: &[Candidate<'_>]) -> Chosen;
}

/// A model that can be chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Candidate<'a> {
    /// Its name.
    pub name: &'a str,
    /// What the request is likely to cost with it.
    pub cost: NanoUsd,
}

/// What was chosen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chosen {
    /// Places among the candidates, the first to be asked first. One that is missing is not asked.
    pub order: Vec<usize>,
    /// Why, in a line for people.
    pub why: String,
}

/// Knows nothing of models but what they cost.
#[derive(Debug, Clone, Copy, Default)]
pub struct CheapestFirst;

impl Chooser for CheapestFirst {
    fn order(&self, _: u64, candidates: &[Candidate<'_>]) -> Chosen {
        let mut order: Vec<usize> = (0..candidates.len()).collect();
        order.sort_by_key(|place| candidates[*place].cost);
        Chosen { order, why: "the cheapest that takes the request".to_owned() }
    }
}
