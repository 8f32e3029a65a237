//! Tenfold's own git directories: what is kept in them, what it takes, and what is removed.

use std::collections::BTreeSet;
use std::path::Path;

use tenfold_domain::{Bytes, CommitId};
use tenfold_workspace::{Own, OwnAlone, Workspace};

use crate::fixture::{Fixture, edit};

/// A text that does not become small when it is packed, another one for each seed.
fn noise(seed: u64, bytes: usize) -> String {
    let mut state = seed;
    let next = |_| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        char::from(b'!' + u8::try_from((state >> 33) % 90).unwrap())
    };
    (0..bytes).map(next).collect()
}

fn alone(f: &Fixture) -> OwnAlone {
    let dirs = Own::all(&f.path("data")).unwrap();
    let [dir] = dirs.as_slice() else { panic!("{dirs:?}") };
    Own::alone(dir).unwrap()
}

/// What can be read of a commit's only file, if it is there.
fn read(workspace: &Workspace, commit: &CommitId) -> Option<usize> {
    workspace.read(commit, Path::new("a")).ok().map(|content| content.len())
}

#[test]
fn what_is_removed_is_gone_and_takes_no_room_and_all_else_is_there() {
    let f = Fixture::with(&[("a", &noise(1, 100_000))]);
    let workspace = f.open();
    let base = workspace.snapshot().unwrap().commit;
    let change = |seed| {
        let text = noise(seed, 100_000);
        workspace.commit(&base, &[edit("a", &text)], "m").unwrap()
    };
    let (reviewed, open, lost) = (change(2), change(3), change(4));
    workspace.keep("attempt/1.1", &reviewed).unwrap();
    workspace.keep("attempt/2.1", &open).unwrap();
    drop(workspace);

    let own = alone(&f);
    let kept = own.own().kept().unwrap();
    let names: Vec<&str> = kept.keys().map(String::as_str).collect();
    assert_eq!(names, ["attempt/1.1", "attempt/2.1"]);
    let before = own.own().all_bytes().unwrap();
    let stays = own.own().bytes_of([&open]).unwrap();
    assert!(before > Bytes(300_000) && stays < Bytes(before.0 / 3 * 2), "{before} {stays}");
    own.remove(&["attempt/1.1".to_owned()]).unwrap();
    let after = own.own().all_bytes().unwrap();
    assert!(after.0.abs_diff(stays.0) < 20_000, "{after} {stays}");
    drop(own);

    let workspace = f.open();
    assert_eq!(read(&workspace, &open), Some(100_000));
    assert_eq!(read(&workspace, &base), Some(100_000), "the work began with it");
    assert_eq!((read(&workspace, &reviewed), read(&workspace, &lost)), (None, None));
    // What a snapshot remembers to have seen may be gone.
    f.write("a", noise(2, 100_000));
    let again = workspace.snapshot().unwrap().commit;
    assert_eq!(read(&workspace, &again), Some(100_000));
}

#[test]
fn what_is_referred_to_without_a_name_is_held() {
    let f = Fixture::with(&[("a", "1\n")]);
    let workspace = f.open();
    let base = workspace.snapshot().unwrap().commit;
    let named = workspace.commit(&base, &[edit("a", "2\n")], "m").unwrap();
    let lost = workspace.commit(&base, &[edit("a", "three\n")], "m").unwrap();
    workspace.keep("work/1.1", &named).unwrap();
    drop(workspace);

    let own = alone(&f);
    let nowhere: CommitId = "0123456789".repeat(4).parse().unwrap();
    own.hold("held/1", &BTreeSet::from([base.clone(), lost.clone(), nowhere])).unwrap();
    let kept = own.own().kept().unwrap();
    let held = format!("held/1/{lost}");
    assert_eq!(kept.keys().cloned().collect::<Vec<_>>(), [held, "work/1.1".to_owned()]);
    own.remove(&[]).unwrap();
    drop(own);
    let workspace = f.open();
    assert_eq!((read(&workspace, &lost), read(&workspace, &base)), (Some(6), Some(2)));
}

