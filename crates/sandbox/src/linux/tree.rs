//! Work on whole directory trees that others have written: give away, copy, measure. Links
//! are never followed, and nothing is opened but directories and plain files.

use std::fs;
use std::io;
use std::os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt, lchown, symlink};
use std::path::Path;

/// Every file and directory counts as this much at the least, so that a limit on size is a
/// limit on their number too.
const LEAST: u64 = 4_096;
/// Folders further down are not copied.
const DEEPEST: usize = 200;

/// Gives a tree to a user and the group of the same number.
pub(super) fn give(path: &Path, user: u32) -> io::Result<()> {
    let meta = fs::symlink_metadata(path)?;
    if meta.is_dir() {
        for entry in fs::read_dir(path)? {
            give(&entry?.path(), user)?;
        }
    }
    if meta.uid() == user && meta.gid() == user {
        return Ok(());
    }
    lchown(path, Some(user), Some(user))
}

/// Removes a tree, also where whoever wrote it has taken away the owner's own permissions, or
/// has made it deeper than any path may be long: folders further down are moved to the top, so
/// that no path grows.
pub(super) fn remove(dir: &Path) -> io::Result<()> {
    match fs::symlink_metadata(dir) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Ok(meta) if !meta.is_dir() => return fs::remove_file(dir),
        other => other?,
    };
    let mut moved: u64 = 0;
    let mut is_flat = false;
    while !is_flat {
        is_flat = true;
        for child in entries(dir)? {
            if !child.file_type()?.is_dir() {
                fs::remove_file(child.path())?;
                continue;
            }
            for below in entries(&child.path())? {
                if !below.file_type()?.is_dir() {
                    fs::remove_file(below.path())?;
                    continue;
                }
                // A folder that is moved must be writable itself: its ".." changes.
                make_writable(&below.path())?;
                let place = loop {
                    let place = dir.join(format!(".gone-{moved}"));
                    moved += 1;
                    if place.symlink_metadata().is_err() {
                        break place;
                    }
                };
                fs::rename(below.path(), place)?;
                is_flat = false;
            }
            fs::remove_dir(child.path())?;
        }
    }
    fs::remove_dir(dir)
}

/// What stands in a directory now, which may change while it is gone through.
fn entries(dir: &Path) -> io::Result<Vec<fs::DirEntry>> {
    make_writable(dir)?;
    fs::read_dir(dir)?.collect()
}

fn make_writable(dir: &Path) -> io::Result<()> {
    match fs::symlink_metadata(dir)?.mode() & 0o700 {
        0o700 => Ok(()),
        _ => fs::set_permissions(dir, fs::Permissions::from_mode(0o700)),
    }
}

/// Takes out of a tree what is neither file, directory nor link (the marks of an overlay are
/// devices), and what `unwanted` says by its path in the tree and whether it is a directory.
pub(super) fn prune(dir: &Path, unwanted: &mut dyn FnMut(&Path, bool) -> bool) -> io::Result<()> {
    open_up(dir)?;
    prune_below(dir, Path::new(""), unwanted)
}

fn prune_below(
    dir: &Path,
    inside: &Path,
    unwanted: &mut dyn FnMut(&Path, bool) -> bool,
) -> io::Result<()> {
    for entry in fs::read_dir(dir)? {
        let entry = entry?;
        let (path, inside) = (entry.path(), inside.join(entry.file_name()));
        let kind = entry.file_type()?;
        let plain = kind.is_dir() || kind.is_file() || kind.is_symlink();
        // Asked of everything, so that whoever answers hears of everything.
        let unwanted_here = unwanted(&inside, kind.is_dir());
        match (kind.is_dir(), unwanted_here || !plain) {
            (true, true) => fs::remove_dir_all(&path)?,
            (false, true) => fs::remove_file(&path)?,
            (true, false) => prune_below(&path, &inside, unwanted)?,
            (false, false) => {}
        }
    }
    Ok(())
}

/// Lets the owner look into all directories of a tree, and read all its files.
fn open_up(dir: &Path) -> io::Result<()> {
    if !fs::symlink_metadata(dir)?.is_dir() {
        return Ok(());
    }
    for entry in entries(dir)? {
        let meta = entry.metadata()?;
        if meta.is_dir() {
            open_up(&entry.path())?;
        } else if meta.is_file() && meta.mode() & 0o400 == 0 {
            let readable = fs::Permissions::from_mode(meta.mode() | 0o400);
            fs::set_permissions(entry.path(), readable)?;
        }
    }
    Ok(())
}

