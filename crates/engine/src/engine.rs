//! The engine: one per user, the holder of the store, the ledger, the sandbox and the models.

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::path::PathBuf;
use std::sync::{Arc, PoisonError, Weak};

use tenfold_domain::{
    AccountId, AttemptEvent, AttemptId, Fact, MakeRoom, Millis, RepositoryEvent, StepId, Strategy,
    TaskId, TaskSpec, Timestamp, Tokens,
};
use tenfold_llama::{Llama, LlamaConfig};
use tenfold_models::{
    Cancel, Catalogue, Current, EnergyMeter, Entry, Hosted, Model, ModelDirs, ModelsError, Power,
    RequestLimits,
};
use tenfold_policy::Policy;
use tenfold_redact::Redactor;
use tenfold_sandbox::{ProbeOptions, Sandbox};
use tenfold_store::{Books, EngineLock, Store};
use tenfold_workspace::Workspace;
use tokio::runtime::{Handle, RuntimeFlavor};
use tokio::sync::{Mutex, RwLock, Semaphore};

use crate::backlog::Backlog;
use crate::floor::Floor;
use crate::gate::{Gate, Gates, Leave, Shut};
use crate::inference::Asked;
use crate::learned::Learned;
use crate::pasts::Pasts;
use crate::people::Register;
use crate::policy_file::PolicyFile;
use crate::reconcile::House;
use crate::redaction::words_of;
use crate::snapshots::Snapshots;
use crate::surroundings::Around;
use crate::{EngineError, Places, Surroundings};

/// Tokens that an embedded model's sequences may hold together.
const CONTEXT: u32 = 8_192;

/// Checks and commands that run at a time for each core: they wait for files now and then.
const ROOMS_A_CORE: usize = 2;

/// What an engine is made from.
#[derive(Debug, Clone)]
pub struct EngineConfig {
    /// Where things are kept.
    pub places: Places,
    /// This very program: it is started again as `sandbox-shim`, `sandbox-inner` and
    /// `llama-serve`.
    pub program: PathBuf,
    /// Whether commands may run in a sandbox weaker than tier A.
    pub allow_below_a: bool,
    /// What is started in place of `llama-serve`, and its arguments: for tests.
    pub model_command: Option<(PathBuf, Vec<String>)>,
    /// How room is made whenever work has ended and more is taken than this allows; without it
    /// none is.
    pub room: Option<MakeRoom>,
}

/// An engine at work.
pub struct Engine {
    pub(crate) config: EngineConfig,
    pub(crate) around: Arc<Around>,
    pub(crate) store: Arc<Store>,
    pub(crate) books: Arc<Books>,
    pub(crate) sandbox: Arc<Sandbox>,
    pub(crate) model_dirs: ModelDirs,
    models: Current,
    policy: PolicyFile,
    pub(crate) floor: Arc<Floor>,
    /// How the work on the backlog goes.
    pub(crate) backlog: Backlog,
    gates: Gates,
    energy: Arc<EnergyMeter>,
    /// Knows the keys of the models that were asked.
    redactor: std::sync::RwLock<Arc<Redactor>>,
    /// Each model as it was last, since the person may connect another one by its name.
    asked: Mutex<HashMap<String, (Model, Asked)>>,
    /// For how many checks and commands there is room at a time; more wait. Servers and commands
    /// in the background, which may stay for as long as their attempt, have none.
    pub(crate) rooms: Arc<Semaphore>,
    /// Those that somebody works in.
    workspaces: std::sync::Mutex<HashMap<PathBuf, Weak<Workspace>>>,
    pub(crate) snapshots: Snapshots,
    /// What is done with proposals is done one after another.
    pub(crate) writing: Mutex<()>,
    /// Held for writing while the person sets other limits for a task.
    pub(crate) limits: RwLock<()>,
    pub(crate) learned: Arc<Learned>,
    pub(crate) pasts: Arc<Pasts>,
    pub(crate) house: House,
    pub(crate) register: Register,
    /// What had to be settled at the beginning, for the person.
    settled: Vec<String>,
    // Held as long as the engine lives.
    _lock: EngineLock,
}

impl fmt::Debug for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Engine").field("places", &self.config.places).finish_non_exhaustive()
    }
}

impl Engine {
    /// Becomes the engine of this user: takes the lock, opens the store, probes the sandbox,
    /// removes what an engine that died has left, and settles what it was writing into the
    /// person's files.
    ///
    /// # Errors
    /// [`StoreError::Held`](tenfold_store::StoreError::Held) if another engine is at work; else
    /// what the store or the sandbox says.
    pub async fn open(config: EngineConfig) -> Result<Self, EngineError> {
        Self::open_in(config, Surroundings::default()).await
    }

