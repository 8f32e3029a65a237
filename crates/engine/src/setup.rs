//! The setup command: it prepares what the check needs, once for each set of files that say
//! what that is, before the first check of an attempt.
//!
//! It runs on the person's files as they are, in the sandbox, and speaks to the hosts that the
//! policy allows, if any; what it adds to them is kept as a layer (see `layers`) that every later
//! run of a check has below its files. It belongs to no strategy, so no machine knows of it.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tenfold_code::failure::{self, TroubleKind};
use tenfold_domain::{
    AttemptId, AttemptOutcome, CheckReport, CheckVerdict, CommitId, EffectKind, Energy, Fact,
    Millis, NanoUsd, Progress, StepEvent, StepId, Strategy, Usage, hex,
};
use tenfold_sandbox::CancelSignal;
use tenfold_store::Store;
use tenfold_workspace::{FileKind, Workspace};

use crate::attempt::Running;
use crate::checks::Checks;
use crate::effects::Open;
use crate::egress::Egress;
use crate::engine::blocking;
use crate::layers::{Found, Layer, Layers, Made};
use crate::surroundings::Around;
use crate::{Engine, EngineError};

/// The step that setup is recorded as; those of the machine begin with one.
pub(crate) const STEP: StepId = StepId(0);

/// How often it is looked whether somebody else has built a layer.
const LOOK_AGAIN: Duration = Duration::from_millis(100);
/// How much longer than the attempt the command may run in the sandbox's own count, so that it
/// is the attempt that ends it.
const AFTER_THE_END: Millis = Millis(5_000);
/// The last lines of a failed setup that a person is shown.
const TAIL_LINES: usize = 20;
/// A file larger than this says nothing about what has to be installed.
const LARGEST_NEED: u64 = 32 << 20;

/// The files that say what has to be installed.
const NEEDS: &[&str] = &[
    "Cargo.lock",
    "Cargo.toml",
    "Gemfile",
    "Gemfile.lock",
    "Makefile",
    "Pipfile.lock",
    "build.gradle",
    "build.gradle.kts",
    "bun.lock",
    "composer.lock",
    "environment.yml",
    "go.mod",
    "go.sum",
    "gradle.lockfile",
    "mix.lock",
    "npm-shrinkwrap.json",
    "package-lock.json",
    "package.json",
    "pdm.lock",
    "pnpm-lock.yaml",
    "poetry.lock",
    "pom.xml",
    "pylock.toml",
    "pyproject.toml",
    "setup.cfg",
    "setup.py",
    "uv.lock",
    "yarn.lock",
];

/// What came of setting up.
pub(crate) enum SetUp {
    /// The command has run.
    Made { layer: Layer, report: CheckReport, changed: Vec<PathBuf> },
    /// It had run before.
    Reused(Layer),
    /// It has failed.
    Failed(CheckReport),
    /// Nobody waits for it any more.
    Cancelled,
}

/// All that setting up needs to know.
struct Task {
    /// For which attempt, if it is a step of one.
    attempt: Option<AttemptId>,
    command: String,
    workspace: Arc<Workspace>,
    base: CommitId,
    checks: Arc<Checks>,
    sandbox: Arc<tenfold_sandbox::Sandbox>,
    store: Arc<Store>,
    setups: PathBuf,
    around: Arc<Around>,
    longest: Millis,
    egress: Option<Arc<Egress>>,
}

