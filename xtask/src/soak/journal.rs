//! What the journal says of one task, added up: steps that were begun and ended, questions, money,
//! commands by their tags. Pure: events in, an account out.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use tenfold_domain::{
    AttemptEvent, AttemptId, EffectKind, Event, Fact, NanoUsd, ProposalEvent, StepEvent, StepId,
};

use super::script;

/// The name of the model at the provider.
pub(super) const FAR: &str = "far";

/// How often a command with a tag was begun and seen to its end, in one attempt.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Runs {
    /// How many steps announced it.
    pub(super) intents: u64,
    /// How many of them ended well, and their work was kept.
    pub(super) kept: u64,
}

/// What the journal says of a task.
#[derive(Debug, Clone, Default)]
pub(super) struct Account {
    pub(super) attempts: u64,
    /// Questions to a model that have a result or a failure: of the embedded one, and of the one
    /// at the provider.
    pub(super) questions: u64,
    pub(super) questions_far: u64,
    /// Money for all steps that came to an end, in nano-dollars.
    pub(super) cost: u64,
    /// Commands of agents by what they leave, for each attempt.
    pub(super) runs: BTreeMap<(AttemptId, String), Runs>,
    /// Commands whose engine died, and that have a result all the same.
    pub(super) picked_up: u64,
    /// Commands of which nobody knows what became, and those that were cut off.
    pub(super) unknown: u64,
    pub(super) cut_off: u64,
    /// Commands that were announced.
    pub(super) commands: u64,
    /// Commands with more than one intent, or none.
    pub(super) odd_intents: Vec<String>,
    /// How often commands with a nap were announced, in all attempts.
    pub(super) naps: BTreeMap<String, u64>,
    /// Steps that were begun, by what they are, and have no end.
    pub(super) open: BTreeMap<(AttemptId, StepId), EffectKind>,
    /// What was asked of the person and has no answer, by its step.
    pub(super) asking: BTreeSet<(AttemptId, StepId)>,
    pub(super) answered: u64,
    /// Whether files of the person are being written, or were when it was killed.
    pub(super) is_writing: bool,
    /// How the attempts ended, by name.
    pub(super) outcomes: Vec<String>,
    models: BTreeMap<AttemptId, String>,
    asks: BTreeMap<(AttemptId, StepId), u64>,
    tags: BTreeMap<(AttemptId, StepId), String>,
    naps_of: BTreeMap<(AttemptId, StepId), String>,
    /// Commands that an engine has left behind.
    left: BTreeSet<(AttemptId, StepId)>,
    begun: BTreeMap<(AttemptId, StepId), u64>,
}

impl Account {
    /// Reads all events of a task.
    pub(super) fn of(events: &[Event]) -> Self {
        let mut account = Self::default();
        for event in events {
            account.take(&event.fact);
        }
        for (place, times) in &account.begun {
            if *times != 1 {
                account.odd_intents.push(format!("{}, step {}: {times}", place.0, place.1));
            }
        }
        account
    }

    fn take(&mut self, fact: &Fact) {
        match fact {
            Fact::Attempt { attempt, event } => self.attempt(*attempt, event),
            Fact::Step { attempt, step, event } => self.step((*attempt, *step), event),
            Fact::Proposal { event, .. } => {
                self.is_writing =
                    matches!(event, ProposalEvent::Applying { .. } | ProposalEvent::TakingBack);
            }
            _ => {}
        }
    }

    fn attempt(&mut self, attempt: AttemptId, event: &AttemptEvent) {
        match event {
            AttemptEvent::Started { model, .. } => {
                self.attempts += 1;
                self.models.insert(attempt, model.clone());
            }
            AttemptEvent::Advanced { change } => self.wanted(attempt, change),
            AttemptEvent::Asked { step, .. } => drop(self.asking.insert((attempt, *step))),
            AttemptEvent::Answered { step, .. } => {
                self.answered += 1;
                self.asking.remove(&(attempt, *step));
            }
            AttemptEvent::Ended { outcome, .. } => {
                let name = serde_json::to_value(outcome).unwrap_or_default();
                self.outcomes.push(name.as_str().unwrap_or_default().to_owned());
            }
            _ => {}
        }
    }

    fn wanted(&mut self, attempt: AttemptId, change: &Value) {
        let Some(step) = change["step"].as_u64().filter(|_| change["change"] == "wanted") else {
            return;
        };
        let place = (attempt, StepId(u32::try_from(step).unwrap_or(u32::MAX)));
        let asks = change["effect"]["asks"].as_array().map_or(1, Vec::len);
        self.asks.insert(place, asks as u64);
        let command = change["call"]["arguments"]["command"].as_str();
        if let Some(tag) = command.and_then(script::tag) {
            self.tags.insert(place, tag.to_owned());
        }
        if let Some(nap) = command.and_then(script::nap) {
            self.naps_of.insert(place, nap.to_owned());
        }
    }

    fn step(&mut self, place: (AttemptId, StepId), event: &StepEvent) {
        match event {
            StepEvent::Intent { kind, .. } => {
                self.open.insert(place, *kind);
                if *kind == EffectKind::Tool {
                    self.commands += 1;
                    *self.begun.entry(place).or_default() += 1;
                    self.runs_of(place).intents += 1;
                    if let Some(nap) = self.naps_of.get(&place) {
                        *self.naps.entry(nap.clone()).or_default() += 1;
                    }
                }
            }
            StepEvent::Result { reply, cost, .. } => {
                self.ended(place, *cost);
                let text = reply["text"].as_str().unwrap_or_default();
                if self.begun.contains_key(&place) {
                    self.command_ended(place, text);
                }
            }
            StepEvent::Failed { cost, .. } => {
                self.ended(place, *cost);
                // A result that follows was picked up: the next engine closes what is open first.
                if self.begun.contains_key(&place) {
                    self.left.insert(place);
                }
            }
        }
    }

    /// A question that was cut off and asked anew is paid for twice.
    fn ended(&mut self, place: (AttemptId, StepId), cost: NanoUsd) {
        self.cost += cost.0;
        if self.open.remove(&place) == Some(EffectKind::Model) {
            let asks = self.asks.get(&place).copied().unwrap_or(1);
            match self.models.get(&place.0).is_some_and(|model| model == FAR) {
                true => self.questions_far += asks,
                false => self.questions += asks,
            }
        }
    }

    fn command_ended(&mut self, place: (AttemptId, StepId), text: &str) {
        let was_left = self.left.remove(&place);
        if text.contains(script::NOT_RUN_AGAIN) {
            match text.contains("outcome unknown") {
                true => self.unknown += 1,
                false => self.cut_off += 1,
            }
        } else {
            self.picked_up += u64::from(was_left);
            self.runs_of(place).kept += u64::from(text.contains("\nexit code 0, "));
        }
    }

    fn runs_of(&mut self, place: (AttemptId, StepId)) -> &mut Runs {
        let tag = self.tags.get(&place).cloned().unwrap_or_default();
        self.runs.entry((place.0, tag)).or_default()
    }

    /// What was under way when the last of these events was recorded.
    pub(super) fn under_way(&self) -> Option<&'static str> {
        if self.is_writing {
            return Some("writing the person's files");
        }
        let most = [
            (EffectKind::Tool, "a command"),
            (EffectKind::Model, "a model's answer"),
            (EffectKind::Check, "a check"),
            (EffectKind::Setup, "setup"),
            (EffectKind::Read, "a read"),
        ];
        let is_open = |kind: EffectKind| self.open.values().any(|open| *open == kind);
        most.into_iter().find(|(kind, _)| is_open(*kind)).map(|(_, words)| words)
    }
}
