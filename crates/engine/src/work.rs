//! A task's attempts, one after another: which one is gone on with, what a new one starts
//! from, and whether there is another. What happens in one is in `attempt`.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Instant;

use tenfold_agent::Machine;
use tenfold_agent::repair::{Repair, Setup};
use tenfold_domain::{
    AttemptId, AttemptOutcome, CommitId, Millis, Seed, TaskId, TaskSpec, TaskState, Usage,
};
use tenfold_store::AttemptStart;
use tenfold_workspace::Workspace;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;

use crate::attempt::Running;
use crate::checks::Checks;
use crate::engine::{Engine, Outcome, WorkOptions, blocking};
use crate::meter::Meter;
use crate::recovery::advanced;
use crate::{EngineError, Progress, Totals};

/// The most candidates that one attempt checks.
const CANDIDATES: u32 = 600;

impl Engine {
    /// Works on a task: goes on with an attempt that was interrupted, or begins one; when an
    /// attempt gives up and the budget allows, begins the next.
    ///
    /// # Errors
    /// When the task is not there or can't be worked on, or the store, the workspace or the
    /// sandbox fails. That the task is not solved is no error.
    pub async fn work(
        &self,
        task: TaskId,
        mut options: WorkOptions,
    ) -> Result<Outcome, EngineError> {
        let view = self.store.view()?;
        let row = view.task(task)?.ok_or(EngineError::NoTask(task))?;
        let spec = view.spec(task)?.ok_or(EngineError::NoTask(task))?;
        let interrupted = view.running()?.into_iter().find(|attempt| attempt.id.task == task);
        drop(view);
        if matches!(row.state, TaskState::Accepted | TaskState::Rejected) {
            return Err(EngineError::NotOpen { task, state: row.state.to_string() });
        }
        let mut seed = options.seed.unwrap_or_else(seed_of_now);
        let mut left = spec.budget.time;
        let mut next = interrupted.map(|attempt| (attempt.id, attempt.base));
        for turn in 0.. {
            let workspace = Arc::new(self.workspace(&spec).await?);
            let (attempt, base, resumed) = match next.take() {
                Some((attempt, base)) => (attempt, base, true),
                None => {
                    let base = self.snapshot(&workspace, task, &options.watch).await?;
                    let start = AttemptStart {
                        strategy: spec.strategy,
                        model: spec.model.clone(),
                        seed,
                        base: base.clone(),
                    };
                    (self.store.new_attempt_async(task, start).await?, base, false)
                }
            };
            let running = self.prepare(
                attempt,
                spec.clone(),
                workspace,
                base,
                &options,
                (seed, left, resumed),
            );
            let outcome = running.await?.run(&mut options.stop).await?;
            left = left.saturating_sub(outcome.totals.wall);
            let again = outcome.outcome == AttemptOutcome::GaveUp
                && turn + 1 < spec.budget.attempts
                && left > Millis(0);
            if !again {
                return Ok(outcome);
            }
            seed = seed.child(u64::from(turn) + 1);
        }
        unreachable!("the loop above only ends by returning")
    }

    async fn snapshot(
        &self,
        workspace: &Arc<Workspace>,
        task: TaskId,
        watch: &mpsc::UnboundedSender<Progress>,
    ) -> Result<CommitId, EngineError> {
        let taken = Arc::clone(workspace);
        let name = format!("base/{task}");
        let (snapshot, notes) = blocking(move || -> Result<_, EngineError> {
            let snapshot = taken.snapshot()?;
            taken.keep(&name, &snapshot.commit)?;
            Ok((snapshot, taken.notes()))
        })
        .await?;
        for text in notes.into_iter().chain(snapshot.notes) {
            let _ = watch.send(Progress::Note { task, text });
        }
        Ok(snapshot.commit)
    }

    async fn prepare(
        &self,
        attempt: AttemptId,
        spec: TaskSpec,
        workspace: Arc<Workspace>,
        base: CommitId,
        options: &WorkOptions,
        (seed, time, resumed): (Seed, Millis, bool),
    ) -> Result<Running<'_>, EngineError> {
        let dir = self.config.places.runtime.join(format!("{attempt}"));
        let sandbox = Arc::clone(&self.sandbox);
        let checks = Checks::prepare(Arc::clone(&workspace), sandbox, base.clone(), dir).await?;
        let machine = if resumed {
            self.resume(attempt).await?
        } else {
            self.begin(attempt, &spec, (seed, time), &workspace).await?
        };
        let before = machine.elapsed();
        let totals = Totals {
            attempt,
            candidates: 0,
            checks: 0,
            usage: Usage::default(),
            cost: self.spent(attempt)?,
            wall: before,
        };
        Ok(Running {
            engine: self,
            attempt,
            spec,
            checks: Arc::new(checks),
            workspace,
            base,
            machine,
            effects: JoinSet::new(),
            started: HashSet::new(),
            cancel: watch::channel(false).0,
            used: mpsc::unbounded_channel().0,
            began: Instant::now(),
            before,
            meter: Meter::new(totals),
            watch: options.watch.clone(),
            judged: None,
        })
    }

    async fn begin(
        &self,
        attempt: AttemptId,
        spec: &TaskSpec,
        (seed, time): (Seed, Millis),
        workspace: &Workspace,
    ) -> Result<Repair, EngineError> {
        let entry = self.entry(&spec.model)?;
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        let setup = Setup {
            text: spec.text.clone(),
            root: workspace.root().to_string_lossy().into_owned(),
            check: spec.check.clone().unwrap_or_default(),
            check_timeout: spec.check_timeout,
            seed,
            time,
            candidates: CANDIDATES,
            parallel: cores as u32,
            infill: entry.infill,
            chat: entry.chat_template,
            record: Vec::new(),
        };
        let events = Repair::begin(setup.clone());
        let mut machine = Repair::new(setup);
        self.store.append_async(advanced(attempt, &events)).await?;
        events.iter().for_each(|event| machine.evolve(event));
        Ok(machine)
    }
}

fn seed_of_now() -> Seed {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    Seed(now.map_or(0, |now| u64::try_from(now.as_nanos()).unwrap_or(u64::MAX))).child(0)
}