impl Running<'_> {
    /// Begins to set up, where there is a check that needs it.
    pub(crate) fn begin_setup(&mut self) {
        // Without a check only a model's own commands need what it prepares.
        let is_needed = self.spec.check.is_some() || self.spec.strategy == Strategy::Loop;
        let Some(command) = self.spec.setup.clone().filter(|_| is_needed) else { return };
        let task = Task {
            attempt: Some(self.attempt),
            command,
            workspace: Arc::clone(&self.workspace),
            base: self.base.clone(),
            checks: Arc::clone(&self.checks),
            sandbox: Arc::clone(&self.engine.sandbox),
            store: Arc::clone(&self.engine.store),
            setups: self.engine.config.places.setups(),
            around: Arc::clone(&self.engine.around),
            longest: self.left() + AFTER_THE_END,
            egress: self.engine.way_out(&self.engine.policy(), self.attempt, STEP),
        };
        let what = "setting up".to_owned();
        self.teller.tell(Progress::Doing { attempt: self.attempt, what });
        self.open.insert(STEP, Open::new(true, None));
        let cancel = self.cancel.subscribe();
        self.setup.spawn(async move { task.set_up(&cancel).await });
    }

    /// Records what came of it; the machine begins after that, or not at all.
    pub(crate) async fn take_setup(&mut self, set_up: SetUp) -> Result<(), EngineError> {
        self.open.remove(&STEP);
        let command = self.spec.setup.clone().unwrap_or_default();
        match set_up {
            SetUp::Cancelled => Ok(()),
            SetUp::Reused(layer) => {
                let made = &layer.made;
                let reply = json!({ "setup": "reused", "command": command, "made": made });
                self.record_setup(reply, Millis(0)).await?;
                let text = format!(
                    "setup is reused: what it depends on is as it was when it ran last ({})",
                    made.wall
                );
                self.note(text);
                self.checks.mount(layer).await
            }
            SetUp::Made { layer, report, changed } => {
                let wall = report.wall;
                let reply = json!({
                    "setup": "made", "command": command, "report": report, "left-out": changed,
                });
                self.record_setup(reply, wall).await?;
                if let Some(first) = changed.first() {
                    let count = changed.len();
                    let text = format!(
                        "setup changed {count} of your own files ({} among them); the check sees \
                         them as you have them, and only what setup added",
                        first.display()
                    );
                    self.note(text);
                }
                self.checks.mount(layer).await
            }
            SetUp::Failed(report) => {
                let has_network =
                    self.engine.way_out(&self.engine.policy(), self.attempt, STEP).is_some();
                let why = explained(&report, has_network);
                let wall = report.wall;
                let reply = json!({ "setup": "failed", "command": command, "report": report });
                self.record_setup(reply, wall).await?;
                self.end(AttemptOutcome::CheckBroken, why).await
            }
        }
    }

    async fn record_setup(&self, reply: Value, wall: Millis) -> Result<(), EngineError> {
        let (usage, cost) = (Usage::default(), NanoUsd::ZERO);
        let event = StepEvent::Result { reply, usage, cost, wall, energy: Energy::NONE };
        let fact = Fact::Step { attempt: self.attempt, step: STEP, event };
        self.engine.store.append_async(vec![fact]).await?;
        Ok(())
    }

    fn note(&self, text: String) {
        self.teller.tell(Progress::Note { task: self.attempt.task, text });
    }

    /// Whether the machine's own effects have to wait.
    pub(crate) fn is_setting_up(&self) -> bool {
        !self.setup.is_empty()
    }
}

impl Engine {
    /// Lays what a setup command makes below the files of a check that belongs to no attempt at
    /// work. Returns why that can't be had, in words. `of` is whose way out it has.
    pub(crate) async fn lay_setup(
        &self,
        command: &str,
        (of, longest): (AttemptId, Millis),
        checks: &Arc<Checks>,
        cancel: &CancelSignal,
    ) -> Result<Option<String>, EngineError> {
        let egress = self.way_out(&self.policy(), of, STEP);
        let has_network = egress.is_some();
        let task = Task {
            attempt: None,
            command: command.to_owned(),
            workspace: Arc::clone(&checks.workspace),
            base: checks.base.clone(),
            checks: Arc::clone(checks),
            sandbox: Arc::clone(&self.sandbox),
            store: Arc::clone(&self.store),
            setups: self.config.places.setups(),
            around: Arc::clone(&self.around),
            longest,
            egress,
        };
        match task.set_up(cancel).await? {
            SetUp::Made { layer, .. } | SetUp::Reused(layer) => {
                checks.mount(layer).await?;
                Ok(None)
            }
            SetUp::Failed(report) => Ok(Some(explained(&report, has_network))),
            SetUp::Cancelled => Ok(Some("it was cancelled".to_owned())),
        }
    }
}