    /// As [`Engine::open`], in other surroundings.
    ///
    /// # Errors
    /// As for [`Engine::open`].
    pub async fn open_in(
        config: EngineConfig,
        surroundings: Surroundings,
    ) -> Result<Self, EngineError> {
        let lock = EngineLock::acquire(&config.places.data)?;
        let (around, sandbox, store) = surroundings.apart();
        let places = config.places.clone();
        let opened = blocking(move || {
            let store = Arc::new(Store::open_in(&places.store_file(), store)?);
            // Before anybody reads the person's files.
            let settled = crate::hand::settle_all(&store, &places)?;
            Ok::<_, EngineError>((store, settled))
        });
        // Trying out the sandbox takes as long as all else, and needs nothing of it.
        let sandbox = async {
            match sandbox {
                Some(sandbox) => Ok(sandbox),
                None => probed(&config).await,
            }
        };
        let (opened, sandbox) = tokio::join!(opened, sandbox);
        let ((store, settled), sandbox) = (opened?, sandbox?);
        let books = Arc::new(Books::open(Arc::clone(&store)).await?);
        let model_dirs = ModelDirs::new(&config.places.models, &config.places.config);
        let models = Current::new(&model_dirs.user_file());
        let catalogue = models.catalogue()?;
        let variable = |name: &str| std::env::var(name).ok();
        let policy = PolicyFile::of(&config.places.config)?;
        let redactor = crate::redaction::redactor(&catalogue, &policy.now(), variable);
        let redactor = std::sync::RwLock::new(Arc::new(redactor));
        let engine = Self {
            store,
            books,
            sandbox: Arc::new(sandbox),
            model_dirs,
            models,
            policy,
            floor: Arc::new(Floor::new()),
            backlog: Backlog::default(),
            gates: Gates::default(),
            energy: Arc::default(),
            redactor,
            asked: Mutex::new(HashMap::new()),
            rooms: Arc::new(Semaphore::new(ROOMS_A_CORE * around.cores)),
            workspaces: std::sync::Mutex::default(),
            snapshots: Snapshots::default(),
            writing: Mutex::new(()),
            limits: RwLock::default(),
            learned: Arc::default(),
            pasts: Arc::default(),
            house: House::default(),
            register: Register::default(),
            settled,
            config,
            around: Arc::new(around),
            _lock: lock,
        };
        engine.settle_in().await?;
        Ok(engine)
    }

    /// Where its things are.
    pub fn places(&self) -> &Places {
        &self.config.places
    }

    /// Whether another program stands in for the embedded model's, so that no model's file is
    /// needed.
    pub fn has_stand_in(&self) -> bool {
        self.config.model_command.is_some()
    }

    /// What work goes by: the person's policy, as its file is now.
    pub fn policy(&self) -> Arc<Policy> {
        self.policy.now()
    }

    /// The time, as this engine knows it.
    pub fn now(&self) -> Timestamp {
        self.around.now()
    }

    /// What a person has to know of their files, that an engine which was killed had begun to
    /// write, and this one has settled; mostly nothing.
    pub fn settled(&self) -> &[String] {
        &self.settled
    }

    /// The journal.
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// Which sandbox commands run in.
    pub fn sandbox(&self) -> &Sandbox {
        &self.sandbox
    }

    /// Records a task, and gives it an account with its budget as the limit.
    ///
    /// # Errors
    /// When there is a secret in a command of it, the model is not in the catalogue or its file
    /// is absent, the workspace can't be opened, or the store says no.
    pub async fn ask(&self, spec: TaskSpec) -> Result<TaskId, EngineError> {
        let tasks = self.ask_many(vec![(spec, Vec::new())]).await?;
        Ok(tasks[0])
    }

    /// Records tasks of a backlog, all or none, in their order. Each comes with those of them
    /// that have to come before it, by their places, beside what its own standing says.
    ///
    /// # Errors
    /// As [`Engine::ask`]; [`EngineError::NoTask`] if one comes after a task that is not there.
    pub async fn ask_many(
        &self,
        asked: Vec<(TaskSpec, Vec<usize>)>,
    ) -> Result<Vec<TaskId>, EngineError> {
        let mut whole = Vec::with_capacity(asked.len());
        let (mut models, mut places) = (HashSet::new(), HashSet::new());
        for (spec, before) in asked {
            let is_new =
                models.insert((spec.model.clone(), spec.strategies().contains(&Strategy::Repair)));
            let is_elsewhere = places.insert(spec.workspace.clone());
            let spec = crate::redaction::spec(&self.redactor(), spec)?;
            if is_new {
                self.can_be_asked(&spec).await?;
            }
            if is_elsewhere {
                self.workspace(&spec).await?;
            }
            for task in &spec.standing.after {
                self.row(*task)?;
            }
            whole.push((spec, before));
        }
        let make = move |first: TaskId| {
            let number = |place: usize| TaskId::new(first.number() + place as u64);
            let all = whole.len();
            let with_tasks = |(mut spec, before): (TaskSpec, Vec<usize>)| {
                let before = before.into_iter().filter(|place| *place < all);
                spec.standing.after.extend(before.filter_map(number));
                spec
            };
            whole.into_iter().map(with_tasks).collect()
        };
        let tasks = self.store.new_tasks_async(make).await?;
        self.backlog.stir();
        Ok(tasks)
    }

