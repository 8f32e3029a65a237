//! The loop strategy, wired: a model that calls tools, by a script, on real files, in the real
//! sandbox.

use serde_json::{Value, json};
use tenfold_test_support::{Fault, Rule, Script};

use crate::ground::{BUGGY, CHECK, Ground, RIGHT, WRONG, git, wait_for};

/// What the model answers when the conversation holds this; the first that fits is taken.
pub(crate) fn rule(holds: &str, tool: &str, arguments: Value) -> Rule {
    let answer = json!({ "thought": "Let me see.", "tool": tool, "arguments": arguments });
    Rule { contains: vec![holds.to_owned()], answers: vec![answer.to_string()], ..Rule::default() }
}

pub(crate) fn script(ground: &Ground, rules: Vec<Rule>, faults: &[Fault]) -> Script {
    let record = Some(ground.path("asked.jsonl"));
    let script = Script { rules, record, faults: faults.to_vec(), ..Script::default() };
    script.write(&ground.path("script.json")).unwrap();
    script
}

/// A model that reads the file, mends it, and says so.
fn that_mends() -> Vec<Rule> {
    let edit = json!({ "path": "stats.py", "edits": [{
        "old": "ordered[middle] + ordered[middle + 1]",
        "new": "ordered[middle - 1] + ordered[middle]",
    }]});
    vec![
        rule("middle - 1", "finish", json!({ "summary": "the two in the middle" })),
        rule("ordered[middle + 1]", "edit", edit),
        rule("", "read", json!({ "path": "stats.py" })),
    ]
}

pub(crate) const RUN: [&str; 6] =
    ["run", "median is wrong", "--strategy", "loop", "--check", CHECK];

#[test]
fn a_model_that_calls_tools_reads_edits_and_is_judged() {
    let ground = Ground::new();
    let before = ground.persons();
    script(&ground, that_mends(), &[]);
    let said = ground.tenfold(&RUN);
    said.expect(0, &["to review, verified", "the two in the middle"]);
    assert_eq!(ground.persons(), before);
    ground.tenfold(&["log", "1"]).expect(0, &["read {", "edit {", "a turn"]);
    ground.tenfold(&["log", "1", "--replay"]).expect(0, &["decides the same"]);
    ground.tenfold(&["diff", "1"]).expect(0, &["+    return (ordered[middle - 1]"]);
    ground.tenfold(&["accept", "1"]).expect(0, &["accepted"]);
    let count = git(&ground.repo(), &["rev-list", "--count", "--all", "--not", "main"]);
    assert_eq!(count.trim(), "1", "all its steps are one commit for the person");
}

#[test]
fn what_its_commands_change_is_its_work_and_what_git_ignores_stays_beside_it() {
    let ground = Ground::new();
    std::fs::write(ground.repo().join("old.txt"), "old").unwrap();
    std::fs::write(ground.repo().join(".gitignore"), "*.log\n").unwrap();
    let mend = "sed -i 's/ordered.middle. + ordered.middle + 1./ordered[middle - 1] + \
                ordered[middle]/' stats.py; rm old.txt; echo kept > build.log; echo first-done";
    script(
        &ground,
        vec![
            rule("second-done\n", "finish", json!({ "summary": "mended" })),
            rule(
                "first-done\n",
                "run",
                json!({ "command": "cat build.log && test ! -e old.txt && echo second-done" }),
            ),
            rule("", "run", json!({ "command": mend })),
        ],
        &[],
    );
    ground.tenfold(&RUN).expect(0, &["to review, verified"]);
    let diff = ground.tenfold(&["diff", "1"]);
    diff.expect(0, &["middle - 1", "old.txt"]);
    assert!(!diff.out.contains("build.log"), "{}", diff.out);
    assert!(ground.repo().join("old.txt").exists());
    ground.expect_all_ended();
}

