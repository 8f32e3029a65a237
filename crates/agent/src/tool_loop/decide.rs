//! What follows from what.

use std::sync::Arc;

use serde_json::Value;
use tenfold_code::failure;
use tenfold_domain::{
    Answer, AttemptOutcome, CheckReport, CheckVerdict, CommitId, OfferedTool, Said, Shell, StepId,
    ToolCall,
};

use super::event::{Event, Wish};
use super::state::{Setup, ToolLoop, size, spec_size};
use super::{guidance, own, recall, words};
use crate::Machine;
use crate::effect::{Effect, Input, Reply};

/// Calls of one turn that are performed.
const CALLS: usize = 16;
/// Turns in a row that call no tool, before the model counts as stuck.
const SILENT: usize = 3;
/// Calls in a row that are the same and come to the same.
const SAME: usize = 3;

impl Machine for ToolLoop {
    type Input = Input;
    type Event = Event;
    type Effect = Effect;

    fn decide(&self, input: Input) -> Vec<Event> {
        let mut draft = Draft { state: self.clone(), events: Vec::new() };
        draft.take(input);
        draft.events
    }

    fn evolve(&mut self, event: &Event) {
        self.fold(event);
    }

    fn wants(&self) -> Vec<(StepId, Effect)> {
        self.wanted.iter().map(|(step, wish)| (*step, self.effect(wish))).collect()
    }
}

impl ToolLoop {
    /// The events that begin an attempt.
    pub fn begin(setup: Setup) -> Vec<Event> {
        let began = Event::Began { setup: Box::new(setup.clone()) };
        let mut draft = Draft { state: Self::new(setup), events: vec![began] };
        match draft.state.setup.servers.is_empty() {
            true => draft.look(),
            false => draft.want(Wish::Offer),
        }
        draft.events
    }
}

/// A state that moves on while its events are written down.
pub(super) struct Draft {
    pub(super) state: ToolLoop,
    events: Vec<Event>,
}

impl Draft {
    pub(super) fn record(&mut self, event: Event) {
        self.state.fold(&event);
        self.events.push(event);
    }

    pub(super) fn want(&mut self, wish: Wish) {
        self.record(Event::Wanted { step: StepId(self.state.last_step + 1), wish });
    }

    /// Sees how things stand before anything is done.
    fn look(&mut self) {
        if self.state.setup.check.is_empty() {
            let opening = words::opening(&self.state, None);
            self.tell(opening);
            self.turn();
        } else {
            self.want(Wish::Baseline);
        }
    }

    fn say(&mut self, said: Said) {
        self.record(Event::Said { said: Arc::new(said) });
    }

    /// Says something in the person's name.
    pub(super) fn tell(&mut self, text: String) {
        self.say(Said::Person { text });
    }

    /// Says what came of a call.
    pub(super) fn reply(&mut self, call: &str, text: String) {
        let text = words::with_limits(&text, &self.state);
        self.say(Said::Tool { call: call.to_owned(), text });
    }

    fn end(&mut self, outcome: AttemptOutcome, why: &str) {
        let note = words::note(&self.state, why);
        self.record(Event::Ended { outcome, note });
    }

    /// Ends an attempt that does not get any further. Work is not thrown away unseen: what was
    /// not before the judge yet is put there once, since a small model often does what it is
    /// asked and does not say so. A check that passed before would be content with anything.
    fn end_unless_done(&mut self, outcome: AttemptOutcome, why: &str) {
        if !self.is_unseen() {
            return self.end(outcome, why);
        }
        self.record(Event::Ending { outcome, why: why.to_owned() });
        self.want(Wish::Submit { call: String::new() });
    }

    /// Whether there is work that the judge could be content with and has not seen.
    fn is_unseen(&self) -> bool {
        let state = &self.state;
        let is_seen = state.work == state.setup.base || state.judged.as_ref() == Some(&state.work);
        state.failing && !is_seen
    }

    /// The judge was not content either.
    fn end_after_all(&mut self) {
        if let Some((outcome, why)) = self.state.would_end.clone() {
            self.end(outcome, &why);
        }
    }

