//! A workspace: the one handle through which the rest of Tenfold sees a person's files.
//!
//! Apart, because it is only the list of what can be asked; how each is done stands in a file
//! of its own. It never runs anything of what the workspace holds.

use std::fs::File;
use std::path::{Path, PathBuf};

use tenfold_domain::{Bytes, CommitId};

use crate::WorkspaceError;
use crate::branch::{self, AcceptedBranch};
use crate::checkout;
use crate::diff::{self, ChangedFile, ShownLine};
use crate::git::{self, Git};
use crate::in_place::{self, InPlace, Trust};
use crate::known::Known;
use crate::own::Own;
use crate::person::Person;
use crate::place::{self, Place};
use crate::put_back;
use crate::snapshot::{self, FileChange, Snapshot};
use crate::sought::{self, Sighted, Sought};
use crate::squash;
use crate::store;
use crate::tree::{Entry, TreeFile};

/// A repository or folder, and Tenfold's own git directory for it.
///
/// Every method is synchronous, may take as long as reading all files takes, and may be called
/// by several processes at once.
#[derive(Debug)]
pub struct Workspace {
    place: Place,
    person: Person,
    git: Git,
    known: Known,
    // What is written to the git directory stays there for some days as long as this lives.
    _used: File,
}

impl Workspace {
    /// Opens the repository that `path` is in, or the folder as it is if it is in none.
    /// Tenfold's git directory is made below `data_dir`.
    ///
    /// # Errors
    /// [`WorkspaceError::NoGit`], [`NoFolder`](WorkspaceError::NoFolder),
    /// [`NotAFolder`](WorkspaceError::NotAFolder), [`Bare`](WorkspaceError::Bare),
    /// [`InsideGitDirectory`](WorkspaceError::InsideGitDirectory),
    /// [`RootNotUtf8`](WorkspaceError::RootNotUtf8), [`Io`](WorkspaceError::Io).
    pub fn open(path: &Path, data_dir: &Path) -> Result<Self, WorkspaceError> {
        Self::open_for(path, data_dir, Person::from_environment())
    }

    /// The same, for a person whose environment is handed in.
    ///
    /// # Errors
    /// As [`Workspace::open`].
    pub fn open_for(path: &Path, data_dir: &Path, person: Person) -> Result<Self, WorkspaceError> {
        let program = git::find_git(person.path.as_deref())?;
        let place = place::find(path)?;
        let (git, used) = store::open(&program, &place.root, data_dir)?;
        Ok(Self { place, person, git, known: Known::new(), _used: used })
    }

    /// The top: absolute, links resolved, UTF-8.
    pub fn root(&self) -> &Path {
        &self.place.root
    }

    /// Where below the top the path was that was given; empty for the top itself.
    pub fn subdir(&self) -> &Path {
        &self.place.subdir
    }

    /// Whether it is a git repository, so that a proposal can become a branch.
    pub fn is_repository(&self) -> bool {
        self.place.repository.is_some()
    }

    /// What a person should know of the workspace; [`Snapshot::notes`] has what concerns
    /// its files.
    pub fn notes(&self) -> Vec<String> {
        match self.place.repository {
            Some(_) => Vec::new(),
            None => vec![
                "this folder is no git repository: proposals are applied to the files, and \
                 dependency folders (node_modules, .venv) and caches are left out of the work"
                    .to_owned(),
            ],
        }
    }

    /// Commits the person's files as they are now: those that are tracked, as they stand in
    /// the folder, and others that are not ignored. Nothing of the person's is written.
    ///
    /// # Errors
    /// [`WorkspaceError::TooMuch`] above 8 GB or 400,000 files; [`Io`](WorkspaceError::Io),
    /// [`Git`](WorkspaceError::Git). A file that can't be taken is no error but a note.
    pub fn snapshot(&self) -> Result<Snapshot, WorkspaceError> {
        snapshot::snapshot(&self.git, &self.person, &self.place)
    }

    /// Looks for a few of the person's files as they are now, and reads them. Ignored ones are
    /// passed by, and no link is followed.
    ///
    /// # Errors
    /// [`WorkspaceError::Io`] if the top can't be opened. A file that can't be taken is no error
    /// but a note.
    pub fn look_for(&self, sought: &Sought<'_>) -> Result<Sighted, WorkspaceError> {
        let rules = snapshot::rules(&self.git, &self.person, self.place.repository.as_ref());
        sought::look(&self.place.root, rules, sought)
    }

