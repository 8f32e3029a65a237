//! However a run ends, it ends wholly.

use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tenfold_domain::Millis;
use tenfold_sandbox::{End, ProbeOptions, Sandbox, SandboxError};
use tokio::sync::watch;

use crate::setup::{Scene, alive, helper, mark, outside, run, sandbox, text};

#[tokio::test]
async fn exit_codes_and_signals_come_through() {
    let mut scene = Scene::new();
    assert_eq!(scene.run("exit 7").await.end, End::Code(7));
    assert_eq!(scene.run("kill -9 $$").await.end, End::Signal(9));
    let exit = scene.run("no-such-program").await;
    assert_eq!(exit.end, End::Code(127));
    assert!(text(&exit).contains("not found"));
}

#[tokio::test]
async fn a_hang_is_ended_at_the_deadline() {
    let mut scene = Scene::new();
    let mark = mark();
    scene.limits.wall = Millis(400);
    let exit = scene.run(&format!("trap '' TERM INT HUP; echo before; sleep {mark}")).await;
    assert_eq!(exit.end, End::TimedOut);
    assert_eq!(text(&exit), "before\n");
    assert_eq!(alive(&mark), 0);
}

#[tokio::test]
async fn a_daemon_does_not_outlive_its_command() {
    let mut scene = Scene::new();
    let mark = mark();
    let daemon =
        format!("setsid sh -c 'sleep {mark} & sleep {mark} &' >/dev/null 2>&1 </dev/null &");
    outside(&daemon, &scene.path(""));
    let begun = Instant::now();
    let mut seen = 0;
    while seen < 2 && begun.elapsed() < Duration::from_secs(10) {
        seen = alive(&mark);
    }
    assert!(seen >= 2, "the control: outside, it does");
    outside(
        &format!(
            "for p in /proc/[0-9]*; do grep -qa '{mark}' $p/cmdline && kill ${{p#/proc/}}; done"
        ),
        &scene.path(""),
    );

    let mark = self::mark();
    let exit = scene
        .run(&format!(
            "setsid sh -c 'sleep {mark} & sleep {mark} &' >/dev/null 2>&1 </dev/null & sleep 0.1"
        ))
        .await;
    assert!(exit.success());
    assert_eq!(alive(&mark), 0);
}

#[tokio::test]
async fn cancelling_ends_everything() {
    let mut scene = Scene::new();
    let mark = mark();
    let job = scene.job(&format!("setsid sleep {mark} & touch begun; sleep {mark}"));
    let begun = scene.upper().join("begun");
    let (stop, cancel) = watch::channel(false);
    let stopper = async {
        while !begun.exists() {
            tokio::task::yield_now().await;
        }
        stop.send(true).unwrap();
        Instant::now()
    };
    let (exit, stopped) = tokio::join!(sandbox().run(&job, &cancel), stopper);
    assert_eq!(exit.unwrap().end, End::Cancelled);
    assert!(stopped.elapsed() < Duration::from_secs(2));
    assert_eq!(alive(&mark), 0);
}

#[tokio::test]
async fn a_run_that_is_dropped_ends() {
    let mut scene = Scene::new();
    let mark = mark();
    let job = scene.job(&format!("touch begun; sleep {mark}"));
    let begun = scene.upper().join("begun");
    let (_stay, cancel) = watch::channel(false);
    tokio::select! {
        _ = sandbox().run(&job, &cancel) => panic!("it sleeps for days"),
        () = async { while !begun.exists() { tokio::task::yield_now().await; } } => {}
    }
    assert!(ends(&mark));
}

/// Starts a shim as an engine would, whose command makes a file "begun" and then sleeps.
async fn shim_by_hand(scene: &mut Scene, mark: &str) -> Child {
    scene.limits.wall = Millis(60_000);
    // A first run writes the specification that the second one uses.
    let job = scene.job(&format!("test -e again || exit 0; touch begun; sleep {mark}"));
    assert!(run(&job).await.success());
    std::fs::write(scene.upper().join("again"), "").unwrap();
    std::fs::create_dir_all(scene.path("upper-1.work")).unwrap();
    let shim = Command::new(helper())
        .arg("sandbox-shim")
        .arg(scene.path("scratch-1/spec.json"))
        .stdin(Stdio::piped())
        .process_group(0)
        .spawn()
        .unwrap();
    let begun = Instant::now();
    while !scene.upper().join("begun").exists() && begun.elapsed() < Duration::from_secs(10) {
        tokio::task::yield_now().await;
    }
    assert_ne!(alive(mark), 0);
    shim
}

fn groups_of(shim: &Child) -> Vec<u8> {
    let find = format!("find /sys/fs/cgroup -maxdepth 5 -name 'tenfold-{}'", shim.id());
    outside(&find, std::path::Path::new("/")).stdout
}

#[tokio::test]
async fn nothing_outlives_an_engine_that_is_killed() {
    let (mut scene, mark) = (Scene::new(), mark());
    let mut shim = shim_by_hand(&mut scene, &mark).await;
    // What the kernel does for an engine that dies.
    drop(shim.stdin.take());
    assert!(ends(&mark));
    assert!(shim.wait().unwrap().success());
    assert_eq!(groups_of(&shim), b"");
}

#[tokio::test]
async fn nothing_outlives_a_shim_that_is_killed() {
    let (mut scene, mark) = (Scene::new(), mark());
    let mut shim = shim_by_hand(&mut scene, &mark).await;
    shim.kill().unwrap();
    assert!(ends(&mark));
    shim.wait().unwrap();
    // It could not take away its control group; the next to look for a sandbox does.
    Sandbox::probe(helper(), ProbeOptions::default()).unwrap();
    assert_eq!(groups_of(&shim), b"");
}

fn ends(mark: &str) -> bool {
    let begun = Instant::now();
    while begun.elapsed() < Duration::from_secs(2) {
        if alive(mark) == 0 {
            return true;
        }
        std::thread::yield_now();
    }
    false
}

#[tokio::test]
async fn a_sandbox_that_can_not_be_built_is_an_error_and_says_why() {
    let mut scene = Scene::new();
    let mut job = scene.job("true");
    job.layers.push(scene.path("not-there"));
    let (_stay, cancel) = watch::channel(false);
    let error = sandbox().run(&job, &cancel).await.unwrap_err();
    assert!(matches!(&error, SandboxError::Setup(why) if why.contains("not-there")), "{error}");

    let mut job = scene.job("true");
    job.workdir = "/usr".into();
    let error = sandbox().run(&job, &cancel).await.unwrap_err();
    assert!(matches!(error, SandboxError::Job(_)), "{error}");
}
