//! Accepting and taking back, as a branch and in the files.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};

use tenfold_domain::CommitId;
use tenfold_workspace::{Conflict, ConflictReason, FileChange, Workspace, WorkspaceError};

use crate::fixture::{Fixture, Written, accept_as_branch, assert_same, delete, edit};

const TEXT: &str = "one\ntwo\nthree\nfour\nfive\nsix\nseven\n";

fn proposal(workspace: &Workspace, changes: &[FileChange]) -> (CommitId, CommitId) {
    let base = workspace.snapshot().unwrap().commit;
    let proposal = workspace.commit(&base, changes, "mend the third line\n\nBecause.").unwrap();
    (base, proposal)
}

fn conflicts<T: std::fmt::Debug>(result: Result<T, WorkspaceError>) -> Vec<Conflict> {
    match result.unwrap_err() {
        WorkspaceError::Conflicts(conflicts) => conflicts,
        other => panic!("{other}"),
    }
}

#[track_caller]
fn conflict<T: std::fmt::Debug>(result: Result<T, WorkspaceError>) -> (String, ConflictReason) {
    let conflicts = conflicts(result);
    let [only] = &conflicts[..] else { panic!("{conflicts:?}") };
    (only.path.to_string_lossy().into_owned(), only.why)
}

#[test]
fn a_branch_is_one_commit_on_head_by_the_person() {
    let f = Fixture::with(&[("a", TEXT), ("gone", "1\n"), ("run", "#!/bin/sh\n"), ("z/kept", "1")]);
    f.git(&["update-index", "--chmod=+x", "run"]);
    f.git(&["commit", "-qm", "executable"]);
    f.git(&["checkout", "-q", "."]);
    let workspace = f.open();
    let (base, new) = proposal(
        &workspace,
        &[
            edit("a", &TEXT.replace("three", "3")),
            edit("new/file", "1\n"),
            edit("run", "#!/bin/sh\ntrue\n"),
            delete("gone"),
        ],
    );
    let accepted = accept_as_branch(&workspace, &base, &new, "tenfold/mend").unwrap();
    assert_eq!(accepted.branch, "refs/heads/tenfold/mend");
    assert_eq!(f.git(&["rev-parse", "tenfold/mend"]).trim(), accepted.commit);
    assert_eq!(f.git(&["rev-parse", "tenfold/mend~1"]), f.git(&["rev-parse", "HEAD"]));
    assert_eq!(
        f.git(&["log", "-1", "--format=%an <%ae>|%cn|%B", "tenfold/mend"]).trim(),
        "Ada Lovelace <ada@example.org>|Ada Lovelace|mend the third line\n\nBecause."
    );
    assert_eq!(
        f.git(&["diff", "--name-status", "--no-renames", "HEAD", "tenfold/mend"]),
        "M\ta\nD\tgone\nA\tnew/file\nM\trun\n"
    );
    assert!(f.git(&["ls-tree", "tenfold/mend", "run"]).starts_with("100755"));
    assert_eq!(f.git(&["fsck", "--strict", "--full"]), "");
    assert_eq!(f.git(&["status", "--porcelain"]), "");
}

#[test]
fn a_dirty_base_is_merged_onto_head_and_stays_out_of_the_branch() {
    let f = Fixture::with(&[("a", TEXT)]);
    f.write("a", TEXT.replace("seven", "7, not committed"));
    let workspace = f.open();
    let mended = TEXT.replace("seven", "7, not committed").replace("two", "2");
    let (base, new) = proposal(&workspace, &[edit("a", &mended)]);
    accept_as_branch(&workspace, &base, &new, "b").unwrap();
    assert_eq!(f.git(&["show", "b:a"]), TEXT.replace("two", "2"));

    // The same lines, or a file that HEAD does not have.
    f.write("untracked", "1\n");
    let (base, new) = proposal(
        &workspace,
        &[edit("a", &TEXT.replace("seven", "7, proposed")), edit("untracked", "2\n")],
    );
    let found = conflicts(accept_as_branch(&workspace, &base, &new, "c"));
    assert_eq!(
        found.iter().map(|conflict| conflict.why).collect::<Vec<_>>(),
        [ConflictReason::SameLines, ConflictReason::Gone]
    );
    assert_eq!(found[0].hunks[0].line, 7);
    assert_eq!(found[0].hunks[0].yours, "seven\n");
    assert_eq!(found[0].hunks[0].proposed, "7, proposed\n");
    assert_eq!(f.git(&["branch", "--list", "c"]), "");
}

#[test]
fn a_branch_keeps_the_line_ends_of_the_repository() {
    let f = Fixture::with(&[("a", TEXT)]);
    f.git(&["config", "core.autocrlf", "true"]);
    fs::remove_file(f.root().join("a")).unwrap();
    f.git(&["checkout", "-q", "a"]);
    let crlf = TEXT.replace('\n', "\r\n");
    assert_eq!(f.read("a"), crlf, "the control: git converts line ends here");
    let workspace = f.open();
    let (base, new) = proposal(&workspace, &[edit("a", &crlf.replace("two", "2"))]);
    accept_as_branch(&workspace, &base, &new, "b").unwrap();
    assert_eq!(f.git(&["diff", "--numstat", "HEAD", "b"]), "1\t1\ta\n");
    workspace.accept_in_place(&base, &new).unwrap();
    assert_eq!(f.read("a"), crlf.replace("two", "2"));
}

