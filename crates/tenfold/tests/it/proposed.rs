//! A check that the coworker proposes for a task that has none, wired: tried, shown, approved,
//! and the judge from then on, apart from the work.

use serde_json::{Value, json};
use tenfold_domain::Said;
use tenfold_test_support::http::{HttpModel, Reply, Request};

use crate::ground::{self, Ground, git};
use crate::hosted::{KEY, PRICES, connect, that_mends};

const TEST: &str = "from stats import median\nassert median([1, 2, 3, 4]) == 2.5\n";

fn tenfold(ground: &Ground, words: &[&str]) -> ground::Said {
    ground::Said::of(ground.command(words).env("FAR_KEY", KEY).output().unwrap())
}

fn run(ground: &Ground, more: &[&str]) -> ground::Said {
    let words = ["run", "median is wrong", "--model", "far", "--strategy", "loop"];
    tenfold(ground, &[&words[..], more].concat())
}

fn proposal() -> Value {
    json!({ "command": "PYTHONPATH=. python3 new/even.py", "files": ["./new/even.py"] })
}

/// Writes a test, proposes it, and goes on once it has been answered about it.
fn that_proposes(request: &Request, text: &str, check: &Value) -> Reply {
    let said = request.text();
    if said.contains("The answer:") || said.contains("The check is") {
        that_mends(request)
    } else if said.contains("Not proposed") || said.contains("Not tried") {
        Reply::calls([("finish", json!({ "solved": false, "summary": "no check" }))])
    } else if said.contains("new/even.py") {
        Reply::calls([("propose_check", check.clone())])
    } else {
        Reply::calls([("write", json!({ "path": "new/even.py", "text": text }))])
    }
}

fn ground(server: &HttpModel) -> Ground {
    let ground = Ground::new();
    connect(&ground, server, "openai", &PRICES).expect(0, &["connected"]);
    ground
}

#[test]
fn a_proposed_check_is_tried_shown_approved_and_judges_apart_from_the_work() {
    let server = HttpModel::reacting(|request| that_proposes(request, TEST, &proposal()));
    let ground = ground(&server);
    let before = ground.persons();
    let asked = ["asks you", "May this be the check", "new/even.py", "== 2.5", "AssertionError"];
    run(&ground, &[]).expect(1, &asked);
    let done = tenfold(&ground, &["approve", "1"]);
    done.expect(0, &["to review, verified", "proposed by the agent and approved by you"]);
    let diff = ground.tenfold(&["diff", "1"]);
    diff.expect(0, &["middle - 1"]);
    assert!(!diff.out.contains("even.py"), "{}", diff.out);
    ground.tenfold(&["show", "1"]).expect(0, &["new/even.py", "python3 new/even.py"]);
    ground.tenfold(&["log", "1"]).expect(0, &["the check is `PYTHONPATH=. python3 new/even.py`"]);
    ground.tenfold(&["log", "1", "--replay"]).expect(0, &["decides the same"]);
    assert_eq!(ground.persons(), before);

    // It is the task's check: the next attempt begins with it, and with its files.
    tenfold(&ground, &["retry", "1"]).expect(0, &["to review, verified"]);
    let told =
        server.requests().into_iter().rev().find(|r| r.text().contains("It fails now")).unwrap();
    assert!(told.text().contains("python3 new/even.py"), "{}", told.text());

    ground.tenfold(&["accept", "1", "--with-check", "--branch", "both"]).expect(0, &["both"]);
    let test = git(&ground.repo(), &["show", "both:new/even.py"]);
    assert_eq!(test.trim(), TEST.trim());
    assert!(git(&ground.repo(), &["show", "both:stats.py"]).contains("middle - 1"));
}

#[test]
fn a_check_that_passes_already_is_not_shown_and_what_is_not_there_is_said() {
    for (text, check, told) in [
        ("print(1)\n", proposal(), "passes on the files as they were"),
        ("print(1)\n", json!({ "command": "x", "files": ["gone.py"] }), "no file gone.py"),
        ("print(1)\n", json!({ "command": "x", "files": ["../a"] }), "goes up with"),
        ("print(1)\n", json!({ "command": "nothing-like-it" }), "not there"),
    ] {
        let shown = check.clone();
        let server = HttpModel::reacting(move |request| that_proposes(request, text, &check));
        let ground = ground(&server);
        run(&ground, &[]).expect(1, &["gave up"]);
        let said = server.requests().pop().unwrap().text();
        assert!(said.contains(told), "{shown}: {said}");
    }
}

#[test]
fn what_the_coworker_makes_of_its_test_after_it_was_approved_is_of_no_use() {
    let server = HttpModel::reacting(|request| {
        let done = request.said.iter().filter(|said| matches!(said, Said::Tool { .. })).count();
        let cheat = json!({ "path": "new/even.py", "text": "print('fine')\n" });
        let unmended = json!({ "path": "new/other.py", "text": "1\n" });
        match done {
            0 | 1 => that_proposes(request, TEST, &proposal()),
            2 => Reply::calls([("write", cheat), ("write", unmended)]),
            4 => Reply::calls([("finish", json!({ "summary": "fine" }))]),
            _ => that_mends(request),
        }
    });
    let ground = ground(&server);
    run(&ground, &["--may-edit", "new/"]).expect(1, &["asks you"]);
    tenfold(&ground, &["approve", "1"]).expect(0, &["to review, verified"]);
    assert!(server.requests().iter().any(|request| request.text().contains("fails on your work")));
    assert!(!ground.tenfold(&["diff", "1"]).out.contains("even.py"));
}

#[test]
fn without_anybody_to_approve_one_the_work_is_unverified() {
    let server = HttpModel::reacting(that_mends);
    let ground = ground(&server);
    run(&ground, &["--no-questions"]).expect(0, &["UNVERIFIED"]);
    let tools = format!("{:?}", server.requests().remove(0).tools);
    assert!(!tools.contains("propose_check"), "{tools}");
    ground.tenfold(&["accept", "1", "--with-check"]).expect(6, &["without --with-check"]);
}
