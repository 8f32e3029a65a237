//! Writing objects: one `git fast-import`, fed with contents and lists of files.
//!
//! Apart, because it is the one way in which bytes enter a git directory: as they are, with no
//! work tree, no index, no attributes and no filter between. What it wrote is known by the id of
//! the commit. In Tenfold's own git directory it has a name from the start, for some days, and
//! nothing is removed while it is written; elsewhere no branch is left behind.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Stdio};
use std::time::SystemTime;

use tempfile::{NamedTempFile, TempDir};
use tenfold_domain::CommitId;

use crate::git::{self, Git};
use crate::tree::{FileKind, checked};
use crate::{WorkspaceError, store};

/// What was being done, for errors.
const DOING: &str = "write a commit";

/// A branch that is deleted by the same run that makes it, so that it never exists.
const SCRATCH: &str = "refs/tenfold/scratch";

/// A content that was handed over in this run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Mark(u32);

/// Where a file's content comes from.
#[derive(Debug, Clone)]
pub(crate) enum Source {
    /// From this run.
    Mark(Mark),
    /// From the git directory, by its name.
    Blob(String),
}

/// What becomes of one path in a new commit.
pub(crate) type Change<'a> = (&'a Path, Option<(FileKind, Source)>);

/// Who signs a commit, and when.
#[derive(Debug, Clone)]
pub(crate) struct Signature {
    pub(crate) name: String,
    pub(crate) email: String,
    /// Seconds since 1970 and the distance from UTC, as git writes them.
    pub(crate) date: String,
}

impl Signature {
    /// Tenfold's own, always with the same date: the same files make the same commit.
    pub(crate) fn own() -> Self {
        Self {
            name: "Tenfold".to_owned(),
            email: "tenfold@localhost".to_owned(),
            date: "1577836800 +0000".to_owned(),
        }
    }

    fn line(&self) -> String {
        let plain =
            |text: &str| text.replace(|c: char| c.is_control() || matches!(c, '<' | '>'), " ");
        format!("{} <{}> {}", plain(&self.name), plain(&self.email), self.date)
    }
}

/// A commit to write.
pub(crate) struct NewCommit<'a> {
    /// The commit that the changes are made to; none for an empty start.
    pub(crate) parent: Option<&'a str>,
    pub(crate) signature: Signature,
    pub(crate) message: &'a str,
    pub(crate) changes: Vec<Change<'a>>,
}

/// What a run wrote.
pub(crate) struct Imported {
    /// The commit.
    pub(crate) commit: CommitId,
    blobs: HashMap<Mark, String>,
}

impl Imported {
    /// The name of a content that was handed over.
    pub(crate) fn blob(&self, mark: Mark) -> Option<&str> {
        self.blobs.get(&mark).map(String::as_str)
    }
}

/// A running import.
pub(crate) struct Import {
    child: Child,
    pipe: Option<BufWriter<ChildStdin>>,
    stderr: NamedTempFile,
    scratch: TempDir,
    git_dir: PathBuf,
    marks: u32,
    /// Held in our own git directory.
    written: Option<File>,
}

impl Import {
    /// Starts one into `git`'s object store.
    pub(crate) fn start(git: &Git) -> Result<Self, WorkspaceError> {
        let scratch = TempDir::with_prefix("tenfold-import-")
            .map_err(WorkspaceError::io("make a folder in", std::env::temp_dir()))?;
        let stderr = NamedTempFile::new_in(&scratch)
            .map_err(WorkspaceError::io("make a file in", scratch.path()))?;
        let copy = stderr.reopen().map_err(WorkspaceError::io("open", stderr.path()))?;
        let written = match git.has_own_objects() {
            true => {
                let lock = store::lock_file(git.dir(), store::WRITTEN)?;
                lock.lock_shared().map_err(WorkspaceError::io("lock", git.dir()))?;
                Some(lock)
            }
            false => None,
        };
        let mut export = std::ffi::OsString::from("--export-marks=");
        export.push(scratch.path().join("marks"));
        // No deltas: contents are read far more often than they are stored.
        let mut command =
            git.command(&["fast-import", "--quiet", "--done", "--depth=0", "--date-format=raw"]);
        command.arg(export).stdin(Stdio::piped()).stdout(Stdio::null()).stderr(copy);
        let mut child = command.spawn().map_err(|error| git::not_run(DOING, &error))?;
        let pipe = child.stdin.take().map(|pipe| BufWriter::with_capacity(1 << 16, pipe));
        Ok(Self { child, pipe, stderr, scratch, git_dir: git.dir().to_owned(), marks: 0, written })
    }

    /// Hands over a content.
    pub(crate) fn blob(&mut self, content: &[u8]) -> Result<Mark, WorkspaceError> {
        self.marks += 1;
        let mark = self.marks;
        self.send(|pipe| {
            write!(pipe, "blob\nmark :{mark}\ndata {}\n", content.len())?;
            pipe.write_all(content)?;
            pipe.write_all(b"\n")
        })?;
        Ok(Mark(mark))
    }

