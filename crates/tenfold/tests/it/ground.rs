//! What each test stands on: a small repository with a bug, folders of its own for Tenfold,
//! and a scripted model that knows the fix.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;
use tenfold_test_support::{Fault, Rule, SCRIPT_VARIABLE, Script};

pub(crate) const CHECK: &str = "python3 -m unittest -q";

pub(crate) const BUGGY: &str = r#""""Numbers about numbers."""


def mean(values):
    """The arithmetic mean."""
    return sum(values) / len(values)


def median(values):
    """The middle value; of an even count, the mean of the two in the middle."""
    ordered = sorted(values)
    middle = len(ordered) // 2
    if len(ordered) % 2 == 1:
        return ordered[middle]
    return (ordered[middle] + ordered[middle + 1]) / 2
"#;

const TESTS: &str = r#""""Tests of stats."""
import unittest

from stats import mean, median


class Stats(unittest.TestCase):
    def test_mean(self):
        self.assertEqual(mean([1, 2, 3]), 2)

    def test_odd(self):
        self.assertEqual(median([3, 1, 2]), 2)

    def test_even(self):
        self.assertEqual(median([4, 1, 2, 3]), 2.5)
"#;

pub(crate) const WRONG: &str = "return (ordered[middle] + ordered[middle + 1]) / 2";
pub(crate) const RIGHT: &str = "    return (ordered[middle - 1] + ordered[middle]) / 2\n";

/// How long something may take that is waited for; only a hang takes so long.
const PATIENCE: Duration = Duration::from_secs(90);

pub(crate) struct Ground {
    dir: TempDir,
}

/// What a command said.
pub(crate) struct Said {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Ground {
    pub(crate) fn new() -> Self {
        let ground = Self { dir: tempfile::tempdir().unwrap() };
        ground.script(&[]);
        let repo = ground.repo();
        write_project(&repo);
        git(&repo, &["init", "-q", "-b", "main"]);
        git(&repo, &["add", "."]);
        git(&repo, &["commit", "-q", "-m", "one"]);
        ground
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub(crate) fn repo(&self) -> PathBuf {
        self.path("repo")
    }

    /// A model that knows the fix, and fails so.
    pub(crate) fn script(&self, faults: &[Fault]) -> Script {
        let rule = Rule {
            original: Some(WRONG.to_owned()),
            answers: vec![RIGHT.to_owned()],
            ..Rule::default()
        };
        let record = Some(self.path("asked.jsonl"));
        let script =
            Script { rules: vec![rule], faults: faults.to_vec(), record, ..Script::default() };
        script.write(&self.path("script.json")).unwrap();
        script
    }

    /// The program, in the repository, with everything of its own below this ground.
    pub(crate) fn command(&self, words: &[&str]) -> Command {
        let mut command = self.dressed(Command::new(env!("CARGO_BIN_EXE_tenfold")));
        command.args(words);
        command
    }

    /// Another program in the same place.
    pub(crate) fn dressed(&self, mut command: Command) -> Command {
        command.current_dir(self.repo()).stdin(Stdio::null());
        for name in ["DATA", "CACHE", "CONFIG"] {
            command.env(format!("TENFOLD_{name}_DIR"), self.path(&name.to_lowercase()));
        }
        command.env("TENFOLD_MODEL_PROGRAM", fake_model());
        // Nobody's keyring is looked into.
        command.env("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nowhere");
        command.env(SCRIPT_VARIABLE, self.path("script.json"));
        command
    }

    pub(crate) fn tenfold(&self, words: &[&str]) -> Said {
        Said::of(self.command(words).output().unwrap())
    }

    /// A run that finds the fix.
    pub(crate) fn solved(&self) -> Said {
        let said = self.tenfold(&["run", "median is wrong", "--check", CHECK, "--json"]);
        assert_eq!(said.code, Some(0), "{}{}", said.out, said.err);
        said
    }

    /// All that is the person's: HEAD, branches, stash, index and files.
    pub(crate) fn persons(&self) -> String {
        let repo = self.repo();
        let files = ["stats.py", "test_stats.py"]
            .map(|name| std::fs::read_to_string(repo.join(name)).unwrap_or_default());
        [
            git(&repo, &["status", "--porcelain=v2", "--branch", "--show-stash"]),
            git(&repo, &["for-each-ref"]),
            git(&repo, &["ls-files", "--stage"]),
        ]
        .concat()
            + &files.concat()
    }

    /// The processes that were started for this ground and have not ended.
    pub(crate) fn processes(&self) -> Vec<String> {
        let mark = self.dir.path().to_string_lossy().into_owned();
        let mut found = Vec::new();
        for entry in std::fs::read_dir("/proc").unwrap().flatten() {
            let environment = std::fs::read(entry.path().join("environ")).unwrap_or_default();
            if String::from_utf8_lossy(&environment).contains(&mark) {
                let line = std::fs::read(entry.path().join("cmdline")).unwrap_or_default();
                found.push(String::from_utf8_lossy(&line).replace('\0', " "));
            }
        }
        found
    }

    /// Holds that all ends that was started for this ground. The kernel takes a moment after
    /// the program's own end, so that a look at once may still see what was killed.
    #[track_caller]
    pub(crate) fn expect_all_ended(&self) {
        wait_for("all to end that was started", || self.processes().is_empty());
    }
}

impl Said {
    pub(crate) fn of(output: Output) -> Self {
        Self {
            code: output.status.code(),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|e| panic!("{e}: {}{}", self.out, self.err))
    }

    /// Holds the exit code, and that what was said to the person holds these words.
    #[track_caller]
    pub(crate) fn expect(&self, code: i32, words: &[&str]) {
        assert_eq!(self.code, Some(code), "{}{}", self.out, self.err);
        for word in words {
            let said = self.out.contains(word) || self.err.contains(word);
            assert!(said, "no '{word}' in:\n{}{}", self.out, self.err);
        }
    }
}

pub(crate) fn write_project(dir: &Path) {
    std::fs::create_dir_all(dir).unwrap();
    std::fs::write(dir.join("stats.py"), BUGGY).unwrap();
    std::fs::write(dir.join("test_stats.py"), TESTS).unwrap();
}

/// Git as nobody in particular, without anybody's settings.
pub(crate) fn git(dir: &Path, words: &[&str]) -> String {
    let mut git = Command::new("git");
    git.args(words).current_dir(dir);
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("GIT_") {
            git.env_remove(name);
        }
    }
    git.env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_CONFIG_NOSYSTEM", "1");
    for role in ["AUTHOR", "COMMITTER"] {
        git.env(format!("GIT_{role}_NAME"), "Ada");
        git.env(format!("GIT_{role}_EMAIL"), "ada@example.invalid");
    }
    let output = git.output().unwrap();
    assert!(output.status.success(), "{words:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// Waits for something that another process does; panics if it never comes.
#[track_caller]
pub(crate) fn wait_for(what: &str, mut came: impl FnMut() -> bool) {
    let began = Instant::now();
    while !came() {
        assert!(began.elapsed() < PATIENCE, "waited in vain for {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// The scripted model: an example of this package, which cargo builds with its tests.
pub(crate) fn fake_model() -> PathBuf {
    let own = std::env::current_exe().unwrap();
    let built = own.parent().and_then(Path::parent).unwrap();
    let program = built.join("examples/fake-model");
    assert!(program.exists(), "build it first: cargo build -p tenfold --example fake-model");
    program
}