impl Task {
    async fn set_up(self, cancel: &CancelSignal) -> Result<SetUp, EngineError> {
        let (key, layers) = self.place().await?;
        let building = loop {
            let (layers, key, sandbox) = (layers.clone(), key.clone(), Arc::clone(&self.sandbox));
            let now = self.around.now();
            let find = move || layers.find(&key, now, &|dir| discard(&sandbox, dir));
            let found = blocking(find).await?;
            match found {
                Found::Kept(layer) => return Ok(SetUp::Reused(layer)),
                Found::Absent(building) => break building,
                Found::Busy if *cancel.borrow() => return Ok(SetUp::Cancelled),
                Found::Busy => tokio::time::sleep(LOOK_AGAIN).await,
            }
        };
        if let Some(attempt) = self.attempt {
            let request = json!({ "setup": self.command, "layer": key });
            let event = StepEvent::Intent { kind: EffectKind::Setup, request, reservation: None };
            let fact = Fact::Step { attempt, step: STEP, event };
            self.store.append_async(vec![fact]).await?;
        }
        let (longest, egress) = (self.longest, self.egress.as_ref());
        let ran = self.checks.set_up(&self.command, &building, longest, egress, cancel).await?;
        if ran.cancelled || !ran.report.passed() {
            let (sandbox, place) = (Arc::clone(&self.sandbox), building.place.clone());
            blocking(move || discard(&sandbox, &place)).await;
            return Ok(if ran.cancelled { SetUp::Cancelled } else { SetUp::Failed(ran.report) });
        }
        let changed = self.checks.harvest(building.layer()).await?;
        let made = Made {
            command: self.command,
            base: self.base.clone(),
            at: self.around.now(),
            wall: ran.report.wall,
        };
        let (workspace, sandbox, base) = (self.workspace, self.sandbox, self.base);
        let layer = blocking(move || -> Result<_, EngineError> {
            workspace.keep(&reference(&key), &base)?;
            let layer = building.keep(made)?;
            for swept in layers.sweep(&|dir| discard(&sandbox, dir)) {
                workspace.forget(&reference(&swept))?;
            }
            Ok(layer)
        })
        .await?;
        Ok(SetUp::Made { layer, report: ran.report, changed })
    }

    /// The key of the layer, and where it is looked for.
    async fn place(&self) -> Result<(String, Layers), EngineError> {
        let (workspace, base) = (Arc::clone(&self.workspace), self.base.clone());
        let (command, env) = (self.command.clone(), self.checks.env().to_vec());
        let (setups, has_network) = (self.setups.clone(), self.egress.is_some());
        blocking(move || {
            let needs: Vec<PathBuf> = workspace
                .files(&base)?
                .into_iter()
                .filter(|file| matches!(file.kind, FileKind::File | FileKind::Executable))
                .filter(|file| file.bytes.0 <= LARGEST_NEED)
                .filter(|file| is_needed(&file.path, &command, workspace.subdir()))
                .map(|file| file.path)
                .collect();
            let paths: Vec<&Path> = needs.iter().map(PathBuf::as_path).collect();
            let texts = workspace.read_many(&base, &paths)?;
            let mut parts: Vec<Vec<u8>> =
                vec![command.into_bytes(), bytes(workspace.subdir()), Vec::new()];
            parts.extend(env.into_iter().map(|(name, value)| format!("{name}={value}").into()));
            parts.push(Vec::new());
            // What ran without a network may have made do without what it would have fetched.
            if has_network {
                parts.push(b"network".to_vec());
            }
            for (path, text) in needs.iter().zip(texts) {
                parts.extend([bytes(path), text]);
            }
            let folder = hash(&[bytes(workspace.root())]);
            Ok((hash(&parts), Layers::new(setups.join(folder))))
        })
        .await
    }
}

/// The name that keeps the files which a layer was made from.
pub(crate) fn reference(key: &str) -> String {
    format!("setup/{key}")
}

/// What can't be removed now is tried again when its place is wanted.
pub(crate) fn discard(sandbox: &tenfold_sandbox::Sandbox, dir: &Path) {
    if let Err(why) = sandbox.discard(dir) {
        tracing::warn!("{why}");
    }
}

