//! Sandboxes that stand before anybody asks for them.

use std::fs;
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tenfold_domain::Bytes;
use tenfold_sandbox::{Exit, ProbeOptions, Sandbox};
use tokio::sync::watch;

use crate::setup::{Scene, helper, text};

/// The processes that a process has started.
fn children(parent: u32) -> Vec<i32> {
    let processes = fs::read_dir("/proc").unwrap().flatten();
    let pids = processes.filter_map(|entry| entry.file_name().to_str()?.parse::<i32>().ok());
    let is_child = |pid: &i32| {
        let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
        status.lines().any(|line| line == format!("PPid:\t{parent}"))
    };
    pids.filter(is_child).collect()
}

/// Our shims, which is one for each sandbox.
fn shims() -> Vec<i32> {
    let is_shim = |pid: &i32| {
        let line = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        line.split(|byte| *byte == 0).any(|word| word == b"sandbox-shim")
    };
    children(std::process::id()).into_iter().filter(is_shim).collect()
}

/// Waits until a shim has bubblewrap started, and returns it.
async fn one_stands() -> i32 {
    loop {
        if let [shim] = shims()[..]
            && !children(shim.unsigned_abs()).is_empty()
        {
            return shim;
        }
        tokio::task::yield_now().await;
    }
}

/// Waits until none does.
async fn none_stands() {
    while !shims().is_empty() {
        tokio::task::yield_now().await;
    }
}

fn own_sandbox() -> Sandbox {
    Sandbox::probe(helper(), ProbeOptions::default()).unwrap()
}

/// A sandbox in which the same was asked for twice.
async fn asked_twice() -> (Sandbox, Scene) {
    let (sandbox, mut scene) = (own_sandbox(), Scene::new());
    for _ in 0..2 {
        assert!(run(&sandbox, &mut scene, "true").await.success());
    }
    (sandbox, scene)
}

async fn run(sandbox: &Sandbox, scene: &mut Scene, command: &str) -> Exit {
    let job = scene.job_for(sandbox, command);
    let (_stay, cancel) = watch::channel(false);
    sandbox.run(&job, &cancel).await.unwrap()
}

#[tokio::test]
async fn what_is_asked_for_again_stands_already_and_sees_what_came_since() {
    let (sandbox, mut scene) = (own_sandbox(), Scene::new());
    assert!(run(&sandbox, &mut scene, "echo one > made").await.success());
    assert_eq!(shims(), [0; 0], "nobody knows that it will be asked for again");
    assert!(run(&sandbox, &mut scene, "echo two > made").await.success());
    let shim = one_stands().await;
    fs::write(scene.path("layer/since"), "then").unwrap();
    let exit = run(&sandbox, &mut scene, "cat since below; ls; echo three > made").await;
    assert_eq!(text(&exit), "thenas it wasbelow\nsince\n");
    assert!(!shims().contains(&shim), "it was not used");
    let made = |run: usize| fs::read_to_string(scene.path(&format!("upper-{run}/made"))).unwrap();
    assert_eq!([made(1), made(2), made(3)], ["one\n", "two\n", "three\n"]);
}

#[tokio::test]
async fn one_that_is_built_otherwise_is_not_used() {
    let (sandbox, mut scene) = asked_twice().await;
    let shim = one_stands().await;
    scene.limits.memory = Bytes(scene.limits.memory.0 / 2);
    assert!(run(&sandbox, &mut scene, "true").await.success());
    assert_eq!(shims(), [shim]);
}

#[tokio::test]
async fn one_that_died_is_not_used() {
    let (sandbox, mut scene) = asked_twice().await;
    kill(Pid::from_raw(one_stands().await), Signal::SIGKILL).unwrap();
    none_stands().await;
    assert!(run(&sandbox, &mut scene, "true").await.success());
}

#[tokio::test]
async fn none_stands_when_nobody_can_ask_any_more() {
    let (sandbox, _scene) = asked_twice().await;
    one_stands().await;
    drop(sandbox);
    none_stands().await;
}

#[tokio::test]
async fn none_stands_for_long() {
    let _asked = asked_twice().await;
    one_stands().await;
    // From here on time passes whenever all wait for it.
    tokio::time::pause();
    let paused = tokio::time::Instant::now();
    while !shims().is_empty() {
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    let stood = paused.elapsed().as_secs();
    assert!(stood <= 62, "it stood for {stood} s");
}
