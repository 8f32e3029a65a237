//! MCP servers, wired: started in the real sandbox, spoken with over stdio and HTTP, held by the
//! policy, ended with the attempt; a call that was cut off is not made twice.

use std::path::Path;

use serde_json::{Value, json};
use tenfold_test_support::{Fault, MCP_SERVER, Rule};

use crate::ground::{CHECK, Ground, git, wait_for};
use crate::tool_loop::{rule, script};

const RUN: [&str; 8] =
    ["run", "median is wrong", "--strategy", "loop", "--check", CHECK, "--mcp", "sums"];
/// The token of nobody, put together here so that no scanner takes this file for one.
fn token() -> String {
    format!("ghp_{}", "N0tARealOne".repeat(4))
}

/// A ground with a server in its repository, and what the person says of it.
fn ground(server: &str) -> Ground {
    let ground = Ground::new();
    std::fs::write(ground.repo().join("mcp_server.py"), MCP_SERVER).unwrap();
    git(&ground.repo(), &["add", "."]);
    git(&ground.repo(), &["commit", "-q", "-m", "a server"]);
    std::fs::create_dir_all(ground.path("config")).unwrap();
    configure(&ground, server);
    ground
}

fn configure(ground: &Ground, server: &str) {
    let text = format!("[[server]]\nname = 'sums'\n{server}\n");
    std::fs::write(ground.path("config/mcp.toml"), text).unwrap();
}

const STDIO: &str = "command = 'python3 mcp_server.py'";
const HTTP: &str = "command = 'python3 mcp_server.py --http 8931'\n\
                    http = 'http://127.0.0.1:8931/mcp'";

fn mends() -> Rule {
    let edit = json!({ "path": "stats.py", "edits": [{
        "old": "ordered[middle] + ordered[middle + 1]",
        "new": "ordered[middle - 1] + ordered[middle]",
    }]});
    rule("sum 5", "edit", edit)
}

fn done() -> Rule {
    rule("ordered[middle - 1]", "finish", json!({ "summary": "done" }))
}

fn called(holds: &str, tool: &str, arguments: Value) -> Rule {
    rule(holds, &format!("mcp__sums__{tool}"), arguments)
}

fn asked(ground: &Ground) -> String {
    std::fs::read_to_string(ground.path("asked.jsonl")).unwrap_or_default()
}

/// How many servers run on this machine that see the files of this ground.
fn servers(ground: &Ground) -> usize {
    let repo = std::fs::canonicalize(ground.repo()).unwrap();
    let is_one = |process: &Path| {
        let line = std::fs::read(process.join("cmdline")).unwrap_or_default();
        String::from_utf8_lossy(&line).contains("mcp_server.py")
            && std::fs::read_link(process.join("cwd")).is_ok_and(|cwd| cwd == repo)
    };
    let all = std::fs::read_dir("/proc").unwrap().flatten();
    all.filter(|entry| is_one(&entry.path())).count()
}

#[test]
fn a_servers_tools_are_called_over_stdio_and_over_http() {
    for server in [STDIO, HTTP] {
        let ground = ground(server);
        let rules = vec![
            done(),
            mends(),
            called("counted 2", "add", json!({ "a": 2, "b": 3 })),
            called("counted 1", "count", json!({})),
            called("it can't be shown here)", "count", json!({})),
            called("Numbers about numbers", "picture", json!({})),
            called("", "head", json!({ "path": "stats.py" })),
        ];
        script(&ground, rules, &[]);
        ground.tenfold(&RUN).expect(0, &["to review, verified"]);
        let asked = asked(&ground);
        for told in ["MCP servers that may be used: sums", "says of it:) Adds two numbers."] {
            assert!(asked.contains(told), "{asked}");
        }
        ground.tenfold(&["log", "1", "--replay"]).expect(0, &["decides the same"]);
        ground.tenfold(&["log", "1"]).expect(0, &["mcp__sums__add"]);
        assert_eq!(servers(&ground), 0);
    }
}

