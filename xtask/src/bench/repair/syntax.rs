//! Reading source text with tree-sitter: the tree, a walk over it, and what of a text is
//! left when its formatting is taken away.
//!
//! It is apart from the crate that the product reads code with, so that the bench does not
//! judge with the eyes of what it judges. Nothing here changes a text.

use tree_sitter::{Node, Parser, Tree};

use super::corpus::Language;

/// The syntax tree of a text, if the text parses without an error.
pub(super) fn parse(language: Language, text: &str) -> Option<Tree> {
    let grammar = match language {
        Language::Python => tree_sitter_python::LANGUAGE,
        Language::Rust => tree_sitter_rust::LANGUAGE,
    };
    let mut parser = Parser::new();
    parser.set_language(&grammar.into()).expect("the grammars are made for this tree-sitter");
    parser.parse(text, None).filter(|tree| !tree.root_node().has_error())
}

/// The text that a node stands for.
pub(super) fn text_of<'t>(node: Node<'_>, text: &'t str) -> &'t str {
    &text[node.byte_range()]
}

/// All children, named or not, in their order.
pub(super) fn children(node: Node<'_>) -> Vec<Node<'_>> {
    node.children(&mut node.walk()).collect()
}

/// The named children that are not comments, in their order.
pub(super) fn parts(node: Node<'_>) -> Vec<Node<'_>> {
    node.named_children(&mut node.walk()).filter(|child| !child.is_extra()).collect()
}

/// Every node below and with this one, in the order of the text.
pub(super) fn descendants(node: Node<'_>) -> Vec<Node<'_>> {
    let mut all = Vec::new();
    let mut stack = vec![node];
    while let Some(node) = stack.pop() {
        all.push(node);
        stack.extend(children(node).into_iter().rev());
    }
    all
}

/// The nodes around this one, from the inside out.
pub(super) fn ancestors(node: Node<'_>) -> impl Iterator<Item = Node<'_>> {
    std::iter::successors(node.parent(), |node| node.parent())
}

/// Whether two texts are the same program but for layout and comments.
///
/// Texts that don't parse are the same only if they are equal.
pub(super) fn same_program(language: Language, one: &str, other: &str) -> bool {
    let shape = |text| parse(language, text).map(|tree| shape(tree.root_node(), text));
    one == other || matches!((shape(one), shape(other)), (Some(a), Some(b)) if a == b)
}

/// The words of a program with the brackets of its syntax, so that Python's blocks, which
/// are made of layout, still count.
fn shape(root: Node<'_>, text: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut stack = vec![Some(root)];
    while let Some(next) = stack.pop() {
        let Some(node) = next else {
            words.push(")".to_owned());
            continue;
        };
        if node.is_extra() {
            continue;
        }
        let inner = children(node);
        if inner.is_empty() {
            words.push(text_of(node, text).to_owned());
        } else {
            words.push(format!("({}", node.kind()));
            stack.push(None);
            stack.extend(inner.into_iter().rev().map(Some));
        }
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn layout_and_comments_do_not_make_another_program() {
        let one = "def f(a):\n    return  a+1\n";
        assert!(same_program(Language::Python, one, "def f(a):\n  # why\n  return a + 1\n\n"));
        assert!(!same_program(Language::Python, one, "def f(a):\n    return a - 1\n"));
        assert!(same_program(Language::Rust, "fn f() { g( 1 ) }", "fn f() {\n    g(1) // x\n}"));
    }

    #[test]
    fn a_moved_block_makes_another_program() {
        let one = "if a:\n    b()\n    c()\n";
        assert!(!same_program(Language::Python, one, "if a:\n    b()\nc()\n"));
    }
}
