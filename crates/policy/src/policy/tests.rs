//! How rules decide together, and what a file has to say.

use proptest::prelude::*;
use tenfold_domain::NanoUsd;

use super::*;
use crate::{Access, Touch};

fn policy(text: &str) -> Policy {
    match Policy::with_own(format!("version = 1\n{text}").as_bytes()) {
        Ok(policy) => policy,
        Err(error) => panic!("{error} in:\n{text}"),
    }
}

fn error(text: &str) -> String {
    Policy::with_own(text.as_bytes()).unwrap_err().to_string()
}

fn command(line: &str) -> Request {
    Request::Command { line: line.to_owned() }
}

fn path(path: &str, access: Access) -> Request {
    Request::Path(Touch { path: path.to_owned(), access })
}

const STRICT: &str = r#"
[default]
command = "ask"
[[rule]]
name = "build"
command = ["cargo test", "cargo build", "RUST_LOG=*"]
decide = "allow"
[[rule]]
name = "publish"
command = ["cargo publish", "git push"]
decide = "deny"
why = "releases are made by people"
[[rule]]
name = "cargo is watched"
command = "cargo"
decide = "allow"
"#;

#[test]
fn the_built_in_policy_reads_and_passes_its_own_tests() {
    let policy = Policy::built_in();
    let results = policy.run_tests();
    assert!(results.len() > 10);
    for result in results {
        assert!(result.passed, "line {}: {:?}", result.line, result.decision);
    }
    // It says everything itself, and leaves nothing to the values that it is laid over.
    let raw = raw::read(BUILT_IN).unwrap();
    let RawDefaults { tool, command, read, write, host, cost } = raw.default;
    assert!([tool, command, read, write, host, cost].iter().all(Option::is_some));
    assert!(raw.unattended.is_some());
    assert!(raw.rule.iter().all(|rule| !rule.get_ref().why.is_empty()));
}

#[test]
fn a_decision_says_who_decided_on_what_and_who_else_matched() {
    let decision = policy(STRICT).decide(&command("cargo test && cargo publish --dry-run"));
    assert_eq!(decision.verdict, Verdict::Deny);
    assert_eq!(decision.rule.as_deref(), Some("publish"));
    assert_eq!(decision.on, "cargo publish --dry-run");
    assert_eq!(decision.why, "releases are made by people");
    let mut matched: Vec<_> = decision.matched.iter().map(|m| m.rule.as_str()).collect();
    matched.sort_unstable();
    assert_eq!(matched, ["build", "cargo is watched", "publish"]);
    // Of equally strict ones, the first.
    let decision = policy(STRICT).decide(&command("cargo test"));
    assert_eq!(decision.rule.as_deref(), Some("build"));
    assert_eq!(decision.why, "the rule 'build' says so");
    let text = serde_json::to_string(&decision).unwrap();
    assert_eq!(serde_json::from_str::<Decision>(&text).unwrap(), decision);
}

#[test]
fn a_command_is_allowed_only_if_all_of_it_is() {
    let policy = policy(STRICT);
    for (line, verdict) in [
        ("cargo test", Verdict::Allow),
        ("RUST_LOG=debug cargo test && cargo build", Verdict::Allow),
        ("cargo test && make", Verdict::Ask),
        ("LD_PRELOAD=x cargo test", Verdict::Ask),
        ("cargo test > out", Verdict::Ask),
        ("", Verdict::Ask),
        ("cargo test; $X", Verdict::Deny),
        ("cargo test 'open", Verdict::Deny),
        ("cargo test; git -C x push", Verdict::Deny),
    ] {
        assert_eq!(policy.decide(&command(line)).verdict, verdict, "{line}");
    }
}

#[test]
fn the_default_is_named_where_no_rule_matches() {
    let decision = Policy::built_in().decide(&Request::host("example.com", None).unwrap());
    assert_eq!((decision.verdict, decision.rule), (Verdict::Deny, None));
    assert!(decision.why.contains("default for host is deny"), "{}", decision.why);
}

