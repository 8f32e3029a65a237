//! A repository's `tenfold.toml` counts once the person has approved it, and not before.

use crate::ground::{CHECK, Ground};

fn propose(ground: &Ground, check: &str) {
    let text = format!("[task]\ncheck = \"{check}\"\n");
    std::fs::write(ground.repo().join("tenfold.toml"), text).unwrap();
}

#[test]
fn a_proposal_is_refused_until_it_is_approved_and_again_when_it_changes() {
    let ground = Ground::new();
    propose(&ground, CHECK);
    ground.tenfold(&["run"]).expect(6, &[CHECK, "--yes", "--no-config"]);
    ground.tenfold(&["run", "--yes"]).expect(0, &["to review, verified"]);
    ground.tenfold(&["run"]).expect(0, &["to review, verified"]);
    propose(&ground, "true");
    ground.tenfold(&["run"]).expect(6, &["not approved"]);
    ground.tenfold(&["run", "--no-config", "--check", CHECK]).expect(0, &[]);
}

#[test]
fn a_proposal_that_does_not_read_is_named() {
    let ground = Ground::new();
    std::fs::write(ground.repo().join("tenfold.toml"), "[task]\nchek = 1\n").unwrap();
    ground.tenfold(&["run"]).expect(2, &["tenfold.toml", "chek", "--no-config"]);
}
