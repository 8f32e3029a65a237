//! Rows 2, 5, 6, 7 and 9, for the host that reads and writes a tree itself. The control does
//! the same with the file system's own functions, which follow, wait and believe.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::os::unix::ffi::OsStringExt;
use std::os::unix::fs::{OpenOptionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};

use nix::sys::stat::Mode;

use super::not_here;
use crate::fixture::{Fixture, Written, accept_as_branch, edit, paths};

#[test]
fn r02_magic_links_in_a_tree() {
    let f = Fixture::with(&[("a/x", "1\n"), ("b/x", "1\n")]);
    fs::create_dir(f.path("private")).unwrap();
    fs::write(f.path("private/x"), "canary\n").unwrap();
    let workspace = f.open();
    let base = workspace.snapshot().unwrap().commit;
    let work = f.path("work");
    workspace.checkout(&base, &work).unwrap();
    let private = f.path("private").canonicalize().unwrap();
    for (place, target) in [
        ("a", format!("/proc/self/root{}", private.display())),
        ("b", format!("/proc/self/cwd/../../../../../../../..{}", private.display())),
        ("c", private.display().to_string()),
    ] {
        let _ = fs::remove_dir_all(work.join(place));
        symlink(target, work.join(place)).unwrap();
        let control = fs::read_to_string(work.join(place).join("x")).unwrap();
        assert_eq!(control, "canary\n", "the control: {place}");
    }
    let taken = workspace.capture(&base, &work, "m").unwrap().commit;
    assert_eq!(paths(&workspace, &taken), ["a", "b", "c"]);
    let patch = String::from_utf8_lossy(&workspace.patch(&base, &taken).unwrap()).into_owned();
    assert!(!patch.contains("canary"), "{patch}");
}

/// Looks before it writes, and is swapped under in between, by `swap`.
fn look_then_write(path: &Path, swap: impl FnOnce()) {
    let parent = fs::symlink_metadata(path.parent().unwrap()).unwrap();
    assert!(parent.is_dir() && !parent.is_symlink());
    swap();
    fs::write(path, "by an agent\n").unwrap();
}

/// The swap is one step: there is no moment without a `sub`, in which the host may rightly make
/// one, so nothing comes between the swapper and its next turn.
#[test]
#[cfg(all(target_os = "linux", target_env = "gnu"))]
fn r05_swap_between_check_and_write() {
    use nix::fcntl::{AT_FDCWD, RenameFlags, renameat2};

    let f = Fixture::with(&[("sub/a.txt", "1\n"), ("b.txt", "1\n")]);
    let outside = f.path("outside");
    fs::create_dir(&outside).unwrap();
    fs::write(outside.join("a.txt"), "1\n").unwrap();
    let (sub, other) = (f.root().join("sub"), f.path("other"));
    symlink(&outside, &other).unwrap();
    let swap = || {
        renameat2(AT_FDCWD, &sub, AT_FDCWD, &other, RenameFlags::RENAME_EXCHANGE).unwrap();
    };
    look_then_write(&sub.join("a.txt"), swap);
    assert_eq!(fs::read(outside.join("a.txt")).unwrap(), b"by an agent\n", "the control");
    swap();
    fs::write(outside.join("a.txt"), "1\n").unwrap();

    let workspace = f.open();
    let base = workspace.snapshot().unwrap().commit;
    let proposal = workspace.commit(&base, &[edit("sub/a.txt", "by an agent\n")], "m").unwrap();
    fs::write(outside.join("canary.txt"), "canary\n").unwrap();
    let over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !over.load(Ordering::Relaxed) {
                swap();
            }
        });
        for _ in 0..25 {
            // Whether it comes to its end depends on when the swap comes.
            let seen = workspace.snapshot().map(|seen| paths(&workspace, &seen.commit));
            if let Ok(seen) = seen {
                assert!(!seen.iter().any(|path| path.contains("canary")), "{seen:?}");
            }
            if let Ok(applied) = workspace.accept_in_place(&base, &proposal) {
                let _ = workspace.undo_in_place(&applied.before, &applied.after);
            }
        }
        over.store(true, Ordering::Relaxed);
    });
    assert_eq!(fs::read(outside.join("a.txt")).unwrap(), b"1\n");
    assert_eq!(fs::read_dir(&outside).unwrap().count(), 2, "nothing was made there");
}

