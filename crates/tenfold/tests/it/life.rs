//! The life of a task, from asking to taking back, and what each command says of it.

use crate::ground::{BUGGY, CHECK, Ground, RIGHT, git};
use tenfold_test_support::Fault;

#[test]
fn a_bug_is_fixed_shown_accepted_and_taken_back() {
    let ground = Ground::new();
    let before = ground.persons();
    let run = ground.solved().json();
    assert_eq!(run["state"], "to-review");
    assert_eq!(run["outcome"], "finished");
    assert_eq!(run["proposal"]["attempt"], "1.1");
    assert_eq!(run["proposal"]["verified"], true);
    assert_eq!(run["proposal"]["files"][0], "stats.py");
    assert!(run["diff"].as_str().unwrap().contains(&format!("+{RIGHT}")));
    assert_eq!(ground.persons(), before, "a run touches nothing of the person's");

    ground.tenfold(&["show", "1"]).expect(0, &["to review, verified", "stats.py (+1 -1)", CHECK]);
    ground.tenfold(&["diff", "1"]).expect(0, &[&format!("+{RIGHT}")]);
    let diff = ground.tenfold(&["diff", "1", "--json"]).json();
    assert_eq!(
        (&diff["attempt"], &diff["files"][0]),
        (&run["proposal"]["attempt"], &"stats.py".into())
    );
    assert_eq!(diff["diff"], run["diff"]);
    ground.tenfold(&["diff", "1.1", "--stat"]).expect(0, &["stats.py (+1 -1)"]);
    ground.tenfold(&["log", "1"]).expect(0, &["attempt 1.1", "passed", "proposed"]);
    ground.tenfold(&["log", "1", "--replay"]).expect(0, &["decides the same"]);
    let replay = ground.tenfold(&["log", "1", "--replay", "--json"]).json();
    assert_eq!(replay["recorded"], replay["same"]);
    ground.tenfold(&["list"]).expect(0, &["to review, verified", "median is wrong"]);
    let listed = ground.tenfold(&["list", "--json", "--state", "to-review"]).json();
    assert_eq!(listed[0]["task"], 1);
    assert_eq!(ground.persons(), before, "reading touches nothing of the person's");

    ground.tenfold(&["accept", "1", "--branch", "fix"]).expect(0, &["git merge fix"]);
    let branch = git(&ground.repo(), &["show", "fix:stats.py"]);
    assert!(branch.contains(RIGHT) && branch != BUGGY);
    assert_eq!(std::fs::read_to_string(ground.repo().join("stats.py")).unwrap(), BUGGY);
    ground.tenfold(&["undo", "1"]).expect(0, &["removed branch fix"]);
    assert_eq!(ground.persons(), before);

    ground.tenfold(&["accept", "1", "--in-place"]).expect(0, &["stats.py"]);
    assert!(std::fs::read_to_string(ground.repo().join("stats.py")).unwrap().contains(RIGHT));
    ground.tenfold(&["accept", "1"]).expect(6, &["accepted in place"]);
    ground.tenfold(&["undo", "1"]).expect(0, &["put one file back"]);
    ground.tenfold(&["reject", "1", "--reason", "not so"]).expect(0, &[]);
    ground.tenfold(&["show", "1"]).expect(0, &["rejected: not so"]);
    ground.expect_all_ended();
}

#[test]
fn a_change_that_does_not_fit_any_more_is_explained_and_writes_nothing() {
    let ground = Ground::new();
    ground.solved();
    let changed = BUGGY.replace("ordered[middle + 1]) / 2", "ordered[0]) / 2");
    std::fs::write(ground.repo().join("stats.py"), &changed).unwrap();
    let said = ground.tenfold(&["accept", "1", "--in-place"]);
    said.expect(7, &["stats.py", "nothing was written"]);
    assert_eq!(std::fs::read_to_string(ground.repo().join("stats.py")).unwrap(), changed);
}

#[test]
fn a_model_that_finds_nothing_is_an_honest_failure() {
    let ground = Ground::new();
    let script = tenfold_test_support::Script::default();
    script.write(&ground.path("script.json")).unwrap();
    let said = ground.tenfold(&["run", "--check", CHECK, "--attempts", "1"]);
    said.expect(1, &["needs you", "Not solved", "tenfold continue 1"]);
    ground.tenfold(&["show", "1"]).expect(0, &["Going on", "of the budget is left"]);
    ground.tenfold(&["diff", "1"]).expect(4, &["no proposal"]);
}

#[test]
fn a_model_that_dies_is_started_again() {
    let ground = Ground::new();
    let script = ground.script(&[Fault::Die { at: 2 }]);
    ground.solved();
    assert!(script.asked().unwrap().len() > 2);
}

#[test]
fn without_a_check_everything_says_so() {
    let ground = Ground::new();
    let said = ground.tenfold(&["run", "tidy up"]);
    assert!(said.err.contains("UNVERIFIED"), "{}", said.err);
    assert_ne!(said.code, Some(0), "nothing was done, so nothing is done");
    ground.tenfold(&["show", "1"]).expect(0, &["UNVERIFIED"]);
}

#[test]
fn before_anything_was_asked_the_list_is_empty() {
    let ground = Ground::new();
    assert_eq!(ground.tenfold(&["list", "--json"]).json(), serde_json::json!([]));
    ground.tenfold(&["show", "3"]).expect(4, &["no task 3", "tenfold list"]);
    ground.tenfold(&["continue"]).expect(4, &["no task was interrupted"]);
}
