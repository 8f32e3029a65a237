//! Work on whole directory trees that others have written: give away, copy, measure. Links
//! are never followed, and nothing is opened but directories and plain files.

use std::fs;
use std::io;
use std::os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt, lchown, symlink};
use std::path::Path;

/// Every file and directory counts as this much at the least, so that a limit on size is a
/// limit on their number too.
const LEAST: u64 = 4_096;

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

/// Removes a tree, also where whoever wrote it has taken away the owner's own permissions.
pub(super) fn remove(dir: &Path) -> io::Result<()> {
    match open_up(dir).and_then(|()| fs::remove_dir_all(dir)) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        other => other,
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

fn open_up(dir: &Path) -> io::Result<()> {
    let meta = fs::symlink_metadata(dir)?;
    if !meta.is_dir() {
        return Ok(());
    }
    if meta.mode() & 0o700 != 0o700 {
        fs::set_permissions(dir, fs::Permissions::from_mode(0o700))?;
    }
    for entry in fs::read_dir(dir)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            open_up(&entry.path())?;
        }
    }
    Ok(())
}

/// Lays a copy of a tree that commands have written over another.
pub(super) fn lay_over(from: &Path, to: &Path) -> io::Result<()> {
    open_up(from)?;
    open_up(to)?;
    copy_over(from, to)
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
        } else if kind.is_char_device() && meta.rdev() == 0 {
            // An overlay's mark for "deleted": the target is gone already.
        }
    }
    Ok(())
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
    fn a_tree_of_empty_files_has_a_size() {
        let dir = tempfile::tempdir().unwrap();
        for n in 0..10 {
            fs::write(dir.path().join(n.to_string()), "").unwrap();
        }
        assert!(measure(dir.path()) >= 10 * LEAST);
    }
}
