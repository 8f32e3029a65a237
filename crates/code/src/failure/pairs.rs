//! What was expected and what there was, told from the message of a failed assertion.
//!
//! Apart, as one table of the forms in which the runners say it.

use std::sync::LazyLock;

use regex::Regex;

/// Longer values than these many bytes are of no use to anyone.
const LONGEST: usize = 400;

/// Forms of a message, the likeliest to be right first; `e` is what was expected, `a` what
/// there was. Assertions of two values without names are read as `assert actual == expected`.
const FORMS: [&str; 12] = [
    r"(?m)^ *left: `?(?P<a>.+?)`?,?\n *right: `?(?P<e>.+?)`?,?$",
    r"(?m)^ *Expected(?: \w+)?: (?P<e>.+)\n(?:.*\n)?? *Received(?: \w+)?: (?P<a>.+)$",
    r"(?s)Expected:\n(?P<e>.+?)\nGot:\n(?P<a>.+?)(?:\n\n|\n?\z)",
    r"expected: ?<(?P<e>.*)> but was: ?<(?P<a>.*)>",
    r"(?m)^ *expected ?: (?P<e>.+)\n *actual ?: (?P<a>.+)$",
    r"(?m)^- Expected\n\+ Received\n\n- (?P<e>.+)\n\+ (?P<a>.+)$",
    r"(?m)\+ expected - actual\n\s*-(?P<a>.+)\n\s*\+(?P<e>.+)$",
    r"(?m)^(?:AssertionError: )?assert (?P<a>[^=\n]+) == (?P<e>[^=\n]+)$",
    r"(?m)^AssertionError: (?P<a>.+?) != (?P<e>.+?)(?: : .*)?$",
    r"(?m)^ *(?P<a>.+) !== (?P<e>.+)$",
    r"(?i)\bgot:? ?(?P<a>[^,;\n]+)[,;]? (?:but )?(?:want(?:ed)?|expected):? (?P<e>[^\n]+)",
    r"(?i)\b(?:want(?:ed)?|expected):? ?(?P<e>[^,;\n]+)[,;]? (?:but )?got:? (?P<a>[^\n]+)",
];

pub(super) fn find(message: &str) -> Option<(String, String)> {
    static PATTERNS: LazyLock<Vec<Regex>> = LazyLock::new(|| {
        let compile = |form| Regex::new(form).expect("a constant pattern, compiled by the tests");
        FORMS.into_iter().map(compile).collect()
    });
    let captures = PATTERNS.iter().find_map(|pattern| pattern.captures(message))?;
    let (expected, actual) = (captures["e"].trim(), captures["a"].trim());
    let fits = |value: &str| !value.is_empty() && value.len() <= LONGEST;
    (fits(expected) && fits(actual)).then(|| (expected.to_owned(), actual.to_owned()))
}
