//! Bad input, each with its message and its exit code, and nothing of the person's touched.

use crate::ground::{CHECK, Ground, git, write_project};

#[test]
fn folders_that_can_not_be_worked_on_are_refused_by_their_reason() {
    let ground = Ground::new();
    git(&ground.repo(), &["init", "-q", "--bare", "../bare.git"]);
    let run = |repo: &str| ground.tenfold(&["run", "--check", CHECK, "--repo", repo]);
    run("../bare.git").expect(2, &["bare repository", "git clone"]);
    run("../nowhere").expect(4, &["no folder"]);
    run("stats.py").expect(2, &["not a folder"]);
    run(".git").expect(2, &["inside a git directory"]);
}

#[test]
fn unusual_folders_are_worked_on() {
    let ground = Ground::new();
    for name in ["plain", "with space"] {
        let dir = ground.path(name);
        write_project(&dir);
        let repo = dir.to_str().unwrap();
        let said = ground.tenfold(&["run", "--check", CHECK, "--repo", repo]);
        said.expect(0, &["to review, verified"]);
    }
    // Without git there is no branch to make, so the files are what accepting changes.
    ground.tenfold(&["accept", "1"]).expect(0, &["accepted into your files"]);
    ground.tenfold(&["undo", "1"]).expect(0, &["put one file back"]);
}

#[test]
fn a_repository_without_a_commit_is_worked_on() {
    let ground = Ground::new();
    let dir = ground.path("empty");
    write_project(&dir);
    git(&dir, &["init", "-q"]);
    let said = ground.tenfold(&["run", "--check", CHECK, "--repo", dir.to_str().unwrap()]);
    said.expect(0, &["to review, verified"]);
}

#[test]
fn a_check_that_can_not_judge_is_explained_and_not_repaired() {
    let ground = Ground::new();
    let before = ground.persons();
    ground.tenfold(&["run", "--check", "no-such-runner -q"]).expect(8, &["no-such-runner"]);
    let hangs = ["run", "--check", "sleep 600", "--check-timeout", "1s"];
    ground.tenfold(&hangs).expect(8, &["did not end within", "--check-timeout"]);
    assert_eq!(ground.persons(), before);
    assert!(ground.processes().is_empty(), "{:?}", ground.processes());
}

#[test]
fn a_check_that_prints_without_end_is_kept_short() {
    let ground = Ground::new();
    let said = ground.tenfold(&["run", "--check", "head -c 300000000 /dev/zero; false"]);
    assert!(said.out.len() + said.err.len() < 100_000);
    assert_eq!(said.code, Some(1), "{}", said.err);
}

#[test]
fn values_that_make_no_sense_are_refused_before_anything_begins() {
    let ground = Ground::new();
    for words in [
        &["run", "--budget", "a lot"][..],
        &["run", "--time-limit", "soon"],
        &["run", "--attempts", "0"],
        &["run", "--strategy", "luck"],
        &["show", "three"],
        &["diff", "1.0"],
        &["list", "--state", "done"],
    ] {
        assert_eq!(ground.tenfold(words).code, Some(2), "{words:?}");
    }
    ground.tenfold(&["run", "--model", "none", "--check", CHECK]).expect(4, &["no model 'none'"]);
    ground.tenfold(&["run", "--task-file", "gone"]).expect(4, &["gone"]);
    assert_eq!(ground.tenfold(&["list", "--json"]).json(), serde_json::json!([]));
}

#[test]
fn without_the_model_it_says_how_to_get_it() {
    let ground = Ground::new();
    let mut command = ground.command(&["run", "--check", CHECK]);
    let said = command.env_remove("TENFOLD_MODEL_PROGRAM").output().unwrap();
    crate::ground::Said::of(said).expect(9, &["tenfold models pull"]);
}
