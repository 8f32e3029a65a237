//! Repositories to test on: made with plain git, under a home and a data folder of their own.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use tempfile::TempDir;
use tenfold_domain::CommitId;
use tenfold_workspace::{AcceptedBranch, FileChange, InPlace, Person, Workspace, WorkspaceError};

/// A person with a home, Tenfold's data, and a folder `repo`.
pub(crate) struct Fixture {
    pub(crate) dir: TempDir,
}

impl Fixture {
    /// A repository without a commit.
    pub(crate) fn empty() -> Self {
        let fixture = Self::folder();
        fixture.git(&["init", "-q", "-b", "main"]);
        fixture
    }

    /// A repository with these files in one commit.
    pub(crate) fn with(files: &[(&str, &str)]) -> Self {
        let fixture = Self::empty();
        for (path, text) in files {
            fixture.write(path, text);
        }
        fixture.git(&["add", "-A"]);
        fixture.git(&["commit", "-q", "-m", "first"]);
        fixture
    }

    /// A folder without git.
    pub(crate) fn folder() -> Self {
        let fixture = Self { dir: tempfile::tempdir().unwrap() };
        for name in ["home", "data", "repo"] {
            fs::create_dir(fixture.dir.path().join(name)).unwrap();
        }
        let config = "[user]\n\tname = Ada Lovelace\n\temail = ada@example.org\n";
        fs::write(fixture.path("home/.gitconfig"), config).unwrap();
        fixture
    }

    /// A path beside the repository.
    pub(crate) fn path(&self, path: &str) -> PathBuf {
        self.dir.path().join(path)
    }

    pub(crate) fn root(&self) -> PathBuf {
        self.path("repo")
    }

    pub(crate) fn person(&self) -> Person {
        let home = Some(self.path("home"));
        Person { path: std::env::var_os("PATH"), home, config_home: None }
    }

    pub(crate) fn open(&self) -> Workspace {
        self.open_at(&self.root()).unwrap()
    }

    pub(crate) fn open_at(&self, path: &Path) -> Result<Workspace, WorkspaceError> {
        Workspace::open_for(path, &self.path("data"), self.person())
    }

    pub(crate) fn write(&self, path: &str, content: impl AsRef<[u8]>) {
        let path = self.root().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }

    pub(crate) fn read(&self, path: &str) -> String {
        fs::read_to_string(self.root().join(path)).unwrap()
    }

    /// Plain git, as the person would run it.
    pub(crate) fn try_git(&self, args: &[&str]) -> Output {
        Command::new("git")
            .args(args)
            .current_dir(self.root())
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap())
            .env("HOME", self.path("home"))
            .env("GIT_ALLOW_PROTOCOL", "file")
            .output()
            .unwrap()
    }

    pub(crate) fn git(&self, args: &[&str]) -> String {
        let output = self.try_git(args);
        let error = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "git {args:?}: {error}");
        String::from_utf8(output.stdout).unwrap()
    }

    /// All that a person has and that no reading may change: every file below the repository,
    /// `.git` included, with its bytes, permissions and time of change.
    pub(crate) fn everything(&self) -> BTreeMap<PathBuf, (u32, i64, Vec<u8>)> {
        let mut found = BTreeMap::new();
        collect(&self.root(), &mut found);
        found
    }

    /// The same without times, and without the object store, in which a branch that was taken
    /// back leaves what the person's git collects one day: what undoing must restore.
    pub(crate) fn contents(&self) -> BTreeMap<PathBuf, (u32, Vec<u8>)> {
        let mut all = self.everything();
        all.retain(|path, _| !path.to_string_lossy().contains("/.git/objects"));
        let all = all.into_iter();
        all.map(|(path, (mode, _, content))| (path, (mode, content))).collect()
    }
}

fn collect(dir: &Path, found: &mut BTreeMap<PathBuf, (u32, i64, Vec<u8>)>) {
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        let meta = fs::symlink_metadata(&path).unwrap();
        let content = if meta.is_symlink() {
            fs::read_link(&path).unwrap().into_os_string().into_encoded_bytes()
        } else if meta.is_file() {
            fs::read(&path).unwrap()
        } else {
            Vec::new()
        };
        if meta.is_dir() {
            collect(&path, found);
        } else {
            found.insert(path, (meta.permissions().mode(), meta.mtime_nsec(), content));
        }
    }
}

/// Fitting and writing in one.
pub(crate) trait Written {
    fn accept_in_place(&self, base: &CommitId, new: &CommitId) -> Result<InPlace, WorkspaceError>;
    fn undo_in_place(&self, before: &CommitId, after: &CommitId)
    -> Result<InPlace, WorkspaceError>;
}

impl Written for Workspace {
    fn accept_in_place(&self, base: &CommitId, new: &CommitId) -> Result<InPlace, WorkspaceError> {
        let fit = self.fit_in_place(base, new)?;
        fit.write(&mut || {})?;
        Ok(fit)
    }

    fn undo_in_place(
        &self,
        before: &CommitId,
        after: &CommitId,
    ) -> Result<InPlace, WorkspaceError> {
        let fit = self.fit_back(before, after)?;
        fit.write(&mut || {})?;
        Ok(fit)
    }
}

/// The paths of a commit.
pub(crate) fn paths(workspace: &Workspace, commit: &CommitId) -> Vec<String> {
    let files = workspace.files(commit).unwrap();
    files.into_iter().map(|file| file.path.to_string_lossy().into_owned()).collect()
}

/// A change of one file.
pub(crate) fn edit(path: &str, content: &str) -> FileChange {
    FileChange { path: path.into(), content: Some(content.into()) }
}

/// A deletion of one file.
pub(crate) fn delete(path: &str) -> FileChange {
    FileChange { path: path.into(), content: None }
}

/// Everything below a folder: path, kind and permissions, content.
pub(crate) fn listing(dir: &Path) -> BTreeMap<PathBuf, (u32, Vec<u8>)> {
    let mut found = BTreeMap::new();
    collect(dir, &mut found);
    let relative = |path: PathBuf| path.strip_prefix(dir).unwrap().to_owned();
    found.into_iter().map(|(path, (mode, _, content))| (relative(path), (mode, content))).collect()
}

/// Fails with the names of the files that differ.
#[track_caller]
pub(crate) fn assert_same<T: PartialEq>(now: &BTreeMap<PathBuf, T>, then: &BTreeMap<PathBuf, T>) {
    let differs = |path: &&PathBuf| now.get(*path) != then.get(*path);
    let differing: Vec<_> = now.keys().chain(then.keys()).filter(differs).collect();
    assert!(differing.is_empty(), "changed, new or gone: {differing:?}");
}

/// Accepts the change from `base` to `proposal` as branch `name`.
pub(crate) fn accept_as_branch(
    workspace: &Workspace,
    base: &CommitId,
    proposal: &CommitId,
    name: &str,
) -> Result<AcceptedBranch, WorkspaceError> {
    let branch = workspace.fit_branch(base, proposal, name)?;
    workspace.make_branch(&branch)?;
    Ok(branch)
}
