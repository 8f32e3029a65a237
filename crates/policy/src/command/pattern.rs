//! A pattern for commands: the first words of one, with `*` and `?` in each.

use super::part::{Kind, Part};
use super::word::Word;
use crate::wildcard::Wildcard;

/// A pattern such as `git push`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct CommandPattern {
    first: Wildcard,
    rest: Vec<Wildcard>,
}

impl CommandPattern {
    /// From a text of words; `None` if there is none.
    pub(crate) fn new(text: &str) -> Option<Self> {
        let mut words = text.split_whitespace().map(Wildcard::new);
        Some(Self { first: words.next()?, rest: words.collect() })
    }

    /// Whether the part begins with just these words.
    pub(crate) fn is_start_of(&self, part: &Part) -> bool {
        let wanted = std::iter::once(&self.first).chain(&self.rest);
        let mut words = part.words.iter();
        wanted
            .into_iter()
            .all(|wanted| words.next().is_some_and(|word| word.is_known() && word.could_be(wanted)))
    }

    /// Whether the part could be what is meant: the program by any path, and the further words
    /// behind it in their order, with any others in between.
    pub(crate) fn could_mean(&self, part: &Part) -> bool {
        let starts = if part.runs_another { part.words.len() } else { 1 };
        let is_named = |word: &Word| match part.kind {
            Kind::Program => word.could_name(&self.first),
            Kind::Setting | Kind::Output => word.could_be(&self.first),
        };
        // Behind the first place stands all that stands behind a later one.
        let start = part.words.iter().take(starts).position(is_named);
        start.is_some_and(|start| part.has_more || self.could_follow(&part.words[start..]))
    }

    fn could_follow(&self, words: &[Word]) -> bool {
        let mut at = 0;
        self.rest.iter().all(|wanted| {
            // A word that is not known is not used up by one match: it may become several.
            let here = &words[at];
            if here.splits || at > 0 && !here.is_known() && here.could_be(wanted) {
                return true;
            }
            let found = words[at + 1..].iter().position(|w| w.splits || w.could_be(wanted));
            found.inspect(|further| at += further + 1).is_some()
        })
    }
}
