//! A check that an agent proposes: tried on the base with the files that it wrote for it, which
//! are taken out of its work then and kept apart. Whether it is the task's check is for the
//! person to say; that is between them and the machine.

use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tenfold_agent::effect::{Effect, Reply};
use tenfold_agent::tool_loop::ProposedCheck;
use tenfold_domain::{
    ApprovedCheck, AttemptId, CheckFiles, CommitId, EffectKind, Fact, Millis, Shell, StepId,
    TaskEvent, ToolCall,
};
use tenfold_tools::run::Run;
use tenfold_tools::{Call, place};
use tenfold_workspace::{FileChange, Workspace};

use crate::EngineError;
use crate::approval::Leave;
use crate::attempt::Running;
use crate::effects::{Done, Finished, checked, hash};
use crate::engine::blocking;

/// The most text of all files of one, in bytes: a person is to read it.
const MOST_TEXT: usize = 64 << 10;

impl Running<'_> {
    /// Tries a proposed check. The policy holds its command as it does any other of the agent's.
    pub(crate) async fn start_try(
        &mut self,
        step: StepId,
        call: ToolCall,
        at: CommitId,
    ) -> Result<(), EngineError> {
        let proposed = match ProposedCheck::understand(&call) {
            Ok(proposed) => proposed,
            Err(why) => {
                self.reply_at_once(step, Reply::Untried { why });
                return Ok(());
            }
        };
        let command = proposed.command.clone();
        let run = Call::Run(Run { command, timeout_s: None, background: None });
        match self.leave(step, &call, &run, (&at, &Shell::default())).await? {
            Leave::Given => {}
            Leave::Denied(why) => {
                self.reply_at_once(step, Reply::Untried { why });
                return Ok(());
            }
            Leave::Wanted(question) => return self.park(step, question, Some(&call)).await,
        }
        let effect = Effect::TryCheck { call, at: at.clone() };
        self.intend(step, EffectKind::Check, hash(&effect)).await?;
        let (checks, cancel) = (Arc::clone(&self.checks), self.cancel.subscribe());
        let (workspace, base) = (Arc::clone(&self.workspace), self.base.clone());
        let (timeout, name) = (self.spec.check_timeout, check_name(self.attempt, step));
        self.effects.spawn(async move {
            let tried = async {
                let ProposedCheck { command, files } = proposed;
                let apart = blocking(move || apart(&workspace, &base, &at, files, &name)).await?;
                let (files, shown) = match apart {
                    Ok(apart) => apart,
                    Err(why) => {
                        let reply = Reply::Untried { why };
                        return Ok(Finished::free(reply, Millis(0), None));
                    }
                };
                let asked = (command.as_str(), timeout);
                let ran = checks.judge(&files.commit, asked, None, &cancel).await?;
                let checked = checked(ran, None);
                let reply = match checked.reply {
                    Reply::Checked { report, .. } => Reply::Tried { report, files, shown },
                    stopped => stopped,
                };
                Ok(Finished { reply, ..checked })
            };
            Done { step, reservation: None, result: tried.await }
        });
        Ok(())
    }

    /// The person approved it: it is the task's check from now on, in this attempt too.
    pub(crate) fn approve(&mut self, check: &ApprovedCheck) -> Fact {
        self.spec.check = Some(check.command.clone());
        self.spec.check_files = Some(check.files.clone());
        let event = TaskEvent::CheckApproved(check.clone());
        Fact::Task { task: self.attempt.task, event }
    }
}

/// The contents of a check's files.
pub(crate) fn contents(
    workspace: &Workspace,
    CheckFiles { commit, paths }: &CheckFiles,
) -> Result<Vec<(PathBuf, Vec<u8>)>, EngineError> {
    let borrowed: Vec<&Path> = paths.iter().map(Path::new).collect();
    let contents = workspace.read_many(commit, &borrowed)?;
    Ok(paths.iter().map(PathBuf::from).zip(contents).collect())
}

/// A commit with a check's files as they were approved; itself if there are none.
pub(crate) fn with_check_files(
    workspace: &Workspace,
    commit: &CommitId,
    files: Option<&CheckFiles>,
) -> Result<CommitId, EngineError> {
    let Some(files) = files.filter(|files| !files.paths.is_empty()) else {
        return Ok(commit.clone());
    };
    let change = |(path, content)| FileChange { path, content: Some(content) };
    let changes: Vec<FileChange> = contents(workspace, files)?.into_iter().map(change).collect();
    Ok(workspace.commit(commit, &changes, "With the files of the check")?)
}

/// The name that keeps the files of a proposed check from being swept away.
fn check_name(attempt: AttemptId, step: StepId) -> String {
    format!("check/{attempt}.{step}")
}

/// The base with these files as they are in the work, and how a person is shown them; or why
/// not, for the model.
fn apart(
    workspace: &Workspace,
    base: &CommitId,
    work: &CommitId,
    paths: Vec<String>,
    name: &str,
) -> Result<Result<(CheckFiles, String), String>, EngineError> {
    let (mut changes, mut shown, mut room) = (Vec::new(), String::new(), MOST_TEXT);
    let paths = paths.iter().map(|path| place(workspace.root(), path));
    let paths = match paths.collect::<Result<Vec<String>, String>>() {
        Ok(paths) => paths,
        Err(why) => return Ok(Err(format!("Not tried: {why}"))),
    };
    for path in &paths {
        let Ok(content) = workspace.read(work, Path::new(path)) else {
            return Ok(Err(format!(
                "Not tried: there is no file {path}. Write it first, and name it from the top."
            )));
        };
        let Ok(text) = std::str::from_utf8(&content) else {
            return Ok(Err(format!("Not tried: {path} is no text, and a person is to read it.")));
        };
        let Some(left) = room.checked_sub(text.len()) else {
            return Ok(Err(format!(
                "Not tried: its files have more than {MOST_TEXT} bytes, and a person is to read \
                 them. Write less."
            )));
        };
        room = left;
        let _ = writeln!(shown, "--- {path}\n{}", text.trim_end());
        changes.push(FileChange { path: PathBuf::from(path), content: Some(content) });
    }
    let commit = match changes.is_empty() {
        true => base.clone(),
        false => workspace.commit(base, &changes, "A check that is proposed")?,
    };
    workspace.keep(name, &commit)?;
    Ok(Ok((CheckFiles { commit, paths }, shown)))
}
