//! Statements that do nothing.

use super::Syntax;

/// What all grammars here call an expression that is a statement.
const STATEMENT: &str = "expression_statement";

pub(super) fn count(syntax: &Syntax<'_>) -> usize {
    (0..syntax.nodes.len()).filter(|&index| is_pointless(syntax, index)).count()
}

fn is_pointless(syntax: &Syntax<'_>, index: usize) -> bool {
    let node = &syntax.nodes[index];
    let words = syntax.language.words();
    let inert = |kind: &str| words.values.contains(&kind) || words.identifiers.contains(&kind);
    // What is called in it may do something; so may what is no plain value.
    node.is(&[STATEMENT])
        && syntax.nodes[index + 1..node.end].iter().all(|part| !part.named || inert(part.kind))
}
