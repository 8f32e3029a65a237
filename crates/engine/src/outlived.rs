//! Commands of agents that outlived the engine which began them.
//!
//! A command is begun at most once, whatever becomes of the engine. Its folder is there before
//! the journal knows of it, and goes when the journal has what came of it; in between the
//! folder's record says whether it was begun and how it ended, written by the sandbox itself,
//! which does not end with the engine. Where no folder says it, nobody knows, and the agent is
//! told so.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use tenfold_domain::{AttemptEvent, AttemptId, AttemptOutcome, CommitId, Fact, StepEvent, StepId};
use tenfold_redact::Redactor;
use tenfold_sandbox::{CancelSignal, End, Found, SandboxError};
use tenfold_store::{About, View};
use tenfold_tools::list::List;
use tenfold_tools::run::{self, Lost};
use tenfold_tools::{FileCall, Tree};
use tenfold_workspace::Workspace;

use crate::attempt::Running;
use crate::checks::{Checks, make};
use crate::commands::{Commanded, Commanding};
use crate::egress::Ended;
use crate::engine::blocking;
use crate::{Engine, EngineError};

/// Where the folders of commands are, in an attempt's.
const KEPT: &str = "kept";
/// Where a command's record is, in its folder.
const RECORD: &str = "record";

/// How far a step had come when the work on its attempt ended before.
#[derive(Clone, Copy)]
pub(crate) enum Before {
    /// It was not announced.
    NotBegun,
    /// It was announced, and its engine died, or left.
    Begun,
    /// The attempt ended, and it with that.
    Ended(Lost),
}

/// What is known of a command that was begun, or about to be, when its engine died.
pub(crate) enum Known {
    /// It can be begun.
    NotBegun,
    /// It ended, and its work is taken over.
    Ended(Commanded),
    Lost(Lost),
}

/// The folders of an attempt: the one for it now, and those that are left of engines before.
pub(crate) fn folders(
    runtime: &Path,
    attempt: AttemptId,
) -> Result<(PathBuf, Vec<PathBuf>), EngineError> {
    let mut earlier: Vec<(u32, PathBuf)> = all(runtime)?
        .into_iter()
        .filter_map(|Folder { path, of }| of.map(|(of, number)| (of, number, path)))
        .filter(|(of, ..)| *of == attempt)
        .map(|(_, number, path)| (number, path))
        .collect();
    earlier.sort();
    let next = earlier.last().map_or(0, |(number, _)| number + 1);
    let dir = runtime.join(format!("{attempt}-{next}"));
    Ok((dir, earlier.into_iter().map(|(_, path)| path).collect()))
}

/// A folder of work in progress.
struct Folder {
    path: PathBuf,
    /// Whose it is, and which of its folders; none if it is no attempt's.
    of: Option<(AttemptId, u32)>,
}

impl Folder {
    /// The records of the commands in it, which need not be there.
    fn records(&self) -> Vec<PathBuf> {
        let entries = std::fs::read_dir(self.path.join(KEPT)).into_iter().flatten().flatten();
        entries.map(|entry| entry.path().join(RECORD)).collect()
    }
}

fn all(runtime: &Path) -> Result<Vec<Folder>, EngineError> {
    let entries = match std::fs::read_dir(runtime) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries,
    };
    let looking = |error| EngineError::io(format!("looking into {}", runtime.display()), error);
    let mut folders = Vec::new();
    for entry in entries.map_err(looking)? {
        let path = entry.map_err(looking)?.path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let of = name.rsplit_once('-').and_then(|(attempt, number)| {
            Some((attempt.parse::<AttemptId>().ok()?, number.parse().ok()?))
        });
        folders.push(Folder { path, of });
    }
    Ok(folders)
}

/// The folder of a step's command, in one of its attempt's.
fn kept_in(dir: &Path, step: StepId) -> PathBuf {
    dir.join(KEPT).join(step.to_string())
}

impl Engine {
    /// Removes the folders of attempts that nobody works on, but for commands that an attempt
    /// which goes on has to hear of; at the `beginning`, whatever else there is, too.
    pub(crate) async fn sweep(&self, beginning: bool) -> Result<(), EngineError> {
        let view = self.store.view()?;
        for folder in all(&self.config.places.runtime)? {
            let is_wanted = match folder.of {
                // Looked at after it was listed: work that has begun since has a folder of its own.
                Some((attempt, _)) if self.floor.wanted(attempt.task).is_some() => true,
                Some(_) => !folder.records().is_empty() && goes_on(&view, &folder)?,
                None => !beginning,
            };
            if !is_wanted {
                self.end_all_in(folder).await?;
            }
        }
        Ok(())
    }

    /// Ends what an attempt that nobody works on any more has left, and removes it.
    pub(crate) async fn end_outlived(&self, attempt: AttemptId) -> Result<(), EngineError> {
        for folder in all(&self.config.places.runtime)? {
            if folder.of.is_some_and(|(of, _)| of == attempt) {
                self.end_all_in(folder).await?;
            }
        }
        Ok(())
    }

    async fn end_all_in(&self, folder: Folder) -> Result<(), EngineError> {
        let (_stay, unwanted) = tokio::sync::watch::channel(true);
        for record in folder.records() {
            // Whatever became of it, it is not wanted, and has ended.
            let _ = self.sandbox.pick_up(&record, &unwanted).await;
        }
        let sandbox = Arc::clone(&self.sandbox);
        Ok(blocking(move || sandbox.discard(&folder.path)).await?)
    }
}

