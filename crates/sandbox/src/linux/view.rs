//! The copy-on-write view of a job, and what lies in it.
//!
//! It comes when the sandbox stands already: bubblewrap binds an empty *slot*, which is a shared
//! mount of the shim's, and whatever is mounted on a shared mount appears wherever that is bound.
//! The other way round nothing is passed on: bubblewrap's own namespace belongs to another user
//! namespace, in which the kernel makes it a slave.

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::fd::AsRawFd;
use std::os::unix::ffi::OsStringExt;
use std::os::unix::fs::{OpenOptionsExt, chown};
use std::path::{Path, PathBuf};

use nix::libc;
use nix::mount::{MsFlags, mount};

use super::engine_side::work_dir;
use super::stage::{Mount, Stage, What, bind, cant_show, make_place, stage_dir};
use super::tree;
use crate::spec::{Frame, View};
use crate::{Bind, Job};

/// Where the view is mounted, below the stage.
pub(super) const SLOT: &str = "view";
/// The kernel takes one page of mount options.
const MOST_LAYERS: usize = 200;

/// An empty directory, on which the view is mounted later.
pub(super) fn make_slot(slot: &Path) -> io::Result<()> {
    fs::create_dir_all(slot)?;
    bind(slot, slot)?;
    Ok(mount(None::<&str>, slot, None::<&str>, MsFlags::MS_SHARED, None::<&str>)?)
}

/// Shows the view of a job in a sandbox that stands.
pub(super) fn show(frame: &Frame, job: &Job, stage: &Stage) -> Result<(), String> {
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

/// Whether a mount that lies in the view finds its place there. An agent's tree may hold a
/// link or another kind of file at that place; then the tree's own is what the command sees.
pub(super) fn fits_view(mount: &Mount, at: &Path, view: &Path) -> bool {
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

/// The binds that lie in the view, as paths relative to it.
fn nested(job: &Job) -> impl Iterator<Item = (&Bind, &Path)> {
    job.binds.iter().filter_map(|bind| {
        let inside = bind.dest.strip_prefix(&job.at).ok()?;
        (!inside.as_os_str().is_empty()).then_some((bind, inside))
    })
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

#[cfg(test)]
mod tests {
    use super::*;

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