#[test]
fn without_a_commit_a_branch_begins_a_history() {
    let f = Fixture::empty();
    let workspace = f.open();
    let (base, new) = proposal(&workspace, &[edit("a", "1\n")]);
    accept_as_branch(&workspace, &base, &new, "b").unwrap();
    assert_eq!(f.git(&["show", "b:a"]), "1\n");
    assert_eq!(f.git(&["log", "--format=%P", "b"]).trim(), "");
}

#[test]
fn a_branch_is_taken_back_only_while_it_is_as_it_was() {
    let f = Fixture::with(&[("a", "1\n")]);
    let workspace = f.open();
    let (base, new) = proposal(&workspace, &[edit("a", "2\n")]);
    let before = f.contents();
    let accepted = accept_as_branch(&workspace, &base, &new, "b").unwrap();
    workspace.undo_branch(&accepted).unwrap();
    assert_same(&f.contents(), &before);
    let text = |result: Result<(), WorkspaceError>| result.unwrap_err().to_string();
    assert!(text(workspace.undo_branch(&accepted)).contains("gone already"));

    let accepted = accept_as_branch(&workspace, &base, &new, "b").unwrap();
    f.git(&["checkout", "-q", "b"]);
    assert!(text(workspace.undo_branch(&accepted)).contains("checked out in"));
    f.git(&["commit", "-q", "--allow-empty", "-m", "more"]);
    f.git(&["checkout", "-q", "main"]);
    assert!(text(workspace.undo_branch(&accepted)).contains("has moved on"));
    assert_eq!(f.git(&["branch", "--list", "b"]).trim(), "b");
}

#[test]
fn in_place_later_edits_of_the_person_are_kept_both_ways() {
    let f = Fixture::with(&[("a", TEXT), ("gone", "1\n")]);
    let workspace = f.open();
    let (base, new) = proposal(
        &workspace,
        &[edit("a", &TEXT.replace("one", "1")), edit("new/deep/file", "1\n"), delete("gone")],
    );
    f.write("a", TEXT.replace("seven", "7"));
    let applied = workspace.accept_in_place(&base, &new).unwrap();
    assert_eq!(f.read("a"), TEXT.replace("one", "1").replace("seven", "7"));
    assert_eq!(f.read("new/deep/file"), "1\n");
    assert!(!f.root().join("gone").exists());
    assert_eq!(applied.files.len(), 3);
    // Again: all is as wanted already.
    assert_eq!(workspace.accept_in_place(&base, &new).unwrap().files.len(), 0);

    f.write("a", f.read("a").replace("four", "4"));
    workspace.undo_in_place(&applied.before, &applied.after).unwrap();
    assert_eq!(f.read("a"), TEXT.replace("seven", "7").replace("four", "4"));
    assert!(!f.root().join("new").exists());
    assert_eq!(f.read("gone"), "1\n");
}

#[test]
fn in_place_a_conflict_is_explained_and_nothing_is_written() {
    let f = Fixture::with(&[("a", TEXT), ("b", TEXT), ("c", "1\n"), ("bin", "\0a")]);
    let workspace = f.open();
    let (base, new) = proposal(
        &workspace,
        &[
            edit("a", &TEXT.replace("one", "1")),
            edit("b", &TEXT.replace("two", "2, proposed")),
            delete("c"),
            edit("bin", "\0b"),
            edit("new", "proposed\n"),
        ],
    );
    f.write("b", TEXT.replace("two", "2, mine"));
    f.write("c", "changed\n");
    f.write("bin", "\0c");
    f.write("new", "mine\n");
    let before = f.everything();
    let found = conflicts(workspace.accept_in_place(&base, &new));
    let reasons: Vec<_> =
        found.iter().map(|conflict| (conflict.path.to_str().unwrap(), conflict.why)).collect();
    assert_eq!(
        reasons,
        [
            ("b", ConflictReason::SameLines),
            ("bin", ConflictReason::NotText),
            ("c", ConflictReason::Deleted),
            ("new", ConflictReason::AddedTwice),
        ]
    );
    assert_eq!((found[0].hunks[0].line, found[0].hunks[0].yours.as_str()), (2, "2, mine\n"));
    assert_same(&f.everything(), &before);
}

