//! What a repository or an agent may plant so that git, run by the host, runs it. Each case
//! first shows its control: plain git, in the same place, falls for it.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use tenfold_domain::CommitId;
use tenfold_workspace::Workspace;

use crate::fixture::{Fixture, edit, paths};

/// A program that leaves a mark when it is run.
struct Canary {
    program: PathBuf,
    mark: PathBuf,
}

impl Canary {
    fn new(f: &Fixture) -> Self {
        let (program, mark) = (f.path("canary"), f.path("mark"));
        fs::write(&program, format!("#!/bin/sh\necho run >> {}\ncat\n", mark.display())).unwrap();
        fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
        Self { program, mark }
    }

    fn program(&self) -> &str {
        self.program.to_str().unwrap()
    }

    /// Whether it was run since this was last asked.
    fn sang(&self) -> bool {
        fs::remove_file(&self.mark).is_ok()
    }
}

/// Everything that reads files or compares commits, and everything that writes.
fn all_of_it(f: &Fixture, workspace: &Workspace) -> CommitId {
    let base = workspace.snapshot().unwrap().commit;
    let work = f.path("work");
    workspace.checkout(&base, &work).unwrap();
    fs::write(work.join("a.txt"), "by an agent\n").unwrap();
    let proposal = workspace.capture(&base, &work, "m").unwrap().commit;
    workspace.diff(&base, &proposal).unwrap();
    workspace.patch(&base, &proposal).unwrap();
    workspace.changed(&base, &proposal).unwrap();
    let accepted = workspace.accept_as_branch(&base, &proposal, "b").unwrap();
    workspace.undo_branch(&accepted).unwrap();
    let applied = workspace.accept_in_place(&base, &proposal).unwrap();
    workspace.undo_in_place(&applied.before, &applied.after).unwrap();
    workspace.sweep().unwrap();
    fs::remove_dir_all(&work).unwrap();
    base
}

/// The same attack in the repository's own configuration and in the person's.
fn set_everywhere(f: &Fixture, key: &str, value: &str) {
    f.git(&["config", key, value]);
    f.git(&["config", "--global", key, value]);
}

fn is_safe(f: &Fixture, canary: &Canary, control: impl Fn(&Fixture)) {
    control(f);
    assert!(canary.sang(), "the control did not reach its canary");
    all_of_it(f, &f.open());
    assert!(!canary.sang(), "the attack reached its canary");
}

#[test]
fn a_file_system_monitor_is_not_run() {
    let f = Fixture::with(&[("a.txt", "1\n")]);
    let canary = Canary::new(&f);
    set_everywhere(&f, "core.fsmonitor", canary.program());
    is_safe(&f, &canary, |f| drop(f.try_git(&["status"])));
}

#[test]
fn filters_are_not_run_and_bytes_stay() {
    let f = Fixture::with(&[("a.txt", "1\n")]);
    let canary = Canary::new(&f);
    for which in ["filter.x.clean", "filter.x.smudge"] {
        set_everywhere(&f, which, canary.program());
    }
    set_everywhere(&f, "filter.x.required", "true");
    f.write(".gitattributes", "* filter=x text eol=crlf ident working-tree-encoding=UTF-16\n");
    f.write("c.txt", "$Id$\n");
    is_safe(&f, &canary, |f| drop(f.try_git(&["add", "c.txt"])));
    let workspace = f.open();
    let base = workspace.snapshot().unwrap().commit;
    assert_eq!(workspace.read(&base, Path::new("c.txt")).unwrap(), b"$Id$\n");
}

#[test]
fn external_diffs_and_text_conversions_are_not_run() {
    let attributes = (".gitattributes", "*.txt diff=x merge=x\n");
    let f = Fixture::with(&[("a.txt", "1\n"), ("b.txt", "1\n"), attributes]);
    let canary = Canary::new(&f);
    for key in ["diff.external", "diff.x.textconv", "diff.x.command", "merge.x.driver"] {
        set_everywhere(&f, key, canary.program());
    }
    is_safe(&f, &canary, |f| {
        f.write("b.txt", "2\n");
        drop(f.try_git(&["diff"]));
    });
}

