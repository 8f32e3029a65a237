//! A person's file is changed whole or not at all: whoever is killed meanwhile, or loses power, has
//! left the old one. Apart because policies and web hooks are both kept so.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;

use tempfile::NamedTempFile;

/// Puts a text in the place of a file, which keeps its mode; a new one is its owner's alone. Folders
/// that lead there are made.
///
/// # Errors
/// If it can't be written: the file is as it was then.
pub fn write_whole(path: &Path, text: &str) -> io::Result<()> {
    let folder = path.parent().ok_or(io::ErrorKind::InvalidInput)?;
    fs::create_dir_all(folder)?;
    let mut beside = NamedTempFile::new_in(folder)?;
    if let Ok(known) = fs::metadata(path) {
        beside.as_file().set_permissions(known.permissions())?;
    }
    beside.write_all(text.as_bytes())?;
    beside.as_file().sync_all()?;
    beside.persist(path)?;
    File::open(folder)?.sync_all()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_file_is_replaced_and_keeps_its_mode_and_nothing_is_left_beside_it() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("config/hooks.toml");
        let mode = || fs::metadata(&path).unwrap().permissions().mode() & 0o777;
        write_whole(&path, "one\n").unwrap();
        assert_eq!((fs::read_to_string(&path).unwrap(), mode()), ("one\n".to_owned(), 0o600));
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        write_whole(&path, "two\n").unwrap();
        assert_eq!((fs::read_to_string(&path).unwrap(), mode()), ("two\n".to_owned(), 0o644));
        assert_eq!(fs::read_dir(dir.path().join("config")).unwrap().count(), 1);
        assert!(write_whole(&path.join("below"), "three\n").is_err());
        assert_eq!(fs::read_to_string(&path).unwrap(), "two\n");
    }
}
