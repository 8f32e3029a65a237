//! What a part of the bench stands on: a repository with one file, and an engine's places.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use tenfold_domain::{Budget, Millis, NanoUsd, Strategy, TaskId, TaskSpec};
use tenfold_engine::{Engine, EngineConfig, Places, Surroundings};
use tenfold_models::{Provider, StandIn};

use crate::Failure;

/// The file that is read, and its lines.
pub(crate) const FILE: &str = "a.txt";
const LINES: usize = 400;
/// The file that the check wants, where there is one.
pub(crate) const WANTED: &str = "b.txt";
/// The model that is asked; it costs something, so that there is a bill for each request.
pub(crate) const MODEL: &str = "scripted";
const MODELS: &str = r#"
[[hosted]]
name = "scripted"
protocol = "openai"
model = "scripted"
context_tokens = 200_000
at_once = 100_000

[hosted.price]
usd_per_million_prompt = "1"
usd_per_million_cached = "0.1"
usd_per_million_output = "5"
"#;
/// Tasks that are recorded in one commit.
const TOGETHER: usize = 10_000;

/// All of it, for as long as the part runs.
pub(crate) struct Ground {
    dir: PathBuf,
    /// Goes away with it; none if another process made it.
    _made: Option<tempfile::TempDir>,
}

impl Ground {
    pub(crate) fn new() -> Result<Self, Failure> {
        let made = tempfile::tempdir()?;
        let ground = Self::made_at(made.path())?;
        Ok(Self { _made: Some(made), ..ground })
    }

    /// One in a folder that stays.
    pub(crate) fn made_at(dir: &Path) -> Result<Self, Failure> {
        let ground = Self::at(dir);
        let (repo, config) = (ground.repo(), ground.dir.join("config"));
        std::fs::create_dir(&repo)?;
        std::fs::create_dir(&config)?;
        std::fs::write(config.join("models.toml"), MODELS)?;
        let lines = (0..LINES).map(|line| format!("line {line} of a file that is read often\n"));
        std::fs::write(repo.join(FILE), lines.collect::<String>())?;
        for words in [
            vec!["init", "-q"],
            vec!["add", "."],
            vec!["-c", "user.name=a", "-c", "user.email=a@b", "commit", "-qm", "one"],
        ] {
            let done = Command::new("git").args(words).current_dir(&repo).status()?;
            if !done.success() {
                return Err("git could not make a repository".into());
            }
        }
        Ok(ground)
    }

    /// One that another process has made.
    pub(crate) fn at(dir: &Path) -> Self {
        Self { dir: dir.to_owned(), _made: None }
    }

    pub(crate) fn dir(&self) -> &Path {
        &self.dir
    }

    fn repo(&self) -> PathBuf {
        self.dir.join("repo")
    }

    /// An engine whose model is this one.
    pub(crate) async fn engine(&self, model: Arc<dyn StandIn>) -> Result<Arc<Engine>, Failure> {
        let at = |name: &str| Some(self.dir.join(name).into_os_string());
        let places = Places::from_env(|name| match name {
            "TENFOLD_DATA_DIR" => at("data"),
            "TENFOLD_CACHE_DIR" => at("cache"),
            "TENFOLD_CONFIG_DIR" => at("config"),
            _ => None,
        })?;
        let program = std::env::current_exe()?;
        let config =
            EngineConfig { places, program, allow_below_a: false, model_command: None, room: None };
        let around = Surroundings::default()
            .with_providers(move |hosted| Ok(Provider::standing_in(hosted, Arc::clone(&model))));
        Ok(Arc::new(Engine::open_in(config, around).await?))
    }

    /// A task in these words.
    pub(crate) fn spec(&self, text: String) -> TaskSpec {
        let (money, time) = (NanoUsd::MAX, Millis(3_600_000));
        let budget = Budget { money, time, attempts: 1 };
        TaskSpec { strategy: Strategy::Loop, ..TaskSpec::new(text, self.repo(), MODEL, budget) }
    }

    fn looking(&self, number: usize) -> TaskSpec {
        self.spec(format!("look around, {number}"))
    }

    /// A task with a check, whose attempts may ask the person.
    pub(crate) fn asking(&self) -> TaskSpec {
        TaskSpec { check: Some(format!("test -f {WANTED}")), questions: true, ..self.looking(0) }
    }

    pub(crate) async fn ask(&self, engine: &Engine, count: usize) -> Result<Vec<TaskId>, Failure> {
        let mut tasks = Vec::with_capacity(count);
        let numbers: Vec<usize> = (0..count).collect();
        for some in numbers.chunks(TOGETHER) {
            let specs = some.iter().map(|number| (self.looking(*number), Vec::new())).collect();
            tasks.extend(engine.ask_many(specs).await?);
        }
        Ok(tasks)
    }

    pub(crate) fn store(&self) -> PathBuf {
        self.dir.join("data").join("tenfold.db")
    }

    /// What the store takes, in bytes.
    pub(crate) fn disk(&self) -> u64 {
        let size = |name: &str| std::fs::metadata(self.store().with_file_name(name));
        ["tenfold.db", "tenfold.db-wal"].map(|name| size(name).map_or(0, |m| m.len())).iter().sum()
    }
}