/// Whether what setup makes depends on a file: it says what has to be installed, or the
/// command names it.
fn is_needed(path: &Path, command: &str, subdir: &Path) -> bool {
    let Some(name) = path.file_name().and_then(|name| name.to_str()) else { return false };
    let listed = NEEDS.contains(&name);
    let requirements = name.starts_with("requirements") && name.ends_with(".txt");
    let mut words = command.split(|c: char| c.is_whitespace() || "'\"`;&|()<>=".contains(c));
    let named = |word: &str| subdir.join(word.trim_start_matches("./")) == *path;
    listed || requirements || words.any(|word| !word.is_empty() && named(word))
}

/// SHA-256 over parts of any length, the first half of it in hexadecimal.
fn hash(parts: &[Vec<u8>]) -> String {
    let mut digest = Sha256::new();
    for part in parts {
        digest.update((part.len() as u64).to_le_bytes());
        digest.update(part);
    }
    hex(&digest.finalize()[..16])
}

fn bytes(path: &Path) -> Vec<u8> {
    path.as_os_str().as_encoded_bytes().to_vec()
}

/// Why setup failed, its last words, and what to do.
fn explained(report: &CheckReport, has_network: bool) -> String {
    let said = failure::read(&report.output, report.exit_code);
    let fix = match said.trouble {
        Some(trouble) if trouble.kind != TroubleKind::Network || !has_network => trouble.fix,
        _ if has_network => "allow the hosts that it needs in your policy".to_owned(),
        _ => "what it needs has to be installed already, or to lie in the repository; or \
                 allow the hosts that it needs in your policy"
            .to_owned(),
    };
    let how = match (&report.verdict, report.exit_code) {
        (CheckVerdict::TimedOut, _) => "did not end in time".to_owned(),
        (_, Some(code)) => format!("failed with exit code {code}"),
        (_, None) => "was ended by force".to_owned(),
    };
    let lines: Vec<&str> = report.output.trim_end().lines().collect();
    let tail = lines[lines.len().saturating_sub(TAIL_LINES)..].join("\n");
    let network = match has_network {
        true => "reaches only the hosts that your policy allows",
        false => "has no network",
    };
    format!(
        "The setup command {how}, so the check was not run: `{}`. It ran in the sandbox, which \
         {network} and keeps only what is written into the workspace. To do: {fix}. It \
         said:\n{tail}\n",
        report.command
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lock_files_and_what_the_command_names_are_needed() {
        let needed = |path: &str| {
            is_needed(Path::new(path), "sh ./tools/get.sh --from 'deps/list'", Path::new(""))
        };
        for path in ["Cargo.lock", "web/package-lock.json", "requirements-dev.txt", "deps/list"] {
            assert!(needed(path), "{path}");
        }
        assert!(needed("tools/get.sh"));
        for path in ["src/main.py", "deps/other", "README.md", "notes.txt"] {
            assert!(!needed(path), "{path}");
        }
        assert!(is_needed(Path::new("sub/gen.py"), "python3 gen.py", Path::new("sub")));
    }

    #[test]
    fn parts_do_not_run_into_each_other() {
        let hash =
            |parts: &[&str]| hash(&parts.iter().map(|p| p.as_bytes().to_vec()).collect::<Vec<_>>());
        assert_ne!(hash(&["ab", "c"]), hash(&["a", "bc"]));
        assert_eq!(hash(&["ab", "c"]), hash(&["ab", "c"]));
        assert_eq!(hash(&[]).len(), 32);
    }

    #[test]
    fn a_failure_says_what_was_run_what_it_said_and_what_to_do() {
        let report = CheckReport {
            command: "make deps".to_owned(),
            verdict: CheckVerdict::Failed,
            exit_code: Some(2),
            failing: vec![],
            passed: None,
            output: (0..50).map(|n| format!("line {n}\n")).collect(),
            wall: Millis(5),
        };
        let text = explained(&report, false);
        for part in ["exit code 2", "`make deps`", "no network", "line 49", "line 30", "To do"] {
            assert!(text.contains(part), "{part}: {text}");
        }
        assert!(!text.contains("line 29\n"), "{text}");
    }
}
