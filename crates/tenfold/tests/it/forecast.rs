//! Forecasts, the cascade and the track record, wired: what is learned from attempts, said before
//! the next, and held against what came.

use serde_json::json;
use tenfold_test_support::http::{Failure, HttpModel, Reply};

use crate::ground::{CHECK, Ground};
use crate::hosted::that_mends;
use crate::tool_loop::{rule, script};

/// Six attempts that mend it, and some that give up.
fn past(ground: &Ground) {
    for _ in 0..3 {
        ground.script(&[]);
        ground.tenfold(&["run", "median is wrong", "--check", CHECK]).expect(0, &["to review"]);
        let gives_up = json!({ "summary": "I can't", "solved": false });
        script(ground, vec![rule("", "finish", gives_up)], &[]);
        let loops = ["run", "x", "--strategy", "loop", "--check", CHECK, "--attempts", "1"];
        ground.tenfold(&loops).expect(1, &["can't be done"]);
    }
}

#[test]
fn what_is_likely_is_said_before_and_scored_after() {
    let ground = Ground::new();
    let unknown = ["add", "median is wrong", "--check", CHECK];
    ground.tenfold(&unknown).expect(0, &["task 1"]);
    ground.tenfold(&["forecast", "show", "1"]).expect(0, &["nothing can be said yet"]);
    ground.tenfold(&["plan", "--budget", "5"]).expect(0, &["nothing can be said yet"]);
    past(&ground);
    let shown = ground.tenfold(&["forecast", "show", "1", "--json"]).json();
    let odds = shown["odds"].as_array().unwrap();
    assert_eq!(shown["of_this_agent"], 3);
    let likely: Vec<f64> = odds.iter().map(|one| one["likely"].as_f64().unwrap()).collect();
    assert!(likely.windows(2).all(|two| two[0] <= two[1]), "{likely:?}");
    ground.script(&[]);
    ground.tenfold(&["run", "median is wrong", "--check", CHECK]).expect(0, &["to review"]);
    ground.tenfold(&["log", "8"]).expect(0, &["foreseen: solved by", "chosen: "]);
    let scores = ground.tenfold(&["forecast", "score", "--json"]).json();
    assert_eq!(scores[0]["known"], 2, "the sixth and the last had five before them: {scores}");
    let plan = ground.tenfold(&["plan", "--budget", "5", "--json"]).json();
    assert_eq!(plan["funded"][0]["task"], 1, "{plan}");
    assert!(plan["spent_nano_usd"].as_u64().unwrap() <= 5_000_000_000);
}

#[test]
fn a_record_knows_what_a_person_said_of_the_work() {
    let ground = Ground::new();
    past(&ground);
    ground.tenfold(&["accept", "1"]).expect(0, &["accepted"]);
    ground.tenfold(&["undo", "1"]).expect(0, &[]);
    ground.tenfold(&["accept", "3"]).expect(0, &["accepted"]);
    ground.tenfold(&["reject", "5"]).expect(0, &[]);
    let record = ground.tenfold(&["record", "--by", "strategy", "--json"]).json();
    let by = |name: &str| {
        let rows = record.as_array().unwrap();
        rows.iter().find(|row| row["strategy"] == name).unwrap().clone()
    };
    let of = ground.tenfold(&["record", "--by", "language", "--json"]).json();
    assert_eq!((&of[0]["language"], &of[0]["attempts"]), (&json!("Python"), &json!(6)), "{of}");
    let (repair, tool_loop) = (by("repair"), by("loop"));
    assert_eq!((&repair["reviews"], &repair["taken_back"]), (&json!(3), &json!(1)), "{repair}");
    assert_eq!((&repair["solved"], &repair["failed"]), (&json!(1.0), &json!(2.0)), "{repair}");
    assert_eq!((&tool_loop["failed"], &tool_loop["reviews"]), (&json!(3.0), &json!(0)));
    let wrong_passed = |row: &serde_json::Value| row["wrong_passed"]["likely"].as_f64().unwrap();
    assert!(wrong_passed(&tool_loop) < wrong_passed(&repair), "what failed its check is counted");
    ground.tenfold(&["record"]).expect(0, &["RIGHT, OF REVIEWED", "TAKEN BACK"]);
}