#[test]
fn in_place_modes_and_line_ends_are_kept() {
    let f = Fixture::with(&[("run", "#!/bin/sh\r\necho one\r\n")]);
    let run = f.root().join("run");
    fs::set_permissions(&run, fs::Permissions::from_mode(0o750)).unwrap();
    let workspace = f.open();
    let (base, new) = proposal(&workspace, &[edit("run", "#!/bin/sh\r\necho two\r\n")]);
    let applied = workspace.accept_in_place(&base, &new).unwrap();
    assert_eq!(f.read("run"), "#!/bin/sh\r\necho two\r\n");
    assert_eq!(fs::metadata(&run).unwrap().permissions().mode() & 0o777, 0o750);
    workspace.undo_in_place(&applied.before, &applied.after).unwrap();
    assert_eq!(fs::metadata(&run).unwrap().permissions().mode() & 0o777, 0o750);
}

#[test]
fn in_place_no_link_is_written_through() {
    let f = Fixture::with(&[("dir/a", "1\n"), ("file", "1\n")]);
    let workspace = f.open();
    let outside = f.path("outside");
    fs::create_dir(&outside).unwrap();
    fs::write(outside.join("a"), "1\n").unwrap();

    let (base, new) = proposal(&workspace, &[edit("dir/a", "2\n")]);
    fs::remove_dir_all(f.root().join("dir")).unwrap();
    symlink(&outside, f.root().join("dir")).unwrap();
    let found = conflict(workspace.accept_in_place(&base, &new));
    assert_eq!(found, ("dir/a".into(), ConflictReason::ThroughLink));

    let (base, new) = proposal(&workspace, &[edit("file", "2\n")]);
    fs::remove_file(f.root().join("file")).unwrap();
    symlink(outside.join("a"), f.root().join("file")).unwrap();
    let found = conflict(workspace.accept_in_place(&base, &new));
    assert_eq!(found, ("file".into(), ConflictReason::Link));
    assert_eq!(fs::read_to_string(outside.join("a")).unwrap(), "1\n");
}

#[test]
fn a_link_that_leads_out_is_accepted_nowhere() {
    let f = Fixture::with(&[("a", "1\n")]);
    let workspace = f.open();
    let base = workspace.snapshot().unwrap().commit;
    for (name, target, fine) in [
        ("l", "/etc/passwd", false),
        ("l", "../x", false),
        ("l", ".git/config", false),
        ("l", "a", true),
    ] {
        let work = f.path("work");
        workspace.checkout(&base, &work).unwrap();
        symlink(target, work.join(name)).unwrap();
        let new = workspace.capture(&base, &work, "m").unwrap().commit;
        fs::remove_dir_all(&work).unwrap();
        if fine {
            accept_as_branch(&workspace, &base, &new, "b").unwrap();
            let applied = workspace.accept_in_place(&base, &new).unwrap();
            assert_eq!(fs::read_link(f.root().join("l")).unwrap().to_str(), Some("a"));
            workspace.undo_in_place(&applied.before, &applied.after).unwrap();
            assert!(fs::symlink_metadata(f.root().join("l")).is_err());
        } else {
            let refused = (name.to_owned(), ConflictReason::LinkLeads);
            assert_eq!(conflict(accept_as_branch(&workspace, &base, &new, "b")), refused);
            assert_eq!(conflict(workspace.accept_in_place(&base, &new)), refused);
        }
    }
}

#[test]
fn a_write_that_fails_midway_is_taken_back() {
    let f = Fixture::with(&[("a", "1\n"), ("b", "1\n"), ("y/z", "1\n")]);
    let workspace = f.open();
    let (base, new) = proposal(
        &workspace,
        &[edit("a", "2\n"), edit("n/new", "1\n"), edit(&format!("y/{}", "n".repeat(300)), "1\n")],
    );
    // The last name is longer than a file system takes.
    let before = f.contents();
    let error = workspace.accept_in_place(&base, &new).unwrap_err();
    assert!(matches!(error, WorkspaceError::Io { .. }), "{error}");
    assert_same(&f.contents(), &before);
    assert!(!f.root().join("n").exists());
}

#[test]
fn a_proposal_goes_on_top_of_another_where_they_do_not_clash() {
    let f = Fixture::with(&[("a", TEXT), ("b", "1\n")]);
    let workspace = f.open();
    let (base, third) = proposal(&workspace, &[edit("a", &TEXT.replace("three", "3"))]);
    let with = |changes: &[FileChange]| workspace.commit(&base, changes, "another").unwrap();
    let last = with(&[edit("a", &TEXT.replace("seven", "7")), delete("b")]);
    let both = workspace.on_top(&third, &base, &last).unwrap();
    let text = String::from_utf8(workspace.read(&both, "a".as_ref()).unwrap()).unwrap();
    assert_eq!(text, TEXT.replace("three", "3").replace("seven", "7"));
    assert_eq!(workspace.files(&both).unwrap().len(), 1, "b is gone");
    assert_eq!(workspace.on_top(&both, &base, &third).unwrap(), both, "it has that already");
    let clashing = with(&[edit("a", &TEXT.replace("three", "drei"))]);
    let clash = conflict(workspace.on_top(&third, &base, &clashing));
    assert_eq!(clash, ("a".to_owned(), ConflictReason::SameLines));
}
