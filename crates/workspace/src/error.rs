//! What can go wrong here, in words that say what was tried, why it failed and what to do.
//!
//! Apart, because every other file returns it. It never holds file contents except the lines
//! of a conflict.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use crate::tree::shown;

/// Why a request about a workspace was not carried out. Nothing is half done when one of
/// these is returned.
#[derive(Debug, thiserror::Error)]
pub enum WorkspaceError {
    /// The `git` program is not installed.
    #[error(
        "Tenfold keeps snapshots with the `git` program, and there is none in PATH: install it \
         (Debian, Ubuntu: `apt-get install git`; Fedora: `dnf install git`; macOS: \
         `xcode-select --install`)"
    )]
    NoGit,
    /// There is nothing at the path.
    #[error("there is no folder {}: give the path of a repository or of a folder", shown(.0))]
    NoFolder(PathBuf),
    /// There is something else than a folder at the path.
    #[error("{} is not a folder: give the folder that it is in", shown(.0))]
    NotAFolder(PathBuf),
    /// The path lies in a repository that has no work tree.
    #[error(
        "{} is a bare repository, it has no files to work on: clone it (`git clone`) and give \
         the clone",
        shown(.0)
    )]
    Bare(PathBuf),
    /// The path lies inside a repository's `.git`.
    #[error("{} is inside a git directory: give the folder that holds the files", shown(.0))]
    InsideGitDirectory(PathBuf),
    /// The journal can't hold the path.
    #[error(
        "the path {} is not valid UTF-8, which Tenfold's records can't hold: rename the folder, \
         or reach it by another path (`mount --bind`); names inside it may be anything",
        shown(.0)
    )]
    RootNotUtf8(PathBuf),
    /// A file or folder could not be read or written.
    #[error("could not {doing} {}: {source}", shown(path))]
    Io {
        /// What was tried, as a verb: "read", "write".
        doing: &'static str,
        /// With what.
        path: PathBuf,
        /// Why it failed.
        source: io::Error,
    },
    /// The `git` program failed.
    #[error("could not {doing}: git said: {message}")]
    Git {
        /// What was tried.
        doing: &'static str,
        /// The last lines that git wrote.
        message: String,
    },
    /// There is more than a snapshot takes.
    #[error(
        "{} holds more than {limit}, too much for a snapshot: name what is not source (data, \
         builds, dependencies) in a .gitignore file, or give a smaller folder",
        shown(root)
    )]
    TooMuch {
        /// The folder.
        root: PathBuf,
        /// The bound, with its unit.
        limit: String,
    },
    /// A commit holds no such file.
    #[error("commit {commit} has no file {}", shown(path))]
    NoSuchFile {
        /// The commit, its first digits.
        commit: String,
        /// The file.
        path: PathBuf,
    },
    /// A path is not one that a commit may hold.
    #[error(
        "{} can't be a file's path in a workspace: it has to be relative, without `..` and \
         `.git`, below the top",
        shown(.0)
    )]
    BadPath(PathBuf),
    /// A checkout was asked for where something is already.
    #[error("{} is not empty: a checkout goes into a folder of its own", shown(.0))]
    NotEmpty(PathBuf),
    /// A pattern can't be understood.
    #[error("the pattern '{pattern}' can't be understood: {why}; write it as in .gitignore")]
    Pattern {
        /// The pattern.
        pattern: String,
        /// What is wrong with it.
        why: String,
    },
    /// The changes don't fit on the files as they are now. Nothing was written.
    #[error("the changes don't fit on the files as they are now, nothing was written:\n{}",
        list(.0))]
    Conflicts(
        /// File by file.
        Vec<Conflict>,
    ),
    /// There is no difference to accept.
    #[error("there is nothing to accept: the proposal changes no file")]
    NothingToAccept,
    /// A branch was asked for in a folder without git.
    #[error(
        "{} is not a git repository, so there is no branch to make: apply the change to the \
         files instead (`--in-place`)",
        shown(.0)
    )]
    NoRepository(PathBuf),
    /// The person's repository keeps its objects in another format.
    #[error(
        "{} names its objects by SHA-256, and Tenfold can't write a branch there: apply the \
         change to the files instead (`--in-place`)",
        shown(.0)
    )]
    Sha256(PathBuf),
    /// The name can't be a branch's.
    #[error("'{0}' can't be the name of a branch: use letters, digits, '-', '_' and '/'")]
    BadBranchName(String),
    /// The branch is there already.
    #[error(
        "there is a branch '{0}' already: choose another name, or remove it first \
         (`git branch -D {0}`)"
    )]
    BranchExists(String),
    /// The branch is not there any more.
    #[error("branch '{0}' is gone already: there is nothing to take back")]
    BranchGone(String),
    /// The branch points elsewhere than when it was made.
    #[error(
        "branch '{branch}' has moved on to {now} since it was made: what was added to it would \
         be lost; remove it yourself if that is meant (`git branch -D {branch}`)"
    )]
    BranchMoved {
        /// The branch.
        branch: String,
        /// Where it points.
        now: String,
    },
    /// The branch is the one that someone works on.
    #[error(
        "branch '{branch}' is checked out in {at}: switch to another one there first \
         (`git switch -`)"
    )]
    BranchCheckedOut {
        /// The branch.
        branch: String,
        /// The work tree.
        at: String,
    },
}

