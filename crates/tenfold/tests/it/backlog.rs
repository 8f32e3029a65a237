//! A backlog, wired: tasks are added and imported, worked in their order by one command, and by a
//! daemon as they come.

use std::process::Stdio;

use serde_json::{Value, json};
use tenfold_test_support::Fault;
use tenfold_test_support::http::{Failure, HttpModel, Reply};

use crate::ground::{CHECK, Ground, wait_for};
use crate::hosted::that_mends;
use crate::interruption::interrupt;
use crate::supervision;

fn add(ground: &Ground, text: &str, more: &[&str]) -> u64 {
    let words = [&["add", text, "--check", CHECK, "--json"], more].concat();
    let said = ground.tenfold(&words);
    assert_eq!(said.code, Some(0), "{}{}", said.out, said.err);
    said.json()["task"].as_u64().unwrap()
}

fn start(ground: &Ground, code: i32, more: &[&str]) -> Value {
    let said = ground.tenfold(&[&["start", "--json"], more].concat());
    assert_eq!(said.code, Some(code), "{}{}", said.out, said.err);
    said.json()
}

#[test]
fn a_backlog_is_worked_in_its_order_until_all_is_done() {
    let ground = Ground::new();
    let none = start(&ground, 0, &[]);
    assert_eq!((&none["begun"], &none["end"]), (&json!(0), &json!("done")));
    add(&ground, "median is wrong", &["--priority", "low"]);
    add(&ground, "median is off", &[]);
    add(&ground, "median, please", &["--priority", "high", "--label", "maths"]);
    ground.tenfold(&["list"]).expect(0, &["queued"]);
    ground.tenfold(&["show", "3"]).expect(0, &["priority high", "maths"]);
    let done = start(&ground, 0, &["--jobs", "1"]);
    assert_eq!(done["worked"], json!([3, 2, 1]), "{done}");
    assert_eq!((&done["verified"], &done["end"]), (&json!(3), &json!("done")));
    ground.tenfold(&["start"]).expect(0, &["there was nothing to do"]);
    ground.tenfold(&["list"]).expect(0, &["to review"]);
    ground.expect_all_ended();
}

/// What is said of why tasks wait.
fn why(ground: &Ground, task: u64) -> String {
    let listed = ground.tenfold(&["list", "--json"]).json();
    let row = listed.as_array().unwrap().iter().find(|row| row["task"] == task).unwrap().clone();
    let shown = ground.tenfold(&["show", &task.to_string(), "--json"]).json();
    assert_eq!(row["why_waiting"], shown["why_waiting"]);
    row["why_waiting"].as_str().unwrap_or_default().to_owned()
}

#[test]
fn of_a_task_that_is_not_begun_it_is_said_why() {
    let ground = Ground::new();
    add(&ground, "median is wrong", &["--budget", "0.3"]);
    add(&ground, "median is still wrong", &["--after", "1"]);
    add(&ground, "median is off", &["--budget", "0.4"]);
    let not_started = "not started: `tenfold start`, or the page's Plan, works the backlog";
    assert_eq!(
        [1, 2, 3].map(|task| why(&ground, task)),
        [not_started, "waits for task 1", not_started]
    );
    ground.tenfold(&["list"]).expect(0, &["queued: waits for task 1"]);
    ground.tenfold(&["show", "3"]).expect(0, &[not_started]);

    for (jobs, said) in [("1", "has 1 at work"), ("2", "it may cost $0.40")] {
        let hangs = ground.script(&[Fault::Hang { at: 1 }]);
        let mut command = ground.command(&["start", "--jobs", jobs, "--budget", "0.5"]);
        let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        wait_for("the first question", || !hangs.asked().unwrap_or_default().is_empty());
        assert_eq!(why(&ground, 1), "", "it is at work");
        assert_eq!(why(&ground, 2), "waits for task 1");
        assert!(why(&ground, 3).contains(said), "{}", why(&ground, 3));
        assert_eq!(interrupt(child).code, Some(130));
        std::fs::remove_file(ground.path("asked.jsonl")).unwrap();
    }
    ground.script(&[]);
    ground.tenfold(&["run", "--check", CHECK]).expect(0, &["to review"]);
    assert_eq!(why(&ground, 3), not_started);
}

