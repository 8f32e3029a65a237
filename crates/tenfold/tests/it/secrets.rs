//! The escape suite, as far as secrets are kept out of what is written (docs/threats.md): a
//! whole task, with secrets wherever a text comes from. A test is named for its row, and shows
//! its control: a text that looks like no secret, on the same way.

use serde_json::json;
use tenfold_test_support::http::{HttpModel, Reply, Request};

use crate::ground::{BUGGY, CHECK, Ground, RIGHT, Said, git};
use crate::hosted::{KEY, PRICES, connect, that_mends};

/// A token of nothing, put together here so that no scanner takes this file for one.
fn token() -> String {
    format!("ghp_{}", "N0tARealOne".repeat(4))
}

/// What looks like no secret.
const CONTROL: &str = "ghx_N0tASecretAtAll";

/// A repository that holds a token, and a model that says all that it can about it.
fn ground() -> (Ground, HttpModel) {
    let ground = Ground::new();
    let conf = format!("token = \"{}\"\ncontrol = \"{CONTROL}\"\n", token());
    std::fs::write(ground.repo().join("conf.py"), conf).unwrap();
    let server = HttpModel::reacting(|request: &Request| match request.text() {
        text if text.contains("ordered[middle") => that_mends(request),
        _ => Reply::says(format!("I see {} and {KEY} and {CONTROL}.", token())).and_calls([
            ("read", json!({ "path": "conf.py" })),
            ("run", json!({ "command": "cat conf.py; export T=\"$(cat conf.py)\" C=ghx_kept" })),
            ("run", json!({ "command": "cat stats.py; echo T is ${T-not kept}, C is $C" })),
            ("search", json!({ "pattern": format!("{}|{KEY}|{CONTROL}", token()) })),
        ]),
    });
    connect(&ground, &server, "anthropic", &PRICES).expect(0, &["connected"]);
    (ground, server)
}

fn tenfold(ground: &Ground, words: &[&str]) -> Said {
    Said::of(ground.command(words).env("FAR_KEY", KEY).output().unwrap())
}

#[test]
fn r43_secrets_reach_neither_the_journal_nor_the_model_nor_a_commit_message() {
    let (ground, server) = ground();
    let task = format!("median is wrong, says {} of {KEY} and {CONTROL}", token());
    let check = format!("cat conf.py; echo {CONTROL} $?; {CHECK}");
    tenfold(&ground, &["run", &task, "--model", "far", "--check", &check])
        .expect(0, &["to review, verified"]);
    let log = ground.tenfold(&["log", "1", "--json"]).out;
    let shown = [
        ground.tenfold(&["show", "1"]).out,
        ground.tenfold(&["log", "1"]).out,
        ground.tenfold(&["export", "1", "--format", "jsonl"]).out,
        server.requests().iter().map(Request::text).collect(),
    ];
    for text in shown.iter().chain([&log]) {
        assert!(text.contains(CONTROL), "the control: {text}");
        assert!(!text.contains("N0tAReal") && !text.contains(KEY), "{text}");
    }
    assert!(shown[3].contains("T is not kept, C is ghx_kept"), "{}", shown[3]);
    for kind in ["GitHub token", "provider key"] {
        assert!(log.contains(&format!("[redacted: {kind}]")), "{log}");
    }
    ground.tenfold(&["log", "1", "--replay"]).expect(0, &["decides the same"]);

    // What is not added is no reason to refuse.
    ground.tenfold(&["accept", "1", "--branch", "fix"]).expect(0, &["accepted"]);
    let message = git(&ground.repo(), &["log", "-1", "--format=%B", "fix"]);
    assert!(message.contains(CONTROL), "the control: {message}");
    assert!(message.contains("says [redacted: GitHub token] of"), "{message}");
    assert!(!message.contains("N0tAReal") && !message.contains(KEY), "{message}");
}

#[test]
fn r43_what_repair_reads_of_files_is_recorded_without_their_secrets() {
    let ground = Ground::new();
    let stats = ground.repo().join("stats.py");
    let line = format!("    keys = \"{}\", \"{CONTROL}\"\n", token());
    let text = BUGGY.replace("    ordered =", &format!("{line}    ordered ="));
    std::fs::write(&stats, text).unwrap();
    ground.solved();
    let log = ground.tenfold(&["log", "1", "--json"]).out;
    let asked = std::fs::read_to_string(ground.path("asked.jsonl")).unwrap();
    for text in [log, asked, ground.tenfold(&["export", "1", "--format", "jsonl"]).out] {
        assert!(text.contains(CONTROL), "the control: {text}");
        assert!(!text.contains("N0tAReal"), "{text}");
    }
    ground.tenfold(&["log", "1", "--replay"]).expect(0, &["decides the same"]);
    ground.tenfold(&["accept", "1", "--in-place"]).expect(0, &["accepted"]);
    let accepted = std::fs::read_to_string(&stats).unwrap();
    assert!(accepted.contains(&token()) && accepted.contains(RIGHT), "files stay exact");
}

