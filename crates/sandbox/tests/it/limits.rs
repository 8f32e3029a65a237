//! Memory, processes, disk and output have bounds, and going past them is said.

use std::fs;

use tenfold_domain::{Bytes, Millis};
use tenfold_sandbox::End;

use crate::setup::{Scene, alive, mark, outside, text};

const HOG: &str = "head -c 300000000 /dev/zero | tail -c 299999999 | wc -c";

#[tokio::test]
async fn a_memory_hog_is_ended_as_out_of_memory() {
    let mut scene = Scene::new();
    let control = outside(HOG, &scene.path(""));
    assert_eq!(String::from_utf8_lossy(&control.stdout).trim(), "299999999");
    scene.limits.memory = Bytes(64 << 20);
    let exit = scene.run(&format!("set -e; bash -c 'set -o pipefail; {HOG}'")).await;
    assert_eq!(exit.end, End::OutOfMemory, "{}", text(&exit));
}

#[tokio::test]
async fn memory_in_shared_memory_counts() {
    let mut scene = Scene::new();
    scene.limits.memory = Bytes(64 << 20);
    let exit = scene.run("head -c 100000000 /dev/zero > /dev/shm/x").await;
    assert!(!exit.success());
}

#[tokio::test]
async fn a_fork_bomb_is_bounded_and_named() {
    let mut scene = Scene::new();
    scene.limits.processes = 40;
    let many = "for i in $(seq 200); do sleep 60 & done; wait";
    let control = outside("for i in $(seq 200); do sleep 0.01 & done; echo all", &scene.path(""));
    assert_eq!(control.stdout, b"all\n");
    let exit = scene.run(many).await;
    assert_eq!(exit.end, End::TooManyProcesses, "{}", text(&exit));
}

#[tokio::test]
async fn a_fork_bomb_ends_and_takes_nothing_with_it() {
    let mut scene = Scene::new();
    scene.limits.processes = 40;
    scene.limits.wall = Millis(1_500);
    let mark = mark();
    let exit = scene
        .run(&format!("sleep {mark} & bomb() {{ bomb | bomb & }}; while :; do bomb; done"))
        .await;
    assert!(!exit.success());
    assert_eq!(alive(&mark), 0);
}

#[tokio::test]
async fn a_flood_of_output_is_cut_in_the_middle() {
    let mut scene = Scene::new();
    scene.limits.output = Bytes(10_000);
    let exit = scene.run("echo first; head -c 50000000 /dev/zero; echo; echo last").await;
    assert!(exit.success());
    assert!(exit.output.len() < 10_100);
    assert!(exit.output.starts_with(b"first\n"));
    assert!(exit.output.ends_with(b"last\n"));
    assert!(text(&exit).contains("bytes left out"));
}

#[tokio::test]
async fn an_endless_flood_does_not_pass_the_deadline() {
    let mut scene = Scene::new();
    scene.limits.wall = Millis(500);
    let exit = scene.run("exec yes endless").await;
    assert_eq!(exit.end, End::TimedOut);
    assert!(exit.output.len() < 70_000);
}

#[tokio::test]
async fn writing_past_the_disk_limit_is_ended_as_disk_full() {
    let mut scene = Scene::new();
    scene.limits.disk = Bytes(8 << 20);
    let many = "for i in 1 2 3 4 5 6 7 8 9; do head -c 2000000 /dev/zero > f$i; done; sync";
    let exit = scene.run(many).await;
    assert_eq!(exit.end, End::DiskFull, "{}", text(&exit));
}

#[tokio::test]
async fn many_empty_files_fill_the_disk_too() {
    let mut scene = Scene::new();
    scene.limits.disk = Bytes(1 << 20);
    let exit = scene.run("i=0; while [ $i -lt 2000 ]; do : > f$i; i=$((i+1)); done").await;
    assert_eq!(exit.end, End::DiskFull, "{}", text(&exit));
}

#[tokio::test]
async fn one_file_does_not_grow_past_the_disk_limit() {
    let mut scene = Scene::new();
    scene.limits.disk = Bytes(1 << 20);
    let exit = scene.run("head -c 5000000 /dev/zero > big").await;
    assert!(!exit.success());
    assert!(fs::metadata(scene.upper().join("big")).unwrap().len() <= 1 << 20);
}

#[tokio::test]
async fn files_that_have_lost_their_names_count_as_well() {
    let mut scene = Scene::new();
    scene.limits.disk = Bytes(8 << 20);
    let hide = "for i in 1 2 3 4; do exec 3>f; rm f; head -c 5000000 /dev/zero >&3; \
                sleep 60 & done; exec 3>&-; wait";
    let exit = scene.run(hide).await;
    assert_eq!(exit.end, End::DiskFull, "{}", text(&exit));
}
