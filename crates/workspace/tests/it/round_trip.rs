//! Whatever files there are: out of a snapshot they come as they went in, and an acceptance
//! that is taken back leaves everything as it was.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use proptest::collection::{btree_map, vec};
use proptest::prelude::*;
use tenfold_workspace::FileChange;

use crate::fixture::{Fixture, Written, accept_as_branch, assert_same, listing};

#[derive(Debug, Clone)]
enum Node {
    File { content: Vec<u8>, executable: bool },
    Link(Vec<u8>),
}

fn name() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        "[a-z]{1,3}".prop_map(String::into_bytes),
        vec(1..=255u8, 1..12),
        Just(b"a\n\"b\"\\".to_vec()),
    ]
    .prop_map(|mut name| {
        name.retain(|byte| *byte != b'/');
        name
    })
    .prop_filter("not a name", |name| {
        let git = name.eq_ignore_ascii_case(b".git") || name.starts_with(b".gitignore");
        !name.is_empty() && name != b"." && name != b".." && !git
    })
}

fn node() -> impl Strategy<Value = Node> {
    let content =
        prop_oneof![vec(any::<u8>(), 0..200), "([ab]\r?\n){0,9}".prop_map(String::into_bytes)];
    prop_oneof![
        4 => (content, any::<bool>())
            .prop_map(|(content, executable)| Node::File { content, executable }),
        1 => vec(1..=255u8, 1..20).prop_map(Node::Link),
    ]
}

/// Files in a few folders; a name that is a folder already is left out.
fn folder() -> impl Strategy<Value = BTreeMap<PathBuf, Node>> {
    btree_map(vec(name(), 1..4), node(), 1..12).prop_map(|files| {
        let mut kept: BTreeMap<PathBuf, Node> = BTreeMap::new();
        for (parts, node) in files {
            let path: PathBuf = parts.iter().map(|part| OsStr::from_bytes(part)).collect();
            let clash = |other: &PathBuf| other.starts_with(&path) || path.starts_with(other);
            if !kept.keys().any(clash) {
                kept.insert(path, node);
            }
        }
        kept
    })
}

fn write_all(root: &Path, files: &BTreeMap<PathBuf, Node>) {
    for (path, node) in files {
        let path = root.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        match node {
            Node::Link(target) => symlink(OsStr::from_bytes(target), path).unwrap(),
            Node::File { content, executable } => {
                fs::write(&path, content).unwrap();
                let mode = if *executable { 0o755 } else { 0o644 };
                fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn a_checkout_of_a_snapshot_is_the_same_files(files in folder()) {
        let f = Fixture::folder();
        write_all(&f.root(), &files);
        let workspace = f.open();
        let snapshot = workspace.snapshot().unwrap();
        let out = f.path("out");
        workspace.checkout(&snapshot.commit, &out).unwrap();
        prop_assert_eq!(listing(&out), listing(&f.root()));
        // And back: what is captured from the checkout is the same tree.
        let captured = workspace.capture(&snapshot.commit, &out, "m").unwrap().commit;
        prop_assert_eq!(workspace.changed(&snapshot.commit, &captured).unwrap(), []);
    }
}

proptest! {
    // Each case runs git some sixty times.
    #![proptest_config(ProptestConfig { cases: 8, ..ProptestConfig::default() })]

    #[test]
    fn an_acceptance_taken_back_leaves_everything_as_it_was(
        files in folder(),
        contents in vec(prop::option::of(vec(any::<u8>(), 0..100)), 1..6),
    ) {
        let f = Fixture::empty();
        write_all(&f.root(), &files);
        f.git(&["add", "-A"]);
        f.git(&["commit", "-q", "-m", "first"]);
        f.write("zz stashed", "1");
        f.git(&["stash", "-q", "-u"]);
        f.write("zz staged", "1");
        f.git(&["add", "zz staged"]);
        f.write("zz untracked", "1");
        let workspace = f.open();
        let base = workspace.snapshot().unwrap().commit;
        let mut changes: Vec<FileChange> = files
            .iter()
            .filter(|(_, node)| matches!(node, Node::File { .. }))
            .zip(contents)
            .map(|((path, _), content)| FileChange { path: path.clone(), content })
            .collect();
        changes.push(FileChange { path: "zz new/file".into(), content: Some(b"1".to_vec()) });
        let proposal = workspace.commit(&base, &changes, "m").unwrap();
        let before = f.contents();

        let branch = accept_as_branch(&workspace, &base, &proposal, "b").unwrap();
        workspace.undo_branch(&branch).unwrap();
        assert_same(&f.contents(), &before);

        let applied = workspace.accept_in_place(&base, &proposal).unwrap();
        let now = workspace.snapshot().unwrap().commit;
        prop_assert_eq!(workspace.changed(&proposal, &now).unwrap(), []);
        workspace.undo_in_place(&applied.before, &applied.after).unwrap();
        assert_same(&f.contents(), &before);
    }
}
