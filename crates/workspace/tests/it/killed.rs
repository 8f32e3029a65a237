//! A process that is killed while it writes the person's files: at every change that it makes
//! to the disk. Nothing is torn, nothing is lost, and all of it can be taken back.

use std::process::{Command, Stdio};

use tenfold_domain::CommitId;
use tenfold_workspace::{FileChange, InPlace, Person, Workspace};

use crate::fixture::{Fixture, Written, assert_same, delete, edit};

/// What a child is told: the fixture's folder, what to do, between which commits, and after
/// which change of the disk to die.
const TOLD: &str = "TENFOLD_TEST_KILLED";

/// How many changes of the disk are more than there are.
const MORE_THAN_ALL: usize = 40;

fn repository() -> (Fixture, Workspace, CommitId, CommitId) {
    let f = Fixture::with(&[("a", "1\n2\n3\n"), ("gone/deep", "1\n"), ("run", "#!/bin/sh\n")]);
    f.git(&["update-index", "--chmod=+x", "run"]);
    f.git(&["commit", "-qm", "executable"]);
    f.git(&["checkout", "-q", "."]);
    let workspace = f.open();
    let base = workspace.snapshot().unwrap().commit;
    let changes: [FileChange; 4] = [
        edit("a", "1\n2\nnew\n"),
        edit("made/for/it", "1\n"),
        edit("run", "#!/bin/sh\ntrue\n"),
        delete("gone/deep"),
    ];
    let new = workspace.commit(&base, &changes, "m").unwrap();
    (f, workspace, base, new)
}

/// Another process does it, and dies at the given change; `true` if it came to its end.
fn ends(f: &Fixture, what: &str, from: &CommitId, to: &CommitId, at: usize) -> bool {
    let told = [&f.dir.path().to_string_lossy(), what, from.as_str(), to.as_str(), &at.to_string()];
    let status = Command::new(std::env::current_exe().unwrap())
        .args(["killed::child_that_writes", "--exact", "--ignored", "--nocapture"])
        .env(TOLD, told.join("|"))
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .unwrap();
    status.success()
}

#[test]
#[ignore = "the killed process of the tests below"]
fn child_that_writes() {
    let Ok(told) = std::env::var(TOLD) else { return };
    let [dir, what, from, to, at] = told.split('|').collect::<Vec<_>>()[..] else { panic!() };
    let (dir, at): (&std::path::Path, usize) = (dir.as_ref(), at.parse().unwrap());
    let person = Person { path: std::env::var_os("PATH"), home: None, config_home: None };
    let workspace = Workspace::open_for(&dir.join("repo"), &dir.join("data"), person).unwrap();
    let [from, to] = [from, to].map(|commit| commit.parse::<CommitId>().unwrap());
    let fit = match what {
        "accept" => workspace.fit_in_place(&from, &to).unwrap(),
        _ => workspace.fit_back(&from, &to).unwrap(),
    };
    let mut done = 0;
    let mut hear = || {
        if done == at {
            std::process::abort();
        }
        done += 1;
    };
    hear();
    fit.write(&mut hear).unwrap();
}

/// Each file is as it was or as it is to be.
#[track_caller]
fn nothing_is_torn(f: &Fixture) {
    for (path, was, is) in [
        ("a", Some("1\n2\n3\n"), Some("1\n2\nnew\n")),
        ("gone/deep", Some("1\n"), None),
        ("made/for/it", None, Some("1\n")),
        ("run", Some("#!/bin/sh\n"), Some("#!/bin/sh\ntrue\n")),
    ] {
        let now = std::fs::read_to_string(f.root().join(path)).ok();
        assert!(now.as_deref() == was || now.as_deref() == is, "{path}: {now:?}");
    }
}

fn taken_back(workspace: &Workspace, before: &CommitId, after: &CommitId) {
    workspace.sweep_in_place(before, after).unwrap();
    workspace.undo_in_place(before, after).unwrap();
    workspace.sweep_in_place(before, after).unwrap();
}

#[test]
fn an_acceptance_that_is_killed_anywhere_can_be_taken_back_or_made_whole() {
    let mut cut_short = 0;
    for at in 0..MORE_THAN_ALL {
        let (f, workspace, base, new) = repository();
        let untouched = f.contents();
        let InPlace { before, after, .. } = &workspace.fit_in_place(&base, &new).unwrap();
        let ended = ends(&f, "accept", &base, &new, at);
        nothing_is_torn(&f);
        let whole = workspace.is_in_place(before, after).unwrap();
        assert!(whole || !ended, "at {at}");
        cut_short += usize::from(!whole);
        taken_back(&workspace, before, after);
        assert_same(&f.contents(), &untouched);
        assert!(!f.root().join("made").exists(), "at {at}");
        workspace.accept_in_place(&base, &new).unwrap();
        assert!(workspace.is_in_place(before, after).unwrap(), "at {at}");
        if ended {
            // Four files on their way and the first three in their places, at the least.
            assert!(cut_short >= 7 && at > cut_short, "{cut_short} of {at}");
            return;
        }
    }
    panic!("it does not come to its end");
}

#[test]
fn taking_back_that_is_killed_anywhere_can_be_gone_on_with() {
    for at in 0..MORE_THAN_ALL {
        let (f, workspace, base, new) = repository();
        let untouched = f.contents();
        let applied = workspace.accept_in_place(&base, &new).unwrap();
        let (before, after) = (&applied.before, &applied.after);
        let ended = ends(&f, "undo", before, after, at);
        nothing_is_torn(&f);
        taken_back(&workspace, before, after);
        assert_same(&f.contents(), &untouched);
        if ended {
            return;
        }
    }
    panic!("it does not come to its end");
}

#[test]
fn what_the_person_changes_after_it_was_cut_short_is_kept() {
    let (f, workspace, base, new) = repository();
    let InPlace { before, after, .. } = &workspace.fit_in_place(&base, &new).unwrap();
    // Two folders, four on their way, and the first in its place.
    assert!(!ends(&f, "accept", &base, &new, 7));
    assert_eq!(f.read("a"), "1\n2\nnew\n");
    f.write("a", "mine\n2\nnew\n");
    f.write("made/by-me", "1\n");
    taken_back(&workspace, before, after);
    assert_eq!(f.read("a"), "mine\n2\n3\n");
    assert_eq!(f.read("made/by-me"), "1\n");
}
