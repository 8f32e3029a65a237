//! Snapshots hold the person's files as they are, and leave no trace.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;

use tenfold_workspace::{CHECKOUT_TIME_SECONDS, FileKind};

use crate::fixture::{Fixture, Written, accept_as_branch, assert_same, listing, paths};

#[test]
fn it_holds_what_is_modified_staged_untracked_and_not_what_is_deleted_or_ignored() {
    let f = Fixture::with(&[
        ("kept", "1"),
        ("modified", "1"),
        ("staged", "1"),
        ("deleted", "1"),
        (".gitignore", "*.log\nbuild/\n"),
    ]);
    f.write("forced.log", "tracked although ignored");
    f.write("build/forced", "tracked although its folder is ignored");
    f.git(&["add", "-f", "forced.log", "build/forced"]);
    f.write("staged", "2");
    f.write("both", "2");
    f.git(&["add", "staged", "both"]);
    f.write("both", "3");
    f.write("modified", "2");
    fs::remove_file(f.root().join("deleted")).unwrap();
    f.write("untracked", "1");
    f.write("noise.log", "1");
    f.write("build/noise", "1");
    let before = f.everything();

    let workspace = f.open();
    let snapshot = workspace.snapshot().unwrap();

    assert_eq!(
        paths(&workspace, &snapshot.commit),
        [
            ".gitignore",
            "both",
            "build/forced",
            "forced.log",
            "kept",
            "modified",
            "staged",
            "untracked"
        ]
    );
    let read = |path: &str| workspace.read(&snapshot.commit, Path::new(path)).unwrap();
    assert_eq!([read("both"), read("modified"), read("staged")], [b"3", b"2", b"2"]);
    assert_eq!(snapshot.notes, Vec::<String>::new());
    assert_same(&f.everything(), &before);
}

#[test]
fn what_the_person_ignores_everywhere_is_ignored() {
    let f = Fixture::with(&[("a", "1")]);
    f.write("b.everywhere", "1");
    f.write("c.here", "1");
    fs::create_dir_all(f.path("home/.config/git")).unwrap();
    fs::write(f.path("home/.config/git/ignore"), "*.everywhere\n").unwrap();
    fs::write(f.root().join(".git/info/exclude"), "*.here\n").unwrap();
    let workspace = f.open();
    assert_eq!(paths(&workspace, &workspace.snapshot().unwrap().commit), ["a"]);

    fs::write(f.path("home/mine"), "*.here\n").unwrap();
    f.git(&["config", "--global", "core.excludesFile", "~/mine"]);
    let workspace = f.open();
    assert_eq!(paths(&workspace, &workspace.snapshot().unwrap().commit), ["a", "b.everywhere"]);
}

#[test]
fn the_same_files_make_the_same_commit_and_a_change_another() {
    let f = Fixture::with(&[("a", "1"), ("b/c", "1")]);
    let workspace = f.open();
    let first = workspace.snapshot().unwrap().commit;
    assert_eq!(workspace.snapshot().unwrap().commit, first);
    f.write("a", "2");
    let second = workspace.snapshot().unwrap().commit;
    assert_eq!(workspace.read(&second, Path::new("a")).unwrap(), b"2");
}

/// Writes into Tenfold's records that a file was seen, as it is now, with this content.
fn pretend_seen(f: &Fixture, path: &str, blob: &str) {
    use std::os::unix::fs::MetadataExt;
    let meta = fs::metadata(f.root().join(path)).unwrap();
    let nanos = |seconds: i64, nanos: i64| i128::from(seconds) * 1_000_000_000 + i128::from(nanos);
    let (modified, changed) =
        (nanos(meta.mtime(), meta.mtime_nsec()), nanos(meta.ctime(), meta.ctime_nsec()));
    let (size, inode, device) = (meta.size(), meta.ino(), meta.dev());
    let record = format!("{blob} {size} {inode} {device} {modified} {changed} {path}\0");
    let dir = fs::read_dir(f.path("data/workspaces")).unwrap().next().unwrap().unwrap().path();
    fs::write(dir.join("seen"), format!("tenfold seen 1\n{record}")).unwrap();
}

