//! Proposals that passed alone, accepted together and on top of one another.

use serde_json::{Value, json};
use tenfold_test_support::Rule;

use crate::ground::{Ground, wait_for};
use crate::tool_loop::{rule, script};

/// It passes with one file of this kind, and not with two.
const ONE: &str = "test \"$(cat *.add | wc -l)\" = 1";

/// A model that writes the file that it is asked for.
fn that_writes(names: &[&str]) -> Vec<Rule> {
    let wrote = "\"tool\": \"write\"".to_owned();
    let mut rules =
        vec![Rule { contains: vec![wrote], ..rule("", "finish", json!({ "summary": "done" })) }];
    rules.extend(names.iter().map(|name| {
        rule(&format!("write {name}"), "write", json!({ "path": name, "text": "a line\n" }))
    }));
    rules
}

fn ask(ground: &Ground, name: &str, check: &str) {
    let text = format!("write {name}");
    let said = ground.tenfold(&["run", &text, "--strategy", "loop", "--check", check]);
    said.expect(0, &["to review, verified"]);
}

/// Three tasks: the first two pass alone and not together, the third goes with either.
fn three() -> Ground {
    let ground = Ground::new();
    script(&ground, that_writes(&["one.add", "two.add", "three.txt"]), &[]);
    ask(&ground, "one.add", ONE);
    ask(&ground, "two.add", ONE);
    ask(&ground, "three.txt", "test -e three.txt");
    ground
}

#[test]
fn of_several_those_that_pass_together_are_accepted() {
    let ground = three();
    let said = ground.tenfold(&["accept", "1", "2", "3", "--in-place"]);
    said.expect(7, &["Task 1: accepted", "Task 3: accepted", "Task 2: left out", "cat *.add"]);
    let there = |name: &str| ground.repo().join(name).exists();
    assert!(there("one.add") && there("three.txt") && !there("two.add"));
    ground.tenfold(&["list"]).expect(0, &["to review"]);
    // Each is taken back by itself.
    ground.tenfold(&["undo", "1"]).expect(0, &[]);
    assert!(!there("one.add") && there("three.txt"));
    ground.tenfold(&["accept", "2", "--in-place"]).expect(0, &["two.add"]);
    assert_eq!(ground.path("data/work").read_dir().unwrap().count(), 0);
}

#[test]
fn all_that_is_verified_is_accepted_with_one_word() {
    let ground = three();
    ground.tenfold(&["reject", "2"]).expect(0, &[]);
    let said = ground.tenfold(&["accept", "--all", "--json"]);
    said.expect(0, &[]);
    let said = said.json();
    let tasks: Vec<&Value> = said.as_array().unwrap().iter().map(|one| &one["task"]).collect();
    assert_eq!(tasks, [1, 3]);
    ground.tenfold(&["accept", "--all"]).expect(0, &["no verified proposal"]);
}

#[test]
fn one_is_checked_again_on_top_of_what_was_accepted_since() {
    let ground = three();
    ground.tenfold(&["accept", "1"]).expect(0, &["accepted as branch"]);
    let said = ground.tenfold(&["accept", "2"]);
    said.expect(7, &["does not go together", "task 1", "--unchecked"]);
    ground.tenfold(&["list"]).expect(0, &["to review"]);
    ground.tenfold(&["accept", "3", "--in-place"]).expect(0, &["three.txt"]);
    ground.tenfold(&["accept", "2", "--unchecked"]).expect(0, &["accepted as branch"]);
}

#[test]
fn a_coworker_beside_is_told_that_the_files_have_moved() {
    let ground = three();
    // It asks for a turn that never comes, until it is told.
    let mut rules = that_writes(&["four.txt"]);
    let told = Rule {
        contains: vec!["While you work, the proposal of task 3".to_owned()],
        ..rule("", "finish", json!({ "summary": "heard", "solved": false }))
    };
    rules.insert(0, told);
    rules.push(rule("wait for it", "run", json!({ "command": "sleep 1; echo slept" })));
    script(&ground, rules, &[]);
    let child = ground
        .command(&[
            "run",
            "wait for it",
            "--strategy",
            "loop",
            "--check",
            "false",
            "--no-questions",
        ])
        .stdout(std::process::Stdio::null())
        .spawn()
        .unwrap();
    wait_for("it to be at work", || ground.tenfold(&["log", "4"]).out.contains("run {"));
    ground.tenfold(&["accept", "3", "--in-place"]).expect(0, &["three.txt"]);
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    ground.tenfold(&["show", "4"]).expect(0, &["heard"]);
}
