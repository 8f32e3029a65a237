//! What the person's policy says of a call, before it is performed: allow it, deny it in words
//! for the model, or wait for the person as a question does.

use std::path::Path;
use std::sync::Arc;

use tenfold_agent::effect::Reply;
use tenfold_domain::{
    AttemptEvent, CommitId, Fact, Millis, PolicyEvent, Shell, StepId, ToolCall, WaitingCall, Waits,
    is_yes,
};
use tenfold_policy::{Access, Decision, Request, Touch, Unattended, Verdict};
use tenfold_store::About;
use tenfold_tools::{Call, FileCall};

use crate::EngineError;
use crate::attempt::Running;
use crate::effects::{Done, Finished, Open};
use crate::engine::blocking;

/// The longest part of a call that a person is shown, in characters. What a command would do, or a
/// call to another program, is shown whole or not asked about: its end may be what matters.
const SHOWN: usize = 8_000;

/// What is to become of a call.
pub(crate) enum Leave {
    /// It is performed.
    Given,
    /// It is not, and the model is told so.
    Denied(String),
    /// The person is asked.
    Wanted(String),
}

impl Running<'_> {
    /// What the policy says of a call on these files; a command begins with what is left to it.
    pub(crate) async fn leave(
        &self,
        step: StepId,
        call: &ToolCall,
        understood: &Call,
        (at, shell): (&CommitId, &Shell),
    ) -> Result<Leave, EngineError> {
        let decision = self.decision(call, understood, at).await?;
        self.record(step, &decision).await?;
        let rule = decision.rule.as_deref().unwrap_or("default");
        let why = format!("{} (rule '{rule}', on {})", decision.why, decision.on);
        let denied = |who: &str| {
            format!(
                "Not allowed, {who}: {why}. Do without it, or say in the summary that you can't."
            )
        };
        if decision.verdict == Verdict::Allow {
            return Ok(Leave::Given);
        }
        if decision.verdict == Verdict::Deny {
            return Ok(Leave::Denied(denied("by the person's policy")));
        }
        let answer = self.answer(step)?;
        Ok(match answer.text {
            Some(text) if is_yes(&text) => Leave::Given,
            Some(text) => {
                let words = text.trim();
                Leave::Denied(denied(&format!("by the person, who says \"{words}\"")))
            }
            None if !self.spec.questions && self.policy().unattended() == Unattended::Deny => {
                Leave::Denied(denied("and nobody can be asked"))
            }
            None => {
                let arguments = call.arguments.to_string();
                let shown: String = arguments.chars().take(SHOWN).collect();
                let is_whole = shown.len() == arguments.len();
                if !is_whole && !matches!(understood, Call::Files(_)) {
                    return Ok(Leave::Denied(denied(
                        "since it is too long to be shown to anybody",
                    )));
                }
                let begins = match understood {
                    Call::Run(_) => beginning(shell),
                    Call::Files(_) | Call::Output(_) | Call::Kill(_) | Call::Mcp(_) => {
                        String::new()
                    }
                };
                Leave::Wanted(format!("May it call {} {shown}{begins}? {why}", call.name))
            }
        })
    }

    /// Takes down what was decided, unless the person has been asked about it already, or nothing
    /// was said but the default.
    async fn record(&self, step: StepId, decision: &Decision) -> Result<(), EngineError> {
        let Decision { verdict, rule, on, why, .. } = decision.clone();
        let is_silent = verdict == Verdict::Allow && rule.is_none();
        if is_silent || (verdict == Verdict::Ask && self.answer(step)?.is_asked) {
            return Ok(());
        }
        let event = PolicyEvent::Decided { verdict, rule, on, why };
        let fact = Fact::Policy { attempt: self.attempt, step, event };
        self.engine.store.append_async(vec![fact]).await?;
        Ok(())
    }

    /// Says which sandbox the commands run in from now on.
    pub(crate) async fn record_tier(&self) -> Result<(), EngineError> {
        let event = AttemptEvent::Confined { tier: self.engine.sandbox.tier().to_string() };
        let fact = Fact::Attempt { attempt: self.attempt, event };
        self.engine.store.append_async(vec![fact]).await?;
        Ok(())
    }

    async fn decision(
        &self,
        call: &ToolCall,
        understood: &Call,
        at: &CommitId,
    ) -> Result<Decision, EngineError> {
        let (path, changes) = match understood {
            Call::Run(run) => {
                let tool = Request::Tool { name: call.name.clone(), paths: Vec::new() };
                let command = Request::Command { line: run.command.clone() };
                let policy = self.policy();
                return Ok(policy.decide(&tool).and(policy.decide(&command)));
            }
            Call::Output(_) | Call::Kill(_) | Call::Mcp(_) => {
                let tool = Request::Tool { name: call.name.clone(), paths: Vec::new() };
                return Ok(self.policy().decide(&tool));
            }
            Call::Files(FileCall::List(list)) => (list.path.as_str(), false),
            Call::Files(FileCall::Search(search)) => (search.path.as_deref().unwrap_or("."), false),
            Call::Files(FileCall::Read(read)) => (read.path.as_str(), false),
            Call::Files(FileCall::Edit(edit)) => (edit.path.as_str(), true),
            Call::Files(FileCall::Write(write)) => (write.path.as_str(), true),
        };
        let (name, path) = (call.name.clone(), path.to_owned());
        let access = match changes {
            false => Access::Read,
            true => {
                let (workspace, at) = (Arc::clone(&self.workspace), at.clone());
                let place = path.clone();
                let is_there = blocking(move || workspace.read(&at, Path::new(&place)).is_ok());
                if is_there.await { Access::Write } else { Access::Create }
            }
        };
        Ok(self.policy().decide(&Request::Tool { name, paths: vec![Touch { path, access }] }))
    }

    /// What a step has asked the person, and what they answered.
    fn answer(&self, step: StepId) -> Result<Answer, EngineError> {
        let mut answer = Answer::default();
        for event in self.engine.store.view()?.each_event(About::Attempt(self.attempt).into()) {
            match event?.fact {
                Fact::Attempt { event: AttemptEvent::Asked { step: known, .. }, .. } => {
                    answer.is_asked |= known == step;
                }
                Fact::Attempt { event: AttemptEvent::Answered { step: known, text }, .. }
                    if known == step =>
                {
                    answer.text = Some(text);
                }
                // With the end of the attempt what was open is no question any more.
                Fact::Attempt { event: AttemptEvent::Ended { .. }, .. } => answer.is_asked = false,
                _ => {}
            }
        }
        Ok(answer)
    }

    /// Takes the person's answer, if it is there; else the attempt is parked.
    pub(crate) async fn start_question(
        &mut self,
        step: StepId,
        question: String,
    ) -> Result<(), EngineError> {
        match self.answer(step)?.text {
            Some(text) => self.reply_at_once(step, Reply::Answered { text }),
            None => self.park(step, question, None).await?,
        }
        Ok(())
    }

    /// Leaves off until the person answers what a step asks: leave for this call, or a question
    /// of the agent's own.
    pub(crate) async fn park(
        &mut self,
        step: StepId,
        question: String,
        call: Option<&ToolCall>,
    ) -> Result<(), EngineError> {
        if !self.answer(step)?.is_asked {
            let (attempt, text) = (self.attempt, question.clone());
            let call = call
                .cloned()
                .map(|ToolCall { name, arguments, .. }| WaitingCall { name, arguments });
            let event = AttemptEvent::Asked { step, question: text, call };
            self.engine.store.append_async(vec![Fact::Attempt { attempt, event }]).await?;
        }
        self.waits = Some((Waits::Answer, question));
        Ok(())
    }

    /// Ends a step whose result is known without doing anything.
    pub(crate) fn reply_at_once(&mut self, step: StepId, reply: Reply) {
        self.open.insert(step, Open::new(false, None));
        let result = Ok(Finished::free(reply, Millis(0), None));
        self.effects.spawn(async move { Done { step, reservation: None, result } });
    }
}

#[derive(Default)]
struct Answer {
    is_asked: bool,
    text: Option<String>,
}

/// What a person has to know to say yes to a command: where it begins, and with what.
fn beginning(shell: &Shell) -> String {
    let mut parts = Vec::new();
    if !shell.dir.is_empty() {
        parts.push(format!("in {:?}", shell.dir));
    }
    let names: Vec<&str> = shell.set.keys().chain(&shell.unset).map(String::as_str).collect();
    if !names.is_empty() {
        parts.push(format!("with {} as its last commands left them", names.join(", ")));
    }
    match parts.is_empty() {
        true => String::new(),
        false => format!(" ({})", parts.join(", ").chars().take(SHOWN).collect::<String>()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_is_asked_about_a_command_is_told_where_it_begins_and_with_what() {
        assert_eq!(beginning(&Shell::default()), "");
        let set = [("PATH".to_owned(), "/x".to_owned())].into();
        let shell = Shell { dir: "a\nb".to_owned(), set, unset: ["HOME".to_owned()].into() };
        let said = " (in \"a\\nb\", with PATH, HOME as its last commands left them)";
        assert_eq!(beginning(&shell), said);
    }
}
