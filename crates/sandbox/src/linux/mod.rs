//! The sandbox on Linux. One file per duty: [`probe`] finds out what this machine can do,
//! [`engine_side`] starts the shim and reads what it left, [`shim`] with its parts builds,
//! watches and ends, [`inner`] confines itself and becomes the shell.

mod attack;
mod bubble;
mod capture;
mod cgroup;
mod engine_side;
mod gate;
mod inner;
mod probe;
mod processes;
mod record;
mod recorder;
mod seccomp;
mod shim;
mod spares;
mod stage;
mod stand_in;
mod talk;
mod tree;
mod view;
mod watch;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use tenfold_domain::Bytes;
use tokio::sync::oneshot;

pub use inner::inner_main;
pub use shim::shim_main;
pub use stand_in::{Comes, StandIn};
pub use talk::Dialer;

use self::engine_side::There;
use self::spares::Spares;
use crate::spec::{Place, View};
use crate::{
    Broker, CancelSignal, Exit, Found, Job, Line, ProbeLine, ProbeOptions, SandboxError, Talk, Tier,
};

/// A way to run commands confined, found by [`Sandbox::probe`]. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Sandbox {
    place: Arc<Place>,
    spares: Arc<Spares>,
    report: Arc<[ProbeLine]>,
    /// Answers in the place of this machine, if anything does.
    stand_in: Option<Arc<dyn StandIn>>,
}

impl Sandbox {
    /// What a command that has a broker finds in its environment in place of this.
    pub fn env_with_broker(&self, env: &[(String, String)]) -> Vec<(String, String)> {
        let mut told = env.to_vec();
        gate::tell(&mut told);
        told
    }

    /// Finds the strongest tier that works, by running a real command in it that tries to
    /// break out. Takes some tens of milliseconds; blocks.
    ///
    /// `helper` is the executable that forwards `sandbox-shim` to [`shim_main`] and
    /// `sandbox-inner` to [`inner_main`].
    ///
    /// # Errors
    /// [`SandboxError::Refused`] if no tier works, [`SandboxError::BelowA`] if only tier B
    /// does and the options don't allow it; either says what to do.
    pub fn probe(helper: PathBuf, options: ProbeOptions) -> Result<Self, SandboxError> {
        probe::find(&helper, &options).1
    }

    /// All that [`Sandbox::probe`] tries, as lines for `tenfold doctor`; also where it refuses.
    pub fn survey(helper: PathBuf, options: &ProbeOptions) -> Vec<ProbeLine> {
        probe::find(&helper, options).0
    }

    /// The tier that commands run in.
    pub fn tier(&self) -> Tier {
        self.place.tier
    }

    /// Whether what a command writes is kept apart from what it saw: without that, an upper
    /// directory holds a copy of all its layers, and what was removed from it can't be told.
    pub fn keeps_apart(&self) -> bool {
        self.place.view == View::Overlay
    }

    /// What was probed, and what was found.
    pub fn report(&self) -> &[ProbeLine] {
        &self.report
    }

    /// Gives a directory and all in it to the user that commands run as, so that they may
    /// write to copies of it. Links are not followed. Does nothing unless started as root.
    ///
    /// # Errors
    /// [`SandboxError::Io`] with the first file that could not be given away.
    pub fn hand_over(&self, dir: &Path) -> Result<(), SandboxError> {
        match self.place.drop_to {
            Some(user) => tree::give(dir, user)
                .map_err(SandboxError::io("give to the sandbox's user all of", dir)),
            None => Ok(()),
        }
    }

    /// Removes a directory that commands have written to, such as an upper directory, whatever
    /// permissions they left on it. One that is not there is removed already.
    ///
    /// # Errors
    /// [`SandboxError::Io`] if something in it could not be removed.
    pub fn discard(&self, dir: &Path) -> Result<(), SandboxError> {
        tree::remove(dir).map_err(SandboxError::io("remove all of", dir))
    }

    /// Makes what commands have written to an upper directory fit to be a layer of later runs
    /// on other files: takes out the marks of an overlay, whatever is no file, directory or
    /// link, and all that `unwanted` says, by its path in the directory and whether it is a
    /// directory itself. Links are not followed. It blocks.
    ///
    /// # Errors
    /// [`SandboxError::Io`] if something in it could not be looked at or removed.
    pub fn prune(
        &self,
        dir: &Path,
        unwanted: &mut dyn FnMut(&Path, bool) -> bool,
    ) -> Result<(), SandboxError> {
        tree::prune(dir, unwanted).map_err(SandboxError::io("make a layer of", dir))
    }

