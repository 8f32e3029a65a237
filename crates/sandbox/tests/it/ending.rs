//! However a run ends, it ends wholly.

use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tenfold_domain::Millis;
use tenfold_sandbox::{End, ProbeOptions, Sandbox, SandboxError};
use tokio::sync::watch;

use crate::setup::{Scene, alive, helper, mark, outside, sandbox, text};

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

/// However much of its specification the shim has read by then.
#[tokio::test]
async fn a_run_that_was_cancelled_before_it_began_is_cancelled() {
    let mut scene = Scene::new();
    let (_stop, cancel) = watch::channel(true);
    for length in [0, 1 << 20] {
        let job = scene.job(&format!("sleep 100000; : {}", "x".repeat(length)));
        assert_eq!(sandbox().run(&job, &cancel).await.unwrap().end, End::Cancelled);
    }
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

/// What an engine of its own is told by: the mark of its command.
const MARK: &str = "TENFOLD_TEST_ENGINE";

/// Not a test but an engine, in a process of its own, whose command sleeps until somebody
/// kills one of them.
#[tokio::test]
#[ignore = "an engine for other tests"]
async fn an_engine_for_other_tests() {
    let Ok(mark) = std::env::var(MARK) else { return };
    let mut scene = Scene::new();
    scene.limits.wall = Millis(60_000);
    scene.run(&format!("sleep {mark}")).await;
}

/// An engine, whose command sleeps, and the id of its shim.
fn engine_and_shim(scene: &Scene, mark: &str) -> (Child, u32) {
    let engine = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "ending::an_engine_for_other_tests", "--ignored"])
        .env(MARK, mark)
        .env("TMPDIR", scene.path(""))
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    assert!(happens(|| alive(mark) > 0));
    let threads = format!("/proc/{}/task", engine.id());
    let children = std::fs::read_dir(threads).unwrap().flatten().flat_map(|thread| {
        let list = std::fs::read_to_string(thread.path().join("children")).unwrap();
        list.split_ascii_whitespace().map(|pid| pid.parse().unwrap()).collect::<Vec<u32>>()
    });
    let [shim] = children.collect::<Vec<_>>()[..] else { panic!("it has a single child") };
    (engine, shim)
}

fn groups_of(shim: u32) -> Vec<u8> {
    let find = format!("find /sys/fs/cgroup -maxdepth 5 -name 'tenfold-{shim}'");
    outside(&find, std::path::Path::new("/")).stdout
}

#[tokio::test]
async fn nothing_outlives_an_engine_that_is_killed() {
    let (scene, mark) = (Scene::new(), mark());
    let (mut engine, shim) = engine_and_shim(&scene, &mark);
    engine.kill().unwrap();
    engine.wait().unwrap();
    assert!(ends(&mark));
    assert!(happens(|| groups_of(shim).is_empty()));
}

#[tokio::test]
async fn nothing_outlives_a_shim_that_is_killed() {
    let (scene, mark) = (Scene::new(), mark());
    let (mut engine, shim) = engine_and_shim(&scene, &mark);
    kill(Pid::from_raw(shim.try_into().unwrap()), Signal::SIGKILL).unwrap();
    assert!(ends(&mark));
    // The engine hears of it, and says so: the test that it is fails.
    assert!(!engine.wait().unwrap().success());
    // It could not take away its control group; the next to look for a sandbox does.
    Sandbox::probe(helper(), ProbeOptions::default()).unwrap();
    assert_eq!(groups_of(shim), b"");
}

#[tokio::test]
async fn what_a_killed_shim_left_in_its_control_group_is_ended_by_the_next() {
    let (scene, mark) = (Scene::new(), mark());
    let (mut engine, shim) = engine_and_shim(&scene, &mark);
    // It stands in for a bubblewrap that was never told to go on.
    let mut left = Command::new("sleep").arg("60").spawn().unwrap();
    let groups = String::from_utf8(groups_of(shim)).unwrap();
    for group in groups.lines() {
        let members = std::path::Path::new(group).join("cgroup.procs");
        std::fs::write(members, left.id().to_string()).unwrap();
    }
    let probe = || Sandbox::probe(helper(), ProbeOptions::default()).unwrap();
    probe();
    assert!(left.try_wait().unwrap().is_none() && alive(&mark) > 0, "the shim lives");
    kill(Pid::from_raw(shim.try_into().unwrap()), Signal::SIGKILL).unwrap();
    assert!(ends(&mark));
    engine.wait().unwrap();
    probe();
    if groups.is_empty() {
        // Where there are no groups nothing is found by them.
        left.kill().unwrap();
    }
    assert!(!left.wait().unwrap().success());
    assert_eq!(groups_of(shim), b"");
}

fn ends(mark: &str) -> bool {
    happens(|| alive(mark) == 0)
}

fn happens(what: impl Fn() -> bool) -> bool {
    let begun = Instant::now();
    while begun.elapsed() < Duration::from_secs(10) {
        if what() {
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
