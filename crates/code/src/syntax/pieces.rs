//! The pieces of code that a repair replaces or looks at: statements, expressions, names.
//!
//! Apart from the bounds of functions, because these are about what lies on given lines.

use std::collections::HashSet;
use std::ops::Range;

use super::Syntax;

pub(super) fn statements(syntax: &Syntax<'_>, lines: Range<u32>) -> Vec<Range<u32>> {
    let words = syntax.language.words();
    // The innermost statement that each line belongs to: parents come before their children,
    // so that the last one to claim a line is the innermost.
    let length = lines.end.saturating_sub(lines.start).min(line_count(syntax)) as usize;
    let lines = lines.start..lines.start + length as u32;
    let mut owner: Vec<Option<usize>> = vec![None; length];
    for index in 1..syntax.nodes.len() {
        let node = &syntax.nodes[index];
        let outside = node.line >= lines.end || node.last < lines.start;
        if outside || !node.named || !syntax.nodes[node.parent].is(words.blocks) {
            continue;
        }
        let claimed =
            if node.is(words.comments) || syntax.is_docstring(index) { None } else { Some(index) };
        for line in node.line.max(lines.start)..(node.last + 1).min(lines.end) {
            owner[(line - lines.start) as usize] = claimed;
        }
    }
    runs(&owner, &marks(syntax, &lines), lines.start)
}

pub(super) fn holes(syntax: &Syntax<'_>, lines: Range<u32>) -> Vec<Range<u32>> {
    let words = syntax.language.words();
    let hole = |index: usize| {
        let node = &syntax.nodes[index];
        if node.kind == "pass_statement" {
            return Some(node.lines());
        }
        let mut inside = syntax.children(index).map(|child| &syntax.nodes[child]);
        let empty = inside.all(|child| !child.named || child.is(words.comments));
        (node.is(words.blocks) && empty && node.last > node.line).then_some(node.last..node.last)
    };
    let all = (1..syntax.nodes.len()).filter_map(hole);
    all.filter(|hole| lines.start <= hole.start && hole.end < lines.end.max(1)).collect()
}

fn line_count(syntax: &Syntax<'_>) -> u32 {
    syntax.nodes.first().map_or(0, |root| root.last + 1)
}

/// What stands on a line, comments and docstrings left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Mark {
    Nothing,
    /// Brackets and `else`.
    Frame,
    Code,
}

fn marks(syntax: &Syntax<'_>, lines: &Range<u32>) -> Vec<Mark> {
    let words = syntax.language.words();
    let mut marks = vec![Mark::Nothing; lines.len()];
    let mut index = 0;
    while index < syntax.nodes.len() {
        let node = &syntax.nodes[index];
        if node.is(words.comments) || syntax.is_docstring(index) {
            index = node.end;
            continue;
        }
        let leaf = node.end == index + 1 || node.is(words.atoms);
        if leaf && node.start < node.stop {
            let text = syntax.node_text(index);
            let word = text.bytes().any(|b| b.is_ascii_alphanumeric() || b == b'_' || b >= 0x80);
            let code = word && !matches!(text, "else" | "try" | "finally");
            let mark = if code { Mark::Code } else { Mark::Frame };
            for line in node.line.max(lines.start)..(node.last + 1).min(lines.end) {
                let line = &mut marks[(line - lines.start) as usize];
                *line = mark.max(*line);
            }
        }
        index = if leaf { node.end } else { index + 1 };
    }
    marks
}

/// The stretches of lines of one owner that have code, without the blank lines at their ends.
fn runs(owner: &[Option<usize>], marks: &[Mark], first: u32) -> Vec<Range<u32>> {
    let mut runs = Vec::new();
    let mut at = 0;
    while at < owner.len() {
        let mut end = at + 1;
        while end < owner.len() && owner[end] == owner[at] {
            end += 1;
        }
        let filled = |line: &usize| marks[*line] > Mark::Nothing;
        if owner[at].is_some()
            && marks[at..end].contains(&Mark::Code)
            && let (Some(start), Some(last)) = ((at..end).find(filled), (at..end).rfind(filled))
        {
            runs.push(first + start as u32..first + last as u32 + 1);
        }
        at = end;
    }
    runs
}

pub(super) fn expressions(syntax: &Syntax<'_>, line: u32) -> Vec<Range<usize>> {
    let words = syntax.language.words();
    let mut found: Vec<Range<usize>> = Vec::new();
    for index in beginning_on(syntax, &(line..line.saturating_add(1))) {
        let node = &syntax.nodes[index];
        if index == 0 || node.last != line || node.wrong || node.start == node.stop {
            continue;
        }
        let parent = &syntax.nodes[node.parent];
        let fits = if node.named {
            let defines = parent.kind.contains("parameter") && node.field != "value";
            !defines
                && !node.is(words.comments)
                && !node.is(words.blocks)
                && !is_target(syntax, index)
                && (words.slots.contains(&node.field)
                    || parent.is(words.lists)
                    || parent.is(words.operations))
        } else {
            parent.is(words.operations) && !matches!(node.kind, "(" | ")" | "," | ";" | "[" | "]")
        };
        if fits {
            found.push(node.bytes());
        }
    }
    found.sort_by_key(|range| (std::cmp::Reverse(range.len()), range.start));
    found.dedup();
    found
}

/// Whether a node is what an assignment assigns to.
fn is_target(syntax: &Syntax<'_>, index: usize) -> bool {
    let node = &syntax.nodes[index];
    let parent = syntax.nodes[node.parent].kind;
    node.field == "left" && (parent.contains("assignment") || parent.contains("declaration"))
}

pub(super) fn names<'t>(syntax: &Syntax<'t>, lines: Range<u32>) -> Vec<&'t str> {
    let identifiers = syntax.language.words().identifiers;
    let used = beginning_on(syntax, &lines).filter(|&i| syntax.nodes[i].is(identifiers));
    once(used.map(|i| syntax.node_text(i)))
}

/// The nodes that begin on the given lines. Nodes are in the order of the text, so that this
/// is one stretch of them.
pub(super) fn beginning_on(syntax: &Syntax<'_>, lines: &Range<u32>) -> Range<usize> {
    let before = |line: u32| syntax.nodes.partition_point(|node| node.line < line);
    before(lines.start)..before(lines.end.max(lines.start))
}

fn once<'t>(names: impl Iterator<Item = &'t str>) -> Vec<&'t str> {
    let mut seen = HashSet::new();
    names.filter(|name| !name.is_empty() && seen.insert(*name)).collect()
}
