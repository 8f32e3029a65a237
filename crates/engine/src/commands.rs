//! Commands of an agent's own: they see its work, and what they change is its work from then
//! on.
//!
//! The work is a commit, and beside it lie files that no commit takes (what was compiled, for
//! one). Both are in the folder `left`, which belongs to this attempt alone: nothing of it is
//! seen by a check. Where a command stood at its end, and what it exported, is handed back, to
//! be handed to the next one: nothing of that is kept here.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use tenfold_code::failure;
use tenfold_domain::{CommitId, Millis, Shell, StepId};
use tenfold_redact::Redactor;
use tenfold_sandbox::{CancelSignal, End, HOME, Job, Limits, SandboxError, TEMP};
use tenfold_tools::shell::{self, Start};
use tokio::sync::MutexGuard;

use crate::EngineError;
use crate::checks::{Checks, check_out, is_plain, make, read_bounded, write_layer};
use crate::egress::{Egress, Ended};
use crate::engine::blocking;

/// A command of the agent's.
pub(crate) struct Commanding {
    pub(crate) command: String,
    /// The work that it sees.
    pub(crate) at: CommitId,
    /// What the last one left to it.
    pub(crate) shell: Shell,
    pub(crate) longest: Millis,
    /// Finds what may not be left to the next one.
    pub(crate) redactor: Arc<Redactor>,
}

/// What a command of the agent's left.
pub(crate) struct Commanded {
    /// How it ended, in words.
    pub(crate) end: String,
    /// What it wrote, terminal codes removed.
    pub(crate) output: String,
    pub(crate) wall: Millis,
    /// The work as it is now.
    pub(crate) at: CommitId,
    /// The files that it changed.
    pub(crate) changed: Vec<String>,
    /// What it left to the next one, if it began.
    pub(crate) shell: Option<shell::Left>,
}

/// Where a command is run, and what it leaves is taken up: one at a time.
pub(crate) struct Bench<'c> {
    /// As of which commit the files in `place` are.
    left: MutexGuard<'c, Option<CommitId>>,
    place: PathBuf,
    dir: PathBuf,
    pub(crate) job: Job,
}

/// What is said where commands of an agent's can't be run.
pub(crate) const NO_OVERLAY: &str =
    "commands can't be run here: this machine has no overlay file system";

impl Commanded {
    /// Of a command that never began, or was cut off: nothing is as it left it.
    pub(crate) fn without_effect(end: String, at: &CommitId) -> Self {
        let (output, changed) = (String::new(), Vec::new());
        Self { end, output, wall: Millis(0), at: at.clone(), changed, shell: None }
    }
}

impl Checks {
    /// Runs a command, whose folder is there, on the work as it is, with a way out if it is given
    /// one.
    pub(crate) async fn command(
        &self,
        step: StepId,
        asked: &Commanding,
        egress: Option<&Arc<Egress>>,
        cancel: &CancelSignal,
    ) -> Result<Commanded, EngineError> {
        let at = &asked.at;
        if !self.sandbox.keeps_apart() {
            return Ok(Commanded::without_effect(NO_OVERLAY.to_owned(), at));
        }
        let mut bench = self.bench(asked, self.kept(step)).await?;
        // One that is no text can't be said to a shell, so nothing is carried over there.
        if let Some(top) = bench.job.at.to_str() {
            bench.job.command = shell::carried(&asked.shell, &asked.command, top);
        }
        bench.job.record = Some(self.record(step));
        let ended = match self.run_job(&bench.job, egress, cancel).await {
            // What a model writes may be no command at all.
            Err(EngineError::Sandbox(why @ (SandboxError::Job(_) | SandboxError::Setup(_)))) => {
                return Ok(Commanded::without_effect(why.to_string(), at));
            }
            ended => ended?,
        };
        self.take_up(asked, bench, ended, egress.is_some()).await
    }

