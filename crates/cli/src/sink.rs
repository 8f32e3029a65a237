//! Where an export goes: to standard output, or into a file that is there whole or not at all.
//! Nothing that is there already is replaced unless that was asked for.

use std::fs::Permissions;
use std::io::{self, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use crate::exit::Exit;
use crate::trouble::Trouble;

/// Where an export goes.
pub(crate) struct Sink {
    file: Option<PathBuf>,
    replace: bool,
}

impl Sink {
    /// Refuses at once what could only fail in the end.
    pub(crate) fn new(file: Option<&Path>, replace: bool) -> Result<Self, Trouble> {
        if let Some(path) = file {
            match path.symlink_metadata() {
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(failed(path, &error)),
                Ok(_) if !replace => return Err(is_there(path)),
                Ok(found) if found.is_file() => {}
                // To put a file in the place of a link, a pipe or a device is never what was
                // meant.
                Ok(_) => {
                    let what = format!("{} is no plain file, so it stays", path.display());
                    return Err(Trouble::new(Exit::Conflict, what).advise("name another"));
                }
            }
        }
        Ok(Self { file: file.map(Path::to_owned), replace })
    }

    /// Writes what `produce` makes.
    pub(crate) fn write(
        &self,
        produce: impl FnOnce(&mut dyn Write) -> Result<(), Trouble>,
    ) -> Result<(), Trouble> {
        let Some(path) = &self.file else {
            let mut out = io::BufWriter::new(io::stdout().lock());
            produce(&mut out)?;
            return Ok(out.flush()?);
        };
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
        // As any file that the person makes: their umask is applied to this.
        let mut part = tempfile::Builder::new()
            .prefix(".tenfold-export-")
            .permissions(Permissions::from_mode(0o666))
            .tempfile_in(folder.unwrap_or(Path::new(".")))
            .map_err(|error| failed(path, &error))?;
        let mut out = io::BufWriter::new(&mut part);
        produce(&mut out)?;
        out.flush().map_err(|error| failed(path, &error))?;
        drop(out);
        part.as_file().sync_all().map_err(|error| failed(path, &error))?;
        let kept = if self.replace { part.persist(path) } else { part.persist_noclobber(path) };
        kept.map(|_| ()).map_err(|error| match error.error.kind() {
            io::ErrorKind::AlreadyExists => is_there(path),
            _ => failed(path, &error.error),
        })
    }
}

fn is_there(path: &Path) -> Trouble {
    Trouble::new(Exit::Conflict, format!("{} is there already, and stays", path.display()))
        .advise("name another file, or --force to replace it")
}

fn failed(path: &Path, error: &io::Error) -> Trouble {
    let exit = match error.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => Exit::NotFound,
        _ => Exit::Store,
    };
    Trouble::new(exit, format!("could not write {}: {error}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn put(path: &Path, text: &str, replace: bool) -> Result<(), Trouble> {
        Sink::new(Some(path), replace)?.write(|out| Ok(out.write_all(text.as_bytes())?))
    }

    #[test]
    fn a_file_is_replaced_only_when_asked_and_never_by_half() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.json");
        put(&path, "one", false).unwrap();
        assert_eq!(put(&path, "two", false).unwrap_err().exit, Exit::Conflict);
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "one");
        put(&path, "three", true).unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "three");
        let sink = Sink::new(Some(&path), true).unwrap();
        let cut_off = sink.write(|out| {
            out.write_all(b"fo")?;
            Err(Trouble::internal("the rest can't be had"))
        });
        assert_eq!(cut_off.unwrap_err().exit, Exit::Internal);
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "three");
        let left = std::fs::read_dir(dir.path()).unwrap().count();
        assert_eq!(left, 1, "nothing is left beside it");
    }

    #[test]
    fn a_file_that_came_in_the_meantime_stays() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.json");
        let sink = Sink::new(Some(&path), false).unwrap();
        let late = sink.write(|out| {
            std::fs::write(&path, "theirs")?;
            Ok(out.write_all(b"ours")?)
        });
        assert_eq!(late.unwrap_err().exit, Exit::Conflict);
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "theirs");
    }

    #[test]
    fn what_is_no_plain_file_stays_and_a_folder_that_is_missing_is_said() {
        let dir = tempfile::tempdir().unwrap();
        let (target, link) = (dir.path().join("target"), dir.path().join("link"));
        std::fs::write(&target, "kept").unwrap();
        std::os::unix::fs::symlink(&target, &link).unwrap();
        for path in [dir.path(), &link] {
            assert_eq!(put(path, "x", true).unwrap_err().exit, Exit::Conflict);
        }
        assert_eq!(std::fs::read_to_string(&target).unwrap(), "kept");
        let nowhere = dir.path().join("no/a.json");
        assert_eq!(put(&nowhere, "x", false).unwrap_err().exit, Exit::NotFound);
    }
}
