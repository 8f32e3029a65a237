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
