//! The work with all files that the check depends on as they were.
//!
//! Apart, because this is what stands between a weakened test and a proposal that is called
//! verified. It works on commits alone.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use tenfold_domain::CommitId;

use crate::WorkspaceError;
use crate::diff::{self, Delta};
use crate::git::Git;
use crate::squash;
use crate::store;

/// Commits the work's files on top of `base`, with the protected ones as they are in `base`.
/// Returns the commit, and which files were put back.
pub(crate) fn put_back(
    git: &Git,
    base: &CommitId,
    work: &CommitId,
    is_protected: impl Fn(&Path) -> bool,
) -> Result<(CommitId, Vec<PathBuf>), WorkspaceError> {
    let deltas = diff::deltas(git, base, work)?;
    let put_back = chosen(&deltas, is_protected);
    if put_back.is_empty() {
        return Ok((work.clone(), Vec::new()));
    }
    let kept = deltas.iter().filter(|delta| !put_back.contains(&delta.path));
    let commit = squash::commit(git, base, kept, &store::message(git, work)?)?;
    Ok((commit, put_back.into_iter().collect()))
}

/// The protected ones among the changed files, and those that can't stay beside them: a file
/// where the base has a folder with a protected file in it, or the other way round, would
/// push the protected one out.
fn chosen(deltas: &[Delta], protected: impl Fn(&Path) -> bool) -> BTreeSet<PathBuf> {
    let before: BTreeMap<&Path, bool> =
        deltas.iter().map(|delta| (delta.path.as_path(), delta.before.is_some())).collect();
    let mut chosen: BTreeSet<PathBuf> =
        deltas.iter().map(|delta| &delta.path).filter(|path| protected(path)).cloned().collect();
    loop {
        let restored = |path: &Path| chosen.contains(path) && before.get(path) == Some(&true);
        let in_the_way = deltas.iter().find(|delta| {
            delta.after.is_some()
                && !chosen.contains(&delta.path)
                && (delta.path.ancestors().skip(1).any(restored)
                    || before.keys().any(|path| {
                        *path != delta.path && path.starts_with(&delta.path) && restored(path)
                    }))
        });
        match in_the_way {
            Some(delta) => chosen.insert(delta.path.clone()),
            None => return chosen,
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tree::FileKind;

    fn delta(path: &str, before: bool, after: bool) -> Delta {
        let side = |there: bool| there.then(|| (FileKind::File, String::new()));
        Delta { path: path.into(), before: side(before), after: side(after) }
    }

    #[test]
    fn what_would_push_a_protected_file_out_goes_back_with_it() {
        let deltas = [
            delta("a", false, true),
            delta("a/tests/t.py", true, false),
            delta("b/tests", false, true),
            delta("c.py", true, true),
            delta("tests", true, false),
            delta("tests/new.py", false, true),
        ];
        let chosen = chosen(&deltas, |path| path.ends_with("t.py") || path == Path::new("tests"));
        let names: Vec<_> = chosen.iter().map(|path| path.to_str().unwrap()).collect();
        assert_eq!(names, ["a", "a/tests/t.py", "tests", "tests/new.py"]);
    }
}
