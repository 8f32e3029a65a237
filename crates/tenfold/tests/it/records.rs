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
