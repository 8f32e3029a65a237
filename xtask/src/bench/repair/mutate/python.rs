//! How Python is broken: one rule per kind of node.
//!
//! The match in [`edits`] is the table of the rules. A rule never looks beyond its node and
//! the scope that it is handed.

use std::ops::Range;

use tree_sitter::Node;

use super::names::{boundary, family, mistaken, near};
use super::{Edit, Kind, Scope};
use crate::bench::repair::syntax::{ancestors, children, descendants, parts, text_of};

/// Names that hold an index more often than a key.
const INDEX_NAMES: &[&str] = &[
    "i", "j", "k", "n", "idx", "index", "pos", "start", "end", "stop", "lo", "hi", "left", "right",
];

pub(super) fn is_function(node: Node<'_>) -> bool {
    node.kind() == "function_definition"
}

/// What no rule may touch: type hints, decorators, classes inside functions, and functions
/// that only describe themselves.
pub(super) fn is_off_limits(node: Node<'_>, text: &str) -> bool {
    match node.kind() {
        "type"
        | "decorator"
        | "assert_statement"
        | "import_statement"
        | "import_from_statement" => true,
        "function_definition" => node
            .child_by_field_name("name")
            .is_some_and(|name| matches!(text_of(name, text), "__repr__" | "main" | "_main")),
        "if_statement" => node
            .child_by_field_name("condition")
            .is_some_and(|condition| text_of(condition, text).contains("__name__")),
        _ => false,
    }
}

/// Parameters and assigned names, each once, without `self` and `cls`.
pub(super) fn locals<'t>(function: Node<'_>, text: &'t str) -> Vec<&'t str> {
    let mut names: Vec<&str> = descendants(function)
        .into_iter()
        .filter(|node| node.kind() == "identifier" && is_binding(*node))
        .map(|node| text_of(node, text))
        .filter(|name| !matches!(*name, "self" | "cls" | "_"))
        .collect();
    names.sort_unstable();
    names.dedup();
    names
}

fn is_binding(node: Node<'_>) -> bool {
    let Some(parent) = node.parent() else { return false };
    match parent.kind() {
        "parameters" | "typed_parameter" | "pattern_list" => true,
        "default_parameter" | "typed_default_parameter" => is_field(parent, "name", node),
        "assignment" | "for_statement" => is_field(parent, "left", node),
        _ => false,
    }
}

fn is_field(parent: Node<'_>, field: &str, node: Node<'_>) -> bool {
    parent.child_by_field_name(field) == Some(node)
}

/// All ways to break this node.
pub(super) fn edits(scope: &Scope<'_>, node: Node<'_>) -> Vec<Edit> {
    match node.kind() {
        "binary_operator" | "augmented_assignment" | "boolean_operator" => operator(scope, node),
        "comparison_operator" => comparison(scope, node),
        "integer" => constants(node, near(scope.of(node))),
        "true" => constants(node, ["False"]),
        "false" => constants(node, ["True"]),
        // `is 0` is a warning of its own, so a compared `None` only becomes `False`.
        "none" if is_compared(node) => constants(node, ["False"]),
        "none" => constants(node, ["False", "0"]),
        "identifier" => variable(scope, node),
        "expression_statement"
        | "continue_statement"
        | "break_statement"
        | "delete_statement"
        | "raise_statement" => statement(scope, node),
        "if_statement" => [branch(scope, node), guard(scope, node)].concat(),
        "conditional_expression" => conditional(scope, node),
        "subscript" => subscript(scope, node),
        "slice" => slice(scope, node),
        "call" => [function(scope, node), arguments(scope, node), range(scope, node)].concat(),
        "return_statement" => result(scope, node),
        "not_operator" => not(scope, node),
        _ => Vec::new(),
    }
}

fn is_compared(node: Node<'_>) -> bool {
    node.parent().is_some_and(|parent| parent.kind() == "comparison_operator")
}