#[test]
fn work_on_the_tests_alone_is_no_work_and_giving_up_is_said() {
    let ground = Ground::new();
    script(
        &ground,
        vec![
            rule("Not done", "finish", json!({ "summary": "I can't", "solved": false })),
            rule("\"tool\": \"write\"", "finish", json!({ "summary": "done" })),
            rule("", "write", json!({ "path": "test_stats.py", "text": "" })),
        ],
        &[],
    );
    let said = ground.tenfold(&RUN);
    said.expect(1, &["can't be done", "I can't"]);
    ground.tenfold(&["show", "1"]).expect(0, &["gave up"]);
}

#[test]
fn calls_that_make_no_sense_are_answered_and_repeated_ones_end_it() {
    let ground = Ground::new();
    script(&ground, vec![rule("", "fly", json!({ "to": "the moon" }))], &[]);
    ground.tenfold(&RUN).expect(1, &["same call"]);
    script(&ground, vec![Rule { answers: vec!["I think…".into()], ..Rule::default() }], &[]);
    ground.tenfold(&RUN).expect(1, &["without calling any tool"]);
}

#[test]
fn who_deletes_the_repository_has_an_empty_one_and_the_person_has_theirs() {
    let ground = Ground::new();
    let before = ground.persons();
    let all = "rm -rf -- * .[!.]* ..?*; echo left: $(ls -A | wc -l)";
    let rules = vec![
        rule("No file was changed", "finish", json!({ "summary": "gone", "solved": false })),
        rule("Not done", "finish", json!({ "summary": "gone", "solved": false })),
        rule("left: 0", "finish", json!({ "summary": "all is gone" })),
        rule("", "run", json!({ "command": all })),
    ];
    script(&ground, rules, &[]);
    ground.tenfold(&[&RUN[..], &["--attempts", "1"]].concat()).expect(1, &["gave up"]);
    assert_eq!(ground.persons(), before);
    ground.tenfold(&["log", "1", "--replay"]).expect(0, &["decides the same"]);
    // It can be tried again, from what the person has.
    script(&ground, that_mends(), &[]);
    ground.tenfold(&["retry", "1"]).expect(0, &["to review, verified"]);
    ground.expect_all_ended();
}

#[test]
fn a_loop_that_is_killed_goes_on_with_the_files_that_it_had() {
    let ground = Ground::new();
    let script_that_hangs = script(&ground, that_mends(), &[Fault::Hang { at: 3 }]);
    let mut child = ground.command(&RUN).spawn().unwrap();
    wait_for("the third turn", || script_that_hangs.asked().unwrap_or_default().len() == 3);
    child.kill().unwrap();
    child.wait().unwrap();
    ground.expect_all_ended();
    script(&ground, that_mends(), &[]);
    ground.tenfold(&["continue", "1"]).expect(0, &["to review, verified"]);
    let log = ground.tenfold(&["log", "1"]);
    log.expect(0, &["attempt 1.1", "going on"]);
    assert_eq!(log.out.matches("edit {").count(), 1, "what was done is not done again");
}

#[test]
fn programs_stay_programs_links_stay_links_and_what_is_no_command_is_answered() {
    let ground = Ground::new();
    let program = ground.repo().join("run.sh");
    std::fs::write(&program, "#!/bin/sh\necho one\n").unwrap();
    std::fs::set_permissions(&program, std::os::unix::fs::PermissionsExt::from_mode(0o755))
        .unwrap();
    let edit = json!({ "path": "run.sh", "edits": [{ "old": "one", "new": "two" }] });
    script(
        &ground,
        vec![
            rule("linked-now\n", "finish", json!({ "summary": "done" })),
            rule(
                "NUL byte",
                "run",
                json!({ "command": "./run.sh && ln -s run.sh link && echo linked-now" }),
            ),
            rule("echo two", "run", json!({ "command": "echo \u{0}" })),
            rule("", "edit", edit),
        ],
        &[],
    );
    let check = "test \"$(./run.sh)\" = two && test -L link";
    let said = ground.tenfold(&["run", "say two", "--strategy", "loop", "--check", check]);
    said.expect(0, &["to review, verified"]);
    ground.tenfold(&["accept", "1", "--in-place"]).expect(0, &["accepted into your files"]);
    assert!(ground.repo().join("link").is_symlink());
    let mode = std::os::unix::fs::PermissionsExt::mode(&program.metadata().unwrap().permissions());
    assert_eq!(mode & 0o111, 0o111, "{mode:o}");
}