#[test]
fn a_tool_is_decided_by_its_name_and_by_all_that_it_touches() {
    let policy = policy(
        "[[rule]]\nname = 'tracker'\ntool = 'mcp__tracker__*'\ndecide = 'ask'\n\
         [[rule]]\nname = 'secrets'\nread = 'secrets/'\ndecide = 'deny'\n",
    );
    let touch = |path: &str, access| Touch { path: path.to_owned(), access };
    let tool = |name: &str, paths| Request::Tool { name: name.to_owned(), paths };
    let plain = touch("src/a.rs", Access::Read);
    let secret = touch("secrets/key", Access::Read);
    let new = touch(".vscode/tasks.json", Access::Create);
    for (request, verdict) in [
        (tool("read", vec![plain.clone()]), Verdict::Allow),
        (tool("read", vec![plain.clone(), secret.clone()]), Verdict::Deny),
        (tool("write", vec![new]), Verdict::Ask),
        (tool("mcp__tracker__close", vec![plain]), Verdict::Ask),
        (tool("mcp__tracker__close", vec![secret]), Verdict::Deny),
    ] {
        assert_eq!(policy.decide(&request).verdict, verdict, "{request:?}");
    }
    // A rule about writing is about making, too; one about making is not about writing.
    let write = "[[rule]]\nname = 'w'\nwrite = 'a'\ndecide = 'deny'\n";
    assert_eq!(
        super::tests::policy(write).decide(&path("a", Access::Create)).verdict,
        Verdict::Deny
    );
    assert_eq!(Policy::built_in().decide(&path(".env", Access::Write)).verdict, Verdict::Allow);
}

#[test]
fn hosts_and_costs_are_decided() {
    let policy = policy(
        "[[rule]]\nname = 'read'\nhost = ['*.example.com', 'a.test:8443']\nmethods = ['get']\n\
         decide = 'allow'\n\
         [[rule]]\nname = 'dear'\ncost-over = '$0.50'\ndecide = 'ask'\n",
    );
    let host = |text, method: Option<&str>| {
        policy.decide(&Request::host(text, method.map(str::to_owned)).unwrap()).verdict
    };
    assert_eq!(host("api.example.com:443", Some("GET")), Verdict::Allow);
    assert_eq!(host("api.example.com", Some("POST")), Verdict::Deny);
    assert_eq!(host("api.example.com", None), Verdict::Deny, "its method can't be seen");
    assert_eq!(host("a.test", Some("GET")), Verdict::Deny, "its port is not known");
    let cost = |text: &str| policy.decide(&Request::Cost { amount: text.parse().unwrap() }).verdict;
    assert_eq!(cost("0.50"), Verdict::Allow);
    assert_eq!(cost("0.500000001"), Verdict::Ask);
    assert_eq!(policy.decide(&Request::Cost { amount: NanoUsd::MAX }).verdict, Verdict::Ask);
}

#[test]
fn a_rule_for_a_role_counts_for_that_role_only() {
    let policy = policy(
        "[default]\nwrite = 'deny'\n\
         [[rule]]\nname = 'docs'\nrole = ['writer', 'editor']\nwrite = 'docs/'\ndecide = 'allow'\n\
         [[test]]\nrole = 'writer'\nwrite = 'docs/a.md'\nexpect = 'allow'\nrule = 'docs'\n",
    );
    let request = path("docs/a.md", Access::Write);
    assert_eq!(policy.decide(&request).verdict, Verdict::Deny);
    assert_eq!(policy.clone().for_role("reviewer").decide(&request).verdict, Verdict::Deny);
    assert_eq!(policy.clone().for_role("editor").decide(&request).verdict, Verdict::Allow);
    assert!(policy.run_tests()[0].passed);
    assert!(!policy.to_toml().contains("'docs'") && !policy.to_toml().contains("\"docs\""));
}

#[test]
fn an_own_rule_replaces_the_built_in_one_of_its_name_and_nothing_else() {
    let own = policy(
        "unattended = 'park'\n[default]\nhost = 'ask'\n\
         [[rule]]\nname = 'environment'\ncreate = '.env'\ndecide = 'deny'\n",
    );
    assert_eq!(own.unattended(), Unattended::Park);
    assert_eq!(own.decide(&path(".env", Access::Create)).verdict, Verdict::Deny);
    assert_eq!(own.decide(&path(".envrc", Access::Create)).verdict, Verdict::Allow);
    assert_eq!(own.decide(&path("AGENTS.md", Access::Create)).verdict, Verdict::Ask);
    assert_eq!(own.decide(&Request::host("a.test", None).unwrap()).verdict, Verdict::Ask);
    assert_eq!(own.decide(&command("ls")).verdict, Verdict::Allow);
    assert!(own.run_tests().is_empty());
}

