//! What an engine stands in: what time it is, how large the machine is, and the ways to its
//! commands, its providers and its store. A real engine has the machine's own; a simulation puts
//! others in their place, and nothing else of the engine is different then. Apart, so that no
//! other file asks the machine itself.
//!
//! How much time has passed is told by the runtime's clock ([`tokio::time::Instant`]), which a
//! simulation moves.

use std::ffi::OsString;
use std::fmt;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use tenfold_domain::{Seed, Timestamp};
use tenfold_models::{Hosted, ModelsError, Provider};
use tenfold_sandbox::Sandbox;

/// What time it is.
pub type Clock = Arc<dyn Fn() -> SystemTime + Send + Sync>;

/// Finds the way to a model at its provider.
pub type Providers = Arc<dyn Fn(&Hosted) -> Result<Provider, ModelsError> + Send + Sync>;

/// The variables of an environment.
pub(crate) type Variables = Arc<[(OsString, OsString)]>;

/// What an engine is opened in.
pub struct Surroundings {
    around: Around,
    /// Where commands run; if nobody says, it is found out what the machine can do.
    sandbox: Option<Sandbox>,
    store: tenfold_store::Surroundings,
}

/// What an engine has around itself for as long as it lives.
pub(crate) struct Around {
    clock: Clock,
    /// How many cores there are.
    pub(crate) cores: usize,
    pub(crate) providers: Providers,
    /// Where the tools of commands are found.
    pub(crate) variables: Variables,
}

impl Default for Surroundings {
    /// The machine's own.
    fn default() -> Self {
        let around = Around {
            clock: Arc::new(SystemTime::now),
            cores: std::thread::available_parallelism().map_or(1, std::num::NonZero::get),
            providers: Arc::new(|hosted| Provider::new(hosted, tenfold_models::key)),
            variables: std::env::vars_os().collect(),
        };
        Self { around, sandbox: None, store: tenfold_store::Surroundings::default() }
    }
}

impl fmt::Debug for Surroundings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Surroundings").field("cores", &self.around.cores).finish_non_exhaustive()
    }
}

impl Surroundings {
    /// The same, with another clock.
    #[must_use]
    pub fn with_clock(self, clock: impl Fn() -> SystemTime + Send + Sync + 'static) -> Self {
        Self { around: Around { clock: Arc::new(clock), ..self.around }, ..self }
    }

    /// The same, on another number of cores.
    #[must_use]
    pub fn with_cores(self, cores: usize) -> Self {
        Self { around: Around { cores, ..self.around }, ..self }
    }

    /// The same, with another environment to find the tools of commands by.
    #[must_use]
    pub fn with_variables(self, variables: impl IntoIterator<Item = (OsString, OsString)>) -> Self {
        let variables = variables.into_iter().collect();
        Self { around: Around { variables, ..self.around }, ..self }
    }

    /// The same, where commands run elsewhere.
    #[must_use]
    pub fn with_sandbox(self, sandbox: Sandbox) -> Self {
        Self { sandbox: Some(sandbox), ..self }
    }

    /// The same, with other ways to providers.
    #[must_use]
    pub fn with_providers(
        self,
        providers: impl Fn(&Hosted) -> Result<Provider, ModelsError> + Send + Sync + 'static,
    ) -> Self {
        Self { around: Around { providers: Arc::new(providers), ..self.around }, ..self }
    }

    /// The same, with other surroundings of the store. What time it is they are told by the
    /// engine's clock.
    #[must_use]
    pub fn with_store(self, store: tenfold_store::Surroundings) -> Self {
        Self { store, ..self }
    }

    /// The engine's own, where its commands run if that was said, and those of its store.
    pub(crate) fn apart(self) -> (Around, Option<Sandbox>, tenfold_store::Surroundings) {
        let clock = Arc::clone(&self.around.clock);
        let store = self.store.with_clock(move || Timestamp::from(clock()));
        (self.around, self.sandbox, store)
    }
}

impl Around {
    /// What time it is.
    pub(crate) fn now(&self) -> Timestamp {
        Timestamp::from((self.clock)())
    }

    /// From which choices come for which nobody has given a seed.
    pub(crate) fn seed(&self) -> Seed {
        let now = (self.clock)().duration_since(UNIX_EPOCH);
        Seed(now.map_or(0, |now| u64::try_from(now.as_nanos()).unwrap_or(u64::MAX))).child(0)
    }
}
