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
fn the_lines_that_a_diff_shows_of_a_file_have_their_numbers_on_both_sides() {
    let long: String = (1..=30).map(|line| format!("{line}\n")).collect();
    let now = long.replace("\n4\n", "\nfour\nand\n").replace("\n29\n", "\n") + "@@ -1 +1 @@";
    let f = Fixture::with(&[("odd *.txt", &long), ("odd x.txt", "1\n"), ("bin", "\0\u{1}")]);
    let workspace = f.open();
    let base = workspace.snapshot().unwrap().commit;
    let changes = [edit("odd *.txt", &now), edit("odd x.txt", "2\n"), edit("bin", "\0\u{2}")];
    let commit = workspace.commit(&base, &changes, "m").unwrap();
    let lines = workspace.shown_lines(&base, &commit, "odd *.txt").unwrap();
    let told: Vec<_> = lines.iter().map(|line| (line.old, line.new, line.text.as_str())).collect();
    assert_eq!(
        told,
        [
            (Some(1), Some(1), "1"),
            (Some(2), Some(2), "2"),
            (Some(3), Some(3), "3"),
            (Some(4), None, "4"),
            (None, Some(4), "four"),
            (None, Some(5), "and"),
            (Some(5), Some(6), "5"),
            (Some(6), Some(7), "6"),
            (Some(7), Some(8), "7"),
            (Some(26), Some(27), "26"),
            (Some(27), Some(28), "27"),
            (Some(28), Some(29), "28"),
            (Some(29), None, "29"),
            (Some(30), Some(30), "30"),
            (None, Some(31), "@@ -1 +1 @@"),
        ]
    );
    assert_eq!(workspace.shown_lines(&base, &commit, "bin").unwrap(), []);
    assert_eq!(workspace.shown_lines(&base, &base, "odd *.txt").unwrap(), []);
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
