//! What has to hold of the disk and the machine once all is at its end: the records, the git
//! directories, what is the person's, and what was left behind.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::home::{self, Home, Listed};
use super::plan::REPOSITORIES;
use super::{processes, script};
use crate::command::{command, output};
use crate::trouble::{Tried, Trouble};

/// How the control groups of sandboxes begin.
const GROUP_PREFIX: &str = "tenfold-";

/// All that is wrong.
pub(super) fn audit(home: &Home, listed: &[Listed]) -> Result<Vec<String>, Trouble> {
    let mut wrong = left_behind(home);
    let checked = output(&mut home.command(0, &["store", "check"]));
    wrong.extend(checked.err().map(|trouble| trouble.to_string()));
    wrong.extend(rebuilt(home, listed)?);
    for dir in git_directories(&home.data().join("workspaces")) {
        let mut fsck = command("git", ["fsck", "--full", "--strict", "--no-dangling"]);
        fsck.env("GIT_DIR", &dir).env("GIT_CONFIG_GLOBAL", "/dev/null");
        wrong.extend(output(&mut fsck).err().map(|t| format!("{}: {t}", dir.display())));
        wrong.extend(locks(&dir).iter().map(|lock| format!("left behind: {}", lock.display())));
    }
    for at in 0..REPOSITORIES {
        wrong.extend(repository(home, at, listed)?);
    }
    Ok(wrong)
}

/// Processes, folders of work and control groups.
fn left_behind(home: &Home) -> Vec<String> {
    let others = |process: &processes::Process| process.kind != processes::Kind::Provider;
    let alive = processes::of(&home.dir).into_iter().filter(others);
    let mut left: Vec<String> = alive.map(|process| format!("process {}", process.line)).collect();
    let work = std::fs::read_dir(home.data().join("work")).into_iter().flatten().flatten();
    left.extend(work.map(|entry| entry.path().display().to_string()));
    let dead = |group: &PathBuf| {
        let pid = group.file_name().and_then(|name| name.to_str()?.strip_prefix(GROUP_PREFIX));
        pid.is_some_and(|pid| !Path::new("/proc").join(pid).exists())
    };
    let dead_ones = || groups().difference(&home.groups).filter(|g| dead(g)).cloned().collect();
    let mut groups: Vec<PathBuf> = dead_ones();
    if !groups.is_empty() {
        // They may be of a neighbour who was killed a moment ago: whoever looks for a sandbox next
        // takes them away.
        let _ = output(&mut home.command(0, &["doctor"]));
        groups = dead_ones();
    }
    left.extend(groups.iter().map(|group| group.display().to_string()));
    left.into_iter().map(|what| format!("left behind: {what}")).collect()
}

/// The control groups of sandboxes, of whatever engine.
pub(super) fn groups() -> BTreeSet<PathBuf> {
    let mut found = BTreeSet::new();
    let mut folders = vec![PathBuf::from("/sys/fs/cgroup")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).into_iter().flatten().flatten() {
            if !entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                continue;
            }
            match entry.file_name().to_str().and_then(|name| name.strip_prefix(GROUP_PREFIX)) {
                Some(pid) if pid.parse::<u32>().is_ok() => drop(found.insert(entry.path())),
                _ => folders.push(entry.path()),
            }
        }
    }
    found
}

/// On a copy: whether rows that are made anew from the journal are those that there are.
fn rebuilt(home: &Home, listed: &[Listed]) -> Result<Option<String>, Trouble> {
    let copy = home.dir.join("data-copy");
    output(command("cp", ["-a", "--"]).args([home.data(), copy.clone()]))?;
    let of_copy = |words: &[&str]| -> Result<String, Trouble> {
        output(home.command(0, words).env("TENFOLD_DATA_DIR", &copy))
    };
    let rows = || -> Result<Vec<String>, Trouble> {
        let mut rows = vec![of_copy(&["list", "--all", "--json"])?];
        for task in listed {
            rows.push(of_copy(&["show", &task.task.to_string(), "--json"])?);
        }
        Ok(rows)
    };
    let before = rows()?;
    of_copy(&["store", "rebuild"])?;
    let after = rows()?;
    std::fs::remove_dir_all(&copy).tried(|| "could not remove the copy".to_owned())?;
    let differs = before.iter().zip(&after).find(|(before, after)| before != after);
    Ok(differs.map(|(before, after)| format!("rebuilt differently: {before} is {after}")))
}