#[test]
fn hooks_are_not_run() {
    let f = Fixture::with(&[("a.txt", "1\n")]);
    let canary = Canary::new(&f);
    for dir in ["repo/.git/hooks", "hooks"] {
        fs::create_dir_all(f.path(dir)).unwrap();
        for hook in [
            "post-checkout",
            "post-commit",
            "pre-commit",
            "reference-transaction",
            "post-index-change",
            "pre-auto-gc",
            "post-rewrite",
        ] {
            fs::copy(&canary.program, f.path(dir).join(hook)).unwrap();
        }
    }
    is_safe(&f, &canary, |f| drop(f.try_git(&["branch", "control"])));
    f.git(&["branch", "-D", "control"]);
    canary.sang();
    set_everywhere(&f, "core.hooksPath", f.path("hooks").to_str().unwrap());
    is_safe(&f, &canary, |f| drop(f.try_git(&["branch", "control"])));
}

#[test]
fn signers_pagers_and_editors_are_not_run() {
    let f = Fixture::with(&[("a.txt", "1\n")]);
    let canary = Canary::new(&f);
    for key in [
        "gpg.program",
        "core.pager",
        "core.editor",
        "core.sshCommand",
        "core.askPass",
        "credential.helper",
        "sequence.editor",
        "core.alternateRefsCommand",
    ] {
        set_everywhere(&f, key, canary.program());
    }
    set_everywhere(&f, "commit.gpgSign", "true");
    is_safe(&f, &canary, |f| drop(f.try_git(&["commit", "--allow-empty", "-m", "x"])));
}

#[test]
fn what_a_nested_repository_wants_to_run_is_not_run() {
    let f = Fixture::with(&[("a.txt", "1\n")]);
    let canary = Canary::new(&f);
    f.git(&["init", "-q", "nested"]);
    f.write("nested/x", "1\n");
    f.git(&["-C", "nested", "add", "x"]);
    f.git(&["-C", "nested", "commit", "-qm", "x"]);
    f.git(&["-c", "advice.addEmbeddedRepo=false", "add", "nested"]);
    f.git(&["commit", "-qm", "a link to it"]);
    f.git(&["-C", "nested", "config", "core.fsmonitor", canary.program()]);
    is_safe(&f, &canary, |f| drop(f.try_git(&["status"])));
    let workspace = f.open();
    let base = all_of_it(&f, &workspace);
    assert_eq!(paths(&workspace, &base), ["a.txt", "nested/x"]);
}

#[test]
fn what_an_agent_left_in_its_folder_is_only_data() {
    let f = Fixture::with(&[("a.txt", "1\n"), ("sub/b.txt", "1\n"), ("big", "1\n"), ("c", "1\n")]);
    let canary = Canary::new(&f);
    let workspace = f.open();
    let base = workspace.snapshot().unwrap().commit;
    let work = f.path("work");
    workspace.checkout(&base, &work).unwrap();
    // A repository at the top and one inside, each with a monitor, a filter and hooks.
    let git = |dir: &str, args: &[&str]| {
        let args: Vec<&str> = ["-C", dir].iter().chain(args).copied().collect();
        f.git(&args);
    };
    for dir in ["../work", "../work/sub"] {
        git(dir, &["init", "-q"]);
        git(dir, &["config", "core.fsmonitor", canary.program()]);
        git(dir, &["config", "filter.x.clean", canary.program()]);
    }
    fs::write(work.join(".gitattributes"), "* filter=x\n").unwrap();
    assert!(f.try_git(&["-C", "../work", "status"]).status.success() && canary.sang(), "control");
    // An embedded bare repository, a pointer elsewhere, links out, pipes in the place of files.
    f.git(&["init", "-q", "--bare", "../work/bare"]);
    fs::create_dir(work.join("points")).unwrap();
    fs::write(work.join("points/.git"), format!("gitdir: {}/.git\n", f.root().display())).unwrap();
    fs::write(work.join("points/x"), "1\n").unwrap();
    symlink("/etc", work.join("etc")).unwrap();
    symlink(f.path("home"), work.join("sub/home")).unwrap();
    for pipe in [".gitignore", "sub/.gitattributes", "pipe"] {
        nix::unistd::mkfifo(&work.join(pipe), nix::sys::stat::Mode::S_IRWXU).unwrap();
    }
    fs::remove_file(work.join("c")).unwrap();
    nix::unistd::mkfifo(&work.join("c"), nix::sys::stat::Mode::S_IRWXU).unwrap();
    fs::File::create(work.join("big")).unwrap().set_len(200 * 1024 * 1024).unwrap();
    let mut deep = work.clone();
    for _ in 0..30 {
        deep.push("d".repeat(100));
    }
    fs::create_dir_all(&deep).unwrap();
    fs::write(deep.join("bottom"), "1\n").unwrap();

    let captured = workspace.capture(&base, &work, "m").unwrap();
    workspace.diff(&base, &captured.commit).unwrap();
    assert!(!canary.sang(), "capture ran what it found");
    let found = paths(&workspace, &captured.commit);
    for path in ["a.txt", "sub/b.txt", "etc", "sub/home", "points/x", "bare/HEAD"] {
        assert!(found.iter().any(|found| found == path), "{path} is not in {found:?}");
    }
    assert!(found.iter().any(|path| path.ends_with("/bottom")));
    assert!(!found.iter().any(|path| path.split('/').any(|part| part == ".git")), "{found:?}");
    // What could not be taken is as it was.
    for path in ["big", "c"] {
        assert_eq!(workspace.read(&captured.commit, Path::new(path)).unwrap(), b"1\n");
        assert!(captured.notes.iter().any(|note| note.starts_with(path)), "{:?}", captured.notes);
    }
    // The links are links: nothing of what they lead to was read.
    assert_eq!(workspace.read(&captured.commit, Path::new("etc")).unwrap(), b"/etc");
    // And a checkout of it stays where it is.
    workspace.checkout(&captured.commit, &f.path("again")).unwrap();
    assert!(fs::symlink_metadata(f.path("again/etc")).unwrap().is_symlink());
}