    fn take(&mut self, input: Input) {
        if self.state.ending.is_some() {
            return;
        }
        if let Reply::Stop { outcome, why } = &input.reply {
            return self.end(*outcome, why);
        }
        if let Reply::Steered { text, begun } = input.reply {
            return self.steered(text, begun);
        }
        let wanted = self.state.wanted.clone();
        let Some((_, wish)) = wanted.filter(|(step, _)| *step == input.step) else { return };
        // What the model was asked is still wanted when the attempt is gone on with.
        if let Some(why) = self.fails(&wish, &input.reply) {
            return self.end(AttemptOutcome::ProviderFailed, &why);
        }
        let Input { step, elapsed, left, .. } = input;
        self.record(Event::Settled { step, elapsed, left });
        match (wish, input.reply) {
            (_, Reply::Failed { why, .. }) => self.end(AttemptOutcome::CheckBroken, &why),
            (Wish::Offer, Reply::Offered { tools, missing }) => self.offered(tools, missing),
            (Wish::Baseline, Reply::Checked { report, .. }) => self.baseline(&report),
            (Wish::Turn, Reply::Inferred { answers, .. }) => self.answered(answers),
            (Wish::Turn, Reply::Lost { .. }) => self.lost(),
            (Wish::Tool { call }, Reply::Returned { text, at, shell }) => {
                self.returned(&call, text, at, shell);
            }
            (Wish::Ask { call, question }, Reply::Answered { text }) => {
                self.reply(&call, words::ANSWERED.to_owned());
                // In the person's name, so that it is never left out.
                self.tell(words::answer(&question, &text));
                self.next_call();
            }
            (Wish::TryCheck { call }, Reply::Tried { report, files, shown }) => {
                self.tried(&call, &report, files, &shown);
            }
            (Wish::TryCheck { call }, Reply::Untried { why }) => {
                self.reply(&call.id, why);
                self.unless_repeated();
            }
            (Wish::AskCheck { call, check, .. }, Reply::Answered { text }) => {
                self.decided(&call, check, &text);
            }
            (Wish::Submit { call }, Reply::Checked { report, .. }) => self.judged(&call, &report),
            (Wish::Submit { .. }, Reply::Nothing) if self.state.would_end.is_some() => {
                self.end_after_all();
            }
            (Wish::Submit { call }, Reply::Nothing) if call.is_empty() => {
                self.tell(words::PUT_BACK.to_owned());
                self.next_call();
            }
            (Wish::Submit { call }, Reply::Nothing) => {
                self.reply(&call, words::PUT_BACK.to_owned());
                self.unless_repeated();
            }
            (Wish::Submit { .. }, Reply::Unjudged) if !self.state.unheard.is_empty() => {
                self.hear(words::NOT_YET);
            }
            (Wish::Submit { .. }, Reply::Unjudged) => {
                self.end(AttemptOutcome::Finished, words::UNJUDGED);
            }
            // A reply of another kind than was asked for says nothing.
            (wish, _) => self.want(wish),
        }
    }

    /// The person said something. What is under way comes to its end first; what is only wanted
    /// is let be.
    fn steered(&mut self, text: String, begun: bool) {
        self.record(Event::Steered { text, begun });
        match self.state.wanted.clone() {
            Some((_, Wish::Turn)) if !begun => self.heed(),
            Some((_, Wish::Tool { .. } | Wish::TryCheck { .. } | Wish::Submit { .. }))
                if !begun =>
            {
                self.hear(words::SET_ASIDE);
            }
            // It had come to its end, and goes on from there.
            None => self.hear(words::NOT_YET),
            _ => {}
        }
    }

    /// Takes up the tools that the servers offer, as far as they leave half of the memory free.
    fn offered(&mut self, tools: Vec<OfferedTool>, mut missing: Vec<String>) {
        let mut room = self.state.setup.memory / 2;
        let (mut kept, mut left_out) = (Vec::new(), Vec::new());
        for tool in tools {
            match room.checked_sub(spec_size(&tool)) {
                Some(left) => {
                    room = left;
                    kept.push(tool);
                }
                None => left_out.push(tool.spec.name),
            }
        }
        if !left_out.is_empty() {
            missing.push(words::too_long(&left_out));
        }
        self.record(Event::Offered { tools: kept, missing });
        self.look();
    }

    fn baseline(&mut self, report: &CheckReport) {
        let setup = &self.state.setup;
        match &report.verdict {
            CheckVerdict::Passed if setup.text.trim().is_empty() => {
                self.end(AttemptOutcome::NothingToDo, words::NOTHING_TO_DO);
            }
            verdict @ (CheckVerdict::Passed | CheckVerdict::Failed) => {
                if *verdict == CheckVerdict::Failed {
                    self.record(Event::Failing);
                }
                let opening = words::opening(&self.state, Some(report));
                self.tell(opening);
                self.turn();
            }
            CheckVerdict::TimedOut => {
                let why = words::timed_out(report);
                self.end(AttemptOutcome::CheckBroken, &why);
            }
            CheckVerdict::Broken(why) => self.end(AttemptOutcome::CheckBroken, why),
        }
    }

