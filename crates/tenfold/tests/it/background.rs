//! Commands in the background, wired: begun, read in pieces and ended by the model, and ended
//! with whatever ends the work on the attempt, in the real sandbox.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::sync::mpsc;

use serde_json::{Value, json};
use tenfold_test_support::http::{Gate, HttpModel, Reply, Request};

use crate::ground::{Ground, git, wait_for};
use crate::supervision::{RUN, ground, pausing, said, spawn};

/// The step of the first call of the first turn, behind the check and the turn.
const FIRST: u32 = 3;

/// How many processes run on this machine that have this in their arguments.
fn alive(mark: &str) -> usize {
    let entries = std::fs::read_dir("/proc").unwrap().flatten();
    let lines =
        entries.map(|entry| std::fs::read(entry.path().join("cmdline")).unwrap_or_default());
    lines.filter(|line| String::from_utf8_lossy(line).split('\0').any(|word| word == mark)).count()
}

/// A number of seconds that nothing else on this machine sleeps for.
fn mark(of: u32) -> String {
    format!("{}{of}", std::process::id() + 100_000)
}

fn run(command: &str) -> (&'static str, Value) {
    ("run", json!({ "command": command }))
}

fn begin(command: &str) -> (&'static str, Value) {
    ("run", json!({ "command": command, "background": true }))
}

fn output(id: u32, wait_s: u32) -> (&'static str, Value) {
    ("output", json!({ "id": id, "wait_s": wait_s }))
}

fn kill(id: u32) -> (&'static str, Value) {
    ("kill", json!({ "id": id }))
}

/// Mends the file, and says so.
fn mends() -> Vec<(&'static str, Value)> {
    let edit = json!({ "path": "stats.py", "edits": [{
        "old": "ordered[middle] + ordered[middle + 1]",
        "new": "ordered[middle - 1] + ordered[middle]",
    }]});
    vec![("edit", edit), ("finish", json!({ "summary": "done" }))]
}