#[test]
fn what_an_agent_ignores_can_not_hide_what_was_there() {
    let f = Fixture::with(&[("a.txt", "1\n"), ("b.txt", "1\n")]);
    let workspace = f.open();
    let base = workspace.snapshot().unwrap().commit;
    let work = f.path("work");
    workspace.checkout(&base, &work).unwrap();
    fs::write(work.join(".gitignore"), "*\n").unwrap();
    fs::write(work.join("a.txt"), "2\n").unwrap();
    fs::remove_file(work.join("b.txt")).unwrap();
    fs::write(work.join("noise"), "1\n").unwrap();
    let captured = workspace.capture(&base, &work, "m").unwrap().commit;
    assert_eq!(paths(&workspace, &captured), ["a.txt"]);
    assert_eq!(workspace.read(&captured, Path::new("a.txt")).unwrap(), b"2\n");
}

#[test]
fn the_environment_of_the_process_does_not_reach_git() {
    // Set for a child: this very test again, which then does the work.
    let canary_variable = "TENFOLD_TEST_CANARY";
    if std::env::var_os(canary_variable).is_some() {
        let f = Fixture::with(&[("a.txt", "1\n")]);
        let workspace = f.open();
        let base = workspace.snapshot().unwrap().commit;
        let new = workspace.commit(&base, &[edit("a.txt", "2\n")], "m").unwrap();
        assert!(workspace.diff(&base, &new).unwrap().contains("+2"));
        return;
    }
    let f = Fixture::with(&[("a.txt", "1\n")]);
    let canary = Canary::new(&f);
    let hostile = |command: &mut std::process::Command| {
        command
            .env("GIT_EXTERNAL_DIFF", canary.program())
            .env("GIT_CONFIG_COUNT", "1")
            .env("GIT_CONFIG_KEY_0", "core.fsmonitor")
            .env("GIT_CONFIG_VALUE_0", canary.program())
            .env("GIT_TRACE", f.path("trace"));
    };
    let mut control = std::process::Command::new("git");
    control.arg("status").current_dir(f.root());
    hostile(&mut control);
    control.output().unwrap();
    assert!(canary.sang() && f.path("trace").exists(), "the control did not reach its canary");
    fs::remove_file(f.path("trace")).unwrap();

    let mut again = std::process::Command::new(std::env::current_exe().unwrap());
    again.args(["--exact", "hostile::the_environment_of_the_process_does_not_reach_git"]);
    again.env(canary_variable, "1");
    hostile(&mut again);
    let output = again.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    assert!(!canary.sang() && !f.path("trace").exists(), "the environment reached git");
}
