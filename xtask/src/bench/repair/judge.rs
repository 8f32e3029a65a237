//! Judging a repair: the library's own tests, all of them, as their authors wrote them.
//!
//! It is apart from the run so that nothing Tenfold says about its own work enters. A
//! repair is carried over as a diff; tests that it changed are put back first.

use std::path::Path;
use std::time::Duration;

use super::confine;
use super::draw::Task;
use super::ground::{Ground, copy, git, write};
use super::suite::{self, Verdict};
use super::syntax::same_program;
use crate::command::command;
use crate::python::Environment;
use crate::trouble::{Tried, Trouble};

/// What the judge found.
#[derive(Debug)]
pub(super) struct Judged {
    pub(super) passes: bool,
    /// Whether the library is again what its authors wrote, but for layout and comments.
    pub(super) as_before: bool,
    /// Why it does not pass; empty if it does.
    pub(super) why: String,
}

impl Judged {
    fn fails(why: impl Into<String>) -> Self {
        Self { passes: false, as_before: false, why: why.into() }
    }
}

/// Applies `diff` to a copy of the task's repository and runs all tests on the outcome.
pub(super) fn judge(
    ground: &Ground,
    task: &Task,
    repo: &Path,
    diff: &str,
    limit: Duration,
    python: &Environment,
) -> Result<Judged, Trouble> {
    if diff.trim().is_empty() {
        return Ok(Judged::fails("nothing was proposed"));
    }
    let dir = tempfile::tempdir().tried(|| "could not make a folder".to_owned())?;
    let fixed = dir.path().join("fixed");
    copy(repo, &fixed)?;
    let patch = dir.path().join("diff.patch");
    std::fs::write(&patch, diff).tried(|| "could not write a diff".to_owned())?;
    let patch = patch.to_string_lossy();
    // A copied file is another file to git until it has looked at it.
    git(&fixed, &["update-index", "-q", "--refresh"])?;
    if let Err(trouble) = git(&fixed, &["apply", "--index", "--whitespace=nowarn", &patch]) {
        let said = trouble.to_string().replace('\n', "; ");
        return Ok(Judged::fails(format!("the diff does not apply: {said}")));
    }
    let whole = dir.path().join("whole");
    copy(&ground.dir, &whole)?;
    for (path, text) in &task.whole {
        write(&whole, path, text)?;
    }
    let listed = git(&fixed, &["diff", "--cached", "--name-status", "--no-renames", "-z", "HEAD"])?;
    let words: Vec<&str> = listed.split_terminator('\0').collect();
    for pair in words.chunks_exact(2) {
        if !ground.library.is_test(pair[1]) && !carry_over(&fixed, &whole, pair[0], pair[1])? {
            return Ok(Judged::fails(format!("{} was changed where tests are hidden", pair[1])));
        }
    }
    let line = suite::line(&ground.library, &[]);
    let ran = confine::shell(&line, &whole, python, limit)?;
    let why = match suite::verdict(ground.library.language, &ran) {
        Verdict::Passed => String::new(),
        Verdict::Failed(tests) => missed(task, &tests),
        Verdict::Broken => "the tests can't be run any more".to_owned(),
        Verdict::TimedOut => "the tests don't come to an end".to_owned(),
    };
    let as_before = ground.files.iter().all(|(path, original)| {
        let now = std::fs::read_to_string(whole.join(path)).unwrap_or_default();
        now == *original || same_program(ground.library.language, &now, original)
    });
    Ok(Judged { passes: why.is_empty(), as_before, why })
}

/// Brings one changed file to the tree with all tests; false if that can't be done.
fn carry_over(fixed: &Path, whole: &Path, status: &str, path: &str) -> Result<bool, Trouble> {
    let there = whole.join(path);
    if status == "D" {
        std::fs::remove_file(&there).tried(|| format!("could not remove {path}"))?;
        return Ok(true);
    }
    if !there.exists() {
        let parent = there.parent().unwrap_or(whole);
        std::fs::create_dir_all(parent)
            .and_then(|()| std::fs::copy(fixed.join(path), &there))
            .tried(|| format!("could not copy {path}"))?;
        return Ok(true);
    }
    // Rust keeps tests beside the code: three-way, so that hidden ones come back.
    let given = whole.join(".given");
    std::fs::write(&given, git(fixed, &["show", &format!("HEAD:{path}")])?)
        .tried(|| format!("could not write {path}"))?;
    let mut merge = command("git", ["merge-file", "--quiet"]);
    merge.arg(&there).arg(&given).arg(fixed.join(path));
    let merged = merge.status().tried(|| "could not start git".to_owned())?.success();
    std::fs::remove_file(&given).tried(|| "could not remove a temporary file".to_owned())?;
    Ok(merged)
}

/// Which of the failing tests matter most to a reader.
fn missed(task: &Task, tests: &std::collections::BTreeSet<String>) -> String {
    let hidden = tests.iter().filter(|test| task.hidden.contains(*test)).count();
    let new = tests.iter().filter(|test| !task.failing.contains(*test)).count();
    format!("{} tests fail, {hidden} of them hidden, {new} that passed before", tests.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::repair::ground::commit;

    const GIVEN: &str = "fn f() {\n    bad()\n}\n\nmod tests {\n    fn a() {}\n}\n";
    const WHOLE: &str =
        "fn f() {\n    bad()\n}\n\nmod tests {\n    fn a() {}\n    fn hidden() {}\n}\n";

    /// The file with all tests after a repair turned the given file into `fixed`.
    fn carried(fixed: &str) -> Option<String> {
        let dir = tempfile::tempdir().unwrap();
        let (repo, whole) = (dir.path().join("repo"), dir.path().join("whole"));
        std::fs::create_dir(&repo).unwrap();
        std::fs::create_dir(&whole).unwrap();
        std::fs::write(repo.join("lib.rs"), GIVEN).unwrap();
        commit(&repo).unwrap();
        std::fs::write(repo.join("lib.rs"), fixed).unwrap();
        std::fs::write(whole.join("lib.rs"), WHOLE).unwrap();
        carry_over(&repo, &whole, "M", "lib.rs")
            .unwrap()
            .then(|| std::fs::read_to_string(whole.join("lib.rs")).unwrap())
    }

    #[test]
    fn hidden_tests_in_a_repaired_file_come_back() {
        assert_eq!(carried(&GIVEN.replace("bad", "good")), Some(WHOLE.replace("bad", "good")));
    }

    #[test]
    fn a_repair_of_the_tests_themselves_is_refused() {
        assert_eq!(carried(&GIVEN.replace("fn a() {}", "fn b() {}")), None);
    }
}
