//! The setup command: run once for what it depends on, kept below the person's files, and
//! never in their way.

use std::process::{Command, Stdio};

use crate::ground::{BUGGY, CHECK, Ground, Said};

/// A test that only passes where setup has been.
const NEEDS_SETUP: &str = "import unittest\n\nfrom made.values import ONE\n\n\n\
    class Made(unittest.TestCase):\n    def test_one(self):\n        self.assertEqual(ONE, 1)\n";
const SETUP: &str = "mkdir made && echo 'ONE = 1' > made/values.py";

fn prepared() -> Ground {
    let ground = Ground::new();
    std::fs::write(ground.repo().join("test_made.py"), NEEDS_SETUP).unwrap();
    ground
}

fn run(ground: &Ground, setup: &str) -> Said {
    ground.tenfold(&["run", "--check", CHECK, "--setup", setup])
}

#[test]
fn it_runs_once_and_again_only_when_what_it_depends_on_changes() {
    let ground = prepared();
    let first = run(&ground, SETUP);
    first.expect(0, &["to review, verified"]);
    assert!(!first.err.contains("reused"), "{}", first.err);
    ground.tenfold(&["log", "1"]).expect(0, &["setup", "made/values.py` → passed"]);
    ground.tenfold(&["log", "1", "--replay"]).expect(0, &["decides the same"]);
    assert!(!ground.repo().join("made").exists(), "it leaves nothing in the person's files");

    run(&ground, SETUP).expect(0, &["to review, verified", "setup is reused"]);
    ground.tenfold(&["log", "2"]).expect(0, &["made/values.py` → reused"]);

    std::fs::write(ground.repo().join("requirements.txt"), "something\n").unwrap();
    let changed = run(&ground, SETUP);
    changed.expect(0, &["to review, verified"]);
    assert!(!changed.err.contains("reused"), "{}", changed.err);
    let other = run(&ground, &format!("{SETUP} && true"));
    other.expect(0, &["to review, verified"]);
    assert!(!other.err.contains("reused"), "{}", other.err);
}

#[test]
fn a_setup_that_fails_is_explained_and_not_kept() {
    let ground = Ground::new();
    for _ in 0..2 {
        let said = run(&ground, "mkdir made; echo no such thing >&2; exit 3");
        said.expect(8, &["exit code 3", "no such thing", "no network", "To do"]);
    }
    ground.tenfold(&["log", "2"]).expect(0, &["setup", "→ failed", "check broken"]);
    ground.expect_all_ended();
}

#[test]
fn a_setup_that_does_not_end_is_cut_off_with_the_attempt() {
    let ground = Ground::new();
    let words = ["run", "--check", CHECK, "--setup", "sleep 600", "--time-limit", "2s"];
    ground.tenfold(&words).expect(1, &["out of time", "setup command", "--time-limit"]);
    ground.tenfold(&["log", "1"]).expect(0, &["setup", "cut off"]);
    ground.expect_all_ended();
}

#[test]
fn the_persons_files_are_what_the_check_sees() {
    let ground = prepared();
    let setup = format!("{SETUP}; rm test_stats.py; echo nonsense > stats.py");
    run(&ground, &setup).expect(0, &["to review, verified", "changed 2 of your own files"]);
}

/// Python takes what it has compiled for up to date by the date and the size of the source.
#[test]
fn what_setup_compiled_is_not_taken_for_files_that_changed_since() {
    let ground = Ground::new();
    let setup = "python3 -m compileall -q .";
    run(&ground, setup).expect(0, &["to review, verified"]);
    let mended = BUGGY.replace("ordered[middle + 1]", "ordered[middle - 1]");
    assert_eq!(mended.len(), BUGGY.len());
    std::fs::write(ground.repo().join("stats.py"), mended).unwrap();
    run(&ground, setup).expect(0, &["setup is reused", "passes already"]);
}

#[test]
fn two_runs_that_need_the_same_build_it_once() {
    let ground = prepared();
    let slow = format!("sleep 1; {SETUP}");
    let start = |data: &str| {
        let mut command: Command = ground.command(&["run", "--check", CHECK, "--setup", &slow]);
        command.env("TENFOLD_DATA_DIR", ground.path(data));
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    };
    let both = ["one", "two"].map(start);
    let both = both.map(|child| Said::of(child.wait_with_output().unwrap()));
    for said in &both {
        said.expect(0, &["to review, verified"]);
    }
    let reused = both.iter().filter(|said| said.err.contains("setup is reused")).count();
    assert_eq!(reused, 1, "{}{}", both[0].err, both[1].err);
}
