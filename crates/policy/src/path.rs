//! Paths from the top of a workspace, and patterns for them, as in `.gitignore`. No file is
//! looked at: what a link leads to is the business of whoever opens it.

use std::fmt;

use globset::{GlobBuilder, GlobSet, GlobSetBuilder};

/// A path that was asked about.
#[derive(Debug)]
pub(crate) struct Place {
    shown: String,
    /// The path and each folder above it, without `.` and `..`; none if it leaves the workspace.
    levels: Option<Vec<String>>,
}

impl Place {
    pub(crate) fn new(path: &str) -> Self {
        Self { shown: path.to_owned(), levels: levels(path) }
    }
}

fn levels(path: &str) -> Option<Vec<String>> {
    let mut names = Vec::new();
    for name in path.split('/') {
        match name {
            "" | "." => {}
            ".." => {
                names.pop()?;
            }
            name => names.push(name),
        }
    }
    let top = if path.starts_with('/') { "/" } else { "" };
    if names.is_empty() {
        return Some(vec![top.to_owned()]);
    }
    Some((1..=names.len()).map(|depth| format!("{top}{}", names[..depth].join("/"))).collect())
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.shown)
    }
}

/// Patterns, of which one has to match the path or a folder above it.
#[derive(Debug, Clone)]
pub(crate) struct PathPatterns {
    set: GlobSet,
}

impl PathPatterns {
    /// `generous` patterns pass over the difference between large and small letters, which some
    /// file systems don't know.
    pub(crate) fn new(patterns: &[String], generous: bool) -> Result<Self, String> {
        let mut set = GlobSetBuilder::new();
        for pattern in patterns {
            let glob = GlobBuilder::new(&anchored(pattern)?)
                .literal_separator(true)
                .case_insensitive(generous)
                .backslash_escape(true)
                .build()
                .map_err(|error| format!("'{pattern}' is no pattern: {}", error.kind()))?;
            set.add(glob);
        }
        let set = set.build().map_err(|error| format!("these are no patterns: {error}"))?;
        Ok(Self { set })
    }

    pub(crate) fn matches(&self, place: &Place, generous: bool) -> bool {
        match &place.levels {
            Some(levels) => levels.iter().any(|level| self.set.is_match(level)),
            None => generous,
        }
    }
}

/// A pattern without a slash matches at any depth; one with a slash, from the top.
fn anchored(pattern: &str) -> Result<String, String> {
    if pattern.starts_with('!') {
        return Err(format!(
            "'{pattern}' takes something back, which a rule can't; write a pattern that does not \
             match it"
        ));
    }
    let trimmed = pattern.trim_end_matches('/');
    match trimmed.strip_prefix("./").unwrap_or(trimmed) {
        "" => Err(format!("'{pattern}' names nothing; ** is every path")),
        path if path.contains('/') => Ok(path.to_owned()),
        name => Ok(format!("**/{name}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matches(pattern: &str, path: &str, generous: bool) -> bool {
        let patterns = PathPatterns::new(&[pattern.to_owned()], generous).unwrap();
        patterns.matches(&Place::new(path), generous)
    }

    #[test]
    fn patterns_mean_what_they_mean_in_gitignore() {
        for (pattern, path) in [
            ("AGENTS.md", "docs/AGENTS.md"),
            (".claude/", "pkg/.claude/hooks/x.sh"),
            (".github/workflows", ".github/workflows/ci.yml"),
            ("src/*.rs", "./src//lib.rs"),
            ("src/**", "src/a/b.rs"),
            ("src/*.rs", "docs/../src/lib.rs"),
            (".env.*", ".env.local"),
            ("**", "any/thing"),
            ("/etc/**", "/etc/passwd"),
        ] {
            assert!(matches(pattern, path, false), "{pattern} on {path}");
        }
        for (pattern, path) in [
            ("src/*.rs", "src/a/b.rs"),
            (".github/workflows", "x/.github/workflows/ci.yml"),
            ("AGENTS.md", "MY_AGENTS.md"),
            ("etc/**", "/etc/passwd"),
        ] {
            assert!(!matches(pattern, path, true), "{pattern} on {path}");
        }
    }

    #[test]
    fn what_leaves_the_workspace_or_differs_in_case_is_matched_by_the_strict_only() {
        for (pattern, path) in [("src/**", "src/../../x"), (".github/**", ".GitHub/workflows/x")] {
            assert!(matches(pattern, path, true), "{pattern} on {path}");
            assert!(!matches(pattern, path, false), "{pattern} on {path}");
        }
    }

    #[test]
    fn what_is_no_pattern_is_refused_with_what_to_do() {
        for (pattern, said) in [("!a", "takes something back"), ("/", "** is"), ("a[b", "a[b")] {
            let error = PathPatterns::new(&[pattern.to_owned()], true).unwrap_err();
            assert!(error.contains(said), "{error}");
        }
    }
}
