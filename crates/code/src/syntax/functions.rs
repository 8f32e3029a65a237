//! Where functions begin and end, what they are called, and what in them is signature, doc
//! and body.
//!
//! Apart, because each language puts something else in front of a function and in its name.

use std::ops::Range;

use serde::{Deserialize, Serialize};

use super::Syntax;
use crate::Language;

/// A function, method or named function value. All lines count from zero.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Function {
    /// Its own name. For a test of JavaScript, the text that describes it.
    pub name: String,
    /// Its name with that of what it stands in: `Class.method`, `outer.inner`,
    /// `module::Type::method`.
    pub qualified: String,
    /// Its lines, with the decorators, attributes and comments that belong to it.
    pub lines: Range<u32>,
    /// The lines of its signature, to the colon or the opening brace.
    pub header: Range<u32>,
    /// The lines of its body: without the braces if these stand on lines of their own, with
    /// the docstring.
    pub body: Range<u32>,
    /// Its bytes in the text, from the first byte of its first line to its last byte.
    pub bytes: Range<usize>,
    /// The lines of its docstring (Python only).
    pub doc: Option<Range<u32>>,
    /// Whether it is not written yet: it does nothing but say so.
    pub stub: bool,
    /// Whether it is a test, as far as the text tells.
    pub is_test: bool,
}

pub(super) fn all(syntax: &Syntax<'_>) -> Vec<Function> {
    let mut functions = Vec::new();
    for index in 0..syntax.nodes.len() {
        if let Some((holder, name)) = named(syntax, index)
            && let Some(body) = syntax.field(index, "body")
        {
            functions.push(function(syntax, index, holder, body, name));
        }
    }
    functions.sort_by_key(|function| (function.lines.start, std::cmp::Reverse(function.lines.end)));
    functions
}

/// The name of a function, and the node that holds it together with what belongs to it.
fn named(syntax: &Syntax<'_>, index: usize) -> Option<(usize, String)> {
    let words = syntax.language.words();
    let node = &syntax.nodes[index];
    if node.is(words.functions) {
        let name = syntax.field(index, "name")?;
        return Some((wrapped(syntax, index), syntax.node_text(name).to_owned()));
    }
    if !node.is(words.lambdas) {
        return None;
    }
    let mut holder = node.parent;
    if syntax.nodes[holder].kind == "arguments" {
        holder = syntax.nodes[holder].parent;
    }
    let kind = syntax.nodes[holder].kind;
    let (_, field) = words.holders.iter().find(|(holder, _)| *holder == kind)?;
    let name = syntax.field(holder, field)?;
    let name = if kind == "call_expression" {
        described(syntax, holder, name)?
    } else {
        let text = syntax.node_text(name);
        text.rsplit('.').next().unwrap_or(text).trim_matches(['"', '\'']).to_owned()
    };
    Some((wrapped(syntax, holder), name))
}

/// The text of `it("text", () => …)`, if the call is one that makes a test or a group of tests.
fn described(syntax: &Syntax<'_>, call: usize, arguments: usize) -> Option<String> {
    let function = syntax.node_text(syntax.field(call, "function")?);
    let base = function.split(['.', '(']).next().unwrap_or("");
    if !matches!(base, "it" | "test" | "describe" | "context" | "suite" | "specify") {
        return None;
    }
    let first = syntax.children(arguments).find(|&child| syntax.nodes[child].named)?;
    let text = syntax.node_text(first);
    let quoted = text.starts_with(['"', '\'', '`']) && text.len() >= 2;
    quoted.then(|| text[1..text.len() - 1].to_owned())
}

fn wrapped(syntax: &Syntax<'_>, index: usize) -> usize {
    let wrappers = syntax.language.words().wrappers;
    let outer = syntax.above(index).take_while(|&above| syntax.nodes[above].is(wrappers));
    outer.last().unwrap_or(index)
}

fn function(
    syntax: &Syntax<'_>,
    index: usize,
    holder: usize,
    body: usize,
    name: String,
) -> Function {
    let node = &syntax.nodes[index];
    let first = first_line(syntax, holder);
    let last = syntax.nodes[holder].last.max(node.last);
    let (header, inner) = parts(syntax, index, body);
    let start = line_start(syntax, first, holder);
    let front = syntax.text.get(start..syntax.nodes[body].start as usize).unwrap_or("");
    let doc = doc(syntax, body);
    Function {
        qualified: qualified(syntax, index, &name),
        is_test: is_test(syntax, index, &name, front),
        stub: is_stub(syntax, body),
        name,
        lines: first..last + 1,
        header,
        body: inner,
        bytes: start..syntax.nodes[holder].stop.max(node.stop) as usize,
        doc,
    }
}

/// The first line of a function with the comments and attributes right above it.
fn first_line(syntax: &Syntax<'_>, holder: usize) -> u32 {
    let prefixes = syntax.language.words().prefixes;
    let parent = syntax.nodes[holder].parent;
    let mut first = syntax.nodes[holder].line;
    if prefixes.is_empty() || parent == holder {
        return first;
    }
    // Walking back from the function: the node that ends right before it has its last
    // descendant at the index before, and its own index is found by going up from there.
    let mut next = holder;
    while next > parent + 1 {
        let mut before = next - 1;
        while syntax.nodes[before].parent != parent {
            before = syntax.nodes[before].parent;
        }
        let node = &syntax.nodes[before];
        let touches = node.last + 1 == first || node.last == first;
        let trailing = before > parent + 1 && syntax.nodes[before - 1].last == node.line;
        if !node.is(prefixes) || !touches || (trailing && node.last + 1 == first) {
            break;
        }
        first = node.line;
        next = before;
    }
    first
}

