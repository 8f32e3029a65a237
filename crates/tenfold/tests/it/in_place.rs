//! What a person sees when Tenfold was killed while it wrote their files. That nothing is lost
//! wherever it is killed, is held where the writing is done.

use tenfold_domain::{Fact, ProposalEvent};
use tenfold_store::Store;
use tenfold_workspace::Workspace;

use crate::ground::{BUGGY, Ground, RIGHT};

/// Says in the journal what an engine says before it writes, as if it were killed then.
fn cut_short(ground: &Ground, applying: bool) {
    let data = ground.path("data");
    let store = Store::open(&data.join("tenfold.db")).unwrap();
    let attempt = "1.1".parse().unwrap();
    let view = store.view().unwrap();
    let base = view.attempt(attempt).unwrap().unwrap().base;
    let commit = view.task(attempt.task).unwrap().unwrap().proposal().unwrap().commit.clone();
    let event = if applying {
        let workspace = Workspace::open(&ground.repo(), &data.join("workspaces")).unwrap();
        let fit = workspace.fit_in_place(&base, &commit).unwrap();
        ProposalEvent::Applying { before: fit.before, after: fit.after }
    } else {
        ProposalEvent::TakingBack
    };
    store.append(vec![Fact::Proposal { attempt, event }]).unwrap();
}

#[test]
fn who_was_cut_short_says_so_and_what_became_of_the_files() {
    let ground = Ground::new();
    ground.solved();
    let stats = || std::fs::read_to_string(ground.repo().join("stats.py")).unwrap();

    cut_short(&ground, true);
    ground.tenfold(&["list"]).expect(0, &["needs you"]);
    ground.tenfold(&["show", "1"]).expect(0, &["being written into your files", "tenfold undo 1"]);
    assert_eq!(stats(), BUGGY, "reading settles nothing");
    // The next command that changes something settles it first, and then does as it is told.
    let said = ground.tenfold(&["accept", "1", "--in-place"]);
    said.expect(0, &["killed while it wrote its proposal", "waits for your review again"]);
    assert!(said.err.contains("killed") && stats().contains(RIGHT));

    cut_short(&ground, false);
    let said = ground.tenfold(&["undo", "1"]);
    said.expect(6, &["killed while it took its proposal out", "(stats.py)", "to review"]);
    assert_eq!(stats(), BUGGY);

    // All had been written, and only the last word was missing.
    cut_short(&ground, true);
    std::fs::write(
        ground.repo().join("stats.py"),
        BUGGY.replace("    return (ordered[middle] + ordered[middle + 1]) / 2\n", RIGHT),
    )
    .unwrap();
    ground.tenfold(&["undo", "1"]).expect(0, &["all of it is there", "put one file back"]);
    assert_eq!(stats(), BUGGY);
    ground.tenfold(&["log", "1"]).expect(0, &["being written into the files", "taken back"]);
}
