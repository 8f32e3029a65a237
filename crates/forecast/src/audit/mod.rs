//! The audit: are the three observations true of these runs?
//!
//! Altman's "Three observations" (2025) claims that intelligence is roughly the logarithm of the
//! resources behind it, that the price of a given level falls about tenfold a year and lower
//! prices lead to much more use, and that the value of linearly more intelligence is
//! super-exponential. Each is asked of a ledger or a file, by a rule that is stated before the data
//! are looked at, beside rivals that are given the same chance; "not supported" and "not enough
//! data" are answers like any other. What is rendered, and how, is elsewhere: here are numbers, the
//! series to plot, and the sentences that belong beside them.

mod case;
mod finding;
mod growth;
mod price;
mod shape;
mod spend;
pub mod synthetic;
mod training;
mod value;

pub use finding::{Audit, Figure, Finding, Fit, Observation, Plot, Series, Verdict};

use crate::level::{ListPrice, of_runs};
use crate::read::runs::Run;

/// The fewest runs of a model whose mean cost and share solved are taken for its price and level.
const LEAST_RUNS: usize = 20;

const CAVEATS: &[&str] = &[
    "The data are chosen, not random: these are the models, tasks and days that somebody happened \
     to run and to keep. An interval says how far chance alone could have moved a number, and \
     nothing of what that choice did.",
    "No cause is shown. A model that costs more differs from another in more than its cost, and a \
     month in which prices fell differs from others in more than its prices.",
    "'Supported' means that these data agree with the claim, would have shown it if they didn't, \
     and that no rival tried here does better. It doesn't mean that the claim is true elsewhere.",
    "'Intelligence' is read as the share of tasks solved, on its own scale. On another scale \
     another curve would be straight.",
    "Runs that were stopped by a budget or a person look like failures here. Leave them out where \
     there are many.",
];

/// What an audit is made of.
#[derive(Debug, Clone, Copy, Default)]
pub struct Known<'a> {
    /// The runs of a ledger or a file.
    pub runs: &'a [Run],
    /// Dated list prices, for the essay's own case.
    pub prices: &'a [ListPrice],
    /// The level whose price is followed, as a share of tasks solved; the runs' own if `None`.
    pub bar: Option<f64>,
}

/// Asks the three observations of what is known. The order of the runs doesn't matter. What isn't
/// known is said in the finding that lacks it.
pub fn audit(known: Known<'_>) -> Audit {
    let offers = of_runs(known.runs, LEAST_RUNS);
    let bar = known.bar.filter(|bar| bar.is_finite());
    let observations = vec![
        Observation {
            claim: "The intelligence of a model roughly equals the log of the resources used to \
                    train and run it.",
            findings: vec![spend::finding(known.runs), training::finding(known.runs)],
        },
        Observation {
            claim: "The cost to use a given level of AI falls about ten times every twelve months, \
                    and lower prices lead to much more use.",
            findings: vec![
                price::finding(&offers, bar),
                growth::finding(known.runs, &offers, bar),
                case::finding(known.prices),
            ],
        },
        Observation {
            claim: "The socioeconomic value of linearly increasing intelligence is \
                    super-exponential in nature.",
            findings: vec![value::finding(known.runs)],
        },
    ];
    Audit { observations, caveats: CAVEATS }
}
