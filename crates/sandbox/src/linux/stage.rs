//! Makes ready what bubblewrap binds: a few files of `/etc`, the root of the sandbox with
//! everything that is shown of the host, and the copy-on-write view. As root this is the only
//! way, since the user that commands run as can't look into root's home; and it is quick,
//! where bubblewrap reads the whole mount table again for every single bind.
//!
//! All of it is mounted in a mount namespace of the shim's own, so that it is gone with the
//! shim, however that ends. Nothing here runs while a command does.
//!
//! The view comes last, when the sandbox stands already ([`super::view`]).

use std::ffi::OsString;
use std::fs::{self, File};
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use nix::mount::{MsFlags, mount};
use nix::sched::{CloneFlags, unshare};

use super::view::{SLOT, copy_view, fits_view, make_slot};
use crate::spec::Frame;
use crate::{HOME, Job};

/// Below the scratch directory, where nothing can be mounted.
pub(super) const STAGE_DIR: &str = "stage";
/// Where the helper appears inside.
pub(super) const INNER_HELPER: &str = "/run/tenfold/helper";
/// What is copied at the most, in bytes, where the alternative is a mount.
const SMALL: u64 = 128 << 10;

/// Something that appears inside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Mount {
    pub(super) dest: PathBuf,
    pub(super) what: What,
}

/// What appears.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum What {
    /// An empty directory in memory, of this size.
    Memory(u64),
    /// A file or directory, read-only.
    ReadOnly(PathBuf),
    /// A directory.
    Writable(PathBuf),
    /// A symbolic link.
    Link(PathBuf),
    /// The processes.
    Proc,
    /// The harmless devices.
    Dev,
}

/// What a sandbox is made of.
pub(super) struct Stage {
    /// What bubblewrap is to mount, in this order.
    pub(super) mounts: Vec<Mount>,
    /// What lies in the view, to be shown when that is.
    pub(super) nested: Vec<Mount>,
}

/// Builds the stage for a sandbox whose view is shown later.
pub(super) fn build(frame: &Frame) -> Result<Stage, String> {
    let root = frame.place.drop_to.is_some();
    enter_namespace(root)?;
    let stage = mount_stage()?;
    let slot = stage.join(SLOT);
    make_slot(&slot).map_err(|error| format!("no place for the view: {error}"))?;
    let (mounts, nested) = plan(frame, &stage, &slot)?;
    let mut mounts = assemble(mounts, &stage.join("root"))?;
    if root {
        gather(&mut mounts, &stage)?;
    }
    Ok(Stage { mounts, nested })
}

/// Builds it where the shim can't mount anything itself, so that it has to know the job: the view
/// is a copy in the upper directory.
pub(super) fn build_around(frame: &Frame, job: &Job) -> Result<Stage, String> {
    let stage = job.scratch.join(STAGE_DIR);
    make_private(&stage).map_err(|error| format!("no stage directory: {error}"))?;
    copy_view(job, None).map_err(|error| format!("could not copy the view: {error}"))?;
    let (mut mounts, mut nested) = plan(frame, &stage, &job.upper)?;
    nested.retain(|mount| fits_view(mount, &job.at, &job.upper));
    mounts.append(&mut nested);
    Ok(Stage { mounts, nested })
}

/// Where the stage is mounted: a folder to which any user can go, and in which nothing is that
/// the shim, bubblewrap or a job could want, since it is hidden from them.
pub(super) fn stage_dir() -> Result<PathBuf, String> {
    ["/sys/firmware", "/mnt", "/media", "/srv"]
        .map(PathBuf::from)
        .into_iter()
        .find(|dir| dir.is_dir())
        .ok_or_else(|| "there is no /sys/firmware and no /mnt to mount on".to_owned())
}

