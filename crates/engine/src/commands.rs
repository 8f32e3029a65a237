//! Commands of an agent's own: they see its work, and what they change is its work from then
//! on.
//!
//! The work is a commit, and beside it lie files that no commit takes (what was compiled, for
//! one). Both are in the folder `left`, which belongs to this attempt alone: nothing of it is
//! seen by a check.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use tenfold_code::failure;
use tenfold_domain::{CommitId, Millis};
use tenfold_sandbox::CancelSignal;

use crate::EngineError;
use crate::checks::{Checks, check_out, is_plain, make, write_layer};
use crate::engine::blocking;

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
}

impl Checks {
    /// Runs a command on the work as it is in `at`.
    pub(crate) async fn command(
        &self,
        command: &str,
        at: &CommitId,
        longest: Millis,
        cancel: &CancelSignal,
    ) -> Result<Commanded, EngineError> {
        let mut left = self.left.lock().await;
        let place = self.dir.join("left");
        self.bring(&place, left.take(), at).await?;
        let dir = self.dir.join(format!("run-{}", self.runs.fetch_add(1, Ordering::Relaxed)));
        let (upper, scratch) = (dir.join("upper"), dir.join("scratch"));
        let (given, made) = (Arc::clone(&self.sandbox), upper.clone());
        blocking(move || -> Result<(), EngineError> {
            make(&made)?;
            Ok(given.hand_over(&made)?)
        })
        .await?;
        let mut layers = vec![place.clone()];
        layers.extend(self.warm.get().cloned());
        layers.extend(self.setup.get().map(|layer| layer.path.clone()));
        let env = self.toolchains.env.clone();
        let job = self.job_on(command, longest, layers, env, (upper.clone(), scratch));
        let exit = self.sandbox.run(&job, cancel).await?;
        let (workspace, sandbox, before) =
            (Arc::clone(&self.workspace), Arc::clone(&self.sandbox), at.clone());
        let (now, changed) = blocking(move || -> Result<_, EngineError> {
            sandbox.lay_over(&upper, &place)?;
            sandbox.hand_over(&place)?;
            let now = workspace.capture(&before, &place, "What a command left")?.commit;
            let changed = workspace.changed(&before, &now)?;
            // What can't be removed now is removed with the attempt.
            let _ = sandbox.discard(&dir);
            Ok((now, changed))
        })
        .await?;
        // A commit of nothing is not another one.
        let at = if changed.is_empty() { at.clone() } else { now };
        *left = Some(at.clone());
        Ok(Commanded {
            end: exit.end.to_string(),
            output: failure::plain(&String::from_utf8_lossy(&exit.output)).into_owned(),
            wall: exit.wall,
            at,
            changed: changed.iter().map(|file| file.path.display().to_string()).collect(),
        })
    }

    /// Brings the folder from one commit to another, or makes it anew.
    async fn bring(
        &self,
        place: &std::path::Path,
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
            match changed.filter(|changed| changed.iter().all(|file| is_plain(file.kind))) {
                Some(changed) => {
                    let paths: Vec<_> = changed.iter().map(|file| file.path.as_path()).collect();
                    let contents = workspace.read_many(&to, &paths)?;
                    let owned = paths.into_iter().map(PathBuf::from);
                    write_layer(&edits, &owned.zip(contents).collect::<Vec<_>>())?;
                    sandbox.lay_over(&edits, &place)?;
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
