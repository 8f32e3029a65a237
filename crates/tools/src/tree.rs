//! The agent's files, and what a call on them came to.
//!
//! Apart, because every tool speaks it. It looks up and reads; only `edit` and `write` change
//! anything, by [`Tree::change`].

use std::borrow::Cow;
use std::path::Path;

use tenfold_domain::CommitId;
use tenfold_redact::Redactor;
use tenfold_workspace::{FileChange, FileKind, Workspace, WorkspaceError};

use crate::files::{Files, Thing};
use crate::{path, reply, shown};

/// The largest file that is read or edited, in bytes.
const MAX_FILE_BYTES: u64 = 4_000_000;

/// The agent's files: a commit of a workspace.
#[derive(Debug, Clone)]
pub struct Tree<'w> {
    /// Where the commit lies. The person's own files are never looked at.
    pub workspace: &'w Workspace,
    /// The files as they are now.
    pub at: CommitId,
    /// What finds the secrets in them, which are never shown.
    pub redactor: &'w Redactor,
}

/// What a call came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Done {
    /// What the model reads, at most [`MAX_REPLY_BYTES`](crate::MAX_REPLY_BYTES); UTF-8 with
    /// no control characters but line breaks and tabs.
    pub text: String,
    /// The files now; as before if nothing changed. Nobody keeps a new commit from being
    /// swept away yet: that is [`Workspace::keep`].
    pub at: CommitId,
}

impl Done {
    /// The files are as they were.
    pub(crate) fn unchanged(tree: &Tree<'_>, text: String) -> Self {
        Self { text: reply::bounded(text), at: tree.at.clone() }
    }

    /// The files have changed.
    pub(crate) fn changed(at: CommitId, text: String) -> Self {
        Self { text: reply::bounded(text), at }
    }
}

/// Why a tool did nothing.
#[derive(Debug)]
pub(crate) enum NotDone {
    /// The model asked for what can't be; it is told so.
    Told(String),
    /// The workspace failed.
    Failed(WorkspaceError),
}

impl From<WorkspaceError> for NotDone {
    fn from(error: WorkspaceError) -> Self {
        Self::Failed(error)
    }
}

impl From<String> for NotDone {
    fn from(told: String) -> Self {
        Self::Told(told)
    }
}

/// A file that was found and read.
pub(crate) struct Open {
    /// From the top, `/` separated.
    pub(crate) path: String,
    pub(crate) content: Vec<u8>,
}

impl Tree<'_> {
    /// Where a path that a model wrote leads, from the top; empty for the top itself.
    pub(crate) fn place(&self, given: &str) -> Result<String, NotDone> {
        Ok(path::place(self.workspace.root(), given)?)
    }

    /// All files.
    pub(crate) fn files(&self) -> Result<Files, NotDone> {
        Ok(Files::new(self.workspace.files(&self.at)?))
    }

    /// Reads a plain file; a folder, a link, or nothing at all is told.
    pub(crate) fn open(&self, given: &str) -> Result<Open, NotDone> {
        let path = self.place(given)?;
        let files = self.files()?;
        let shown = shown::name(&path);
        match files.at(&path) {
            Thing::File(file) if file.kind == FileKind::Link => Err(self.told_of_link(&path)?),
            Thing::File(file) if file.bytes.0 > MAX_FILE_BYTES => Err(format!(
                "{shown} is too large to be read ({} bytes, at most {MAX_FILE_BYTES}): look at a \
                 part of it with `run`",
                file.bytes.0
            )
            .into()),
            Thing::File(_) => {
                let content = self.workspace.read(&self.at, Path::new(&path))?;
                Ok(Open { path, content })
            }
            Thing::Folder if path.is_empty() => {
                Err("the top is a folder: see what is in it with `list`".to_owned().into())
            }
            Thing::Folder => {
                Err(format!("{shown} is a folder: see what is in it with `list`").into())
            }
            Thing::Nothing => Err(files.nothing_at(&path).into()),
        }
    }

    /// A content as it is shown and searched: without its secrets, line for line. Before any of
    /// it is cut off, since half a secret is not known for one.
    pub(crate) fn without_secrets<'c>(&self, content: &'c [u8]) -> Cow<'c, [u8]> {
        match self.redactor.text(&String::from_utf8_lossy(content)) {
            Cow::Borrowed(_) => Cow::Borrowed(content),
            Cow::Owned(text) => Cow::Owned(text.into_bytes()),
        }
    }

    /// What is told of a link: tools don't follow it, since it may lead anywhere.
    pub(crate) fn told_of_link(&self, path: &str) -> Result<NotDone, WorkspaceError> {
        let target = self.workspace.read(&self.at, Path::new(path))?;
        let (path, target) = (shown::name(path), shown::name(&String::from_utf8_lossy(&target)));
        Ok(NotDone::Told(format!(
            "{path} is a symbolic link to {target}, which is not followed: name the file that it \
             leads to"
        )))
    }

    /// Commits one file's new content on top.
    pub(crate) fn change(
        &self,
        path: &str,
        content: Vec<u8>,
        message: &str,
    ) -> Result<CommitId, NotDone> {
        let change = FileChange { path: path.into(), content: Some(content) };
        Ok(self.workspace.commit(&self.at, &[change], message)?)
    }
}