fn goes_on(view: &View, folder: &Folder) -> Result<bool, EngineError> {
    let Some((attempt, _)) = folder.of else { return Ok(false) };
    Ok(view.attempt(attempt)?.is_some_and(|row| row.ended.is_none()))
}

impl Checks {
    /// The folder of a command that is about to be begun.
    pub(crate) fn kept(&self, step: StepId) -> PathBuf {
        kept_in(&self.dir, step)
    }

    /// Its record.
    pub(crate) fn record(&self, step: StepId) -> PathBuf {
        self.kept(step).join(RECORD)
    }

    /// Makes the folder of a command, before the journal knows that it is to be begun.
    pub(crate) async fn keep(&self, step: StepId) -> Result<(), EngineError> {
        let dir = self.kept(step);
        blocking(move || make(&dir)).await
    }

    /// Removes a command's folder, since the journal has what came of it.
    pub(crate) async fn forget(&self, step: StepId) -> Result<(), EngineError> {
        let folders = self.earlier.iter().chain([&self.dir]);
        let folders = folders.map(|dir| kept_in(dir, step));
        let gone: Vec<PathBuf> = folders.filter(|dir| dir.exists()).collect();
        if gone.is_empty() {
            return Ok(());
        }
        let sandbox = Arc::clone(&self.sandbox);
        let discard = move || gone.iter().try_for_each(|dir| sandbox.discard(dir));
        Ok(blocking(discard).await?)
    }

    /// Removes what an attempt that is interrupted does not need when it goes on.
    pub(crate) async fn leave(&self) -> Result<(), EngineError> {
        let folder = Folder { path: self.dir.clone(), of: None };
        if folder.records().is_empty() {
            return self.clear().await;
        }
        let sandbox = Arc::clone(&self.sandbox);
        blocking(move || -> Result<(), EngineError> {
            let looking = |e| EngineError::io(format!("looking into {}", folder.path.display()), e);
            for entry in std::fs::read_dir(&folder.path).map_err(looking)? {
                let entry = entry.map_err(looking)?;
                if entry.file_name() != KEPT {
                    sandbox.discard(&entry.path())?;
                }
            }
            Ok(())
        })
        .await
    }

    /// What became of a command that an engine before had announced. If it goes on, this waits
    /// for its end.
    pub(crate) async fn pick_up(
        &self,
        step: StepId,
        asked: &Commanding,
        brokered: bool,
        cancel: &CancelSignal,
    ) -> Result<Known, EngineError> {
        let mut folders = self.earlier.iter().map(|dir| kept_in(dir, step));
        // Of several it was begun in the last one, if in any.
        let Some(dir) = folders.rfind(|dir| dir.exists()) else {
            return Ok(Known::Lost(Lost::Unknown));
        };
        match self.sandbox.pick_up(&dir.join(RECORD), cancel).await {
            Ok(Found::NotBegun) => {
                self.keep(step).await?;
                Ok(Known::NotBegun)
            }
            Ok(Found::Ended(exit)) if exit.end == End::Cancelled => Ok(Known::Lost(Lost::CutOff)),
            Ok(Found::Ended(exit)) => {
                let bench = self.bench(asked, dir).await?;
                let ended = Ended { exit, refused: String::new() };
                self.take_up(asked, bench, ended, brokered).await.map(Known::Ended)
            }
            Ok(Found::Unknown) => Ok(Known::Lost(Lost::Unknown)),
            Err(why @ (SandboxError::Setup(_) | SandboxError::Job(_))) => {
                Ok(Known::Ended(Commanded::without_effect(why.to_string(), &asked.at)))
            }
            Err(error) => Err(error.into()),
        }
    }
}

/// What a model reads of a command of which nobody knows what became, with the files as they
/// are.
pub(crate) fn lost(
    command: &str,
    how: Lost,
    at: &CommitId,
    (workspace, redactor): (&Workspace, &Redactor),
) -> Result<String, EngineError> {
    let tree = Tree { workspace, at: at.clone(), redactor };
    let top = FileCall::List(List { path: ".".to_owned(), depth: None });
    Ok(run::lost(command, how, &top.perform(&tree)?.text))
}

impl Running<'_> {
    /// How far a step had come before this work on the attempt.
    pub(crate) fn before(&self, step: StepId) -> Result<Before, EngineError> {
        let mut before = Before::NotBegun;
        if !self.inherited.contains(&step) {
            return Ok(before);
        }
        for event in self.engine.store.view()?.each_event(About::Attempt(self.attempt).into()) {
            match (event?.fact, before) {
                (Fact::Step { step: known, event: StepEvent::Intent { .. }, .. }, _)
                    if known == step =>
                {
                    before = Before::Begun;
                }
                (
                    Fact::Attempt { event: AttemptEvent::Ended { outcome, .. }, .. },
                    Before::Begun,
                ) => {
                    before = Before::Ended(match outcome {
                        AttemptOutcome::Stopped => Lost::Stopped,
                        AttemptOutcome::LimitTime => Lost::OutOfTime,
                        _ => Lost::CutOff,
                    });
                }
                _ => {}
            }
        }
        Ok(before)
    }
}
