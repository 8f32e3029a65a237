//! The escape suite, as far as tools defend: paths and names that a model or a repository
//! writes (docs/threats.md). A test is named for its row, and shows its control first.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use tempfile::TempDir;
use tenfold_domain::{CommitId, Millis, ToolCall};
use tenfold_redact::Redactor;
use tenfold_tools::{Call, Done, Tree, run};
use tenfold_workspace::{Person, Workspace};

/// A key that Tenfold knows, of nothing.
const KNOWN: &str = "n0t-a-real-key-of-mine";

/// A folder to work on, and a secret beside it.
struct Ground {
    dir: TempDir,
    workspace: Workspace,
    at: CommitId,
    redactor: Redactor,
}

impl Ground {
    fn new(prepare: impl FnOnce(&Path)) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let top = dir.path().join("work");
        fs::create_dir_all(top.join("sub")).unwrap();
        fs::write(top.join("sub/a.txt"), "1\n").unwrap();
        fs::write(dir.path().join("secret"), "canary\n").unwrap();
        prepare(&top);
        let person = Person { path: std::env::var_os("PATH"), home: None, config_home: None };
        let workspace = Workspace::open_for(&top, &dir.path().join("data"), person).unwrap();
        let at = workspace.snapshot().unwrap().commit;
        Self { dir, workspace, at, redactor: Redactor::new([KNOWN]) }
    }

    fn top(&self) -> PathBuf {
        self.dir.path().join("work")
    }

    fn secret(&self) -> String {
        fs::read_to_string(self.dir.path().join("secret")).unwrap()
    }

    fn call(&self, name: &str, arguments: Value) -> Done {
        let call = ToolCall { id: "1".into(), name: name.into(), arguments, signatures: vec![] };
        let Call::Files(call) = Call::understand(&call, &[]).unwrap() else {
            panic!("{name} runs")
        };
        let (workspace, at) = (&self.workspace, self.at.clone());
        call.perform(&Tree { workspace, at, redactor: &self.redactor }).unwrap()
    }

    /// Every tool that takes a path, with this one.
    fn all_with(&self, path: &str) -> Vec<Done> {
        let edits = json!([{"old": "canary", "new": "changed"}]);
        [
            ("read", json!({"path": path})),
            ("list", json!({"path": path, "depth": 3})),
            ("search", json!({"pattern": "canary", "path": path})),
            ("edit", json!({"path": path, "edits": edits})),
            ("write", json!({"path": path, "text": "changed\n"})),
        ]
        .into_iter()
        .map(|(name, arguments)| self.call(name, arguments))
        .collect()
    }

    /// Holds that nothing of the secret is told, and that nothing changes.
    fn is_kept_from(&self, path: &str) {
        for done in self.all_with(path) {
            // That a search found no "canary" may be said.
            let told = done.text.replace("`canary`", "").replace("\"canary\"", "");
            assert!(!told.contains("canary\n") && !told.ends_with("canary"), "{path}: {told}");
            assert_eq!(done.at, self.at, "{path}: {}", done.text);
        }
        assert_eq!(self.secret(), "canary\n");
    }
}

#[test]
fn r01_symlinks_out_of_the_worktree() {
    let ground = Ground::new(|top| {
        symlink("../secret", top.join("link")).unwrap();
        symlink("..", top.join("up")).unwrap();
    });
    for path in ["link", "up/secret"] {
        assert_eq!(fs::read_to_string(ground.top().join(path)).unwrap(), "canary\n", "the control");
        ground.is_kept_from(path);
    }
}

#[test]
fn r03_dots_in_a_path() {
    let ground = Ground::new(|_| {});
    let secret = ground.dir.path().join("secret");
    let through_top = format!("{}/../secret", ground.top().display());
    let beside = format!("{}-beside", ground.top().display());
    fs::write(&beside, "canary\n").unwrap();
    let paths = [
        "../secret",
        "sub/../../secret",
        "./sub/./../../secret",
        secret.to_str().unwrap(),
        &through_top,
        &beside,
    ];
    for path in paths {
        // What joins the paths and opens the file arrives there.
        let control = ground.top().join(path);
        assert_eq!(fs::read_to_string(&control).unwrap(), "canary\n", "the control: {path}");
        fs::write(&control, "changed\n").unwrap();
        assert_eq!(fs::read_to_string(&control).unwrap(), "changed\n", "the control: {path}");
        fs::write(&control, "canary\n").unwrap();
        ground.is_kept_from(path);
    }
}

