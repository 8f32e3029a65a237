//! What a policy answers: the verdict, the rule that decided, and every rule that matched.
//!
//! Plain data, so that it can go into a journal as it is. It decides nothing.

use serde::{Deserialize, Serialize};
use tenfold_domain::Verdict;

/// How much of what a rule matched on is kept, in characters.
const MAX_ON_CHARS: usize = 200;

/// What [`Verdict::Ask`] becomes where nobody can be asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Unattended {
    /// It is not done, and the work goes on.
    Deny,
    /// The work waits until somebody comes.
    Park,
}

/// A rule that matched.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Matched {
    /// The rule's name.
    pub rule: String,
    /// What it says.
    pub verdict: Verdict,
    /// What it matched first; of a command the part, with `…` for what only the shell knows. At
    /// most 200 characters.
    pub on: String,
}

/// A policy's answer to one request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decision {
    /// The answer.
    pub verdict: Verdict,
    /// The name of the rule that decided; none if a default did.
    pub rule: Option<String>,
    /// What was decided on, as in [`Matched::on`].
    pub on: String,
    /// Why, for people.
    pub why: String,
    /// Every rule that matched, each once.
    pub matched: Vec<Matched>,
}

impl Decision {
    /// This decision and another that has to be heeded too: the stricter verdict, and what
    /// matched for either.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        let (mut strict, mild) =
            if other.verdict > self.verdict { (other, self) } else { (self, other) };
        for matched in mild.matched {
            if strict.matched.iter().all(|known| known.rule != matched.rule) {
                strict.matched.push(matched);
            }
        }
        strict
    }
}

/// A text that is not too long to be kept.
pub(crate) fn kept(text: &str) -> String {
    match text.char_indices().nth(MAX_ON_CHARS) {
        None => text.to_owned(),
        Some(_) => text.chars().take(MAX_ON_CHARS - 1).chain(['…']).collect(),
    }
}
