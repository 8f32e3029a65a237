//! Where work stops, and going on from there with more.

use std::process::Stdio;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tenfold_test_support::Fault;

use crate::ground::{BUGGY, CHECK, Ground, RIGHT, Said, wait_for};

/// More than any limit here, and so never waited for.
const FOR_EVER: &str = "sleep 600";

#[test]
fn a_check_is_cut_off_when_the_time_is_over() {
    let ground = Ground::new();
    let said = ground.tenfold(&["run", "--check", FOR_EVER, "--time-limit", "2s", "--json"]);
    said.expect(1, &[]);
    let run = said.json();
    assert_eq!(run["outcome"], "limit-time");
    assert!(run["wall_ms"].as_u64().unwrap() < 60_000, "{run}");
    ground.tenfold(&["log", "1"]).expect(0, &["cut off", "out of time", "Not solved within 2.0 s"]);
    ground.expect_all_ended();
}

#[test]
fn a_judge_is_cut_off_too_and_the_attempt_goes_on_there_with_more_time() {
    let ground = Ground::new();
    // Only the whole check meets this test, and it ends only where nothing is mended.
    let tests = ground.repo().join("test_slow.py");
    let slow = "import time, unittest\nfrom stats import median\n\n\nclass Slow(unittest.TestCase):\n    \
                def test_slow(self):\n        if median([4, 1, 2, 3]) == 2.5:\n            \
                time.sleep(600)\n";
    std::fs::write(tests, slow).unwrap();
    let words = ["run", "--check", CHECK, "--attempts", "1", "--time-limit"];
    let said = ground.tenfold(&[&words[..], &["20s", "--json"]].concat());
    said.expect(1, &[]);
    let run = said.json();
    assert_eq!(run["outcome"], "limit-time");
    assert!(run["note"].as_str().unwrap().contains("no time left for the whole check"), "{run}");
    ground.expect_all_ended();

    let asked = ground.script(&[]).asked().unwrap().len();
    let said = ground.tenfold(&["continue", "1", "--time-limit", "1s", "--json"]);
    said.expect(1, &[]);
    let run = said.json();
    assert_eq!(run["attempt"], "1.1");
    assert!(run["note"].as_str().unwrap().contains("no time left for the whole check"), "{run}");
    assert_eq!(ground.script(&[]).asked().unwrap().len(), asked, "the candidate is still known");
}

#[test]
fn an_attempt_that_ran_out_of_time_goes_on_with_more() {
    let ground = Ground::new();
    ground.script(&[Fault::Hang { at: 1 }]);
    let said = ground.tenfold(&["run", "--check", CHECK, "--time-limit", "5s"]);
    said.expect(1, &["out of time", "tenfold continue 1", "--time-limit"]);
    ground.tenfold(&["list"]).expect(0, &["needs you: out of time"]);
    assert_eq!(ground.tenfold(&["list", "--json"]).json()[0]["outcome"], "limit-time");
    ground.script(&[]);
    let said = ground.tenfold(&["continue", "1", "--time-limit", "5m", "--json"]);
    said.expect(0, &[]);
    assert_eq!(said.json()["proposal"]["attempt"], "1.1", "it is the same attempt");
    ground.tenfold(&["show", "1"]).expect(0, &["5 min"]);
    ground.tenfold(&["log", "1"]).expect(0, &["from now on at most", "going on"]);
    ground.tenfold(&["log", "1", "--replay"]).expect(0, &["decides the same"]);
}

#[test]
fn an_attempt_that_ran_out_of_money_goes_on_with_more() {
    let ground = Ground::new();
    let said = ground.tenfold(&["run", "--check", CHECK, "--budget", "0.000000001"]);
    said.expect(1, &["Out of money", "--budget"]);
    ground.tenfold(&["continue", "1"]).expect(1, &["Out of money"]);
    let said = ground.tenfold(&["continue", "1", "--budget", "1", "--json"]);
    said.expect(0, &[]);
    assert_eq!(said.json()["proposal"]["attempt"], "1.1", "it is the same attempt");
}

#[test]
fn files_that_changed_since_are_worked_on_as_they_are_now() {
    let ground = Ground::new();
    ground.tenfold(&["run", "--check", CHECK, "--budget", "0.000000001"]).expect(1, &[]);
    std::fs::write(ground.repo().join("stats.py"), format!("{BUGGY}\n\n# More.\n")).unwrap();
    let said = ground.tenfold(&["continue", "1", "--budget", "1", "--json"]);
    said.expect(0, &[]);
    assert_eq!(said.json()["proposal"]["attempt"], "1.2");
    ground.tenfold(&["accept", "1", "--in-place"]).expect(0, &[]);
    let mended = std::fs::read_to_string(ground.repo().join("stats.py")).unwrap();
    assert!(mended.contains(RIGHT) && mended.contains("# More."), "{mended}");
}

#[test]
fn the_model_is_loaded_while_the_check_runs_and_goes_when_the_work_does() {
    let ground = Ground::new();
    let script = ground.script(&[]);
    let child = ground
        .command(&["run", "--check", FOR_EVER])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let runs = |name: &str| ground.processes().iter().any(|line| line.contains(name));
    wait_for("the check and the model", || runs(FOR_EVER) && runs("fake-model"));
    assert!(script.asked().unwrap().is_empty(), "nothing is asked before the check has ended");
    kill(Pid::from_raw(child.id() as i32), Signal::SIGINT).unwrap();
    Said::of(child.wait_with_output().unwrap()).expect(130, &[]);
    ground.expect_all_ended();
}