    /// Lays what a command has written to an upper directory over a copy of the layers that it
    /// saw: files are copied, and what it removed is removed. No command may be at work in
    /// either, and the two together may hold `most` bytes. Links are not followed. It blocks.
    ///
    /// # Errors
    /// [`SandboxError::Io`] if something could not be read or written, or is too much.
    pub fn lay_over(&self, upper: &Path, copy: &Path, most: Bytes) -> Result<(), SandboxError> {
        tree::lay_over(upper, copy, most.0).map_err(SandboxError::io("take over what is in", upper))
    }

    /// Makes `twin`, which is not there, a directory that stays as `copy` is now, whatever is laid
    /// over that later. It takes no room but for the folders, and the two have to lie on one file
    /// system. No command may be at work in `copy`. It blocks.
    ///
    /// # Errors
    /// [`SandboxError::Io`] if something could not be read or made.
    pub fn twin(&self, copy: &Path, twin: &Path) -> Result<(), SandboxError> {
        tree::twin(copy, twin).map_err(SandboxError::io("make a twin of", copy))
    }

    /// Runs a job. When this returns, no process of it is left, whatever it was. Dropping the
    /// future cancels the job, and its processes end within two seconds.
    ///
    /// # Errors
    /// If the command could not be started, or its end not be read. How the command itself
    /// ended is in the [`Exit`].
    pub async fn run(&self, job: &Job, cancel: &CancelSignal) -> Result<Exit, SandboxError> {
        match &self.stand_in {
            Some(stand_in) => stand_in.run(job, cancel).await,
            None => {
                engine_side::run(&self.place, &self.spares, job, There::default(), cancel).await
            }
        }
    }

    /// What became of a run with this [record](Job::record), whose engine is no more: waits for
    /// its end, which `cancel` brings about within two seconds.
    ///
    /// # Errors
    /// If the record can't be read; [`SandboxError::Setup`] if the command could not be started.
    pub async fn pick_up(
        &self,
        record: &Path,
        cancel: &CancelSignal,
    ) -> Result<Found, SandboxError> {
        match &self.stand_in {
            Some(stand_in) => stand_in.pick_up(record, cancel).await,
            None => record::pick_up(&self.place, record, cancel).await,
        }
    }

    /// Whether a command can be let out to some hosts, by [`Sandbox::run_brokered`]: that takes
    /// a network of its own, which tier B does not have.
    pub fn has_own_network(&self) -> bool {
        self.place.tier == Tier::A && self.stand_in.is_none()
    }

    /// Runs a job that finds a proxy in its environment, which is `broker`, and otherwise has
    /// no network as always. Every connection through it ends with the job.
    ///
    /// # Errors
    /// As [`Sandbox::run`]; and if the sandbox has no network of its own.
    pub async fn run_brokered(
        &self,
        job: &Job,
        broker: &Broker,
        cancel: &CancelSignal,
    ) -> Result<Exit, SandboxError> {
        self.own_network("have a proxy")?;
        let there = There { broker: Some(broker), talk: None };
        engine_side::run(&self.place, &self.spares, job, there, cancel).await
    }

    /// Runs a job that is spoken with while it runs; `line` is sent the engine's end when the
    /// command begins. What else it writes is in the [`Exit`]: with [`Talk::Standard`] that is
    /// its standard error alone. With a broker it finds a proxy, as in [`Sandbox::run_brokered`].
    ///
    /// # Errors
    /// As [`Sandbox::run`]; and if the sandbox has no network of its own.
    pub async fn run_spoken_with(
        &self,
        job: &Job,
        broker: Option<&Broker>,
        (talk, line): (Talk, oneshot::Sender<Line>),
        cancel: &CancelSignal,
    ) -> Result<Exit, SandboxError> {
        self.own_network("be spoken with")?;
        let there = There { broker, talk: Some((talk, line)) };
        engine_side::run(&self.place, &self.spares, job, there, cancel).await
    }

    fn own_network(&self, what: &str) -> Result<(), SandboxError> {
        if self.has_own_network() {
            return Ok(());
        }
        let why = format!("what runs in a sandbox without a network of its own can't {what}");
        Err(SandboxError::Job(why))
    }
}