#[test]
fn tasks_are_listed_by_their_labels() {
    let ground = Ground::new();
    add(&ground, "median is wrong", &["--label", "maths", "--label", "soon"]);
    add(&ground, "median is off", &["--label", "maths"]);
    add(&ground, "median, please", &["--label", "math"]);
    let listed = |more: &[&str]| -> Vec<u64> {
        let said = ground.tenfold(&[&["list", "--json"], more].concat()).json();
        said.as_array().unwrap().iter().map(|task| task["task"].as_u64().unwrap()).collect()
    };
    assert_eq!(listed(&["--label", "maths"]), [2, 1]);
    assert_eq!(listed(&["--label", "maths", "--label", "soon"]), [1]);
    assert_eq!(listed(&["--label", "maths", "--state", "to-review"]), [0; 0]);
    assert_eq!(listed(&["--label", "maths", "--state", "queued", "--all"]), [2, 1]);
    assert_eq!(listed(&[]), [3, 2, 1]);
}

#[test]
fn a_backlog_that_is_stopped_leaves_nothing_behind_and_goes_on() {
    let ground = Ground::new();
    let hangs = ground.script(&[Fault::Hang { at: 1 }]);
    add(&ground, "median is wrong", &[]);
    let mut command = ground.command(&["start"]);
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    wait_for("the first question", || !hangs.asked().unwrap_or_default().is_empty());
    let stopped = interrupt(child);
    stopped.expect(130, &["nothing is lost", "tenfold start"]);
    ground.expect_all_ended();
    ground.script(&[]);
    assert_eq!(start(&ground, 0, &[])["worked"], json!([1]));
    ground.tenfold(&["list"]).expect(0, &["to review"]);
}

#[test]
fn a_task_that_comes_after_another_waits_until_that_one_is_accepted() {
    let ground = Ground::new();
    add(&ground, "median is wrong", &[]);
    add(&ground, "median is still wrong", &["--after", "1"]);
    let first = start(&ground, 1, &[]);
    assert_eq!((&first["worked"], &first["waiting"]), (&json!([1]), &json!(1)), "{first}");
    ground.tenfold(&["start"]).expect(1, &["waits for tasks that are not accepted yet"]);
    ground.tenfold(&["accept", "1"]).expect(0, &["accepted"]);
    assert_eq!(start(&ground, 0, &[])["worked"], json!([2]));
    ground.tenfold(&["add", "x", "--check", CHECK, "--after", "9"]).expect(4, &["no task 9"]);
}

#[test]
fn no_task_is_begun_that_may_cost_more_than_is_left() {
    let ground = Ground::new();
    add(&ground, "median is wrong", &["--budget", "0.5"]);
    add(&ground, "median is off", &["--budget", "0.1"]);
    let left = start(&ground, 1, &["--budget", "0.3"]);
    assert_eq!((&left["worked"], &left["end"]), (&json!([2]), &json!("out-of-money")), "{left}");
    ground.tenfold(&["start", "--budget", "0.3"]).expect(1, &["may cost more than is left"]);
    assert_eq!(start(&ground, 0, &["--budget", "0.5"])["worked"], json!([1]));
}

#[test]
fn a_file_is_imported_whole_or_not_at_all() {
    let ground = Ground::new();
    let file = ground.path("todo.md");
    let name = file.to_str().unwrap();
    let wrong = "- one\n  priority: soon\n- two\n  after: nobody\n- [x] three\n";
    std::fs::write(&file, wrong).unwrap();
    let said = ["nothing was", "line 2: 'soon'"];
    ground.tenfold(&["import", name, "--check", CHECK]).expect(2, &said);
    ground.tenfold(&["list"]).expect(0, &["nothing"]);
    let right = "# Now\n\n- [ ] median is off\n  id: b\n  after: a\n- median is wrong\n  id: a\n";
    std::fs::write(&file, right).unwrap();
    let tasks = ground.tenfold(&["import", name, "--check", CHECK, "--json"]).json();
    assert_eq!(tasks["tasks"], json!([1, 2]));
    ground.tenfold(&["show", "2"]).expect(0, &["median is off", "after task 1", "Now"]);
    ground.tenfold(&["import", "/nowhere.md"]).expect(4, &["could not read"]);
    let odd = ground.path("todo.xyz");
    std::fs::write(&odd, right).unwrap();
    ground.tenfold(&["import", odd.to_str().unwrap()]).expect(2, &["--form"]);
}

