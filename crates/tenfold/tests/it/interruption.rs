//! Stopping in the middle, going on, and two at a time.

use std::process::{Child, Stdio};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tenfold_test_support::Fault;

use crate::ground::{CHECK, Ground, Said, wait_for};

/// A run whose model never answers, at the moment when it waits for that.
fn hanging(ground: &Ground) -> Child {
    let script = ground.script(&[Fault::Hang { at: 1 }]);
    let child = ground
        .command(&["run", "--check", CHECK])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    wait_for("a question to the model", || !script.asked().unwrap_or_default().is_empty());
    child
}

pub(crate) fn interrupt(child: Child) -> Said {
    kill(Pid::from_raw(child.id() as i32), Signal::SIGINT).unwrap();
    Said::of(child.wait_with_output().unwrap())
}

#[test]
fn a_run_that_is_stopped_leaves_nothing_behind_and_goes_on() {
    let ground = Ground::new();
    let before = ground.persons();
    let said = interrupt(hanging(&ground));
    said.expect(130, &["tenfold continue 1"]);
    ground.expect_all_ended();
    assert_eq!(ground.persons(), before);
    ground.tenfold(&["list"]).expect(0, &["stopped"]);

    ground.script(&[]);
    let said = ground.tenfold(&["continue", "--json"]);
    said.expect(0, &[]);
    assert_eq!(said.json()["proposal"]["attempt"], "1.1", "it is the same attempt");
}

#[test]
fn a_run_that_is_killed_goes_on() {
    let ground = Ground::new();
    let mut child = hanging(&ground);
    child.kill().unwrap();
    child.wait().unwrap();
    ground.expect_all_ended();
    ground.script(&[]);
    ground.tenfold(&["continue", "1"]).expect(0, &["to review, verified"]);
    ground.tenfold(&["log", "1"]).expect(0, &["going on"]);
}

#[test]
fn a_second_run_is_worked_by_the_engine_of_the_first() {
    let ground = Ground::new();
    let first = hanging(&ground);
    ground.tenfold(&["run", "--check", CHECK]).expect(0, &["Task 2: to review, verified"]);
    ground.tenfold(&["list"]).expect(0, &["working"]);
    interrupt(first).expect(130, &["tenfold continue 1"]);
    ground.expect_all_ended();
}
