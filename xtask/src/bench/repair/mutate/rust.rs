//! How Rust is broken: one rule per kind of node.
//!
//! The match in [`edits`] is the table of the rules. A rule never looks beyond its node and
//! the scope that it is handed. A break that does not compile is found by trying it.

use tree_sitter::Node;

use super::names::{boundary, family, mistaken, near};
use super::{Edit, Kind, Scope};
use crate::bench::repair::syntax::{ancestors, children, descendants, parts, text_of};

pub(super) fn is_function(node: Node<'_>) -> bool {
    node.kind() == "function_item"
}

/// What no rule may touch: tests, attributes, types, patterns of macros, and debug output.
pub(super) fn is_off_limits(node: Node<'_>, text: &str) -> bool {
    match node.kind() {
        "mod_item" | "function_item" => attributes(node, text).any(|text| text.contains("test")),
        "attribute_item"
        | "token_tree"
        | "macro_definition"
        | "type_arguments"
        | "array_type"
        | "const_item"
        | "visibility_modifier"
        | "lifetime" => true,
        "impl_item" => node
            .child_by_field_name("trait")
            .is_some_and(|name| text_of(name, text).ends_with("Debug")),
        _ => false,
    }
}

/// The attributes written directly before an item.
pub(in crate::bench::repair) fn attributes<'t>(
    item: Node<'_>,
    text: &'t str,
) -> impl Iterator<Item = &'t str> {
    std::iter::successors(item.prev_sibling(), |node| node.prev_sibling())
        .take_while(|node| node.kind() == "attribute_item" || node.is_extra())
        .filter(|node| node.kind() == "attribute_item")
        .map(|node| text_of(node, text))
}

/// Parameters and the names of `let` and `for`, each once.
pub(super) fn locals<'t>(function: Node<'_>, text: &'t str) -> Vec<&'t str> {
    let mut names: Vec<&str> = descendants(function)
        .into_iter()
        .filter(|node| node.kind() == "identifier" && is_binding(*node))
        .map(|node| text_of(node, text))
        .collect();
    names.sort_unstable();
    names.dedup();
    names
}

fn is_binding(node: Node<'_>) -> bool {
    let Some(parent) = node.parent() else { return false };
    match parent.kind() {
        "parameter" | "let_declaration" | "for_expression" => is_field(parent, "pattern", node),
        "tuple_pattern" | "mut_pattern" | "closure_parameters" => true,
        _ => false,
    }
}

fn is_field(parent: Node<'_>, field: &str, node: Node<'_>) -> bool {
    parent.child_by_field_name(field) == Some(node)
}

/// All ways to break this node.
pub(super) fn edits(scope: &Scope<'_>, node: Node<'_>) -> Vec<Edit> {
    match node.kind() {
        "binary_expression" | "compound_assignment_expr" => operator(scope, node),
        "integer_literal" => constants(scope, node),
        "boolean_literal" => flipped(scope, node),
        "identifier" => variable(scope, node),
        "expression_statement" => statement(scope, node),
        "if_expression" => branch(scope, node),
        "index_expression" => index(scope, node),
        "range_expression" => range(scope, node),
        "call_expression" => {
            [function(scope, node), arguments(scope, node), result(scope, node)].concat()
        }
        "unary_expression" => not(scope, node),
        _ => Vec::new(),
    }
}

fn operator(scope: &Scope<'_>, node: Node<'_>) -> Vec<Edit> {
    let Some(sign) = node.child_by_field_name("operator") else { return Vec::new() };
    let from = scope.of(sign);
    let edge = boundary(from).map(|to| (Kind::Boundary, sign.byte_range(), to.to_owned()));
    // Python's `//` and `**` are no operators here.
    let others = mistaken(from).iter().map(|to| if *to == "//" { "/" } else { *to });
    let others = others.map(|to| (Kind::Operator, sign.byte_range(), to.to_owned()));
    edge.into_iter().chain(others).collect()
}

