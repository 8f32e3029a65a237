//! What every command gets: where things are, and how to speak. Resolved once, from the
//! command line and the environment.

use std::path::PathBuf;
use std::sync::Arc;

use tenfold_domain::TaskId;
use tenfold_engine::{Engine, EngineConfig, Places};
use tenfold_models::{Catalogue, ModelDirs, SHIPPED};
use tenfold_store::{EngineLock, Reader, Store, StoreError, TaskRow, View};

use crate::Program;
use crate::arguments::Arguments;
use crate::defaults::Defaults;
use crate::environment;
use crate::exit::Exit;
use crate::trouble::Trouble;

/// What every command gets.
#[derive(Debug)]
pub(crate) struct Context {
    pub(crate) program: Program,
    pub(crate) places: Places,
    pub(crate) model_dirs: ModelDirs,
    pub(crate) defaults: Defaults,
    pub(crate) allow_tier_b: bool,
    pub(crate) verbose: bool,
    /// What is started in place of the embedded model's process.
    pub(crate) model_program: Option<PathBuf>,
}

impl Context {
    pub(crate) fn new(program: Program, arguments: &Arguments) -> Result<Self, Trouble> {
        let places = Places::from_env(|name| std::env::var_os(name))?;
        let model_dirs = ModelDirs::new(&places.models, &places.config);
        let model_program = std::env::var_os(environment::MODEL_PROGRAM)
            .filter(|value| !value.is_empty())
            .map(PathBuf::from);
        Ok(Self {
            program,
            places,
            model_dirs,
            defaults: Defaults::shipped(),
            allow_tier_b: arguments.allow_tier_b || environment::is_on(environment::ALLOW_TIER_B),
            verbose: arguments.verbose,
            model_program,
        })
    }

    /// Becomes the engine.
    pub(crate) async fn engine(&self) -> Result<Arc<Engine>, Trouble> {
        let config = EngineConfig {
            places: self.places.clone(),
            program: self.program.path.clone(),
            allow_below_a: self.allow_tier_b,
            model_command: self.model_program.clone().map(|program| (program, Vec::new())),
        };
        Ok(Arc::new(Engine::open(config).await?))
    }

    /// The store for reading; none if nothing was ever asked for.
    pub(crate) fn reader(&self) -> Result<Option<Reader>, Trouble> {
        match Store::read_only(&self.places.store_file()) {
            Ok(reader) => Ok(Some(reader)),
            Err(StoreError::Missing { .. }) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// The store as it is now, for a command that can't do without.
    pub(crate) fn view(&self, task: TaskId) -> Result<View, Trouble> {
        match self.reader()? {
            Some(reader) => Ok(reader.view()?),
            None => Err(no_task(task)),
        }
    }

    /// Whether an engine is at work.
    pub(crate) fn engine_runs(&self) -> Result<bool, Trouble> {
        Ok(EngineLock::holder(&self.places.data)?.is_some())
    }

    /// The models that there are.
    pub(crate) fn catalogue(&self) -> Result<Catalogue, Trouble> {
        Ok(Catalogue::load(SHIPPED, &self.model_dirs.user_file())?)
    }
}

/// The task as it stands.
pub(crate) fn task(view: &View, id: TaskId) -> Result<TaskRow, Trouble> {
    view.task(id)?.ok_or_else(|| no_task(id))
}

fn no_task(id: TaskId) -> Trouble {
    Trouble::new(Exit::NotFound, format!("there is no task {id}"))
        .advise("`tenfold list` shows those there are")
}
