//! Makes ready what bubblewrap binds: a few files of `/etc`, the root of the sandbox with
//! everything that is shown of the host, and the copy-on-write view. As root this is the only
//! way, since the user that commands run as can't look into root's home; and it is quick,
//! where bubblewrap reads the whole mount table again for every single bind.
//!
//! All of it is mounted in a mount namespace of the shim's own, so that it is gone with the
//! shim, however that ends. Nothing here runs while a command does.
//!
//! The view comes last, when the sandbox stands already: bubblewrap binds an empty *slot*, which
//! is a shared mount of the shim's, and whatever is mounted on a shared mount appears wherever
//! that is bound. The other way round nothing is passed on: bubblewrap's own namespace belongs
//! to another user namespace, in which the kernel makes it a slave.

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::fd::AsRawFd;
use std::os::unix::ffi::OsStringExt;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, chown};
use std::path::{Path, PathBuf};

use nix::libc;
use nix::mount::{MsFlags, mount};
use nix::sched::{CloneFlags, unshare};

use super::engine_side::work_dir;
use super::tree;
use crate::spec::{Frame, View};
use crate::{Bind, HOME, Job};

/// Below the scratch directory, where nothing can be mounted.
pub(super) const STAGE_DIR: &str = "stage";
/// Where the view is mounted, below the stage.
const SLOT: &str = "view";
/// Where the helper appears inside.
pub(super) const INNER_HELPER: &str = "/run/tenfold/helper";
/// What is copied at the most, in bytes, where the alternative is a mount.
const SMALL: u64 = 128 << 10;
/// The kernel takes one page of mount options.
const MOST_LAYERS: usize = 200;

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
    nested: Vec<Mount>,
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

/// Shows the view of a job in a sandbox that stands.
pub(super) fn show_view(frame: &Frame, job: &Job, stage: &Stage) -> Result<(), String> {
    let dir = stage_dir()?;
    let slot = dir.join(SLOT);
    let user = frame.place.drop_to;
    if let Some(user) = user {
        chown(&job.upper, Some(user), Some(user))
            .map_err(|error| format!("could not hand over the upper directory: {error}"))?;
    }
    match frame.place.view {
        View::Overlay => {
            let skeleton = dir.join("skeleton");
            make_places(job, &skeleton)
                .map_err(|error| format!("could not prepare the view: {error}"))?;
            if let Some(user) = user {
                tree::give(&skeleton, user)
                    .map_err(|error| format!("could not hand over the view: {error}"))?;
            }
            mount_overlay(job, &skeleton, &slot, user.is_some())?;
        }
        View::Copy => {
            copy_view(job, user)
                .and_then(|()| bind(&job.upper, &slot))
                .map_err(|error| format!("could not copy the view: {error}"))?;
        }
    }
    for (number, nested) in stage.nested.iter().enumerate() {
        let inside = nested.dest.strip_prefix(&job.at).unwrap_or(&nested.dest);
        if let What::ReadOnly(source) = &nested.what
            && fits_view(nested, &job.at, &slot)
        {
            let aside = dir.join(format!("nested-{number}"));
            show_nested(source, &aside, &slot.join(inside))
                .map_err(|error| cant_show(nested, &error))?;
        }
    }
    Ok(())
}

/// It is made read-only before it is where the sandbox sees it.
fn show_nested(source: &Path, aside: &Path, place: &Path) -> io::Result<()> {
    make_place(source, aside)?;
    bind(source, aside)?;
    let read_only = MsFlags::MS_REMOUNT | MsFlags::MS_BIND | MsFlags::MS_RDONLY;
    let flags = read_only | MsFlags::MS_NOSUID | MsFlags::MS_NODEV;
    for (point, own) in mounted_below(aside)? {
        mount(None::<&str>, &point, None::<&str>, flags | own, None::<&str>)?;
    }
    Ok(mount(Some(aside), place, None::<&str>, MsFlags::MS_MOVE, None::<&str>)?)
}

