//! Many small commits as one.

use std::path::Path;

use tenfold_domain::CommitId;

use crate::WorkspaceError;
use crate::diff::{self, Delta};
use crate::git::Git;
use crate::import::{Change, Import, NewCommit, Signature, Source};

/// One commit on top of `base` with the files of `work`.
pub(crate) fn squash(
    git: &Git,
    base: &CommitId,
    work: &CommitId,
    message: &str,
) -> Result<CommitId, WorkspaceError> {
    commit(git, base, &diff::deltas(git, base, work)?, message)
}

/// One commit on top of `base` with these changes.
pub(crate) fn commit<'d>(
    git: &Git,
    base: &CommitId,
    deltas: impl IntoIterator<Item = &'d Delta>,
    message: &str,
) -> Result<CommitId, WorkspaceError> {
    let changes: Vec<Change<'_>> = deltas
        .into_iter()
        .map(|delta| {
            let path: &Path = delta.path.as_path();
            (path, delta.after.clone().map(|(kind, blob)| (kind, Source::Blob(blob))))
        })
        .collect();
    let (parent, signature) = (Some(base.as_str()), Signature::own());
    let commit = NewCommit { parent, signature, message, changes };
    Ok(Import::start(git)?.commit(&commit)?.commit)
}
