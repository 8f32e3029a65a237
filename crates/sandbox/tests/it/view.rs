//! The copy-on-write view: where writes land, and what stays as it was.

use std::fs;
use std::os::unix::ffi::OsStringExt;
use std::path::PathBuf;

use tenfold_sandbox::{Bind, End};

use crate::setup::{Scene, run, sandbox, text};

#[tokio::test]
async fn writes_land_in_the_upper_directory_alone() {
    let mut scene = Scene::new();
    let exit = scene.run("pwd; cat below; echo new > made; echo changed > below; rm -f gone").await;
    assert_eq!(exit.end, End::Code(0), "{}", text(&exit));
    assert_eq!(text(&exit), format!("{}\nas it was", scene.at().display()));
    assert_eq!(fs::read_to_string(scene.path("layer/below")).unwrap(), "as it was");
    assert!(!scene.path("layer/made").exists());
    assert!(!scene.at().exists());
    assert_eq!(fs::read_to_string(scene.upper().join("made")).unwrap(), "new\n");
    assert_eq!(fs::read_to_string(scene.upper().join("below")).unwrap(), "changed\n");
}

#[tokio::test]
async fn the_writes_of_one_run_can_be_a_layer_of_the_next() {
    let mut scene = Scene::new();
    assert!(scene.run("mkdir d; echo 1 > d/a; echo 1 > d/b; rm below").await.success());
    scene.layers.insert(0, scene.upper());
    let exit = scene.run("cat d/a; echo 2 > d/a; rm d/b; test ! -e below").await;
    assert!(exit.success(), "{}", text(&exit));
    scene.layers.insert(0, scene.upper());
    let exit = scene.run("cat d/a; ls d").await;
    assert_eq!(text(&exit), "2\na\n");
}

#[tokio::test]
async fn what_is_pruned_lies_below_other_files_and_hides_none() {
    let mut scene = Scene::new();
    let made = "mkdir -p d/sub made; echo 1 > d/a; echo 1 > made/b; rm below; mkfifo pipe; \
                ln -s /etc link; chmod 500 d";
    assert!(scene.run(made).await.success());
    let layer = scene.upper();
    let mut heard = Vec::new();
    let mut unwanted = |path: &std::path::Path, is_dir: bool| {
        heard.push((path.to_owned(), is_dir));
        path == std::path::Path::new("d/sub")
    };
    sandbox().prune(&layer, &mut unwanted).unwrap();
    assert!(heard.contains(&(PathBuf::from("below"), false)), "{heard:?}");
    let mut left: Vec<_> =
        fs::read_dir(&layer).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    left.sort();
    assert_eq!(left, ["d", "link", "made"]);
    // Files that came later, also where the command had made its own.
    let base = scene.path("later");
    fs::create_dir_all(base.join("made")).unwrap();
    fs::write(base.join("made/b"), "2").unwrap();
    fs::write(base.join("below"), "as it was").unwrap();
    scene.layers = vec![base, layer];
    let exit = scene.run("cat below made/b; cat d/a; ls d; rm made/b d/a").await;
    assert_eq!(text(&exit), "as it was21\na\n");
    assert_eq!(exit.end, End::Code(0));
}

#[tokio::test]
async fn nothing_is_left_beside_the_upper_directory() {
    let mut scene = Scene::new();
    assert!(scene.run("echo x > y").await.success());
    assert!(!scene.path("scratch-1").exists());
    assert!(!scene.path("upper-1.work").exists());
}

#[tokio::test]
async fn what_a_command_locked_can_be_discarded() {
    let mut scene = Scene::new();
    assert!(scene.run("mkdir -p a/b; echo x > a/b/c; chmod 000 a/b a").await.success());
    let upper = scene.upper();
    sandbox().discard(&upper).unwrap();
    assert!(!upper.exists());
    sandbox().discard(&upper).unwrap();
}

#[tokio::test]
async fn paths_that_are_no_text_or_mean_something_to_mount_work() {
    let mut scene = Scene::new();
    let odd = PathBuf::from(std::ffi::OsString::from_vec(b"l,a:y\\er \n\xff=".to_vec()));
    let layer = scene.path("").join(&odd);
    fs::create_dir(&layer).unwrap();
    fs::write(layer.join("odd"), "yes").unwrap();
    scene.layers.insert(0, layer);
    let mut job = scene.job("cat odd below; echo x > made");
    job.at = scene.path("").join("at").join(&odd);
    job.workdir = job.at.clone();
    job.upper = scene.path("").join("up").join(&odd);
    fs::create_dir_all(&job.upper).unwrap();
    let exit = run(&job).await;
    assert_eq!(text(&exit), "yesas it was");
    assert!(job.upper.join("made").exists());
}

#[tokio::test]
async fn binds_in_the_view_are_seen_read_only_and_leave_no_trace() {
    let mut scene = Scene::new();
    let modules = scene.path("modules");
    fs::create_dir(&modules).unwrap();
    fs::write(modules.join("m"), "module").unwrap();
    let mut job = scene.job("cat web/node_modules/m; echo x > web/node_modules/m");
    job.binds.push(Bind { source: modules.clone(), dest: scene.at().join("web/node_modules") });
    let exit = run(&job).await;
    assert!(text(&exit).starts_with("module"), "{}", text(&exit));
    assert!(!exit.success());
    assert_eq!(fs::read_to_string(modules.join("m")).unwrap(), "module");
    assert_eq!(fs::read_dir(scene.upper()).unwrap().count(), 0);
    // By the mount itself, whoever owns the files.
    job.command = "grep node_modules /proc/self/mountinfo | cut -d ' ' -f 6".to_owned();
    let exit = run(&job).await;
    assert!(text(&exit).starts_with("ro,nosuid,nodev"), "{}", text(&exit));
}

#[tokio::test]
async fn a_link_in_the_layers_does_not_lead_a_bind_astray() {
    let mut scene = Scene::new();
    std::os::unix::fs::symlink("/tmp", scene.path("layer/node_modules")).unwrap();
    let modules = scene.path("modules");
    fs::create_dir(&modules).unwrap();
    fs::write(modules.join("m"), "module").unwrap();
    let mut job = scene.job("readlink node_modules; test ! -e /tmp/m || echo astray");
    job.binds.push(Bind { source: modules, dest: scene.at().join("node_modules") });
    let exit = run(&job).await;
    assert_eq!(text(&exit), "/tmp\n");
}