fn operator(scope: &Scope<'_>, node: Node<'_>) -> Vec<Edit> {
    let Some(sign) = node.child_by_field_name("operator") else { return Vec::new() };
    let left = node.child_by_field_name("left").map_or("", |left| left.kind());
    // On a string, `%` formats and `+` joins: any other operator fails at once.
    if left == "string" || left == "concatenated_string" {
        return Vec::new();
    }
    mistaken(scope.of(sign))
        .iter()
        .map(|to| (Kind::Operator, sign.byte_range(), (*to).to_owned()))
        .collect()
}

fn comparison(scope: &Scope<'_>, node: Node<'_>) -> Vec<Edit> {
    let mut edits = Vec::new();
    for sign in node.children_by_field_name("operators", &mut node.walk()) {
        let words: Vec<&str> = scope.of(sign).split_whitespace().collect();
        let from = words.join(" ");
        let edge = boundary(&from).map(|to| (Kind::Boundary, sign.byte_range(), to.to_owned()));
        edits.extend(edge);
        let others = mistaken(&from).iter();
        edits.extend(others.map(|to| (Kind::Operator, sign.byte_range(), (*to).to_owned())));
    }
    edits
}

fn constants<T: Into<String>>(node: Node<'_>, others: impl IntoIterator<Item = T>) -> Vec<Edit> {
    // In a subscript an integer is an index, which has rules of its own.
    if ancestors(node).take(2).any(|outer| matches!(outer.kind(), "subscript" | "slice")) {
        return Vec::new();
    }
    others.into_iter().map(|to| (Kind::Constant, node.byte_range(), to.into())).collect()
}

fn variable(scope: &Scope<'_>, node: Node<'_>) -> Vec<Edit> {
    let Some(parent) = node.parent() else { return Vec::new() };
    let read = match parent.kind() {
        "binary_operator"
        | "comparison_operator"
        | "boolean_operator"
        | "argument_list"
        | "subscript"
        | "return_statement"
        | "conditional_expression"
        | "unary_operator"
        | "not_operator"
        | "list"
        | "slice"
        | "yield"
        | "pair"
        | "expression_list" => true,
        "assignment" | "augmented_assignment" | "for_statement" | "for_in_clause" => {
            is_field(parent, "right", node)
        }
        "keyword_argument" => is_field(parent, "value", node),
        "attribute" => is_field(parent, "object", node),
        "if_statement" | "while_statement" | "elif_clause" => is_field(parent, "condition", node),
        _ => false,
    };
    let name = scope.of(node);
    if !read || !scope.locals.contains(&name) {
        return Vec::new();
    }
    let others = scope.locals.iter().filter(|other| **other != name);
    others.map(|other| (Kind::Variable, node.byte_range(), (*other).to_owned())).collect()
}

fn statement(scope: &Scope<'_>, node: Node<'_>) -> Vec<Edit> {
    // A docstring, or a string that stands for a comment, does nothing.
    if parts(node).first().is_some_and(|part| part.kind() == "string") {
        return Vec::new();
    }
    removed(scope, node)
}

/// A short `if` without an `else`, left out: a forgotten special case.
fn guard(scope: &Scope<'_>, node: Node<'_>) -> Vec<Edit> {
    let lines = node.end_position().row - node.start_position().row;
    if node.child_by_field_name("alternative").is_some() || lines > 2 {
        return Vec::new();
    }
    removed(scope, node)
}

fn removed(scope: &Scope<'_>, node: Node<'_>) -> Vec<Edit> {
    let (Some(block), Some(lines)) = (node.parent(), scope.lines(node)) else { return Vec::new() };
    if block.kind() != "block" {
        return Vec::new();
    }
    if parts(block).len() == 1 {
        return vec![(Kind::Statement, node.byte_range(), "pass".to_owned())];
    }
    vec![(Kind::Statement, lines, String::new())]
}

fn branch(scope: &Scope<'_>, node: Node<'_>) -> Vec<Edit> {
    let mut edits = Vec::new();
    if let Some(condition) = node.child_by_field_name("condition") {
        let text = scope.of(condition);
        let negated = match condition.kind() {
            "not_operator" | "named_expression" => None,
            "boolean_operator" | "conditional_expression" => Some(format!("not ({text})")),
            _ => Some(format!("not {text}")),
        };
        edits.extend(negated.map(|text| (Kind::Branch, condition.byte_range(), text)));
    }
    let yes = node.child_by_field_name("consequence");
    let no = node
        .child_by_field_name("alternative")
        .filter(|clause| clause.kind() == "else_clause")
        .and_then(|clause| clause.child_by_field_name("body"));
    if let (Some(yes), Some(no)) = (yes, no) {
        edits.push(swapped(scope, Kind::Branch, yes, no));
    }
    edits
}

