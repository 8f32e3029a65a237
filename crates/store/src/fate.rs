//! What befalls a store at its commits. A real store is left alone; a test has it die there, or
//! its disk fail.

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

/// Called at each of these moments, on the thread that writes. An error is told to everyone who
/// waits for the commit: before it nothing is recorded then, after it everything is.
pub type Fate = Box<dyn FnMut(Moment) -> Result<(), StoreError> + Send>;

/// What time it is.
pub type Clock = Box<dyn Fn() -> Timestamp + Send>;

/// What a store is opened in.
pub struct Surroundings {
    /// What time it is, whenever something is recorded.
    pub clock: Clock,
    /// What befalls it.
    pub fate: Fate,
}

impl Default for Surroundings {
    /// The machine's own clock, and nothing befalls it.
    fn default() -> Self {
        Self { clock: Box::new(|| std::time::SystemTime::now().into()), fate: Box::new(|_| Ok(())) }
    }
}

impl Surroundings {
    /// The same, with another clock.
    #[must_use]
    pub fn with_clock(self, clock: impl Fn() -> Timestamp + Send + 'static) -> Self {
        Self { clock: Box::new(clock), ..self }
    }

    /// The same, with another fate.
    #[must_use]
    pub fn with_fate(
        self,
        fate: impl FnMut(Moment) -> Result<(), StoreError> + Send + 'static,
    ) -> Self {
        Self { fate: Box::new(fate), ..self }
    }
}

impl std::fmt::Debug for Surroundings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Surroundings").finish_non_exhaustive()
    }
}