impl WorkspaceError {
    /// Wraps an error of the file system: `.map_err(WorkspaceError::io("read", path))`.
    pub(crate) fn io(
        doing: &'static str,
        path: impl AsRef<Path>,
    ) -> impl FnOnce(io::Error) -> Self {
        let path = path.as_ref().to_owned();
        move |source| Self::Io { doing, path, source }
    }
}

/// One file on which two changes don't go together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conflict {
    /// The file, from the top of the workspace.
    pub path: PathBuf,
    /// Why.
    pub why: ConflictReason,
    /// The lines that clash, where it is about lines.
    pub hunks: Vec<ConflictHunk>,
}

/// Why two changes of a file don't go together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConflictReason {
    /// Both change the same lines.
    SameLines,
    /// It is gone, and the proposal edits it.
    Gone,
    /// It has changed, and the proposal deletes it.
    Deleted,
    /// It is there with other contents, and the proposal adds it.
    AddedTwice,
    /// It has changed, and is no text that could be merged.
    NotText,
    /// It is a link on one side and a file on the other, or a link that has changed.
    Link,
    /// The proposal makes a link that leads out of the workspace.
    LinkLeads,
    /// A folder on its path is a symbolic link.
    ThroughLink,
    /// There is a folder, or something else that is no file, where a file should go; or the
    /// other way round.
    InTheWay,
    /// It is part of a submodule, which a branch of this repository does not hold.
    Submodule,
    /// It was changed by someone else while it was being written.
    Busy,
}

impl fmt::Display for ConflictReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::SameLines => "the same lines were changed since the work began",
            Self::Gone => {
                "it is not there (deleted since, or never committed), and the proposal edits it"
            }
            Self::Deleted => "it was changed since the work began, and the proposal deletes it",
            Self::AddedTwice => "it was added since, with other contents than in the proposal",
            Self::NotText => "it was changed since the work began, and is no text to merge",
            Self::Link => "it is or was a symbolic link, and was changed on both sides",
            Self::LinkLeads => "the proposal makes a symbolic link that leads out of the folder",
            Self::ThroughLink => "a folder on its path is a symbolic link",
            Self::InTheWay => "something that is no plain file is in its place",
            Self::Submodule => {
                "it is part of a submodule, which a branch can't change: apply the change to \
                 the files instead"
            }
            Self::Busy => "something else wrote it at the same moment: try again",
        })
    }
}

/// Lines that were changed on both sides.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConflictHunk {
    /// The first of them in the person's file, from one.
    pub line: usize,
    /// The person's lines.
    pub yours: String,
    /// The proposal's lines.
    pub proposed: String,
}

impl fmt::Display for Conflict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", shown(&self.path), self.why)?;
        for hunk in &self.hunks {
            write!(f, "\n  line {}", hunk.line)?;
            for (label, text) in [("yours", &hunk.yours), ("proposed", &hunk.proposed)] {
                for line in text.lines().take(SHOWN_LINES) {
                    write!(f, "\n    {label:<8} | {line}")?;
                }
            }
        }
        Ok(())
    }
}

/// How many lines of one side of a conflict are shown.
const SHOWN_LINES: usize = 10;

fn list(conflicts: &[Conflict]) -> String {
    conflicts.iter().map(Conflict::to_string).collect::<Vec<_>>().join("\n")
}
