//! The sample projects and their backlog, as they lie in `xtask/sample`, and how they are
//! laid out for the demo.
//!
//! It is apart because both the demo and its self-test lay out the projects. The files are
//! ordinary files that people can read; nothing is generated. It never touches a folder that
//! it has not made.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde::Deserialize;

use crate::command::{command, run};
use crate::house;
use crate::trouble::{Tried, Trouble};

/// Marks a folder as the demo's own, so that it may be replaced.
const MARK: &str = ".tenfold-demo";

/// What a run in place would leave behind, and nobody wants copied.
const LEFT_BEHIND: &[&str] = &["target", "__pycache__", ".pytest_cache", ".venv"];

/// One open task of the sample project.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Task {
    pub(super) project: String,
    pub(super) text: String,
    /// A shell command, run in the project.
    pub(super) check: String,
    /// The patch that seeds it, without its ending.
    pub(super) bug: String,
    pub(super) kind: String,
}

/// All of them.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Backlog {
    #[serde(rename = "task")]
    pub(super) tasks: Vec<Task>,
}

impl Backlog {
    pub(super) fn read() -> Result<Self, Trouble> {
        let file = sample().join("backlog.toml");
        let text = std::fs::read_to_string(&file)
            .tried(|| format!("could not read {}", file.display()))?;
        toml::from_str(&text).tried(|| format!("{} can't be read", file.display()))
    }

    /// The projects that the tasks are about, each once, in order.
    pub(super) fn projects(&self) -> Vec<&str> {
        let mut names: Vec<&str> = self.tasks.iter().map(|task| task.project.as_str()).collect();
        names.dedup();
        names
    }

    /// The tasks of one project.
    pub(super) fn of<'a>(&'a self, project: &'a str) -> impl Iterator<Item = &'a Task> {
        self.tasks.iter().filter(move |task| task.project == project)
    }
}

fn sample() -> PathBuf {
    house::root().join("xtask/sample")
}

/// Lays out every project with all its bugs in `dir`, each as a git repository with one
/// commit. A folder of an earlier demo is replaced; any other that is not empty is refused.
pub(super) fn lay_out_with_bugs(backlog: &Backlog, dir: &Path) -> Result<(), Trouble> {
    let is_ours = dir.join(MARK).exists();
    let is_empty = std::fs::read_dir(dir).map_or(true, |mut entries| entries.next().is_none());
    if !is_ours && !is_empty {
        return Err(Trouble::failed(format!(
            "{} holds files that the demo did not make; choose another with --dir",
            dir.display()
        )));
    }
    std::fs::create_dir_all(dir).tried(|| format!("could not create {}", dir.display()))?;
    std::fs::write(dir.join(MARK), "The demo may replace the projects beside this file.\n")
        .tried(|| format!("could not write to {}", dir.display()))?;
    for project in backlog.projects() {
        let place = dir.join(project);
        if place.exists() {
            std::fs::remove_dir_all(&place)
                .tried(|| format!("could not remove the old {}", place.display()))?;
        }
        lay_out(project, &place)?;
        for task in backlog.of(project) {
            seed(&place, &task.bug)?;
        }
        run(&mut git(&place, &["add", "--all"]))?;
        run(&mut git(&place, &["commit", "--quiet", "--message", "The sample project"]))?;
    }
    Ok(())
}

/// Copies a project without bugs into a new folder and starts a git repository there.
pub(super) fn lay_out(project: &str, place: &Path) -> Result<(), Trouble> {
    copy(&sample().join(project), place)?;
    run(&mut git(place, &["init", "--quiet", "--initial-branch", "main"]))
}

/// Puts a bug in.
pub(super) fn seed(place: &Path, bug: &str) -> Result<(), Trouble> {
    run(git(place, &["apply"]).arg(patch(bug)))
}

/// Takes a bug out.
pub(super) fn heal(place: &Path, bug: &str) -> Result<(), Trouble> {
    run(git(place, &["apply", "--reverse"]).arg(patch(bug)))
}

fn patch(bug: &str) -> PathBuf {
    sample().join("bugs").join(format!("{bug}.patch"))
}

/// Git in a project, with a fixed author and without the person's own configuration: a
/// commit must not ask for a signature, nor start anybody's hooks.
fn git(place: &Path, words: &[&str]) -> Command {
    let mut git = command("git", words);
    git.current_dir(place);
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("GIT_") {
            git.env_remove(name);
        }
    }
    git.env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_CONFIG_NOSYSTEM", "1");
    for role in ["AUTHOR", "COMMITTER"] {
        git.env(format!("GIT_{role}_NAME"), "Sample");
        git.env(format!("GIT_{role}_EMAIL"), "sample@example.invalid");
    }
    git
}

/// Copies a folder; there are only files and folders in the sample.
fn copy(from: &Path, to: &Path) -> Result<(), Trouble> {
    std::fs::create_dir_all(to).tried(|| format!("could not create {}", to.display()))?;
    let entries = std::fs::read_dir(from).tried(|| format!("could not read {}", from.display()))?;
    for entry in entries {
        let entry = entry.tried(|| format!("could not read {}", from.display()))?;
        let (name, source) = (entry.file_name(), entry.path());
        if LEFT_BEHIND.iter().any(|left| name == *left) {
            continue;
        }
        if source.is_dir() {
            copy(&source, &to.join(name))?;
        } else {
            std::fs::copy(&source, to.join(name))
                .tried(|| format!("could not copy {}", source.display()))?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_backlog_has_bugs_of_many_kinds_in_two_projects() {
        let backlog = Backlog::read().unwrap();
        let kinds: std::collections::BTreeSet<_> =
            backlog.tasks.iter().map(|task| task.kind.as_str()).collect();
        assert!(backlog.tasks.len() >= 8 && kinds.len() >= 6);
        assert_eq!(backlog.projects(), ["timetable", "stockroom"]);
    }

    #[test]
    fn every_patch_belongs_to_a_task() {
        let backlog = Backlog::read().unwrap();
        for entry in std::fs::read_dir(sample().join("bugs")).unwrap() {
            let path = entry.unwrap().path();
            let bug = path.file_stem().unwrap().to_str().unwrap();
            assert!(backlog.tasks.iter().any(|task| task.bug == bug), "{bug}");
        }
    }

    #[test]
    fn a_second_demo_replaces_the_first_with_a_clean_repository() {
        let backlog = Backlog::read().unwrap();
        let dir = tempfile::tempdir().unwrap();
        lay_out_with_bugs(&backlog, dir.path()).unwrap();
        std::fs::write(dir.path().join("timetable/left.txt"), "x").unwrap();
        lay_out_with_bugs(&backlog, dir.path()).unwrap();
        for project in backlog.projects() {
            let status = git(&dir.path().join(project), &["status", "--porcelain"]);
            assert_eq!(crate::command::output(&mut { status }).unwrap(), "");
        }
    }

    #[test]
    fn somebody_elses_folder_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("thesis.txt"), "x").unwrap();
        let trouble = lay_out_with_bugs(&Backlog::read().unwrap(), dir.path()).unwrap_err();
        assert!(trouble.to_string().contains("did not make"), "{trouble}");
        assert!(dir.path().join("thesis.txt").exists());
    }
}