#[test]
fn no_call_names_where_its_command_runs() {
    for argument in ["cwd", "workdir", "working_directory", "env", "sandbox", "root"] {
        let arguments = json!({"command": "touch x", argument: "/"});
        let call = ToolCall { id: "1".into(), name: "run".into(), arguments, signatures: vec![] };
        assert!(Call::understand(&call, &[]).is_err(), "{argument}");
    }
}

#[test]
fn no_call_writes_what_some_git_takes_for_its_own() {
    let ground = Ground::new(|_| {});
    for path in
        [".git/hooks/x", ".GIT/hooks/x", "sub/.Git/config", ".g\u{200c}it/config", "git~1/x"]
    {
        let done = ground.call("write", json!({"path": path, "text": "changed\n"}));
        assert_eq!(done.at, ground.at, "{path}: {}", done.text);
    }
}

/// What acts on a terminal, hides, or turns the writing round.
const ACTS: &[char] = &[
    '\u{1b}', '\u{7}', '\u{8}', '\u{7f}', '\u{9b}', '\u{9d}', '\u{61c}', '\u{200e}', '\u{200f}',
    '\u{202e}', '\u{2066}', '\u{2028}',
];

#[test]
fn r09_names_with_lines_dashes_and_marks() {
    let names =
        ["two\nlines", "-rf", "invoice\u{202e}fdp.exe", "\u{61c}x", "\u{2028}y", "\u{1b}[2J"];
    let ground = Ground::new(|top| {
        for name in names {
            fs::write(top.join(name), "canary\n").unwrap();
        }
    });
    let control = fs::read_dir(ground.top()).unwrap();
    let control: String =
        control.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    assert!(control.contains(ACTS) && control.contains('\n'), "the control");
    for done in [
        ground.call("list", json!({"path": "."})),
        ground.call("search", json!({"pattern": "canary", "path": "."})),
        ground.call("read", json!({"path": "invoice"})),
        ground.call("read", json!({"path": "\u{1b}[2J\u{202e}"})),
    ] {
        assert!(!done.text.contains(ACTS), "{:?}", done.text);
        assert!(!done.text.lines().any(|line| line.starts_with("lines")), "{}", done.text);
    }
}

#[test]
fn r41_terminal_escapes_in_files_and_outputs() {
    let acts: String = ACTS.iter().collect();
    let text = format!(
        "\u{1b}]52;c;Y2FuYXJ5\u{7}\u{1b}]8;;https://x.invalid\u{1b}\\link\u{1b}]8;;\u{1b}\\\
         \u{1b}[2J\u{1b}[31mred\u{1b}[0m{acts}\n"
    );
    let ground = Ground::new(|top| fs::write(top.join("log"), &text).unwrap());
    let control = fs::read_to_string(ground.top().join("log")).unwrap();
    assert!(ACTS.iter().all(|c| control.contains(*c)), "the control");
    let read = ground.call("read", json!({"path": "log"})).text;
    let found = ground.call("search", json!({"pattern": "red", "path": "log"})).text;
    let ran =
        run::report(&text, &text, &text, Millis(1), std::slice::from_ref(&text), &ground.redactor);
    for shown in [read, found, ran] {
        assert!(!shown.contains(ACTS), "{shown:?}");
        assert!(shown.contains("red"), "{shown:?}");
    }
}

/// Secrets of nothing, put together here so that no scanner takes this file for one that holds
/// any: a token, a private key, and the key that is known.
fn secrets() -> [String; 3] {
    let mark = |word: &str| format!("-----{word} PRIVATE {}-----", "KEY");
    let line = "NotARealKey0".repeat(5);
    let key = format!("{}\n{line}\n{line}\n{}", mark("BEGIN"), mark("END"));
    [format!("ghp_{}", "N0tARealOne".repeat(4)), key, KNOWN.to_owned()]
}

