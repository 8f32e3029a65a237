//! Which small mistakes people make: what a change would have to undo.
//!
//! A model's scores say what it expects to read, not what is written wrongly. There are many
//! names that might stand in the place of one, and each by itself is a rare mistake; there are
//! few operators, numbers and words of the language, and those are mixed up often. The figures
//! are about half of what fifty-five seeded faults show, but for what is usual: nearer to the whole
//! of it, 118 lines that were broken elsewhere have their right change further in front.

use super::names::is_word;

/// A sign, a number or a word of the language for another of its kind, or one that is too much.
const USUAL: f64 = 2.5;
/// A negation that is missing or too much: whatever a condition asks, it may be asked the wrong way
/// round, and the model, which knows what is asked mostly, need not expect it.
const NEGATED: f64 = 4.5;
/// A name for its opposite, which is one of many and yet as usual as a wrong sign: the model, which
/// knows what goes with the one that stands there, hardly ever expects it.
const OPPOSITE: f64 = 4.0;
/// A name that is missing.
const NAME_MISSING: f64 = -2.0;
/// A word of the language where a name stood, if it is no value.
const NO_NAME: f64 = -3.0;
/// Anything else for anything else.
const UNUSUAL: f64 = -0.75;
/// How much likelier a fault is in a function that takes or sets a name and does not use it, and
/// how much likelier something is missing there. (Of 1,403 functions of six libraries 7 % have
/// such a name; where one of their statements is taken out, 29 %.)
pub(super) const IDLE_PLACE: f64 = 1.8;
pub(super) const IDLE_GAP: f64 = 2.0;
/// How much likelier what uses that name is right there than what does not; a natural logarithm.
const TAKEN_UP: f64 = 2.0;
/// How much likelier a change of a statement is right that is rid of a name which is not there, and
/// one that still uses it; a natural logarithm.
const RID_OF_MISSING: f64 = 2.5;
const USES_MISSING: f64 = -3.0;
/// Words of the languages that are no names.
const WORDS: [&str; 24] = [
    "and", "break", "continue", "elif", "else", "Err", "false", "False", "for", "if", "in", "is",
    "let", "mut", "nil", "None", "not", "null", "Ok", "or", "return", "Some", "true", "True",
];

/// Those of them that are values.
const VALUES: [&str; 7] = ["false", "False", "nil", "None", "null", "true", "True"];

/// What is one for the other by a slip of thought.
const OPPOSITES: [(&str, &str); 62] = [
    ("above", "below"),
    ("add", "remove"),
    ("add", "sub"),
    ("after", "before"),
    ("all", "any"),
    ("append", "extend"),
    ("back", "front"),
    ("begin", "end"),
    ("bottom", "top"),
    ("ceil", "floor"),
    ("child", "parent"),
    ("close", "open"),
    ("column", "row"),
    ("dec", "inc"),
    ("decode", "encode"),
    ("denominator", "numerator"),
    ("disable", "enable"),
    ("down", "up"),
    ("dst", "src"),
    ("end", "start"),
    ("ends", "starts"),
    ("endswith", "startswith"),
    ("err", "ok"),
    ("even", "odd"),
    ("find", "rfind"),
    ("first", "last"),
    ("ge", "gt"),
    ("ge", "le"),
    ("get", "set"),
    ("greater", "less"),
    ("gt", "lt"),
    ("head", "tail"),
    ("height", "width"),
    ("hi", "lo"),
    ("high", "low"),
    ("index", "rindex"),
    ("inner", "outer"),
    ("insert", "remove"),
    ("key", "value"),
    ("keys", "values"),
    ("le", "lt"),
    ("leading", "trailing"),
    ("least", "most"),
    ("left", "right"),
    ("ljust", "rjust"),
    ("load", "store"),
    ("lower", "upper"),
    ("lstrip", "rstrip"),
    ("max", "min"),
    ("maximum", "minimum"),
    ("new", "old"),
    ("next", "previous"),
    ("none", "some"),
    ("partition", "rpartition"),
    ("pop", "push"),
    ("prefix", "suffix"),
    ("read", "write"),
    ("rsplit", "split"),
    ("shift", "unshift"),
    ("skip", "take"),
    ("source", "target"),
    ("start", "stop"),
];

/// How much likelier a change of code is to mend a fault than its words say by themselves: a
/// natural logarithm, 0 for one name in the place of another.
pub(super) fn usual(old: &str, new: &str) -> f64 {
    let (old, new) = (words(old), words(new));
    let (old, new) = differing(&old, &new);
    let named = |words: &[&str]| words.iter().any(|word| kind(word) == Kind::Name);
    match (old, new) {
        (["!" | "not"], []) | ([], ["!" | "not"]) => NEGATED,
        ([_, ..], []) if !named(old) => USUAL,
        ([], _) if named(new) => NAME_MISSING,
        ([_, ..], []) | ([], _) => 0.0,
        ([a], [b]) if kind(a) == kind(b) && kind(a) != Kind::Name => USUAL,
        ([a], [b]) if kind(a) == kind(b) && are_opposites(a, b) => OPPOSITE,
        ([a], [b]) if kind(a) == kind(b) => 0.0,
        ([a], [b]) if kind(a) == Kind::Name && kind(b) == Kind::Word && !VALUES.contains(b) => {
            NO_NAME
        }
        _ if exchanged(old, new) => 0.0,
        _ => UNUSUAL,
    }
}

