//! From a commit to plain files, without git.
//!
//! Apart, because what a commit holds may have been written by an agent: names and links are
//! data, nothing is followed and nothing is run. It writes only below the folder it is given.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use tenfold_domain::CommitId;

use crate::WorkspaceError;
use crate::folder::{Folder, Permissions};
use crate::git::Git;
use crate::store;
use crate::tree::{FileKind, checked};

/// When every file of a checkout was last changed: the first second of 2020, in UTC.
///
/// Build systems, and Python for its compiled files, compare times and sizes: what is written
/// into a checkout later has to be newer, and two checkouts of one commit have to be alike.
pub const CHECKOUT_TIME_SECONDS: i64 = 1_577_836_800;

/// Writes all files of `commit` into `dir`, which is made if it is not there, and must be
/// empty. If it fails, `dir` is gone or empty.
pub(crate) fn checkout(git: &Git, commit: &CommitId, dir: &Path) -> Result<(), WorkspaceError> {
    let made = !dir.exists();
    fs::create_dir_all(dir).map_err(WorkspaceError::io("make", dir))?;
    let mut entries = fs::read_dir(dir).map_err(WorkspaceError::io("read", dir))?;
    if entries.next().is_some() {
        return Err(WorkspaceError::NotEmpty(dir.to_owned()));
    }
    write_all(git, commit, dir).inspect_err(|_| {
        let _ = fs::remove_dir_all(dir);
        if !made {
            let _ = fs::create_dir(dir);
        }
    })
}

fn write_all(git: &Git, commit: &CommitId, dir: &Path) -> Result<(), WorkspaceError> {
    let (tree, _) = store::tree(git, commit.as_str())?;
    let top = Folder::open(dir).map_err(WorkspaceError::io("open", dir))?;
    let files: Vec<_> = tree.iter().collect();
    let blobs: Vec<&str> = files.iter().map(|(_, entry)| entry.blob.as_str()).collect();
    let mut place = Place { folders: BTreeSet::new(), current: None };
    store::read_blobs(git, &blobs, |number, content| {
        let (path, entry) = files[number];
        checked(path)?;
        place
            .parent(&top, path)
            .and_then(|(parent, name)| write(parent, name, entry.kind, &content))
            .map_err(WorkspaceError::io("write", dir.join(path)))
    })?;
    // From the deepest up: writing into a folder changes its time.
    for path in place.folders.iter().rev() {
        let name = path.file_name().unwrap_or_default();
        top.parent_of(path)
            .and_then(|parent| parent.set_time(name, CHECKOUT_TIME_SECONDS))
            .map_err(WorkspaceError::io("set the time of", dir.join(path)))?;
    }
    top.set_time(OsStr::new("."), CHECKOUT_TIME_SECONDS)
        .map_err(WorkspaceError::io("set the time of", dir))
}

fn write(parent: &Folder, name: &OsStr, kind: FileKind, content: &[u8]) -> io::Result<()> {
    match kind {
        FileKind::Link => {
            parent.create_link(name, content)?;
            parent.set_time(name, CHECKOUT_TIME_SECONDS)
        }
        FileKind::File => parent
            .create(name, content, Permissions::Exactly(0o644))?
            .set_time(CHECKOUT_TIME_SECONDS),
        FileKind::Executable => parent
            .create(name, content, Permissions::Exactly(0o755))?
            .set_time(CHECKOUT_TIME_SECONDS),
    }
}

/// The folders that were made, and the one that was written to last: paths come sorted, so
/// that it is mostly the next one too.
struct Place {
    folders: BTreeSet<PathBuf>,
    current: Option<(PathBuf, Folder)>,
}

impl Place {
    fn parent<'a>(
        &'a mut self,
        top: &Folder,
        path: &'a Path,
    ) -> io::Result<(&'a Folder, &'a OsStr)> {
        let wanted = path.parent().unwrap_or(Path::new(""));
        let name = path.file_name().unwrap_or_default();
        if self.current.as_ref().is_none_or(|(current, _)| current != wanted) {
            let folder = self.make(top, wanted)?;
            self.current = Some((wanted.to_owned(), folder));
        }
        let (_, folder) = self.current.as_ref().ok_or(io::ErrorKind::NotFound)?;
        Ok((folder, name))
    }

    fn make(&mut self, top: &Folder, wanted: &Path) -> io::Result<Folder> {
        let mut folder = top.parent_of(Path::new("x"))?;
        let mut path = PathBuf::new();
        for part in wanted {
            path.push(part);
            let new = self.folders.insert(path.clone());
            if new {
                folder.make_folder(part)?;
            }
            folder = folder.enter(part)?;
            if new {
                folder.set_mode(0o755)?;
            }
        }
        Ok(folder)
    }
}