    /// Wants the model's next words, unless it has had all its turns.
    fn turn(&mut self) {
        let setup = &self.state.setup;
        if self.state.turns >= setup.turns {
            let why = format!("It had all its {} turns.", setup.turns);
            return self.end_unless_done(AttemptOutcome::LimitSteps, &why);
        }
        self.heed();
        if self.state.size() > self.state.memory() {
            self.forget();
        }
        self.want(Wish::Turn);
    }

    /// Tells the model what the person has said since its last turn.
    fn heed(&mut self) {
        let unheard = self.state.unheard.clone();
        if !unheard.is_empty() {
            self.record(Event::Heard);
        }
        for text in unheard {
            self.tell(words::steered(&text));
        }
    }

    /// Leaves out turns, the oldest first, until half of the memory is free; the last one stays.
    fn forget(&mut self) {
        let (said, half) = (&self.state.said, self.state.memory() / 2);
        let mut room = self.state.size();
        let mut until = self.state.forgot;
        for (index, said) in said.iter().enumerate().skip(until) {
            if let Said::Model { .. } = &**said {
                until = index;
                if room <= half {
                    break;
                }
            }
            if !matches!(**said, Said::Person { .. }) {
                room = room.saturating_sub(size(said));
            }
        }
        self.record(Event::Forgot { until });
    }

    fn answered(&mut self, answers: Vec<Option<Answer>>) {
        let Some(Some(Answer::Turned { text, mut calls, ended })) = answers.into_iter().next()
        else {
            return self.refused();
        };
        let too_many = calls.len() > CALLS;
        calls.truncate(CALLS);
        let has_call = !calls.is_empty();
        self.say(Said::Model { text, calls });
        if too_many {
            self.tell(words::TOO_MANY.to_owned());
        }
        if has_call {
            return self.next_call();
        }
        if self.silent() >= SILENT && self.state.unheard.is_empty() {
            return self.end_unless_done(AttemptOutcome::Stuck, words::SILENT);
        }
        let remark = if ended { words::CALL_A_TOOL } else { words::CUT_OFF };
        self.tell(remark.to_owned());
        self.turn();
    }

    /// Why the model can't be asked any more, if it can't.
    fn fails(&self, wish: &Wish, reply: &Reply) -> Option<String> {
        match (wish, reply) {
            (_, Reply::Failed { model: true, why }) => Some(why.clone()),
            // It may have been paid for: it is asked for once more, not twice.
            (Wish::Turn, Reply::Lost { why }) if self.state.lost => Some(words::lost(why)),
            (Wish::Turn, Reply::Inferred { answers, .. }) => {
                let is_refused = !matches!(answers.first(), Some(Some(Answer::Turned { .. })));
                (is_refused && self.can_be_left_out().is_none()).then(|| words::REFUSED.to_owned())
            }
            _ => None,
        }
    }

    /// Up to where the conversation can be left out.
    fn can_be_left_out(&self) -> Option<usize> {
        let last = self.state.said.iter().rposition(|said| matches!(**said, Said::Model { .. }));
        last.filter(|last| *last > self.state.forgot)
    }

    /// The model did not take the conversation: it may be too long in tokens, though not in
    /// bytes, so all turns but the last are left out once.
    fn refused(&mut self) {
        if let Some(until) = self.can_be_left_out() {
            self.record(Event::Forgot { until });
            self.heed();
            self.want(Wish::Turn);
        }
    }

    /// The answer broke off.
    fn lost(&mut self) {
        self.record(Event::Lost);
        self.heed();
        self.want(Wish::Turn);
    }

    /// How many of the model's last turns, in a row, called no tool.
    fn silent(&self) -> usize {
        let turns = self.state.said.iter().rev().filter_map(|said| match &**said {
            Said::Model { calls, .. } => Some(calls.is_empty()),
            _ => None,
        });
        turns.take_while(|is_silent| *is_silent).count()
    }

