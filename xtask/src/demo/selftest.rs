//! Proof that the sample is what it claims to be: green without its bugs, and each bug fails
//! the check of its own task and no other one.
//!
//! It is apart because it needs neither Tenfold nor a model. The checks run as they are, on
//! a copy in a temporary folder, outside any sandbox: the sample is our own code.

use std::path::Path;
use std::process::{Command, Stdio};

use super::sample::{self, Backlog, Task};
use crate::command::command;
use crate::python::Environment;
use crate::trouble::{Tried, Trouble};

/// The whole test-suite of each project.
const WHOLE: &[(&str, &str)] =
    &[("timetable", "python -m pytest -q"), ("stockroom", "cargo test -q")];

/// Runs the proof and says how much was proved.
pub(crate) fn selftest() -> Result<(), Trouble> {
    let backlog = Backlog::read()?;
    let python = Environment::of_this_house()?;
    let dir = tempfile::tempdir().tried(|| "could not make a temporary folder".to_owned())?;
    for project in backlog.projects() {
        let place = dir.path().join(project);
        sample::lay_out(project, &place)?;
        let tasks: Vec<&Task> = backlog.of(project).collect();
        let bench = Bench { place: &place, python: &python };
        bench.is_green_without_bugs(project)?;
        bench.each_bug_fails_its_own_check(&tasks)?;
        println!("sample: {project}: {} bugs, each fails its own check alone", tasks.len());
    }
    Ok(())
}

/// A project laid out to be tried.
struct Bench<'a> {
    place: &'a Path,
    python: &'a Environment,
}

impl Bench<'_> {
    fn is_green_without_bugs(&self, project: &str) -> Result<(), Trouble> {
        let whole = WHOLE.iter().find(|(name, _)| *name == project);
        let (_, check) = whole
            .ok_or_else(|| Trouble::failed(format!("{project}: nobody says how to test it all")))?;
        self.expect(check, true, "without any bug")
    }

    /// With every bug in, each check fails. With one bug taken out, its own check passes
    /// while all the others are still in: so it was that bug that failed it, and no other
    /// does.
    fn each_bug_fails_its_own_check(&self, tasks: &[&Task]) -> Result<(), Trouble> {
        for task in tasks {
            sample::seed(self.place, &task.bug)?;
        }
        for task in tasks {
            self.expect(&task.check, false, "with every bug")?;
            sample::heal(self.place, &task.bug)?;
            self.expect(&task.check, true, &format!("with every bug but {}", task.bug))?;
            sample::seed(self.place, &task.bug)?;
        }
        Ok(())
    }

    fn expect(&self, check: &str, pass: bool, state: &str) -> Result<(), Trouble> {
        let output = self.check(check).output().tried(|| format!("could not start `{check}`"))?;
        if output.status.success() == pass {
            return Ok(());
        }
        let (should, status) = (if pass { "pass" } else { "fail" }, output.status);
        let said = String::from_utf8_lossy(&output.stdout);
        let errors = String::from_utf8_lossy(&output.stderr);
        Err(Trouble::failed(format!(
            "sample: {state}, `{check}` should {should}, and ended with {status}\n{said}{errors}"
        )))
    }

    fn check(&self, line: &str) -> Command {
        let mut check = command("sh", ["-c", line]);
        self.python.activate(&mut check);
        check
            .current_dir(self.place)
            .stdin(Stdio::null())
            // Compiled Python is told from stale by time and size, and both can be the same
            // when a bug is put in and taken out within a second.
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .env("CARGO_TARGET_DIR", self.place.join("target"));
        check
    }
}
