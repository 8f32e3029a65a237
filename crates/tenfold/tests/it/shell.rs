//! What a command leaves to the next one, wired: its directory and what it exported, in the real
//! sandbox, across a stop, and without secrets.

use serde_json::{Value, json};
use tenfold_test_support::Fault;

use crate::ground::{CHECK, Ground, wait_for};
use crate::tool_loop::{RUN, rule, script};

/// Mends the file from a folder below the top.
const MEND: &str = "sed -i 's/ordered.middle. + ordered.middle + 1./ordered[middle - 1] + \
                    ordered[middle]/' ../stats.py";

fn run(command: impl Into<String>) -> Value {
    json!({ "command": command.into() })
}

#[test]
fn a_command_goes_on_where_the_last_one_ended_also_after_a_stop() {
    let ground = Ground::new();
    let begin = "mkdir -p sub && touch sub/x && cd sub && export A=one && B=two && echo did-one; \
                 exit 3";
    let rules = || {
        vec![
            rule("sub says one and no more\n", "finish", json!({ "summary": "done" })),
            rule(
                "did-one\n",
                "run",
                run(format!("echo ${{PWD##*/}} says $A and ${{B-no more}}; {MEND}")),
            ),
            rule("", "run", run(begin)),
        ]
    };
    let hangs = script(&ground, rules(), &[Fault::Hang { at: 2 }]);
    let mut child = ground.command(&RUN).spawn().unwrap();
    wait_for("the second turn", || hangs.asked().unwrap_or_default().len() == 2);
    let asked = format!("{:?}", hangs.asked().unwrap());
    assert!(asked.contains("exit code 3") && asked.contains("begins in sub."), "{asked}");
    ground.tenfold(&["stop", "1"]).expect(0, &["stopped"]);
    child.wait().unwrap();
    ground.expect_all_ended();
    script(&ground, rules(), &[]);
    ground.tenfold(&["continue", "1"]).expect(0, &["to review, verified"]);
    ground.tenfold(&["log", "1", "--replay"]).expect(0, &["decides the same"]);
    let diff = ground.tenfold(&["diff", "1"]);
    diff.expect(0, &["sub/x", "middle - 1"]);
    assert!(!diff.out.contains(".tenfold-shell"), "{}", diff.out);
}

#[test]
fn a_directory_that_went_is_said_and_the_judge_sees_nothing_of_what_was_exported() {
    let ground = Ground::new();
    let rules = vec![
        rule("carried\n", "finish", json!({ "summary": "done" })),
        // The work is made at the top, where the next command begins.
        rule(
            "gone is not there: this began at the top",
            "run",
            run(format!("mkdir -p at && cd at && {MEND} && echo carried")),
        ),
        rule("did-one\n", "run", run("ls")),
        rule("", "run", run("mkdir gone && cd gone && rmdir ../gone; export A=1; echo did-one")),
    ];
    script(&ground, rules, &[]);
    let check = format!("test -z \"$A\" && test ! -e ../gone && {CHECK}");
    let run = ["run", "median is wrong", "--strategy", "loop", "--check", &check];
    ground.tenfold(&run).expect(0, &["to review, verified"]);
}

#[test]
fn a_person_who_is_asked_about_a_command_is_told_where_it_begins() {
    let ground = Ground::new();
    let rule_of_policy = "version = 1\n[[rule]]\nname = \"no touching\"\ncommand = \"touch *\"\n\
                          decide = \"ask\"\nwhy = \"files have a meaning\"\n";
    std::fs::create_dir_all(ground.path("config")).unwrap();
    std::fs::write(ground.path("config").join("policy.toml"), rule_of_policy).unwrap();
    let begin = "mkdir sub && echo y > sub/y && cd sub && export A=1 && echo did-one";
    let rules = vec![
        rule("touched 1\n", "finish", json!({ "summary": "done" })),
        rule("did-one\n", "run", run(format!("touch x; {MEND}; echo touched $A"))),
        rule("", "run", run(begin)),
    ];
    script(&ground, rules, &[]);
    ground.tenfold(&RUN).expect(1, &["asks you", "(in \"sub\", with A as its last commands"]);
    ground.tenfold(&["approve", "1"]).expect(0, &["to review, verified"]);
    ground.tenfold(&["diff", "1"]).expect(0, &["sub/x", "middle - 1"]);
}