fn line_start(syntax: &Syntax<'_>, line: u32, holder: usize) -> usize {
    let start = syntax.nodes[holder].start as usize;
    let back = syntax.nodes[holder].line.saturating_sub(line);
    let head = syntax.text.get(..start).unwrap_or("");
    head.rmatch_indices('\n').nth(back as usize).map_or(0, |(at, _)| at + 1)
}

/// The lines of the signature and of the body.
fn parts(syntax: &Syntax<'_>, index: usize, body: usize) -> (Range<u32>, Range<u32>) {
    let (node, block) = (&syntax.nodes[index], &syntax.nodes[body]);
    if syntax.language == Language::Python {
        let colon = syntax
            .children(index)
            .filter(|&child| child < body && syntax.nodes[child].kind == ":")
            .last()
            .map_or(node.line, |child| syntax.nodes[child].line);
        let start = if block.line > colon { colon + 1 } else { block.line };
        return (node.line..colon + 1, start..(block.last + 1).max(start));
    }
    let header = node.line..block.line + 1;
    let braces = syntax.text.as_bytes().get(block.start as usize) == Some(&b'{');
    if braces && block.last > block.line {
        (header, block.line + 1..block.last)
    } else {
        (header, block.lines())
    }
}

fn doc(syntax: &Syntax<'_>, body: usize) -> Option<Range<u32>> {
    let first = syntax.children(body).find(|&child| syntax.nodes[child].kind != "comment")?;
    syntax.is_docstring(first).then(|| syntax.nodes[first].lines())
}

fn qualified(syntax: &Syntax<'_>, index: usize, name: &str) -> String {
    let words = syntax.language.words();
    let separator = if syntax.language == Language::Rust { "::" } else { "." };
    let mut parts = vec![name.to_owned()];
    if syntax.language == Language::Go
        && let Some(receiver) = syntax.field(index, "receiver")
    {
        let inside = receiver..syntax.nodes[receiver].end;
        let typed = inside.into_iter().find(|&i| syntax.nodes[i].kind == "type_identifier");
        parts.extend(typed.map(|i| syntax.node_text(i).to_owned()));
    }
    for above in syntax.above(index) {
        let kind = syntax.nodes[above].kind;
        if let Some((_, field)) = words.containers.iter().find(|(container, _)| *container == kind)
            && let Some(field) = syntax.field(above, field)
        {
            let text = syntax.node_text(field);
            parts.push(text.split(['<', '(']).next().unwrap_or(text).trim().to_owned());
        }
    }
    parts.reverse();
    parts.join(separator)
}

fn is_test(syntax: &Syntax<'_>, index: usize, name: &str, front: &str) -> bool {
    match syntax.language {
        Language::Python => name.starts_with("test"),
        Language::Rust => {
            let attributes = front.split("#[").skip(1);
            let mut heads =
                attributes.map(|attribute| attribute.split([']', '(']).next().unwrap_or("").trim());
            heads.any(|head| head.rsplit("::").next().is_some_and(|last| last.contains("test")))
        }
        Language::JavaScript | Language::TypeScript | Language::Tsx => {
            syntax.nodes[syntax.nodes[index].parent].kind == "arguments"
        }
        Language::Go => {
            let begins = ["Test", "Benchmark", "Fuzz", "Example"];
            let testing = name.starts_with("Example") || front.contains("testing.");
            testing && begins.iter().any(|begin| name.starts_with(begin))
        }
        Language::Java => front.split('@').skip(1).any(|annotation| {
            let word = annotation.split(|c: char| !c.is_alphanumeric()).next().unwrap_or("");
            word.ends_with("Test")
        }),
    }
}

fn is_stub(syntax: &Syntax<'_>, body: usize) -> bool {
    let words = syntax.language.words();
    let block = if syntax.nodes[body].kind == "block" && syntax.language == Language::Go {
        syntax.children(body).find(|&child| syntax.nodes[child].kind == "statement_list")
    } else {
        Some(body)
    };
    let Some(block) = block else { return false };
    let mut statements = syntax.children(block).filter(|&child| {
        let node = &syntax.nodes[child];
        node.named && !node.is(words.comments) && !syntax.is_docstring(child)
    });
    let (Some(only), None) = (statements.next(), statements.next()) else {
        return false;
    };
    let text = syntax.node_text(only).to_ascii_lowercase();
    words.stubs.iter().any(|stub| {
        let rest = text.strip_prefix(&stub.to_ascii_lowercase());
        let is_within_a_word = |rest: &str| {
            stub.ends_with(char::is_alphanumeric)
                && rest.starts_with(|c: char| c.is_alphanumeric() || c == '_')
        };
        rest.is_some_and(|rest| !is_within_a_word(rest))
    })
}