#[test]
fn what_was_seen_is_not_read_again_unless_something_says_that_it_changed() {
    let f = Fixture::with(&[("a", "1"), ("b", "2")]);
    let workspace = f.open();
    workspace.snapshot().unwrap();
    let other = f.git(&["hash-object", "b"]);
    pretend_seen(&f, "a", other.trim());
    let read = |commit| workspace.read(&commit, Path::new("a")).unwrap();
    assert_eq!(read(workspace.snapshot().unwrap().commit), b"2", "it was read again");

    // Same size, same inode, same time of modification: the time of change tells.
    pretend_seen(&f, "a", other.trim());
    let file = fs::OpenOptions::new().write(true).open(f.root().join("a")).unwrap();
    let modified = file.metadata().unwrap().modified().unwrap();
    std::os::unix::fs::FileExt::write_at(&file, b"3", 0).unwrap();
    file.set_times(fs::FileTimes::new().set_modified(modified)).unwrap();
    assert_eq!(read(workspace.snapshot().unwrap().commit), b"3");
}

#[test]
fn what_was_seen_and_swept_away_is_read_again() {
    let f = Fixture::with(&[("a", "1")]);
    let workspace = f.open();
    let first = workspace.snapshot().unwrap().commit;
    pretend_seen(&f, "a", &"de".repeat(20));
    assert_eq!(workspace.snapshot().unwrap().commit, first);
}

