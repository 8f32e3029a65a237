//! Functions, methods and operators that people take for each other.
//!
//! Data only: a family is a line. Which of a pair stands in the text does not matter.

/// Names of which one is easily written for the other.
const PAIRS: &[(&str, &str)] = &[
    ("append", "extend"),
    ("appendleft", "append"),
    ("popleft", "pop"),
    ("pop", "popitem"),
    ("min", "max"),
    ("any", "all"),
    ("lstrip", "rstrip"),
    ("strip", "lstrip"),
    ("startswith", "endswith"),
    ("lower", "upper"),
    ("find", "rfind"),
    ("index", "rindex"),
    ("split", "rsplit"),
    ("partition", "rpartition"),
    ("ljust", "rjust"),
    ("keys", "values"),
    ("items", "keys"),
    ("floor", "ceil"),
    ("floor", "round"),
    ("sorted", "list"),
    ("reversed", "list"),
    ("add", "discard"),
    ("update", "setdefault"),
    ("get", "pop"),
    ("union", "intersection"),
    ("isdigit", "isalpha"),
    ("isupper", "islower"),
    ("capitalize", "title"),
    ("match", "search"),
    ("sub", "subn"),
    ("len", "sum"),
    ("abs", "int"),
    ("int", "float"),
    ("str", "repr"),
    ("tuple", "list"),
    ("bisect_left", "bisect_right"),
    ("next", "list"),
    ("takewhile", "dropwhile"),
    ("is_some", "is_none"),
    ("is_ok", "is_err"),
    ("push", "push_str"),
    ("starts_with", "ends_with"),
    ("to_lowercase", "to_uppercase"),
    ("trim_start", "trim_end"),
    ("first", "last"),
    ("saturating_sub", "saturating_add"),
    ("wrapping_sub", "wrapping_add"),
    ("checked_add", "checked_sub"),
    ("take", "skip"),
    ("take_while", "skip_while"),
    ("count_ones", "count_zeros"),
    ("leading_zeros", "trailing_zeros"),
    ("chunks", "windows"),
    ("next_back", "next"),
    ("is_ascii_digit", "is_ascii_alphabetic"),
    ("floor", "trunc"),
    ("insert", "remove"),
    ("and_then", "or_else"),
    ("len", "capacity"),
];

/// Operators and what they become; a line may stand in for several.
const OPERATORS: &[(&str, &[&str])] = &[
    ("+", &["-"]),
    ("-", &["+"]),
    ("*", &["+", "/"]),
    ("/", &["*"]),
    ("//", &["/", "%"]),
    ("%", &["//"]),
    ("**", &["*"]),
    ("<<", &[">>"]),
    (">>", &["<<"]),
    ("&", &["|"]),
    ("|", &["&"]),
    ("^", &["&"]),
    ("+=", &["-=", "="]),
    ("-=", &["+="]),
    ("*=", &["+="]),
    ("/=", &["*="]),
    ("|=", &["&="]),
    ("&=", &["|="]),
    ("^=", &["|="]),
    ("<<=", &[">>="]),
    (">>=", &["<<="]),
    ("and", &["or"]),
    ("or", &["and"]),
    ("&&", &["||"]),
    ("||", &["&&"]),
    ("==", &["!="]),
    ("!=", &["=="]),
    ("<", &[">"]),
    (">", &["<"]),
    ("<=", &[">="]),
    (">=", &["<="]),
    ("in", &["not in"]),
    ("not in", &["in"]),
    ("is", &["is not"]),
    ("is not", &["is"]),
];

/// Comparisons that differ only at the boundary.
const BOUNDARIES: &[(&str, &str)] = &[("<", "<="), ("<=", "<"), (">", ">="), (">=", ">")];

/// The names that could have been meant instead of this one.
pub(super) fn family(name: &str) -> impl Iterator<Item = &'static str> {
    PAIRS.iter().filter_map(move |(one, other)| match name {
        _ if name == *one => Some(*other),
        _ if name == *other => Some(*one),
        _ => None,
    })
}

/// The operators that this one is mistaken for.
pub(super) fn mistaken(operator: &str) -> &'static [&'static str] {
    OPERATORS.iter().find(|(from, _)| *from == operator).map_or(&[], |(_, to)| *to)
}

/// The comparison that differs from this one only when both sides are equal.
pub(super) fn boundary(operator: &str) -> Option<&'static str> {
    BOUNDARIES.iter().find(|(from, _)| *from == operator).map(|(_, to)| *to)
}

/// What an integer is mistaken for; nothing if it isn't written in plain digits.
pub(super) fn near(integer: &str) -> Vec<String> {
    match integer.parse::<u64>() {
        Ok(0) => vec!["1".to_owned()],
        Ok(n) if n < u64::MAX => vec![(n + 1).to_string(), (n - 1).to_string()],
        _ => Vec::new(),
    }
}