#[test]
fn what_was_written_stays_while_somebody_is_there_and_what_is_kept_can_go() {
    let f = Fixture::with(&[("a", "1\n")]);
    let workspace = f.open();
    let base = workspace.snapshot().unwrap().commit;
    workspace.keep("base/1", &base).unwrap();
    let proposal = workspace.commit(&base, &[edit("a", "two\n")], "m").unwrap();
    let own = alone(&f);
    assert!(!own.is_unused());
    own.remove(&["base/1".to_owned()]).unwrap();
    drop(own);
    assert_eq!((read(&workspace, &base), read(&workspace, &proposal)), (Some(2), Some(4)));

    // As if it had been written three days ago.
    let dirs = Own::all(&f.path("data")).unwrap();
    let listed = git(&dirs[0], &["for-each-ref", "--format=%(refname)", "refs/tenfold/lately"]);
    let names: Vec<&str> = listed.lines().collect();
    assert_eq!(names.len(), 2, "{names:?}");
    for (number, name) in names.into_iter().enumerate() {
        let written = name.strip_prefix("refs/tenfold/lately/").unwrap();
        let at: u64 = written.split('-').next().unwrap().parse().unwrap();
        let old = format!("refs/tenfold/lately/{}-{number}", at - 3 * 86_400);
        git(&dirs[0], &["update-ref", &old, name]);
        git(&dirs[0], &["update-ref", "-d", name]);
    }
    let own = alone(&f);
    own.hold("held/1", &BTreeSet::from([base.clone()])).unwrap();
    own.remove(&[]).unwrap();
    drop(own);
    assert_eq!((read(&workspace, &base), read(&workspace, &proposal)), (Some(2), None));
    drop(workspace);
    assert!(alone(&f).is_unused());
    assert_eq!(Own::all(&f.path("home")).unwrap(), Vec::<std::path::PathBuf>::new());
}

#[test]
fn the_last_who_leaves_takes_the_names_from_what_was_not_kept() {
    let f = Fixture::with(&[("a", "1\n")]);
    let workspace = f.open();
    let base = workspace.snapshot().unwrap().commit;
    workspace.keep("base/1", &base).unwrap();
    workspace.commit(&base, &[edit("a", "2\n")], "m").unwrap();
    let names = || {
        let dirs = Own::all(&f.path("data")).unwrap();
        git(&dirs[0], &["for-each-ref", "--format=%(refname)"]).lines().count()
    };
    let other = f.open();
    workspace.leave().unwrap();
    assert_eq!(names(), 3, "somebody is there");
    other.leave().unwrap();
    assert_eq!(names(), 1);
}

/// Snapshots that are taken while others remove all that has no name, over and over: what comes
/// back from one can be read until it is kept.
#[test]
fn nothing_goes_between_a_snapshot_and_the_name_that_keeps_it() {
    let f = Fixture::with(&[("a", "1\n")]);
    let workspace = f.open();
    let first = workspace.snapshot().unwrap().commit;
    let dirs = Own::all(&f.path("data")).unwrap();
    std::thread::scope(|scope| {
        let removing = scope.spawn(|| {
            for _ in 0..15 {
                Own::alone(&dirs[0]).unwrap().remove(&[]).unwrap();
            }
        });
        let mut round = 0;
        while !removing.is_finished() {
            round += 1;
            // The same contents come and go.
            let text = format!("{}\n", round % 3);
            let commit = workspace.commit(&first, &[edit("a", &text)], "m").unwrap();
            assert_eq!(read(&workspace, &commit), Some(2));
            workspace.keep("base/1", &commit).unwrap();
            assert_eq!(read(&workspace, &commit), Some(2));
        }
        removing.join().unwrap();
    });
}

fn git(dir: &Path, args: &[&str]) -> String {
    let output = std::process::Command::new("git").args(args).current_dir(dir).output().unwrap();
    assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}
