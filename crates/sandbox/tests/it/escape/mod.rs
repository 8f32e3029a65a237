//! The escape suite: what docs/threats.md lists, row by row, tried against the real sandbox.
//!
//! A test is named for its row. Its *control* is the same attack without the defence, run as
//! the user that commands in the sandbox run as, on files that this user may read and write:
//! what holds is the sandbox, and no permission that happens to be missing. The control has to
//! reach its canary, or the test fails. Nothing here weakens the sandbox itself.
//!
//! A script says `reached` for each canary that it reaches, and `tried` at its end, so that a
//! program that is missing inside does not pass for a wall.

mod egress;
mod network;
mod paths;
mod processes;
mod resources;
mod secrets;
mod trust;

use std::fs::{self, Permissions};
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Output};

use tenfold_sandbox::Exit;

use crate::setup::{Scene, run, sandbox, text};

/// The user that the sandbox's commands run as where the tests are root.
pub(crate) const USER: u32 = 65_525;

pub(crate) fn is_root() -> bool {
    nix::unistd::geteuid().is_root()
}

/// Says, also where output is captured, that a part of a row can't be tried here.
pub(super) fn not_here(row: u8, what: &str, why: &str) {
    let _ = writeln!(std::io::stderr(), "NOT TRIED HERE: row {row}, {what}: {why}");
}

/// A scene whose files the user of the sandbox may read and write.
pub(super) fn open_scene() -> Scene {
    let mut scene = Scene::new();
    for (name, mode) in [("", 0o777), ("layer", 0o777), ("secret", 0o666)] {
        fs::set_permissions(scene.path(name), Permissions::from_mode(mode)).unwrap();
    }
    scene.limits.processes = 128;
    scene
}

/// The control: the script in the layer's own folder, as the sandbox's user, unconfined.
pub(super) fn unconfined(scene: &Scene, script: &str) -> Output {
    for layer in &scene.layers {
        sandbox().hand_over(layer).unwrap();
    }
    let mut command = Command::new("/bin/sh");
    command.arg("-c").arg(script).current_dir(&scene.layers[0]);
    if is_root() {
        command.uid(USER).gid(USER);
    }
    command.output().unwrap()
}

/// How often a script said that it reached its canary; it has to have come to its end.
#[track_caller]
pub(super) fn reached(output: &[u8]) -> usize {
    let said = String::from_utf8_lossy(output);
    assert!(said.lines().any(|line| line == "tried"), "it did not come to its end: {said}");
    said.lines().filter(|line| line.starts_with("reached")).count()
}

/// Runs a script unconfined, where it has to reach `canaries` of them, and in the sandbox,
/// where it may reach none.
pub(super) async fn holds(scene: &mut Scene, canaries: usize, script: &str) -> Exit {
    let script = format!("{script}\necho tried");
    let control = unconfined(scene, &script);
    let said = String::from_utf8_lossy(&control.stdout).into_owned();
    let errors = String::from_utf8_lossy(&control.stderr).into_owned();
    assert_eq!(reached(&control.stdout), canaries, "the control: {said}{errors}");
    held(scene, &script).await
}

/// Runs a script that ends with `tried` in the sandbox, where it may reach nothing.
pub(super) async fn held(scene: &mut Scene, script: &str) -> Exit {
    let job = scene.job(script);
    let exit = run(&job).await;
    assert_eq!(reached(&exit.output), 0, "{}", text(&exit));
    exit
}

/// bubblewrap alone, with the flags given, around a script: what a weaker sandbox would be.
pub(super) fn bubblewrap(flags: &[&str], script: &str) -> Output {
    let base = ["--ro-bind", "/", "/", "--dev", "/dev"];
    let mut command = Command::new("bwrap");
    command.args(base).args(flags).args(["/bin/sh", "-c", script]);
    command.output().unwrap()
}

/// A path between single quotes, for a script.
pub(super) fn quoted(path: &Path) -> String {
    format!("'{}'", path.display())
}

/// This test once more, in a process of its own that `started` starts: for what has to be so
/// from the start of a process. Returns false there, and holds that it passes.
pub(crate) fn again(test: &str, start: &dyn Fn(Command) -> Output) -> bool {
    const INSIDE: &str = "TENFOLD_TEST_AGAIN";
    if std::env::var_os(INSIDE).is_some() {
        return false;
    }
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", test, "--nocapture"]).env(INSIDE, "1");
    let output = start(command);
    let said = String::from_utf8_lossy(&output.stdout);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && said.contains("1 passed"), "{said}{errors}");
    true
}
