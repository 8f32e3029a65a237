//! Where a path lies: the top of its repository, and where that keeps its git directory.
//!
//! Apart, because it looks without asking git, which would read the configuration of whatever
//! it finds on the way, and refuses folders of other owners. It never writes.

use std::fs::{self, File};
use std::io::Read;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use crate::WorkspaceError;

/// A `.git` file or `commondir` file is one path; what is longer is none.
const MAX_POINTER_BYTES: u64 = 16 * 1024;

/// The git directory of a work tree, as the person has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Repository {
    /// Where HEAD and the index are; a linked work tree has one of its own.
    pub(crate) git_dir: PathBuf,
    /// Where objects and branches are.
    pub(crate) common_dir: PathBuf,
}

/// A folder to work on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Place {
    /// The top, absolute, links resolved.
    pub(crate) root: PathBuf,
    /// Where below the top the path was that was given; empty for the top itself.
    pub(crate) subdir: PathBuf,
    /// Its repository, if it is in one.
    pub(crate) repository: Option<Repository>,
}

/// Finds what `path` is part of: the nearest repository above it, or else the folder alone.
pub(crate) fn find(path: &Path) -> Result<Place, WorkspaceError> {
    let given = path.canonicalize().map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => WorkspaceError::NoFolder(path.to_owned()),
        std::io::ErrorKind::NotADirectory => WorkspaceError::NotAFolder(path.to_owned()),
        _ => WorkspaceError::io("find", path)(error),
    })?;
    if !given.is_dir() {
        return Err(WorkspaceError::NotAFolder(given));
    }
    if given.to_str().is_none() {
        return Err(WorkspaceError::RootNotUtf8(given));
    }
    for dir in given.ancestors() {
        if let Some(repository) = repository_of(dir) {
            let subdir = given.strip_prefix(dir).unwrap_or(Path::new("")).to_owned();
            return Ok(Place { root: dir.to_owned(), subdir, repository: Some(repository) });
        }
        if is_git_directory(dir) {
            return Err(if dir.file_name() == Some(".git".as_ref()) {
                WorkspaceError::InsideGitDirectory(given)
            } else {
                WorkspaceError::Bare(dir.to_owned())
            });
        }
    }
    Ok(Place { root: given, subdir: PathBuf::new(), repository: None })
}

/// The repository whose work tree begins at `dir`, if one does.
pub(crate) fn repository_of(dir: &Path) -> Option<Repository> {
    let dot_git = dir.join(".git");
    let git_dir = match fs::metadata(&dot_git) {
        Ok(meta) if meta.is_dir() => dot_git,
        Ok(meta) if meta.is_file() => dir.join(pointer(&dot_git, b"gitdir: ")?),
        _ => return None,
    };
    if !git_dir.join("HEAD").symlink_metadata().is_ok_and(|meta| !meta.is_dir()) {
        return None;
    }
    let git_dir = git_dir.canonicalize().ok()?;
    let common_dir = pointer(&git_dir.join("commondir"), b"")
        .and_then(|path| git_dir.join(path).canonicalize().ok())
        .unwrap_or_else(|| git_dir.clone());
    common_dir.join("objects").is_dir().then_some(Repository { git_dir, common_dir })
}

fn is_git_directory(dir: &Path) -> bool {
    dir.join("HEAD").is_file() && dir.join("objects").is_dir() && dir.join("refs").is_dir()
}

/// The path that a small file names after `prefix`. Only a plain file is read: opening
/// anything else could wait for ever.
fn pointer(file: &Path, prefix: &[u8]) -> Option<PathBuf> {
    if !fs::metadata(file).ok()?.is_file() {
        return None;
    }
    let mut text = Vec::new();
    File::open(file).ok()?.take(MAX_POINTER_BYTES).read_to_end(&mut text).ok()?;
    let mut path = text.strip_prefix(prefix)?;
    while let Some(shorter) = path.strip_suffix(b"\n").or_else(|| path.strip_suffix(b"\r")) {
        path = shorter;
    }
    Some(PathBuf::from(std::ffi::OsStr::from_bytes(path)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn git_directory(dir: &Path) {
        fs::create_dir_all(dir.join("objects")).unwrap();
        fs::create_dir_all(dir.join("refs")).unwrap();
        fs::write(dir.join("HEAD"), "ref: refs/heads/main\n").unwrap();
    }

    #[test]
    fn the_nearest_repository_above_is_found() {
        let dir = tempfile::tempdir().unwrap();
        let top = dir.path().canonicalize().unwrap();
        git_directory(&top.join(".git"));
        fs::create_dir_all(top.join("a/b")).unwrap();
        let place = find(&top.join("a/b")).unwrap();
        assert_eq!((place.root, place.subdir), (top.clone(), PathBuf::from("a/b")));
        assert_eq!(place.repository.unwrap().git_dir, top.join(".git"));
    }

    #[test]
    fn a_linked_work_tree_shares_what_its_repository_has() {
        let dir = tempfile::tempdir().unwrap();
        let top = dir.path().canonicalize().unwrap();
        let common = top.join("main/.git");
        git_directory(&common);
        let linked = common.join("worktrees/w");
        fs::create_dir_all(&linked).unwrap();
        fs::write(linked.join("HEAD"), "ref: refs/heads/w\n").unwrap();
        fs::write(linked.join("commondir"), "../..\n").unwrap();
        fs::create_dir_all(top.join("w")).unwrap();
        fs::write(top.join("w/.git"), format!("gitdir: {}\n", linked.display())).unwrap();
        let place = find(&top.join("w")).unwrap();
        assert_eq!(place.repository, Some(Repository { git_dir: linked, common_dir: common }));
    }

    #[test]
    fn what_can_not_be_worked_on_is_refused_by_its_reason() {
        let dir = tempfile::tempdir().unwrap();
        let top = dir.path().canonicalize().unwrap();
        git_directory(&top.join("bare.git"));
        git_directory(&top.join("r/.git"));
        fs::write(top.join("file"), "").unwrap();
        let error = |path: &str| find(&top.join(path)).unwrap_err();
        assert!(matches!(error("none"), WorkspaceError::NoFolder(_)));
        assert!(matches!(error("file"), WorkspaceError::NotAFolder(_)));
        assert!(matches!(error("file/x"), WorkspaceError::NotAFolder(_)));
        assert!(matches!(error("bare.git/refs"), WorkspaceError::Bare(_)));
        assert!(matches!(error("r/.git/objects"), WorkspaceError::InsideGitDirectory(_)));
    }
}
