//! Tools that an agent calls: understood, performed on its files or in a sandbox, and told of
//! in words for the model.

use std::sync::Arc;

use serde_json::Value;
use tenfold_agent::effect::{Effect, Reply};
use tenfold_domain::{AttemptId, CommitId, EffectKind, Millis, Shell, StepId, ToolCall};
use tenfold_tools::mcp::McpCall;
use tenfold_tools::run::{self, Run};
use tenfold_tools::{Call, FileCall, Tree};
use tokio::time::Instant;

use crate::EngineError;
use crate::approval::Leave;
use crate::attempt::Running;
use crate::commands::Commanding;
use crate::effects::{Done, Finished, Open, hash};
use crate::engine::blocking;
use crate::outlived::{Before, Known, lost};
use crate::servers::Calling;

/// How long a command may take that does not say.
const COMMAND_SECONDS: u32 = 120;

impl Running<'_> {
    pub(crate) async fn start_tool(
        &mut self,
        step: StepId,
        call: ToolCall,
        (at, shell): (CommitId, Shell),
    ) -> Result<(), EngineError> {
        let understood = match self.understand(&call) {
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
            Leave::Wanted(question) => return self.park(step, question, Some(&call)).await,
        }
        match understood {
            Call::Run(run) if run.is_in_background() => {
                self.start_background(step, (run, call), (at, shell)).await?;
            }
            Call::Run(run) => {
                let before = self.before(step)?;
                if matches!(before, Before::NotBegun) {
                    self.checks.keep(step).await?;
                    self.intend_call(step, call, (&at, &shell)).await?;
                }
                self.start_run(step, run, (at, shell), before);
            }
            Call::Output(output) => self.start_output(step, &output, at)?,
            Call::Kill(kill) => self.start_kill(step, kill.id, at)?,
            Call::Files(call) => self.start_files(step, call, at),
            Call::Mcp(asked) => {
                let request = hash(&Effect::Tool { call, at: at.clone(), shell });
                self.start_mcp(step, (asked, request), at).await?;
            }
        }
        Ok(())
    }

    /// What a call means, if the role has the tool.
    fn understand(&self, call: &ToolCall) -> Result<Call, String> {
        let understood = Call::understand(call, self.machine.offered())?;
        let named = self.spec.role.as_ref().map_or(&[][..], |role| &role.tools);
        let is_own = !matches!(understood, Call::Mcp(_));
        if is_own && !named.is_empty() && !named.contains(&call.name) {
            return Err(format!(
                "your role has no tool `{}`: it has {}",
                call.name,
                named.join(", ")
            ));
        }
        Ok(understood)
    }

    /// Starts servers, which announces nothing that could not be done twice but for what they say
    /// to other machines.
    pub(crate) async fn start_servers(
        &mut self,
        step: StepId,
        servers: Vec<String>,
        at: CommitId,
    ) -> Result<(), EngineError> {
        let effect = Effect::Offer { servers, at: at.clone() };
        self.intend(step, EffectKind::Tool, hash(&effect)).await?;
        let servers = Arc::clone(&self.servers);
        let ways: Vec<_> = self
            .spec
            .servers
            .iter()
            .map(|_| self.engine.way_out(&self.policy(), self.attempt, step))
            .collect();
        self.effects.spawn(async move {
            let began = Instant::now();
            let (tools, missing) = servers.offer(at, ways).await;
            let reply = Reply::Offered { tools, missing };
            let result = Ok(Finished::free(reply, began.elapsed().into(), None));
            Done { step, reservation: None, result }
        });
        Ok(())
    }

    /// What a server does is its own affair, and may reach other machines: unless it says that a
    /// tool changes nothing, a call that was cut off is not made again, and the model is told.
    async fn start_mcp(
        &mut self,
        step: StepId,
        (call, request): (McpCall, Value),
        at: CommitId,
    ) -> Result<(), EngineError> {
        if !call.reads && !matches!(self.before(step)?, Before::NotBegun) {
            let text = format!(
                "The MCP server {} was asked to, and then the work was interrupted. Whether it \
                 did it is not known, and it was not asked again. Find out before you repeat it.",
                call.server
            );
            self.reply_at_once(step, Reply::Returned { text, at, shell: None });
            return Ok(());
        }
        if !call.reads {
            self.intend(step, EffectKind::Tool, request).await?;
        }
        let servers = Arc::clone(&self.servers);
        let offered = self.machine.offered().to_vec();
        let egress = self.engine.way_out(&self.policy(), self.attempt, step);
        self.spawn_returning(step, async move {
            let calling = Calling { call, at: at.clone(), offered, egress };
            Ok((servers.call(calling).await, at))
        });
        Ok(())
    }

    /// Announces a call that is not only a read.
    pub(crate) async fn intend_call(
        &mut self,
        step: StepId,
        call: ToolCall,
        (at, shell): (&CommitId, &Shell),
    ) -> Result<(), EngineError> {
        let effect = Effect::Tool { call, at: at.clone(), shell: shell.clone() };
        self.intend(step, EffectKind::Tool, hash(&effect)).await
    }

    /// Begins what returns a text for the model, and the files as they are then. It is not
    /// announced here.
    pub(crate) fn spawn_returning(
        &mut self,
        step: StepId,
        returns: impl Future<Output = Result<(String, CommitId), EngineError>> + Send + 'static,
    ) {
        self.open.entry(step).or_insert_with(|| Open::new(false, None));
        self.effects.spawn(async move {
            let began = Instant::now();
            let result = returns.await.map(|(text, at)| {
                let reply = Reply::Returned { text, at, shell: None };
                Finished::free(reply, began.elapsed().into(), None)
            });
            Done { step, reservation: None, result }
        });
    }

    /// Reads only, or makes a commit that nothing refers to yet: it may be done twice, so it is
    /// not announced.
    fn start_files(&mut self, step: StepId, call: FileCall, at: CommitId) {
        let (workspace, name) = (Arc::clone(&self.workspace), self.work_name());
        let redactor = self.engine.redactor();
        self.spawn_returning(step, async move {
            blocking(move || -> Result<_, EngineError> {
                let tree = Tree { workspace: &workspace, at, redactor: &redactor };
                let done = call.perform(&tree)?;
                if done.at != tree.at {
                    workspace.keep(&name, &done.at)?;
                }
                Ok((done.text, done.at))
            })
            .await
        });
    }

    /// Runs a command, unless it was begun `before`: then it is found out what became of it.
    fn start_run(
        &mut self,
        step: StepId,
        run: Run,
        (at, shell): (CommitId, Shell),
        before: Before,
    ) {
        self.open.entry(step).or_insert_with(|| Open::new(true, None));
        let (checks, cancel) = (Arc::clone(&self.checks), self.cancel.subscribe());
        let (workspace, name) = (Arc::clone(&self.workspace), self.work_name());
        let redactor = self.engine.redactor();
        let egress = self.engine.way_out(&self.policy(), self.attempt, step);
        // Small models say 0 where they mean nothing in particular.
        let seconds = run.timeout_s.filter(|seconds| *seconds > 0).unwrap_or(COMMAND_SECONDS);
        let longest = Millis(u64::from(seconds) * 1_000).min(self.left());
        let asked =
            Commanding { command: run.command, at, shell, longest, redactor: redactor.clone() };
        self.effects.spawn(async move {
            let ran = async {
                let known = match before {
                    Before::NotBegun => Known::NotBegun,
                    Before::Begun => {
                        checks.pick_up(step, &asked, egress.is_some(), &cancel).await?
                    }
                    Before::Ended(how) => Known::Lost(how),
                };
                let left = match known {
                    Known::NotBegun => {
                        checks.command(step, &asked, egress.as_ref(), &cancel).await?
                    }
                    Known::Ended(left) => left,
                    Known::Lost(how) => {
                        let (command, at) = (asked.command, asked.at);
                        return blocking(move || {
                            let text = lost(&command, how, &at, (&workspace, &redactor))?;
                            let reply = Reply::Returned { text, at, shell: None };
                            Ok(Finished::free(reply, Millis(0), None))
                        })
                        .await;
                    }
                };
                if left.at != asked.at {
                    let now = left.at.clone();
                    blocking(move || workspace.keep(&name, &now)).await?;
                }
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