#[test]
fn what_is_shown_reads_back_as_the_same_policy() {
    for policy in [Policy::built_in(), policy(STRICT), policy("accept-unseen-over = 0.98")] {
        let text = policy.to_toml();
        let again = Policy::with_own(text.as_bytes()).unwrap();
        assert_eq!(again.accept_unseen_over(), policy.accept_unseen_over());
        let json = serde_json::to_value(&policy).unwrap();
        assert_eq!(
            json.get("accept-unseen-over").and_then(|over| over.as_f64()),
            policy.accept_unseen_over()
        );
        let strip = |text: String| text.replace("# built in", "#").replace("# yours", "#");
        assert_eq!(strip(again.to_toml()), strip(text));
    }
    let text = policy(STRICT).to_toml();
    assert!(text.contains("[[rule]]  # built in\nname = \"hooks\""), "{text}");
    assert!(text.contains("[[rule]]  # yours\nname = \"publish\""), "{text}");
    let json = serde_json::to_value(policy(STRICT)).unwrap();
    assert_eq!(json["default"]["command"], "ask");
    assert_eq!(json["rules"][0]["origin"], "built-in");
}

#[test]
fn a_test_of_a_file_fails_when_the_policy_says_otherwise() {
    let policy = policy(
        "[[test]]\ncommand = 'ls'\nexpect = 'deny'\n\
         [[test]]\ncommand = 'ls'\nexpect = 'allow'\nrule = 'nobody'\n\
         [[test]]\ncommand = 'ls'\nexpect = 'allow'\n",
    );
    let results = policy.run_tests();
    let passed: Vec<_> = results.iter().map(|result| (result.line, result.passed)).collect();
    assert_eq!(passed, [(2, false), (5, false), (9, true)]);
}

#[test]
fn what_is_wrong_is_said_with_its_line_and_what_to_write() {
    let rule = |rest: &str| error(&format!("version = 1\n\n[[rule]]\nname = 'x'\n{rest}\n"));
    for (said, expected) in [
        (error("# nothing"), "line 1: it lacks `version = 1`"),
        (error("\nversion = 2\nshape = 'new'"), "line 2: this Tenfold reads version 1, not 2"),
        (error("version = 1\nunatended = 'deny'"), "line 2: unknown field `unatended`"),
        (error("version = 1\n[default]\nhosts = 'deny'"), "line 3: unknown field `hosts`"),
        (error("version = 1\nx = ["), "line 2"),
        (rule("tool = 'run'\ndecide = 'maybe'"), "line 6: unknown variant `maybe`"),
        (rule("tools = 'run'\ndecide = 'ask'"), "line 5: unknown field `tools`"),
        (rule("decide = 'ask'"), "line 3: rule 'x': it has to be about one thing"),
        (rule("tool = 'a'\ncommand = 'b'\ndecide = 'ask'"), "about one thing"),
        (rule("tool = []\ndecide = 'ask'"), "line 5: invalid length 0"),
        (rule("tool = ' '\ndecide = 'ask'"), "line 3: rule 'x': an empty pattern"),
        (rule("read = '!a'\ndecide = 'ask'"), "line 3: rule 'x': '!a' takes something back"),
        (rule("host = 'http://a'\ndecide = 'ask'"), "no scheme"),
        (rule("tool = 'a'\nmethods = 'GET'\ndecide = 'ask'"), "methods belong to a host"),
        (rule("tool = 'a'\ntls = true\ndecide = 'allow'"), "belong to a host"),
        (rule("host = 'a'\ntls = true\ndecide = 'ask'"), "for hosts that it allows"),
        (rule("host = 'a'\ncredential = 'X: $A'\ndecide = 'allow'"), "add tls = true"),
        (
            rule("host = '*:443'\ntls = true\ncredential = 'X: $A'\ndecide = 'allow'"),
            "name them in place of *",
        ),
        (
            rule("host = 'a'\ntls = true\ncredential = 'X: secret'\ndecide = 'allow'"),
            "write a header with one variable",
        ),
        (rule("cost-over = '$1'\ndecide = 'allow'"), "set cost = \"allow\""),
        (rule("cost-over = 'much'\ndecide = 'ask'"), "line 5: 'much' is not an amount"),
        (
            rule("tool = 'a'\ndecide = 'ask'\n[[rule]]\nname = 'x'\ntool = 'b'\ndecide = 'ask'"),
            "line 7: a second rule 'x'",
        ),
        (rule(&format!("tool = '{}'\ndecide = 'ask'", "a".repeat(501))), "501 bytes; 500 are"),
        (error("version = 1\n[[test]]\nexpect = 'ask'"), "line 2: this test: it has to ask one"),
        (error("version = 1\n[[test]]\ntool = 'a'\nmethod = 'GET'\nexpect = 'ask'"), "a method"),
        (error(&"#".repeat(MAX_FILE_BYTES + 1)), "larger than 262144 bytes"),
        (Policy::with_own(&[b'#', 0xff]).unwrap_err().to_string(), "UTF-8"),
    ] {
        assert!(said.contains(expected), "no '{expected}' in: {said}");
    }
    let many = "[[rule]]\nname = 'x'\ntool = 'x'\ndecide = 'ask'\n".repeat(MAX_RULES + 1);
    assert!(error(&format!("version = 1\n{many}")).contains("500 are the most"));
}

