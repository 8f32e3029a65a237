//! The person's hand on a task, from a second terminal while the first works. What each verb comes
//! to in each state of a task is in `verbs`.

use std::io::{BufRead, BufReader};
use std::process::{Child, Stdio};

use serde_json::{Value, json};
use tenfold_test_support::http::{Gate, HttpModel, Reply, Request};

use crate::ground::{CHECK, Ground, Said, wait_for};
use crate::hosted::that_mends;
use crate::interruption::interrupt;

pub(crate) const RUN: [&str; 6] = ["run", "median is wrong", "--model", "far", "--check", CHECK];

/// A ground that knows a model which reacts so.
pub(crate) fn ground(react: impl FnMut(&Request) -> Reply + Send + 'static) -> (Ground, HttpModel) {
    let (ground, server) = (Ground::new(), HttpModel::reacting(react));
    let address = format!("{}/v1", server.url());
    let words = ["models", "connect", "far", "--protocol", "openai", "--address", &address];
    ground.tenfold(&[&words[..], &["--no-key", "--free"]].concat()).expect(0, &["connected"]);
    (ground, server)
}

pub(crate) fn spawn(ground: &Ground, words: &[&str]) -> Child {
    ground.command(words).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

pub(crate) fn said(child: Child) -> Said {
    Said::of(child.wait_with_output().unwrap())
}

/// A run whose model thinks until the gate is open, and then wants to read and to write.
pub(crate) fn thinking(gate: &Gate) -> (Ground, HttpModel, Child) {
    let (mut asked, gate) = (0, gate.clone());
    let (ground, server) = ground(move |request| {
        asked += 1;
        match asked {
            1 => {
                let write = json!({ "path": "wrong.py", "text": "x = 1\n" });
                let read = json!({ "path": "stats.py" });
                Reply::calls([("write", write), ("read", read)]).through(&gate)
            }
            _ => that_mends(request),
        }
    });
    let child = spawn(&ground, &RUN);
    server.wait_asked(1);
    (ground, server, child)
}

/// A pause that the engine knows of.
pub(crate) fn pausing(ground: &Ground) -> Child {
    let mut pause = spawn(ground, &["pause", "1"]);
    let mut line = String::new();
    BufReader::new(pause.stderr.take().unwrap()).read_line(&mut line).unwrap();
    assert!(line.contains("leaves off"), "{line}");
    pause
}

#[test]
fn what_a_person_says_from_another_terminal_is_heard_before_the_next_step() {
    let gate = Gate::new();
    let (ground, server, child) = thinking(&gate);
    ground.tenfold(&["steer", "1", "No", "new", "files!"]).expect(0, &["before its next step"]);
    gate.open();
    said(child).expect(0, &["to review, verified"]);
    let second = server.requests().remove(1);
    assert!(second.text().contains("No new files!"), "{}", second.text());
    assert!(second.text().contains("Not performed"), "{}", second.text());
    ground.tenfold(&["diff", "1"]).expect(0, &["middle - 1"]);
    assert!(!ground.tenfold(&["diff", "1"]).out.contains("wrong.py"));
    ground.tenfold(&["log", "1"]).expect(0, &["you said: No new files!"]);
    ground.tenfold(&["log", "1", "--replay"]).expect(0, &["decides the same"]);
}

#[test]
fn a_pause_waits_for_the_step_under_way_and_leaves_nothing_running() {
    let gate = Gate::new();
    let (ground, server, child) = thinking(&gate);
    let pause = pausing(&ground);
    // Nothing is cut off: the answer that is paid for comes in.
    gate.open();
    said(pause).expect(0, &["paused", "tenfold resume 1"]);
    said(child).expect(1, &["paused", "tenfold resume 1"]);
    ground.expect_all_ended();
    assert_eq!(server.requests().len(), 1);
    ground.tenfold(&["list"]).expect(0, &["paused"]);
    ground.tenfold(&["steer", "1", "No new files!"]).expect(0, &["kept"]);
    ground.tenfold(&["resume", "1"]).expect(0, &["to review, verified"]);
    let second = server.requests().remove(1);
    assert!(second.text().contains("No new files!"), "{}", second.text());
    assert!(!ground.tenfold(&["diff", "1"]).out.contains("wrong.py"));
    ground.tenfold(&["log", "1"]).expect(0, &["paused", "going on"]);
    ground.tenfold(&["log", "1", "--replay"]).expect(0, &["decides the same"]);
}

#[test]
fn a_stop_from_another_terminal_ends_request_and_processes_and_can_be_gone_on_with() {
    let gate = Gate::new();
    let (ground, server, child) = thinking(&gate);
    ground.tenfold(&["stop", "1"]).expect(0, &["stopped", "tenfold continue 1"]);
    gate.wait_hung_up();
    said(child).expect(130, &["tenfold continue 1"]);
    ground.expect_all_ended();
    let shown: Value = ground.tenfold(&["show", "1", "--json"]).json();
    assert_eq!((&shown["state"], &shown["outcome"]), (&json!("needs-you"), &json!("stopped")));
    ground.tenfold(&["continue"]).expect(0, &["to review, verified"]);
    let shown: Value = ground.tenfold(&["show", "1", "--json"]).json();
    assert_eq!(shown["attempts"], 1, "it is the same attempt");
    assert_eq!(server.requests().len(), 4);
}

#[test]
fn who_watches_sees_how_it_goes_and_can_leave_without_stopping_it() {
    let gate = Gate::new();
    let (ground, _server, child) = thinking(&gate);
    let one = spawn(&ground, &["watch", "1", "--json"]);
    let all = spawn(&ground, &["watch"]);
    let mut leaves = spawn(&ground, &["watch", "--json"]);
    let mut line = String::new();
    BufReader::new(leaves.stdout.take().unwrap()).read_line(&mut line).unwrap();
    interrupt(leaves).expect(0, &[]);
    wait_for("two to watch", || {
        ground.processes().iter().filter(|line| line.contains(" watch")).count() == 2
    });
    gate.open();
    said(child).expect(0, &["to review, verified"]);
    let told = said(one);
    told.expect(0, &[]);
    let lines: Vec<Value> =
        told.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(lines.iter().any(|line| line["progress"] == "doing"), "{lines:?}");
    let last = lines.last().unwrap();
    assert_eq!((&last["progress"], &last["outcome"]), (&json!("worked"), &json!("finished")));
    said(all).expect(0, &["1.1 thinking, turn", "Task 1: to review, verified"]);
    ground.tenfold(&["watch"]).expect(0, &["nothing is at work"]);
    ground.tenfold(&["watch", "7"]).expect(4, &["no task 7"]);
}

#[test]
fn the_first_terminal_stays_until_the_work_of_the_others_is_done() {
    let (one, two) = (Gate::new(), Gate::new());
    let (first, second) = (one.clone(), two.clone());
    let (ground, server) = ground(move |request| {
        let text = request.text();
        let gate = if text.contains("a kumquat") { &second } else { &first };
        // A gate is for one answer: the first of each task.
        match text.contains("ordered") {
            true => that_mends(request),
            false => that_mends(request).through(gate),
        }
    });
    let mut here = spawn(&ground, &RUN);
    server.wait_asked(1);
    let there = spawn(&ground, &["run", "a kumquat", "--model", "far", "--check", CHECK]);
    server.wait_asked(2);
    one.open();
    wait_for("the first task's end", || {
        ground.tenfold(&["show", "1", "--json"]).json()["state"] == "to-review"
    });
    ground.tenfold(&["list"]).expect(0, &["working"]);
    // It says so after a while, so that nobody reads it who need not wait.
    let mut lines = BufReader::new(here.stderr.take().unwrap()).lines();
    let stays = lines.any(|line| line.unwrap().contains("task 2 is still at work here"));
    assert!(stays, "it ended, or said nothing");
    two.open();
    said(there).expect(0, &["Task 2: to review, verified"]);
    said(here).expect(0, &["Task 1: to review, verified"]);
    ground.expect_all_ended();
}

#[test]
fn a_fork_goes_on_from_a_step_and_leaves_the_other_attempt_as_it_is() {
    let (ground, server) = ground(|request| match request.text() {
        text if text.contains("Say sorry.") && !text.contains("sorry.txt") => {
            Reply::calls([("write", json!({ "path": "sorry.txt", "text": "sorry\n" }))])
        }
        _ => that_mends(request),
    });
    ground.tenfold(&RUN).expect(0, &["to review, verified"]);
    // The third step reads the first file; only the second one is read again.
    let asked = server.requests().len();
    ground.tenfold(&["fork", "1", "--step", "99"]).expect(4, &["no step 99"]);
    ground.tenfold(&["fork", "1.7"]).expect(4, &["no attempt 1.7"]);
    ground.tenfold(&["fork", "1"]).expect(6, &["--step"]);
    ground.tenfold(&["fork", "1", "Say", "sorry.", "--step", "4"]).expect(0, &["verified"]);
    let first = server.requests().remove(asked);
    assert!(first.text().contains("stats.py has"), "{}", first.text());
    assert!(first.text().ends_with("Say sorry.") || first.text().contains("Say sorry."));
    assert!(!first.text().contains("changed"), "{}", first.text());
    ground.tenfold(&["diff", "1.2"]).expect(0, &["sorry.txt", "middle - 1"]);
    assert!(!ground.tenfold(&["diff", "1.1"]).out.contains("sorry.txt"));
    ground.tenfold(&["log", "1.2"]).expect(0, &["goes on from attempt 1.1, up to step 4"]);
    for attempt in ["1.1", "1.2"] {
        ground.tenfold(&["log", attempt, "--replay"]).expect(0, &["decides the same"]);
    }
    ground
        .tenfold(&["export", "1.2", "--format", "markdown"])
        .expect(0, &["Goes on from attempt 1.1"]);
}

#[test]
fn a_comment_is_answered_by_an_attempt_that_goes_on_from_the_proposal() {
    let answers = |request: &Request| match request.text() {
        text if text.contains("a note.txt") && !text.contains("made note.txt") => {
            for told in [
                "About stats.py:14 of your proposal (`return ordered[middle]`): Too bare",
                "About line 15 of stats.py as it was, which your proposal removes (`return \
                 (ordered[middle] + ordered[middle + 1]) / 2`): Wrong by one",
                "About your change of stats.py as a whole: Add a note.txt",
            ] {
                assert!(text.contains(told), "{told}: {text}");
            }
            Reply::calls([("write", json!({ "path": "note.txt", "text": "why\n" }))])
        }
        text if text.contains("a note.txt") => {
            Reply::calls([("finish", json!({ "summary": "noted" }))])
        }
        _ => that_mends(request),
    };
    let (ground, _server) = ground(answers);
    ground.tenfold(&RUN).expect(0, &["to review, verified"]);
    // Only on what the change shows.
    let refused: [(&[&str], i32, &str); 6] = [
        (&["stats.py:1"], 4, "no line 1 of stats.py (it shows 12 to 15)"),
        (&["stats.py:14", "--removed"], 4, "no removed line 14 of stats.py (it shows 15)"),
        (&["test_stats.py"], 4, "does not change test_stats.py"),
        (&["gone.py:1"], 4, "tenfold steer 1"),
        (&["stats.py", "--removed"], 2, "about a line"),
        (&[":3"], 2, "src/stats.py:12"),
    ];
    for (place, code, why) in refused {
        ground
            .tenfold(&[&["comment", "1"], place, &["x", "--later"]].concat())
            .expect(code, &[why]);
    }
    let later = |place: &[&str]| {
        ground.tenfold(&[&["comment", "1"], place, &["--later"]].concat()).expect(0, &["kept"]);
    };
    later(&["stats.py:14", "Too bare"]);
    later(&["stats.py:15", "Wrong by one", "--removed"]);
    let said = ground.tenfold(&["comment", "1", "stats.py", "Add", "a note.txt"]);
    said.expect(0, &["to review, verified"]);
    ground.tenfold(&["diff", "1"]).expect(0, &["note.txt", "middle - 1"]);
    ground.tenfold(&["log", "1"]).expect(
        0,
        &[
            "you commented on stats.py:14: Too bare",
            "you commented on stats.py:15 (removed): Wrong by one",
            "you commented on stats.py: Add a note.txt",
        ],
    );
    ground.tenfold(&["log", "1.2", "--replay"]).expect(0, &["decides the same"]);
}