fn mount_stage() -> Result<PathBuf, String> {
    let stage = stage_dir()?;
    let options = "mode=0755,size=64m";
    mount(Some("tenfold"), &stage, Some("tmpfs"), MsFlags::MS_NOSUID, Some(options))
        .map_err(|error| format!("no file system in memory for the stage: {error}"))?;
    Ok(stage)
}

/// A directory, and those around it that are missing, for nobody else.
pub(super) fn make_private(dir: &Path) -> io::Result<()> {
    fs::DirBuilder::new().recursive(true).mode(0o700).create(dir)
}

fn own_uid() -> u32 {
    nix::unistd::getuid().as_raw()
}

/// Leaves the host's mount table; as a person by way of a user namespace in which that person
/// is still the same one, and all power ends with the next program that is executed.
fn enter_namespace(root: bool) -> Result<(), String> {
    let (uid, gid) = (nix::unistd::getuid(), nix::unistd::getgid());
    let flags = if root {
        CloneFlags::CLONE_NEWNS
    } else {
        CloneFlags::CLONE_NEWNS | CloneFlags::CLONE_NEWUSER
    };
    unshare(flags).map_err(|error| format!("no namespace of our own: {error}"))?;
    if !root {
        let map = |file: &str, line: String| {
            fs::write(file, line).map_err(|error| format!("could not write {file}: {error}"))
        };
        map("/proc/self/setgroups", "deny".to_owned())?;
        map("/proc/self/uid_map", format!("{uid} {uid} 1"))?;
        map("/proc/self/gid_map", format!("{gid} {gid} 1"))?;
    }
    let private = MsFlags::MS_REC | MsFlags::MS_PRIVATE;
    mount(None::<&str>, "/", None::<&str>, private, None::<&str>)
        .map_err(|error| format!("could not leave the host's mounts: {error}"))
}

/// The files by which programs learn who and where they are; the host's own would tell them
/// about the host.
fn write_etc(stage: &Path, uid: u32) -> io::Result<Vec<Mount>> {
    let passwd = format!(
        "root:x:0:0:root:/root:/bin/false\ntenfold:x:{uid}:{uid}:tenfold:{HOME}:/bin/sh\n\
         nobody:x:65534:65534:nobody:/:/bin/false\n"
    );
    let group = format!("root:x:0:\ntenfold:x:{uid}:\nnogroup:x:65534:\n");
    let files = [
        ("passwd", passwd),
        ("group", group),
        ("hosts", "127.0.0.1 localhost tenfold\n::1 localhost\n".to_owned()),
        ("hostname", "tenfold\n".to_owned()),
        ("nsswitch.conf", "passwd: files\ngroup: files\nhosts: files\n".to_owned()),
        ("resolv.conf", String::new()),
    ];
    let dir = stage.join("etc");
    fs::create_dir_all(&dir)?;
    let mut mounts = Vec::new();
    for (name, text) in files {
        let path = dir.join(name);
        fs::write(&path, text)?;
        let dest = Path::new("/etc").join(name);
        mounts.push(Mount { dest, what: What::ReadOnly(path) });
    }
    Ok(mounts)
}

