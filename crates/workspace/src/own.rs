//! Tenfold's own git directories, without the folders that they are for: what is kept in each and
//! under which names, what that takes on the disk, and removing some of it.
//!
//! Apart, because the person's folder may be gone by then, and because it is the only place where
//! anything is removed. It never decides what.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use tenfold_domain::{Bytes, CommitId};

use crate::git::{self, Git};
use crate::person::Person;
use crate::{WorkspaceError, import, store};

/// What was being done, for errors.
const MEASURING: &str = "see how much a git directory takes";
const HOLDING: &str = "keep what is referred to";
const REMOVING: &str = "remove what is not needed any more";

/// For how long what was written stays without another name while a git directory is in use, in
/// seconds: what is under way is named long before.
const LATELY_SECONDS: u64 = 2 * 24 * 60 * 60;

/// One of Tenfold's own git directories, for looking.
///
/// Every method is synchronous, and may take as long as reading the whole directory takes.
#[derive(Debug)]
pub struct Own {
    git: Git,
}

/// The same, with nobody else writing to it or removing from it: who wants to write waits until
/// this is dropped, and so does who opens it, if nobody had it open.
#[derive(Debug)]
pub struct OwnAlone {
    own: Own,
    written: File,
    /// None if somebody has it open.
    used: Option<File>,
}

/// Nothing is removed from a git directory while this lives.
#[derive(Debug)]
pub struct Untouched(#[expect(dead_code, reason = "it is held, not read")] File);

impl Own {
    /// The git directories below `data_dir`, sorted; none if there is no such folder.
    ///
    /// # Errors
    /// [`WorkspaceError::Io`].
    pub fn all(data_dir: &Path) -> Result<Vec<PathBuf>, WorkspaceError> {
        let parent = data_dir.join("workspaces");
        let entries = match fs::read_dir(&parent) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries.map_err(WorkspaceError::io("read", &parent))?,
        };
        let mut found = Vec::new();
        for entry in entries {
            let path = entry.map_err(WorkspaceError::io("read", &parent))?.path();
            let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            if store::is_directory_name(name) && path.join("HEAD").is_file() {
                found.push(path);
            }
        }
        found.sort();
        Ok(found)
    }

    /// Opens one of them.
    ///
    /// # Errors
    /// [`WorkspaceError::NoGit`].
    pub fn open(dir: &Path) -> Result<Self, WorkspaceError> {
        let program = git::find_git(Person::from_environment().path.as_deref())?;
        Ok(Self { git: Git::new(&program, dir) })
    }

    /// Opens one of them to remove something from it, once nobody writes to it. What was written
    /// and not kept has no name any more then, except for what was written lately, if somebody
    /// has it open.
    ///
    /// # Errors
    /// [`WorkspaceError::NoGit`], [`Io`](WorkspaceError::Io), [`Git`](WorkspaceError::Git).
    pub fn alone(dir: &Path) -> Result<OwnAlone, WorkspaceError> {
        let written = store::lock_file(dir, store::WRITTEN)?;
        written.lock().map_err(WorkspaceError::io("lock", dir))?;
        OwnAlone::new(dir, written)
    }

    /// Takes the names from what was written and not kept, as [`Own::alone`] does, unless somebody
    /// is just writing.
    pub(crate) fn tidy(dir: &Path) -> Result<(), WorkspaceError> {
        let written = store::lock_file(dir, store::WRITTEN)?;
        match written.try_lock() {
            Ok(()) => OwnAlone::new(dir, written).map(drop),
            Err(TryLockError::WouldBlock) => Ok(()),
            Err(TryLockError::Error(error)) => Err(WorkspaceError::io("lock", dir)(error)),
        }
    }

    /// Has nothing removed from one of them.
    ///
    /// # Errors
    /// [`WorkspaceError::Io`].
    pub fn untouched(dir: &Path) -> Result<Untouched, WorkspaceError> {
        let written = store::lock_file(dir, store::WRITTEN)?;
        written.lock_shared().map_err(WorkspaceError::io("lock", dir))?;
        Ok(Untouched(written))
    }

    /// What is kept, by the names that [`Workspace::keep`](crate::Workspace::keep) was given.
    ///
    /// # Errors
    /// [`WorkspaceError::Git`].
    pub fn kept(&self) -> Result<BTreeMap<String, CommitId>, WorkspaceError> {
        self.below(store::KEPT)
    }

    fn below(&self, prefix: &str) -> Result<BTreeMap<String, CommitId>, WorkspaceError> {
        let form = "--format=%(objectname) %(refname)";
        let listed = self.git.run("list what is kept", &["for-each-ref", form, prefix])?;
        let text = String::from_utf8_lossy(&listed);
        let one = |line: &str| {
            let (commit, name) = line.split_once(' ')?;
            Some((name.strip_prefix(prefix)?.to_owned(), commit.parse().ok()?))
        };
        Ok(text.lines().filter_map(one).collect())
    }

    /// What all that is in it takes, whether or not anything refers to it.
    ///
    /// # Errors
    /// [`WorkspaceError::Git`].
    pub fn all_bytes(&self) -> Result<Bytes, WorkspaceError> {
        let form = "--batch-check=%(objectsize:disk)";
        let args = ["cat-file", "--batch-all-objects", "--unordered", form];
        let listed = self.git.run(MEASURING, &args)?;
        let text = String::from_utf8_lossy(&listed);
        Ok(text.lines().filter_map(|line| line.parse().ok()).map(Bytes).sum())
    }

    /// What takes so much that these commits and all that they are made of can be had.
    ///
    /// # Errors
    /// [`WorkspaceError::Git`].
    pub fn bytes_of<'c>(
        &self,
        commits: impl IntoIterator<Item = &'c CommitId>,
    ) -> Result<Bytes, WorkspaceError> {
        let args = ["rev-list", "--objects", "--disk-usage", "--ignore-missing", "--stdin"];
        let lines = commits.into_iter().map(|commit| format!("{commit}\n")).collect::<String>();
        if lines.is_empty() {
            return Ok(Bytes(0));
        }
        let said = self.git.run_with(MEASURING, &args, lines.as_bytes())?;
        let text = String::from_utf8_lossy(&said);
        Ok(Bytes(text.trim().parse().unwrap_or(0)))
    }
}

