//! Roles, wired: from a person's file to what the model is told, may do and has cost.

use serde_json::json;

use crate::ground::{CHECK, Ground};
use crate::tool_loop::{rule, script};

const READER: &str = "---
name: reader
description: Mends one place
tools: [list, read, edit]
strategy: loop
---
Never touch the tests, said the fox.
";

fn with_role(ground: &Ground, name: &str, text: &str) {
    let folder = ground.path("config").join("roles");
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join(name), text).unwrap();
}

#[test]
fn a_role_is_told_to_the_model_and_holds_its_tools_back() {
    let ground = Ground::new();
    with_role(&ground, "reader.md", READER);
    let edit = json!({ "path": "stats.py", "edits": [{
        "old": "ordered[middle] + ordered[middle + 1]",
        "new": "ordered[middle - 1] + ordered[middle]",
    }]});
    let rules = vec![
        rule("middle - 1", "finish", json!({ "summary": "mended" })),
        rule("your role has no tool `run`", "edit", edit),
        rule("", "run", json!({ "command": "echo it ran > stats.py" })),
    ];
    let model = script(&ground, rules, &[]);
    let said = ground.tenfold(&["run", "median is wrong", "--role", "reader", "--check", CHECK]);
    said.expect(0, &["to review, verified"]);
    let first = &model.asked().unwrap()[0];
    let first = serde_json::to_string(first).unwrap();
    assert!(first.contains("said the fox"), "{first}");
    assert!(!first.contains("Runs a command"), "what it has not got it is not told of: {first}");
    ground.tenfold(&["ledger", "--by", "role"]).expect(0, &["reader"]);
    ground.tenfold(&["show", "1"]).expect(0, &["reader"]);
}

#[test]
fn roles_are_listed_and_what_is_wrong_with_one_is_said() {
    let ground = Ground::new();
    with_role(&ground, "reader.md", READER);
    ground.tenfold(&["roles", "list"]).expect(0, &["engineer", "reader", "yours", "shipped"]);
    ground.tenfold(&["roles", "show", "reader"]).expect(0, &["said the fox", "list, read, edit"]);
    ground.tenfold(&["roles", "show", "fox"]).expect(4, &["no role 'fox'", "engineer"]);
    ground.tenfold(&["run", "x", "--role", "fox"]).expect(4, &["no role 'fox'"]);
    with_role(&ground, "broken.md", "---\nname: broken\n---\n");
    ground.tenfold(&["roles", "list"]).expect(2, &["broken.md is no role", "description"]);
}