/// Lays a copy of a tree that commands have written over another, if it is not too much.
pub(super) fn lay_over(from: &Path, to: &Path, most: u64) -> io::Result<()> {
    open_up(from)?;
    let bytes = bytes(from, 0)?.saturating_add(measure(to));
    if bytes > most {
        let why = format!("{bytes} bytes are more than the {most} that may be kept");
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, why));
    }
    open_up(to)?;
    copy_over(from, to)
}

/// The bytes that a copy of a tree would hold, holes in files included.
fn bytes(dir: &Path, depth: usize) -> io::Result<u64> {
    if depth > DEEPEST {
        let why = format!("folders more than {DEEPEST} deep are not kept");
        return Err(io::Error::new(io::ErrorKind::InvalidFilename, why));
    }
    let mut sum: u64 = 0;
    for entry in fs::read_dir(dir)? {
        let entry = entry?;
        let meta = entry.metadata()?;
        sum = sum.saturating_add(meta.len().max(LEAST));
        if meta.is_dir() {
            sum = sum.saturating_add(bytes(&entry.path(), depth + 1)?);
        }
    }
    Ok(sum)
}

/// Lays a copy of the tree `from` over `to`, which is a directory. Sockets, pipes and devices
/// are left out.
pub(super) fn copy_over(from: &Path, to: &Path) -> io::Result<()> {
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let (source, target) = (entry.path(), to.join(entry.file_name()));
        let meta = fs::symlink_metadata(&source)?;
        let kind = meta.file_type();
        let there = fs::symlink_metadata(&target).ok().map(|meta| meta.is_dir());
        match there {
            Some(true) if !kind.is_dir() => fs::remove_dir_all(&target)?,
            Some(false) => fs::remove_file(&target)?,
            _ => {}
        }
        if kind.is_dir() {
            if there == Some(true) && is_opaque(&source) {
                fs::remove_dir_all(&target)?;
            }
            if there != Some(true) || is_opaque(&source) {
                fs::create_dir(&target)?;
            }
            copy_over(&source, &target)?;
            fs::set_permissions(&target, meta.permissions())?;
        } else if kind.is_symlink() {
            symlink(fs::read_link(&source)?, &target)?;
        } else if kind.is_file() {
            fs::copy(&source, &target)?;
            // The times tell build tools what is newer than what; nothing acts as its owner.
            let copy = fs::File::open(&target)?;
            copy.set_permissions(fs::Permissions::from_mode(meta.mode() & 0o777))?;
            copy.set_modified(meta.modified()?)?;
        } else if kind.is_char_device() && meta.rdev() == 0 {
            // An overlay's mark for "deleted": the target is gone already.
        }
    }
    Ok(())
}

/// Makes `to`, which is not there, the same tree as `from` with the same files: their contents
/// are shared until either tree puts others in their place. Only for trees that nobody writes
/// into files of: an overlay does not, nor does [`copy_over`].
pub(super) fn twin(from: &Path, to: &Path) -> io::Result<()> {
    fs::create_dir(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let (source, target) = (entry.path(), to.join(entry.file_name()));
        match entry.file_type()?.is_dir() {
            true => twin(&source, &target)?,
            false => fs::hard_link(&source, &target)?,
        }
    }
    let meta = fs::symlink_metadata(from)?;
    lchown(to, Some(meta.uid()), Some(meta.gid()))?;
    fs::set_permissions(to, meta.permissions())
}

/// Whether a directory of an overlay hides what lies below it: it was removed and made anew.
fn is_opaque(dir: &Path) -> bool {
    let mut value = [0; 1];
    ["trusted.overlay.opaque", "user.overlay.opaque"].iter().any(|name| {
        rustix::fs::lgetxattr(dir, *name, &mut value).is_ok_and(|length| &value[..length] == b"y")
    })
}

