//! The hash of a text's code without its comments and its format.
//!
//! Apart, because what is format differs by language: in Python indentation has meaning.

use super::Syntax;
use crate::Language;

/// FNV-1a (Fowler, Noll and Vo), written here because the hash is recorded, and has to mean
/// the same in the next process. Not for hostile input: a collision costs one candidate.
struct Fnv(u64);

impl Fnv {
    fn feed(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01B3);
        }
    }

    fn mark(&mut self, mark: u8) {
        // 0xF8 and above never occur in UTF-8, so a mark can't be taken for text.
        self.feed(&[mark]);
    }
}

const TOKEN: u8 = 0xFF;
const STATEMENT: u8 = 0xFE;
const CLOSE: u8 = 0xFD;

pub(super) fn hash(syntax: &Syntax<'_>) -> u64 {
    let mut hash = Fnv(0xCBF2_9CE4_8422_2325);
    if syntax.nodes.is_empty() {
        hash.feed(syntax.text.as_bytes());
        return hash.0;
    }
    let words = syntax.language.words();
    let python = syntax.language == Language::Python;
    // A semicolon too many; in JavaScript it may be a part of a loop.
    let rust = syntax.language == Language::Rust;
    let (mut index, mut fed) = (0, 0);
    let mut open: Vec<usize> = Vec::new();
    while index < syntax.nodes.len() {
        while open.last().is_some_and(|&end| end <= index) {
            open.pop();
            hash.mark(CLOSE);
        }
        let node = &syntax.nodes[index];
        let empty = rust && node.kind == "empty_statement";
        if empty || node.is(words.comments) || syntax.is_docstring(index) {
            gap(&mut hash, syntax, fed, node.start as usize);
            fed = (node.stop as usize).max(fed);
            index = node.end;
            continue;
        }
        if python && matches!(syntax.nodes[node.parent].kind, "block" | "module") && node.named {
            hash.mark(STATEMENT);
        }
        if python && node.kind == "block" {
            open.push(node.end);
        }
        let leaf = node.end == index + 1 || node.is(words.atoms);
        if leaf {
            gap(&mut hash, syntax, fed, node.start as usize);
            if !is_last_comma(syntax, index) {
                hash.mark(TOKEN);
                token(&mut hash, syntax.node_text(index));
            }
            fed = (node.stop as usize).max(fed);
        }
        index = if leaf { node.end } else { index + 1 };
    }
    gap(&mut hash, syntax, fed, syntax.text.len());
    hash.0
}

/// A token; the digits of a number may be parted as one likes.
fn token(hash: &mut Fnv, text: &str) {
    let number = text.starts_with(|c: char| c.is_ascii_digit());
    for part in text.split(|c| number && c == '_') {
        hash.feed(part.as_bytes());
    }
}

/// What stands between two tokens counts too, if it is more than white space: the grammars
/// leave some text without a node of its own.
fn gap(hash: &mut Fnv, syntax: &Syntax<'_>, from: usize, to: usize) {
    let text = syntax.text.get(from..to).unwrap_or("").trim_matches(|c: char| {
        c.is_whitespace() || c == '\\' && syntax.language == Language::Python
    });
    if !text.is_empty() {
        hash.mark(TOKEN);
        hash.feed(text.as_bytes());
    }
}

/// A comma before a closing bracket, which formatters add and take away; but not that of a
/// Python tuple of one.
fn is_last_comma(syntax: &Syntax<'_>, index: usize) -> bool {
    let node = &syntax.nodes[index];
    if node.kind != "," || syntax.nodes[node.parent].kind == "tuple" {
        return false;
    }
    let comments = syntax.language.words().comments;
    let mut next = index + 1;
    while syntax.nodes.get(next).is_some_and(|node| node.is(comments)) {
        next = syntax.nodes[next].end;
    }
    syntax
        .nodes
        .get(next)
        .is_some_and(|after| after.parent == node.parent && matches!(after.kind, ")" | "]" | "}"))
}
