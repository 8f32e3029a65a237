//! The tools that this machine has work inside, offline.

use std::path::Path;

use tenfold_domain::{Bytes, Millis};
use tenfold_sandbox::Toolchains;

use crate::setup::{Scene, outside, text};

/// Whether a tool is here; if not, the test says loudly that it did not run.
fn has(tool: &str) -> bool {
    let found = outside(&format!("command -v {tool} && {tool} --version"), Path::new("/"));
    if !found.status.success() {
        eprintln!("SKIPPED: {tool} is not installed here, nothing was tested");
    }
    found.status.success()
}

fn scene() -> Scene {
    let mut scene = Scene::new();
    scene.toolchains = Toolchains::find(std::env::vars_os(), &scene.path("layer"));
    scene.limits.wall = Millis(120_000);
    scene.limits.memory = Bytes(2 << 30);
    scene.limits.disk = Bytes(1 << 30);
    scene.limits.processes = 256;
    scene
}

#[tokio::test]
async fn python_runs_tests() {
    if !has("python") {
        return;
    }
    let mut scene = scene();
    let test = "import unittest, socket, threading\n\
                class T(unittest.TestCase):\n    def test_server(self):\n        \
                s = socket.create_server(('localhost', 0))\n        \
                c = socket.create_connection(s.getsockname())\n        \
                t = threading.Thread(target=s.accept); t.start(); t.join()\n";
    std::fs::write(scene.path("layer/test_it.py"), test).unwrap();
    let exit = scene.run("python -m unittest -q").await;
    assert!(exit.success(), "{}", text(&exit));
    assert!(!scene.upper().join("__pycache__").exists());
}

#[tokio::test]
async fn cargo_tests_offline() {
    if !has("cargo") {
        return;
    }
    let mut scene = scene();
    let manifest = "[package]\nname = 'x'\nversion = '0.1.0'\nedition = '2021'\n";
    std::fs::write(scene.path("layer/Cargo.toml"), manifest).unwrap();
    std::fs::create_dir(scene.path("layer/src")).unwrap();
    let code = "#[test]\nfn adds() { assert_eq!(1 + 1, 2); }\n";
    std::fs::write(scene.path("layer/src/lib.rs"), code).unwrap();
    let exit = scene.run("cargo test").await;
    assert!(exit.success(), "{}", text(&exit));
    assert!(text(&exit).contains("1 passed"), "{}", text(&exit));
}

/// An environment is bound to its own path, so this holds only where the view is at the
/// person's own.
#[tokio::test]
async fn a_virtual_environment_in_the_repository_works() {
    if !has("python3") {
        return;
    }
    let mut scene = scene();
    std::fs::create_dir(scene.at()).unwrap();
    let made = outside("python3 -m venv --without-pip .venv", &scene.at());
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    scene.toolchains = Toolchains::find(std::env::vars_os(), &scene.at());
    let exit = scene.run(". .venv/bin/activate; python -c 'import sys; print(sys.prefix)'").await;
    assert_eq!(text(&exit), format!("{}\n", scene.at().join(".venv").display()));
}

/// Downloaded sources are enough to build with a dependency. The one that is asked for comes
/// with this very crate's own dependencies, so it has been downloaded.
#[tokio::test]
async fn cargo_builds_with_a_downloaded_dependency() {
    if !has("cargo") {
        return;
    }
    let mut scene = scene();
    let lock = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../Cargo.lock"));
    let lock = lock.unwrap();
    let entry = lock.split("[[package]]").find(|entry| entry.contains("name = \"cfg-if\""));
    let version = entry.unwrap().split("version = \"").nth(1).unwrap().split('"').next().unwrap();
    let manifest = format!(
        "[package]\nname = 'x'\nversion = '0.1.0'\nedition = '2021'\n\
         [dependencies]\ncfg-if = '={version}'\n"
    );
    std::fs::write(scene.path("layer/Cargo.toml"), manifest).unwrap();
    std::fs::create_dir(scene.path("layer/src")).unwrap();
    std::fs::write(scene.path("layer/src/lib.rs"), "pub use cfg_if::cfg_if;\n").unwrap();
    let exit = scene.run("cargo build").await;
    assert!(exit.success(), "{}", text(&exit));
}

#[tokio::test]
async fn node_runs() {
    if !has("node") {
        return;
    }
    let exit = scene().run("node -e 'console.log(require(\"os\").homedir(), 6 * 7)'").await;
    assert_eq!(text(&exit), "/home/tenfold 42\n");
}

#[tokio::test]
async fn java_runs() {
    if !has("javac") {
        return;
    }
    let mut scene = scene();
    let code = "class A { public static void main(String[] a) { \
                System.out.println(System.getProperty(\"user.home\")); } }";
    std::fs::write(scene.path("layer/A.java"), code).unwrap();
    let exit = scene.run("javac A.java && java A").await;
    assert_eq!(text(&exit), "/home/tenfold\n");
}