#[test]
fn r43_secrets_in_files_and_outputs() {
    let secrets = secrets();
    let text = format!("needle\n{}\nneedle\n", secrets.join("\nneedle\n"));
    let ground = Ground::new(|top| fs::write(top.join("conf"), &text).unwrap());
    let control = ground.workspace.read(&ground.at, Path::new("conf")).unwrap();
    assert_eq!(String::from_utf8(control).unwrap(), text, "the control");
    let edits = json!([{"old": "needle\nghp_", "new": "x"}, {"old": "y", "new": "z"}]);
    let around = json!([{"old": "needle\nghp_", "new": "NEEDLE\nghp_"}]);
    let long = format!("{}{text}{}", "a line\n".repeat(300), "a line\n".repeat(800));
    let halves = format!("{}{}{}", "x ".repeat(990), secrets[2], " y".repeat(3_000));
    let ran = |output: &str| {
        run::report("cat conf", "exit code 0", output, Millis(1), &[], &ground.redactor)
    };
    for shown in [
        ground.call("read", json!({"path": "conf"})).text,
        ground.call("read", json!({"path": "conf", "from": 5, "lines": 1})).text,
        ground.call("search", json!({"pattern": "needle", "path": "conf", "context": 3})).text,
        ground.call("search", json!({"pattern": "N0tA", "path": "conf"})).text,
        ground.call("edit", json!({"path": "conf", "edits": edits})).text,
        ground.call("edit", json!({"path": "conf", "edits": around})).text,
        ran(&text),
        ran(&long),
        ran(&halves),
    ] {
        for part in ["N0tARealOne", "NotARealKey0", "a-real-key"] {
            assert!(!shown.contains(part), "{shown}");
        }
    }
    let read = ground.call("read", json!({"path": "conf"})).text;
    assert!(read.contains("    2  [redacted: GitHub token]\n    3  needle\n"), "{read}");
    assert!(read.contains("    8  needle\n    9  [redacted: provider key]"), "{read}");
}

#[test]
fn r43_what_stands_for_a_secret_is_not_written_into_a_file() {
    let [token, ..] = secrets();
    let text = format!("token = \"{token}\"\nname = 1\n");
    let ground = Ground::new(|top| fs::write(top.join("conf"), &text).unwrap());
    let marker = "[redacted: GitHub token]";
    // Who takes what is shown for what is there loses the secret.
    let read = ground.call("read", json!({"path": "conf"})).text;
    assert!(read.contains(marker) && !text.contains(marker), "the control");
    let quoted = json!([{"old": format!("token = \"{marker}\""), "new": "token = load()"}]);
    let moved = json!([{"old": "name = 1", "new": format!("name = \"{marker}\"")}]);
    for (name, arguments, said) in [
        ("edit", json!({"path": "conf", "edits": quoted}), "so it is not in the file"),
        ("edit", json!({"path": "conf", "edits": moved}), "only stands in the place of a secret"),
        ("write", json!({"path": "conf", "text": text.replace(&token, marker)}), "as it was"),
        ("write", json!({"path": "new", "text": marker}), "from the environment"),
    ] {
        let done = ground.call(name, arguments);
        assert!(done.text.contains(said), "{}", done.text);
        assert_eq!(done.at, ground.at, "{}", done.text);
    }
    let arguments = json!({"command": format!("echo '{marker}' > conf")});
    let call = ToolCall { id: "1".into(), name: "run".into(), arguments, signatures: vec![] };
    assert!(Call::understand(&call, &[]).unwrap_err().contains("it was not run"));
    // A file that is about such words may be changed.
    let about = Ground::new(|top| fs::write(top.join("doc"), format!("{marker} a\n")).unwrap());
    let edits = json!([{"old": format!("{marker} a"), "new": format!("{marker} b")}]);
    assert_ne!(about.call("edit", json!({"path": "doc", "edits": edits})).at, about.at);
}