    /// Whether a task's model is here, and can work so.
    async fn can_be_asked(&self, spec: &TaskSpec) -> Result<(), EngineError> {
        let model = self.model(&spec.model)?;
        if spec.strategies().contains(&Strategy::Repair) && matches!(model, Model::Hosted(_)) {
            return Err(ModelsError::Elsewhere { name: spec.model.clone() }.into());
        }
        // A key that is missing is told before there is a task.
        self.asked(&model).await?;
        Ok(())
    }

    /// What takes secrets out of texts.
    pub(crate) fn redactor(&self) -> Arc<Redactor> {
        Arc::clone(&self.redactor.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// The models that there are now: the person may connect one while others work.
    pub fn catalogue(&self) -> Result<Arc<Catalogue>, EngineError> {
        Ok(self.models.catalogue()?)
    }

    /// What tells the energy that work on this machine takes.
    ///
    /// # Errors
    /// If the catalogue can't be read.
    pub fn power(&self) -> Result<Power, EngineError> {
        Ok(Power { meter: Arc::clone(&self.energy), watts: self.catalogue()?.watts() })
    }

    /// What the catalogue says of a model, if its file is there or it needs none.
    pub(crate) fn model(&self, name: &str) -> Result<Model, EngineError> {
        let model = self.catalogue()?.model(name)?;
        if let Model::Embedded(entry) = &model
            && self.config.model_command.is_none()
        {
            let (dirs, depth) = (&self.model_dirs, tenfold_models::Depth::Remembered);
            tenfold_models::verify(entry, dirs, depth, &mut |_| {}, &Cancel::new())?;
        }
        Ok(model)
    }

    /// The task's repository or folder: one for all that work in it at the same time, since what
    /// one has read of it the others need not read again.
    pub(crate) async fn workspace(&self, spec: &TaskSpec) -> Result<Arc<Workspace>, EngineError> {
        let shared = || self.workspaces.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = shared().get(&spec.workspace).and_then(Weak::upgrade) {
            return Ok(known);
        }
        let (path, data) = (spec.workspace.clone(), self.config.places.workspaces());
        let opened = Arc::new(blocking(move || Workspace::open(&path, &data)).await?);
        let mut shared = shared();
        shared.retain(|_, known| known.strong_count() > 0);
        shared.insert(spec.workspace.clone(), Arc::downgrade(&opened));
        Ok(opened)
    }

    /// Records the person's answer to the question that a task waits with; [`Engine::begin`] goes
    /// on from there. `to` is the question that they have read, by its attempt and step; without
    /// it, whichever is open.
    ///
    /// # Errors
    /// [`EngineError::NoQuestion`] if it asks nothing; [`EngineError::OtherQuestion`] if it asks
    /// something else by now; what the store says.
    pub async fn answer(
        &self,
        task: TaskId,
        text: String,
        to: Option<(AttemptId, StepId)>,
    ) -> Result<(), EngineError> {
        let row = self.store.view()?.task(task)?.ok_or(EngineError::NoTask(task))?;
        let question = row.question.ok_or(EngineError::NoQuestion(task))?;
        if to.is_some_and(|to| to != (question.attempt, question.step)) {
            return Err(EngineError::OtherQuestion(task));
        }
        let text = words_of(&self.redactor(), text)?;
        let event = AttemptEvent::Answered { step: question.step, text };
        let attempt = question.attempt;
        self.store.append_async(vec![Fact::Attempt { attempt, event }]).await?;
        Ok(())
    }

    /// Records that the person approved a file of a repository's.
    ///
    /// # Errors
    /// What the store says.
    pub async fn approve(
        &self,
        workspace: PathBuf,
        event: RepositoryEvent,
    ) -> Result<(), EngineError> {
        self.store.append_async(vec![Fact::Repository { workspace, event }]).await?;
        Ok(())
    }

    /// The model as it is asked: begun at its first question and shared by all that ask.
    ///
    /// # Errors
    /// If it is hosted and there is no key for it.
    pub(crate) async fn asked(&self, model: &Model) -> Result<Asked, EngineError> {
        let mut all = self.asked.lock().await;
        if let Some((_, asked)) = all.get(model.name()).filter(|(known, _)| known == model) {
            return Ok(asked.clone());
        }
        let asked = match model {
            Model::Embedded(entry) => {
                let (program, arguments) = self.model_command(entry);
                Asked::Here(Arc::new(Llama::new(LlamaConfig { program, arguments })))
            }
            Model::Hosted(hosted) => {
                let (hosted, find) = (hosted.clone(), Arc::clone(&self.around.providers));
                // The keyring may ask the person to unlock it.
                let provider = blocking(move || find(&hosted));
                Asked::There(Arc::new(provider.await?))
            }
        };
        // A key that is used from now on is known from now on.
        let (catalogue, policy) = (self.catalogue()?, self.policy());
        let redactor =
            blocking(move || crate::redaction::redactor(&catalogue, &policy, tenfold_models::key));
        let redactor = redactor.await;
        *self.redactor.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(redactor);
        all.insert(model.name().to_owned(), (model.clone(), asked.clone()));
        Ok(asked)
    }

    /// A model that runs here, begun at its first question and shared by all that ask; `None` if
    /// there is none of that name here.
    ///
    /// # Errors
    /// If there is no such model.
    pub async fn embedded(&self, name: &str) -> Result<Option<Arc<Llama>>, EngineError> {
        let model = self.model(name)?;
        Ok(match self.asked(&model).await? {
            Asked::Here(llama) => Some(llama),
            Asked::There(_) => None,
        })
    }

    /// Whether a model can be asked: its file is here, or it needs none.
    ///
    /// # Errors
    /// Why it can't be, and what to do.
    pub fn has_model(&self, name: &str) -> Result<(), EngineError> {
        self.model(name).map(drop)
    }

    /// The books that everything is paid from.
    pub fn books(&self) -> Arc<Books> {
        Arc::clone(&self.books)
    }

    /// The gate before a model's provider, with the limits that hold there now.
    pub(crate) fn gate(&self, hosted: &Hosted) -> Result<Arc<Gate>, EngineError> {
        Ok(self.gates.before(hosted, self.catalogue()?.limits(hosted)))
    }

    /// Leave for a request to a hosted model, which an account pays and which is of at most so many
    /// tokens; waits for it at the gate before its provider, among the requests of tasks. Where
    /// nobody has said what a provider takes, `None` is there at once.
    ///
    /// # Errors
    /// [`Shut`] as soon as it is known that the gate stays shut for longer than `patience`.
    pub async fn wait_for_leave(
        &self,
        hosted: &Hosted,
        of: (AccountId, Tokens),
        patience: Millis,
    ) -> Result<Option<Leave>, Shut> {
        let limits = self.catalogue().map_or(hosted.limits, |catalogue| catalogue.limits(hosted));
        if limits == RequestLimits::default() {
            return Ok(None);
        }
        self.gates.before(hosted, limits).wait(of, patience).await.map(Some)
    }

    fn model_command(&self, entry: &Entry) -> (PathBuf, Vec<String>) {
        if let Some(command) = &self.config.model_command {
            return command.clone();
        }
        let arguments = [
            "llama-serve".to_owned(),
            "--model".to_owned(),
            entry.path(&self.model_dirs).to_string_lossy().into_owned(),
            "--context".to_owned(),
            CONTEXT.to_string(),
            "--threads".to_owned(),
            self.around.cores.to_string(),
        ];
        (self.config.program.clone(), arguments.into())
    }
}

/// The strongest sandbox that this machine has.
async fn probed(config: &EngineConfig) -> Result<Sandbox, EngineError> {
    let options = ProbeOptions { allow_below_a: config.allow_below_a, ..ProbeOptions::default() };
    let program = config.program.clone();
    Ok(blocking(move || Sandbox::probe(program, options)).await?)
}

/// Runs what blocks off the threads that serve everything else. A runtime that has only one is a
/// simulation's, where all has to go in one order: there it runs at once.
pub(crate) async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    if Handle::current().runtime_flavor() == RuntimeFlavor::CurrentThread {
        return work();
    }
    match tokio::task::spawn_blocking(work).await {
        Ok(value) => value,
        // The work does not panic and is never aborted; if it did panic, so do we.
        Err(e) => match e.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            // It was never begun: the program ends, and who waits for it ends with that.
            Err(_) => std::future::pending().await,
        },
    }
}
