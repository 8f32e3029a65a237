//! Rows 1 to 9, as far as the sandbox itself keeps them: paths that lead out of the view.

use std::fs;
use std::os::unix::fs::symlink;

use tenfold_sandbox::SandboxError;
use tokio::sync::watch;

use super::{bubblewrap, held, holds, is_root, not_here, open_scene, quoted, reached, unconfined};
use crate::setup::{mark, sandbox};

#[tokio::test]
async fn r01_symlink_out_of_the_worktree() {
    let mut scene = open_scene();
    let secret = scene.path("secret");
    symlink(&secret, scene.path("layer/link")).unwrap();
    // Inside, there may be a folder of that name, in memory; so what is written is looked for
    // here.
    let attack = "grep -q canary link && echo reached\necho changed > link\necho tried";
    let control = unconfined(&scene, attack);
    assert_eq!(reached(&control.stdout), 1, "the control");
    assert_eq!(fs::read_to_string(&secret).unwrap(), "changed\n", "the control");
    fs::write(&secret, "canary").unwrap();
    held(&mut scene, attack).await;
    assert_eq!(fs::read_to_string(&secret).unwrap(), "canary");
}

#[tokio::test]
async fn r02_magic_links() {
    let mut scene = open_scene();
    let secret = scene.path("secret");
    let attack = format!(
        "for way in /proc/self/root /proc/$$/root /proc/self/cwd/../../../../..; do\n\
         grep -q canary $way{} && echo reached by $way; done",
        quoted(&secret)
    );
    holds(&mut scene, 3, &attack).await;
    // The first process inside is bubblewrap, whose root was the host's once.
    let attack = format!(
        "grep -q canary /proc/1/root{0} && echo reached\n\
         for old in /oldroot /newroot /proc/1/cwd; do grep -q canary $old{0} && echo reached; done",
        quoted(&secret)
    );
    held(&mut scene, &format!("{attack}\necho tried")).await;
}

#[tokio::test]
async fn r04_working_directory_that_a_model_chose() {
    let mut scene = open_scene();
    let (secret, outside) = (scene.path("secret"), scene.path(""));
    let attack = "echo changed > secret && echo reached";
    // A sandbox that lets write wherever the command is to start.
    let chosen = outside.to_str().unwrap();
    let control = bubblewrap(
        &["--bind", chosen, chosen, "--chdir", chosen],
        &format!("{attack}; echo tried"),
    );
    assert_eq!(reached(&control.stdout), 1, "the control");
    assert_eq!(fs::read_to_string(&secret).unwrap(), "changed\n", "the control");
    fs::write(&secret, "canary").unwrap();

    let (_stay, cancel) = watch::channel(false);
    for chosen in [outside.clone(), "/".into(), scene.at().join("..")] {
        let mut job = scene.job(attack);
        job.workdir = chosen;
        let error = sandbox().run(&job, &cancel).await.unwrap_err();
        assert!(matches!(error, SandboxError::Job(_)), "{error}");
    }
    // By way of a link in the worktree, which leads to what the sandbox has at that place.
    symlink(&outside, scene.path("layer/way")).unwrap();
    symlink("/usr", scene.path("layer/usr")).unwrap();
    for (way, writable) in [("way", true), ("usr", false)] {
        let mut job = scene.job(attack);
        job.workdir = scene.at().join(way);
        if let Ok(exit) = sandbox().run(&job, &cancel).await {
            // A folder of that name inside is one in memory.
            assert!(writable || !exit.success(), "{way}");
        }
    }
    assert_eq!(fs::read_to_string(&secret).unwrap(), "canary");
}

#[tokio::test]
async fn r07_hard_links_and_device_nodes() {
    let mut scene = open_scene();
    let secret = scene.path("secret");
    let attack = format!(
        "ln {} link && grep -q canary link && echo reached by a hard link\nrm -f link",
        quoted(&secret)
    );
    if is_root() {
        // A user may not link to another's file; root, and whoever owns it, may.
        std::os::unix::fs::chown(&secret, Some(super::USER), Some(super::USER)).unwrap();
    }
    holds(&mut scene, 1, &attack).await;
    // Also where the file is shown, beside the view.
    let shown = scene.path("shown");
    fs::create_dir(&shown).unwrap();
    fs::write(shown.join("file"), "as it was").unwrap();
    let mut job = scene.job(&format!(
        "ln {0}/file link && echo reached; cp {0}/file own && ln own two && echo fine\necho tried",
        shown.display()
    ));
    job.binds.push(tenfold_sandbox::Bind::same(&shown));
    let exit = crate::setup::run(&job).await;
    assert_eq!(reached(&exit.output), 0);
    assert!(crate::setup::text(&exit).contains("fine"), "{}", crate::setup::text(&exit));

    let attack = "mknod node c 1 5 && head -c 1 node | grep -c . >/dev/null && echo reached\n\
                  mknod disk b 259 0 && echo reached\nrm -f node disk\necho tried";
    if is_root() {
        let control = crate::setup::outside(attack, &scene.path("layer"));
        assert!(reached(&control.stdout) >= 1, "the control");
    } else {
        not_here(7, "device nodes", "only root may make one, so there is no control");
    }
    held(&mut scene, attack).await;
}

#[tokio::test]
async fn r08_predictable_temporary_files() {
    let mut scene = open_scene();
    let secret = scene.path("secret");
    let name = std::env::temp_dir().join(format!("tenfold-planted-{}", mark()));
    let plant = format!("ln -s {} {} && echo planted", quoted(&secret), quoted(&name));
    // What a program does that makes up its names badly.
    let fall_for_it = || {
        fs::write(&name, "changed").unwrap();
        fs::remove_file(&name).unwrap();
    };
    assert_eq!(crate::setup::outside(&plant, &scene.path("")).stdout, b"planted\n");
    fall_for_it();
    assert_eq!(fs::read_to_string(&secret).unwrap(), "changed", "the control");
    fs::write(&secret, "canary").unwrap();
    let in_tmp = plant.replace(&quoted(&name), &format!("/tmp/{}", mark()));
    for plant in [plant, in_tmp] {
        scene.run(&plant).await;
    }
    fall_for_it();
    assert_eq!(fs::read_to_string(&secret).unwrap(), "canary");
}
