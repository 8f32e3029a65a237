//! What every command gets: where things are, and how to speak. Resolved once, from the
//! command line and the environment.

use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use tenfold_desk::defaults::Defaults;
use tenfold_desk::doctor::Machine;
use tenfold_desk::{DeskError, House, size};
use tenfold_domain::{Bytes, MakeRoom, TaskId};
use tenfold_engine::{Engine, EngineError, Places};
use tenfold_models::Catalogue;
use tenfold_redact::Redactor;
use tenfold_store::{Reader, StoreError, TaskRow, View};
use tokio::sync::watch;

use crate::Program;
use crate::arguments::Arguments;
use crate::connection::Connection;
use crate::environment;
use crate::host::Host;
use crate::stop::Stop;
use crate::trouble::Trouble;

/// How long an engine that begins or ends is waited for.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long between two tries to reach it.
const BETWEEN_TRIES: Duration = Duration::from_millis(50);

/// What every command gets.
#[derive(Debug)]
pub(crate) struct Context {
    pub(crate) program: Program,
    /// Where things are, and what is read of them.
    pub(crate) house: House,
    pub(crate) defaults: Defaults,
    pub(crate) allow_tier_b: bool,
    pub(crate) verbose: bool,
    /// What is started in place of the embedded model's process.
    pub(crate) model_program: Option<PathBuf>,
    /// How room is made when work has ended; none where as much may be taken as there is.
    pub(crate) room: Option<MakeRoom>,
    /// How far the records are brought up to date, in percent, if they are of an earlier release.
    pub(crate) upgrade: watch::Sender<u8>,
    /// The engine, if this process has become it.
    host: tokio::sync::Mutex<Option<Host>>,
    stop: OnceLock<Stop>,
}

impl Context {
    pub(crate) fn new(program: Program, arguments: &Arguments) -> Result<Self, Trouble> {
        let places = Places::from_env(|name| std::env::var_os(name))?;
        let model_program = std::env::var_os(environment::MODEL_PROGRAM)
            .filter(|value| !value.is_empty())
            .map(PathBuf::from);
        let defaults = Defaults::shipped();
        let room = room(&defaults, std::env::var(environment::DISK_MAX).ok().as_deref())?;
        Ok(Self {
            program,
            house: House::new(places),
            defaults,
            room,
            allow_tier_b: arguments.allow_tier_b || environment::is_on(environment::ALLOW_TIER_B),
            verbose: arguments.verbose,
            model_program,
            upgrade: watch::Sender::new(0),
            host: tokio::sync::Mutex::new(None),
            stop: OnceLock::new(),
        })
    }

    /// What this program knows of itself.
    pub(crate) fn machine(&self) -> Machine {
        Machine {
            program: self.program.path.clone(),
            features: self.program.features.clone(),
            allow_below_a: self.allow_tier_b,
            room: self.room,
        }
    }

    /// The engine at work; if there is none, this process becomes it.
    pub(crate) async fn engine(&self) -> Result<Connection, Trouble> {
        let patience = Instant::now() + PATIENCE;
        loop {
            let socket = self.house.places.socket();
            if let Ok(socket) = socket
                && let Ok(connection) = Connection::open(socket).await
            {
                return Ok(connection);
            }
            match Host::open(self).await {
                Ok(host) => *self.host.lock().await = Some(host),
                // It begins to listen in a moment, or is about to end.
                Err(EngineError::Store(StoreError::Held { .. })) if Instant::now() < patience => {
                    tokio::time::sleep(BETWEEN_TRIES).await;
                }
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// The engine, if it is this very process.
    pub(crate) async fn hosted_engine(&self) -> Option<Arc<Engine>> {
        self.host.lock().await.as_ref().map(Host::engine)
    }

    /// The engine at work, if there is one.
    pub(crate) async fn engine_at_work(&self) -> Result<Option<Connection>, Trouble> {
        let patience = Instant::now() + PATIENCE;
        while self.engine_runs()? && Instant::now() < patience {
            if let Ok(socket) = self.house.places.socket()
                && let Ok(connection) = Connection::open(socket).await
            {
                return Ok(Some(connection));
            }
            tokio::time::sleep(BETWEEN_TRIES).await;
        }
        Ok(None)
    }

    /// Ends what the command has begun, once nobody else needs it.
    pub(crate) async fn leave(&self) {
        if let Some(host) = self.host.lock().await.take() {
            host.close(self, self.stop.get()).await;
        }
    }

    /// Tells when the person wants an end. To be called within the runtime.
    pub(crate) fn stop(&self) -> Result<Stop, Trouble> {
        if let Some(stop) = self.stop.get() {
            return Ok(stop.clone());
        }
        let stop = Stop::listen()?;
        Ok(self.stop.get_or_init(|| stop).clone())
    }

    /// The store for reading; none if nothing was ever asked for.
    pub(crate) fn reader(&self) -> Result<Option<Reader>, Trouble> {
        Ok(self.house.reader()?)
    }

    /// The store as it is now, for a command that can't do without.
    pub(crate) fn view(&self, task: TaskId) -> Result<View, Trouble> {
        Ok(self.house.view(task)?)
    }

    /// The repository or folder as tasks in it name it.
    pub(crate) fn workspace_of(&self, repo: &Path) -> Result<PathBuf, Trouble> {
        Ok(self.house.workspace_of(repo)?)
    }

    /// Whether an engine is at work.
    pub(crate) fn engine_runs(&self) -> Result<bool, Trouble> {
        Ok(self.house.engine_runs()?)
    }

    /// The models that there are.
    pub(crate) fn catalogue(&self) -> Result<Catalogue, Trouble> {
        Ok(self.house.catalogue()?)
    }

    /// What finds secrets, as the engine does.
    pub(crate) fn redactor(&self) -> Result<Redactor, Trouble> {
        Ok(self.house.redactor()?)
    }
}

/// How room is made when work has ended, by what the environment says.
fn room(defaults: &Defaults, said: Option<&str>) -> Result<Option<MakeRoom>, Trouble> {
    let most = match said.map(str::trim).filter(|said| !said.is_empty()) {
        Some(said) => size::parse(said)
            .map_err(|why| Trouble::usage(format!("{}: {why}", environment::DISK_MAX)))?,
        None => defaults.disk.most,
    };
    let terms = MakeRoom { keep: defaults.disk.keep, most: Some(most) };
    Ok((most > Bytes(0)).then_some(terms))
}

/// The task as it stands.
pub(crate) fn task(view: &View, id: TaskId) -> Result<TaskRow, Trouble> {
    Ok(view.task(id)?.ok_or_else(|| DeskError::no_task(id))?)
}
