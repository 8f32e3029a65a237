//! What can't be worked on is refused in words that say what to do, and nothing is touched.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use tenfold_workspace::{Person, Workspace, WorkspaceError};

use crate::fixture::{Fixture, Written, accept_as_branch, assert_same, delete, edit};

#[track_caller]
fn check(result: Result<impl Sized, WorkspaceError>, words: &[&str]) {
    let Err(error) = result else { panic!("it was not refused") };
    let text = error.to_string();
    for word in words {
        assert!(text.contains(word), "no '{word}' in: {text}");
    }
}

#[test]
fn without_git_it_says_how_to_get_it() {
    let f = Fixture::folder();
    let nothing = f.path("home").into_os_string();
    let person = Person { path: Some(nothing), ..f.person() };
    let opened = Workspace::open_for(&f.root(), &f.path("data"), person);
    check(opened, &["no", "git", "apt-get install git"]);
    // A program in whatever folder we are in is not git.
    let person = Person { path: Some(".:bin".into()), ..f.person() };
    check(Workspace::open_for(&f.root(), &f.path("data"), person), &["apt-get install git"]);
}

#[test]
fn places_that_are_no_workspace_are_refused() {
    let f = Fixture::with(&[("file", "1")]);
    check(f.open_at(&f.path("none")), &["there is no folder", "none"]);
    check(f.open_at(&f.root().join("file")), &["is not a folder"]);
    check(f.open_at(&f.root().join(".git/refs")), &["inside a git directory"]);
    let bare = f.path("bare");
    f.git(&["clone", "-q", "--bare", ".", bare.to_str().unwrap()]);
    check(f.open_at(&bare), &["bare repository", "git clone"]);
    let odd = f.path("x").join(OsStr::from_bytes(b"\xff\xfe"));
    fs::create_dir_all(&odd).unwrap();
    check(f.open_at(&odd), &["not valid UTF-8", "rename"]);
}

#[test]
fn paths_that_lead_out_are_refused() {
    let f = Fixture::with(&[("a", "1")]);
    let workspace = f.open();
    let base = workspace.snapshot().unwrap().commit;
    for path in ["../x", "/etc/x", ".git/hooks/post-checkout", "a/../../x", "sub/.GIT/config"] {
        check(workspace.commit(&base, &[edit(path, "1")], "m"), &["can't be a file's path"]);
        check(workspace.commit(&base, &[delete(path)], "m"), &["can't be a file's path"]);
    }
    check(workspace.read(&base, Path::new("none")), &["has no file none"]);
}

#[test]
fn a_checkout_goes_into_an_empty_folder_only() {
    let f = Fixture::with(&[("a", "1")]);
    let workspace = f.open();
    let base = workspace.snapshot().unwrap().commit;
    let out = f.path("out");
    fs::create_dir(&out).unwrap();
    fs::write(out.join("mine"), "1").unwrap();
    check(workspace.checkout(&base, &out), &["is not empty"]);
    assert_eq!(fs::read_to_string(out.join("mine")).unwrap(), "1");
    assert!(!out.join("a").exists());
    // One that fails leaves nothing half done.
    let none = "0123456789".repeat(4).parse().unwrap();
    let new = f.path("new");
    assert!(workspace.checkout(&none, &new).is_err());
    assert!(!new.exists());
}

#[test]
fn acceptance_says_why_it_can_not_be_and_what_to_do() {
    let f = Fixture::with(&[("a", "1\n")]);
    let workspace = f.open();
    let base = workspace.snapshot().unwrap().commit;
    let proposal = workspace.commit(&base, &[edit("a", "2\n")], "m").unwrap();
    let branch = |name: &str| accept_as_branch(&workspace, &base, &proposal, name);
    f.git(&["branch", "taken"]);
    check(branch("taken"), &["'taken' already", "another name"]);
    check(branch("a..b"), &["can't be the name of a branch"]);
    check(branch("-f"), &["can't be the name of a branch"]);
    check(branch("taken/below"), &["'taken' already", "another name"]);
    f.git(&["branch", "deep/er"]);
    let before = f.everything();
    check(branch("deep"), &["'deep/er' already", "another name"]);
    check(accept_as_branch(&workspace, &base, &base, "b"), &["nothing to accept"]);
    check(workspace.accept_in_place(&base, &base), &["nothing to accept"]);
    assert_same(&f.everything(), &before);

    let folder = Fixture::folder();
    folder.write("a", "1\n");
    let workspace = folder.open();
    let base = workspace.snapshot().unwrap().commit;
    let proposal = workspace.commit(&base, &[edit("a", "2\n")], "m").unwrap();
    check(
        accept_as_branch(&workspace, &base, &proposal, "b"),
        &["not a git repository", "--in-place"],
    );
    workspace.accept_in_place(&base, &proposal).unwrap();
    assert_eq!(folder.read("a"), "2\n");
}
