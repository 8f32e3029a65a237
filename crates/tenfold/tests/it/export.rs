//! What is exported of a task, in every form and for both strategies: read back, and held
//! against what was done.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use tenfold_test_support::{Fault, Rule, Script};

use crate::ground::{BUGGY, CHECK, Ground, RIGHT, git, wait_for};
use crate::page::Opened;

/// What would be live on a page, and ends a fence of three.
const LIVE: &str = "````\n<script>alert(1)</script>\n![x](//example.invalid/y) \u{1b}[2J\u{9b}2J";

fn rule(holds: &str, tool: &str, arguments: &Value) -> Rule {
    let answer = json!({ "thought": format!("Hm. {LIVE}"), "tool": tool, "arguments": arguments });
    Rule { contains: vec![holds.to_owned()], answers: vec![answer.to_string()], ..Rule::default() }
}

/// A model that reads, tries a command, mends and finishes.
fn talk(ground: &Ground, faults: &[Fault]) -> Script {
    let edit = json!({ "path": "stats.py", "edits": [{
        "old": "ordered[middle] + ordered[middle + 1]",
        "new": "ordered[middle - 1] + ordered[middle]",
    }]});
    let rules = vec![
        rule(
            "middle - 1",
            "finish",
            &json!({ "summary": format!("the two in the middle {LIVE}") }),
        ),
        rule("tried\n", "edit", &edit),
        rule("ordered[middle + 1]", "run", &json!({ "command": "echo tried" })),
        rule("", "read", &json!({ "path": "stats.py" })),
    ];
    let record = Some(ground.path("asked.jsonl"));
    let script = Script { rules, record, faults: faults.to_vec(), ..Script::default() };
    script.write(&ground.path("script.json")).unwrap();
    script
}

const TALK: [&str; 6] = ["run", "median is wrong", "--strategy", "loop", "--check", CHECK];

fn talked() -> (Ground, usize) {
    let ground = Ground::new();
    let script = talk(&ground, &[]);
    ground.tenfold(&TALK).expect(0, &["to review, verified"]);
    let asked = script.asked().unwrap().len();
    (ground, asked)
}

fn exported(ground: &Ground, words: &[&str]) -> String {
    let said = ground.tenfold(&[&["export"], words].concat());
    assert_eq!(said.code, Some(0), "{words:?}: {}", said.err);
    said.out
}