    /// The files of a commit, sorted by path.
    ///
    /// # Errors
    /// [`WorkspaceError::Git`] if there is no such commit.
    pub fn files(&self, commit: &CommitId) -> Result<Vec<TreeFile>, WorkspaceError> {
        let tree = self.known.list(&self.git, commit)?;
        let file = |(path, entry): (&PathBuf, &Entry)| TreeFile {
            path: path.clone(),
            kind: entry.kind,
            bytes: Bytes(entry.bytes),
        };
        Ok(tree.iter().map(file).collect())
    }

    /// The content of a file of a commit; of a link, where it leads.
    ///
    /// # Errors
    /// [`WorkspaceError::NoSuchFile`], [`Git`](WorkspaceError::Git).
    pub fn read(&self, commit: &CommitId, path: &Path) -> Result<Vec<u8>, WorkspaceError> {
        Ok(self.read_many(commit, &[path])?.pop().unwrap_or_default())
    }

    /// The contents of several files of a commit, in their order.
    ///
    /// # Errors
    /// As [`Workspace::read`].
    pub fn read_many(
        &self,
        commit: &CommitId,
        paths: &[&Path],
    ) -> Result<Vec<Vec<u8>>, WorkspaceError> {
        let tree = self.known.list_with(&self.git, commit, paths)?;
        let blob = |path: &&Path| match tree.get(*path) {
            Some(entry) => Ok(entry.blob.as_str()),
            None => Err(WorkspaceError::NoSuchFile {
                commit: commit.short().to_owned(),
                path: path.to_path_buf(),
            }),
        };
        let blobs = paths.iter().map(blob).collect::<Result<Vec<_>, _>>()?;
        self.known.contents(&self.git, &blobs)
    }

    /// Writes all files of a commit into `dir`, which must be empty or not there: plain files
    /// (mode 644 or 755) and links, no `.git`, and everything last changed at
    /// [`CHECKOUT_TIME_SECONDS`](crate::CHECKOUT_TIME_SECONDS).
    ///
    /// # Errors
    /// [`WorkspaceError::NotEmpty`], [`Io`](WorkspaceError::Io), [`Git`](WorkspaceError::Git);
    /// `dir` is gone or empty then.
    pub fn checkout(&self, commit: &CommitId, dir: &Path) -> Result<(), WorkspaceError> {
        checkout::checkout(&self.git, commit, dir)
    }

    /// Commits changed files on top of `base`. The same changes make the same commit.
    ///
    /// # Errors
    /// [`WorkspaceError::BadPath`], [`Git`](WorkspaceError::Git).
    pub fn commit(
        &self,
        base: &CommitId,
        changes: &[FileChange],
        message: &str,
    ) -> Result<CommitId, WorkspaceError> {
        snapshot::commit(&self.git, base, changes, message)
    }

    /// Commits what stands in `dir`, which nobody trusts, on top of `base`: files of `base`,
    /// and others that are not ignored. What is no file or link is left out with a note, and
    /// nested repositories are folders like any other.
    ///
    /// # Errors
    /// As [`Workspace::snapshot`].
    pub fn capture(
        &self,
        base: &CommitId,
        dir: &Path,
        message: &str,
    ) -> Result<Snapshot, WorkspaceError> {
        let rules = snapshot::rules(&self.git, &self.person, self.place.repository.as_ref());
        snapshot::capture(&self.git, &rules, base, dir, message)
    }

    /// Keeps a commit from being removed ([`OwnAlone::remove`](crate::OwnAlone::remove)), under
    /// a name (as of a branch). What is under no name stays as long as this workspace is open,
    /// but no more than two days.
    ///
    /// # Errors
    /// [`WorkspaceError::Git`] if the name or the commit can't be.
    pub fn keep(&self, name: &str, commit: &CommitId) -> Result<(), WorkspaceError> {
        self.keep_all([(name, commit)])
    }

