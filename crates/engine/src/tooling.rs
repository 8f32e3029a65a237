//! Tools that an agent calls: understood, performed on its files or in a sandbox, and told of
//! in words for the model.

use std::sync::Arc;
use std::time::Instant;

use tenfold_agent::effect::{Effect, Reply};
use tenfold_domain::{AttemptId, CommitId, EffectKind, Millis, Shell, StepId, ToolCall};
use tenfold_tools::run::{self, Run};
use tenfold_tools::{Call, FileCall, Tree};

use crate::EngineError;
use crate::approval::Leave;
use crate::attempt::Running;
use crate::commands::Commanding;
use crate::effects::{Done, Finished, Open, hash};
use crate::engine::blocking;

/// How long a command may take that does not say.
const COMMAND_SECONDS: u32 = 120;

impl Running<'_> {
    pub(crate) async fn start_tool(
        &mut self,
        step: StepId,
        call: ToolCall,
        (at, shell): (CommitId, Shell),
    ) -> Result<(), EngineError> {
        let understood = match Call::understand(&call) {
            Ok(understood) => understood,
            Err(text) => {
                self.reply_at_once(step, Reply::Returned { text, at, shell: None });
                return Ok(());
            }
        };
        match self.leave(step, &call, &understood, (&at, &shell)).await? {
            Leave::Given => {}
            Leave::Denied(text) => {
                self.reply_at_once(step, Reply::Returned { text, at, shell: None });
                return Ok(());
            }
            Leave::Wanted(question) => return self.park(step, question).await,
        }
        match understood {
            Call::Run(run) => {
                let effect = Effect::Tool { call, at: at.clone(), shell: shell.clone() };
                self.intend(step, EffectKind::Tool, hash(&effect)).await?;
                self.start_run(step, run, (at, shell));
            }
            Call::Files(call) => self.start_files(step, call, at),
        }
        Ok(())
    }

    /// Reads only, or makes a commit that nothing refers to yet: it may be done twice, so it is
    /// not announced.
    fn start_files(&mut self, step: StepId, call: FileCall, at: CommitId) {
        self.open.insert(step, Open::new(false, None));
        let (workspace, name) = (Arc::clone(&self.workspace), self.work_name());
        let redactor = self.engine.redactor();
        self.effects.spawn(async move {
            let began = Instant::now();
            let performed = blocking(move || -> Result<_, EngineError> {
                let tree = Tree { workspace: &workspace, at, redactor: &redactor };
                let done = call.perform(&tree)?;
                workspace.keep(&name, &done.at)?;
                Ok(done)
            });
            let result = performed.await.map(|done| {
                let reply = Reply::Returned { text: done.text, at: done.at, shell: None };
                Finished::free(reply, began.elapsed().into(), None)
            });
            Done { step, reservation: None, result }
        });
    }

    fn start_run(&mut self, step: StepId, run: Run, (at, shell): (CommitId, Shell)) {
        let (checks, cancel) = (Arc::clone(&self.checks), self.cancel.subscribe());
        let (workspace, name) = (Arc::clone(&self.workspace), self.work_name());
        let redactor = self.engine.redactor();
        let egress = self.engine.way_out(self.attempt, step);
        // Small models say 0 where they mean nothing in particular.
        let seconds = run.timeout_s.filter(|seconds| *seconds > 0).unwrap_or(COMMAND_SECONDS);
        let longest = Millis(u64::from(seconds) * 1_000).min(self.left());
        let asked =
            Commanding { command: run.command, at, shell, longest, redactor: redactor.clone() };
        self.effects.spawn(async move {
            let ran = async {
                let left = checks.command(&asked, egress.as_ref(), &cancel).await?;
                let now = left.at.clone();
                blocking(move || workspace.keep(&name, &now)).await?;
                let (end, output, changed) = (&left.end, &left.output, &left.changed);
                let mut text =
                    run::report(&asked.command, end, output, left.wall, changed, &redactor);
                text.extend(left.shell.iter().map(|shell| shell.said.as_str()));
                let shell = left.shell.map(|left| left.shell).filter(|left| *left != asked.shell);
                let reply = Reply::Returned { text, at: left.at, shell };
                Ok(Finished::free(reply, left.wall, None))
            };
            Done { step, reservation: None, result: ran.await }
        });
    }

    fn work_name(&self) -> String {
        work_name(self.attempt)
    }
}

/// The name that keeps an attempt's work from being swept away.
pub(crate) fn work_name(attempt: AttemptId) -> String {
    format!("work/{attempt}")
}
