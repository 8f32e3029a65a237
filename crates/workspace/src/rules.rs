//! What `.gitignore` files say, folder by folder.
//!
//! Apart, because git would open whatever is called `.gitignore` in a folder, a pipe too, and
//! wait for it. It never reads a file itself: it is handed the text.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use ignore::gitignore::{Gitignore, GitignoreBuilder};

/// What is passed over in a folder that has no git and so, often, nothing that says what is
/// source: other systems' records, and what tools can make again.
const WITHOUT_GIT: &str = "\
.hg/\n.svn/\n.jj/\n__pycache__/\n.pytest_cache/\n.mypy_cache/\n.ruff_cache/\n.tox/\n.nox/\n\
.venv/\nvenv/\nnode_modules/\n.gradle/\n.DS_Store\n";

/// Rules from the top down to one folder.
#[derive(Debug, Clone)]
pub(crate) struct Rules {
    /// From the weakest (the person's own, for all repositories) to the strongest (the
    /// folder's): each with the folder that its patterns are relative to.
    levels: Vec<(PathBuf, Arc<Gitignore>)>,
}

impl Rules {
    /// The rules of no file.
    pub(crate) fn none() -> Self {
        Self { levels: Vec::new() }
    }

    /// What is passed over in a folder without git.
    pub(crate) fn without_git() -> Self {
        Self::none().below(Path::new(""), WITHOUT_GIT.as_bytes())
    }

    /// These rules and, over them, those of a text that stands in `folder`. A line that can't
    /// be understood says nothing, as in git.
    pub(crate) fn below(&self, folder: &Path, text: &[u8]) -> Self {
        let text = String::from_utf8_lossy(text);
        let mut builder = GitignoreBuilder::new(".");
        for line in text.trim_start_matches('\u{feff}').lines() {
            let _ = builder.add_line(None, line);
        }
        let mut levels = self.levels.clone();
        if let Ok(rules) = builder.build()
            && !rules.is_empty()
        {
            levels.push((folder.to_owned(), Arc::new(rules)));
        }
        Self { levels }
    }

    /// Whether a path is to be passed over, given that the folders above it are not.
    pub(crate) fn ignore(&self, path: &Path, is_folder: bool) -> bool {
        for (folder, rules) in self.levels.iter().rev() {
            let Ok(relative) = path.strip_prefix(folder) else { continue };
            let verdict = rules.matched(relative, is_folder);
            if !verdict.is_none() {
                return verdict.is_ignore();
            }
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_rule_that_says_something_decides() {
        let person = Rules::none().below(Path::new(""), b"*.log\n");
        let top =
            person.below(Path::new(""), "\u{feff}/build/\n*.o\nname with space \n".as_bytes());
        let sub = top.below(Path::new("sub"), b"!keep.log\n/only-here\n[\n");
        assert!(sub.ignore(Path::new("a.log"), false));
        assert!(sub.ignore(Path::new("sub/a.log"), false));
        assert!(!sub.ignore(Path::new("sub/keep.log"), false));
        assert!(sub.ignore(Path::new("sub/only-here"), false));
        assert!(!sub.ignore(Path::new("only-here"), false));
        assert!(sub.ignore(Path::new("build"), true));
        assert!(!sub.ignore(Path::new("build"), false));
        assert!(!sub.ignore(Path::new("sub/build"), true));
        assert!(sub.ignore(Path::new("name with space"), false));
    }
}
