//! A table: what each verb of supervision comes to in each state that a task can be in. No state may
//! leave a verb out.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use serde_json::json;
use tenfold_test_support::http::{Failure, Gate, HttpModel, Reply, Used};

use crate::ground::{CHECK, Ground};
use crate::hosted::{PRICES, that_mends};
use crate::supervision::{RUN, ground, pausing, said, thinking};

/// What a verb comes to: its exit, and a word that is said.
type Row = (&'static [&'static str], i32, &'static str);

const VERBS: [&str; 16] = [
    "accept", "answer", "approve", "comment", "continue", "deny", "export", "fork", "pause",
    "reject", "resume", "retry", "steer", "stop", "undo", "watch",
];

const NOT_AT_WORK: [Row; 3] = [
    (&["pause", "1"], 6, "not at work"),
    (&["stop", "1"], 6, "not at work"),
    (&["watch", "1"], 0, "nothing is at work"),
];
const ASKS_NOTHING: [Row; 3] = [
    (&["answer", "1", "upper"], 6, "asks nothing"),
    (&["approve", "1"], 6, "asks nothing"),
    (&["deny", "1"], 6, "asks nothing"),
];
const NO_PROPOSAL: [Row; 4] = [
    (&["comment", "1", "stats.py:15", "x"], 6, "no proposal"),
    (&["accept", "1"], 6, "no proposal"),
    (&["reject", "1"], 6, "no proposal"),
    (&["undo", "1"], 6, "no proposal"),
];
const EXPORT: Row = (&["export", "1", "--format", "markdown"], 0, "median is wrong");
const FORK: Row = (&["fork", "1", "go on", "--step", "1"], 0, "to review, verified");
const STEER: Row = (&["steer", "1", "mind the gap"], 0, "kept");
const RETRY: Row = (&["retry", "1"], 0, "to review, verified");
const CONTINUE: Row = (&["continue", "1"], 0, "to review, verified");
const GOES_ON: [Row; 6] =
    [EXPORT, FORK, STEER, (&["resume", "1"], 0, "to review, verified"), CONTINUE, RETRY];
const BEGINS_ANEW: [Row; 6] =
    [EXPORT, FORK, STEER, (&["resume", "1"], 6, "tenfold retry 1"), CONTINUE, RETRY];

/// Tries each verb on the task as it stands, one by one.
fn try_all(ground: &Ground, rows: &[&[Row]]) {
    expect_every_verb(rows);
    let kept = ground.path("kept");
    std::fs::create_dir(&kept).unwrap();
    let folders = ["data", "repo"];
    for folder in folders {
        copy(&ground.path(folder), &kept.join(folder));
    }
    for row in rows.iter().copied().flatten() {
        expect(ground, row);
        ground.expect_all_ended();
        for folder in folders {
            std::fs::remove_dir_all(ground.path(folder)).unwrap();
            copy(&kept.join(folder), &ground.path(folder));
        }
    }
    std::fs::remove_dir_all(kept).unwrap();
}

fn expect(ground: &Ground, (words, code, word): &Row) {
    let said = ground.tenfold(words);
    let hears = said.out.contains(word) || said.err.contains(word);
    let (out, err) = (&said.out, &said.err);
    assert!(said.code == Some(*code) && hears, "{words:?}: {:?} {out}{err}", said.code);
}

fn expect_every_verb(rows: &[&[Row]]) {
    let tried: BTreeSet<&str> =
        rows.iter().copied().flatten().map(|(words, ..)| words[0]).collect();
    assert_eq!(tried.into_iter().collect::<Vec<_>>(), VERBS);
}

fn copy(from: &Path, to: &Path) {
    assert!(Command::new("cp").arg("-a").args([from, to]).status().unwrap().success());
}

/// A model whose first answers are others than those which mend.
fn first<const N: usize>(replies: [Reply; N]) -> (Ground, HttpModel) {
    let mut replies = replies.into_iter();
    ground(move |request| replies.next().unwrap_or_else(|| that_mends(request)))
}

#[test]
fn every_verb_on_a_task_that_is_queued() {
    let (ground, _server) = ground(that_mends);
    let words = ["add", "median is wrong", "--model", "far", "--check", CHECK];
    ground.tenfold(&words).expect(0, &[]);
    let own: &[Row] = &[
        EXPORT,
        (&["fork", "1", "go on", "--step", "1"], 4, "no attempt"),
        STEER,
        (&["resume", "1"], 6, "it is queued"),
        CONTINUE,
        RETRY,
    ];
    try_all(&ground, &[&NOT_AT_WORK, &ASKS_NOTHING, &NO_PROPOSAL, own]);
}

