//! Rows 35 to 37 and 39: taking all that a machine has.

use std::fs;

use tenfold_domain::{Bytes, Millis};
use tenfold_sandbox::End;

use super::{open_scene, reached, unconfined};
use crate::setup::{alive, mark, text};

#[tokio::test]
async fn r35_fork_bomb() {
    let mut scene = open_scene();
    // More than the wall behind the watchdog, where no control group counts.
    let many = |mark: &str, end: &str| {
        format!(
            "for i in $(seq 400); do sleep {mark} & all=\"$all $!\"; done\n\
             kill -0 $all && echo reached\n{end}\necho tried"
        )
    };
    let control = unconfined(&scene, &many(&mark(), "kill $all"));
    assert_eq!(reached(&control.stdout), 1, "the control");
    scene.limits.processes = 40;
    let inside = mark();
    let exit = scene.run(&many(&inside, "wait")).await;
    assert_eq!(exit.end, End::TooManyProcesses, "{}", text(&exit));
    assert!(!text(&exit).contains("reached"), "{}", text(&exit));
    assert_eq!(alive(&inside), 0);
    // One that never stops is ended by its deadline, whole.
    scene.limits.wall = Millis(1_000);
    let inside = mark();
    let bomb = format!("sleep {inside} & bomb() {{ bomb | bomb & }}; while :; do bomb; done");
    assert!(!scene.run(&bomb).await.success());
    assert_eq!(alive(&inside), 0);
}

#[tokio::test]
async fn r36_memory_and_shared_memory() {
    let mut scene = open_scene();
    let hog = "head -c 200000000 /dev/zero | tail -c 199999999 | wc -c | grep -q 199999999 \
               && echo reached\necho tried";
    let mark = mark();
    let shared = |place: &str| {
        format!(
            "head -c 100000000 /dev/zero > {place}/{mark} && echo reached\nrm -f {place}/{mark}\n\
             echo tried"
        )
    };
    assert_eq!(reached(&unconfined(&scene, hog).stdout), 1, "the control");
    for place in ["/dev/shm", "/tmp"] {
        assert_eq!(reached(&unconfined(&scene, &shared(place)).stdout), 1, "the control");
    }
    scene.limits.memory = Bytes(64 << 20);
    let exit = scene.run(&format!("set -e; {hog}")).await;
    assert!(!text(&exit).contains("reached"), "{}", text(&exit));
    assert!(matches!(exit.end, End::OutOfMemory | End::Code(0)), "{}", exit.end);
    for place in ["/dev/shm", "/tmp"] {
        let exit = scene.run(&shared(place)).await;
        assert!(!text(&exit).contains("reached"), "{}", text(&exit));
    }
}

#[tokio::test]
async fn r37_disk_and_inodes() {
    let mut scene = open_scene();
    let bytes = "for i in 1 2 3 4 5 6 7 8 9; do head -c 2000000 /dev/zero > f$i || exit; done\n\
                 echo reached\nrm -f f?\necho tried";
    let inodes = "i=0; while [ $i -lt 3000 ]; do : > f$i; i=$((i+1)); done\n\
                  echo reached\nrm -f f*\necho tried";
    for attack in [bytes, inodes] {
        assert_eq!(reached(&unconfined(&scene, attack).stdout), 1, "the control");
        scene.limits.disk = Bytes(8 << 20);
        // What was written is still there at the end, or it would not fill anything.
        let exit = scene.run(&attack.replace("rm -f", "true")).await;
        assert_eq!(exit.end, End::DiskFull, "{}", text(&exit));
    }
    let big = "head -c 20000000 /dev/zero > big && echo reached\nrm -f big\necho tried";
    assert_eq!(reached(&unconfined(&scene, big).stdout), 1, "the control");
    let exit = scene.run(&big.replace("rm -f big", "")).await;
    assert!(!text(&exit).contains("reached"));
    assert!(fs::metadata(scene.upper().join("big")).unwrap().len() <= 8 << 20);
}

#[tokio::test]
async fn r39_floods_of_output() {
    let mut scene = open_scene();
    scene.limits.output = Bytes(10_000);
    for flood in [
        "echo first; head -c 30000000 /dev/zero; echo; echo last",
        "echo first; head -c 30000000 /dev/zero | tr '\\0' x; echo; echo last",
        "echo first; yes | head -c 30000000; echo last",
    ] {
        let control = unconfined(&scene, flood);
        assert!(control.stdout.len() >= 30_000_000, "the control");
        let exit = scene.run(flood).await;
        assert!(exit.success());
        assert!(exit.output.len() < 10_100, "{}", exit.output.len());
        assert!(exit.output.starts_with(b"first\n") && exit.output.ends_with(b"last\n"));
        assert!(text(&exit).contains("bytes left out"));
    }
    scene.limits.wall = Millis(500);
    let exit = scene.run("exec yes endless").await;
    assert_eq!(exit.end, End::TimedOut);
    assert!(exit.output.len() < 10_100);
}
