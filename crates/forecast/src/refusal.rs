//! Why there is no answer.

/// Why nothing is estimated. Its text is shown to people as it is.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Refusal {
    /// Less is known than an answer takes.
    #[error("{have} {of} are known, and an answer takes {need}")]
    TooFew {
        /// What is counted, in the plural: "solved tasks", "dated runs".
        of: &'static str,
        /// How many are there.
        have: usize,
        /// How many it takes.
        need: usize,
    },
    /// The question lies beyond what the data say anything of.
    #[error("nothing is known beyond {known} {unit}, and {asked} was asked for")]
    Beyond {
        /// What was asked for.
        asked: f64,
        /// How far an answer goes.
        known: f64,
        /// The unit of both: "dollars", "steps".
        unit: &'static str,
    },
    /// A number is not one that can be: not finite, or negative where nothing negative can be.
    #[error("{what} is {number}, which can't be")]
    Nonsense {
        /// What it is a number of.
        what: &'static str,
        /// The number.
        number: f64,
    },
    /// All that is known is alike, so that it says nothing about what is asked.
    #[error("{0}")]
    Alike(&'static str),
}