#[test]
fn r43_a_proposal_that_adds_a_secret_is_accepted_by_who_means_it_only() {
    let ground = Ground::new();
    let [head, body] = ["ghp_", "N0tARealOne"];
    let adds = format!(
        "sed -i 's/ordered.middle. + ordered.middle + 1./ordered[middle - 1] + ordered[middle]/' \
         stats.py; printf 'a = 1\\nt = \"%s%s%s%s%s\"\\n' {head} {body} {body} {body} {body} > conf.py"
    );
    let mut asked = 0;
    let server = HttpModel::reacting(move |_| {
        asked += 1;
        match asked {
            1 => Reply::calls([("run", json!({ "command": adds }))]),
            _ => Reply::calls([("finish", json!({ "summary": "done" }))]),
        }
    });
    connect(&ground, &server, "anthropic", &PRICES).expect(0, &["connected"]);
    let said = tenfold(&ground, &["run", "mend it", "--model", "far", "--check", CHECK]);
    let loud = "adds what looks like a GitHub token in conf.py:2";
    said.expect(0, &["to review, verified", loud]);
    let diff = ground.tenfold(&["diff", "1"]);
    diff.expect(0, &[loud]);
    assert!(diff.out.contains(&token()), "the control: {}", diff.out);
    ground.tenfold(&["show", "1"]).expect(0, &[loud]);
    let json = ground.tenfold(&["show", "1", "--json"]).json();
    let found = json!([{ "file": "conf.py", "line": 2, "kind": "GitHub token" }]);
    assert_eq!(json["secrets"], found);
    assert_eq!(ground.tenfold(&["diff", "1", "--json"]).json()["secrets"], found);

    for words in [&["accept", "1"][..], &["accept", "1", "--in-place"]] {
        let before = ground.persons();
        ground.tenfold(words).expect(6, &[loud, "--with-secrets"]);
        assert_eq!(ground.persons(), before);
        assert!(!ground.repo().join("conf.py").exists());
    }
    ground.tenfold(&["accept", "1", "--in-place", "--with-secrets"]).expect(0, &["accepted"]);
    let accepted = std::fs::read_to_string(ground.repo().join("conf.py")).unwrap();
    assert!(accepted.contains(&token()), "what is accepted is exact");
}

#[test]
fn r43_what_people_say_is_recorded_without_its_secrets() {
    let ground = Ground::new();
    let mut asked = 0;
    let server = HttpModel::reacting(move |request| {
        asked += 1;
        match asked {
            1 => {
                let question = format!("Is it {} or {CONTROL}?", token());
                Reply::calls([("ask", json!({ "question": question }))])
            }
            _ => that_mends(request),
        }
    });
    connect(&ground, &server, "anthropic", &PRICES).expect(0, &["connected"]);
    tenfold(&ground, &["run", "mend it", "--model", "far", "--check", CHECK])
        .expect(1, &["asks you", "Is it [redacted: GitHub token] or"]);
    let word = format!("mind {} and {CONTROL}, I repeat", token());
    ground.tenfold(&["steer", "1", &word]).expect(0, &[]);
    let answer = format!("It is {KEY}, {} or {CONTROL}, I say.", token());
    tenfold(&ground, &["answer", "1", &answer]).expect(0, &["to review, verified"]);
    let reason = format!("because of {} and {CONTROL}, I mean", token());
    ground.tenfold(&["reject", "1", "--reason", &reason]).expect(0, &[]);
    let log = ground.tenfold(&["log", "1", "--json"]).out;
    for said in ["or ghx_N0tASecretAtAll?", "All, I say", "All, I mean", "All, I repeat"] {
        assert!(log.contains(said), "the control: {log}");
    }
    assert!(!log.contains("N0tAReal") && !log.contains(KEY), "{log}");
    let told: String = server.requests().iter().map(Request::text).collect();
    assert!(
        told.contains("I say") && told.contains("I repeat") && !told.contains("N0tAReal"),
        "{told}"
    );
}

#[test]
fn a_command_with_a_secret_is_refused_and_nothing_is_asked_for() {
    let ground = Ground::new();
    let check = format!("T={} {CHECK}", token());
    ground.tenfold(&["run", "--check", &check]).expect(6, &["the check command", "GitHub token"]);
    let set_up = format!("get --token {}", token());
    let words = ["run", "--check", CHECK, "--setup", &set_up];
    ground.tenfold(&words).expect(6, &["the setup command", "a file that the command reads"]);
    let list = ground.tenfold(&["list", "--json"]);
    assert!(!list.out.contains("N0tAReal"), "{}", list.out);
}
