//! Breaking functions in the ways in which people break them.
//!
//! Each language has a file of rules that look at one node of the syntax tree and say how
//! it could be broken; this file walks the functions and collects what the rules say. Which
//! of the breaks become tasks is decided elsewhere. Nothing here runs code.

mod names;
mod python;
mod rust;

use std::ops::Range;
use std::rc::Rc;

use serde::{Deserialize, Serialize};
use tenfold_domain::Draws;
use tree_sitter::Node;

use super::corpus::Language;
use super::syntax::{children, parse, text_of};

pub(super) use rust::attributes;

/// How something was broken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Kind {
    /// Another arithmetic, comparing or joining operator.
    Operator,
    /// `<` for `<=`, and their like.
    Boundary,
    /// Another number, `True` for `False`, a value for `None`.
    Constant,
    /// Another name of the same function.
    Variable,
    /// A statement left out.
    Statement,
    /// Branches swapped, or a condition negated.
    Branch,
    /// Off by one in an index, a slice or a range.
    Index,
    /// Another function or method of the same family.
    Function,
    /// The value not returned.
    Return,
    /// Two arguments swapped.
    Arguments,
    /// A `not` left out.
    Not,
}

impl Kind {
    pub(super) const ALL: [Self; 11] = [
        Self::Operator,
        Self::Boundary,
        Self::Constant,
        Self::Variable,
        Self::Statement,
        Self::Branch,
        Self::Index,
        Self::Function,
        Self::Return,
        Self::Arguments,
        Self::Not,
    ];

    /// As it stands in tables and in the JSON report.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Operator => "operator",
            Self::Boundary => "boundary",
            Self::Constant => "constant",
            Self::Variable => "variable",
            Self::Statement => "statement",
            Self::Branch => "branch",
            Self::Index => "index",
            Self::Function => "function",
            Self::Return => "return",
            Self::Arguments => "arguments",
            Self::Not => "not",
        }
    }
}

/// One way to break one place of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Break {
    pub(super) kind: Kind,
    /// The function it is in, and the byte where that function starts.
    pub(super) function: (String, usize),
    pub(super) range: Range<usize>,
    pub(super) replacement: String,
}

impl Break {
    /// The line where the place starts, counted from one.
    pub(super) fn line(&self, text: &str) -> usize {
        text[..self.range.start].matches('\n').count() + 1
    }

    /// The text with this place broken.
    pub(super) fn apply(&self, text: &str) -> String {
        let (before, after) = (&text[..self.range.start], &text[self.range.end..]);
        format!("{before}{}{after}", self.replacement)
    }
}

/// What a rule proposes: put this text there, and call it that.
type Edit = (Kind, Range<usize>, String);

/// What a rule may look at besides its node.
struct Scope<'t> {
    text: &'t str,
    /// The names of the function that a variable could be mistaken for.
    locals: Vec<&'t str>,
}

impl<'t> Scope<'t> {
    fn of(&self, node: Node<'_>) -> &'t str {
        text_of(node, self.text)
    }

    /// What stands before the node on its line.
    fn before(&self, node: Node<'_>) -> &'t str {
        let start = node.start_byte();
        let line = self.text[..start].rfind('\n').map_or(0, |at| at + 1);
        &self.text[line..start]
    }

    /// The node's lines with their ends, if nothing else stands on them.
    fn lines(&self, node: Node<'_>) -> Option<Range<usize>> {
        let before = self.before(node);
        let rest = &self.text[node.end_byte()..];
        let end = rest.find('\n').map_or(rest.len(), |at| at + 1);
        let alone = before.trim().is_empty() && rest[..end].trim().is_empty();
        alone.then(|| node.start_byte() - before.len()..node.end_byte() + end)
    }
}

/// A language's side of the walk.
struct Grammar {
    is_function: fn(Node<'_>) -> bool,
    is_off_limits: fn(Node<'_>, &str) -> bool,
    locals: for<'t> fn(Node<'_>, &'t str) -> Vec<&'t str>,
    edits: fn(&Scope<'_>, Node<'_>) -> Vec<Edit>,
}

const PYTHON: Grammar = Grammar {
    is_function: python::is_function,
    is_off_limits: python::is_off_limits,
    locals: python::locals,
    edits: python::edits,
};

const RUST: Grammar = Grammar {
    is_function: rust::is_function,
    is_off_limits: rust::is_off_limits,
    locals: rust::locals,
    edits: rust::edits,
};

/// Every way in which the rules would break the functions of a text, one per kind and place.
///
/// A text that doesn't parse has none; a broken text need not parse. `draws` picks among
/// the ways of one place.
pub(super) fn breaks(language: Language, text: &str, draws: &mut Draws) -> Vec<Break> {
    let Some(tree) = parse(language, text) else { return Vec::new() };
    let grammar = match language {
        Language::Python => PYTHON,
        Language::Rust => RUST,
    };
    let mut found = Vec::new();
    let mut stack = vec![(tree.root_node(), None)];
    // From the top down, with the function that each node is in: asking a node for its
    // parents costs a search from the root each time.
    while let Some((node, mut around)) = stack.pop() {
        if (grammar.is_off_limits)(node, text) {
            continue;
        }
        if (grammar.is_function)(node) {
            let name = node.child_by_field_name("name").map_or("", |name| text_of(name, text));
            let scope = Scope { text, locals: (grammar.locals)(node, text) };
            around = Some(Rc::new(((name.to_owned(), node.start_byte()), scope)));
        } else if let Some(around) = &around {
            let (function, scope) = around.as_ref();
            for (kind, range, replacement) in pick((grammar.edits)(scope, node), draws) {
                let function = function.clone();
                found.push(Break { kind, function, range, replacement });
            }
        }
        stack.extend(children(node).into_iter().rev().map(|child| (child, around.clone())));
    }
    found.retain(|found| text[found.range.clone()] != found.replacement);
    found
}

/// One edit of each kind, so that a place with many ways is not drawn more often.
fn pick(edits: Vec<Edit>, draws: &mut Draws) -> Vec<Edit> {
    let mut picked = Vec::new();
    for kind in Kind::ALL {
        let mut ways: Vec<_> = edits.iter().filter(|edit| edit.0 == kind).collect();
        if !ways.is_empty() {
            picked.push(ways.swap_remove(draws.below(ways.len())).clone());
        }
    }
    picked
}
