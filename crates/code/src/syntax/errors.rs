//! How many places of a text are no code.
//!
//! Apart, because the Python grammar is more forgiving than Python: what its compiler refuses
//! for sure is counted here too, so that no check is spent on it.

use super::Syntax;
use crate::Language;

pub(super) fn count(syntax: &Syntax<'_>) -> usize {
    let wrong = syntax.nodes.iter().filter(|node| node.wrong).count();
    match syntax.language {
        Language::Python => wrong + python(syntax),
        _ => wrong,
    }
}

fn python(syntax: &Syntax<'_>) -> usize {
    (0..syntax.nodes.len())
        .filter(|&index| match syntax.nodes[index].kind {
            "print_statement" | "exec_statement" => syntax.nodes[index].named,
            "block" => crooked(syntax, index) || !indented(syntax, index),
            "module" => crooked(syntax, index),
            "return_statement" => !within(syntax, index, &["function_definition"]),
            "break_statement" | "continue_statement" => {
                !within(syntax, index, &["for_statement", "while_statement"])
            }
            _ => false,
        })
        .count()
}

/// Whether a block is empty, or its statements do not begin in the same column.
fn crooked(syntax: &Syntax<'_>, block: usize) -> bool {
    let comments = syntax.language.words().comments;
    let mut statements = syntax
        .children(block)
        .map(|child| &syntax.nodes[child])
        .filter(|node| node.named && !node.is(comments) && !node.wrong);
    let Some(first) = statements.next() else { return block != 0 };
    let mut line = first.last;
    statements.any(|node| {
        let own_line = node.line > line;
        line = node.last;
        own_line && node.column != first.column
    })
}

/// Whether a block stands on the line of its header or further in than that.
fn indented(syntax: &Syntax<'_>, block: usize) -> bool {
    let (node, header) = (&syntax.nodes[block], &syntax.nodes[syntax.nodes[block].parent]);
    node.line == header.line || node.column > header.column || header.kind == "case_clause"
}

/// Whether the nearest function, class or loop above a node is one of the given.
fn within(syntax: &Syntax<'_>, index: usize, kinds: &[&str]) -> bool {
    for above in syntax.above(index) {
        let kind = syntax.nodes[above].kind;
        if kinds.contains(&kind) {
            return true;
        }
        if matches!(kind, "function_definition" | "class_definition") {
            return false;
        }
    }
    false
}