fn read(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

/// Applies a patch to a fresh clone of the repository, and runs the check there.
fn applies(ground: &Ground, patch: &str) {
    let clone = ground.path("clone");
    let (from, to) = (ground.repo(), clone.to_str().unwrap().to_owned());
    git(&from, &["clone", "-q", ".", &to]);
    std::fs::write(ground.path("a.patch"), patch).unwrap();
    git(&clone, &["apply", "../a.patch"]);
    assert_eq!(std::fs::read_to_string(clone.join("stats.py")).unwrap(), fixed());
    std::fs::remove_dir_all(clone).unwrap();
}

fn fixed() -> String {
    BUGGY.replace("    return (ordered[middle] + ordered[middle + 1]) / 2\n", RIGHT)
}

/// A page without what stands in its fences and spans, as CommonMark reads it.
fn live(page: &str) -> String {
    let run = |line: &str| line.chars().take_while(|c| *c == '`').count();
    let mut fence = 0;
    let mut live = String::new();
    for line in page.lines() {
        match (fence, run(line)) {
            (0, 3..) => fence = run(line),
            (0, _) => live += &format!("{line}\n"),
            (open, ticks) if ticks >= open && line[ticks..].trim().is_empty() => fence = 0,
            _ => {}
        }
    }
    assert_eq!(fence, 0, "a fence is open at the end:\n{page}");
    live
}

/// Holds the lines of JSONL to their documented form, and returns their events.
fn events(text: &str) -> Vec<Value> {
    let lines: Vec<Value> = text.lines().map(read).collect();
    let mut before = 0;
    for line in &lines {
        let seq = line["seq"].as_u64().unwrap();
        assert!(seq > before, "{line}");
        before = seq;
        let time = line["time"].as_str().unwrap();
        assert!(time.len() == 24 && time.ends_with('Z'), "{line}");
        assert_eq!((&line["v"], &line["task"]), (&json!(1), &json!(1)), "{line}");
        assert!(line["noun"].is_string() && line["event"].is_string(), "{line}");
        assert!(line["body"].is_object(), "{line}");
    }
    lines
}

fn kinds(events: &[Value]) -> BTreeSet<String> {
    let kind = |event: &Value| format!("{} {}", event["noun"], event["event"]).replace('"', "");
    events.iter().map(kind).collect()
}

#[test]
fn a_conversation_is_exported_in_every_form() {
    let (ground, asked) = talked();
    let before = ground.persons();

    let lines = events(&exported(&ground, &["1", "--format", "jsonl"]));
    for kind in ["task asked", "attempt started", "step result", "proposal made", "attempt ended"] {
        assert!(kinds(&lines).contains(kind), "no '{kind}' in {:?}", kinds(&lines));
    }
    assert_eq!(lines[0]["body"]["text"], "median is wrong");
    assert!(lines.iter().all(|line| line["noun"] == "task" || line["attempt"] == "1.1"));

    let text = exported(&ground, &["1", "--format", "traj"]);
    assert!(!text.contains(['\u{1b}', '\u{9b}']), "it can't write on a terminal");
    let traj = read(&text);
    assert_eq!(traj["trajectory_format"], "mini-swe-agent-1.1");
    let info = &traj["info"];
    assert_eq!(info["exit_status"], "Submitted");
    assert_eq!(info["model_stats"]["api_calls"], asked);
    assert!(info["model_stats"]["instance_cost"].as_f64().unwrap() > 0.0);
    assert_eq!(info["submission"], ground.tenfold(&["diff", "1", "--raw"]).out);
    assert_eq!(info["tenfold"]["verified"], true);
    let messages = traj["messages"].as_array().unwrap();
    let roles: Vec<&str> = messages.iter().map(|m| m["role"].as_str().unwrap()).collect();
    let turn = ["assistant", "tool"];
    let expected = [&["system", "user"][..], &turn, &turn, &turn, &["assistant", "exit"]].concat();
    assert_eq!(roles, expected);
    assert_eq!(messages[0]["extra"]["is_verbatim"], true, "the hash of what was sent is this one");
    for pair in messages[2..8].chunks(2) {
        assert_eq!(pair[0]["tool_calls"][0]["id"], pair[1]["tool_call_id"]);
        assert!(pair[0]["extra"]["cost"].as_f64().unwrap() > 0.0);
    }
    let command = &messages[4]["extra"]["actions"][0]["command"];
    assert_eq!(command, "echo tried");
    assert!(messages[5]["content"].as_str().unwrap().contains("tried"));
    let sums: f64 = messages.iter().filter_map(|m| m["extra"]["cost"].as_f64()).sum();
    let total = info["model_stats"]["instance_cost"].as_f64().unwrap();
    assert!((sums - total).abs() < 1e-9, "{sums} is not {total}");

    let page = exported(&ground, &["1", "--format", "markdown"]);
    let order = [
        "# Tenfold task 1",
        "median is wrong",
        "## Attempt 1.1",
        "before anything is done: \
         failed",
        "### Turn 1",
        "Calls `read`",
        "Result of `read`",
        "Calls `run`",
        "echo tried",
        "### Turn 4",
        "The judge: the whole check on the diff alone: passed",
        "Proposed, verified",
        "The end: finished",
        "The change of 1.1",
        &format!("+{RIGHT}"),
    ];
    let mut rest = page.as_str();
    for part in order {
        let Some(at) = rest.find(part) else { panic!("no '{part}' in what is left:\n{rest}") };
        rest = &rest[at + part.len()..];
    }
    assert!(page.contains("<script>"), "what was said is there");
    let live = live(&page);
    assert!(!live.contains("<script>") && !live.contains("!["), "{live}");
    assert!(!page.contains(['\u{1b}', '\u{9b}']), "it can't write on a terminal");
    assert_eq!(ground.persons(), before, "reading touches nothing of the person's");
}

#[test]
fn what_was_interrupted_is_exported_as_far_as_it_came_and_then_whole() {
    let ground = Ground::new();
    let script = talk(&ground, &[Fault::Hang { at: 3 }]);
    let mut child = ground.command(&TALK).spawn().unwrap();
    wait_for("the third turn", || script.asked().unwrap_or_default().len() == 3);
    child.kill().unwrap();
    child.wait().unwrap();
    ground.expect_all_ended();

    let traj = read(&exported(&ground, &["1", "--format", "traj"]));
    assert_eq!(traj["info"]["exit_status"], "");
    assert_eq!(traj["messages"].as_array().unwrap().last().unwrap()["role"], "tool");
    let page = exported(&ground, &["1", "--format", "markdown"]);
    assert!(page.contains("outcome: none yet") && page.contains("### Turn 2"), "{page}");
    ground
        .tenfold(&["export", "1", "--format", "preds"])
        .expect(4, &["nothing has come of task 1"]);
    ground.tenfold(&["export", "--format", "preds"]).expect(0, &["{}", "left out"]);

    talk(&ground, &[]);
    ground.tenfold(&["continue", "1"]).expect(0, &["to review, verified"]);
    let traj = read(&exported(&ground, &["1", "--format", "traj"]));
    let messages = traj["messages"].as_array().unwrap();
    let turns = messages.iter().filter(|message| message["role"] == "assistant").count();
    let calls = &traj["info"]["model_stats"]["api_calls"];
    assert_eq!(
        (turns, calls),
        (4, &json!(5)),
        "the call that was cut off counts, and says nothing"
    );
    let page = exported(&ground, &["1", "--format", "markdown"]);
    for part in ["### Failed", "While `thinking, turn 3`", "Going on"] {
        assert!(page.contains(part), "no '{part}' in:\n{page}");
    }
}

#[test]
fn a_search_is_exported_in_every_form() {
    let ground = Ground::new();
    ground.solved();

    let lines = events(&exported(&ground, &["1", "--format", "jsonl"]));
    let sources = lines.iter().find(|line| line["body"]["reply"]["reply"] == "sources").unwrap();
    let files = sources["body"]["reply"]["files"].as_array().unwrap();
    let text = files.iter().find(|file| file["path"] == "stats.py").map(|file| &file["text"]);
    assert_eq!(text, Some(&json!(BUGGY)), "what the journal only refers to is there");
    let only = events(&exported(&ground, &["1", "--attempt", "1", "--format", "jsonl"]));
    let of_it: Vec<&Value> = lines.iter().filter(|line| line["attempt"] == "1.1").collect();
    let of_task = ["asked", "surveyed"].map(|event| lines.iter().any(|l| l["event"] == event));
    assert_eq!((of_task, lines.len()), ([true, true], of_it.len() + 2));
    assert_eq!(only.iter().collect::<Vec<_>>(), of_it);

    let traj = read(&exported(&ground, &["1.1", "--format", "traj"]));
    let messages = traj["messages"].as_array().unwrap();
    assert_eq!(
        (&messages[0]["role"], &messages[0]["content"]),
        (&json!("user"), &json!("median is wrong"))
    );
    let checks: Vec<&Value> =
        messages.iter().filter(|m| m["extra"]["purpose"].is_string()).collect();
    let purposes: Vec<&str> =
        checks.iter().map(|m| m["extra"]["purpose"].as_str().unwrap()).collect();
    assert_eq!(purposes.first(), Some(&"baseline"));
    assert_eq!(purposes.last(), Some(&"judge"));
    assert_eq!(checks[0]["extra"]["verdict"], "failed");
    let judged = checks.last().unwrap();
    assert_eq!(
        (&judged["extra"]["verdict"], &judged["extra"]["returncode"]),
        (&json!("passed"), &json!(0))
    );
    let change = &judged["extra"]["changes"][0];
    assert_eq!((&change["path"], &change["lines"]), (&json!("stats.py"), &json!(1)));
    let asked: Vec<&Value> = messages.iter().filter(|m| m["role"] == "assistant").collect();
    assert_eq!(traj["info"]["model_stats"]["api_calls"], asked.len());
    assert!(asked.iter().any(|m| m["content"].as_str().unwrap().contains(RIGHT.trim())));
    assert_eq!(messages.last().unwrap()["role"], "exit");
    assert_eq!(messages.last().unwrap()["extra"]["submission"], traj["info"]["submission"]);

    let page = exported(&ground, &["1", "--format", "markdown"]);
    for part in [
        "### The check, before anything is done: failed",
        "Failing: `",
        "### Asked the model: ",
        "### The judge: the whole check on the diff alone: passed",
        "In place of line 15 of `stats.py`:",
        "outcome: **finished**",
        &format!("+{RIGHT}"),
    ] {
        assert!(page.contains(part), "no '{part}' in:\n{page}");
    }
    live(&page);
}

#[test]
fn predictions_apply_to_the_repository_and_hold_every_task() {
    let (ground, _) = talked();
    ground.script(&[]);
    ground.solved();
    Script::default().write(&ground.path("script.json")).unwrap();
    let words = ["run", "can't", "--check", CHECK, "--attempts", "1"];
    ground.tenfold(&words).expect(1, &["needs you"]);

    let all = read(&exported(&ground, &["--format", "preds"]));
    let ids: Vec<&String> = all.as_object().unwrap().keys().collect();
    assert_eq!(ids, ["repo-1", "repo-2", "repo-3"]);
    for id in ["repo-1", "repo-2"] {
        let prediction = &all[id];
        assert_eq!(prediction["instance_id"], id);
        assert!(!prediction["model_name_or_path"].as_str().unwrap().is_empty());
        applies(&ground, prediction["model_patch"].as_str().unwrap());
    }
    assert_eq!(all["repo-3"]["model_patch"], "", "nothing came of it");

    let words = ["2", "--format", "preds", "--instance", "ada__stats-7"];
    let one = read(&exported(&ground, &words));
    assert_eq!(one["ada__stats-7"]["instance_id"], "ada__stats-7");
    assert_eq!(one["ada__stats-7"]["model_patch"], all["repo-2"]["model_patch"]);
    let two = read(&exported(&ground, &["1.1", "3", "--format", "preds"]));
    assert_eq!(two.as_object().unwrap().len(), 2);
    // What the person did with a proposal is nothing that the model predicted.
    ground.tenfold(&["reject", "1"]).expect(0, &[]);
    assert_eq!(read(&exported(&ground, &["--format", "preds"])), all);
}

#[test]
fn a_folder_named_as_an_instance_names_its_prediction_and_the_newer_task_counts() {
    let ground = Ground::new();
    let named = ground.path("ada__stats-7");
    std::fs::rename(ground.repo(), &named).unwrap();
    std::os::unix::fs::symlink(&named, ground.repo()).unwrap();
    ground.solved();
    Script::default().write(&ground.path("script.json")).unwrap();
    ground.tenfold(&["run", "--check", CHECK, "--attempts", "1"]).expect(1, &[]);
    let said = ground.tenfold(&["export", "--format", "preds"]);
    said.expect(0, &["left out: task 1", "ada__stats-7"]);
    let all = said.json();
    assert_eq!(all.as_object().unwrap().len(), 1);
    assert_eq!(all["ada__stats-7"]["model_patch"], "", "of the second, which found nothing");
}

#[test]
fn what_is_written_stays_and_what_is_not_there_is_said() {
    let ground = Ground::new();
    ground.tenfold(&["export", "--format", "preds"]).expect(0, &["{}", "nothing was asked for"]);
    ground.tenfold(&["export", "1", "--format", "jsonl"]).expect(4, &["no task 1"]);
    ground.solved();
    let out = ground.path("page.md");
    let words = ["export", "1", "--format", "markdown", "--out", out.to_str().unwrap()];
    let said = ground.tenfold(&words);
    said.expect(0, &[]);
    assert_eq!(said.out, "");
    let page = std::fs::read_to_string(&out).unwrap();
    assert_eq!(page, exported(&ground, &["1", "--format", "markdown"]));
    std::fs::write(&out, "mine").unwrap();
    ground.tenfold(&words).expect(7, &["is there already", "--force"]);
    assert_eq!(std::fs::read_to_string(&out).unwrap(), "mine");
    ground.tenfold(&[&words[..], &["--force"]].concat()).expect(0, &[]);
    assert_eq!(std::fs::read_to_string(&out).unwrap(), page);

    for (words, code, why) in [
        (&["1", "--attempt", "7", "--format", "traj"][..], 4, "no attempt 1.7"),
        (&["2", "--format", "preds"], 4, "no task 2"),
        (&["--format", "traj"], 2, "name one"),
        (&["1"], 2, "--format"),
        (&["1", "--format", "xml"], 2, "jsonl"),
        (&["1", "--format", "jsonl", "--force"], 2, "--out"),
        (&["1", "--format", "jsonl", "--out", "no/such/file"], 4, "no/such/file"),
    ] {
        ground.tenfold(&[&["export"], words].concat()).expect(code, &[why]);
    }
}

#[test]
fn without_the_folder_all_but_the_change_is_exported() {
    let ground = Ground::new();
    ground.solved();
    let whole = events(&exported(&ground, &["1", "--format", "jsonl"]));
    std::fs::remove_dir_all(ground.repo()).unwrap();
    // A command needs a folder that it is called in.
    std::fs::create_dir(ground.path("elsewhere")).unwrap();
    let export = |format: &str| {
        let mut command = ground.command(&["export", "1", "--format", format]);
        crate::ground::Said::of(command.current_dir(ground.path("elsewhere")).output().unwrap())
    };
    let lines = export("jsonl");
    lines.expect(0, &["only names the files"]);
    assert_eq!(events(&lines.out).len(), whole.len());
    let traj = export("traj");
    traj.expect(0, &["left out: the change of 1.1"]);
    assert_eq!(traj.json()["info"]["submission"], "");
    assert_eq!(traj.json()["info"]["tenfold"]["submission_is_exact"], false);
    export("markdown").expect(0, &["can't be read any more", "The end: finished"]);
    let preds = export("preds");
    preds.expect(4, &["repo"]);
    assert_eq!(preds.out, "", "half of the predictions would look like all of them");
}

#[test]
fn the_page_hands_over_what_the_terminal_writes() {
    let (ground, _) = talked();
    ground.tenfold(&["add", "and another", "--check", CHECK]).expect(0, &[]);
    let page = Opened::at(&ground);
    let owner = page.sign_in(&page.link);
    for (format, ending) in
        [("jsonl", "jsonl"), ("traj", "traj.json"), ("preds", "preds.json"), ("markdown", "md")]
    {
        let (name, text) = owner.file(&format!("/tasks/1/export?format={format}"));
        assert_eq!(name, format!("tenfold-1.{ending}"));
        assert!(
            text.len() > 100 && text == exported(&ground, &["1", "--format", format]),
            "{text}"
        );
    }
    let (name, text) = owner.file("/tasks/1/export?attempt=1");
    assert_eq!(
        (name.as_str(), text),
        ("tenfold-1.1.md", exported(&ground, &["1.1", "--format", "markdown"]))
    );
    let (name, text) = owner.file("/backlog/export");
    assert_eq!(name, "tenfold-backlog.jsonl");
    assert!(text.contains("and another") && !text.contains("median"), "{text}");
    assert_eq!(text, exported(&ground, &["--format", "backlog"]));
    assert_eq!(owner.get("/tasks/1/export?format=traj&attempt=7").0, 404);
    assert_eq!(owner.get("/tasks/2/export?format=preds").0, 404, "nothing has come of it yet");
    assert_eq!(owner.get("/tasks/1/export?format=docx").0, 400);
}
