//! A folder that is held open, and reached step by step without following a link.
//!
//! Apart, because whatever the agent or anyone else put there (links, pipes, swaps between a
//! look and a read) must neither lead out of the folder nor make the host wait. It knows
//! nothing of git.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use nix::dir::Dir;
use nix::errno::Errno;
use nix::fcntl::{AtFlags, OFlag, openat, readlinkat, renameat};
use nix::sys::stat::{
    FileStat, Mode, SFlag, UtimensatFlags, fchmod, fstat, fstatat, futimens, mkdirat, utimensat,
};
use nix::sys::time::TimeSpec;
use nix::unistd::{Gid, Uid, UnlinkatFlags, fchown, symlinkat, unlinkat};

/// A folder by its descriptor.
#[derive(Debug)]
pub(crate) struct Folder(OwnedFd);

/// What is at a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    File,
    Link,
    Folder,
    /// A pipe, a socket, a device.
    Other,
}

/// What the file system says of a name. Equal ones mean: not touched in between.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Look {
    pub(crate) form: Form,
    /// Permission bits.
    pub(crate) mode: u32,
    pub(crate) bytes: u64,
    pub(crate) inode: u64,
    pub(crate) device: u64,
    /// Nanoseconds since 1970.
    pub(crate) modified: i128,
    /// Nanoseconds since 1970; the system sets it, nobody can set it back.
    pub(crate) changed: i128,
    pub(crate) owner: u32,
    pub(crate) group: u32,
}

impl Look {
    pub(crate) fn is_executable(&self) -> bool {
        self.mode & 0o100 != 0
    }
}

impl From<FileStat> for Look {
    // The fields' widths differ between systems.
    #[allow(clippy::useless_conversion, clippy::unnecessary_cast)]
    fn from(stat: FileStat) -> Self {
        let nanos =
            |seconds: i64, nanos: i64| i128::from(seconds) * 1_000_000_000 + i128::from(nanos);
        let form = match SFlag::from_bits_truncate(stat.st_mode) & SFlag::S_IFMT {
            SFlag::S_IFREG => Form::File,
            SFlag::S_IFLNK => Form::Link,
            SFlag::S_IFDIR => Form::Folder,
            _ => Form::Other,
        };
        Self {
            form,
            mode: u32::from(stat.st_mode) & 0o7777,
            bytes: u64::try_from(stat.st_size).unwrap_or(0),
            inode: stat.st_ino as u64,
            device: stat.st_dev as u64,
            modified: nanos(stat.st_mtime.into(), stat.st_mtime_nsec.into()),
            changed: nanos(stat.st_ctime.into(), stat.st_ctime_nsec.into()),
            owner: stat.st_uid,
            group: stat.st_gid,
        }
    }
}

const FOLDER: OFlag = OFlag::O_DIRECTORY.union(OFlag::O_NOFOLLOW).union(OFlag::O_CLOEXEC);

impl Folder {
    /// Opens the folder at a path that the caller trusts.
    pub(crate) fn open(path: &Path) -> io::Result<Self> {
        let flags = OFlag::O_RDONLY | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC;
        Ok(Self(nix::fcntl::open(path, flags, Mode::empty())?))
    }

    /// Opens a folder in this one.
    pub(crate) fn enter(&self, name: &OsStr) -> io::Result<Self> {
        Ok(Self(openat(&self.0, name, OFlag::O_RDONLY | FOLDER, Mode::empty())?))
    }

    /// Opens the folder that `path`, relative to this one, lies in; no step may be a link.
    pub(crate) fn parent_of(&self, path: &Path) -> io::Result<Self> {
        let mut folder = Self(self.0.try_clone()?);
        for part in path.parent().into_iter().flat_map(Path::components) {
            folder = folder.enter(part.as_os_str())?;
        }
        Ok(folder)
    }

    /// The names in it, sorted by their bytes.
    pub(crate) fn names(&self) -> io::Result<Vec<OsString>> {
        // Opened anew: reading moves a position that copies of the descriptor share.
        let here = openat(&self.0, ".", OFlag::O_RDONLY | FOLDER, Mode::empty())?;
        let mut names = Vec::new();
        for entry in Dir::from_fd(here)?.iter() {
            let name = OsStr::from_bytes(entry?.file_name().to_bytes()).to_owned();
            if name != "." && name != ".." {
                names.push(name);
            }
        }
        names.sort_unstable();
        Ok(names)
    }