    /// Lays out the files that a command sees, until what it leaves is taken up.
    pub(crate) async fn bench(
        &self,
        asked: &Commanding,
        dir: PathBuf,
    ) -> Result<Bench<'_>, EngineError> {
        let mut left = self.left.lock().await;
        let place = self.dir.join("left");
        self.bring(&place, left.take(), &asked.at).await?;
        let job = self.job_of(asked, &place, &dir).await?;
        Ok(Bench { left, place, dir, job })
    }

    /// What a command that has ended leaves.
    pub(crate) async fn take_up(
        &self,
        asked: &Commanding,
        bench: Bench<'_>,
        ended: Ended,
        brokered: bool,
    ) -> Result<Commanded, EngineError> {
        let (Bench { mut left, place, dir, job }, Ended { exit, refused }) = (bench, ended);
        let at = &asked.at;
        if exit.end == End::Cancelled {
            return Ok(Commanded::without_effect(exit.end.to_string(), at));
        }
        // The way out is not the command's own, and is not carried over.
        let env = match brokered {
            true => self.sandbox.env_with_broker(&job.env),
            false => job.env.clone(),
        };
        let mut left_behind = Commanded {
            end: exit.end.to_string(),
            output: failure::plain(&String::from_utf8_lossy(&exit.output)).into_owned() + &refused,
            wall: exit.wall,
            at: at.clone(),
            changed: Vec::new(),
            shell: Some(shell_left(asked, &job, env)),
        };
        match self.take_over(at, place, dir).await {
            Ok((now, changed)) => {
                // A commit of nothing is not another one.
                if !changed.is_empty() {
                    left_behind.at = now;
                    left_behind.changed = changed;
                }
                *left = Some(left_behind.at.clone());
            }
            // It wrote too much, or what can't be kept. The next command begins from the commit.
            Err(why) => {
                let end = &left_behind.end;
                left_behind.end = format!("{end}; nothing of what it wrote is kept: {why}");
            }
        }
        Ok(left_behind)
    }

    /// How a command is run on the files in `place`; what it writes is below `dir`.
    pub(crate) async fn job_of(
        &self,
        asked: &Commanding,
        place: &Path,
        dir: &Path,
    ) -> Result<Job, EngineError> {
        let (upper, scratch) = (dir.join("upper"), dir.join("scratch"));
        let (given, made) = (Arc::clone(&self.sandbox), upper.clone());
        blocking(move || -> Result<(), EngineError> {
            make(&made)?;
            Ok(given.hand_over(&made)?)
        })
        .await?;
        let mut layers = vec![place.to_owned()];
        layers.extend(self.warm.get().cloned());
        layers.extend(self.setup.get().map(|layer| layer.path.clone()));
        let env = self.env().to_vec();
        let mut job = self.job_on(&asked.command, asked.longest, layers, env, (upper, scratch));
        // All tools count paths from the top.
        job.workdir.clone_from(&job.at);
        Ok(job)
    }

    /// Lays what a run wrote over the files that it saw, and commits that. Returns the commit
    /// and the files that changed.
    async fn take_over(
        &self,
        before: &CommitId,
        place: PathBuf,
        run: PathBuf,
    ) -> Result<(CommitId, Vec<String>), EngineError> {
        let (workspace, sandbox, before) =
            (Arc::clone(&self.workspace), Arc::clone(&self.sandbox), before.clone());
        blocking(move || -> Result<_, EngineError> {
            let most = Limits::default().disk;
            let upper = run.join("upper");
            let laid = sandbox
                .discard(&upper.join(shell::RECORD))
                .and_then(|()| sandbox.lay_over(&upper, &place, most));
            laid?;
            sandbox.hand_over(&place)?;
            let taken = workspace.capture(&before, &place, "What a command left")?;
            let changed = workspace.changed(&before, &taken.commit)?;
            let named = changed.iter().map(|file| file.path.display().to_string());
            Ok((taken.commit, named.chain(taken.notes).collect()))
        })
        .await
    }

    /// Brings the folder from one commit to another, or makes it anew.
    pub(crate) async fn bring(
        &self,
        place: &Path,
        from: Option<CommitId>,
        to: &CommitId,
    ) -> Result<(), EngineError> {
        let (workspace, sandbox) = (Arc::clone(&self.workspace), Arc::clone(&self.sandbox));
        let (place, to, base) = (place.to_owned(), to.clone(), self.base.clone());
        let edits = self.dir.join("left-edits");
        blocking(move || -> Result<(), EngineError> {
            let changed = match &from {
                Some(from) => Some(workspace.changed(from, &to)?),
                None => None,
            };
            match changed.filter(|changed| changed.iter().all(is_plain)) {
                Some(changed) => {
                    let paths: Vec<_> = changed.iter().map(|file| file.path.as_path()).collect();
                    let contents = workspace.read_many(&to, &paths)?;
                    let owned = paths.into_iter().map(PathBuf::from);
                    write_layer(&edits, &owned.zip(contents).collect::<Vec<_>>())?;
                    sandbox.lay_over(&edits, &place, Limits::default().disk)?;
                    sandbox.discard(&edits)?;
                }
                None => {
                    sandbox.discard(&place)?;
                    check_out(&workspace, &base, &to, &place)?;
                }
            }
            Ok(sandbox.hand_over(&place)?)
        })
        .await
    }
}

/// What the shell of a command left, by what it wrote down; what it wrote is not changed.
fn shell_left(asked: &Commanding, job: &Job, env: Vec<(String, String)>) -> shell::Left {
    let own = [("HOME", HOME), ("TMPDIR", TEMP)];
    let own = own.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let env = env.into_iter().chain(own).collect();
    let start = Start { top: job.at.to_string_lossy().into_owned(), env };
    let record = read_bounded(&job.upper, shell::RECORD, shell::MAX_RECORD_BYTES);
    shell::left(record.as_deref(), &asked.shell, &start, &asked.redactor)
}
