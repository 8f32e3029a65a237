//! What a text says as code: its functions, statements, expressions, names and errors.
//!
//! Apart, because it is the only place that knows a parser. Never fails: a text that does not
//! parse has errors and, as far as they reach, functions; one too long has nothing.

mod canonical;
mod errors;
mod functions;
mod idle;
mod pieces;
mod pointless;
mod probes;
mod tree;
mod uses;

use std::collections::BTreeSet;
use std::ops::Range;

use tree_sitter::Tree;

use crate::Language;
pub use functions::Function;
use tree::Node;
pub use uses::Use;

/// A text, parsed. Time and memory are linear in the text; beyond 2 MiB nothing is read.
#[derive(Debug, Clone)]
pub struct Syntax<'t> {
    language: Language,
    text: &'t str,
    tree: Option<Tree>,
    nodes: Vec<Node>,
}

impl<'t> Syntax<'t> {
    /// Parses a text.
    pub fn read(language: Language, text: &'t str) -> Self {
        Self::of(language, text, tree::parse(language, text, None))
    }

    /// Parses another text that differs from this one in little: the same as [`Self::read`],
    /// and several times as fast.
    pub fn changed<'c>(&self, text: &'c str) -> Syntax<'c> {
        let near = self.tree.as_ref().map(|tree| (tree, self.text));
        Syntax::of(self.language, text, tree::parse(self.language, text, near))
    }

    fn of(language: Language, text: &'t str, tree: Option<Tree>) -> Self {
        let nodes = tree.as_ref().map(|tree| tree::nodes(language, tree)).unwrap_or_default();
        Self { language, text, tree, nodes }
    }

    /// Its language.
    pub fn language(&self) -> Language {
        self.language
    }

    /// All functions that have a name and a body, nested ones too, in the order of the text.
    pub fn functions(&self) -> Vec<Function> {
        functions::all(self)
    }

    /// How many places are no code of the language. A candidate may not have more of them
    /// than the text that it changes. Counts syntax errors and, for Python, what its compiler
    /// refuses and the grammar lets through: blocks that are empty or crooked, `return`
    /// outside a function, `break` outside a loop.
    pub fn errors(&self) -> usize {
        errors::count(self)
    }

    /// How many statements compute a value that nothing takes up, and call nothing: `x;`, or
    /// `a < b` on a line of its own. Strings are none, for they say something to some tools.
    pub fn pointless(&self) -> usize {
        pointless::count(self)
    }

    /// A hash of the code without comments, docstrings, white space that means nothing, empty
    /// statements and what parts the digits of numbers: two texts with the same hash differ in
    /// nothing that a test could tell.
    pub fn canonical(&self) -> u64 {
        canonical::hash(self)
    }

    /// The statements that touch the given lines (from zero), in the order of the text, as
    /// ranges of lines that do not overlap. A statement over several lines is one range; of a
    /// compound statement only the lines outside its blocks count. Comments, docstrings and
    /// lines with nothing but brackets or `else` are left out.
    pub fn statements(&self, lines: Range<u32>) -> Vec<Range<u32>> {
        pieces::statements(self, lines)
    }

    /// The places among the given lines (from zero) where a statement is to be expected and none
    /// is: blocks over several lines with nothing in them, as the empty range at their last
    /// line, and Python's `pass`.
    pub fn holes(&self, lines: Range<u32>) -> Vec<Range<u32>> {
        pieces::holes(self, lines)
    }

    /// The expressions, operands and operators on one line (from zero) that are worth
    /// replacing by others, as ranges of bytes in the text, longest first.
    pub fn expressions(&self, line: u32) -> Vec<Range<usize>> {
        pieces::expressions(self, line)
    }

    /// All identifiers used on the given lines (from zero), each once, in the order of the text.
    pub fn names(&self, lines: Range<u32>) -> Vec<&'t str> {
        pieces::names(self, lines)
    }

    /// All identifiers of the text, each with every way in which it is used.
    pub fn uses(&self) -> BTreeSet<(&'t str, Use)> {
        uses::all(self)
    }

    /// The names that the function on the given lines (from zero) takes or sets and does not
    /// use, in the order of the text: what a linter warns of.
    pub fn idle(&self, lines: Range<u32>) -> Vec<&'t str> {
        idle::idle(self, lines)
    }

    /// The lines (from zero) of each import at the top of the text.
    pub fn imports(&self) -> Vec<Range<u32>> {
        let imports = self.language.words().imports;
        let top = self.nodes.iter().filter(|node| node.parent == 0 && node.is(imports));
        top.map(Node::lines).collect()
    }

    /// The text with calls in it that write down which lines each test executes, into the file
    /// that [`Runner::traced`](crate::Runner::traced) names; `path` is what the text is called
    /// there. `None` where that can't be done: for all languages but Rust.
    pub fn probed(&self, path: &str) -> Option<String> {
        probes::insert(self, path)
    }

    fn node_text(&self, index: usize) -> &'t str {
        self.nodes.get(index).and_then(|node| self.text.get(node.bytes())).unwrap_or("")
    }

    /// The indices of the direct children of a node.
    fn children(&self, index: usize) -> impl Iterator<Item = usize> + '_ {
        let end = self.nodes[index].end;
        let mut next = index + 1;
        std::iter::from_fn(move || {
            let child = next;
            (child < end).then(|| next = self.nodes[child].end)?;
            Some(child)
        })
    }

    /// The child in a field.
    fn field(&self, index: usize, field: &str) -> Option<usize> {
        self.children(index).find(|&child| self.nodes[child].field == field)
    }

    /// The nodes above a node, nearest first, without the root.
    fn above(&self, index: usize) -> impl Iterator<Item = usize> + '_ {
        let mut at = index;
        std::iter::from_fn(move || {
            at = self.nodes.get(at)?.parent;
            (at != 0).then_some(at)
        })
    }

    /// Whether a node is a Python docstring: a bare string that opens a body.
    fn is_docstring(&self, index: usize) -> bool {
        if self.language != Language::Python || self.nodes[index].kind != "expression_statement" {
            return false;
        }
        let string = self.nodes.get(index + 1).is_some_and(|node| {
            node.parent == index && matches!(node.kind, "string" | "concatenated_string")
        });
        if !string {
            return false;
        }
        let parent = self.nodes[index].parent;
        let first = self.children(parent).find(|&child| self.nodes[child].kind != "comment");
        let above = self.nodes[self.nodes[parent].parent].kind;
        let opens = parent == 0 || matches!(above, "function_definition" | "class_definition");
        first == Some(index) && opens
    }
}

#[cfg(test)]
mod tests;
