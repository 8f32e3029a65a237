//! Which files a rule is about, in the words of `.gitignore`; and the built-in list of the
//! files that checks depend on.
//!
//! Apart, because the list is data (`check_files.toml`) that people can read, and because what
//! is protected must not depend on which part of the program asks. It does no IO.

use std::path::Path;
use std::sync::{Arc, LazyLock};

use ignore::gitignore::{Gitignore, GitignoreBuilder};
use serde::Deserialize;

use crate::WorkspaceError;

/// The built-in list, as text.
const CHECK_FILES: &str = include_str!("check_files.toml");

#[derive(Deserialize)]
struct CheckFiles {
    group: Vec<CheckFileGroup>,
}

/// Files that checks depend on for one reason.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct CheckFileGroup {
    /// What they are.
    pub name: String,
    /// Why a check depends on them.
    pub why: String,
    /// Which they are, as in `.gitignore`.
    pub patterns: Vec<String>,
}

/// Patterns as in `.gitignore`. A pattern that matches a folder matches all in it, and the last
/// pattern that matches decides.
#[derive(Debug, Clone)]
pub struct Patterns(Arc<Gitignore>);

/// Those of the built-in list, which is read once.
static BUILT_IN: LazyLock<Patterns> = LazyLock::new(|| {
    let lines = check_file_groups().into_iter().flat_map(|group| group.patterns);
    Patterns::new(lines).expect("a test reads the built-in list")
});

impl Patterns {
    /// Patterns that match nothing.
    pub fn none() -> Self {
        Self(Arc::new(Gitignore::empty()))
    }

    /// From lines as in `.gitignore`.
    ///
    /// # Errors
    /// [`WorkspaceError::Pattern`] names the line that can't be understood.
    pub fn new<S: AsRef<str>>(lines: impl IntoIterator<Item = S>) -> Result<Self, WorkspaceError> {
        let mut builder = GitignoreBuilder::new(".");
        let bad = |pattern: &str, error: ignore::Error| WorkspaceError::Pattern {
            pattern: pattern.to_owned(),
            why: error.to_string(),
        };
        builder.allow_unclosed_class(false);
        for line in lines {
            let line = line.as_ref();
            builder.add_line(None, line).map_err(|error| bad(line, error))?;
        }
        Ok(Self(Arc::new(builder.build().map_err(|error| bad("", error))?)))
    }

    /// The files that checks depend on: tests, their configuration, manifests, lock files,
    /// continuous integration, and what decides how programs start.
    pub fn check_files() -> Self {
        BUILT_IN.clone()
    }

    /// The files that checks depend on, and more.
    ///
    /// # Errors
    /// As [`Patterns::new`].
    pub fn check_files_and<S: AsRef<str>>(
        more: impl IntoIterator<Item = S>,
    ) -> Result<Self, WorkspaceError> {
        let mut more = more.into_iter().map(|line| line.as_ref().to_owned()).peekable();
        if more.peek().is_none() {
            return Ok(Self::check_files());
        }
        let built_in = check_file_groups().into_iter().flat_map(|group| group.patterns);
        Self::new(built_in.chain(more))
    }

    /// Whether a file, by its path from the top of the workspace, is meant.
    pub fn matches(&self, path: &Path) -> bool {
        !path.has_root() && self.0.matched_path_or_any_parents(path, false).is_ignore()
    }
}

/// The built-in list of files that checks depend on, by reason.
pub fn check_file_groups() -> Vec<CheckFileGroup> {
    toml::from_str::<CheckFiles>(CHECK_FILES).expect("a test reads the built-in list").group
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_check_depends_on_is_known() {
        let patterns = Patterns::check_files();
        for path in [
            "tests/test_a.py",
            "pkg/tests/data/x.json",
            "test_a.py",
            "a/conftest.py",
            "pkg/a_test.go",
            "web/src/a.test.tsx",
            "a.spec.js",
            "src/test/java/a/B.java",
            "crates/x/tests/it/main.rs",
            "src/parser/tests.rs",
            "Cargo.toml",
            "a/Cargo.lock",
            ".cargo/config.toml",
            "build.rs",
            "pyproject.toml",
            "setup.cfg",
            "package.json",
            ".github/workflows/ci.yml",
            ".gitlab-ci.yml",
            "Makefile",
            "makefile",
            "src/ATest.java",
            "sitecustomize.py",
            "src/x.pth",
            ".env",
            "jest.config.ts",
            "tenfold.toml",
            "rust-toolchain",
            ".gitattributes",
            "AGENTS.md",
        ] {
            assert!(patterns.matches(Path::new(path)), "{path}");
        }
        for path in [
            "src/lib.rs",
            "src/testing.py",
            "src/contest.py",
            "latest.py",
            "src/attest/a.go",
            "README.md",
            "src/protest/x.js",
            "src/main/java/a/Testing.java",
            "docs/setup.md",
            "src/environment.py",
            "a/makefile_parser.py",
            "src/Audit.java",
            "src/build/x.rs",
            "crates/workspace/src/lib.rs",
        ] {
            assert!(!patterns.matches(Path::new(path)), "{path}");
        }
    }

    #[test]
    fn the_last_pattern_that_matches_decides() {
        let patterns = Patterns::new(["tests/", "!tests/helpers.py", "/top.txt"]).unwrap();
        assert!(patterns.matches(Path::new("tests/a.py")));
        assert!(patterns.matches(Path::new("top.txt")));
        assert!(!patterns.matches(Path::new("a/top.txt")));
        assert!(!Patterns::none().matches(Path::new("tests/a.py")));
    }

    #[test]
    fn a_pattern_that_means_nothing_is_refused() {
        let error = Patterns::new(["ok", "a[b"]).unwrap_err();
        assert!(error.to_string().contains("'a[b'"), "{error}");
    }
}
