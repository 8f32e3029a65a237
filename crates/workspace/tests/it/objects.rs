//! Commits, diffs and what is kept, without any files.

use std::path::Path;

use tenfold_workspace::ChangeKind;

use crate::fixture::{Fixture, delete, edit, paths};

#[test]
fn a_commit_changes_what_it_names_and_nothing_else() {
    let f = Fixture::with(&[("a", "1\n"), ("b/c", "1\n"), ("d", "1\n")]);
    let workspace = f.open();
    let base = workspace.snapshot().unwrap().commit;
    let changes = [edit("b/c", "2\n"), edit("e \"f\"\n\\g", "1\n"), delete("d")];
    let commit = workspace.commit(&base, &changes, "m").unwrap();
    assert_eq!(paths(&workspace, &commit), ["a", "b/c", "e \"f\"\n\\g"]);
    assert_eq!(workspace.commit(&base, &changes, "m").unwrap(), commit, "not the same again");
    let found = workspace.read_many(&commit, &[Path::new("b/c"), Path::new("a")]).unwrap();
    assert_eq!(found, [b"2\n", b"1\n"]);
}

#[test]
fn a_diff_reads_as_people_know_it() {
    let f = Fixture::with(&[("ä b", "1\n2\n"), ("bin", "\0\u{1}"), ("gone", "1\n")]);
    let workspace = f.open();
    let base = workspace.snapshot().unwrap().commit;
    let changes = [edit("ä b", "1\n3\n4\n"), edit("bin", "\0\u{2}"), delete("gone")];
    let commit = workspace.commit(&base, &changes, "m").unwrap();
    let diff = workspace.diff(&base, &commit).unwrap();
    assert!(diff.contains("--- a/ä b\t\n+++ b/ä b\t\n@@ -1,2 +1,3 @@\n 1\n-2\n+3\n+4\n"), "{diff}");
    assert!(diff.contains("Binary files a/bin and b/bin differ"), "{diff}");
    let changed: Vec<_> = workspace
        .changed(&base, &commit)
        .unwrap()
        .into_iter()
        .map(|file| {
            let path = file.path.to_string_lossy().into_owned();
            (path, file.kind, file.added, file.removed, file.binary)
        })
        .collect();
    assert_eq!(
        changed,
        [
            ("bin".into(), ChangeKind::Modified, 0, 0, true),
            ("gone".into(), ChangeKind::Deleted, 0, 1, false),
            ("ä b".into(), ChangeKind::Modified, 2, 1, false),
        ]
    );
    // The patch does what the diff shows, byte for byte.
    std::fs::write(f.path("patch"), workspace.patch(&base, &commit).unwrap()).unwrap();
    f.git(&["apply", "../patch"]);
    assert_eq!(workspace.snapshot().unwrap().commit, {
        let snapshot = f.open().snapshot().unwrap().commit;
        assert_eq!(workspace.changed(&commit, &snapshot).unwrap(), []);
        snapshot
    });
}

#[test]
fn what_is_kept_can_be_forgotten_twice_and_under_good_names_only() {
    let f = Fixture::with(&[("a", "1\n")]);
    let workspace = f.open();
    let base = workspace.snapshot().unwrap().commit;
    workspace.keep("task/1/base", &base).unwrap();
    workspace.forget("task/1/base").unwrap();
    workspace.forget("task/1/base").unwrap();
    assert!(workspace.keep("..", &base).is_err());
}