/// Rules of which many match the same things.
fn any_rule() -> impl Strategy<Value = String> {
    let about = prop_oneof![
        Just("tool = 'r*'"),
        Just("tool = '*'"),
        Just("command = 'git'"),
        Just("command = 'git push'"),
        Just("command = '*'"),
        Just("read = 'src/'"),
        Just("write = '**'"),
        Just("create = '*.md'"),
        Just("host = '*.test'"),
        Just("host = '*'\nmethods = 'GET'"),
    ];
    (about, prop::sample::select(&["allow", "ask", "deny"][..]))
        .prop_map(|(about, decide)| format!("{about}\ndecide = '{decide}'\n"))
}

fn any_request() -> impl Strategy<Value = Request> {
    let line =
        prop::sample::select(&["git push", "git status", "make $X", "ls 'x", "sudo git a"][..]);
    let place = prop::sample::select(&["src/a.rs", "README.md", "../x", "SRC/A"][..]);
    let access = prop::sample::select(&[Access::Read, Access::Write, Access::Create][..]);
    prop_oneof![
        prop::sample::select(&["run", "read", "mcp__x"][..])
            .prop_map(|name| Request::Tool { name: name.to_owned(), paths: Vec::new() }),
        line.prop_map(command),
        (place, access).prop_map(|(place, access)| path(place, access)),
        prop::sample::select(&["a.test", "127.1"][..])
            .prop_map(|host| Request::host(host, None).unwrap()),
    ]
}

fn of_rules(rules: &[String]) -> Policy {
    let rules = rules.iter().enumerate();
    let rules: String = rules.map(|(n, rule)| format!("[[rule]]\nname = '{n}'\n{rule}")).collect();
    policy(&rules)
}

proptest! {
    #[test]
    fn the_strictest_wins_whatever_the_order(
        (rules, shuffled) in prop::collection::vec(any_rule(), 0..6)
            .prop_flat_map(|rules| (Just(rules.clone()), Just(rules).prop_shuffle())),
        request in any_request(),
    ) {
        let decision = of_rules(&rules).decide(&request);
        prop_assert_eq!(decision.verdict, of_rules(&shuffled).decide(&request).verdict);
        let strictest = decision.matched.iter().map(|matched| matched.verdict).max();
        prop_assert!(strictest <= Some(decision.verdict));
        if decision.rule.is_some() {
            prop_assert_eq!(strictest, Some(decision.verdict));
        }
    }

    /// Only a default can be loosened, and only by a rule that allows.
    #[test]
    fn one_more_rule_never_loosens_what_a_rule_decided(
        rules in prop::collection::vec(any_rule(), 0..5),
        more in any_rule(),
        request in any_request(),
    ) {
        let before = of_rules(&rules).decide(&request);
        let after = of_rules(&[rules, vec![more]].concat()).decide(&request);
        if before.rule.is_some() {
            prop_assert!(after.verdict >= before.verdict, "{before:?} {after:?}");
        }
    }

    #[test]
    fn no_file_is_too_odd(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = Policy::with_own(&bytes);
    }

    #[test]
    fn no_rule_is_too_odd(
        key in "(tool|command|read|write|create|host|methods|cost-over|role|why|x)",
        value in "('.{0,20}'|\\[\\]|\\['.{0,8}'\\]|[0-9]{1,3}|'[*!./\\[\\]{}:?a\\\\-]{0,12}')",
        request in any_request(),
    ) {
        let file = format!("version = 1\n[[rule]]\nname = 'x'\n{key} = {value}\ndecide = 'ask'\n");
        if let Ok(policy) = Policy::with_own(file.as_bytes()) {
            let _ = policy.decide(&request);
        }
    }
}
