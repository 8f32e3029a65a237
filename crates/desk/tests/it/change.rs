//! The change that a task proposes, as git tells it of folders that are there.

use tenfold_desk::task::{Change, Diff, FileDiff, LineKind, diff};
use tenfold_domain::{AttemptEvent, AttemptOutcome, ProblemKind, TaskId};
use tenfold_workspace::Workspace;

use crate::home::{Home, ended, made, of};
use crate::schema::fits;

/// A task that proposes what was done to the folder.
fn proposed(home: &Home, work: impl FnOnce()) -> TaskId {
    let open = || Workspace::open(&home.folder, &home.house.places.workspaces()).unwrap();
    let task = home.task("fix it");
    let base = open().snapshot().unwrap().commit;
    open().keep("base", &base).unwrap();
    work();
    let after = open().snapshot().unwrap().commit;
    open().keep("after", &after).unwrap();
    let attempt = home.begin_on(task, base);
    home.record(vec![made(attempt, after), ended(attempt, AttemptOutcome::Finished)]);
    task
}

fn told(home: &Home, task: TaskId) -> Diff {
    let view = home.view();
    let row = view.task(task).unwrap().unwrap();
    let diff = diff(&home.house, &view, &row, (None, None)).unwrap();
    fits("Diff", &diff);
    diff
}

#[test]
fn a_change_is_told_file_by_file() {
    let home = Home::new();
    home.write("grün \"\t.txt", b"one\ntwo\nthree");
    home.write("gone.txt", b"x\n");
    home.write("link", b"y\n");
    home.write("pixel.bin", b"\0\x01");
    home.write("bytes.txt", b"a\xff\n");
    let task = proposed(&home, || {
        home.write("grün \"\t.txt", b"one\n2\r\nthree\n");
        std::fs::remove_file(home.folder.join("gone.txt")).unwrap();
        std::fs::remove_file(home.folder.join("link")).unwrap();
        std::os::unix::fs::symlink("bytes.txt", home.folder.join("link")).unwrap();
        home.write("pixel.bin", b"\0\x02");
        home.write("bytes.txt", b"b\xff\n");
        home.write("new file", b"");
        let token = format!("key = \"ghp_{}\"\n", "N0tARealOne".repeat(4));
        home.write("conf.py", token.as_bytes());
    });
    let diff = told(&home, task);
    assert!(diff.verified && diff.files_left_out == 0);
    let files: Vec<_> = diff
        .files
        .iter()
        .map(|file| (file.path.as_str(), file.change, file.added, file.removed, file.binary))
        .collect();
    assert_eq!(
        files,
        [
            ("bytes.txt", Change::Modified, 1, 1, false),
            ("conf.py", Change::Added, 1, 0, false),
            ("gone.txt", Change::Deleted, 0, 1, false),
            ("grün \"\t.txt", Change::Modified, 2, 2, false),
            ("link", Change::Replaced, 1, 1, false),
            ("new file", Change::Added, 0, 0, false),
            ("pixel.bin", Change::Modified, 0, 0, true),
        ]
    );
    for file in diff.files.iter().filter(|file| !file.binary) {
        let (added, removed) = (texts(file, LineKind::Added), texts(file, LineKind::Removed));
        assert_eq!((added.len() as u64, removed.len() as u64), (file.added, file.removed));
        assert!(!file.cut, "{file:?}");
    }
    assert_eq!(texts(&diff.files[3], LineKind::Added), ["2\r", "three"]);
    assert_eq!(texts(&diff.files[0], LineKind::Added), ["b\u{FFFD}"]);
    let [secret] = diff.secrets.as_slice() else { panic!("{:?}", diff.secrets) };
    assert_eq!((secret.file.as_str(), secret.line), ("conf.py", 1));
}

fn texts(file: &FileDiff, kind: LineKind) -> Vec<&str> {
    let lines = file.hunks.iter().flat_map(|hunk| &hunk.lines);
    lines.filter(|line| line.kind == kind).map(|line| line.text.as_str()).collect()
}

#[test]
fn what_is_not_there_is_said() {
    let home = Home::new();
    let none = home.task("nothing yet");
    let view = home.view();
    let row = view.task(none).unwrap().unwrap();
    let error = diff(&home.house, &view, &row, (None, None)).unwrap_err();
    assert_eq!(error.problem().kind, ProblemKind::NotFound);
    home.write("x", b"1\n");
    let task = proposed(&home, || home.write("x", b"2\n"));
    let attempt = home.view().task(task).unwrap().unwrap().proposals[0].attempt;
    home.record(vec![of(attempt, AttemptEvent::FilesRemoved)]);
    let view = home.view();
    let row = view.task(task).unwrap().unwrap();
    let error = diff(&home.house, &view, &row, (Some(attempt), None)).unwrap_err();
    assert_eq!(error.problem().kind, ProblemKind::NotFound);
}