#[test]
fn a_comment_on_a_repair_is_answered_by_a_conversation_that_goes_on_from_it() {
    let ground = Ground::new();
    ground.solved();
    let note = json!({ "path": "NOTE", "text": "the two in the middle\n" });
    let rules = vec![
        rule("made NOTE", "finish", json!({ "summary": "said why" })),
        rule("Say why", "write", note),
    ];
    script(&ground, rules, &[]);
    ground
        .tenfold(&["comment", "1", "stats.py:14", "Say why."])
        .expect(0, &["verified", "said why"]);
    ground.tenfold(&["diff", "1"]).expect(0, &["NOTE", "ordered[middle - 1]"]);
    ground.tenfold(&["log", "1.2", "--replay"]).expect(0, &["decides the same"]);
    // What was proposed first is there still.
    assert!(!ground.tenfold(&["diff", "1.1"]).out.contains("NOTE"));
}

/// What the scripted model fills in where the fault is.
fn fills() -> Rule {
    Rule { original: Some(WRONG.to_owned()), answers: vec![RIGHT.to_owned()], ..Rule::default() }
}

#[test]
fn of_several_attempts_the_smallest_change_that_passes_is_proposed() {
    let ground = Ground::new();
    let wordy = BUGGY
        .replace("ordered[middle] + ordered[middle + 1]", "ordered[middle - 1] + ordered[middle]")
        .replace(
            "    ordered = sorted(values)\n",
            "    # In order.\n    ordered = sorted(values)\n",
        );
    let write = json!({ "path": "stats.py", "text": wordy });
    let rules = vec![
        fills(),
        rule("replaced stats.py", "finish", json!({ "summary": "anew" })),
        rule("", "write", write),
    ];
    script(&ground, rules, &[]);
    let run = |strategies: &str| {
        let words = ["run", "--check", CHECK, "--best-of", "2", "--time-limit", "3m"];
        ground.tenfold(&[&words[..], &["--strategy", strategies]].concat())
    };
    run("loop,repair").expect(0, &["verified"]);
    let shown = ground.tenfold(&["show", "1", "--json"]).json();
    assert_eq!(shown["attempts"], 2, "{shown:#}");
    assert_eq!(shown["proposal"]["attempt"], "1.2", "the smaller one: {shown:#}");
    ground.tenfold(&["log", "1"]).expect(0, &["1.1: loop", "1.2: repair"]);
    // In the other order the first is the better one, and preferred to the later.
    run("repair,loop").expect(0, &["verified"]);
    ground.tenfold(&["log", "2"]).expect(0, &["preferred to another proposal"]);
    let shown = ground.tenfold(&["show", "2", "--json"]).json();
    assert_eq!(shown["proposal"]["attempt"], "2.1", "{shown:#}");
}

#[test]
fn another_strategy_follows_one_that_does_not_get_there() {
    let ground = Ground::new();
    let gives_up = rule("", "finish", json!({ "summary": "no", "solved": false }));
    script(&ground, vec![fills(), gives_up], &[]);
    let words = ["run", "--check", CHECK, "--strategy", "loop,repair", "--time-limit", "3m"];
    ground.tenfold(&words).expect(0, &["to review, verified"]);
    ground.tenfold(&["log", "1"]).expect(0, &["gave up", "1.2: repair"]);
}
