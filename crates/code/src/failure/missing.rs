//! Names that the output calls undefined: often all there is to do is to write them.

use std::collections::HashSet;
use std::sync::LazyLock;

use regex::RegexSet;

/// How the languages say that there is no such name, which the group holds.
const FORMS: [&str; 21] = [
    r"cannot import name '([^']+)'",
    r"No module named '([^']+)'",
    r"(?:module|type object) '[^']+' has no attribute '([^']+)'",
    // Python's own types are written small, and lack nothing.
    r"'_*[A-Z][\w.]*' object has no attribute '([^']+)'",
    r"NameError: (?:free variable |cannot access free variable |name )'([^']+)'",
    r"UnboundLocalError: (?:cannot access )?local variable '([^']+)'",
    r"cannot find (?:function|value|type|macro|struct|trait|derive macro|attribute|tuple struct|unit struct|associated function|method|crate|module)[^`]* `([^`]+)`",
    r"unresolved import `([^`]+)`",
    r"no (?:method|function or associated item|associated item|variant|variant or associated item|associated function or constant) named `([^`]+)` found",
    r"no field `([^`]+)` on type",
    r"no `([^`]+)` in `",
    r"(?:TypeError: |^\s*)(?:\(0 , )?((?:[\w$]+\.)*[\w$]+)\)? is not a (?:function|constructor)",
    r"ReferenceError: ([\w$]+) is not defined",
    r"Cannot find module '(\.[^']+)'",
    r"TS2304: Cannot find name '([^']+)'",
    r"TS2339: Property '([^']+)' does not exist",
    r"TS2305: .* has no exported member '([^']+)'",
    r"does not provide an export named '([^']+)'",
    r"undefined: ([\w.]+)",
    r"has no field or method (\w+)",
    r"symbol: +(?:variable|class|method) (\w+)",
];

pub(super) fn names(lines: &[&str]) -> Vec<String> {
    static SET: LazyLock<(RegexSet, Vec<regex::Regex>)> = LazyLock::new(|| {
        let compile = |form| regex::Regex::new(form).expect("compiled by the tests");
        let set = RegexSet::new(FORMS).expect("compiled by the tests");
        (set, FORMS.into_iter().map(compile).collect())
    });
    let mut seen = HashSet::new();
    let mut names = Vec::new();
    for line in lines.iter().filter(|line| !line.contains("'NoneType' object")) {
        for form in SET.0.matches(line) {
            for captures in SET.1[form].captures_iter(line) {
                let name = captures[1].rsplit("::").next().unwrap_or("").to_owned();
                if seen.insert(name.clone()) {
                    names.push(name);
                }
            }
        }
    }
    names
}
