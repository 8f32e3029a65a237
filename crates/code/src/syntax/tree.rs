//! The syntax tree of one text as a flat list of nodes in the order of the text.
//!
//! Apart, so that everything above works on plain indices: no recursion, which a hostile file
//! could drive arbitrarily deep, and no lifetimes of the parser. Never looks at what a node
//! means.

use std::ops::Range;

use tree_sitter::{InputEdit, Parser, Point, Tree};

use crate::Language;

/// Texts longer than this many bytes are not parsed: no person's source file is so long, and
/// the time to parse one must stay bounded.
pub(super) const LONGEST: usize = 2 << 20;

/// A node. Its subtree is the nodes from its own index up to `end`.
#[derive(Debug, Clone, Copy)]
pub(super) struct Node {
    pub(super) kind: &'static str,
    pub(super) field: &'static str,
    pub(super) named: bool,
    /// An error node, or a token that the parser had to make up.
    pub(super) wrong: bool,
    pub(super) start: u32,
    pub(super) stop: u32,
    /// The line of its first byte, from zero.
    pub(super) line: u32,
    pub(super) column: u32,
    /// The line of its last byte, from zero.
    pub(super) last: u32,
    pub(super) parent: usize,
    /// The index after its last descendant.
    pub(super) end: usize,
}

impl Node {
    pub(super) fn bytes(&self) -> Range<usize> {
        self.start as usize..self.stop as usize
    }

    pub(super) fn lines(&self) -> Range<u32> {
        self.line..self.last + 1
    }

    pub(super) fn is(&self, kinds: &[&str]) -> bool {
        self.named && kinds.contains(&self.kind)
    }
}

/// Parses a text; `near` is the tree of another text, most of which is kept. `None` for a text
/// that is too long.
pub(super) fn parse(language: Language, text: &str, near: Option<(&Tree, &str)>) -> Option<Tree> {
    if text.len() > LONGEST {
        return None;
    }
    let mut parser = Parser::new();
    parser.set_language(language.grammar()).ok()?;
    let near = near.map(|(tree, old)| {
        let mut tree = tree.clone();
        tree.edit(&change(old, text));
        tree
    });
    parser.parse(text, near.as_ref())
}

/// From where to where two texts differ.
fn change(old: &str, new: &str) -> InputEdit {
    let (a, b) = (old.as_bytes(), new.as_bytes());
    let start = a.iter().zip(b).take_while(|(x, y)| x == y).count();
    let (a, b) = (&a[start..], &b[start..]);
    let same = a.iter().rev().zip(b.iter().rev()).take_while(|(x, y)| x == y).count();
    let (old_end, new_end) = (old.len() - same, new.len() - same);
    InputEdit {
        start_byte: start,
        old_end_byte: old_end,
        new_end_byte: new_end,
        start_position: point(old, start),
        old_end_position: point(old, old_end),
        new_end_position: point(new, new_end),
    }
}

fn point(text: &str, byte: usize) -> Point {
    let before = &text.as_bytes()[..byte];
    let row = before.iter().filter(|byte| **byte == b'\n').count();
    let column = before.iter().rev().take_while(|byte| **byte != b'\n').count();
    Point { row, column }
}

/// All nodes of a tree, parents before their children.
pub(super) fn nodes(language: Language, tree: &Tree) -> Vec<Node> {
    let grammar = language.grammar();
    let mut nodes: Vec<Node> = Vec::with_capacity(tree.root_node().descendant_count());
    let mut open: Vec<usize> = Vec::new();
    let mut cursor = tree.walk();
    loop {
        let index = nodes.len();
        nodes.push(plain(grammar, &cursor, open.last().copied().unwrap_or(index)));
        if cursor.goto_first_child() {
            open.push(index);
            continue;
        }
        nodes[index].end = index + 1;
        while !cursor.goto_next_sibling() {
            let Some(parent) = open.pop() else { return nodes };
            nodes[parent].end = nodes.len();
            cursor.goto_parent();
        }
    }
}

fn plain(
    grammar: &'static tree_sitter::Language,
    cursor: &tree_sitter::TreeCursor<'_>,
    parent: usize,
) -> Node {
    let node = cursor.node();
    let (start, stop) = (node.start_position(), node.end_position());
    let field = cursor.field_id().and_then(|id| grammar.field_name_for_id(id.get()));
    // A node that ends with a line break ends, for a reader, on the line before.
    let ends_early = stop.column == 0 && stop.row > start.row;
    Node {
        kind: grammar.node_kind_for_id(node.kind_id()).unwrap_or("ERROR"),
        field: field.unwrap_or(""),
        named: node.is_named(),
        wrong: node.is_error() || node.is_missing(),
        start: node.start_byte() as u32,
        stop: node.end_byte() as u32,
        line: start.row as u32,
        column: start.column as u32,
        last: (stop.row - usize::from(ends_early)) as u32,
        parent,
        end: 0,
    }
}
