//! A repository in Rust, checked by the real cargo: what its tests execute leads to the fault.

use std::fs;

use tenfold_test_support::{Rule, Script};

use crate::ground::{Ground, git};

/// No name leads from the test to the fault, and no panic names its line.
const TARIFF: &str = "\
//! What a ride costs.

#![no_std]

const RULES: [fn(u32) -> u32; 2] = [young, old];

/// The price of a ride at this age, in cents.
pub fn price(age: u32) -> u32 {
    RULES[usize::from(age > 65)](age)
}

fn young(age: u32) -> u32 {
    if age < 14 { 120 } else { 240 }
}

fn old(age: u32) -> u32 {
    let years = age + 65;
    let discount = if years > 40 { 40 } else { years };
    200 - discount
}
";

const TESTS: &str = "\
use tariff::price;

#[test]
fn children_pay_half() {
    assert_eq!(price(8) * 2, price(30));
}

#[test]
fn those_over_65_pay_less_each_year() {
    assert_eq!(price(70), 195);
}
";

const WRONG: &str = "let years = age + 65;";
const RIGHT: &str = "    let years = age - 65;\n";

#[test]
fn what_only_a_failing_test_executes_is_looked_at_first() {
    let ground = Ground::new();
    let repo = ground.path("tariff");
    fs::create_dir_all(repo.join("src")).unwrap();
    fs::create_dir_all(repo.join("tests")).unwrap();
    let manifest = "[package]\nname = \"tariff\"\nversion = \"0.1.0\"\nedition = \"2024\"\n";
    fs::write(repo.join("Cargo.toml"), manifest).unwrap();
    fs::write(repo.join("src/lib.rs"), TARIFF).unwrap();
    fs::write(repo.join("tests/prices.rs"), TESTS).unwrap();
    git(&repo, &["init", "-q", "-b", "main"]);
    git(&repo, &["add", "."]);
    git(&repo, &["commit", "-q", "-m", "one"]);
    let rule = Rule {
        original: Some(WRONG.to_owned()),
        answers: vec![RIGHT.to_owned()],
        ..Rule::default()
    };
    Script { rules: vec![rule], ..Script::default() }.write(&ground.path("script.json")).unwrap();

    let command = ["run", "--repo", repo.to_str().unwrap(), "--check", "cargo test", "--json"];
    let run = ground.tenfold(&command);
    run.expect(0, &[]);
    assert!(run.json()["diff"].as_str().unwrap().contains(&format!("+{RIGHT}")));
    ground
        .tenfold(&["log", "1", "--json"])
        .expect(0, &["executed by 1 of 1 failing and 0 of 1 passing tests"]);
    ground.tenfold(&["log", "1", "--replay"]).expect(0, &["decides the same"]);
    let left = git(&repo, &["status", "--porcelain", "--ignored"]);
    assert_eq!(left, "", "neither probes nor what was built is left in the repository");
}
