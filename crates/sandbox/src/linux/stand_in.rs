//! What runs commands in the place of this machine, for who tries an engine and not a sandbox.
//! It confines nothing, so it may run nothing either: it answers.

use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;

use crate::spec::{Place, View};
use crate::{CancelSignal, Exit, Found, Job, Sandbox, SandboxError, Tier};

/// What comes of a run, which may take its time.
pub type Comes<'a, T> = Pin<Box<dyn Future<Output = Result<T, SandboxError>> + Send + 'a>>;

/// Answers for commands in the place of a machine.
pub trait StandIn: std::fmt::Debug + Send + Sync {
    /// What comes of a job, as of [`Sandbox::run`]: what it writes has to be in its upper
    /// directory then.
    fn run<'a>(&'a self, job: &'a Job, cancel: &'a CancelSignal) -> Comes<'a, Exit>;

    /// What became of a job with this record, as of [`Sandbox::pick_up`].
    fn pick_up<'a>(&'a self, record: &'a Path, cancel: &'a CancelSignal) -> Comes<'a, Found>;
}

impl Sandbox {
    /// One in which nothing is run but what this stands in for. It has no network.
    pub fn standing_in(stand_in: Arc<dyn StandIn>) -> Self {
        let place = Place {
            tier: Tier::A,
            helper: "/nonexistent".into(),
            bwrap: None,
            drop_to: None,
            view: View::Overlay,
            cgroups: None,
        };
        Self {
            place: Arc::new(place),
            spares: Arc::default(),
            report: Arc::new([]),
            stand_in: Some(stand_in),
        }
    }
}