#[test]
fn every_verb_on_a_task_at_work() {
    let gate = Gate::new();
    let (ground, _server, child) = thinking(&gate);
    let refused: &[Row] = &[
        (&["continue", "1"], 5, "is at work"),
        (&["resume", "1"], 5, "is at work"),
        (&["retry", "1"], 5, "is at work"),
        (&["accept", "1"], 5, "is at work"),
        (&["reject", "1"], 5, "is at work"),
        (&["undo", "1"], 5, "is at work"),
        (&["fork", "1"], 5, "tenfold stop 1"),
        (&["comment", "1", "stats.py:15", "x"], 5, "is at work"),
        EXPORT,
    ];
    // What these come to while it works has tests of its own, in `supervision`.
    let own: &[Row] = &[
        (&["watch", "1"], 0, ""),
        (&["steer", "1", "x"], 0, ""),
        (&["pause", "1"], 0, ""),
        (&["stop", "1"], 0, ""),
    ];
    expect_every_verb(&[refused, &ASKS_NOTHING, own]);
    refused.iter().chain(&ASKS_NOTHING).for_each(|row| expect(&ground, row));
    gate.open();
    said(child).expect(0, &["to review, verified"]);
}

#[test]
fn every_verb_on_a_task_that_asks() {
    let ask = Reply::calls([("ask", json!({ "question": "Upper or lower?" }))]);
    let (ground, _server) = first([ask]);
    ground.tenfold(&RUN).expect(1, &["asks you"]);
    let own: &[Row] = &[
        EXPORT,
        FORK,
        STEER,
        (&["answer", "1", "upper"], 0, "to review, verified"),
        (&["approve", "1"], 0, "to review, verified"),
        (&["deny", "1", "not now"], 0, "to review, verified"),
        (&["resume", "1"], 1, "Upper or lower?"),
        (&["continue", "1"], 1, "Upper or lower?"),
        RETRY,
    ];
    try_all(&ground, &[&NOT_AT_WORK, &NO_PROPOSAL, own]);
}

#[test]
fn every_verb_on_a_task_that_waits_for_approval() {
    let run = Reply::calls([("run", json!({ "command": "touch x" }))]);
    let (ground, _server) = first([run]);
    let policy = "version = 1\n[[rule]]\nname = 'no touching'\ncommand = 'touch *'\n\
                  decide = 'ask'\n";
    std::fs::create_dir_all(ground.path("config")).unwrap();
    std::fs::write(ground.path("config").join("policy.toml"), policy).unwrap();
    ground.tenfold(&RUN).expect(1, &["asks you", "touch x"]);
    let own: &[Row] = &[
        EXPORT,
        FORK,
        STEER,
        (&["answer", "1", "no"], 0, "to review, verified"),
        (&["approve", "1"], 0, "to review, verified"),
        (&["deny", "1", "not now"], 0, "to review, verified"),
        (&["resume", "1"], 1, "touch x"),
        (&["continue", "1"], 1, "touch x"),
        // The new attempt does not want it.
        RETRY,
    ];
    try_all(&ground, &[&NOT_AT_WORK, &NO_PROPOSAL, own]);
}

#[test]
fn every_verb_on_a_task_that_is_paused() {
    let gate = Gate::new();
    let (ground, _server, child) = thinking(&gate);
    let pause = pausing(&ground);
    gate.open();
    said(pause).expect(0, &["paused"]);
    said(child).expect(1, &["paused"]);
    try_all(&ground, &[&NOT_AT_WORK, &ASKS_NOTHING, &NO_PROPOSAL, &GOES_ON]);
}

#[test]
fn every_verb_on_a_task_that_was_stopped() {
    let gate = Gate::new();
    let (ground, _server, child) = thinking(&gate);
    ground.tenfold(&["stop", "1"]).expect(0, &["stopped"]);
    said(child).expect(130, &[]);
    try_all(&ground, &[&NOT_AT_WORK, &ASKS_NOTHING, &NO_PROPOSAL, &GOES_ON]);
}

#[test]
fn every_verb_on_a_task_that_was_interrupted() {
    let gate = Gate::new();
    let (ground, _server, mut child) = thinking(&gate);
    child.kill().unwrap();
    child.wait().unwrap();
    ground.expect_all_ended();
    try_all(&ground, &[&NOT_AT_WORK, &ASKS_NOTHING, &NO_PROPOSAL, &GOES_ON]);
}

#[test]
fn every_verb_on_a_task_that_came_to_a_limit() {
    let costs = Used { output: 8_000, ..Used::default() };
    let mut replies = [Reply::calls([("list", json!({ "path": "." }))]).using(costs)].into_iter();
    let server =
        HttpModel::reacting(move |request| replies.next().unwrap_or_else(|| that_mends(request)));
    let (ground, address) = (Ground::new(), format!("{}/v1", server.url()));
    let words = ["models", "connect", "far", "--protocol", "openai", "--address", &address];
    ground.tenfold(&[&words[..], &["--no-key"], &PRICES].concat()).expect(0, &["connected"]);
    // One answer may cost twelve cents.
    ground.tenfold(&[&RUN[..], &["--budget", "0.2"]].concat()).expect(1, &["out of money"]);
    let own: &[Row] = &[
        EXPORT,
        (&["fork", "1", "go on", "--step", "1"], 1, "out of money"),
        STEER,
        (&["resume", "1"], 1, "out of money"),
        (&["continue", "1"], 1, "out of money"),
        (&["continue", "1", "--budget", "5"], 0, "to review, verified"),
        (&["retry", "1"], 1, "out of money"),
    ];
    try_all(&ground, &[&NOT_AT_WORK, &ASKS_NOTHING, &NO_PROPOSAL, own]);
}

