//! Systems on which there is no sandbox yet: everything is refused, in so many words.

use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use tenfold_domain::Bytes;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::oneshot;

use crate::{
    Broker, CancelSignal, Exit, Found, Job, Line, ProbeLine, ProbeOptions, SandboxError, Talk, Tier,
};

/// A sandbox. On this system none can be had.
#[derive(Debug, Clone)]
pub struct Sandbox {
    never: std::convert::Infallible,
}

impl Sandbox {
    /// What a command that has a broker finds in its environment in place of this: nothing else.
    pub fn env_with_broker(&self, env: &[(String, String)]) -> Vec<(String, String)> {
        env.to_vec()
    }

    /// Refuses.
    ///
    /// # Errors
    /// Always [`SandboxError::Refused`].
    pub fn probe(_helper: PathBuf, _options: ProbeOptions) -> Result<Self, SandboxError> {
        Err(SandboxError::Refused {
            reasons: format!("there is no sandbox for {} yet", std::env::consts::OS),
            fix: "run Tenfold on Linux: a virtual machine or a container will do".to_owned(),
        })
    }

    /// The same refusal, as a line for `tenfold doctor`.
    pub fn survey(_helper: PathBuf, _options: &ProbeOptions) -> Vec<ProbeLine> {
        vec![ProbeLine::bad(
            "sandbox",
            format!("there is no sandbox for {} yet", std::env::consts::OS),
            "run Tenfold on Linux: a virtual machine or a container will do",
        )]
    }

    /// The tier.
    pub fn tier(&self) -> Tier {
        match self.never {}
    }

    /// Whether what a command writes is kept apart.
    pub fn keeps_apart(&self) -> bool {
        match self.never {}
    }

    /// What was probed.
    pub fn report(&self) -> &[ProbeLine] {
        match self.never {}
    }

    /// Gives a directory to the sandbox's user.
    ///
    /// # Errors
    /// Never.
    pub fn hand_over(&self, _dir: &Path) -> Result<(), SandboxError> {
        match self.never {}
    }

    /// Removes a directory that commands have written to.
    ///
    /// # Errors
    /// Never.
    pub fn discard(&self, _dir: &Path) -> Result<(), SandboxError> {
        match self.never {}
    }

    /// Makes a layer of what commands have written.
    ///
    /// # Errors
    /// Never.
    pub fn prune(
        &self,
        _dir: &Path,
        _unwanted: &mut dyn FnMut(&Path, bool) -> bool,
    ) -> Result<(), SandboxError> {
        match self.never {}
    }

    /// Lays what a command has written over a copy of what it saw.
    ///
    /// # Errors
    /// Never.
    pub fn lay_over(&self, _upper: &Path, _copy: &Path, _most: Bytes) -> Result<(), SandboxError> {
        match self.never {}
    }

    /// Makes a directory that stays as another is now.
    ///
    /// # Errors
    /// Never.
    pub fn twin(&self, _copy: &Path, _twin: &Path) -> Result<(), SandboxError> {
        match self.never {}
    }

    /// Whether a command can be let out to some hosts.
    pub fn has_own_network(&self) -> bool {
        match self.never {}
    }

    /// What became of a run.
    ///
    /// # Errors
    /// Never.
    pub async fn pick_up(
        &self,
        _record: &Path,
        _cancel: &CancelSignal,
    ) -> Result<Found, SandboxError> {
        match self.never {}
    }

    /// Runs a job with a proxy.
    ///
    /// # Errors
    /// Never.
    pub async fn run_brokered(
        &self,
        _job: &Job,
        _broker: &Broker,
        _cancel: &CancelSignal,
    ) -> Result<Exit, SandboxError> {
        match self.never {}
    }

    /// Runs a job that is spoken with.
    ///
    /// # Errors
    /// Never.
    pub async fn run_spoken_with(
        &self,
        _job: &Job,
        _broker: Option<&Broker>,
        _talk: (Talk, oneshot::Sender<Line>),
        _cancel: &CancelSignal,
    ) -> Result<Exit, SandboxError> {
        match self.never {}
    }

    /// Runs a job.
    ///
    /// # Errors
    /// Never.
    pub async fn run(&self, _job: &Job, _cancel: &CancelSignal) -> Result<Exit, SandboxError> {
        match self.never {}
    }
}

/// Connects to ports of a command's own network. On this system there is none.
#[derive(Debug)]
pub struct Dialer {
    never: std::convert::Infallible,
}

impl Dialer {
    /// Carries what is said between a stream and this port.
    ///
    /// # Errors
    /// Never.
    pub async fn carry(
        &self,
        _stream: impl AsyncRead + AsyncWrite + Unpin,
        _port: u16,
    ) -> io::Result<()> {
        match self.never {}
    }
}

/// The shim. On this system it only says no.
pub fn shim_main() -> ExitCode {
    ExitCode::from(70)
}

/// The inner step. On this system it only says no.
pub fn inner_main(_args: impl Iterator<Item = OsString>) -> ExitCode {
    ExitCode::from(70)
}
