//! What a command can see and write to at all. What it may try beyond that is the escape suite.

use crate::setup::{Scene, outside, text};

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
async fn there_are_the_harmless_devices_and_terminals_of_its_own() {
    let mut scene = Scene::new();
    let exit = scene
        .run(
            "cd /dev && echo * && echo pts/* && head -c 3 zero | wc -c && \
             while read _ _ _ _ place flags _; do case $place in /dev*) echo $place $flags;; esac; \
             done < /proc/self/mountinfo",
        )
        .await;
    let said = text(&exit);
    let lines: Vec<&str> = said.lines().collect();
    let [names, terminals, zeros, dev, mounts @ ..] = &lines[..] else { panic!("{said}") };
    assert_eq!(
        *names,
        "core fd full null ptmx pts random shm stderr stdin stdout tty urandom zero"
    );
    assert_eq!((*terminals, *zeros), ("pts/ptmx", "3"));
    assert_eq!(*dev, "/dev ro,nosuid,nodev,relatime");
    assert_eq!(mounts.len(), 8, "six devices, terminals and shared memory: {said}");
    assert!(mounts.iter().all(|line| line.contains("nosuid")), "{said}");
}
