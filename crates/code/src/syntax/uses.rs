//! How names are used: what a name that stands elsewhere can be.

use std::collections::BTreeSet;

use super::Syntax;

/// How a name is used where it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Use {
    /// By itself.
    Value,
    /// As what has parts: `name.a`, `name[0]`.
    Whole,
    /// As a part of a value: `a.name`.
    Member,
    /// As what is called or defined with parameters, by itself or as a part: `name(a)`.
    Called,
    /// As what another name is in: `name::a`.
    Path,
}

impl Use {
    /// The use of a name that stands between two texts.
    pub fn between(before: &str, after: &str) -> Self {
        let (before, then) = (before.trim_end(), after.trim_start());
        let called = after.trim_start_matches(' ').starts_with('(') || after.starts_with("::<");
        let expanded = after.starts_with('!') && !after.starts_with("!=");
        if called || expanded {
            Self::Called
        } else if after.starts_with("::") {
            Self::Path
        } else if before.ends_with('.') && !before.ends_with("..") {
            Self::Member
        } else if after.starts_with('[') || then.starts_with('.') && !then.starts_with("..") {
            Self::Whole
        } else {
            Self::Value
        }
    }
}

pub(super) fn all<'t>(syntax: &Syntax<'t>) -> BTreeSet<(&'t str, Use)> {
    let identifiers = syntax.language.words().identifiers;
    let named = syntax.nodes.iter().filter(|node| node.is(identifiers));
    let used = named.filter_map(|node| {
        let bytes = node.bytes();
        let (before, after) = (syntax.text.get(..bytes.start)?, syntax.text.get(bytes.end..)?);
        Some((syntax.text.get(bytes)?, Use::between(before, after)))
    });
    used.filter(|(name, _)| !name.is_empty()).collect()
}