/// Everything that appears inside, each after what it lies in; apart from it what lies in the
/// view, which is at `view` or will be.
fn plan(frame: &Frame, stage: &Path, view: &Path) -> Result<(Vec<Mount>, Vec<Mount>), String> {
    let etc = write_etc(stage, frame.place.drop_to.unwrap_or_else(own_uid))
        .map_err(|error| format!("could not write the stage's files: {error}"))?;
    let at = |dest: &str, what| Mount { dest: PathBuf::from(dest), what };
    let memory = frame.memory.0;
    let mut own = vec![
        at("/dev", What::Dev),
        at("/dev/shm", What::Memory(memory / 4)),
        at("/proc", What::Proc),
        at("/tmp", What::Memory(memory / 2)),
        at("/var/tmp", What::Link(PathBuf::from("/tmp"))),
        at(HOME, What::Memory(memory / 4)),
        at(INNER_HELPER, What::ReadOnly(frame.place.helper.clone())),
        Mount { dest: frame.at.clone(), what: What::Writable(view.to_owned()) },
    ];
    own.extend(etc);
    let taken: Vec<PathBuf> = own.iter().map(|mount| mount.dest.clone()).collect();
    let binds = frame.binds.iter().filter(|bind| !taken.contains(&bind.dest)).map(|bind| Mount {
        dest: bind.dest.clone(),
        what: match fs::read_link(&bind.source) {
            Ok(target) if bind.source == bind.dest => What::Link(target),
            _ => What::ReadOnly(bind.source.clone()),
        },
    });
    own.extend(binds);
    own.sort_by(|a, b| a.dest.cmp(&b.dest));
    own.dedup_by(|a, b| a.dest == b.dest);
    let is_outside = |mount: &Mount| mount.dest == frame.at || !mount.dest.starts_with(&frame.at);
    Ok(without_covered(own).into_iter().partition(is_outside))
}

/// Drops what is visible already because the directory around it is.
fn without_covered(mounts: Vec<Mount>) -> Vec<Mount> {
    let mut kept: Vec<Mount> = Vec::new();
    for mount in mounts {
        let around = kept.iter().rev().find(|outer| mount.dest.starts_with(&outer.dest));
        let covered = match (around, &mount.what) {
            (
                Some(Mount { dest, what: What::ReadOnly(outer) }),
                What::ReadOnly(source) | What::Link(source),
            ) => {
                let source = if matches!(mount.what, What::Link(_)) { &mount.dest } else { source };
                matches!(
                    (mount.dest.strip_prefix(dest), source.strip_prefix(outer)),
                    (Ok(inside), Ok(below)) if inside == below
                )
            }
            // What a link leads to is mounted where it leads.
            (Some(Mount { what: What::Link(_), .. }), _) => true,
            _ => false,
        };
        if !covered {
            kept.push(mount);
        }
    }
    kept
}

/// Binds what is shown of the host into a root of its own, and returns what is left for
/// bubblewrap: that root, read-only with all that is mounted in it, and what is writable or
/// lies in something writable.
fn assemble(mounts: Vec<Mount>, root: &Path) -> Result<Vec<Mount>, String> {
    fs::create_dir_all(root).map_err(|error| format!("no root directory: {error}"))?;
    let own = root.with_file_name("etc");
    let mut left = vec![Mount { dest: PathBuf::from("/"), what: What::ReadOnly(root.to_owned()) }];
    let mut shown: Vec<PathBuf> = Vec::new();
    for mount in mounts {
        if left.iter().skip(1).any(|outer| mount.dest.starts_with(&outer.dest)) {
            left.push(mount);
            continue;
        }
        let place = root.join(mount.dest.strip_prefix("/").unwrap_or(&mount.dest));
        // In there is the host: nothing is ever made in it.
        let hosted = shown.iter().any(|outer| mount.dest.starts_with(outer));
        if hosted && (!place.exists() || place.is_symlink()) {
            return Err(cant_show(&mount, &io::Error::from(io::ErrorKind::NotFound)));
        }
        let done = match &mount.what {
            What::ReadOnly(source) if hosted => bind(source, &place),
            What::ReadOnly(source) => show(source, &place, &own),
            What::Link(_) if hosted => Ok(()),
            What::Link(target) => {
                make_parent(&place).and_then(|()| std::os::unix::fs::symlink(target, &place))
            }
            _ if hosted => Ok(()),
            _ => fs::create_dir_all(&place),
        };
        done.map_err(|error| cant_show(&mount, &error))?;
        match mount.what {
            What::ReadOnly(_) => shown.push(mount.dest),
            What::Link(_) => {}
            _ => left.push(mount),
        }
    }
    Ok(left)
}

pub(super) fn cant_show(mount: &Mount, error: &io::Error) -> String {
    format!("could not show {} in the sandbox: {error}", mount.dest.display())
}

