//! What a run writes can be read while it goes on, within a bound, and not by the run itself.

use std::fs;

use tenfold_domain::Bytes;
use tenfold_sandbox::{End, Job, Log};
use tokio::sync::watch;

use crate::setup::{Scene, alive, mark, run, sandbox, text};

/// A job with a log, and the log.
fn logged(scene: &mut Scene, command: &str) -> (Job, Log) {
    let dir = scene.path("log");
    let job = Job { log: Some(dir.clone()), ..scene.job(command) };
    let log = Log::new(dir, job.limits.output);
    (job, log)
}

#[tokio::test]
async fn r38_output_is_read_while_the_run_goes_on_and_its_end_is_the_end_of_all() {
    let mut scene = Scene::new();
    let mark = mark();
    let command = format!("echo one; sleep {mark} & setsid sleep {mark} & wait");
    let (job, mut log) = logged(&mut scene, &command);
    let (stop, cancel) = watch::channel(false);
    let running = tokio::spawn(async move { sandbox().run(&job, &cancel).await.unwrap() });
    let mut read = Vec::new();
    while read != b"one\n" || alive(&mark) < 2 {
        read.extend(log.read(2).unwrap().bytes);
        assert!(!running.is_finished(), "it ended too early");
        tokio::task::yield_now().await;
    }
    stop.send(true).unwrap();
    let exit = running.await.unwrap();
    assert_eq!((exit.end, text(&exit).as_str()), (End::Cancelled, "one\n"));
    assert_eq!(alive(&mark), 0);
    assert!(log.read(9).unwrap().bytes.is_empty());
}

#[tokio::test]
async fn r39_of_a_flood_the_newest_is_kept_and_the_rest_is_counted() {
    let mut scene = Scene::new();
    scene.limits.output = Bytes(10_000);
    let (job, mut log) = logged(&mut scene, "head -c 3000000 /dev/zero; echo last");
    assert!(run(&job).await.success());
    let files = fs::read_dir(scene.path("log")).unwrap().map(|file| file.unwrap());
    assert!(files.map(|file| file.metadata().unwrap().len()).sum::<u64>() <= 10_000);
    let (mut all, mut lost) = (Vec::new(), 0);
    loop {
        let logged = log.read(4_000).unwrap();
        if logged.bytes.is_empty() {
            break;
        }
        lost += logged.lost;
        all.extend(logged.bytes);
    }
    assert_eq!(lost + all.len() as u64, 3_000_005);
    assert!(all.len() >= 5_000 && all.ends_with(b"last\n"));
}

#[tokio::test]
async fn a_run_does_not_see_its_log() {
    let mut scene = Scene::new();
    let dir = scene.path("log");
    let look = format!("ls '{0}' || echo 1 > '{0}/0'; echo seen", dir.display());
    let (job, mut log) = logged(&mut scene, &look);
    let exit = run(&job).await;
    assert!(dir.join("0").exists(), "the control");
    let logged = String::from_utf8(log.read(9_000).unwrap().bytes).unwrap();
    assert_eq!(logged, text(&exit));
    assert!(logged.lines().all(|line| line != "0") && logged.ends_with("seen\n"), "{logged}");
}