/// Every mount at or below a path, with those of its flags that a remount would take away.
fn mounted_below(path: &Path) -> io::Result<Vec<(PathBuf, MsFlags)>> {
    let table = fs::read("/proc/self/mountinfo")?;
    let mounts = table.split(|byte| *byte == b'\n').filter_map(|line| {
        let mut fields = line.split(|byte| *byte == b' ').skip(4);
        let point = PathBuf::from(OsString::from_vec(unescaped(fields.next()?)));
        let no_exec = fields.next()?.split(|byte| *byte == b',').any(|word| word == b"noexec");
        let own = if no_exec { MsFlags::MS_NOEXEC } else { MsFlags::empty() };
        point.starts_with(path).then_some((point, own))
    });
    Ok(mounts.collect())
}

/// The table of mounts writes blanks and the like as a backslash and three octal digits.
fn unescaped(field: &[u8]) -> Vec<u8> {
    let is_octal = |digit: &u8| (b'0'..b'8').contains(digit);
    let mut bytes = Vec::new();
    let mut rest = field;
    loop {
        rest = match rest {
            [b'\\', digits @ ..] if digits.len() >= 3 && digits[..3].iter().all(is_octal) => {
                let value = |sum: u8, digit: &u8| sum.wrapping_mul(8).wrapping_add(digit - b'0');
                bytes.push(digits[..3].iter().fold(0, value));
                &digits[3..]
            }
            [byte, after @ ..] => {
                bytes.push(*byte);
                after
            }
            [] => return bytes,
        };
    }
}