fn constants(scope: &Scope<'_>, node: Node<'_>) -> Vec<Edit> {
    if ancestors(node).take(2).any(|n| matches!(n.kind(), "index_expression" | "range_expression"))
    {
        return Vec::new();
    }
    near(scope.of(node)).into_iter().map(|to| (Kind::Constant, node.byte_range(), to)).collect()
}

fn flipped(scope: &Scope<'_>, node: Node<'_>) -> Vec<Edit> {
    let other = if scope.of(node) == "true" { "false" } else { "true" };
    vec![(Kind::Constant, node.byte_range(), other.to_owned())]
}

fn variable(scope: &Scope<'_>, node: Node<'_>) -> Vec<Edit> {
    let Some(parent) = node.parent() else { return Vec::new() };
    let read = match parent.kind() {
        "binary_expression"
        | "arguments"
        | "index_expression"
        | "return_expression"
        | "range_expression"
        | "reference_expression"
        | "unary_expression"
        | "tuple_expression"
        | "type_cast_expression" => true,
        "let_declaration" | "field_expression" | "for_expression" => {
            is_field(parent, "value", node)
        }
        "assignment_expression" | "compound_assignment_expr" => is_field(parent, "right", node),
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
    let short = node.end_position().row - node.start_position().row <= 2;
    let guard = parts(node).first().is_some_and(|part| {
        part.kind() == "if_expression" && part.child_by_field_name("alternative").is_none()
    });
    let simple = scope.of(node).ends_with(';');
    match scope.lines(node) {
        Some(lines) if short && (guard || simple) => vec![(Kind::Statement, lines, String::new())],
        _ => Vec::new(),
    }
}

fn branch(scope: &Scope<'_>, node: Node<'_>) -> Vec<Edit> {
    let mut edits = Vec::new();
    if let Some(condition) = node.child_by_field_name("condition")
        && !matches!(condition.kind(), "let_condition" | "let_chain")
    {
        let negated = format!("!({})", scope.of(condition));
        edits.push((Kind::Branch, condition.byte_range(), negated));
    }
    let yes = node.child_by_field_name("consequence");
    let no = node
        .child_by_field_name("alternative")
        .and_then(|clause| parts(clause).first().copied())
        .filter(|block| block.kind() == "block");
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

/// An index or bound, one more and one less.
fn shifted(scope: &Scope<'_>, node: Node<'_>) -> Vec<Edit> {
    let text = scope.of(node);
    let shifted = match node.kind() {
        "integer_literal" => near(text),
        "identifier" => vec![format!("{text} + 1"), format!("{text} - 1")],
        "binary_expression" if text.ends_with("+ 1") || text.ends_with("- 1") => {
            vec![text[..text.len() - 3].trim_end().to_owned()]
        }
        _ => Vec::new(),
    };
    shifted.into_iter().map(|text| (Kind::Index, node.byte_range(), text)).collect()
}

fn index(scope: &Scope<'_>, node: Node<'_>) -> Vec<Edit> {
    parts(node).get(1).map_or_else(Vec::new, |index| shifted(scope, *index))
}

fn range(scope: &Scope<'_>, node: Node<'_>) -> Vec<Edit> {
    let mut edits: Vec<_> = parts(node).iter().flat_map(|bound| shifted(scope, *bound)).collect();
    let open = children(node).last().is_some_and(|last| !last.is_named());
    for sign in children(node).into_iter().filter(|child| !child.is_named() && !open) {
        match scope.of(sign) {
            ".." => edits.push((Kind::Index, sign.byte_range(), "..=".to_owned())),
            "..=" => edits.push((Kind::Index, sign.byte_range(), "..".to_owned())),
            _ => {}
        }
    }
    edits
}

fn function(scope: &Scope<'_>, node: Node<'_>) -> Vec<Edit> {
    let name = node.child_by_field_name("function").and_then(|callee| match callee.kind() {
        "identifier" => Some(callee),
        "field_expression" => callee.child_by_field_name("field"),
        "scoped_identifier" => callee.child_by_field_name("name"),
        _ => None,
    });
    name.map_or_else(Vec::new, |name| {
        let others = family(scope.of(name));
        others.map(|to| (Kind::Function, name.byte_range(), to.to_owned())).collect()
    })
}

fn arguments(scope: &Scope<'_>, node: Node<'_>) -> Vec<Edit> {
    let Some(list) = node.child_by_field_name("arguments") else { return Vec::new() };
    let given = parts(list);
    let pairs = given.windows(2).filter(|pair| scope.of(pair[0]) != scope.of(pair[1]));
    pairs.map(|pair| swapped(scope, Kind::Arguments, pair[0], pair[1])).collect()
}

/// `Some(value)` at the end of a function, or returned from it, becomes `None`.
fn result(scope: &Scope<'_>, node: Node<'_>) -> Vec<Edit> {
    let callee = node.child_by_field_name("function").map_or("", |callee| scope.of(callee));
    let leaves = node.parent().is_some_and(|parent| match parent.kind() {
        "return_expression" => true,
        "block" => parts(parent).last() == Some(&node),
        _ => false,
    });
    if callee == "Some" && leaves {
        return vec![(Kind::Return, node.byte_range(), "None".to_owned())];
    }
    Vec::new()
}

fn not(scope: &Scope<'_>, node: Node<'_>) -> Vec<Edit> {
    let text = scope.of(node);
    let operand = text.strip_prefix('!').map(str::trim_start);
    operand.map(|rest| (Kind::Not, node.byte_range(), rest.to_owned())).into_iter().collect()
}

#[cfg(test)]
mod tests {
    use tenfold_domain::Seed;

    use crate::bench::repair::corpus::Language;
    use crate::bench::repair::mutate::{Kind, breaks};

    #[track_caller]
    fn check(kind: Kind, body: &str, expected: &[&str]) {
        let text = format!("fn f(a: T, b: T) -> T {{\n{body}\n}}\n");
        let mut all: Vec<String> = (0..20)
            .flat_map(|seed| breaks(Language::Rust, &text, &mut Seed(seed).draws()))
            .filter(|found| found.kind == kind)
            .map(|found| found.apply(&text))
            .map(|text| text["fn f(a: T, b: T) -> T {\n".len()..text.len() - 2].trim().to_owned())
            .collect();
        all.sort();
        all.dedup();
        assert_eq!(all, expected);
    }

    #[test]
    fn each_kind_breaks_what_it_says() {
        check(Kind::Operator, "a && b", &["a || b"]);
        check(Kind::Boundary, "a >= b", &["a > b"]);
        check(Kind::Constant, "g(true)", &["g(false)"]);
        check(Kind::Variable, "a + 1", &["b + 1"]);
        check(Kind::Statement, "g(a);\nb", &["b"]);
        check(
            Kind::Branch,
            "if a { 1 } else { 2 }",
            &["if !(a) { 1 } else { 2 }", "if a { 2 } else { 1 }"],
        );
        check(Kind::Index, "a[0..b]", &["a[0..=b]", "a[0..b + 1]", "a[0..b - 1]", "a[1..b]"]);
        check(Kind::Function, "a.is_some()", &["a.is_none()"]);
        check(Kind::Return, "Some(a)", &["None"]);
        check(Kind::Arguments, "g(a, b)", &["g(b, a)"]);
        check(Kind::Not, "!a", &["a"]);
    }

    #[test]
    fn tests_and_macros_stay_whole() {
        let text = "#[cfg(test)]\nmod tests {\n    #[test]\n    fn t() { g(1 + 2); }\n}\n\
                    fn f() { assert!(1 < 2); }\n";
        let found = breaks(Language::Rust, text, &mut Seed(1).draws());
        assert!(found.iter().all(|found| found.kind == Kind::Statement), "{found:?}");
    }
}
