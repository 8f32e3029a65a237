//! Rows 10 to 20: what a repository or an agent may plant so that git, run by the host, runs
//! it. The control is plain git in the same place, which falls for it.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use tenfold_domain::CommitId;
use tenfold_workspace::{Own, Workspace};

use crate::fixture::{Fixture, Written, accept_as_branch, edit, paths};

/// A program that leaves a mark when it is run.
struct Canary {
    program: PathBuf,
    mark: PathBuf,
}

impl Canary {
    /// One that hands on what it is given, as a filter does.
    fn new(f: &Fixture) -> Self {
        Self::that(f, "cat")
    }

    /// One that then runs `command`.
    fn that(f: &Fixture, command: &str) -> Self {
        let (program, mark) = (f.path("canary"), f.path("mark"));
        let script = format!("#!/bin/sh\necho run >> {}\n{command}\n", mark.display());
        fs::write(&program, script).unwrap();
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
    let accepted = accept_as_branch(workspace, &base, &proposal, "b").unwrap();
    workspace.undo_branch(&accepted).unwrap();
    let applied = workspace.accept_in_place(&base, &proposal).unwrap();
    workspace.undo_in_place(&applied.before, &applied.after).unwrap();
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
    for dir in Own::all(&f.path("data")).unwrap() {
        Own::alone(&dir).unwrap().remove(&[]).unwrap();
    }
    assert!(!canary.sang(), "the attack reached its canary");
}

/// Plain git, with one more protocol allowed.
fn with_protocol(f: &Fixture, protocol: &str, args: &[&str]) -> Output {
    let mut git = Command::new("git");
    git.args(args).current_dir(f.root()).env("HOME", f.path("home"));
    git.env("GIT_ALLOW_PROTOCOL", protocol).env("GIT_CONFIG_NOSYSTEM", "1");
    git.output().unwrap()
}

#[test]
fn r10_file_system_monitor() {
    let f = Fixture::with(&[("a.txt", "1\n")]);
    let canary = Canary::new(&f);
    set_everywhere(&f, "core.fsmonitor", canary.program());
    is_safe(&f, &canary, |f| drop(f.try_git(&["status"])));
}

#[test]
fn r11_filters_and_bytes_stay() {
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
fn r12_external_diffs_and_text_conversions() {
    for key in ["diff.external", "diff.x.textconv", "diff.x.command", "merge.x.driver"] {
        let attributes = (".gitattributes", "*.txt diff=x merge=x\n");
        let f = Fixture::with(&[("a.txt", "1\n"), ("b.txt", "1\n"), attributes]);
        let canary = Canary::new(&f);
        set_everywhere(&f, key, canary.program());
        is_safe(&f, &canary, |f| {
            f.write("b.txt", "2\n");
            drop(f.try_git(&["diff"]));
            if key == "merge.x.driver" {
                f.git(&["commit", "-qam", "two"]);
                f.git(&["checkout", "-q", "-b", "other", "HEAD~1"]);
                f.write("b.txt", "3\n");
                f.git(&["commit", "-qam", "three"]);
                drop(f.try_git(&["merge", "-q", "main"]));
                drop(f.try_git(&["merge", "--abort"]));
            }
        });
    }
}

#[test]
fn r13_hooks() {
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
    // Of a work tree too, which is what one would give an agent to work in.
    fs::remove_file(f.path("repo/.git/hooks/reference-transaction")).unwrap();
    is_safe(&f, &canary, |f| {
        f.git(&["worktree", "add", "-q", "--detach", "../tree"]);
        f.git(&["worktree", "remove", "--force", "../tree"]);
    });
    fs::copy(&canary.program, f.path("repo/.git/hooks/reference-transaction")).unwrap();
    set_everywhere(&f, "core.hooksPath", f.path("hooks").to_str().unwrap());
    is_safe(&f, &canary, |f| drop(f.try_git(&["branch", "control"])));
}

/// What makes plain git run a program of this key's.
type Control = fn(&Fixture);

#[test]
fn r14_signers_pagers_editors_and_helpers() {
    let fill: Control = |f| {
        let asked = "echo url=https://x.invalid | git credential fill";
        let mut fill = Command::new("sh");
        fill.args(["-c", asked]).current_dir(f.root()).env("HOME", f.path("home"));
        fill.output().unwrap();
    };
    let keys: [(&str, Control); 7] = [
        ("gpg.program", |f| {
            drop(f.try_git(&["commit", "--gpg-sign", "--allow-empty", "-m", "x"]));
        }),
        ("core.editor", |f| drop(f.try_git(&["commit", "--allow-empty"]))),
        ("sequence.editor", |f| drop(f.try_git(&["rebase", "-i", "--root"]))),
        ("core.sshCommand", |f| {
            drop(with_protocol(f, "ssh", &["ls-remote", "ssh://x.invalid/y"]));
        }),
        ("core.askPass", fill),
        ("credential.helper", fill),
        ("core.alternateRefsCommand", |f| {
            f.git(&["clone", "-q", "--bare", ".", "../theirs"]);
            let alternates = f.root().join(".git/objects/info/alternates");
            fs::write(alternates, format!("{}\n", f.path("theirs/objects").display())).unwrap();
            drop(with_protocol(f, "file", &["fetch", "../theirs"]));
        }),
    ];
    for (key, control) in keys {
        let f = Fixture::with(&[("a.txt", "1\n")]);
        let canary = Canary::that(&f, "exit 1");
        set_everywhere(&f, key, canary.program());
        set_everywhere(&f, "core.pager", canary.program());
        set_everywhere(&f, "commit.gpgSign", if key == "gpg.program" { "true" } else { "false" });
        is_safe(&f, &canary, control);
    }
}

#[test]
fn r16_nested_repository_as_a_link() {
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

/// An agent's work: a checkout of a workspace, as it left it.
fn left(f: &Fixture) -> (Workspace, CommitId, PathBuf) {
    let workspace = f.open();
    let base = workspace.snapshot().unwrap().commit;
    let work = f.path("work");
    workspace.checkout(&base, &work).unwrap();
    fs::write(work.join("a.txt"), "by an agent\n").unwrap();
    (workspace, base, work)
}

/// Takes an agent's work over, in every way that there is.
fn take_over(workspace: &Workspace, base: &CommitId, work: &Path) -> CommitId {
    let taken = workspace.capture(base, work, "m").unwrap().commit;
    workspace.changed(base, &taken).unwrap();
    workspace.diff(base, &taken).unwrap();
    accept_as_branch(workspace, base, &taken, "b").unwrap();
    taken
}

#[test]
fn r15_embedded_bare_repository() {
    let f = Fixture::with(&[("a.txt", "1\n"), ("docs/b.txt", "1\n")]);
    let canary = Canary::new(&f);
    let (workspace, base, work) = left(&f);
    let bare = work.join("docs");
    f.git(&["init", "-q", "--bare", "../work/docs"]);
    f.git(&["--git-dir", "../work/docs", "config", "core.bare", "false"]);
    f.git(&["--git-dir", "../work/docs", "config", "core.worktree", ".."]);
    f.git(&["--git-dir", "../work/docs", "config", "core.fsmonitor", canary.program()]);
    // Whoever steps into the folder is in that repository.
    f.try_git(&["-C", bare.to_str().unwrap(), "status"]);
    assert!(canary.sang(), "the control did not reach its canary");
    let taken = take_over(&workspace, &base, &work);
    assert!(!canary.sang(), "the attack reached its canary");
    assert!(paths(&workspace, &taken).contains(&"docs/config".to_owned()));
}

#[test]
fn r17_git_file_that_points_elsewhere() {
    let f = Fixture::with(&[("a.txt", "1\n"), ("sub/b.txt", "1\n")]);
    let canary = Canary::new(&f);
    let (workspace, base, work) = left(&f);
    f.git(&["init", "-q", "../elsewhere"]);
    f.git(&["-C", "../elsewhere", "config", "core.fsmonitor", canary.program()]);
    let pointer = format!("gitdir: {}\n", f.path("elsewhere/.git").display());
    for place in [".git", "sub/.git"] {
        fs::write(work.join(place), &pointer).unwrap();
        let dir = work.join(place);
        f.try_git(&["-C", dir.parent().unwrap().to_str().unwrap(), "status"]);
        assert!(canary.sang(), "the control did not reach its canary");
    }
    let taken = take_over(&workspace, &base, &work);
    assert!(!canary.sang(), "the attack reached its canary");
    assert_eq!(paths(&workspace, &taken), ["a.txt", "sub/b.txt"]);
    // The same in the person's own repository, whose `.git` it is then.
    fs::remove_dir_all(f.path("data")).unwrap();
    fs::create_dir(f.path("data")).unwrap();
    fs::rename(f.path("repo/.git"), f.path("moved")).unwrap();
    fs::write(f.path("repo/.git"), format!("gitdir: {}\n", f.path("moved").display())).unwrap();
    f.git(&["branch", "-D", "b"]);
    f.git(&["config", "core.fsmonitor", canary.program()]);
    fs::remove_dir_all(&work).unwrap();
    is_safe(&f, &canary, |f| drop(f.try_git(&["status"])));
}

#[test]
fn r18_addresses_that_are_commands() {
    let f = Fixture::with(&[("a.txt", "1\n")]);
    let canary = Canary::that(&f, "exit 1");
    let command = format!("ext::{} %S", canary.program());
    set_everywhere(&f, "protocol.ext.allow", "always");
    set_everywhere(&f, &format!("url.{command}.insteadOf"), "https://x.invalid/");
    f.git(&["remote", "add", "origin", "https://x.invalid/y"]);
    is_safe(&f, &canary, |f| drop(with_protocol(f, "ext", &["ls-remote", "origin"])));
    // A repository that holds a part of its objects fetches the others when it is read.
    for (key, value) in [
        ("core.repositoryFormatVersion", "1"),
        ("extensions.partialClone", "origin"),
        ("remote.origin.promisor", "true"),
        ("remote.origin.partialCloneFilter", "blob:none"),
    ] {
        f.git(&["config", key, value]);
    }
    let blob = f.git(&["rev-parse", "HEAD:a.txt"]).trim().to_owned();
    fs::remove_file(f.root().join(".git/objects").join(&blob[..2]).join(&blob[2..])).unwrap();
    drop(with_protocol(&f, "ext", &["cat-file", "-p", &blob]));
    assert!(canary.sang(), "the control did not reach its canary");
    let workspace = f.open();
    let base = workspace.snapshot().unwrap().commit;
    let proposal = workspace.commit(&base, &[edit("a.txt", "2\n")], "m").unwrap();
    // It may say that something is missing; it may not get it.
    let _ = accept_as_branch(&workspace, &base, &proposal, "b");
    let _ = workspace.accept_in_place(&base, &proposal);
    assert!(!canary.sang(), "the attack reached its canary");
}

#[test]
fn r20_submodules_and_large_files() {
    let f = Fixture::with(&[("a.txt", "1\n")]);
    let canary = Canary::new(&f);
    f.git(&["init", "-q", "../other"]);
    f.git(&["-C", "../other", "commit", "-q", "--allow-empty", "-m", "x"]);
    let other = f.path("other");
    f.git(&[
        "-c",
        "protocol.file.allow=always",
        "submodule",
        "add",
        "-q",
        other.to_str().unwrap(),
        "mod",
    ]);
    f.git(&["commit", "-q", "-m", "a submodule"]);
    f.git(&["config", "submodule.mod.update", &format!("!{}", canary.program())]);
    f.git(&["-C", "mod", "config", "core.fsmonitor", canary.program()]);
    f.git(&["-C", "mod", "commit", "-q", "--allow-empty", "-m", "y"]);
    canary.sang();
    is_safe(&f, &canary, |f| drop(f.try_git(&["submodule", "update"])));
    // Files that lie elsewhere, and that a filter of the repository's fetches.
    for which in ["filter.lfs.process", "filter.lfs.clean", "filter.lfs.smudge"] {
        set_everywhere(&f, which, canary.program());
    }
    let pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n";
    f.write("large.bin", pointer);
    f.write(".gitattributes", "*.bin filter=lfs\n");
    is_safe(&f, &canary, |f| drop(f.try_git(&["add", "large.bin"])));
    let workspace = f.open();
    let base = workspace.snapshot().unwrap().commit;
    assert_eq!(workspace.read(&base, Path::new("large.bin")).unwrap(), pointer.as_bytes());
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
fn r19_environment_of_the_process() {
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
    let hostile = |command: &mut Command| {
        command
            .env("GIT_EXTERNAL_DIFF", canary.program())
            .env("GIT_CONFIG_COUNT", "1")
            .env("GIT_CONFIG_KEY_0", "core.fsmonitor")
            .env("GIT_CONFIG_VALUE_0", canary.program())
            .env("GIT_TRACE", f.path("trace"));
    };
    let mut control = Command::new("git");
    control.arg("status").current_dir(f.root());
    hostile(&mut control);
    control.output().unwrap();
    assert!(canary.sang() && f.path("trace").exists(), "the control did not reach its canary");
    fs::remove_file(f.path("trace")).unwrap();

    let mut again = Command::new(std::env::current_exe().unwrap());
    again.args(["--exact", "escape::git::r19_environment_of_the_process"]);
    again.env(canary_variable, "1");
    hostile(&mut again);
    let output = again.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    assert!(!canary.sang() && !f.path("trace").exists(), "the environment reached git");
}