/// Where the stage is mounted: a folder to which any user can go, and in which nothing is that
/// the shim, bubblewrap or a job could want, since it is hidden from them.
fn stage_dir() -> Result<PathBuf, String> {
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

/// An empty directory, on which the view is mounted later.
fn make_slot(slot: &Path) -> io::Result<()> {
    fs::create_dir_all(slot)?;
    bind(slot, slot)?;
    Ok(mount(None::<&str>, slot, None::<&str>, MsFlags::MS_SHARED, None::<&str>)?)
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

/// The binds that lie in the view, as paths relative to it.
fn nested(job: &Job) -> impl Iterator<Item = (&Bind, &Path)> {
    job.binds.iter().filter_map(|bind| {
        let inside = bind.dest.strip_prefix(&job.at).ok()?;
        (!inside.as_os_str().is_empty()).then_some((bind, inside))
    })
}

/// Whether a mount that lies in the view finds its place there. An agent's tree may hold a
/// link or another kind of file at that place; then the tree's own is what the command sees.
fn fits_view(mount: &Mount, at: &Path, view: &Path) -> bool {
    let (What::ReadOnly(source), Ok(inside)) = (&mount.what, mount.dest.strip_prefix(at)) else {
        return true;
    };
    let mut path = view.to_owned();
    for part in inside {
        path.push(part);
        if path.is_symlink() {
            return false;
        }
    }
    path.exists() && path.is_dir() == source.is_dir()
}

/// The layers, copied over each other into the upper directory.
pub(super) fn copy_view(job: &Job, user: Option<u32>) -> io::Result<()> {
    for layer in job.layers.iter().rev() {
        tree::copy_over(layer, &job.upper)?;
    }
    make_places(job, &job.upper)?;
    user.map_or(Ok(()), |user| tree::give(&job.upper, user))
}

/// Empty files and directories on which the nested binds are mounted. Under an overlay they
/// make up the lowest layer, so that none of them shows among what the command wrote.
fn make_places(job: &Job, root: &Path) -> io::Result<()> {
    fs::create_dir_all(root)?;
    for (bind, inside) in nested(job) {
        let place = root.join(inside);
        // Above it there may be links now, that a command has made: nothing is made through one.
        let is_below_other = inside
            .ancestors()
            .skip(1)
            .any(|above| root.join(above).symlink_metadata().is_ok_and(|meta| !meta.is_dir()));
        if is_below_other || place.symlink_metadata().is_ok() {
            continue;
        }
        make_place(&bind.source, &place)?;
    }
    Ok(())
}

/// Directories are named to the kernel by descriptors that are open here: their own names may
/// hold commas and colons, which mean something in mount options.
fn mount_overlay(job: &Job, skeleton: &Path, view: &Path, root: bool) -> Result<(), String> {
    if job.layers.len() > MOST_LAYERS {
        return Err(format!("{} layers are too many, {MOST_LAYERS} work", job.layers.len()));
    }
    let name = |file: &File| format!("/proc/self/fd/{}", file.as_raw_fd());
    let layers: Vec<File> = job
        .layers
        .iter()
        .map(PathBuf::as_path)
        .chain([skeleton])
        .map(open_dir)
        .collect::<Result<_, _>>()?;
    let upper = open_dir(&job.upper)?;
    let work = open_dir(&work_dir(&job.upper))?;
    let lower: Vec<String> = layers.iter().map(name).collect();
    let mut options = format!(
        "lowerdir={},upperdir={},workdir={},redirect_dir=nofollow,index=off,metacopy=off",
        lower.join(":"),
        name(&upper),
        name(&work)
    );
    if !root {
        options.push_str(",userxattr");
    }
    let flags = MsFlags::MS_NOSUID | MsFlags::MS_NODEV;
    // Without "volatile" the kernel writes everything to the disk when the view goes away,
    // which takes longer than most checks. Kernels before 5.10 don't know it.
    let quick = format!("{options},volatile");
    let mut tried = Err(nix::Error::EINVAL);
    for options in [quick, options] {
        tried = mount(Some("tenfold"), view, Some("overlay"), flags, Some(options.as_str()));
        if tried != Err(nix::Error::EINVAL) {
            break;
        }
    }
    tried.map_err(|error| format!("could not mount the overlay of the view: {error}"))
}

fn open_dir(path: &Path) -> Result<File, String> {
    let flags = libc::O_PATH | libc::O_DIRECTORY | libc::O_NOFOLLOW;
    OpenOptions::new()
        .read(true)
        .custom_flags(flags)
        .open(path)
        .map_err(|error| format!("could not open the layer {}: {error}", path.display()))
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

fn cant_show(mount: &Mount, error: &io::Error) -> String {
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
fn make_place(source: &Path, place: &Path) -> io::Result<()> {
    make_parent(place)?;
    if fs::metadata(source)?.is_dir() {
        fs::create_dir_all(place)
    } else {
        File::create(place).map(drop)
    }
}

fn bind(source: &Path, place: &Path) -> io::Result<()> {
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

    #[test]
    fn names_in_the_table_of_mounts_are_read_as_they_are() {
        assert_eq!(unescaped(br"/a\040b\134c\0\9"), br"/a b\c\0\9");
        assert!(
            mounted_below(Path::new("/proc")).unwrap().iter().any(|(at, _)| at.ends_with("proc"))
        );
    }

    #[test]
    fn a_link_in_the_agents_tree_is_never_mounted_over() {
        let dir = tempfile::tempdir().unwrap();
        let (view, source) = (dir.path().join("view"), dir.path().join("real"));
        fs::create_dir_all(view.join("plain")).unwrap();
        fs::create_dir(&source).unwrap();
        std::os::unix::fs::symlink("/etc", view.join("link")).unwrap();
        fs::write(view.join("file"), "").unwrap();
        let fits = |name: &str| {
            let dest = Path::new("/at").join(name);
            let mount = Mount { dest, what: What::ReadOnly(source.clone()) };
            fits_view(&mount, Path::new("/at"), &view)
        };
        assert!(fits("plain"));
        assert!(!fits("link"));
        assert!(!fits("link/below"));
        assert!(!fits("file"));
        assert!(!fits("missing"));
    }
}
