//! What befalls a store at its commits. A real store is left alone; a test has it die there, or
//! its disk fail.

use std::pin::Pin;

use tenfold_domain::Timestamp;

use crate::StoreError;

/// A moment at which a commit can be cut off, or the machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    /// Nothing of what is to be recorded is on the disk.
    Before,
    /// All of it is, and nobody has been told so.
    After,
}

/// Called at each of these moments by whoever writes, who waits for what comes of it. An error is
/// told to everyone who waits for the commit: before it nothing is recorded then, after it
/// everything is.
pub type Fate = Box<dyn FnMut(Moment) -> Befalls + Send>;

/// What befalls a store, which may take its time.
pub type Befalls = Pin<Box<dyn Future<Output = Result<(), StoreError>> + Send>>;

/// What time it is.
pub type Clock = Box<dyn Fn() -> Timestamp + Send>;

/// Who writes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Writes {
    /// A thread of the store's own.
    #[default]
    OnItsThread,
    /// A task of the runtime on which the store is opened, and which it ends with: if that has
    /// one thread, all goes in one order. Who blocks that thread to write waits for ever.
    AsTask,
}

/// What a store is opened in.
pub struct Surroundings {
    /// What time it is, whenever something is recorded.
    pub clock: Clock,
    /// What befalls it.
    pub fate: Fate,
    /// Who writes.
    pub writes: Writes,
}

impl Default for Surroundings {
    /// The machine's own clock, and nothing befalls it.
    fn default() -> Self {
        let clock = Box::new(|| std::time::SystemTime::now().into());
        let fate: Fate = Box::new(|_| Box::pin(std::future::ready(Ok(()))));
        Self { clock, fate, writes: Writes::default() }
    }
}

impl Surroundings {
    /// The same, with another clock.
    #[must_use]
    pub fn with_clock(self, clock: impl Fn() -> Timestamp + Send + 'static) -> Self {
        Self { clock: Box::new(clock), ..self }
    }

    /// The same, with another fate, which does not make anybody wait.
    #[must_use]
    pub fn with_fate(
        self,
        mut fate: impl FnMut(Moment) -> Result<(), StoreError> + Send + 'static,
    ) -> Self {
        self.with_slow_fate(move |moment| Box::pin(std::future::ready(fate(moment))))
    }

    /// The same, with another fate.
    #[must_use]
    pub fn with_slow_fate(self, fate: impl FnMut(Moment) -> Befalls + Send + 'static) -> Self {
        Self { fate: Box::new(fate), ..self }
    }

    /// The same, written by a task.
    #[must_use]
    pub fn as_task(self) -> Self {
        Self { writes: Writes::AsTask, ..self }
    }
}

impl std::fmt::Debug for Surroundings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Surroundings").finish_non_exhaustive()
    }
}
