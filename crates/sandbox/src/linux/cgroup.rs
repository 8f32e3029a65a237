//! Control groups: the kernel's own count of memory and processes. Version 2 where a part of
//! the tree is ours to use, else version 1. With version 1 a group is made below the one we
//! are in, so that whatever limits the machine set for us hold for the commands too. Version 2
//! has no groups below one with processes, so it is made below the nearest one above that
//! hands its controllers on.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tenfold_domain::Bytes;

use crate::Limits;
use crate::spec::{Cgroups, Controller, GROUP_PREFIX};

/// bubblewrap's own processes, which count too.
const SUPERVISORS: u32 = 4;

/// Finds where groups can be made, by making one.
pub(super) fn find() -> Option<Cgroups> {
    let groups = fs::read_to_string("/proc/self/cgroup").ok()?;
    let mounts = fs::read_to_string("/proc/self/mountinfo").ok()?;
    [unified(&groups, &mounts), split(&groups, &mounts)].into_iter().flatten().find(|place| {
        let Limits { memory, processes, .. } = Limits::default();
        let trial = Group::create(place, std::process::id(), memory, processes);
        trial.map(|group| group.remove()).is_ok()
    })
}

/// Removes groups whose shim was killed before it could, with what is left in them. Mostly that is
/// nothing, since the sandbox dies with the shim. But if it dies while bubblewrap is being born,
/// the process that was to be the sandbox's first waits for ever to be told to go on.
pub(super) fn sweep(place: &Cgroups) {
    for controller in [&place.memory, &place.pids] {
        let Ok(entries) = fs::read_dir(&controller.parent) else { continue };
        for entry in entries.flatten() {
            let name = entry.file_name();
            let pid = name.to_str().and_then(|name| name.strip_prefix(GROUP_PREFIX));
            let alive = |pid: &str| Path::new("/proc").join(pid).exists();
            if pid.is_some_and(|pid| pid.parse::<u32>().is_ok() && !alive(pid)) {
                end_orphans(&entry.path());
                remove_empty(&entry.path());
            }
        }
    }
}

/// Kills what is in a group, unless a shim has a child in it: one that is known by another number
/// where it was started.
fn end_orphans(group: &Path) {
    let members = fs::read_to_string(group.join("cgroup.procs")).unwrap_or_default();
    // Those of elsewhere are zero, which would be ourselves.
    let members = members.lines().filter_map(|line| line.parse::<i32>().ok());
    let members: Vec<i32> = members.filter(|pid| *pid > 0).collect();
    if !members.iter().any(|pid| is_child_of_a_shim(*pid)) {
        for pid in members {
            let _ = kill(Pid::from_raw(pid), Signal::SIGKILL);
        }
    }
}

fn is_child_of_a_shim(pid: i32) -> bool {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let parent = status.lines().find_map(|line| line.strip_prefix("PPid:")).unwrap_or_default();
    let line = fs::read(format!("/proc/{}/cmdline", parent.trim())).unwrap_or_default();
    line.split(|byte| *byte == 0).any(|word| word == b"sandbox-shim")
}

/// Version 2: the nearest group from our own upwards that hands memory and pids on to the
/// groups in it.
fn unified(groups: &str, mounts: &str) -> Option<Cgroups> {
    let own = own_path(groups, "")?;
    let (root, mount_point) = mount(mounts, "cgroup2", None)?;
    let own = mount_point.join(own.strip_prefix(&root).ok()?);
    let parent = own.ancestors().take_while(|dir| dir.starts_with(&mount_point)).find(|dir| {
        let handed_on = fs::read_to_string(dir.join("cgroup.subtree_control"));
        let handed_on = handed_on.unwrap_or_default();
        let has = |name| handed_on.split_ascii_whitespace().any(|word| word == name);
        has("memory") && has("pids")
    })?;
    let controller = Controller { parent: parent.to_owned(), own: own.clone() };
    Some(Cgroups { memory: controller.clone(), pids: controller, unified: true })
}

/// Version 1: below our own group in each hierarchy.
fn split(groups: &str, mounts: &str) -> Option<Cgroups> {
    let controller = |name| {
        let own = own_path(groups, name)?;
        let (root, mount_point) = mount(mounts, "cgroup", Some(name))?;
        let own = mount_point.join(own.strip_prefix(&root).ok()?);
        Some(Controller { parent: own.clone(), own })
    };
    Some(Cgroups { memory: controller("memory")?, pids: controller("pids")?, unified: false })
}

/// Our group in the hierarchy of a controller; the empty name is the unified one.
fn own_path(groups: &str, controller: &str) -> Option<PathBuf> {
    groups.lines().find_map(|line| {
        let mut fields = line.splitn(3, ':').skip(1);
        let names = fields.next()?;
        names.split(',').any(|name| name == controller).then(|| fields.next().map(PathBuf::from))?
    })
}

/// The root and the mount point of a hierarchy.
fn mount(mounts: &str, kind: &str, controller: Option<&str>) -> Option<(PathBuf, PathBuf)> {
    mounts.lines().find_map(|line| {
        let (place, system) = line.split_once(" - ")?;
        let mut system = system.split(' ');
        let right_kind = system.next()? == kind;
        let options = system.nth(1)?;
        let right_one =
            controller.is_none_or(|name| options.split(',').any(|option| option == name));
        let mut place = place.split(' ').skip(3);
        let root_and_point = (PathBuf::from(place.next()?), PathBuf::from(place.next()?));
        (right_kind && right_one).then_some(root_and_point)
    })
}

/// A group of our own, for one run.
#[derive(Debug)]
pub(super) struct Group {
    memory: PathBuf,
    pids: PathBuf,
    place: Cgroups,
}