/// The two nodes in each other's place, with what stands between them where it was.
fn swapped(scope: &Scope<'_>, kind: Kind, first: Node<'_>, second: Node<'_>) -> Edit {
    let between = &scope.text[first.end_byte()..second.start_byte()];
    let text = format!("{}{between}{}", scope.of(second), scope.of(first));
    (kind, first.start_byte()..second.end_byte(), text)
}

fn conditional(scope: &Scope<'_>, node: Node<'_>) -> Vec<Edit> {
    match parts(node).as_slice() {
        [yes, _, no] => vec![swapped(scope, Kind::Branch, *yes, *no)],
        _ => Vec::new(),
    }
}

/// An index or bound, one more and one less.
fn shifted(scope: &Scope<'_>, node: Node<'_>) -> Vec<Edit> {
    let text = scope.of(node);
    let shifted = match node.kind() {
        "integer" => near(text),
        "identifier" => vec![format!("{text} + 1"), format!("{text} - 1")],
        "binary_operator" if text.ends_with("+ 1") || text.ends_with("- 1") => {
            vec![text[..text.len() - 3].trim_end().to_owned()]
        }
        "unary_operator" if text == "-1" => vec!["0".to_owned(), "-2".to_owned()],
        _ => Vec::new(),
    };
    shifted.into_iter().map(|text| (Kind::Index, node.byte_range(), text)).collect()
}

fn subscript(scope: &Scope<'_>, node: Node<'_>) -> Vec<Edit> {
    let Some(index) = node.child_by_field_name("subscript") else { return Vec::new() };
    if index.kind() == "identifier" && !INDEX_NAMES.contains(&scope.of(index)) {
        return Vec::new();
    }
    shifted(scope, index)
}

fn slice(scope: &Scope<'_>, node: Node<'_>) -> Vec<Edit> {
    let bounds = parts(node);
    let dropped = bounds.iter().map(|bound| (Kind::Index, bound.byte_range(), String::new()));
    bounds.iter().flat_map(|bound| shifted(scope, *bound)).chain(dropped).collect()
}

fn range(scope: &Scope<'_>, node: Node<'_>) -> Vec<Edit> {
    let (Some(callee), Some(list)) =
        (node.child_by_field_name("function"), node.child_by_field_name("arguments"))
    else {
        return Vec::new();
    };
    if scope.of(callee) != "range" {
        return Vec::new();
    }
    let given = parts(list);
    let mut edits = Vec::new();
    let last: Option<Range<usize>> = given.get(1).or(given.first()).map(Node::byte_range);
    if let Some(range) = last {
        let text = &scope.text[range.clone()];
        edits.push((Kind::Index, range.clone(), format!("{text} + 1")));
        edits.push((Kind::Index, range, format!("{text} - 1")));
    }
    if let [only] = given.as_slice() {
        edits.push((Kind::Index, only.byte_range(), format!("1, {}", scope.of(*only))));
    }
    edits
}

fn function(scope: &Scope<'_>, node: Node<'_>) -> Vec<Edit> {
    let name = node.child_by_field_name("function").and_then(|callee| match callee.kind() {
        "identifier" => Some(callee),
        "attribute" => callee.child_by_field_name("attribute"),
        _ => None,
    });
    name.map_or_else(Vec::new, |name| {
        let others = family(scope.of(name));
        others.map(|to| (Kind::Function, name.byte_range(), to.to_owned())).collect()
    })
}