#[test]
fn a_task_that_names_no_server_has_none() {
    let ground = ground(STDIO);
    script(&ground, vec![called("", "add", json!({ "a": 2, "b": 3 }))], &[]);
    let said = ground.tenfold(&RUN[..6]);
    assert_ne!(said.code, Some(0));
    let asked = asked(&ground);
    assert!(asked.contains("there is no tool `mcp__sums__add`"), "{asked}");
    let repair = ["run", "x", "--check", CHECK, "--mcp", "sums"];
    ground.tenfold(&repair).expect(2, &["--strategy loop"]);
    let unknown = ["run", "x", "--strategy", "loop", "--mcp", "other"];
    ground.tenfold(&unknown).expect(4, &["no MCP server 'other'", "names sums"]);
    configure(&ground, &format!("{STDIO}\nvisible = ['/no/such/folder']"));
    ground.tenfold(&RUN).expect(4, &["/no/such/folder", "is not there"]);
}

#[test]
fn a_server_that_ends_in_a_call_is_told_of_and_begun_anew() {
    let ground = ground(STDIO);
    // It counts from one again.
    let rules = vec![
        done(),
        mends(),
        called("was started anew", "add", json!({ "a": 2, "b": 3 })),
        called("broke off: it ended (exit code 3)", "count", json!({})),
        called("", "die", json!({})),
    ];
    script(&ground, rules, &[]);
    ground.tenfold(&RUN).expect(0, &["to review, verified"]);
    let asked = asked(&ground);
    assert!(asked.contains("it wrote: no more of this"), "{asked}");
    assert!(asked.contains("What it held before is gone"), "{asked}");
    assert!(asked.contains("counted 1"), "{asked}");
    ground.tenfold(&["log", "1", "--replay"]).expect(0, &["decides the same"]);
}

#[test]
fn what_is_no_message_is_passed_over_and_what_never_comes_is_said() {
    let adds = || {
        vec![
            done(),
            mends(),
            rule("Not to be had: sums:", "read", json!({ "path": "stats.py" })),
            called("", "add", json!({ "a": 2, "b": 3 })),
        ]
    };
    let junk = ground("command = 'python3 mcp_server.py junk'");
    script(&junk, adds(), &[]);
    junk.tenfold(&RUN).expect(0, &["to review, verified"]);

    for (fault, said) in [
        ("malformed", "gave no answer that could be read within 2.0 s"),
        ("mute", "gave no answer that could be read within 2.0 s"),
        ("dies", "it ended (exit code 1); it wrote: no such thing as a configuration"),
    ] {
        let ground =
            ground(&format!("command = 'python3 mcp_server.py {fault}'\nstart-timeout = '2s'"));
        ground.tenfold(&["mcp", "check", "sums"]).expect(3, &["not to be had: sums: ", said]);
        let edit = vec![rule("", "finish", json!({ "summary": "no", "solved": false }))];
        script(&ground, edit, &[]);
        ground.tenfold(&RUN);
        let asked = asked(&ground);
        assert!(asked.contains("Not to be had: sums: ") && asked.contains(said), "{asked}");
        assert_eq!(servers(&ground), 0);
    }
}

#[test]
fn a_list_is_bounded_and_can_be_looked_at_first() {
    let ground = ground("command = 'python3 mcp_server.py huge'");
    ground.tenfold(&["mcp", "list"]).expect(0, &["sums", "stdio", "mcp_server.py huge"]);
    let checked = ground.tenfold(&["mcp", "check", "sums", "--json"]);
    let checked = checked.json();
    assert_eq!(checked["tools"].as_array().unwrap().len(), 64);
    assert_eq!(checked["tools"][0]["spec"]["name"], "mcp__sums__tool-0");
    assert!(checked["missing"][0].as_str().unwrap().contains("behind the first 64"));
    script(&ground, vec![rule("", "finish", json!({ "summary": "x", "solved": false }))], &[]);
    ground.tenfold(&RUN);
    let asked = asked(&ground);
    assert!(asked.contains("to describe them would take too much"), "{asked}");
}