/// Shows a file or directory of the host, or a file that is our `own`. A mount costs more than a
/// copy of a small file: here, in bubblewrap, which reads the table of mounts a dozen times,
/// and once more when all of them go.
fn show(source: &Path, place: &Path, own: &Path) -> io::Result<()> {
    if source.starts_with(own) || is_small_and_settled(source) {
        make_parent(place)?;
        // What we may not read ourselves is for the mount to show, or not.
        if fs::copy(source, place).is_ok() {
            return Ok(());
        }
    }
    make_place(source, place)?;
    bind(source, place)
}

/// Whether it is one of the system's settings, which nobody changes for a command that runs.
fn is_small_and_settled(source: &Path) -> bool {
    source.starts_with("/etc")
        && fs::metadata(source).is_ok_and(|meta| meta.is_file() && meta.len() <= SMALL)
}

fn make_parent(place: &Path) -> io::Result<()> {
    place.parent().map_or(Ok(()), fs::create_dir_all)
}

/// An empty file or directory to mount `source` on.
pub(super) fn make_place(source: &Path, place: &Path) -> io::Result<()> {
    make_parent(place)?;
    if fs::metadata(source)?.is_dir() {
        fs::create_dir_all(place)
    } else {
        File::create(place).map(drop)
    }
}

pub(super) fn bind(source: &Path, place: &Path) -> io::Result<()> {
    let flags = MsFlags::MS_BIND | MsFlags::MS_REC;
    Ok(mount(Some(source), place, None::<&str>, flags, None::<&str>)?)
}

/// As root: binds what is not in the stage yet, since the user that bubblewrap runs as can go
/// there and may not be able to go elsewhere.
fn gather(mounts: &mut [Mount], stage: &Path) -> Result<(), String> {
    for (number, mounted) in mounts.iter_mut().enumerate() {
        let (What::ReadOnly(source) | What::Writable(source)) = &mut mounted.what else {
            continue;
        };
        if !source.starts_with(stage) {
            let place = stage.join(number.to_string());
            make_place(source, &place)
                .and_then(|()| bind(source, &place))
                .map_err(|error| format!("could not bind {}: {error}", source.display()))?;
            *source = place;
        }
    }
    Ok(())
}

/// Adds `--flag value` pairs; here because the words belong to [`What`].
pub(super) fn words(mount: &Mount) -> Vec<OsString> {
    let dest = mount.dest.clone().into_os_string();
    let word = |text: &str| OsString::from(text);
    match &mount.what {
        What::Memory(bytes) => {
            vec![
                word("--perms"),
                word("1777"),
                word("--size"),
                word(&bytes.max(&4_096).to_string()),
                word("--tmpfs"),
                dest,
            ]
        }
        What::ReadOnly(source) => vec![word("--ro-bind"), source.into(), dest],
        What::Writable(source) => vec![word("--bind"), source.into(), dest],
        What::Link(target) => vec![word("--symlink"), target.into(), dest],
        What::Proc => vec![word("--proc"), dest],
        What::Dev => vec![word("--dev"), dest],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mount(dest: &str, source: &str) -> Mount {
        Mount { dest: dest.into(), what: What::ReadOnly(source.into()) }
    }

    #[test]
    fn what_lies_in_a_mount_already_is_not_mounted_again() {
        let view = Mount { dest: "/usr/src/p".into(), what: What::Writable("/v".into()) };
        let nested = mount("/usr/src/p/.venv", "/usr/src/p/.venv");
        let elsewhere = mount("/usr/share/x", "/opt/x");
        let all = vec![
            mount("/usr", "/usr"),
            mount("/usr/lib", "/usr/lib"),
            elsewhere.clone(),
            view.clone(),
            nested.clone(),
        ];
        let kept = without_covered(all);
        assert_eq!(kept, [mount("/usr", "/usr"), elsewhere, view, nested]);
    }
}
