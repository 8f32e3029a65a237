//! One task, given to Tenfold as a person would give it.
//!
//! All that is known of `tenfold run --json` stands in [`Said`]. Nothing here judges the
//! repair, and nothing of the task but its repository and check is handed on.

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::confine::{self, Ran};
use super::draw::Task;
use super::ground::{Ground, commit, copy, git, write};
use super::options::Options;
use crate::command::command;
use crate::python::Environment;
use crate::trouble::{Tried, Trouble};

/// How much longer than its limit a run may take before it is killed, in seconds.
const GRACE_S: u64 = 60;

/// The object that `tenfold run --json` ends with. What is missing counts as nothing, so
/// that the bench can measure a release that says less.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct Said {
    pub(super) state: String,
    pub(super) outcome: String,
    pub(super) note: String,
    pub(super) proposal: Option<Proposal>,
    pub(super) generator: Option<String>,
    pub(super) usage: Usage,
    pub(super) cost_nano_usd: u64,
    pub(super) checks: u64,
    pub(super) candidates: u64,
    pub(super) diff: String,
}

/// What Tenfold proposes, without the diff.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct Proposal {
    pub(super) verified: bool,
}

/// Tokens.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Usage {
    pub(super) prompt: u64,
    pub(super) cached: u64,
    pub(super) output: u64,
}

/// What came of giving a task to Tenfold.
pub(super) struct Attempted {
    pub(super) said: Said,
    pub(super) wall_ms: u64,
    /// The repository as it was given.
    pub(super) repo: PathBuf,
    /// Whether the repository was changed, which no run may do.
    pub(super) touched: bool,
}

/// Makes the task's repository in `dir` and has it repaired.
pub(super) fn attempt(
    ground: &Ground,
    task: &Task,
    dir: &Path,
    tenfold: &Path,
    options: &Options,
    python: &Environment,
) -> Result<Attempted, Trouble> {
    let repo = dir.join(&task.library);
    copy(&ground.dir, &repo)?;
    for (path, text) in &task.given {
        write(&repo, path, text)?;
    }
    commit(&repo)?;
    let before = state_of(&repo)?;
    let limit = format!("{}s", options.time_limit_s);
    let seed = options.seed.to_string();
    let mut run = command(tenfold, ["run", "--repo"]);
    run.arg(&repo).args(["--check", &ground.library.check, "--json"]);
    run.args(["--time-limit", &limit, "--model", &options.model, "--seed", &seed]);
    run.args(&options.args).env("TENFOLD_DATA_DIR", dir.join("data")).current_dir(dir);
    python.activate(&mut run);
    let ran = confine::run(&mut run, Duration::from_secs(options.time_limit_s + GRACE_S))?;
    std::fs::write(dir.join("stderr.txt"), &ran.stderr)
        .tried(|| "could not keep what tenfold said".to_owned())?;
    let touched = state_of(&repo)? != before;
    let wall_ms = u64::try_from(ran.wall.as_millis()).unwrap_or(u64::MAX);
    Ok(Attempted { said: read(&ran), wall_ms, repo, touched })
}

/// Branches, index, stash and work tree: all that is the person's.
fn state_of(repo: &Path) -> Result<String, Trouble> {
    let status = git(repo, &["status", "--porcelain=v2", "--branch", "--show-stash"])?;
    Ok(status + &git(repo, &["for-each-ref", "refs/heads", "refs/stash"])?)
}

/// The last line of stdout that is such an object, or all of it; else what went wrong.
fn read(ran: &Ran) -> Said {
    let lines = ran.stdout.lines().rev().filter(|line| line.starts_with('{'));
    let whole = std::iter::once(ran.stdout.as_str());
    if let Some(said) = lines.chain(whole).find_map(|text| serde_json::from_str(text).ok()) {
        return said;
    }
    let outcome = if ran.timed_out { "overran" } else { "no-answer" };
    let mut last: Vec<&str> = ran.stderr.lines().rev().take(8).collect();
    last.reverse();
    let note = format!("exit code {:?}: {}", ran.code, last.join(" | "));
    Said { outcome: outcome.to_owned(), note, ..Said::default() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ran(stdout: &str) -> Ran {
        let (stdout, stderr) = (stdout.to_owned(), "a\nb".to_owned());
        Ran { code: Some(4), timed_out: false, stdout, stderr, wall: Duration::ZERO }
    }

    #[test]
    fn the_last_object_counts_and_missing_fields_are_nothing() {
        let said = read(&ran("{\"checks\":1}\nnoise\n{\"checks\":2,\"later\":[1]}\n"));
        assert_eq!((said.checks, said.candidates, said.proposal.is_none()), (2, 0, true));
        assert_eq!(read(&ran("{\n  \"checks\": 3\n}\n")).checks, 3);
    }

    #[test]
    fn a_run_without_an_answer_says_how_it_ended() {
        let said = read(&ran("oops"));
        assert_eq!(
            (said.outcome.as_str(), said.note.as_str()),
            ("no-answer", "exit code Some(4): a | b")
        );
    }
}