#[test]
fn the_policy_holds_its_tools_and_its_way_out_and_no_secret_comes_through() {
    let ground = ground(STDIO);
    std::fs::write(ground.repo().join("secret.txt"), token()).unwrap();
    let policy = "version = 1\n[[rule]]\nname = 'no drawing'\ntool = 'mcp__sums__pic*'\n\
                  decide = 'deny'\nwhy = 'it is late'\n[[rule]]\nname = 'count'\n\
                  tool = 'mcp__sums__count'\ndecide = 'ask'\nwhy = 'mind'\n";
    std::fs::write(ground.path("config/policy.toml"), policy).unwrap();
    let rules = vec![
        done(),
        mends(),
        called("counted 1", "add", json!({ "a": 2, "b": 3 })),
        called("I see [redacted", "count", json!({})),
        called("it is late", "say", json!({ "text": "I see SECRET" })),
        called("answers:\ncurl", "picture", json!({})),
        called("", "fetch", json!({ "address": "http://evil.test/" })),
    ];
    script(&ground, rules, &[]);
    ground.tenfold(&RUN).expect(1, &["May it call mcp__sums__count", "mind"]);
    // Nothing runs while it waits for days.
    assert_eq!(servers(&ground), 0);
    ground.tenfold(&["approve", "1"]).expect(0, &["to review, verified"]);
    let asked = asked(&ground);
    assert!(asked.contains("was started anew"), "{asked}");
    let events = ground.tenfold(&["log", "1", "--json"]).out;
    assert!(!asked.contains(&token()) && !events.contains(&token()));
    ground.tenfold(&["log", "1", "--replay"]).expect(0, &["decides the same"]);
}

#[test]
fn a_server_reaches_whom_the_policy_allows_and_the_journal_says_so() {
    let (port, heard) = crate::egress::server("the word is out");
    let ground = ground(STDIO);
    let policy = format!(
        "version = 1\n[[rule]]\nname = 'mirror'\nhost = '127.0.0.1:{port}'\nmethods = 'GET'\n\
         decide = 'allow'\n"
    );
    std::fs::write(ground.path("config/policy.toml"), policy).unwrap();
    let rules = vec![
        done(),
        mends(),
        called("the word is out", "add", json!({ "a": 2, "b": 3 })),
        called("", "fetch", json!({ "address": format!("http://127.0.0.1:{port}/word") })),
    ];
    script(&ground, rules, &[]);
    ground.tenfold(&RUN).expect(0, &["to review, verified"]);
    assert_eq!(*heard.lock().unwrap(), ["GET /word HTTP/1.1"]);
    let allowed = format!("network GET 127.0.0.1:{port}: allowed by rule 'mirror'");
    ground.tenfold(&["log", "1"]).expect(0, &[&allowed, "once, "]);
    ground.tenfold(&["log", "1", "--replay"]).expect(0, &["decides the same"]);
}

#[test]
fn a_call_that_was_cut_off_is_not_made_again() {
    let ground = ground(&format!("{STDIO}\ncall-timeout = '20s'"));
    let rules = || {
        vec![
            done(),
            mends(),
            called("Whether it did it is not known", "add", json!({ "a": 2, "b": 3 })),
            called("", "hang", json!({})),
        ]
    };
    script(&ground, rules(), &[]);
    let mut child = ground.command(&RUN).spawn().unwrap();
    let is_called = || {
        let events = ground.tenfold(&["log", "1", "--json"]).out;
        let intents = events.lines().filter(|line| line.contains("\"intent\""));
        intents.filter(|line| line.contains("\"tool\"")).count() == 2 && servers(&ground) > 0
    };
    wait_for("the call to be under way", is_called);
    ground.tenfold(&["stop", "1"]).expect(0, &["stopped"]);
    child.wait().unwrap();
    assert_eq!(servers(&ground), 0);
    ground.tenfold(&["continue", "1"]).expect(0, &["to review, verified"]);
    assert!(asked(&ground).contains("it was not asked again"));
    ground.tenfold(&["log", "1", "--replay"]).expect(0, &["decides the same"]);
}

#[test]
fn after_a_crash_it_is_begun_anew_and_other_tools_are_noticed() {
    let ground = ground(STDIO);
    let rules = || {
        vec![
            done(),
            mends(),
            called("counted 1", "add", json!({ "a": 2, "b": 3 })),
            called("", "count", json!({})),
        ]
    };
    let hangs = script(&ground, rules(), &[Fault::Hang { at: 2 }]);
    let mut child = ground.command(&RUN).spawn().unwrap();
    wait_for("the second turn", || hangs.asked().unwrap_or_default().len() == 2);
    assert!(servers(&ground) > 0);
    child.kill().unwrap();
    child.wait().unwrap();
    wait_for("the server to end", || servers(&ground) == 0);
    configure(&ground, "command = 'python3 mcp_server.py changed'");
    script(&ground, rules(), &[]);
    ground.tenfold(&["continue", "1"]).expect(0, &["to review, verified"]);
    // The task is what it was: the person's file counts for new ones.
    let said = asked(&ground);
    assert!(said.contains("was started anew") && !said.contains("otherwise now"), "{said}");
}