/// Names that some file system, or some git, takes for `.git`.
const OTHER_NAMES: &[&str] = &[
    ".GIT",
    ".Git",
    ".g\u{200c}it",
    ".git\u{feff}",
    "git~1",
    "GIT~1",
    ".git ",
    ".git.",
    ".git::$INDEX_ALLOCATION",
];

#[test]
fn r06_names_that_fold_to_git() {
    let f = Fixture::with(&[("a.txt", "1\n")]);
    not_here(6, "the folding itself", "no case-folding file system can be mounted on this kernel");
    let workspace = f.open();
    let base = workspace.snapshot().unwrap().commit;
    let work = f.path("work");
    workspace.checkout(&base, &work).unwrap();
    let blob = f.git(&["rev-parse", "HEAD:a.txt"]).trim().to_owned();
    for name in OTHER_NAMES {
        let path = format!("{name}/config");
        // A git that does not know of the file system takes it.
        let entry = format!("100644,{blob},{path}");
        let off = ["-c", "core.protectHFS=false", "-c", "core.protectNTFS=false"];
        let args = [&off[..], &["update-index", "--add", "--cacheinfo", &entry]].concat();
        let taken = f.try_git(&args).status.success();
        if !name.eq_ignore_ascii_case(".git") {
            assert!(taken, "the control: {name:?}");
        }
        let refused = workspace.commit(&base, &[edit(&path, "[core]\n")], "m");
        assert!(refused.is_err(), "{name:?} was taken");
        fs::create_dir(work.join(name)).unwrap();
        fs::write(work.join(path), "[core]\n").unwrap();
    }
    let taken = workspace.capture(&base, &work, "m").unwrap().commit;
    assert_eq!(paths(&workspace, &taken), ["a.txt"]);
    // What only looks alike is a name as any other.
    for name in ["git", ".gitx", "git~2x", ".gi t", ".github"] {
        workspace.commit(&base, &[edit(&format!("{name}/x"), "1\n")], "m").unwrap();
    }
}

#[test]
fn r07_pipes_and_devices_that_make_the_host_wait() {
    let f = Fixture::with(&[("a.txt", "1\n"), ("b.txt", "1\n")]);
    let workspace = f.open();
    let base = workspace.snapshot().unwrap().commit;
    let work = f.path("work");
    workspace.checkout(&base, &work).unwrap();
    let pipe = work.join("a.txt");
    fs::remove_file(&pipe).unwrap();
    nix::unistd::mkfifo(&pipe, Mode::S_IRWXU).unwrap();
    // A reader that waits at the pipe is what lets it be opened for writing without waiting.
    let mut reader = Command::new("cat").arg(&pipe).stdout(Stdio::null()).spawn().unwrap();
    let no_wait = nix::libc::O_NONBLOCK;
    let is_waited_at =
        || fs::OpenOptions::new().write(true).custom_flags(no_wait).open(&pipe).is_ok();
    while !is_waited_at() {
        assert!(reader.try_wait().unwrap().is_none(), "the control did not wait");
        std::thread::yield_now();
    }
    let _ = reader.kill();
    reader.wait().unwrap();

    symlink("/dev/zero", work.join("endless")).unwrap();
    symlink("/dev/tty", work.join("terminal")).unwrap();
    let _socket = std::os::unix::net::UnixListener::bind(work.join("socket")).unwrap();
    let node = nix::sys::stat::mknod(
        &work.join("zero"),
        nix::sys::stat::SFlag::S_IFCHR,
        Mode::S_IRWXU,
        nix::sys::stat::makedev(1, 5),
    );
    if node.is_err() {
        not_here(7, "device nodes", "only root may make one");
    }
    nix::unistd::mkfifo(&work.join(".gitignore"), Mode::S_IRWXU).unwrap();
    let taken = workspace.capture(&base, &work, "m").unwrap();
    assert_eq!(paths(&workspace, &taken.commit), ["a.txt", "b.txt", "endless", "terminal"]);
    assert_eq!(workspace.read(&taken.commit, Path::new("a.txt")).unwrap(), b"1\n");
    assert!(taken.notes.iter().any(|note| note.starts_with("a.txt")), "{:?}", taken.notes);
}

