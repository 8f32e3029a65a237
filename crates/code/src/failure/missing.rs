//! What the output calls undefined: often all there is to do is to write it.

use std::collections::HashSet;
use std::sync::LazyLock;

use regex::{Regex, RegexSet};
use serde::{Deserialize, Serialize};

/// Something that the output calls undefined.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Missing {
    /// Its name, without the path to it.
    pub name: String,
    /// What it would be.
    pub kind: MissingKind,
}

/// What something missing would be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum MissingKind {
    /// A name within a file: a function, a type, a variable, what a module has.
    Name,
    /// What an object was to have: nothing at the end of a file gives it that.
    Attribute,
    /// A variable of the function that uses it before it is set.
    Local,
    /// A file or a package of its own.
    Module,
}

/// How the languages say that there is no such module, which the group holds.
const MODULES: [&str; 2] = [r"No module named '([^']+)'", r"Cannot find module '(\.[^']+)'"];

/// How they say that a variable is not set yet.
const LOCALS: [&str; 1] = [r"UnboundLocalError: (?:cannot access )?local variable '([^']+)'"];

/// How they say that an object has no such thing. Python's own types are written small, and lack
/// nothing.
const ATTRIBUTES: [&str; 1] = [r"'_*[A-Z][\w.]*' object has no attribute '([^']+)'"];

/// How they say that there is no such name.
const NAMES: [&str; 17] = [
    r"cannot import name '([^']+)'",
    r"(?:module|type object) '[^']+' has no attribute '([^']+)'",
    r"NameError: (?:free variable |cannot access free variable |name )'([^']+)'",
    r"cannot find (?:function|value|type|macro|struct|trait|derive macro|attribute|tuple struct|unit struct|associated function|method|crate|module)[^`]* `([^`]+)`",
    r"unresolved import `([^`]+)`",
    r"no (?:method|function or associated item|associated item|variant|variant or associated item|associated function or constant) named `([^`]+)` found",
    r"no field `([^`]+)` on type",
    r"no `([^`]+)` in `",
    r"(?:TypeError: |^\s*)(?:\(0 , )?((?:[\w$]+\.)*[\w$]+)\)? is not a (?:function|constructor)",
    r"ReferenceError: ([\w$]+) is not defined",
    r"TS2304: Cannot find name '([^']+)'",
    r"TS2339: Property '([^']+)' does not exist",
    r"TS2305: .* has no exported member '([^']+)'",
    r"does not provide an export named '([^']+)'",
    r"undefined: ([\w.]+)",
    r"has no field or method (\w+)",
    r"symbol: +(?:variable|class|method) (\w+)",
];

struct Forms {
    set: RegexSet,
    each: Vec<(Regex, MissingKind)>,
}

impl Forms {
    fn compile() -> Self {
        let modules = MODULES.map(|form| (form, MissingKind::Module));
        let locals = LOCALS.map(|form| (form, MissingKind::Local));
        let attributes = ATTRIBUTES.map(|form| (form, MissingKind::Attribute));
        let names = NAMES.map(|form| (form, MissingKind::Name));
        let forms = || modules.iter().chain(&locals).chain(&attributes).chain(&names);
        let regex = |form| Regex::new(form).expect("compiled by the tests");
        let set = RegexSet::new(forms().map(|(form, _)| form)).expect("compiled by the tests");
        Self { set, each: forms().map(|(form, kind)| (regex(form), *kind)).collect() }
    }
}

/// All that lines call undefined, each once.
pub(super) fn read(lines: &[&str]) -> Vec<Missing> {
    static FORMS: LazyLock<Forms> = LazyLock::new(Forms::compile);
    let mut seen = HashSet::new();
    let mut all = Vec::new();
    for line in lines.iter().filter(|line| !line.contains("'NoneType' object")) {
        for (form, kind) in FORMS.set.matches(line).into_iter().map(|form| &FORMS.each[form]) {
            for captures in form.captures_iter(line) {
                let name = captures[1].rsplit("::").next().unwrap_or("").to_owned();
                if seen.insert(name.clone()) {
                    all.push(Missing { name, kind: *kind });
                }
            }
        }
    }
    all
}