#[test]
fn a_backlog_that_is_exported_is_imported_as_the_same_tasks() {
    let ground = Ground::new();
    ground.tenfold(&["export", "--format", "backlog"]).expect(0, &["nothing was asked for yet"]);
    ground.solved();
    let more = ["--priority", "high", "--deadline", "2126-12-24", "--value", "2.5"];
    add(&ground, "median is off", &[&more[..], &["--label", "a, b", "--after", "1"]].concat());
    add(&ground, "median, \"please\"", &["--after", "2", "--budget", "0.25", "--attempts", "3"]);
    let file = ground.path("backlog.jsonl");
    let name = file.to_str().unwrap();
    let export = ["export", "--format", "backlog", "--out", name];
    ground.tenfold(&export).expect(0, &["task 2 comes after task 1", "left out"]);
    ground.tenfold(&["import", name]).expect(0, &["2 tasks, 4 to 5"]);
    let asked = |task: &str| ground.tenfold(&["show", task, "--json"]).json()["asked"].clone();
    let (mut second, mut third) = (asked("2"), asked("3"));
    second["standing"].as_object_mut().unwrap().insert("after".to_owned(), json!([]));
    third["standing"].as_object_mut().unwrap().insert("after".to_owned(), json!([4]));
    assert_eq!([asked("4"), asked("5")], [second, third]);
    ground.tenfold(&["export", "--format", "backlog", "1.1"]).expect(2, &["whole tasks"]);
    let one = ground.tenfold(&["export", "--format", "backlog", "3"]).out;
    assert_eq!(one.lines().count(), 1, "{one}");
}

#[test]
fn a_daemon_works_what_is_added_until_it_is_stopped() {
    let ground = Ground::new();
    let mut daemon = ground.command(&["daemon"]);
    let daemon = daemon.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    wait_for("the engine", || ground.path("data").join("engine.sock").exists());
    wait_for("the backlog to be worked", || {
        ground.tenfold(&["start"]).err.contains("is being worked already")
    });
    add(&ground, "median is wrong", &[]);
    let state = || ground.tenfold(&["list", "--json"]).out;
    wait_for("the first proposal", || state().contains("to-review"));
    // Its proposal is there a moment before it has left the floor.
    wait_for("the first to be accepted", || ground.tenfold(&["accept", "1"]).code == Some(0));
    add(&ground, "median is off", &["--after", "1"]);
    wait_for("the second proposal", || state().contains("to-review"));
    assert_eq!(interrupt(daemon).code, Some(130));
    ground.expect_all_ended();
    ground.tenfold(&["start"]).expect(0, &["there was nothing to do"]);
}

/// A ground whose model's provider says at the second question that its quota is used up.
fn spent(retry_after_s: Option<u32>) -> (Ground, HttpModel) {
    let mut asked = 0;
    let (ground, server) = supervision::ground(move |request| {
        asked += 1;
        match asked {
            2 => Reply::fails(Failure::QuotaSpent { retry_after_s }),
            _ => that_mends(request),
        }
    });
    add(&ground, "median is wrong", &["--model", "far"]);
    (ground, server)
}

#[test]
fn a_quota_that_says_when_it_lifts_is_waited_for() {
    let (ground, server) = spent(Some(1));
    let said = ground.tenfold(&["start", "--json"]);
    said.expect(0, &["task 1 waits, and nothing else can be done, until its model's provider"]);
    let done = said.json();
    assert_eq!((&done["verified"], &done["end"]), (&json!(1), &json!("done")), "{done}");
    // It went on where it stood: nothing was read a second time.
    assert_eq!(server.requests().iter().filter(|request| request.said.len() < 2).count(), 1);
    ground.tenfold(&["log", "1"]).expect(0, &["parked until its model's provider lets"]);
    ground.expect_all_ended();
}

#[test]
fn a_quota_that_does_not_say_when_it_lifts_ends_the_work() {
    let (ground, _server) = spent(None);
    let ended = start(&ground, 1, &[]);
    assert_eq!((&ended["waiting"], &ended["end"]), (&json!(1), &json!("out-of-quota")), "{ended}");
    assert!(why(&ground, 1).contains("it is asked again at"), "{}", why(&ground, 1));
    // Nobody has to wait for that.
    ground.tenfold(&["continue", "1"]).expect(0, &["to review, verified"]);
}