    /// As [`Workspace::keep`], for several, all or none.
    ///
    /// # Errors
    /// As for [`Workspace::keep`].
    pub fn keep_all<'a>(
        &self,
        kept: impl IntoIterator<Item = (&'a str, &'a CommitId)>,
    ) -> Result<(), WorkspaceError> {
        store::keep(&self.git, kept)
    }

    /// Takes [`Workspace::keep`] back. A name that is not there is no error.
    ///
    /// # Errors
    /// [`WorkspaceError::Git`].
    pub fn forget(&self, name: &str) -> Result<(), WorkspaceError> {
        store::forget(&self.git, name)
    }

    /// Closes it. What was written and not kept has no name any more then, if nobody else has it
    /// open and nobody writes.
    ///
    /// # Errors
    /// [`WorkspaceError::Io`], [`Git`](WorkspaceError::Git).
    pub fn leave(self) -> Result<(), WorkspaceError> {
        let dir = self.git.dir().to_owned();
        drop(self);
        Own::tidy(&dir)
    }

    /// The difference between two commits as people read it (unified, `a/` and `b/`). Bytes
    /// that are no UTF-8 are shown as `\u{FFFD}`; [`Workspace::patch`] keeps them.
    ///
    /// # Errors
    /// [`WorkspaceError::Git`] if there is no such commit.
    pub fn diff(&self, a: &CommitId, b: &CommitId) -> Result<String, WorkspaceError> {
        diff::diff(&self.git, a, b)
    }

    /// The difference as `git apply` takes it, byte for byte, binary files included.
    ///
    /// # Errors
    /// As [`Workspace::diff`].
    pub fn patch(&self, a: &CommitId, b: &CommitId) -> Result<Vec<u8>, WorkspaceError> {
        diff::patch(&self.git, a, b)
    }

    /// The files that differ between two commits, sorted by path. A renamed file is one that
    /// is gone and one that is new.
    ///
    /// # Errors
    /// As [`Workspace::diff`].
    pub fn changed(&self, a: &CommitId, b: &CommitId) -> Result<Vec<ChangedFile>, WorkspaceError> {
        diff::changed(&self.git, a, b)
    }

    /// The lines that [`Workspace::diff`] shows of one file (or of a folder's files, one after
    /// another), in its order; none of one that does not differ, or is no text.
    ///
    /// # Errors
    /// As [`Workspace::diff`].
    pub fn shown_lines(
        &self,
        a: &CommitId,
        b: &CommitId,
        path: &str,
    ) -> Result<Vec<ShownLine>, WorkspaceError> {
        diff::shown_lines(&self.git, a, b, path)
    }

    /// Commits the work with every changed file that is protected as it is in `base` (added ones
    /// are removed). Returns the commit, which is `work` itself if nothing had to be put back,
    /// and the files that were.
    ///
    /// # Errors
    /// [`WorkspaceError::Git`] if there is no such commit.
    pub fn put_back(
        &self,
        base: &CommitId,
        work: &CommitId,
        is_protected: impl Fn(&Path) -> bool,
    ) -> Result<(CommitId, Vec<PathBuf>), WorkspaceError> {
        put_back::put_back(&self.git, base, work, is_protected)
    }

    /// One commit on top of `base` with the files of `work`, which may be many commits later.
    ///
    /// # Errors
    /// [`WorkspaceError::Git`] if there is no such commit.
    pub fn squash(
        &self,
        base: &CommitId,
        work: &CommitId,
        message: &str,
    ) -> Result<CommitId, WorkspaceError> {
        squash::squash(&self.git, base, work, message)
    }

    /// The change from `base` to `proposal`, brought to what `target` holds: one commit on top of
    /// `target`, or `target` itself if it has all of it. Nothing of the person's is touched.
    ///
    /// # Errors
    /// [`WorkspaceError::Conflicts`] where it does not fit, file by file;
    /// [`WorkspaceError::Git`] if there is no such commit.
    pub fn on_top(
        &self,
        target: &CommitId,
        base: &CommitId,
        proposal: &CommitId,
    ) -> Result<CommitId, WorkspaceError> {
        branch::on_top(&self.git, target, (base, proposal))
    }

    /// Writes what a new branch `name` of the person's repository is to point to: one commit on
    /// top of their HEAD, by the author that their git settings name, with the proposal's
    /// message, that brings the change from `base` to `proposal`. Nothing leads to it before
    /// [`Workspace::make_branch`].
    ///
    /// # Errors
    /// [`WorkspaceError::Conflicts`] where the change does not fit on HEAD, file by file;
    /// [`NothingToAccept`](WorkspaceError::NothingToAccept),
    /// [`NoRepository`](WorkspaceError::NoRepository), [`Sha256`](WorkspaceError::Sha256),
    /// [`BadBranchName`](WorkspaceError::BadBranchName),
    /// [`BranchExists`](WorkspaceError::BranchExists), [`Git`](WorkspaceError::Git).
    pub fn fit_branch(
        &self,
        base: &CommitId,
        proposal: &CommitId,
        name: &str,
    ) -> Result<AcceptedBranch, WorkspaceError> {
        branch::fit(&self.git, &self.person, &self.place, (base, proposal), name)
    }

    /// Makes a branch that was written by [`Workspace::fit_branch`]; if it is there and has that
    /// commit in it, nothing is done. Files, index, stash and HEAD stay as they are.
    ///
    /// # Errors
    /// [`NoRepository`](WorkspaceError::NoRepository), [`Git`](WorkspaceError::Git) if there is
    /// another branch of that name by now.
    pub fn make_branch(&self, branch: &AcceptedBranch) -> Result<(), WorkspaceError> {
        branch::make(&self.git, &self.place, branch)
    }

    /// Fits the change from `base` to `proposal` to the person's files as they are now. Nothing
    /// is written but by [`InPlace::write`]; modes and line ends are kept.
    ///
    /// # Errors
    /// [`WorkspaceError::Conflicts`], file by file and line by line;
    /// [`NothingToAccept`](WorkspaceError::NothingToAccept), [`Io`](WorkspaceError::Io),
    /// [`Git`](WorkspaceError::Git).
    pub fn fit_in_place(
        &self,
        base: &CommitId,
        proposal: &CommitId,
    ) -> Result<InPlace, WorkspaceError> {
        if diff::deltas(&self.git, base, proposal)?.is_empty() {
            return Err(WorkspaceError::NothingToAccept);
        }
        in_place::fit(&self.git, &self.place.root, base, proposal, Trust::Proposal)
    }

    /// Removes a branch that was made by [`Workspace::make_branch`].
    ///
    /// # Errors
    /// [`WorkspaceError::BranchGone`], [`BranchMoved`](WorkspaceError::BranchMoved) if
    /// something was added to it, [`BranchCheckedOut`](WorkspaceError::BranchCheckedOut),
    /// [`NoRepository`](WorkspaceError::NoRepository), [`Git`](WorkspaceError::Git).
    pub fn undo_branch(&self, accepted: &AcceptedBranch) -> Result<(), WorkspaceError> {
        branch::undo(&self.git, &self.place, accepted)
    }

    /// Whether [`Workspace::undo_branch`] would remove the branch.
    ///
    /// # Errors
    /// As for that.
    pub fn can_undo_branch(&self, accepted: &AcceptedBranch) -> Result<(), WorkspaceError> {
        branch::can_undo(&self.git, &self.place, accepted)
    }

    /// Fits what takes back the writing of [`InPlace::before`] and [`InPlace::after`], or of a
    /// part of it; what the person changed since in other lines stays.
    ///
    /// # Errors
    /// As [`Workspace::fit_in_place`].
    pub fn fit_back(&self, before: &CommitId, after: &CommitId) -> Result<InPlace, WorkspaceError> {
        in_place::fit(&self.git, &self.place.root, after, before, Trust::Own(after))
    }

    /// Whether a writing of [`InPlace::before`] and [`InPlace::after`] came to its end: no file
    /// lacks anything of it.
    ///
    /// # Errors
    /// [`WorkspaceError::Io`], [`Git`](WorkspaceError::Git).
    pub fn is_in_place(&self, before: &CommitId, after: &CommitId) -> Result<bool, WorkspaceError> {
        match in_place::fit(&self.git, &self.place.root, before, after, Trust::Own(after)) {
            Ok(lacking) => Ok(lacking.files.is_empty()),
            Err(WorkspaceError::Conflicts(_)) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Removes what a writing that was killed has left beside the files, and the folders that
    /// it made for nothing.
    ///
    /// # Errors
    /// [`WorkspaceError::Io`], [`Git`](WorkspaceError::Git).
    pub fn sweep_in_place(
        &self,
        before: &CommitId,
        after: &CommitId,
    ) -> Result<(), WorkspaceError> {
        in_place::sweep(&self.git, &self.place.root, before, after)
    }
}