#[test]
fn every_verb_on_a_task_that_is_parked_for_its_provider() {
    let (ground, _server) = first([Reply::fails(Failure::QuotaSpent { retry_after_s: None })]);
    ground.tenfold(&RUN).expect(1, &["out of quota"]);
    try_all(&ground, &[&NOT_AT_WORK, &ASKS_NOTHING, &NO_PROPOSAL, &GOES_ON]);
}

#[test]
fn every_verb_on_a_task_that_is_parked_for_money() {
    let ground = Ground::new();
    let little = ["account", "add", "ada", "--limit", "0.000001", "--per", "month"];
    ground.tenfold(&little).expect(0, &["ada"]);
    let words = ["run", "median is wrong", "--check", CHECK, "--account", "ada"];
    ground.tenfold(&words).expect(1, &["Out of money"]);
    let own: &[Row] = &[
        EXPORT,
        (&["fork", "1", "go on", "--step", "1"], 1, "out of money"),
        (&["steer", "1", "mind the gap"], 0, "kept"),
        (&["resume", "1"], 1, "Out of money"),
        (&["continue", "1"], 1, "Out of money"),
        (&["retry", "1"], 1, "Out of money"),
    ];
    try_all(&ground, &[&NOT_AT_WORK, &ASKS_NOTHING, &NO_PROPOSAL, own]);
}

#[test]
fn every_verb_on_a_task_that_is_stuck() {
    let (ground, _server) = first([1, 2, 3].map(|_| Reply::says("Hm.")));
    ground.tenfold(&[&RUN[..], &["--attempts", "1"]].concat()).expect(1, &["stuck"]);
    try_all(&ground, &[&NOT_AT_WORK, &ASKS_NOTHING, &NO_PROPOSAL, &BEGINS_ANEW]);
}

#[test]
fn every_verb_on_a_task_whose_model_failed() {
    let (ground, _server) = first([Reply::fails(Failure::WrongKey)]);
    ground.tenfold(&[&RUN[..], &["--attempts", "1"]].concat()).expect(9, &["model failed"]);
    try_all(&ground, &[&NOT_AT_WORK, &ASKS_NOTHING, &NO_PROPOSAL, &GOES_ON]);
}

#[test]
fn every_verb_on_a_task_that_was_given_up() {
    let gives_up = Reply::calls([("finish", json!({ "summary": "no", "solved": false }))]);
    let (ground, _server) = first([gives_up]);
    ground.tenfold(&[&RUN[..], &["--attempts", "1"]].concat()).expect(1, &["gave up"]);
    try_all(&ground, &[&NOT_AT_WORK, &ASKS_NOTHING, &NO_PROPOSAL, &BEGINS_ANEW]);
}

#[test]
fn every_verb_on_a_task_that_waits_for_review_or_was_reviewed() {
    let (ground, _server) = ground(that_mends);
    ground.tenfold(&RUN).expect(0, &["to review"]);
    let to_review: &[Row] = &[
        (&["comment", "1", "stats.py:15", "x"], 0, "to review, verified"),
        (&["accept", "1"], 0, "accepted as branch"),
        (&["reject", "1"], 0, "rejected"),
        (&["undo", "1"], 6, "nothing was done with it"),
    ];
    try_all(&ground, &[&NOT_AT_WORK, &ASKS_NOTHING, &BEGINS_ANEW, to_review]);
    let rejected: &[Row] = &[
        EXPORT,
        FORK,
        STEER,
        (&["resume", "1"], 6, "it is rejected"),
        (&["continue", "1"], 6, "it is rejected"),
        RETRY,
        (&["comment", "1", "stats.py:15", "x"], 6, "rejected"),
        (&["accept", "1"], 6, "rejected"),
        (&["reject", "1"], 6, "rejected"),
        (&["undo", "1"], 0, "waits for review again"),
    ];
    ground.tenfold(&["reject", "1"]).expect(0, &["rejected"]);
    try_all(&ground, &[&NOT_AT_WORK, &ASKS_NOTHING, rejected]);
    ground.tenfold(&["undo", "1"]).expect(0, &[]);
    let accepted: &[Row] = &[
        EXPORT,
        (&["fork", "1", "go on", "--step", "1"], 6, "it is accepted"),
        (&["comment", "1", "stats.py:15", "x"], 6, "accepted"),
        (&["steer", "1", "mind the gap"], 6, "it is accepted"),
        (&["resume", "1"], 6, "it is accepted"),
        (&["continue", "1"], 6, "it is accepted"),
        (&["retry", "1"], 6, "it is accepted"),
        (&["accept", "1"], 6, "accepted"),
        (&["reject", "1"], 6, "accepted"),
        (&["undo", "1"], 0, "waits for review again"),
    ];
    ground.tenfold(&["accept", "1"]).expect(0, &["accepted"]);
    try_all(&ground, &[&NOT_AT_WORK, &ASKS_NOTHING, accepted]);
}