impl Group {
    /// Makes a group that may hold so much memory and so many processes.
    pub(super) fn create(
        place: &Cgroups,
        id: u32,
        memory: Bytes,
        processes: u32,
    ) -> io::Result<Self> {
        let name = format!("{GROUP_PREFIX}{id}");
        let group = Self {
            memory: place.memory.parent.join(&name),
            pids: place.pids.parent.join(&name),
            place: place.clone(),
        };
        match group.set_up(memory, processes) {
            Ok(()) => Ok(group),
            Err(error) => {
                group.remove();
                Err(error)
            }
        }
    }

    fn set_up(&self, memory: Bytes, processes: u32) -> io::Result<()> {
        make(&self.memory)?;
        let memory = memory.0.to_string();
        if self.place.unified {
            fs::write(self.memory.join("memory.max"), &memory)?;
            // Where there is no swap there is no such file.
            let _ = fs::write(self.memory.join("memory.swap.max"), "0");
        } else {
            make(&self.pids)?;
            fs::write(self.memory.join("memory.limit_in_bytes"), &memory)?;
            let _ = fs::write(self.memory.join("memory.memsw.limit_in_bytes"), &memory);
        }
        let processes = processes.saturating_add(SUPERVISORS);
        fs::write(self.pids.join("pids.max"), processes.to_string())
    }

    /// Moves this process, which has a single thread, in, so that what it starts begins there.
    pub(super) fn enter(&self) -> io::Result<()> {
        self.move_self(&self.memory, &self.pids)
    }

    /// Moves this process back to where it was.
    pub(super) fn leave(&self) -> io::Result<()> {
        self.move_self(&self.place.memory.own, &self.place.pids.own)
    }

    /// The kernel moves whole processes only after a grace period of some milliseconds in
    /// which nobody forks. A thread that moves itself is spared that, and version 1 can say it:
    /// "0" is whoever writes.
    fn move_self(&self, memory: &Path, pids: &Path) -> io::Result<()> {
        if self.place.unified {
            return fs::write(memory.join("cgroup.procs"), "0");
        }
        fs::write(memory.join("tasks"), "0")?;
        fs::write(pids.join("tasks"), "0")
    }

    /// Whether a process was killed for memory.
    pub(super) fn ran_out_of_memory(&self) -> bool {
        let file = if self.place.unified { "memory.events" } else { "memory.oom_control" };
        counter(&self.memory.join(file), "oom_kill") > 0
    }

    /// Whether a process could not be started for the limit.
    pub(super) fn ran_out_of_processes(&self) -> bool {
        counter(&self.pids.join("pids.events"), "max") > 0
    }

    /// Removes the group, which is empty by now.
    pub(super) fn remove(&self) {
        remove_empty(&self.memory);
        remove_empty(&self.pids);
    }
}

/// Removes a group. The kernel refuses while a process is in it, and one that has just been
/// reaped may still be on its way out.
fn remove_empty(dir: &Path) {
    for _ in 0..200 {
        match fs::remove_dir(dir) {
            Err(error) if error.raw_os_error() == Some(nix::libc::EBUSY) => {
                std::thread::sleep(std::time::Duration::from_millis(1));
            }
            _ => return,
        }
    }
}

fn make(dir: &Path) -> io::Result<()> {
    match fs::create_dir(dir) {
        // A shim of the same process id died here.
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            fs::remove_dir(dir)?;
            fs::create_dir(dir)
        }
        other => other,
    }
}

fn counter(file: &Path, name: &str) -> u64 {
    let text = fs::read_to_string(file).unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    line.and_then(|value| value.trim().parse().ok()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MOUNTS: &str = "\
30 20 0:26 / /sys/fs/cgroup/memory rw,relatime shared:9 - cgroup cgroup rw,memory\n\
31 20 0:27 /docker/x /sys/fs/cgroup/pids rw - cgroup cgroup rw,pids\n\
32 20 0:28 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw,nsdelegate\n";

    #[test]
    fn the_own_group_is_found_in_each_hierarchy() {
        let groups = "8:pids:/docker/x/y\n4:cpu,memory:/a b\n0::/user.slice\n";
        let found = split(groups, MOUNTS).unwrap();
        assert_eq!(found.memory.parent, Path::new("/sys/fs/cgroup/memory/a b"));
        assert_eq!(found.pids.own, Path::new("/sys/fs/cgroup/pids/y"));
        assert_eq!(own_path(groups, ""), Some(PathBuf::from("/user.slice")));
        assert_eq!(own_path(groups, "freezer"), None);
    }

    #[test]
    fn version_two_uses_the_nearest_group_that_hands_its_controllers_on() {
        let dir = tempfile::tempdir().unwrap();
        let own = dir.path().join("user/app/scope");
        fs::create_dir_all(&own).unwrap();
        fs::write(own.join("cgroup.subtree_control"), "").unwrap();
        fs::write(own.join("../cgroup.subtree_control"), "cpu memory pids\n").unwrap();
        let mounts = format!("32 20 0:28 / {} rw - cgroup2 none rw\n", dir.path().display());
        let found = unified("0::/user/app/scope\n", &mounts).unwrap();
        assert_eq!(found.memory.parent, dir.path().join("user/app"));
        assert_eq!(found.memory.own, own);
        fs::write(own.join("../cgroup.subtree_control"), "cpu pids\n").unwrap();
        assert_eq!(unified("0::/user/app/scope\n", &mounts), None);
    }

    #[test]
    fn counters_are_read_by_their_whole_name() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("memory.events");
        fs::write(&file, "oom 3\noom_kill_disable 0\noom_kill 2\n").unwrap();
        assert_eq!(counter(&file, "oom_kill"), 2);
        assert_eq!(counter(&file, "max"), 0);
    }
}