    /// What is at a name; `None` if nothing is.
    pub(crate) fn look(&self, name: &OsStr) -> io::Result<Option<Look>> {
        match fstatat(&self.0, name, AtFlags::AT_SYMLINK_NOFOLLOW) {
            Ok(stat) => Ok(Some(stat.into())),
            Err(Errno::ENOENT | Errno::ENOTDIR) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Reads a plain file of at most `max_bytes`; anything else is an error, and nothing is
    /// waited for.
    pub(crate) fn read(&self, name: &OsStr, max_bytes: u64) -> io::Result<(Vec<u8>, Look)> {
        let flags = OFlag::O_RDONLY | OFlag::O_NOFOLLOW | OFlag::O_NONBLOCK | OFlag::O_CLOEXEC;
        let fd = openat(&self.0, name, flags | OFlag::O_NOCTTY, Mode::empty())?;
        let look = Look::from(fstat(&fd)?);
        if look.form != Form::File {
            return Err(io::Error::other("it is no plain file"));
        }
        let mut content =
            Vec::with_capacity(usize::try_from(look.bytes.min(max_bytes)).unwrap_or(0));
        File::from(fd).take(max_bytes + 1).read_to_end(&mut content)?;
        if content.len() as u64 > max_bytes {
            return Err(io::Error::from(io::ErrorKind::FileTooLarge));
        }
        Ok((content, look))
    }

    /// Where a link leads.
    pub(crate) fn read_link(&self, name: &OsStr) -> io::Result<Vec<u8>> {
        Ok(readlinkat(&self.0, name)?.as_bytes().to_vec())
    }

    /// Makes a folder, with the permissions that the person's folders usually have; `false` if
    /// something is there already.
    pub(crate) fn make_folder(&self, name: &OsStr) -> io::Result<bool> {
        match mkdirat(&self.0, name, Mode::from_bits_truncate(0o777)) {
            Ok(()) => Ok(true),
            Err(Errno::EEXIST) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    /// As [`NewFile::give_to_owner_of`].
    pub(crate) fn give_to_owner_of(&self, like: &Look) {
        let _ = fchown(&self.0, Some(Uid::from_raw(like.owner)), Some(Gid::from_raw(like.group)));
    }

    /// Gives this folder exactly these permission bits.
    pub(crate) fn set_mode(&self, mode: u32) -> io::Result<()> {
        Ok(fchmod(&self.0, Mode::from_bits_truncate(mode as nix::libc::mode_t))?)
    }

    /// Makes a file that is not there yet.
    pub(crate) fn create(
        &self,
        name: &OsStr,
        content: &[u8],
        permissions: Permissions,
    ) -> io::Result<NewFile> {
        let flags = OFlag::O_WRONLY | OFlag::O_CREAT | OFlag::O_EXCL | OFlag::O_NOFOLLOW;
        let at_first = match permissions {
            Permissions::Usual { executable: true } => 0o777,
            Permissions::Usual { executable: false } => 0o666,
            Permissions::Exactly(_) => 0o600,
        };
        let mode = Mode::from_bits_truncate(at_first);
        let mut file = File::from(openat(&self.0, name, flags | OFlag::O_CLOEXEC, mode)?);
        file.write_all(content)?;
        if let Permissions::Exactly(mode) = permissions {
            fchmod(&file, Mode::from_bits_truncate(mode as nix::libc::mode_t))?;
        }
        Ok(NewFile(file))
    }

    /// Makes a link that is not there yet.
    pub(crate) fn create_link(&self, name: &OsStr, target: &[u8]) -> io::Result<()> {
        Ok(symlinkat(OsStr::from_bytes(target), &self.0, name)?)
    }

    /// Sets the time of the last change of whatever is at a name, a link itself included.
    pub(crate) fn set_time(&self, name: &OsStr, seconds: i64) -> io::Result<()> {
        let time = TimeSpec::new(seconds, 0);
        Ok(utimensat(&self.0, name, &time, &time, UtimensatFlags::NoFollowSymlink)?)
    }

    /// Moves a name within this folder, over what may be there.
    pub(crate) fn rename(&self, from: &OsStr, to: &OsStr) -> io::Result<()> {
        Ok(renameat(&self.0, from, &self.0, to)?)
    }

    /// Makes sure that the names in it outlive a power cut.
    pub(crate) fn sync(&self) -> io::Result<()> {
        Ok(nix::unistd::fsync(&self.0)?)
    }

    /// Removes a file or link.
    pub(crate) fn remove(&self, name: &OsStr) -> io::Result<()> {
        Ok(unlinkat(&self.0, name, UnlinkatFlags::NoRemoveDir)?)
    }

    /// Removes an empty folder; `false` if it is not empty.
    pub(crate) fn remove_folder(&self, name: &OsStr) -> io::Result<bool> {
        match unlinkat(&self.0, name, UnlinkatFlags::RemoveDir) {
            Ok(()) => Ok(true),
            Err(Errno::ENOTEMPTY | Errno::EEXIST | Errno::ENOTDIR | Errno::ENOENT) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }
}

/// What a new file may be used for.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Permissions {
    /// Exactly these bits.
    Exactly(u32),
    /// What the person's new files usually get (their umask).
    Usual { executable: bool },
}

/// A file that was just made.
pub(crate) struct NewFile(File);

impl NewFile {
    pub(crate) fn set_time(&self, seconds: i64) -> io::Result<()> {
        let time = TimeSpec::new(seconds, 0);
        Ok(futimens(&self.0, &time, &time)?)
    }

    /// Gives it to whoever owns `like`, where we may: a person who runs Tenfold as themselves
    /// owns it already.
    pub(crate) fn give_to_owner_of(&self, like: &Look) {
        let _ = fchown(&self.0, Some(Uid::from_raw(like.owner)), Some(Gid::from_raw(like.group)));
    }

    /// Makes sure that it outlives a power cut.
    pub(crate) fn sync(&self) -> io::Result<()> {
        self.0.sync_all()
    }
}
