//! Many small commits as one.

use std::path::Path;

use tenfold_domain::CommitId;

use crate::WorkspaceError;
use crate::diff;
use crate::git::Git;
use crate::import::{Change, Import, NewCommit, Signature, Source};

/// One commit on top of `base` with the files of `work`.
pub(crate) fn squash(
    git: &Git,
    base: &CommitId,
    work: &CommitId,
    message: &str,
) -> Result<CommitId, WorkspaceError> {
    let deltas = diff::deltas(git, base, work)?;
    let changes: Vec<Change<'_>> = deltas
        .iter()
        .map(|delta| {
            let path: &Path = delta.path.as_path();
            (path, delta.after.clone().map(|(kind, blob)| (kind, Source::Blob(blob))))
        })
        .collect();
    let (parent, signature) = (Some(base.as_str()), Signature::own());
    let commit = NewCommit { parent, signature, message, changes };
    Ok(Import::start(git)?.commit(&commit)?.commit)
}