/// A file with two names is one with two contents to the host: writing one must not change
/// the other.
#[test]
fn r07_hard_links_are_not_written_through() {
    let f = Fixture::with(&[("a.txt", "1\n")]);
    let other = f.path("outside");
    fs::hard_link(f.root().join("a.txt"), &other).unwrap();
    let workspace = f.open();
    let base = workspace.snapshot().unwrap().commit;
    let proposal = workspace.commit(&base, &[edit("a.txt", "by an agent\n")], "m").unwrap();
    fs::write(f.root().join("a.txt"), "by an agent\n").unwrap();
    assert_eq!(fs::read(&other).unwrap(), b"by an agent\n", "the control");
    fs::write(&other, "1\n").unwrap();
    workspace.accept_in_place(&base, &proposal).unwrap();
    assert_eq!(f.read("a.txt"), "by an agent\n");
    assert_eq!(fs::read(&other).unwrap(), b"1\n");
}

#[test]
fn r09_names_that_are_options_lines_or_no_text() {
    let f = Fixture::with(&[("a.txt", "1\n")]);
    let mark = f.path("mark");
    let workspace = f.open();
    let base = workspace.snapshot().unwrap().commit;
    let work = f.path("work");
    workspace.checkout(&base, &work).unwrap();
    fs::write(work.join("sing.sh"), format!("echo run > {}\n", mark.display())).unwrap();
    let long = "n".repeat(255);
    let deep: PathBuf = std::iter::repeat_n(OsStr::new(&long), 14).collect();
    let names: Vec<PathBuf> = vec![
        "--checkpoint=1".into(),
        "--checkpoint-action=exec=sh sing.sh".into(),
        "-rf".into(),
        "--upload-pack=sh sing.sh".into(),
        ":!a.txt".into(),
        ":(top)x".into(),
        "two\nlines".into(),
        "M 100644 inline x\ndata 1".into(),
        "\"quoted\\\"".into(),
        "tab\tand\r".into(),
        "invoice\u{202e}fdp.exe".into(),
        "\u{1b}]52;c;eA==\u{7}".into(),
        OsString::from_vec(b"no \xff\xfe text".to_vec()).into(),
        deep.join("x"),
    ];
    // A command that is handed the names as they stand takes some of them for its options.
    for name in &names[..2] {
        fs::write(work.join(name), "1\n").unwrap();
    }
    let tar = "tar cf /dev/null *";
    Command::new("sh").args(["-c", tar]).current_dir(&work).output().unwrap();
    assert!(fs::remove_file(&mark).is_ok(), "the control did not reach its canary");
    for name in &names {
        fs::create_dir_all(work.join(name).parent().unwrap()).unwrap();
        fs::write(work.join(name), "1\n").unwrap();
    }
    let taken = workspace.capture(&base, &work, "m").unwrap();
    let found: Vec<PathBuf> =
        workspace.files(&taken.commit).unwrap().into_iter().map(|file| file.path).collect();
    for name in &names {
        assert!(found.contains(name), "{name:?} is not in {found:?}: {:?}", taken.notes);
    }
    assert_eq!(found.len(), names.len() + 2);
    workspace.diff(&base, &taken.commit).unwrap();
    workspace.patch(&base, &taken.commit).unwrap();
    let every: Vec<&Path> = names.iter().map(PathBuf::as_path).collect();
    assert!(workspace.read_many(&taken.commit, &every).unwrap().iter().all(|text| text == b"1\n"));
    workspace.checkout(&taken.commit, &f.path("again")).unwrap();
    let applied = workspace.accept_in_place(&base, &taken.commit).unwrap();
    assert_eq!(applied.files.len(), names.len() + 1);
    workspace.undo_in_place(&applied.before, &applied.after).unwrap();
    accept_as_branch(&workspace, &base, &taken.commit, "b").unwrap();
    assert!(!mark.exists(), "the attack reached its canary");
}