    /// Performs the next call of the last turn, or has the model speak if there is none left.
    pub(super) fn next_call(&mut self) {
        if !self.state.unheard.is_empty() {
            return self.hear(words::SET_ASIDE);
        }
        while let Some(call) = self.state.calls.front().cloned() {
            let told = match call.name.as_str() {
                own::PLAN => {
                    let plan = argument(&call, "plan");
                    self.record(Event::Planned { plan });
                    words::NOTED.to_owned()
                }
                own::RECALL => recall::recall(&self.state, &call),
                own::SKILL if !self.state.setup.guidance.skills.is_empty() => {
                    guidance::skill(&self.state.setup, &argument(&call, "name"))
                }
                own::FINISH => return self.finish(&call),
                own::PROPOSE_CHECK if self.state.may_propose_check() => match self.propose(&call) {
                    Ok(()) => return,
                    Err(why) => why,
                },
                own::ASK => {
                    let question = argument(&call, "question");
                    if self.state.setup.questions && !question.is_empty() {
                        return self.want(Wish::Ask { call: call.id, question });
                    }
                    words::NOBODY.to_owned()
                }
                _ => return self.want(Wish::Tool { call }),
            };
            self.reply(&call.id, told);
            if self.state.calls.is_empty() {
                return self.unless_repeated();
            }
        }
        self.turn();
    }

    /// The person said something: none of the calls that are left is performed before the model
    /// has heard it.
    fn hear(&mut self, why: &str) {
        while let Some(call) = self.state.calls.front().cloned() {
            self.reply(&call.id, why.to_owned());
        }
        self.turn();
    }

    fn finish(&mut self, call: &ToolCall) {
        let summary = argument(call, "summary");
        self.record(Event::Finished { summary });
        if call.arguments.get("solved") == Some(&Value::Bool(false)) {
            return self.end(AttemptOutcome::GaveUp, words::GAVE_UP);
        }
        if self.state.work == self.state.setup.base {
            self.reply(&call.id, words::UNCHANGED.to_owned());
            return self.unless_repeated();
        }
        self.want(Wish::Submit { call: call.id.clone() });
    }

    fn returned(&mut self, call: &ToolCall, text: String, at: CommitId, shell: Option<Shell>) {
        if at != self.state.work {
            self.record(Event::Changed { work: at });
        }
        if let Some(shell) = shell {
            self.record(Event::Carried { shell });
        }
        let due = guidance::due(&self.state, call);
        let text = match due.is_empty() {
            true => text,
            false => {
                let files = due.iter().map(|asks| asks.path.clone()).collect();
                let text = words::guided(&self.state.setup, &due, &text);
                self.record(Event::Guided { files });
                text
            }
        };
        self.reply(&call.id, text);
        self.unless_repeated();
    }

    /// Goes on, unless the model goes round in circles; it is warned before.
    pub(super) fn unless_repeated(&mut self) {
        if !self.state.unheard.is_empty() {
            return self.next_call();
        }
        if self.state.calls.is_empty() && self.state.same_calls() > 1 && self.is_unseen() {
            // Who has nothing new to say may be done.
            return self.want(Wish::Submit { call: String::new() });
        }
        match self.state.repeated() {
            SAME.. => self.end_unless_done(AttemptOutcome::Stuck, words::REPEATED),
            2 => {
                self.tell(words::SAME_AGAIN.to_owned());
                self.next_call();
            }
            _ => self.next_call(),
        }
    }

    fn judged(&mut self, call: &str, report: &CheckReport) {
        let said = match &report.verdict {
            // What the person wants may have changed by what they said.
            CheckVerdict::Passed if !self.state.unheard.is_empty() => {
                return self.hear(words::NOT_YET);
            }
            CheckVerdict::Passed => {
                let unsaid = match &self.state.would_end {
                    Some((_, why)) => Some(why.as_str()),
                    None => call.is_empty().then_some(words::SAME_CALL),
                };
                let why = words::passed(report, unsaid);
                return self.end(AttemptOutcome::Finished, &why);
            }
            _ if self.state.would_end.is_some() => return self.end_after_all(),
            CheckVerdict::Failed => {
                let failure = failure::read(&report.output, report.exit_code);
                words::check_fails(&self.state.setup, &failure.excerpt)
            }
            CheckVerdict::TimedOut => words::timed_out(report),
            CheckVerdict::Broken(why) => words::check_fails(&self.state.setup, why),
        };
        if call.is_empty() {
            self.tell(format!("{}{said}", words::LOOKED));
            return self.next_call();
        }
        self.reply(call, said);
        self.unless_repeated();
    }
}

/// A text among a call's arguments; empty if there is none.
fn argument(call: &ToolCall, name: &str) -> String {
    call.arguments.get(name).and_then(Value::as_str).unwrap_or_default().trim().to_owned()
}