fn arguments(scope: &Scope<'_>, node: Node<'_>) -> Vec<Edit> {
    let Some(list) = node.child_by_field_name("arguments") else { return Vec::new() };
    let positional = |node: &Node<'_>| {
        !matches!(node.kind(), "keyword_argument" | "list_splat" | "dictionary_splat")
    };
    // Types are no values to mix up, and mixing them up fails at once.
    let callee = node.child_by_field_name("function").map_or("", |callee| scope.of(callee));
    if list.kind() != "argument_list" || matches!(callee, "isinstance" | "issubclass" | "super") {
        return Vec::new();
    }
    let given: Vec<_> = parts(list).into_iter().filter(positional).collect();
    let pairs = given.windows(2).filter(|pair| scope.of(pair[0]) != scope.of(pair[1]));
    pairs.map(|pair| swapped(scope, Kind::Arguments, pair[0], pair[1])).collect()
}

fn result(scope: &Scope<'_>, node: Node<'_>) -> Vec<Edit> {
    let Some(value) = parts(node).first().copied() else { return Vec::new() };
    if value.kind() == "none" {
        return Vec::new();
    }
    let mut edits = vec![(Kind::Return, node.byte_range(), "return None".to_owned())];
    // The value worked out and then not returned.
    if value.kind() == "call" && scope.lines(node).is_some() {
        edits.push((Kind::Return, node.byte_range(), scope.of(value).to_owned()));
    }
    edits
}

fn not(scope: &Scope<'_>, node: Node<'_>) -> Vec<Edit> {
    let operand = node.child_by_field_name("argument");
    let operand = operand.or_else(|| children(node).last().copied());
    operand
        .map(|part| (Kind::Not, node.byte_range(), scope.of(part).to_owned()))
        .into_iter()
        .collect()
}

#[cfg(test)]
mod tests {
    use tenfold_domain::Seed;

    use crate::bench::repair::corpus::Language;
    use crate::bench::repair::mutate::{Kind, breaks};

    /// Every text that the rules of one kind make of a function.
    fn broken(kind: Kind, text: &str) -> Vec<String> {
        let mut all: Vec<String> = (0..20)
            .flat_map(|seed| breaks(Language::Python, text, &mut Seed(seed).draws()))
            .filter(|found| found.kind == kind)
            .map(|found| found.apply(text).replace("def f(a, b):\n    ", ""))
            .collect();
        all.sort();
        all.dedup();
        all
    }

    #[track_caller]
    fn check(kind: Kind, body: &str, expected: &[&str]) {
        assert_eq!(broken(kind, &format!("def f(a, b):\n    {body}\n")), expected);
    }

    #[test]
    fn each_kind_breaks_what_it_says() {
        check(Kind::Operator, "return a and b", &["return a or b\n"]);
        check(Kind::Operator, "return a not in b", &["return a in b\n"]);
        check(Kind::Boundary, "return a < b", &["return a <= b\n"]);
        check(Kind::Constant, "a = 5", &["a = 4\n", "a = 6\n"]);
        check(Kind::Variable, "return a.x", &["return b.x\n"]);
        check(Kind::Statement, "b(a)", &["pass\n"]);
        check(Kind::Branch, "return 1 if a else 2", &["return 2 if a else 1\n"]);
        check(Kind::Index, "return a[1:]", &["return a[0:]\n", "return a[2:]\n", "return a[:]\n"]);
        check(Kind::Function, "return min(a)", &["return max(a)\n"]);
        check(Kind::Return, "return a", &["return None\n"]);
        check(Kind::Arguments, "return g(a, b)", &["return g(b, a)\n"]);
        check(Kind::Not, "return not a", &["return a\n"]);
    }

    #[test]
    fn branches_trade_places() {
        let text = "if a:\n        b()\n    else:\n        a()";
        let negated = "if not a:\n        b()\n    else:\n        a()\n";
        check(Kind::Branch, text, &["if a:\n        a()\n    else:\n        b()\n", negated]);
    }

    #[test]
    fn docstrings_types_and_the_module_itself_stay_whole() {
        let text =
            "X = 1 + 2\n\ndef f(a: int = 1, *, b: 'x' = 2) -> int:\n    \"\"\"Says 1.\"\"\"\n";
        let kinds: Vec<_> = breaks(Language::Python, text, &mut Seed(1).draws())
            .into_iter()
            .map(|found| (found.kind, found.line(text)))
            .collect();
        assert_eq!(kinds, [(Kind::Constant, 3), (Kind::Constant, 3)]);
    }
}
