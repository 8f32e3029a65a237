//! What the names in a change tell of it: whether the file has them, and has them so.
//!
//! Apart, because it holds for what is read off a score and for what the model writes whole.

use std::collections::BTreeSet;
use std::ops::Range;

use tenfold_code::Use;

use super::mistakes;

/// What it counts that a name stands nowhere else in the file,
const UNHEARD_OF: f64 = -4.0;
/// that a function's does, which may be the language's own,
const UNHEARD_OF_CALL: f64 = -1.0;
/// that a name does which is used otherwise there, since what is a value is no part of one,
const MISUSED: f64 = -3.0;
/// and that one does of which no part is used there.
const PARTLESS: f64 = -1.5;
/// The same of a part that a statement names which the model wrote whole.
const INVENTED: f64 = -2.0;

/// The names that a file uses anywhere, and how.
pub(super) type Uses<'n> = BTreeSet<(&'n str, Use)>;

/// How much less likely a change of a text is right for the strangest of the names that are new in
/// it: one that the file uses nowhere, or never so. Comes with the changed text, and where it is
/// changed. A natural logarithm, zero or less.
pub(super) fn strange(uses: &Uses<'_>, text: &str, (changed, own): (&str, &Range<usize>)) -> f64 {
    let touched = |word: &Range<usize>| word.start < own.end && word.end > own.start;
    let stands = |name: &(&str, Use)| words(text).any(|word| used(text, word) == *name);
    let new = words(changed)
        .filter(|word| touched(word) && !ends_quoted(&changed[..word.start]))
        .map(|word| used(changed, word))
        .filter(|name| !stands(name));
    new.map(|name| stranger(uses, name)).fold(0.0, f64::min)
}

fn stranger(uses: &Uses<'_>, (name, used): (&str, Use)) -> f64 {
    let name = name.trim_start_matches('_');
    let number = name.is_empty() || name.starts_with(is_digit);
    if number || mistakes::is_word_of_language(name) {
        return 0.0;
    }
    let known = uses.iter().filter(|(known, _)| known.trim_start_matches('_') == name);
    let known: Vec<Use> = known.map(|(_, how)| *how).collect();
    match used {
        _ if known.contains(&used) => 0.0,
        Use::Value if known.contains(&Use::Whole) => 0.0,
        Use::Whole if known.contains(&Use::Value) => PARTLESS,
        _ if !known.is_empty() => MISUSED,
        Use::Called => UNHEARD_OF_CALL,
        _ => UNHEARD_OF,
    }
}

/// How much less likely a text that the model wrote is right for the parts that it names and the
/// file does not: a small model invents attributes, where it knows what they should be for. What
/// it sets is its to name. A natural logarithm, zero or less.
pub(super) fn invented(uses: &Uses<'_>, text: &str) -> f64 {
    let parts = words(text).filter(|word| {
        let before = &text[..word.start];
        let part = before.trim_end().ends_with('.') && !text[word.start..].starts_with(is_digit);
        part && !ends_quoted(before) && !sets(&text[word.end..])
    });
    let unknown = parts
        .map(|word| used(text, word))
        .filter(|(name, _)| !uses.iter().any(|(known, _)| known == name));
    let counts = unknown.map(|(_, used)| match used {
        Use::Called => UNHEARD_OF_CALL,
        _ => INVENTED,
    });
    counts.fold(0.0, f64::min)
}

/// Whether what stands before a text is given a value by it.
pub(super) fn sets(after: &str) -> bool {
    let after = after.trim_start();
    let after = after.trim_start_matches(['+', '-', '*', '/', '%', '|', '&', '^']);
    after.starts_with('=') && !after.starts_with("==") && !after.starts_with("=>")
}

/// Whether a text ends within quotes.
pub(super) fn ends_quoted(text: &str) -> bool {
    text.bytes().filter(|byte| matches!(byte, b'"' | b'\'')).count() % 2 == 1
}

pub(super) fn is_digit(c: char) -> bool {
    c.is_ascii_digit()
}

/// Whether words are made of it.
pub(super) fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// Where the words of a text are.
fn words(text: &str) -> impl Iterator<Item = Range<usize>> {
    let mut from = 0;
    std::iter::from_fn(move || {
        let start = from + text[from..].find(is_word)?;
        from = start + text[start..].find(|c| !is_word(c)).unwrap_or(text.len() - start);
        Some(start..from)
    })
}

/// A word of a text, and how it is used there.
fn used(text: &str, word: Range<usize>) -> (&str, Use) {
    let (before, after) = (&text[..word.start], &text[word.end..]);
    (&text[word], Use::between(before, after))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_strangest_new_name_counts() {
        let uses = Uses::from([
            ("low", Use::Value),
            ("self", Use::Whole),
            ("high", Use::Member),
            ("f", Use::Called),
        ]);
        let text = "f(low as wide, self.high)";
        for (old, new, counts) in [
            ("low", "self", 0.0),
            ("low", "high", MISUSED),
            ("low", "depth", UNHEARD_OF),
            ("low", "low.high", PARTLESS),
            ("f(", "g(", UNHEARD_OF_CALL),
            ("f(", "low(", MISUSED),
            ("low as wide, self.high", "self.high, low as wide", 0.0),
            ("low", "\"depth\"", 0.0),
            ("low", "1", 0.0),
        ] {
            let at = text.find(old).unwrap();
            let changed = text.replacen(old, new, 1);
            let own = at..at + new.len();
            assert_eq!(strange(&uses, text, (&changed, &own)), counts, "{changed}");
        }
    }

    #[test]
    fn parts_that_the_file_does_not_name_are_taken_for_invented() {
        let uses = Uses::from([("self", Use::Whole), ("_low", Use::Member)]);
        for (text, counts) in [
            ("low = self._low\n", 0.0),
            ("self.high = '.wide' == 0.5\n", 0.0),
            ("low = self._low.copy()\n", UNHEARD_OF_CALL),
            ("low = self.low.copy()\n", INVENTED),
        ] {
            assert_eq!(invented(&uses, text), counts, "{text}");
        }
    }
}