    /// Writes the commit and ends the run.
    pub(crate) fn commit(mut self, new: &NewCommit<'_>) -> Result<Imported, WorkspaceError> {
        for (path, _) in &new.changes {
            checked(path)?;
        }
        let mark = self.marks + 1;
        let (name, stays) = (unique_name(self.scratch.path()), self.written.is_some());
        let branch = match stays {
            true => format!("{}{}-{name}", store::LATELY, now_seconds()),
            false => format!("{SCRATCH}/{name}"),
        };
        self.send(|pipe| write_commit(pipe, (&branch, stays), mark, new))?;
        let marks = self.finish()?;
        let missing =
            || WorkspaceError::Git { doing: DOING, message: "no commit came back".into() };
        let mut blobs = HashMap::new();
        let mut commit = None;
        for line in marks.lines() {
            let (number, id) = line.split_once(' ').ok_or_else(missing)?;
            let number: u32 = number.trim_start_matches(':').parse().map_err(|_| missing())?;
            if number == mark {
                commit = id.parse().ok();
            } else {
                blobs.insert(Mark(number), id.to_owned());
            }
        }
        Ok(Imported { commit: commit.ok_or_else(missing)?, blobs })
    }

    fn send(
        &mut self,
        write: impl FnOnce(&mut BufWriter<ChildStdin>) -> io::Result<()>,
    ) -> Result<(), WorkspaceError> {
        let sent = match &mut self.pipe {
            Some(pipe) => write(pipe),
            None => Err(io::ErrorKind::BrokenPipe.into()),
        };
        // A broken pipe only says that git gave up; why is in what it wrote.
        sent.map_err(|error| self.failure(&error.to_string()))
    }

    fn finish(&mut self) -> Result<String, WorkspaceError> {
        let flushed = self.pipe.take().map_or(Ok(()), |mut pipe| pipe.flush());
        let ended = self.child.wait();
        match (flushed, ended) {
            (Ok(()), Ok(status)) if status.success() => {}
            (Err(error), _) | (_, Err(error)) => return Err(self.failure(&error.to_string())),
            (_, Ok(status)) => return Err(self.failure(&status.to_string())),
        }
        let marks = self.scratch.path().join("marks");
        std::fs::read_to_string(&marks).map_err(WorkspaceError::io("read", marks))
    }

    fn failure(&mut self, otherwise: &str) -> WorkspaceError {
        self.pipe = None;
        let _ = self.child.wait();
        let text = std::fs::read(self.stderr.path()).unwrap_or_default();
        let text = String::from_utf8_lossy(&text);
        let fatal =
            text.lines().find(|line| line.starts_with("fatal:") || line.starts_with("error:"));
        WorkspaceError::Git { doing: DOING, message: fatal.unwrap_or(otherwise).to_owned() }
    }
}

/// An import that is given up leaves no process and no report of its end. Without more input
/// git ends by itself.
impl Drop for Import {
    fn drop(&mut self) {
        self.pipe = None;
        let _ = self.child.wait();
        let report = self.git_dir.join(format!("fast_import_crash_{}", self.child.id()));
        let _ = std::fs::remove_file(report);
    }
}

/// The last part of a temporary folder's name: no two that exist at once are the same.
fn unique_name(folder: &Path) -> String {
    folder.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

/// The seconds since 1970.
pub(crate) fn now_seconds() -> u64 {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    now.map_or(0, |since| since.as_secs())
}

fn write_commit(
    pipe: &mut impl Write,
    (branch, stays): (&str, bool),
    mark: u32,
    new: &NewCommit<'_>,
) -> io::Result<()> {
    let signature = new.signature.line();
    // Without this a run would go on from where a branch of that name stands.
    write!(pipe, "reset {branch}\n\ncommit {branch}\nmark :{mark}\n")?;
    write!(pipe, "author {signature}\ncommitter {signature}\n")?;
    write!(pipe, "data {}\n{}\n", new.message.len(), new.message)?;
    if let Some(parent) = new.parent {
        writeln!(pipe, "from {parent}")?;
    }
    // Deletions first: a file may give way to a folder of the same name.
    for (path, change) in &new.changes {
        if change.is_none() {
            pipe.write_all(b"D ")?;
            pipe.write_all(&quoted(path))?;
            pipe.write_all(b"\n")?;
        }
    }
    for (path, change) in &new.changes {
        let Some((kind, source)) = change else { continue };
        let source = match source {
            Source::Mark(mark) => format!(":{}", mark.0),
            Source::Blob(name) => name.clone(),
        };
        write!(pipe, "M {} {source} ", kind.mode())?;
        pipe.write_all(&quoted(path))?;
        pipe.write_all(b"\n")?;
    }
    if !stays {
        write!(pipe, "\nreset {branch}\nfrom {}\n", "0".repeat(40))?;
    }
    write!(pipe, "\ndone\n")
}

/// A path as fast-import reads it: in quotes, every byte itself but for three.
fn quoted(path: &Path) -> Vec<u8> {
    let mut text = vec![b'"'];
    for byte in path.as_os_str().as_bytes() {
        match byte {
            b'"' | b'\\' => text.extend([b'\\', *byte]),
            b'\n' => text.extend(b"\\n"),
            _ => text.push(*byte),
        }
    }
    text.push(b'"');
    text
}
