//! How an attempt ended, as people read it: chores get it by the name that `--json` has, and say
//! it in the words that Tenfold says it in.

use serde_json::Value;
use tenfold_domain::AttemptOutcome;

/// The words for a name; the name itself, if it is none of Tenfold's.
pub(crate) fn words(name: &str) -> String {
    let known: Result<AttemptOutcome, _> = serde_json::from_value(Value::String(name.to_owned()));
    known.map_or_else(|_| name.to_owned(), |outcome| outcome.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_said_in_words_and_one_that_is_not_known_as_it_is() {
        assert_eq!(words("limit-time"), "out of time");
        assert_eq!(words("bench-fault"), "bench-fault");
    }
}