#[test]
fn the_cascade_goes_on_as_long_as_it_is_worth_it_and_says_why() {
    let ground = Ground::new();
    let gives_up = json!({ "summary": "I can't", "solved": false });
    script(&ground, vec![rule("", "finish", gives_up)], &[]);
    let auto = ["run", "x", "--strategy", "loop", "--check", CHECK, "--attempts", "auto"];
    ground.tenfold(&auto).expect(1, &["no further attempt: all that can be had was tried"]);
    let log = ground.tenfold(&["log", "1"]);
    log.expect(0, &["chosen: ", "with loop solves", "as far as can be guessed"]);
    assert_eq!(log.out.matches("chosen: ").count(), 3, "one agent is tried three times at most");
    let dial = ["show", "1", "--dial"];
    ground.tenfold(&dial).expect(0, &["no further attempt", "the cascade would stop: all that"]);
    // What is not worth its cost is done once all the same, for a person asked for it.
    ground.tenfold(&["add", "x", "--check", CHECK, "--strategy", "loop", "--value", "0.0000001"]);
    ground.tenfold(&["continue", "2"]).expect(1, &["nothing is worth what it costs"]);
    let log = ground.tenfold(&["log", "2"]);
    log.expect(0, &["it is made because you asked for it", "no further attempt"]);
    assert_eq!(log.out.matches("chosen: ").count(), 1, "{}", log.out);
}

#[test]
fn the_cascade_asks_another_model_where_one_does_not_answer() {
    let ground = Ground::new();
    let refused = HttpModel::reacting(|_| Reply::fails(Failure::WrongKey));
    let answers = HttpModel::reacting(that_mends);
    for (name, server, price) in [("cheap", &refused, "0.01"), ("dear", &answers, "10")] {
        let address = format!("{}/v1", server.url());
        let words = ["models", "connect", name, "--protocol", "openai", "--address", &address];
        let costs = ["--no-key", "--model", "m", "--price-prompt", price, "--price-output", price];
        ground.tenfold(&[&words[..], &costs].concat()).expect(0, &["connected"]);
    }
    let names = ["--model", "cheap", "--model", "dear", "--attempts", "auto"];
    let run = [&["run", "median is wrong", "--check", CHECK][..], &names].concat();
    ground.tenfold(&run).expect(0, &["to review, verified"]);
    assert_eq!(refused.requests().len(), 1, "it is not asked again in this round");
    let log = ground.tenfold(&["log", "1"]);
    log.expect(0, &["chosen: cheap with loop solves", "chosen: dear with loop solves"]);
    // Where none answers, that is said, and nothing is asked twice.
    let only = ["run", "x", "--check", CHECK, "--model", "cheap", "--attempts", "auto"];
    ground.tenfold(&only).expect(9, &["no model that may be chosen answers"]);
    assert_eq!(refused.requests().len(), 2);
    let log = ground.tenfold(&["log", "2"]);
    log.expect(0, &["chosen: cheap with loop solves"]);
}

#[test]
fn work_is_accepted_unseen_once_it_has_earned_it_and_only_by_the_persons_rule() {
    let ground = Ground::new();
    let config = ground.path("config");
    std::fs::create_dir_all(&config).unwrap();
    let rule = "version = 1\naccept-unseen-over = 0.5\n";
    std::fs::write(config.join("policy.toml"), rule).unwrap();
    ground.script(&[]);
    let run = ["run", "median is wrong", "--check", CHECK];
    for task in ["1", "2", "3"] {
        ground.tenfold(&run).expect(0, &["to review"]);
        ground.tenfold(&["accept", task, "--unchecked"]).expect(0, &["accepted"]);
    }
    ground.tenfold(&run).expect(0, &["accepted unseen as refs/heads/"]);
    ground.tenfold(&["log", "4"]).expect(0, &["accepted unseen, by your policy"]);
    let record = ground.tenfold(&["record", "--json"]).json();
    assert_eq!(record[0]["reviews"], 3, "what nobody saw is no review: {record}");
    ground.tenfold(&["undo", "4"]).expect(0, &[]);
    ground.tenfold(&run).expect(0, &["to review"]);
    std::fs::write(config.join("policy.toml"), "version = 1\naccept-unseen-over = 2.0\n").unwrap();
    ground.tenfold(&["policy", "show"]).expect(2, &["accept-unseen-over is a share"]);
}

#[test]
fn an_audit_says_what_it_can_not_say() {
    let ground = Ground::new();
    ground.tenfold(&["audit"]).expect(0, &["NOT ENOUGH DATA", "chosen, not random"]);
    let file = ground.path("runs.csv");
    std::fs::write(&file, "date,model,resolved\n").unwrap();
    let file = file.to_str().unwrap();
    ground.tenfold(&["audit", file]).expect(2, &["line 1: there is no column 'instance'"]);
    let level = ["prices", "level", "--bar", "0.5"];
    ground.tenfold(&level).expect(6, &["nothing can be said of this level"]);
}