/// How much likelier another text of a function is right than its words say, for using a name that
/// the function takes or sets and did not use: a natural logarithm.
pub(super) fn taken_up(idle: &[String], old: &str, new: &str) -> f64 {
    let taken = |name: &String| times(new, name) > times(old, name);
    if idle.iter().any(taken) { TAKEN_UP } else { 0.0 }
}

/// How much likelier another text of a statement is right than its words say, where the statement
/// uses a name that the check says is not there: a natural logarithm.
pub(super) fn without(missing: &[String], old: &str, new: &str) -> f64 {
    let used: Vec<&String> = missing.iter().filter(|name| times(old, name) > 0).collect();
    match used.iter().any(|name| times(new, name) < times(old, name)) {
        _ if used.is_empty() => 0.0,
        true => RID_OF_MISSING,
        false => USES_MISSING,
    }
}

fn times(text: &str, name: &str) -> usize {
    words(text).into_iter().filter(|word| *word == name).count()
}

/// Whether a word is none that people choose.
pub(super) fn is_word_of_language(word: &str) -> bool {
    WORDS.contains(&word)
}

#[derive(PartialEq, Eq)]
enum Kind {
    Name,
    Number,
    Word,
    Sign,
}

fn kind(word: &str) -> Kind {
    match word.chars().next() {
        Some(c) if c.is_ascii_digit() => Kind::Number,
        Some(c) if is_word(c) && !WORDS.contains(&word) => Kind::Name,
        Some(c) if is_word(c) => Kind::Word,
        _ => Kind::Sign,
    }
}

/// Words, numbers, operators; every other sign by itself.
fn words(text: &str) -> Vec<&str> {
    let operator = |c: char| "=<>!&|+-*/%^~".contains(c);
    let mut words = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        let length = if is_word(first) {
            rest.find(|c| !is_word(c))
        } else if operator(first) {
            rest.find(|c| !operator(c))
        } else {
            Some(first.len_utf8())
        };
        let (word, after) = rest.split_at(length.unwrap_or(rest.len()));
        words.push(word);
        rest = after.trim_start();
    }
    words
}

/// What is left of both without what they begin and end with alike.
fn differing<'w, 't>(old: &'w [&'t str], new: &'w [&'t str]) -> (&'w [&'t str], &'w [&'t str]) {
    let front = old.iter().zip(new).take_while(|(a, b)| a == b).count();
    let (old, new) = (&old[front..], &new[front..]);
    let back = old.iter().rev().zip(new.iter().rev()).take_while(|(a, b)| a == b).count();
    (&old[..old.len() - back], &new[..new.len() - back])
}

/// Whether two names are the same but for a part that says the opposite.
fn are_opposites(a: &str, b: &str) -> bool {
    let parts = |name: &str| name.split('_').map(str::to_ascii_lowercase).collect::<Vec<_>>();
    let (a, b) = (parts(a), parts(b));
    let others: Vec<(&String, &String)> = a.iter().zip(&b).filter(|(a, b)| a != b).collect();
    let [(one, other)] = others.as_slice() else { return false };
    let pair = |(x, y): &(&str, &str)| (one == x && other == y) || (one == y && other == x);
    a.len() == b.len() && OPPOSITES.iter().any(pair)
}

/// Whether both hold the same words in another order.
fn exchanged(old: &[&str], new: &[&str]) -> bool {
    let (mut old, mut new) = (old.to_vec(), new.to_vec());
    old.sort_unstable();
    new.sort_unstable();
    old == new
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_words_are_mixed_up_more_often_than_many() {
        for (old, new) in [
            (" <", " <="),
            ("x[1]", "x[0]"),
            ("True", "False"),
            ("a and b", "a or b"),
            ("x - 1]", "x]"),
        ] {
            assert_eq!(usual(old, new), USUAL, "{old} {new}");
        }
        for (old, new) in [("min(a", "max(a"), ("row.start", "row.end"), ("old_key", "new_key")] {
            assert_eq!(usual(old, new), OPPOSITE, "{old} {new}");
        }
        for (old, new) in [("base", "size"), ("", " + 1"), ("a, b", "b, a"), ("", ""), (".x", "")] {
            assert_eq!(usual(old, new), 0.0, "{old} {new}");
        }
        for (old, new) in [("", " not"), ("a", "not a"), ("", " !"), (" not", ""), ("!x", "x")] {
            assert_eq!(usual(old, new), NEGATED, "{old} {new}");
        }
        assert_eq!(usual("value", "not"), NO_NAME);
        assert_eq!(usual("", ".strip"), NAME_MISSING);
        assert_eq!(usual("value", "None"), UNUSUAL);
    }

    #[test]
    fn a_name_that_is_not_there_is_to_go() {
        let missing = ["line".to_owned()];
        for (new, told) in [
            ("x = f(other.y)", RID_OF_MISSING),
            ("x = g(line.y)", USES_MISSING),
            ("x = f(liner)", RID_OF_MISSING),
        ] {
            assert_eq!(without(&missing, "x = f(line.y)", new), told, "{new}");
        }
        assert_eq!(without(&missing, "x = f(0)", "x = f(1)"), 0.0);
    }

    #[test]
    fn a_name_that_nothing_used_is_taken_up() {
        let idle = ["base".to_owned()];
        for (old, new, told) in [
            ("index", "base", TAKEN_UP),
            ("x = 1", "x = f(base)", TAKEN_UP),
            ("base = 1", "base = 2", 0.0),
            ("a", "database", 0.0),
        ] {
            assert_eq!(taken_up(&idle, old, new), told, "{old} {new}");
        }
    }
}
