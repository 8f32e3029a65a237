//! The escape suite, as far as tools defend: paths and names that a model or a repository
//! writes (docs/threats.md). A test is named for its row, and shows its control first.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use tempfile::TempDir;
use tenfold_domain::{CommitId, Millis, ToolCall};
use tenfold_tools::{Call, Done, Tree, run};
use tenfold_workspace::{Person, Workspace};

/// A folder to work on, and a secret beside it.
struct Ground {
    dir: TempDir,
    workspace: Workspace,
    at: CommitId,
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
        Self { dir, workspace, at }
    }

    fn top(&self) -> PathBuf {
        self.dir.path().join("work")
    }

    fn secret(&self) -> String {
        fs::read_to_string(self.dir.path().join("secret")).unwrap()
    }

    fn call(&self, name: &str, arguments: Value) -> Done {
        let call = ToolCall { id: "1".into(), name: name.into(), arguments, signatures: vec![] };
        let Call::Files(call) = Call::understand(&call).unwrap() else { panic!("{name} runs") };
        call.perform(&Tree { workspace: &self.workspace, at: self.at.clone() }).unwrap()
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
fn r04_working_directory_that_a_model_chose() {
    for argument in ["cwd", "workdir", "working_directory", "env", "sandbox", "root"] {
        let arguments = json!({"command": "touch x", argument: "/"});
        // Whoever takes what is known and passes over the rest, or takes it, runs it there.
        assert_eq!(arguments[argument], "/", "the control");
        let call = ToolCall { id: "1".into(), name: "run".into(), arguments, signatures: vec![] };
        assert!(Call::understand(&call).is_err(), "{argument}");
    }
}

#[test]
fn r06_git_directories_by_other_names() {
    let ground = Ground::new(|_| {});
    for path in
        [".git/hooks/x", ".GIT/hooks/x", "sub/.Git/config", ".g\u{200c}it/config", "git~1/x"]
    {
        let place = ground.dir.path().join("control").join(path);
        fs::create_dir_all(place.parent().unwrap()).unwrap();
        fs::write(&place, "changed\n").unwrap();
        assert!(place.exists(), "the control");
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
    let ran = run::report(&text, &text, &text, Millis(1), std::slice::from_ref(&text));
    for shown in [read, found, ran] {
        assert!(!shown.contains(ACTS), "{shown:?}");
        assert!(shown.contains("red"), "{shown:?}");
    }
}
