//! The records of all tasks, wired: seen to be sound, copied, put back, and what is said when
//! something of them is lost.

use std::fs;

use crate::ground::Ground;

#[test]
fn records_are_checked_copied_and_put_back() {
    let ground = Ground::new();
    ground.tenfold(&["store", "check"]).expect(4, &["nothing has been asked for yet"]);
    ground.tenfold(&["store", "rebuild"]).expect(4, &["nothing has been asked for yet"]);
    ground.solved();
    ground.tenfold(&["store", "check"]).expect(0, &["sound", "1 tasks, 1 attempts"]);
    let backup = ground.path("backup");
    let backup = backup.to_str().unwrap();
    ground.tenfold(&["store", "backup", backup]).expect(0, &["each read again", "of workspaces"]);
    ground.tenfold(&["store", "backup", backup]).expect(10, &["making the folder"]);
    ground.tenfold(&["reject", "1"]).expect(0, &[]);
    ground.tenfold(&["store", "rebuild"]).expect(0, &["sound"]);
    ground.tenfold(&["list"]).expect(0, &["rejected"]);

    let json = ground.tenfold(&["store", "restore", backup, "--json"]).json();
    assert_eq!(json["sound"]["tasks"], 1);
    assert_eq!(json["kept"].as_array().unwrap().len(), 2, "{json}");
    ground.tenfold(&["list"]).expect(0, &["to review"]);
    ground.tenfold(&["diff", "1"]).expect(0, &["middle - 1"]);
    ground.tenfold(&["accept", "1"]).expect(0, &["accepted as branch"]);
    ground.tenfold(&["log", "1", "--replay"]).expect(0, &["decides the same"]);
    ground.tenfold(&["store", "restore", "/nowhere"]).expect(10, &["failed"]);
    ground.tenfold(&["list"]).expect(0, &["accepted"]);

    // One that was cut short, as it has left things, is brought to its end by who reads next.
    let data = ground.path("data");
    fs::rename(data.join("tenfold.db"), data.join("tenfold.db-restoring")).unwrap();
    let left = r#"{"moves":[["tenfold.db-restoring","tenfold.db"]]}"#;
    fs::write(data.join("restoring.json"), left).unwrap();
    ground.tenfold(&["list"]).expect(0, &["accepted"]);
    assert!(!data.join("restoring.json").exists());
    ground.tenfold(&["store", "check"]).expect(0, &["sound"]);
}

#[test]
fn records_that_lost_their_end_are_not_written_to_until_somebody_says_so() {
    let ground = Ground::new();
    ground.solved();
    let store = ground.path("data").join("tenfold.db");
    let before = fs::read(&store).unwrap();
    ground.tenfold(&["reject", "1"]).expect(0, &[]);
    fs::write(&store, before).unwrap();
    let said = ["it has lost its end", "tenfold store restore", "tenfold store accept-loss"];
    ground.tenfold(&["store", "check"]).expect(10, &said);
    ground.tenfold(&["reject", "1"]).expect(10, &said);
    ground.tenfold(&["store", "accept-loss"]).expect(0, &["sound"]);
    ground.tenfold(&["reject", "1"]).expect(0, &[]);
}

#[test]
fn old_steps_leave_the_journal_and_what_is_said_of_them_stays() {
    let ground = Ground::new();
    let compact = |more: &[&str]| ground.tenfold(&[&["store", "compact"], more].concat());
    compact(&["--dry-run"]).expect(4, &["nothing has been asked for yet"]);
    compact(&[]).expect(4, &["nothing has been asked for yet"]);
    ground.solved();
    assert_eq!(compact(&["--all", "--dry-run", "--json"]).json()["attempts"], 0, "it is to review");
    ground.tenfold(&["accept", "1"]).expect(0, &["accepted as branch"]);
    compact(&[]).expect(0, &["nothing to take out"]);
    let would = compact(&["--all", "--dry-run", "--json"]).json();
    assert_eq!((&would["attempts"], &would["export"]), (&1.into(), &serde_json::Value::Null));
    let said = || {
        let one = |words: &[&str]| {
            let said = ground.tenfold(words);
            said.expect(0, &[]);
            said.out
        };
        [one(&["list", "--json"]), one(&["show", "1", "--json"]), one(&["show", "1"])]
    };
    let before = said();

    let json = compact(&["--all", "--json"]).json();
    assert_eq!(json["events"], would["events"], "{json}");
    assert_eq!(said(), before);
    ground.tenfold(&["store", "check"]).expect(0, &["sound", "more were taken out"]);
    ground.tenfold(&["store", "rebuild"]).expect(0, &["sound"]);
    assert_eq!(said(), before);
    let dropped = ["were taken out of the journal", "in dropped/"];
    ground.tenfold(&["log", "1"]).expect(0, &dropped);
    ground.tenfold(&["export", "1", "--format", "markdown"]).expect(0, &dropped);
    let gone = ["there is nothing to", "`dropped/"];
    ground.tenfold(&["log", "1", "--replay"]).expect(4, &gone);
    let doctor = ground.tenfold(&["doctor"]).out;
    assert!(doctor.contains("`tenfold store compact`: would take out"), "{doctor}");

    // A backup takes the file along.
    let backup = ground.path("backup");
    let backup = backup.to_str().unwrap();
    ground.tenfold(&["store", "backup", backup]).expect(0, &[]);
    let export = std::path::PathBuf::from(json["export"].as_str().unwrap());
    fs::remove_file(&export).unwrap();
    ground.tenfold(&["store", "check"]).expect(0, &["sound", "is gone, or is not what it was"]);
    ground.tenfold(&["store", "restore", backup]).expect(0, &[]);
    let checked = ground.tenfold(&["store", "check", "--json"]).json();
    assert_eq!(checked["missing_exports"].as_array().unwrap().len(), 0, "{checked}");

    // And what comes later goes on from there.
    ground.tenfold(&["undo", "1"]).expect(0, &[]);
    ground.tenfold(&["fork", "1.1"]).expect(4, &gone);
    ground.tenfold(&["store", "check"]).expect(0, &["sound"]);
}
