//! What a command can't see or reach. The whole escape suite comes with its own issue; these
//! are the walls that every run stands on.

use std::net::TcpListener;
use std::process::Command;

use tenfold_sandbox::End;

use crate::setup::{Scene, outside, run, text};

#[tokio::test]
async fn files_of_the_host_are_not_there() {
    let mut scene = Scene::new();
    let secret = scene.path("secret");
    let attack = format!("cat '{}'; cat /etc/shadow", secret.display());
    assert!(String::from_utf8_lossy(&outside(&attack, &scene.path("")).stdout).contains("canary"));
    let exit = scene.run(&attack).await;
    assert!(!exit.success());
    assert!(!text(&exit).contains("canary"));
    assert!(!text(&exit).contains("root:"), "{}", text(&exit));
}

#[tokio::test]
async fn a_link_out_of_the_view_leads_nowhere() {
    let mut scene = Scene::new();
    let secret = scene.path("secret");
    std::os::unix::fs::symlink(&secret, scene.path("layer/link")).unwrap();
    let control = outside("cat link; echo changed > link", &scene.path("layer"));
    assert_eq!(control.stdout, b"canary");
    std::fs::write(&secret, "canary").unwrap();
    let exit = scene.run("cat link; cat /proc/self/root/$(readlink link); echo x > link").await;
    assert!(!text(&exit).contains("canary"), "{}", text(&exit));
    assert_eq!(std::fs::read_to_string(&secret).unwrap(), "canary");
}

#[tokio::test]
async fn there_is_no_network_but_a_loopback_of_its_own() {
    let mut scene = Scene::new();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let script = |port: u16| {
        format!(
            "bash -c 'echo canary > /dev/tcp/127.0.0.1/{port}' 2>/dev/null && echo reached; \
             grep -v -e lo: -e '|' /proc/net/dev; true"
        )
    };
    let control = outside(&script(port), &scene.path(""));
    assert!(String::from_utf8_lossy(&control.stdout).contains("reached"));
    let exit = scene.run(&script(port)).await;
    assert_eq!((exit.end, text(&exit).as_str()), (End::Code(0), ""));
}

#[tokio::test]
async fn the_environment_is_what_was_given() {
    const CANARY: &str = "tenfold-canary-in-the-environment";
    // The canary is in the environment of everything between here and the command, if
    // anything is handed down: a process that carries it starts the run.
    let mut scene = Scene::new();
    let control = Command::new("/bin/sh")
        .args(["-c", "tr '\\0' '\\n' < /proc/$$/environ"])
        .env("CANARY", CANARY)
        .output()
        .unwrap();
    assert!(String::from_utf8_lossy(&control.stdout).contains(CANARY));
    let home = std::env::var("HOME").unwrap();
    let mut job =
        scene.job("cat /proc/1/environ /proc/2/environ /proc/*/environ | tr '\\0' '\\n'; env");
    job.env = vec![("GIVEN".to_owned(), "this one".to_owned())];
    let exit = run(&job).await;
    let seen = text(&exit);
    assert!(seen.contains("GIVEN=this one"), "{seen}");
    assert!(seen.contains("HOME=/home/tenfold"), "{seen}");
    assert!(!seen.contains("CARGO_MANIFEST_DIR"), "{seen}");
    assert!(!seen.contains(&format!("HOME={home}\n")), "{seen}");
}

#[tokio::test]
async fn the_hosts_paths_and_descriptors_do_not_show() {
    let mut scene = Scene::new();
    let exit = scene.run("ls /proc/self/fd; cat /proc/1/cmdline | tr '\\0' ' '").await;
    let seen = text(&exit);
    // 3 is the listing's own.
    assert!(seen.starts_with("0\n1\n2\n3\n"), "{seen}");
    assert!(!seen.contains("4\n"), "{seen}");
    assert!(!seen.contains("upper"), "{seen}");
}

#[tokio::test]
async fn nothing_but_the_view_and_temporary_places_can_be_written() {
    let mut scene = Scene::new();
    let exit = scene
        .run(
            "for place in / /usr /etc /run /run/tenfold /dev /proc/sys/kernel; do \
             touch $place/x 2>/dev/null && echo wrote $place; done; \
             for place in . /tmp /var/tmp /dev/shm $HOME; do touch $place/x || echo $place; done; \
             echo x > /dev/null && echo fine",
        )
        .await;
    assert_eq!(text(&exit), "fine\n");
}

#[tokio::test]
async fn no_power_is_left_and_none_is_to_be_had() {
    let mut scene = Scene::new();
    let exit = scene
        .run(
            "grep -e CapEff -e CapBnd -e NoNewPrivs -e 'Seccomp:' /proc/self/status; id -u; \
             unshare -U true 2>/dev/null && echo namespace; \
             mount -t tmpfs x /tmp 2>/dev/null && echo mounted; \
             chroot / true 2>/dev/null && echo chroot; true",
        )
        .await;
    let seen = text(&exit);
    assert!(seen.contains("CapEff:\t0000000000000000"), "{seen}");
    assert!(seen.contains("CapBnd:\t0000000000000000"), "{seen}");
    assert!(seen.contains("NoNewPrivs:\t1"), "{seen}");
    assert!(seen.contains("Seccomp:\t2"), "{seen}");
    assert!(!seen.lines().any(|line| line == "0"), "{seen}");
    for word in ["namespace", "mounted", "chroot"] {
        assert!(!seen.contains(word), "{seen}");
    }
}
