//! The secrets that a proposal would add to the person's files.
//!
//! Apart, because files stay exact: nothing is taken out of a proposal. Who reads it is told, and
//! who accepts it has to say that this is meant.

use std::collections::HashSet;
use std::fmt;
use std::path::{Path, PathBuf};

use tenfold_domain::CommitId;
use tenfold_redact::{Kind, Redactor, Secret};
use tenfold_workspace::{ChangeKind, Workspace, WorkspaceError};

/// How many of them a text names.
const NAMED: usize = 5;

/// A secret, or what looks like one, in a file that a proposal changes, which was in none of
/// these files before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AddedSecret {
    /// The file.
    pub path: PathBuf,
    /// The line, from one.
    pub line: usize,
    /// What it is.
    pub kind: Kind,
}

/// Those that the change from `base` to `commit` adds.
///
/// # Errors
/// What the workspace says.
pub fn added_secrets(
    workspace: &Workspace,
    redactor: &Redactor,
    base: &CommitId,
    commit: &CommitId,
) -> Result<Vec<AddedSecret>, WorkspaceError> {
    let changed = workspace.changed(base, commit)?;
    let there = changed.iter().filter(|file| file.form.is_some());
    let there: Vec<&Path> = there.map(|file| file.path.as_path()).collect();
    let found = secrets(workspace, redactor, commit, &there)?;
    if found.is_empty() {
        return Ok(Vec::new());
    }
    let was_there = changed.iter().filter(|file| file.kind != ChangeKind::Added);
    let was_there: Vec<&Path> = was_there.map(|file| file.path.as_path()).collect();
    let before = secrets(workspace, redactor, base, &was_there)?;
    let before: HashSet<Secret> = before.into_iter().map(|(_, secret)| secret).collect();
    let added = found.into_iter().filter(|(_, secret)| !before.contains(secret));
    let named = added.map(|(path, Secret { line, kind, .. })| AddedSecret {
        path: path.to_owned(),
        line,
        kind,
    });
    Ok(named.collect())
}

fn secrets<'p>(
    workspace: &Workspace,
    redactor: &Redactor,
    commit: &CommitId,
    paths: &[&'p Path],
) -> Result<Vec<(&'p Path, Secret)>, WorkspaceError> {
    let contents = workspace.read_many(commit, paths)?;
    let each = paths.iter().zip(contents).flat_map(|(path, content)| {
        let found = redactor.secrets(&String::from_utf8_lossy(&content));
        found.into_iter().map(|secret| (*path, secret))
    });
    Ok(each.collect())
}

/// "a GitHub token in conf.py:3".
impl fmt::Display for AddedSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} in {}:{}", self.kind, self.path.display(), self.line)
    }
}

/// Some of them in a sentence's part, the rest by their number.
pub(crate) fn named(secrets: &[AddedSecret]) -> String {
    let mut names: Vec<String> = secrets.iter().take(NAMED).map(ToString::to_string).collect();
    if secrets.len() > NAMED {
        names.push(format!("{} more", secrets.len() - NAMED));
    }
    names.join(", ")
}