/// A model that makes these calls, turn by turn; the last ones again and again.
fn that_calls(turns: Vec<Vec<(&'static str, Value)>>) -> (Ground, HttpModel) {
    let mut asked = 0;
    ground(move |_| {
        asked += 1;
        Reply::calls(turns[asked.min(turns.len()) - 1].clone())
    })
}

/// What the model was told in the end.
fn told(server: &HttpModel) -> String {
    server.requests().last().map(Request::text).unwrap_or_default()
}

#[test]
fn a_command_runs_beside_other_calls_is_read_in_pieces_and_ended() {
    let mark = mark(1);
    let begins = "mkdir sub; cd sub; export A=one; echo kept > ../x.log";
    let aside = format!("echo $A ${{PWD##*/}}; cat ../x.log; touch made; sleep {mark}; echo no");
    let after_kill = mark.clone();
    let turns = [
        vec![run(begins), begin(&aside), run("echo x > seen; rm ../x.log")],
        vec![output(FIRST + 1, 60)],
        vec![output(FIRST + 1, 0), kill(FIRST + 1), kill(77)],
        mends(),
    ];
    let mut asked = 0;
    let (ground, server) = ground(move |_| {
        asked += 1;
        match asked {
            3 => assert_eq!(alive(&after_kill), 1, "the control"),
            4 => assert_eq!(alive(&after_kill), 0),
            _ => {}
        }
        Reply::calls(turns[asked - 1].clone())
    });
    std::fs::write(ground.repo().join(".gitignore"), "*.log\n").unwrap();
    ground.tenfold(&RUN).expect(0, &["to review, verified"]);
    let told = told(&server);
    for said in [
        "runs in the background. output {\"id\": 4}",
        "it wrote:\none sub\nkept\n",
        "wrote nothing more",
        "has ended: killed, after",
        "No command 77 was started in the background. There is: 4.",
    ] {
        assert!(told.contains(said), "no '{said}' in {told}");
    }
    let diff = ground.tenfold(&["diff", "1"]).out;
    assert!(diff.contains("sub/seen") && !diff.contains("sub/made"), "{diff}");
    ground
        .tenfold(&["log", "1"])
        .expect(0, &["starting `echo $A", "waiting for command 4", "ending command 4"]);
    ground.tenfold(&["log", "1", "--replay"]).expect(0, &["decides the same"]);
}

#[test]
fn one_that_ends_by_itself_says_how_and_people_hear_of_it() {
    let turns = vec![
        vec![begin("seq 3000; exit 3"), begin("echo \u{0}"), output(FIRST, 60)],
        vec![output(FIRST, 60), output(FIRST, 60), output(FIRST, 60), output(FIRST + 1, 60)],
        mends(),
    ];
    let (ground, server) = that_calls(turns);
    let said = ground.tenfold(&RUN);
    said.expect(0, &["verified", "command 3 in the background (`seq 3000; exit 3`) ended: exit"]);
    let told = told(&server);
    let numbers: Vec<u32> = told.lines().filter_map(|line| line.parse().ok()).collect();
    assert_eq!(numbers, (1..=3_000).collect::<Vec<_>>());
    for said in ["has ended: exit code 3", "bytes more are there", "it never began: "] {
        assert!(told.contains(said), "no '{said}' in {told}");
    }
}

/// A run with a command in the background, whose model thinks then.
fn with_one_running(mark: &str) -> (Ground, HttpModel, std::process::Child, Gate) {
    let (command, gate) = (format!("echo one; sleep {mark}"), Gate::new());
    let (thinks, mut asked) = (gate.clone(), 0);
    let (ground, server) = ground(move |request| {
        asked += 1;
        match asked {
            1 => Reply::calls([begin(&command)]),
            2 => Reply::calls([output(FIRST, 0)]).through(&thinks),
            _ if request.text().contains(GONE) => Reply::calls(mends()),
            _ => Reply::calls([output(FIRST, 0)]),
        }
    });
    let child = spawn(&ground, &RUN);
    server.wait_asked(2);
    wait_for("it to run", || alive(mark) == 1);
    (ground, server, child, gate)
}

const GONE: &str = "is gone, and how it ended is not known";

#[test]
fn r38_a_stop_ends_it_and_who_goes_on_is_told_that_it_is_gone() {
    let mark = mark(2);
    let (ground, server, child, _gate) = with_one_running(&mark);
    ground.tenfold(&["stop", "1"]).expect(0, &["stopped"]);
    said(child).expect(130, &[]);
    assert_eq!(alive(&mark), 0);
    ground.tenfold(&["continue", "1"]).expect(0, &["to review, verified"]);
    assert!(told(&server).contains(GONE), "{}", told(&server));
    ground.tenfold(&["log", "1", "--replay"]).expect(0, &["decides the same"]);
}

#[test]
fn r38_a_crash_ends_it_and_who_goes_on_or_forks_is_told_that_it_is_gone() {
    let mark = mark(3);
    let (ground, server, mut child, _gate) = with_one_running(&mark);
    child.kill().unwrap();
    child.wait().unwrap();
    wait_for("it to end", || alive(&mark) == 0);
    ground.tenfold(&["continue", "1"]).expect(0, &["to review, verified"]);
    assert!(told(&server).contains(GONE), "{}", told(&server));
    // From behind the call that began it.
    let step = FIRST.to_string();
    ground.tenfold(&["fork", "1", "Look again.", "--step", &step]).expect(0, &["verified"]);
    assert!(told(&server).contains("Look again.") && told(&server).contains(GONE));
    for attempt in ["1.1", "1.2"] {
        ground.tenfold(&["log", attempt, "--replay"]).expect(0, &["decides the same"]);
    }
}

#[test]
fn r38_a_pause_does_not_wait_for_it_and_leaves_nothing_running() {
    let mark = mark(4);
    let command = format!("sleep {mark}");
    let mut asked = 0;
    let (ground, server) = ground(move |_| {
        asked += 1;
        match asked {
            1 => Reply::calls([begin(&command), output(FIRST, 300)]),
            2 => Reply::calls([output(FIRST, 300)]),
            _ => Reply::calls(mends()),
        }
    });
    let child = spawn(&ground, &RUN);
    wait_for("it to run", || alive(&mark) == 1);
    said(pausing(&ground)).expect(0, &["paused"]);
    said(child).expect(1, &["paused"]);
    assert_eq!(alive(&mark), 0);
    ground.tenfold(&["resume", "1"]).expect(0, &["to review, verified"]);
    let told = told(&server);
    assert!(told.contains("wrote nothing more") && told.contains(GONE), "{told}");
}

#[test]
fn r38_it_ends_with_the_attempt() {
    let mark = mark(5);
    let (command, control) = (format!("sleep {mark}"), mark.clone());
    let mut asked = 0;
    let (ground, _server) = ground(move |_| {
        asked += 1;
        match asked {
            1 => Reply::calls([begin(&command)]),
            _ => {
                wait_for("it to run", || alive(&control) == 1);
                Reply::calls(mends())
            }
        }
    });
    ground.tenfold(&RUN).expect(0, &["to review, verified"]);
    assert_eq!(alive(&mark), 0);
}

#[test]
fn as_many_run_at_a_time_as_may_and_killing_one_makes_room() {
    let mark = mark(6);
    let five: Vec<_> = (0..5).map(|n| begin(&format!("echo {n}; sleep {mark}"))).collect();
    let more = vec![kill(FIRST), begin(&format!("echo more; sleep {mark}")), output(FIRST + 6, 60)];
    let (ground, server) = that_calls(vec![five, more, mends()]);
    ground.tenfold(&RUN).expect(0, &["to review, verified"]);
    let told = told(&server);
    let refused = format!(
        "Not started: as many commands as may run in the background do already: 3 (`echo 0; sleep {mark}`)"
    );
    assert_eq!(told.matches(&refused).count(), 1, "{told}");
    assert_eq!(told.matches("runs in the background. output").count(), 5, "{told}");
    assert_eq!(alive(&mark), 0);
}

/// A server on loopback that answers whenever it is told to. It ends with the tests.
fn answering_when_told() -> (u16, mpsc::Sender<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let (tell, told) = mpsc::channel();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let mut lines = BufReader::new(&stream).lines().map_while(Result::ok);
            let _ = lines.find(String::is_empty);
            if told.recv().is_ok() {
                let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
            }
        }
    });
    (port, tell)
}