#[test]
fn every_kind_of_file_comes_out_as_it_went_in() {
    let f = Fixture::with(&[("plain", "1\n")]);
    let root = f.root();
    f.write("crlf", "a\r\nb\r\n");
    f.write("binary", [0, 1, 2, 255, b'\n', 0]);
    f.write("empty", "");
    f.write("no newline at the end", "x");
    f.write("run.sh", "#!/bin/sh\n");
    fs::set_permissions(root.join("run.sh"), fs::Permissions::from_mode(0o755)).unwrap();
    fs::write(root.join(OsStr::from_bytes(b"latin-\xe9\xff")), "1").unwrap();
    f.write("a\nb\t\"c\"\\d", "1");
    f.write("-rf", "1");
    f.write(":(top)x", "1");
    f.write("ünï/\u{202e}cod", "1");
    symlink("plain", root.join("link")).unwrap();
    symlink("/etc/passwd", root.join("link out")).unwrap();
    symlink("nowhere", root.join("link to nothing")).unwrap();
    symlink("..", root.join("link to a folder")).unwrap();
    let big: Vec<u8> =
        (0..50 * 1024 * 1024u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    f.write("big", &big);

    let workspace = f.open();
    let commit = workspace.snapshot().unwrap().commit;
    let out = f.path("out");
    workspace.checkout(&commit, &out).unwrap();

    let mut wanted = listing(&root);
    wanted.retain(|path, _| !path.starts_with(".git"));
    let found = listing(&out);
    assert_eq!(found.keys().collect::<Vec<_>>(), wanted.keys().collect::<Vec<_>>());
    for (path, (mode, content)) in &wanted {
        let (found_mode, found_content) = &found[path];
        assert_eq!(
            (found_mode & 0o170111, found_content == content),
            (mode & 0o170111, true),
            "{path:?}"
        );
    }
    let kind = |path: &str| {
        let files = workspace.files(&commit).unwrap();
        files.iter().find(|file| file.path == Path::new(path)).unwrap().kind
    };
    assert_eq!(kind("run.sh"), FileKind::Executable);
    assert_eq!(kind("link out"), FileKind::Link);
}

#[test]
fn a_checkout_has_one_time_and_no_git() {
    use std::os::unix::fs::MetadataExt;
    let f = Fixture::with(&[("a/b/c", "1"), ("d", "1")]);
    symlink("d", f.root().join("link")).unwrap();
    let workspace = f.open();
    let commit = workspace.snapshot().unwrap().commit;
    let out = f.path("out");
    workspace.checkout(&commit, &out).unwrap();
    for path in ["", "a", "a/b", "a/b/c", "d", "link"] {
        let meta = fs::symlink_metadata(out.join(path)).unwrap();
        assert_eq!((meta.mtime(), meta.mtime_nsec()), (CHECKOUT_TIME_SECONDS, 0), "{path}");
    }
    assert!(!out.join(".git").exists());
}

#[test]
fn pipes_sockets_and_giants_are_left_out_with_a_note() {
    let f = Fixture::with(&[("a", "1")]);
    let fifo = f.root().join("pipe");
    nix::unistd::mkfifo(&fifo, nix::sys::stat::Mode::S_IRWXU).unwrap();
    nix::unistd::mkfifo(&f.root().join(".gitignore"), nix::sys::stat::Mode::S_IRWXU).unwrap();
    let _socket = std::os::unix::net::UnixListener::bind(f.root().join("socket")).unwrap();
    fs::File::create(f.root().join("giant")).unwrap().set_len(101 * 1024 * 1024).unwrap();
    let workspace = f.open();
    let snapshot = workspace.snapshot().unwrap();
    assert_eq!(paths(&workspace, &snapshot.commit), ["a"]);
    let notes = snapshot.notes.join("\n");
    for name in ["pipe", ".gitignore", "socket", "giant"] {
        assert!(notes.contains(&format!("{name} is left out")), "{notes}");
    }
}

#[test]
fn repositories_of_every_shape_work() {
    // Empty, and in a path with spaces and a line break.
    let f = Fixture::empty();
    f.write("new", "1");
    let odd = f.path("odd \n name");
    fs::rename(f.root(), &odd).unwrap();
    let workspace = f.open_at(&odd).unwrap();
    assert_eq!(paths(&workspace, &workspace.snapshot().unwrap().commit), ["new"]);

    // Shallow.
    let f = Fixture::with(&[("a", "1")]);
    f.write("a", "2");
    f.git(&["commit", "-qam", "second"]);
    let shallow = f.path("shallow");
    let url = format!("file://{}", f.root().display());
    f.git(&["clone", "-q", "--depth=1", &url, shallow.to_str().unwrap()]);
    let workspace = f.open_at(&shallow).unwrap();
    let base = workspace.snapshot().unwrap().commit;
    assert_eq!(workspace.read(&base, Path::new("a")).unwrap(), b"2");
    let proposal = workspace.commit(&base, &[crate::fixture::edit("a", "3")], "m").unwrap();
    accept_as_branch(&workspace, &base, &proposal, "b").unwrap();

    // A linked work tree, opened from a folder inside it.
    f.write("deep/er/x", "1");
    f.git(&["add", "-A"]);
    f.git(&["commit", "-qm", "third"]);
    let linked = f.path("linked");
    f.git(&["worktree", "add", "-q", linked.to_str().unwrap(), "-b", "side"]);
    fs::write(linked.join("only here"), "1").unwrap();
    let workspace = f.open_at(&linked.join("deep/er")).unwrap();
    assert_eq!(workspace.subdir(), Path::new("deep/er"));
    let base = workspace.snapshot().unwrap().commit;
    assert_eq!(paths(&workspace, &base), ["a", "deep/er/x", "only here"]);

    // A split index, and one that is sparse.
    for setting in ["core.splitIndex", "index.sparse"] {
        let f = Fixture::with(&[("a", "1"), (".gitignore", "i*\n")]);
        f.git(&["config", setting, "true"]);
        f.write("ignored", "1");
        f.git(&["add", "-f", "ignored"]);
        f.git(&["update-index", "--split-index"]);
        let workspace = f.open();
        let commit = workspace.snapshot().unwrap().commit;
        assert_eq!(paths(&workspace, &commit), [".gitignore", "a", "ignored"], "{setting}");
    }
}

#[test]
fn objects_named_by_sha256_are_no_hindrance() {
    let f = Fixture::folder();
    f.git(&["init", "-q", "--object-format=sha256"]);
    f.write(".gitignore", "i*\n");
    f.write("ignored", "1");
    f.git(&["add", "-f", "ignored", ".gitignore"]);
    f.git(&["commit", "-qm", "first"]);
    let workspace = f.open();
    let base = workspace.snapshot().unwrap().commit;
    assert_eq!(paths(&workspace, &base), [".gitignore", "ignored"]);
    let proposal = workspace.commit(&base, &[crate::fixture::edit("ignored", "2")], "m").unwrap();
    let error = accept_as_branch(&workspace, &base, &proposal, "b").unwrap_err().to_string();
    assert!(error.contains("SHA-256"), "{error}");
    workspace.accept_in_place(&base, &proposal).unwrap();
    assert_eq!(f.read("ignored"), "2");
}

#[test]
fn files_of_submodules_and_of_nested_repositories_are_files() {
    let inner = Fixture::with(&[("lib.c", "1"), (".gitignore", "*.o\n")]);
    inner.write("forced.o", "1");
    inner.git(&["add", "-f", "forced.o"]);
    inner.git(&["commit", "-qm", "second"]);
    let f = Fixture::with(&[("a", "1")]);
    let url = inner.root();
    let url = url.to_str().unwrap();
    f.git(&["-c", "protocol.file.allow=always", "submodule", "add", "-q", url, "sub"]);
    f.git(&["commit", "-qm", "submodule"]);
    f.write("sub/noise.o", "1");
    f.git(&["clone", "-q", url, "nested"]);
    let workspace = f.open();
    let base = workspace.snapshot().unwrap().commit;
    assert_eq!(
        paths(&workspace, &base),
        [
            ".gitmodules",
            "a",
            "nested/.gitignore",
            "nested/forced.o",
            "nested/lib.c",
            "sub/.gitignore",
            "sub/forced.o",
            "sub/lib.c"
        ]
    );
    // A branch of the outer repository can't hold a change of the inner one; files can.
    let proposal = workspace.commit(&base, &[crate::fixture::edit("sub/lib.c", "2")], "m").unwrap();
    let error = accept_as_branch(&workspace, &base, &proposal, "b").unwrap_err().to_string();
    assert!(error.contains("submodule"), "{error}");
    workspace.accept_in_place(&base, &proposal).unwrap();
    assert_eq!(f.read("sub/lib.c"), "2");

    f.git(&["submodule", "deinit", "-q", "-f", "sub"]);
    let notes = f.open().snapshot().unwrap().notes.join("\n");
    assert!(
        notes.contains("sub is left out: it is a submodule that is not checked out"),
        "{notes}"
    );
}

#[test]
fn a_folder_without_git_is_taken_without_what_tools_make() {
    let f = Fixture::folder();
    f.write("a.py", "1");
    f.write("__pycache__/a.pyc", "1");
    f.write("node_modules/x/index.js", "1");
    f.write("sub/.gitignore", "*.log\n");
    f.write("sub/a.log", "1");
    let workspace = f.open();
    assert!(!workspace.is_repository());
    assert_eq!(workspace.notes().len(), 1);
    let commit = workspace.snapshot().unwrap().commit;
    assert_eq!(paths(&workspace, &commit), ["a.py", "sub/.gitignore"]);
}

#[test]
fn a_snapshot_outlives_what_the_person_throws_away() {
    let f = Fixture::with(&[("a", "precious\n")]);
    let workspace = f.open();
    let commit = workspace.snapshot().unwrap().commit;
    fs::remove_dir_all(f.root().join(".git")).unwrap();
    assert_eq!(workspace.read(&commit, Path::new("a")).unwrap(), b"precious\n");
}

#[test]
fn snapshots_at_once_do_not_disturb_each_other() {
    let f = Fixture::with(&[("a", "1"), ("b", "1")]);
    let commits: Vec<_> = std::thread::scope(|scope| {
        let one = || f.open().snapshot().unwrap().commit;
        let running: Vec<_> = (0..8).map(|_| scope.spawn(one)).collect();
        running.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert!(commits.iter().all(|commit| *commit == commits[0]));
    let data = f.path("data/workspaces");
    assert_eq!(fs::read_dir(&data).unwrap().count(), 1, "something was left behind");
}
