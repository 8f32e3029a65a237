//! `tenfold policy`: which file counts, what it answers, and with which exit code.

use serde_json::json;

use crate::ground::Ground;

const OWN: &str = "version = 1\n\
    [[rule]]\nname = 'publish'\ncommand = 'git push'\ndecide = 'ask'\nwhy = 'others see it'\n\
    [[rule]]\nname = 'docs'\nrole = 'writer'\nwrite = 'src/'\ndecide = 'deny'\n";
const FAILING: &str = "version = 1\n[[test]]\ncommand = 'ls'\nexpect = 'deny'\nrule = 'x'\n\
    [[test]]\nhost = 'a.test'\nexpect = 'deny'\n";

fn with_own(text: &str) -> Ground {
    let ground = Ground::new();
    std::fs::create_dir_all(ground.path("config")).unwrap();
    std::fs::write(ground.path("config/policy.toml"), text).unwrap();
    ground
}

#[test]
fn without_a_file_the_built_in_policy_answers() {
    let ground = Ground::new();
    // A repository's own is not read, or it would end with 2.
    std::fs::write(ground.repo().join("policy.toml"), "nonsense").unwrap();
    ground.tenfold(&["policy", "test"]).expect(0, &["the built-in policy", "all passed"]);
    let words = ["policy", "check", "--create", "AGENTS.md"];
    ground.tenfold(&words).expect(0, &["ask: ", "agent configuration", "denied, where nobody"]);
    let said = ground.tenfold(&["policy", "show", "--json"]).json();
    assert_eq!(said["default"]["host"], "deny");
    assert!(said["rules"].as_array().unwrap().iter().all(|rule| rule["origin"] == "built-in"));
}

#[test]
fn the_persons_file_is_laid_over_it_and_another_can_be_named() {
    let ground = with_own(OWN);
    let check = |words: &[&str]| {
        let words = [&["policy", "check", "--json"], words].concat();
        ground.tenfold(&words).json()
    };
    let said = check(&["--command", "make && git -C x push"]);
    assert_eq!(said["verdict"], "ask");
    assert_eq!(said["rule"], "publish");
    assert_eq!(said["on"], "git -C x push");
    assert_eq!(said["unattended"], "deny");
    assert_eq!(said["requests"], json!([{"command": {"line": "make && git -C x push"}}]));
    assert_eq!(check(&["--tool", "write", "--write", "src/a"])["verdict"], "allow");
    let writer = check(&["--role", "writer", "--tool", "write", "--write", "src/a"]);
    assert_eq!(writer["rule"], "docs");
    // All that is asked has to be allowed.
    let both = check(&["--tool", "run", "--command", "ls", "--host", "a.test:443"]);
    assert_eq!((&both["verdict"], &both["on"]), (&json!("deny"), &json!("a.test:443")));
    let shown = ground.tenfold(&["policy", "show"]);
    shown.expect(0, &["[[rule]]  # yours\nname = \"publish\"", "[[rule]]  # built in"]);
    let other = ground.path("other.toml");
    std::fs::write(&other, &shown.out).unwrap();
    let words = ["policy", "check", "--command", "git push", "--policy", other.to_str().unwrap()];
    ground.tenfold(&words).expect(0, &["ask: others see it"]);
}

#[test]
fn a_host_is_shown_with_how_it_is_spoken_to() {
    let ground = with_own(
        "version = 1\n[[rule]]\nname = 'tracker'\nhost = 'tracker.test'\nmethods = 'GET'\n\
         tls = true\ncredential = 'Authorization: Bearer $TOKEN'\ndecide = 'allow'\n",
    );
    ground.tenfold(&["policy", "show"]).expect(0, &["through the broker", "Bearer $TOKEN"]);
    let ask = ["policy", "check", "--method", "GET", "--host", "tracker.test:80"];
    ground.tenfold(&ask).expect(0, &["allow: ", "to port 443", "Authorization: Bearer $TOKEN"]);
    let said = ground.tenfold(&[&ask[..], &["--json"]].concat()).json();
    assert_eq!(said["terms"]["tls"], 443);
    assert_eq!(said["terms"]["credential"]["variable"], "TOKEN");
    // Its method can't be seen.
    ground.tenfold(&["policy", "check", "--host", "tracker.test:443"]).expect(0, &["deny: "]);
    let doctor = |ground: &Ground| ground.tenfold(&["doctor"]).out;
    assert!(doctor(&ground).contains("network of commands: the hosts that it allows"));
    Ground::new().tenfold(&["policy", "show"]).expect(0, &["Commands have no network"]);
    assert!(doctor(&Ground::new()).contains("network of commands: none"));
    let broken = with_own("version = 1\nrule = 3\n");
    assert!(doctor(&broken).contains("NO  policy   network of commands: the policy"));
}

#[test]
fn a_test_that_fails_has_an_exit_code_of_its_own() {
    let ground = with_own(FAILING);
    let said = ground.tenfold(&["policy", "test"]);
    said.expect(
        11,
        &["policy.toml:2: command ls: expected deny by 'x', got allow", "1 of 2 tests"],
    );
    let said = ground.tenfold(&["policy", "test", "--json"]);
    assert_eq!(said.code, Some(11));
    let said = said.json();
    assert_eq!((&said["passed"], &said["failed"]), (&json!(1), &json!(1)));
    assert_eq!(said["tests"][0]["passed"], false);
    std::fs::write(ground.path("config/policy.toml"), "version = 1\n").unwrap();
    ground.tenfold(&["policy", "test"]).expect(0, &["has no tests"]);
}

#[test]
fn what_can_not_be_used_is_refused_with_what_to_do() {
    let ground = with_own("version = 1\n\n[[rule]]\nname = 'x'\ntols = 'y'\ndecide = 'ask'\n");
    for words in [&["show"][..], &["test"], &["check", "--tool", "run"]] {
        let said = ground.tenfold(&[&["policy"], words].concat());
        said.expect(2, &["policy.toml", "line 5: unknown field `tols`", "docs/policy.md"]);
    }
    ground.tenfold(&["policy", "test", "gone.toml"]).expect(4, &["gone.toml"]);
    ground.tenfold(&["policy", "test", "."]).expect(2, &["not a file"]);
    ground.tenfold(&["policy", "check"]).expect(2, &["--tool"]);
    ground.tenfold(&["policy", "check", "--host", "http://a"]).expect(2, &["no scheme"]);
}