#[test]
fn r43_a_secret_across_the_border_of_two_pieces_is_in_neither() {
    let control = "ghx_N0tASecretAtAll";
    let token = format!("ghp_{}", "N0tARealOne".repeat(4));
    let key = format!("{}\n", "NotARealKey0".repeat(5)).repeat(30);
    let dashes = |word: &str| format!("-----{word} RSA PRIVATE {}-----\n", "KEY");
    let text = "line\n".repeat(1_000) + &dashes("BEGIN") + &key + &dashes("END");
    let (head, tail) = token.split_at(20);
    // A key in three parts, of which the second has neither its beginning nor its end, and a
    // line with a token in two. Each is written when the one before it was read.
    let (port, tell) = answering_when_told();
    let wait = format!("curl -sS --noproxy '' http://127.0.0.1:{port}/");
    let command = format!(
        "sed -n 1,1010p text; {wait}; sed -n 1011,1015p text; {wait}; sed -n '1016,$p' text; \
         printf '{control} %s' {head}; {wait}; echo {tail} done"
    );
    let mut asked = 0;
    let (ground, server) = ground(move |_| {
        asked += 1;
        match asked {
            1 => Reply::calls([begin(&command), output(FIRST, 60)]),
            2..=4 => {
                tell.send(()).unwrap();
                // What is held back is not waited for until the end comes.
                let seconds = if asked < 4 { 2 } else { 60 };
                Reply::calls(vec![output(FIRST, seconds); asked - 1])
            }
            _ => Reply::calls(mends()),
        }
    });
    let policy = format!(
        "version = 1\n[[rule]]\nname = 'gate'\nhost = '127.0.0.1:{port}'\ndecide = 'allow'\n"
    );
    std::fs::create_dir_all(ground.path("config")).unwrap();
    std::fs::write(ground.path("config").join("policy.toml"), policy).unwrap();
    std::fs::write(ground.repo().join("text"), text).unwrap();
    ground.tenfold(&RUN).expect(0, &["to review, verified"]);
    let told = told(&server);
    for said in ["[redacted: private key]", "[redacted: GitHub token] done", control] {
        assert!(told.contains(said), "no '{said}' in {told}");
    }
    // What the model wrote itself holds the halves of the token.
    for text in told.split("Command 3 (`").skip(1) {
        let text = text.split_once("`)").unwrap().1;
        assert!(!text.contains("N0tAReal") && !text.contains("NotAReal"), "{text}");
    }
    let log = ground.tenfold(&["log", "1", "--json"]).out;
    assert!(log.contains(control) && !log.contains("NotAReal"), "{log}");
}

#[test]
fn the_policy_holds_a_command_in_the_background_as_any_other() {
    let policy = "version = 1\n[[rule]]\nname = \"no touching\"\ncommand = \"touch *\"\n\
                  decide = \"ask\"\n[[rule]]\nname = \"no moving\"\ncommand = \"mv *\"\n\
                  decide = \"deny\"\n";
    let turns = vec![
        vec![begin("mv a b"), begin("touch x; echo touched")],
        vec![output(FIRST + 1, 60)],
        mends(),
    ];
    let (ground, server) = that_calls(turns);
    std::fs::create_dir_all(ground.path("config")).unwrap();
    std::fs::write(ground.path("config").join("policy.toml"), policy).unwrap();
    ground.tenfold(&RUN).expect(1, &["asks you", "\"background\":true"]);
    ground.tenfold(&["approve", "1"]).expect(0, &["to review, verified"]);
    let told = told(&server);
    assert!(told.contains("rule 'no moving'") && told.contains("wrote:\ntouched"), "{told}");
    assert!(git(&ground.repo(), &["status", "--porcelain"]).is_empty());
}