/// The space that a tree takes, in bytes. What vanishes or hides while it is looked at counts
/// as nothing: the tree is in use.
pub(super) fn measure(dir: &Path) -> u64 {
    let Ok(entries) = fs::read_dir(dir) else { return 0 };
    let mut sum = 0;
    for entry in entries.flatten() {
        let Ok(meta) = entry.metadata() else { continue };
        sum += (meta.blocks() * 512).max(LEAST);
        if meta.is_dir() {
            sum += measure(&entry.path());
        }
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;
    use nix::fcntl::{OFlag, openat};
    use nix::sys::stat::{Mode, mkdirat};

    #[test]
    fn a_copy_lays_one_tree_over_the_other() {
        let dir = tempfile::tempdir().unwrap();
        let (below, above, to) =
            (dir.path().join("a"), dir.path().join("b"), dir.path().join("to"));
        for path in [&below, &above, &to] {
            fs::create_dir(path).unwrap();
        }
        fs::create_dir(below.join("d")).unwrap();
        fs::write(below.join("d/kept"), "1").unwrap();
        fs::write(below.join("changed"), "1").unwrap();
        fs::create_dir(below.join("becomes-link")).unwrap();
        fs::create_dir(above.join("d")).unwrap();
        fs::write(above.join("changed"), "2").unwrap();
        symlink("/etc", above.join("becomes-link")).unwrap();

        copy_over(&below, &to).unwrap();
        copy_over(&above, &to).unwrap();

        assert_eq!(fs::read_to_string(to.join("d/kept")).unwrap(), "1");
        assert_eq!(fs::read_to_string(to.join("changed")).unwrap(), "2");
        assert_eq!(fs::read_link(to.join("becomes-link")).unwrap(), Path::new("/etc"));
    }

    #[test]
    fn a_twin_stays_as_it_is_when_something_is_laid_over_the_other() {
        let dir = tempfile::tempdir().unwrap();
        let [tree, twin, above] = ["tree", "twin", "above"].map(|name| dir.path().join(name));
        for path in [&tree, &above] {
            fs::create_dir_all(path.join("d")).unwrap();
        }
        fs::write(tree.join("d/changed"), "1").unwrap();
        fs::write(tree.join("d/kept"), "1").unwrap();
        symlink("nowhere", tree.join("link")).unwrap();
        fs::write(above.join("d/changed"), "2").unwrap();

        super::twin(&tree, &twin).unwrap();
        lay_over(&above, &tree, 1 << 20).unwrap();

        assert_eq!(fs::read_to_string(tree.join("d/changed")).unwrap(), "2");
        assert_eq!(fs::read_to_string(twin.join("d/changed")).unwrap(), "1");
        assert_eq!(fs::read_link(twin.join("link")).unwrap(), Path::new("nowhere"));
        let number = |tree: &Path| fs::metadata(tree.join("d/kept")).unwrap().ino();
        assert_eq!(number(&tree), number(&twin), "nothing was copied");
        remove(&tree).unwrap();
        assert_eq!(fs::read_to_string(twin.join("d/kept")).unwrap(), "1");
    }

    #[test]
    fn a_tree_of_empty_files_has_a_size() {
        let dir = tempfile::tempdir().unwrap();
        for n in 0..10 {
            fs::write(dir.path().join(n.to_string()), "").unwrap();
        }
        assert!(measure(dir.path()) >= 10 * LEAST);
    }

    #[test]
    fn a_tree_deeper_than_a_path_can_name_is_removed() {
        let dir = tempfile::tempdir().unwrap();
        let top = dir.path().join("top");
        fs::create_dir(&top).unwrap();
        let mut at: std::os::fd::OwnedFd = fs::File::open(&top).unwrap().into();
        for _ in 0..1_500 {
            mkdirat(&at, "folder", Mode::S_IRWXU).unwrap();
            at = openat(&at, "folder", OFlag::O_DIRECTORY, Mode::empty()).unwrap();
        }
        mkdirat(&at, "closed", Mode::empty()).unwrap();
        remove(&top).unwrap();
        assert!(!top.exists());
    }

    #[test]
    fn what_is_too_much_is_not_laid_over() {
        let dir = tempfile::tempdir().unwrap();
        let (from, to) = (dir.path().join("from"), dir.path().join("to"));
        fs::create_dir(&from).unwrap();
        fs::create_dir(&to).unwrap();
        fs::File::create(from.join("holes")).unwrap().set_len(1 << 40).unwrap();
        assert!(lay_over(&from, &to, 1 << 30).is_err());
        assert!(!to.join("holes").exists());
        fs::File::options().write(true).open(from.join("holes")).unwrap().set_len(9).unwrap();
        lay_over(&from, &to, 1 << 30).unwrap();
        assert_eq!(fs::metadata(to.join("holes")).unwrap().len(), 9);
    }
}
