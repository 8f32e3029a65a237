//! A directory with a layer, an upper directory and a secret beside them, and ways to run a
//! command on it with the sandbox and without.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::OnceLock;

use tempfile::TempDir;
use tenfold_domain::{Bytes, Millis};
use tenfold_sandbox::{Exit, Job, Limits, ProbeOptions, Sandbox, Toolchains};
use tokio::sync::watch;

/// The helper that this crate builds for its tests.
pub(crate) fn helper() -> PathBuf {
    PathBuf::from(env!("CARGO_BIN_EXE_tenfold-sandbox-shim"))
}

/// The sandbox of this machine. The tests are about tier A; where it can't be had they fail,
/// and say why.
pub(crate) fn sandbox() -> &'static Sandbox {
    static FOUND: OnceLock<Sandbox> = OnceLock::new();
    FOUND.get_or_init(|| {
        Sandbox::probe(helper(), ProbeOptions::default()).unwrap_or_else(|error| panic!("{error}"))
    })
}

pub(crate) struct Scene {
    dir: TempDir,
    runs: usize,
    pub(crate) layers: Vec<PathBuf>,
    pub(crate) limits: Limits,
    pub(crate) toolchains: Toolchains,
}

impl Scene {
    pub(crate) fn new() -> Self {
        let dir = TempDir::new().unwrap();
        let layer = dir.path().join("layer");
        std::fs::create_dir(&layer).unwrap();
        std::fs::write(layer.join("below"), "as it was").unwrap();
        std::fs::write(dir.path().join("secret"), "canary").unwrap();
        let limits = Limits {
            wall: Millis(20_000),
            memory: Bytes(512 << 20),
            processes: 64,
            disk: Bytes(64 << 20),
            output: Bytes(64 << 10),
            ..Limits::default()
        };
        let toolchains = Toolchains::system();
        Self { dir, runs: 0, layers: vec![layer], limits, toolchains }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// Where the view appears: a place that does not exist outside.
    pub(crate) fn at(&self) -> PathBuf {
        self.path("repo with a space")
    }

    /// The upper directory of the latest run.
    pub(crate) fn upper(&self) -> PathBuf {
        self.path(&format!("upper-{}", self.runs))
    }

    pub(crate) fn job_for(&mut self, sandbox: &Sandbox, command: &str) -> Job {
        self.runs += 1;
        std::fs::create_dir(self.upper()).unwrap();
        for layer in &self.layers {
            sandbox.hand_over(layer).unwrap();
        }
        Job {
            command: command.to_owned(),
            at: self.at(),
            workdir: self.at(),
            layers: self.layers.clone(),
            upper: self.upper(),
            binds: self.toolchains.binds.clone(),
            env: self.toolchains.env.clone(),
            limits: self.limits,
            scratch: self.path(&format!("scratch-{}", self.runs)),
            log: None,
            record: None,
        }
    }

    pub(crate) fn job(&mut self, command: &str) -> Job {
        self.job_for(sandbox(), command)
    }

    pub(crate) async fn run(&mut self, command: &str) -> Exit {
        let job = self.job(command);
        run(&job).await
    }
}

impl Drop for Scene {
    fn drop(&mut self) {
        // A run that was killed leaves directories that its owner may not look into.
        let _ = sandbox().discard(self.dir.path());
    }
}

pub(crate) async fn run(job: &Job) -> Exit {
    let (_stay, cancel) = watch::channel(false);
    sandbox().run(job, &cancel).await.unwrap()
}

pub(crate) fn text(exit: &Exit) -> String {
    String::from_utf8_lossy(&exit.output).into_owned()
}

/// The control of an attack: the same command, not confined.
pub(crate) fn outside(command: &str, dir: &Path) -> Output {
    Command::new("/bin/sh").arg("-c").arg(command).current_dir(dir).output().unwrap()
}

/// How many processes on this machine were started with this text in their arguments.
pub(crate) fn alive(mark: &str) -> usize {
    let entries = std::fs::read_dir("/proc").unwrap().flatten();
    entries
        .filter(|entry| {
            let line = std::fs::read(entry.path().join("cmdline")).unwrap_or_default();
            String::from_utf8_lossy(&line).contains(mark)
        })
        .count()
}

/// A text that no other process carries.
pub(crate) fn mark() -> String {
    use std::sync::atomic::{AtomicU64, Ordering};
    static NEXT: AtomicU64 = AtomicU64::new(0);
    // As a number of seconds it makes an argument for `sleep`.
    let number = 100_000 + NEXT.fetch_add(1, Ordering::Relaxed);
    format!("{number}.{}", std::process::id())
}