fn git_directories(folder: &Path) -> Vec<PathBuf> {
    if folder.join("HEAD").exists() && folder.join("objects").exists() {
        return vec![folder.to_owned()];
    }
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let folders = entries.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()));
    folders.flat_map(|entry| git_directories(&entry.path())).collect()
}

/// Lock files that a killed git left, which would keep the next from its work.
fn locks(dir: &Path) -> Vec<PathBuf> {
    let (mut found, mut folders) = (Vec::new(), vec![dir.to_owned()]);
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).into_iter().flatten().flatten() {
            match entry.file_type() {
                Ok(kind) if kind.is_dir() => folders.push(entry.path()),
                _ if entry.path().extension().is_some_and(|end| end == "lock") => {
                    found.push(entry.path());
                }
                _ => {}
            }
        }
    }
    found
}

/// What is the person's is as it was, but for what they accepted.
fn repository(home: &Home, at: usize, listed: &[Listed]) -> Result<Vec<String>, Trouble> {
    let dir = home.repository(at);
    let mut wrong = Vec::new();
    let now = home::persons(&dir)?;
    if now != home.before[at] {
        wrong.push(format!("{}: it was {}, and is {now}", dir.display(), home.before[at]));
    }
    let job = |task: &Listed| super::plan::job(home.seed, script::marked(&task.text).unwrap_or(0));
    let here: Vec<&Listed> = listed.iter().filter(|task| job(task).repository == at).collect();
    let branches = home::git(&dir, &["for-each-ref", "--format=%(refname)", "refs/heads/tenfold"])?;
    let branches: BTreeSet<&str> = branches.lines().collect();
    let accepted: BTreeSet<&str> = here.iter().filter_map(|task| branch(task)).collect();
    if branches != accepted {
        wrong
            .push(format!("{}: {accepted:?} were accepted, {branches:?} are there", dir.display()));
    }
    wrong.extend(files(home, at, &here)?);
    Ok(wrong)
}

fn branch(task: &Listed) -> Option<&str> {
    let standing = &task.proposal.as_ref()?.state;
    standing.branch.as_deref().filter(|_| standing.is == "accepted-as-branch")
}

/// With what was accepted taken out again, on a copy, the files are those that the person wrote.
fn files(home: &Home, at: usize, here: &[&Listed]) -> Result<Vec<String>, Trouble> {
    let copy = home.dir.join("repository-copy");
    output(command("cp", ["-a", "--"]).args([home.repository(at), copy.clone()]))?;
    let mut wrong = Vec::new();
    for task in here {
        let standing = task.proposal.as_ref().map_or("", |proposal| &proposal.state.is);
        if standing == "accepted-in-place" {
            let diff = output(&mut home.command(0, &["diff", &task.task.to_string()]))?;
            let mut take_out = command("git", ["apply", "--reverse"]);
            if !fed(take_out.current_dir(&copy), &diff)? {
                wrong.push(format!("task {}: it is accepted, and not in the files", task.task));
            }
        }
    }
    let mut found = BTreeMap::new();
    for entry in std::fs::read_dir(&copy).tried(|| "could not list a copy".to_owned())?.flatten() {
        if entry.file_name() != ".git" {
            let text = std::fs::read_to_string(entry.path()).unwrap_or_default();
            found.insert(entry.file_name().to_string_lossy().into_owned(), text);
        }
    }
    let written = &home.written[at];
    let names: BTreeSet<&String> = found.keys().chain(written.keys()).collect();
    for name in names.into_iter().filter(|name| found.get(*name) != written.get(*name)) {
        wrong.push(format!("{name} in repository {at} is not as the person left it"));
    }
    std::fs::remove_dir_all(&copy).tried(|| "could not remove the copy".to_owned())?;
    Ok(wrong)
}

/// Whether a program that is fed a text ends well.
fn fed(command: &mut Command, text: &str) -> Result<bool, Trouble> {
    let doing = || "could not run git".to_owned();
    command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
    let mut child = command.spawn().tried(doing)?;
    if let Some(mut stdin) = child.stdin.take() {
        // That it does not want to read is seen by how it ends.
        let _ = stdin.write_all(text.as_bytes());
    }
    Ok(child.wait().tried(doing)?.success())
}
