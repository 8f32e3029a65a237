//! What a person does to tasks, whether or not they are at work: begin, watch, steer, pause,
//! resume, stop. A word of theirs is in the journal before anybody acts on it.

use std::sync::Arc;
use std::time::Duration;

use tenfold_domain::{
    AttemptId, Fact, Problem, ProblemKind, Progress, Seed, StepId, TaskEvent, TaskId, TaskState,
};
use tenfold_store::TaskRow;
use tokio::sync::broadcast;

use crate::floor::{Watching, Will};
use crate::redaction::{text_of, words_of};
use crate::{Engine, EngineError};

/// How long a task whose attempt has ended may take to leave.
const TIDYING: Duration = Duration::from_secs(2);

/// How to work on a task now.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct How {
    /// The seed of a new attempt; without one it is drawn from the clock.
    pub seed: Option<Seed>,
    /// Whether the task's time counts anew for an attempt that was interrupted; for one that
    /// ended at a limit it always does.
    pub time_anew: bool,
    /// Whether to begin a new attempt, whatever became of those before.
    pub from_scratch: bool,
}

impl Engine {
    /// Begins to work on a task, and goes on whether or not anybody watches.
    ///
    /// # Errors
    /// [`EngineError::AtWork`] if it is at work; [`EngineError::Full`]; if it is not there or
    /// can't be worked on.
    pub fn begin(self: &Arc<Self>, task: TaskId, how: How) -> Result<(), EngineError> {
        let row = self.row(task)?;
        let rejected = row.state == TaskState::Rejected && !how.from_scratch;
        if row.state == TaskState::Accepted || rejected {
            return Err(EngineError::NotOpen { task, state: row.state.to_string() });
        }
        let hand = self.floor.enter(task)?;
        let (engine, worker) = (Arc::clone(self), Arc::clone(self));
        let floor = Arc::clone(&self.floor);
        let work = tokio::spawn(async move { worker.work(task, how, hand).await });
        tokio::spawn(async move {
            let last = match work.await {
                Ok(Ok(outcome)) => Progress::Worked(outcome),
                Ok(Err(error)) => Progress::Failed { task, problem: error.problem() },
                Err(fault) => Progress::Failed { task, problem: broken(&fault) },
            };
            if matches!(last, Progress::Failed { .. })
                && let Err(why) = engine.close_broken(task).await
            {
                tracing::warn!("closing the steps of task {task}: {why}");
            }
            engine.tidy_up(task).await;
            floor.teller().tell(last);
        });
        Ok(())
    }

    /// Answers a task's question as [`Engine::answer`] does, and goes on with it.
    ///
    /// # Errors
    /// As for [`Engine::answer`] and [`Engine::begin`].
    pub async fn answer_and_go_on(
        self: &Arc<Self>,
        task: TaskId,
        text: String,
        to: Option<(AttemptId, StepId)>,
    ) -> Result<(), EngineError> {
        self.answer(task, text, to).await?;
        // The attempt that asked may just be leaving.
        let _ = self.at_rest(task).await;
        match self.begin(task, How::default()) {
            Err(EngineError::AtWork(_)) => Ok(()),
            begun => begun,
        }
    }

    /// How it goes with a task that is or was at work in this engine; without one, with all
    /// that are.
    pub fn watch(&self, task: Option<TaskId>) -> Watching {
        self.floor.watch(task)
    }

    /// All that is told of tasks at work from now on, without an end. Who is too slow misses some.
    pub fn live(&self) -> broadcast::Receiver<Progress> {
        self.floor.live()
    }

    /// The tasks that are at work.
    pub fn at_work(&self) -> Vec<TaskId> {
        self.floor.at_work()
    }

    /// Waits until no task is at work.
    pub async fn idle(&self) {
        self.floor.idle().await;
    }

    /// Interrupts all that is at work, because this process ends; it can be gone on with.
    pub fn leave(&self) {
        for task in self.floor.at_work() {
            self.floor.want(task, Will::Leave);
        }
    }

    /// Records what the person says about a task. An attempt at work takes it up before its next
    /// step; else the next one does, before its first. Says whether one is at work.
    ///
    /// # Errors
    /// If the task is not there or was accepted; what the store says.
    pub async fn steer(&self, task: TaskId, text: String) -> Result<bool, EngineError> {
        let row = self.row(task)?;
        if row.state == TaskState::Accepted {
            return Err(EngineError::NotOpen { task, state: row.state.to_string() });
        }
        self.say(task, words_of(&self.redactor(), text)?).await?;
        Ok(self.floor.said(task))
    }

    /// Records what the person says.
    pub(crate) async fn say(&self, task: TaskId, text: String) -> Result<(), EngineError> {
        let text = text_of(&self.redactor(), text);
        let event = TaskEvent::Steered { text };
        self.store.append_async(vec![Fact::Task { task, event }]).await?;
        Ok(())
    }

    /// Has a task at work leave off once what is under way has come to its end: nothing is cut
    /// off, and nothing new is begun.
    ///
    /// # Errors
    /// [`EngineError::NotAtWork`]; if the task is not there.
    pub fn pause(&self, task: TaskId) -> Result<(), EngineError> {
        self.want(task, Will::Pause)
    }

    /// Ends a task's attempt at once: within two seconds there is no process and no request of
    /// it. It can be gone on with.
    ///
    /// # Errors
    /// [`EngineError::NotAtWork`]; if the task is not there.
    pub fn stop(&self, task: TaskId) -> Result<(), EngineError> {
        self.want(task, Will::Stop)
    }

    /// Goes on with a task that was paused, stopped or interrupted, or that came to a limit or
    /// waits for money or its provider.
    ///
    /// # Errors
    /// [`EngineError::NothingToResume`] if it is none of these; as [`Engine::begin`].
    pub fn resume(self: &Arc<Self>, task: TaskId) -> Result<(), EngineError> {
        let row = self.row(task)?;
        if self.floor.wanted(task) == Some(Will::Pause) {
            self.floor.want(task, Will::GoOn);
            return Ok(());
        }
        if !row.goes_on() {
            return Err(EngineError::NothingToResume { task, state: row.state.to_string() });
        }
        self.begin(task, How::default())
    }

    /// A task has to be at rest for what is done with its proposal. One whose attempt has ended
    /// tidies up for a moment, which is waited for.
    pub(crate) async fn at_rest(&self, task: TaskId) -> Result<(), EngineError> {
        if self.floor.wanted(task).is_some() && self.row(task)?.running.is_empty() {
            let mut watching = self.watch(Some(task));
            let left = async { while watching.next().await.is_some() {} };
            let _ = tokio::time::timeout(TIDYING, left).await;
        }
        match self.floor.wanted(task) {
            Some(_) => Err(EngineError::AtWork(task)),
            None => Ok(()),
        }
    }

    fn want(&self, task: TaskId, will: Will) -> Result<(), EngineError> {
        if self.floor.want(task, will) {
            return Ok(());
        }
        let state = self.row(task)?.state.to_string();
        Err(EngineError::NotAtWork { task, state })
    }

    pub(crate) fn row(&self, task: TaskId) -> Result<TaskRow, EngineError> {
        self.store.view()?.task(task)?.ok_or(EngineError::NoTask(task))
    }
}

/// The work broke in a way that it should not.
fn broken(fault: &tokio::task::JoinError) -> Problem {
    Problem {
        kind: ProblemKind::Internal,
        what: format!("a fault of Tenfold's own ended the work: {fault}"),
        to_do: Some("please report it; `tenfold continue` goes on from the journal".to_owned()),
    }
}