impl OwnAlone {
    fn new(dir: &Path, written: File) -> Result<Self, WorkspaceError> {
        let used = store::lock_file(dir, store::USED)?;
        let used = match used.try_lock() {
            Ok(()) => Some(used),
            Err(TryLockError::WouldBlock) => None,
            Err(TryLockError::Error(error)) => return Err(WorkspaceError::io("lock", dir)(error)),
        };
        let alone = Self { own: Own::open(dir)?, written, used };
        alone.forget_written()?;
        Ok(alone)
    }

    /// For looking.
    pub fn own(&self) -> &Own {
        &self.own
    }

    /// Whether nobody has it open.
    pub fn is_unused(&self) -> bool {
        self.used.is_some()
    }

    /// What takes so much that nothing refers to.
    ///
    /// # Errors
    /// [`WorkspaceError::Git`].
    pub fn unnamed_bytes(&self) -> Result<Bytes, WorkspaceError> {
        let named = self.own.below("refs/")?;
        Ok(self.own.all_bytes()?.saturating_sub(self.own.bytes_of(named.values())?))
    }

    /// Takes the names from what was written, and not lately if somebody is there.
    fn forget_written(&self) -> Result<(), WorkspaceError> {
        let now = import::now_seconds();
        let is_old = |name: &str| {
            let at = name.split('-').next().and_then(|at| at.parse::<u64>().ok());
            at.is_none_or(|at| now.saturating_sub(at) > LATELY_SECONDS)
        };
        let mut written: Vec<String> = self.own.below(store::LATELY)?.into_keys().collect();
        written.retain(|name| self.is_unused() || is_old(name));
        self.delete(store::LATELY, &written)
    }

    fn delete(&self, prefix: &str, names: &[String]) -> Result<(), WorkspaceError> {
        if names.is_empty() {
            return Ok(());
        }
        let delete = |name: &String| format!("delete {prefix}{name}\n");
        let lines: String = names.iter().map(delete).collect();
        let args = ["update-ref", "--stdin"];
        self.own.git.run_with(REMOVING, &args, lines.as_bytes()).map(drop)
    }

    /// Keeps those of these commits that are there and that nothing refers to, under `name` and
    /// their own names.
    ///
    /// # Errors
    /// [`WorkspaceError::Git`].
    pub fn hold(&self, name: &str, commits: &BTreeSet<CommitId>) -> Result<(), WorkspaceError> {
        let git = &self.own.git;
        let lines: String = commits.iter().map(|commit| format!("{commit}\n")).collect();
        let types = "--batch-check=%(objectname) %(objecttype)";
        let there = git.run_with(HOLDING, &["cat-file", types], lines.as_bytes())?;
        let there = String::from_utf8_lossy(&there);
        let there: Vec<&str> =
            there.lines().filter_map(|line| line.strip_suffix(" commit")).collect();
        if there.is_empty() {
            return Ok(());
        }
        let asked = there.join("\n") + "\n";
        let args = ["rev-list", "--stdin", "--not", "--all"];
        let lost = git.run_with(HOLDING, &args, asked.as_bytes())?;
        let lost = String::from_utf8_lossy(&lost);
        let mut kept = Vec::new();
        for commit in lost.lines().filter(|line| there.contains(line)) {
            kept.push((format!("{name}/{commit}"), commit.parse().map_err(odd)?));
        }
        store::keep(git, kept.iter().map(|(name, commit)| (name.as_str(), commit)))
    }

    /// Removes what is kept by these names alone, and all else that nothing refers to.
    ///
    /// # Errors
    /// [`WorkspaceError::Git`].
    pub fn remove(&self, names: &[String]) -> Result<(), WorkspaceError> {
        self.delete(store::KEPT, names)?;
        // Git holds the lock too, so that nobody comes in if it outlives this process.
        let failed = |error: io::Error| git::not_run(REMOVING, &error);
        let lock = self.written.try_clone().map_err(failed)?;
        let mut command = self.own.git.command(&["gc", "--quiet", "--prune=now"]);
        let output = command.stdin(lock).output().map_err(failed)?;
        if output.status.success() { Ok(()) } else { Err(git::failed(REMOVING, &output)) }
    }
}

fn odd(why: tenfold_domain::IdError) -> WorkspaceError {
    WorkspaceError::Git { doing: HOLDING, message: why.to_string() }
}
