//! Names that a function takes or sets and does not use: what a linter warns of. One that was
//! used once is a trace of what is missing.

use std::collections::HashMap;
use std::ops::Range;

use super::Syntax;

/// Names that stand for what is left aside on purpose, or for the object itself.
const ASIDE: [&str; 3] = ["self", "cls", "this"];

pub(super) fn idle<'t>(syntax: &Syntax<'t>, lines: Range<u32>) -> Vec<&'t str> {
    let identifiers = syntax.language.words().identifiers;
    let mut found: HashMap<&str, (usize, usize)> = HashMap::new();
    for index in super::pieces::beginning_on(syntax, &lines) {
        if syntax.nodes[index].is(identifiers) {
            let (_, times) = found.entry(syntax.node_text(index)).or_insert((index, 0));
            *times += 1;
        }
    }
    let aside = |name: &str| name.starts_with('_') || ASIDE.contains(&name);
    let mut once: Vec<(usize, &str)> = found
        .into_iter()
        .filter(|(name, (index, times))| *times == 1 && !aside(name) && is_set(syntax, *index))
        .map(|(name, (index, _))| (index, name))
        .collect();
    once.sort_unstable();
    once.into_iter().map(|(_, name)| name).collect()
}

/// Whether a name is a parameter's, or is given a value, where it stands.
fn is_set(syntax: &Syntax<'_>, index: usize) -> bool {
    let mut at = index;
    loop {
        let node = &syntax.nodes[at];
        let parent = &syntax.nodes[node.parent];
        let holds = |word: &str| parent.kind.contains(word);
        let set = match node.field {
            "left" => ["assignment", "declaration", "for", "range"].into_iter().any(holds),
            "pattern" => holds("let") || holds("parameter") || holds("for"),
            "name" => holds("parameter") || holds("declarator") || holds("named_expression"),
            "" => holds("parameter") || holds("as_pattern_target"),
            _ => false,
        };
        // Several names may be set at once, each within a pattern.
        let within = holds("pattern") || parent.kind == "expression_list";
        if set || node.parent == 0 || !within || !matches!(node.field, "" | "pattern") {
            return set;
        }
        at = node.parent;
    }
}
