//! Files that are looked for by where they lie: which are found, and which never.

use std::os::unix::fs::symlink;

use tenfold_workspace::{Interest, Sighted, Sought};

use crate::fixture::Fixture;

const MAX_BYTES: u64 = 1024;

/// Notes in every folder, and those in a hidden one that is named.
fn interest(path: &str) -> Interest {
    match path {
        ".box" | ".box/notes" => Interest::Folder,
        ".box/copies" => Interest::Pass,
        path if path.split('/').next_back() == Some("NOTE") => {
            Interest::File { max_bytes: MAX_BYTES }
        }
        _ => Interest::None,
    }
}

fn look(fixture: &Fixture, max_files: usize, max_bytes: u64) -> Sighted {
    fixture.open().look_for(&Sought { interest: &interest, max_files, max_bytes }).unwrap()
}

fn paths(sighted: &Sighted) -> Vec<&str> {
    sighted.files.iter().map(|(path, _)| path.as_str()).collect()
}

#[test]
fn the_nearest_come_first_and_what_is_ignored_or_hidden_is_passed_by() {
    let fixture = Fixture::with(&[
        (".gitignore", "/out/\n"),
        ("a/deep/er/NOTE", "1"),
        ("a/.gitignore", "made\n"),
        ("z/NOTE", "2"),
        ("NOTE", "3"),
        (".box/notes/x/NOTE", "4"),
    ]);
    for passed in
        ["out/NOTE", "a/made/NOTE", ".hidden/NOTE", ".box/notes/.x/NOTE", ".box/copies/NOTE"]
    {
        fixture.write(passed, "no");
    }
    let sighted = look(&fixture, 9, 9_000);
    assert_eq!(paths(&sighted), ["NOTE", "z/NOTE", ".box/notes/x/NOTE", "a/deep/er/NOTE"]);
    assert_eq!(sighted.files[1].1, "2");
    assert_eq!(sighted.notes, [""; 0]);
}

#[test]
fn what_is_beyond_a_bound_is_left_out_and_said() {
    let long = "x".repeat(1_000);
    let fixture = Fixture::with(&[("a/NOTE", &long), ("b/NOTE", &long), ("c/NOTE", "c")]);
    let few = look(&fixture, 1, 9_000);
    assert_eq!(paths(&few), ["a/NOTE"]);
    assert!(few.notes[0].contains("b/NOTE is left out: there are more than 1"), "{few:?}");
    let small = look(&fixture, 9, 1_500);
    assert_eq!(paths(&small), ["a/NOTE", "c/NOTE"]);
    assert!(small.notes[0].contains("b/NOTE is left out: with those before it"), "{small:?}");
    fixture.write("c/NOTE", "x".repeat(1_025));
    fixture.write(&format!("{}NOTE", "d/".repeat(30)), "deep");
    let large = look(&fixture, 9, 9_000);
    assert_eq!(paths(&large), ["a/NOTE", "b/NOTE"]);
    assert!(large.notes[0].contains("c/NOTE is left out: it is larger than 1 KiB"), "{large:?}");
    assert!(large.notes[1].contains("it lies too deep"), "{large:?}");
}

#[test]
fn r23_no_link_is_followed_and_nothing_is_waited_for() {
    let fixture = Fixture::with(&[("a/x", ""), ("b/x", ""), ("e\u{202e}/NOTE", "turned")]);
    std::fs::create_dir(fixture.path("elsewhere")).unwrap();
    std::fs::write(fixture.path("elsewhere/NOTE"), "theirs").unwrap();
    let root = fixture.root();
    symlink(fixture.path("elsewhere/NOTE"), root.join("a/NOTE")).unwrap();
    symlink(fixture.path("elsewhere"), root.join("c")).unwrap();
    symlink(fixture.path("elsewhere"), root.join(".box")).unwrap();
    nix::unistd::mkfifo(&root.join("b/NOTE"), nix::sys::stat::Mode::S_IRWXU).unwrap();
    std::fs::create_dir(root.join("d")).unwrap();
    std::fs::write(root.join("d/NOTE"), b"\xff\xfe").unwrap();
    let sighted = look(&fixture, 9, 9_000);
    assert_eq!(paths(&sighted), [""; 0]);
    for note in [
        ".box is left out: it is a link",
        "a/NOTE is left out: it is no plain file",
        "b/NOTE is left out: it is no plain file",
        "d/NOTE is left out: it is no UTF-8 text",
        "e\\u{202e}/NOTE is left out: its path",
    ] {
        assert!(sighted.notes.iter().any(|said| said.starts_with(note)), "{note}: {sighted:?}");
    }
}
